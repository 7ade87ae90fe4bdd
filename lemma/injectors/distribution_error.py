r"""A factor, or a minus sign, reaches the first term in the brackets only: $3(x + 4) = 3x + 4$."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import Derivation
from lemma.algebra.polynomials import Polynomial, constant, multiply, scale
from lemma.algebra.trees import DIFFERENCE as MINUS_BETWEEN
from lemma.algebra.trees import GROUP, PRODUCT, SUM, Node, polynomial
from lemma.algebra.writing import expanded, in_explanations, terms
from lemma.exceptions import Refusal
from lemma.injectors.algebra import AlgebraInjector, Rewriting, formula, rewritings, said_before, written_instead


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A product with a sum that is multiplied out, and one term of it that the factor does not reach."""
    for place in rewritings(derivation, rng):
        tree = derivation.lines[place.line].tree(place.side)
        if any(node.head == GROUP and node.name == "(" and len(terms(node.bare)) > 1 for node in tree.walk()):
            continue  # the product is still there
        for node, sign in terms(place.before):
            parts = _product(node, sign)
            if parts is not None and not said_before(derivation, place.line, node):
                yield from _reaching_first_only(derivation, place, *parts)


def _product(node: Node, sign: int) -> tuple[Polynomial, Node] | None:
    """The factor, with its sign, and the sum in brackets: 3 and x + 4 of 3(x + 4); -1 and x + 4 of -(x + 4)."""
    factor, inner = constant(1), node
    if node.head == PRODUCT:
        left, inner = node.args
        if expanded(left) is None:
            return None
        factor = polynomial(left)
    if inner.head != GROUP or inner.name == "{" or inner.bare.head not in (SUM, MINUS_BETWEEN):
        return None
    factor = scale(factor, sign)
    return (factor, inner.bare) if len(factor) == 1 and factor != constant(1) else None


def _reaching_first_only(derivation: Derivation, place: Rewriting, factor: Polynomial, inner: Node) -> Iterator[Slip]:
    notation = in_explanations(place.source, derivation.latex)
    for node, sign in terms(inner)[1:]:
        try:
            term = scale(polynomial(node), sign)
            right = multiply(factor, term)
            text = written_instead(derivation, place, right, term)
        except Refusal:
            continue
        if text is None or len(term) != 1:
            continue
        size = notation.sum(factor)
        reaches = (
            "the minus sign before the brackets"
            if factor == constant(-1)
            else f"the factor {formula(derivation, size)}"
        )
        said = notation.sum(term)
        yield Slip(
            place.line,
            place.side,
            text,
            f"In multiplying out, {reaches} does not reach {formula(derivation, said)}: that term should become "
            f"{formula(derivation, notation.sum(right))}.",
        )


propose = AlgebraInjector(slips)
