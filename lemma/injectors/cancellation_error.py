r"""Terms are cancelled in place of factors: $\frac{6x + 4}{2} = 3x + 4$, $\frac{x + 6}{x + 2} = \frac{6}{2}$."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import Derivation
from lemma.algebra.polynomials import Quotient, add, constant, divide_exactly, scale, simple, subtract
from lemma.algebra.trees import DIVISION, polynomial
from lemma.algebra.writing import expanded, notation_of, terms, write_like
from lemma.exceptions import Refusal
from lemma.injectors.algebra import AlgebraInjector, Rewriting, formula, rewritings, said_before


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A fraction whose numerator is a sum, reduced by one of its terms only."""
    for place in rewritings(derivation, rng):
        if (
            place.before.head == DIVISION
            and place.before.name == "frac"
            and not said_before(derivation, place.line, place.before)
        ):
            try:
                yield from _cancelled(derivation, place)
            except Refusal:
                continue


def _cancelled(derivation: Derivation, place: Rewriting) -> Iterator[Slip]:
    top, bottom = place.before.args[0].bare, place.before.args[1].bare
    parts = [scale(polynomial(node), sign) for node, sign in terms(top)]
    if len(parts) < 2 or expanded(top) is None or expanded(bottom) is None:
        return
    below = polynomial(bottom)
    tree, text = derivation.lines[place.line].tree(place.side), derivation.text(place.line, place.side)
    notation = notation_of(place.source, None, derivation.latex)
    start = place.before.start
    whole, divisor = (
        formula(derivation, place.source[node.start - start : node.end - start]) for node in (top, bottom)
    )
    rest = subtract(polynomial(top), parts[0])
    if len(below) == 1:
        first = divide_exactly(parts[0], below)
        wrong = (
            None if first is None else write_like(text, tree, Quotient(add(first, rest), constant(1)), derivation.latex)
        )
        if wrong is not None:
            yield Slip(
                place.line, place.side, wrong,
                f"Only the first term of {whole} is divided by {divisor}: the other terms have to be divided too.",
            )  # fmt: skip
        return
    for part in parts:
        if below.get(next(iter(part)), None) != next(iter(part.values())) or len(part) != 1:
            continue
        value = simple(subtract(polynomial(top), part), subtract(below, part))
        wrong = write_like(text, tree, value, derivation.latex)
        if wrong is not None:
            yield Slip(
                place.line, place.side, wrong,
                f"The term {formula(derivation, notation.sum(part))} is struck out above and below, but it is a term "
                f"and no factor of {whole} and {divisor}: only common factors cancel.",
            )  # fmt: skip


propose = AlgebraInjector(slips)
