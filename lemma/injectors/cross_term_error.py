r"""A sum is squared term by term: $(x + 3)^2 = x^2 + 9$."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import Derivation
from lemma.algebra.polynomials import Polynomial, constant, multiply, scale
from lemma.algebra.trees import GROUP, NUMBER, POWER, PRODUCT, Node, number, polynomial
from lemma.algebra.writing import factors, notation_of, terms
from lemma.exceptions import Refusal
from lemma.injectors.algebra import AlgebraInjector, formula, rewritings, said_before, written_instead

_TWO_TERMS = 2


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """The square of a sum of two terms that is multiplied out, without twice the product of the terms."""
    for place in rewritings(derivation, rng):
        if any(
            node.head == POWER and node.args[0].head == GROUP
            for node in derivation.lines[place.line].tree(place.side).walk()
        ):
            continue
        for node, sign in terms(place.before):
            try:
                found = _square(node)
                if found is None or said_before(derivation, place.line, node):
                    continue
                factor, first, second = found
                if first.keys() & second.keys() or _squares(place.before) > 1:
                    continue  # nobody squares `a + a` so, or one of two squares only
                cross = scale(multiply(factor, multiply(first, second)), 2 * sign)
                text = written_instead(derivation, place, cross, {})
            except Refusal:
                continue
            if text is None:
                continue
            notation = notation_of(place.source, None, derivation.latex)
            # What is squared: `(x + 3)` of `(x + 3)^2`.
            squared = (
                place.source[node.start - place.before.start : node.end - place.before.start].rpartition("^")[0].strip()
            )
            yield Slip(
                place.line,
                place.side,
                text,
                f"Squaring {formula(derivation, squared)} term by term leaves out the cross term: the step "
                f"lacks {formula(derivation, notation.sum(cross))}.",
            )


def _square(node: Node) -> tuple[Polynomial, Polynomial, Polynomial] | None:
    """The factor before a square, and the two terms of the sum that is squared."""
    *before, last = factors(node) if node.head == PRODUCT else [node]
    if last.head != POWER or number(last.args[1]) != Fraction(2) or last.args[0].head != GROUP:
        return None
    parts = terms(last.args[0].bare)
    if len(parts) != _TWO_TERMS or any(one.head != NUMBER for one in before):
        return None
    factor = constant(before[0].value) if before else constant(1)
    first, second = (scale(polynomial(part), sign) for part, sign in parts)
    return factor, first, second


def _squares(tree: Node) -> int:
    """How many sums are squared in a tree."""
    return sum(
        node.head == POWER and node.args[0].head == GROUP and len(terms(node.args[0].bare)) > 1 for node in tree.walk()
    )


propose = AlgebraInjector(slips)
