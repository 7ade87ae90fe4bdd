r"""Terms that are not alike are added as if they were: $3x + 4 = 7x$."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import Derivation
from lemma.algebra.polynomials import ONE, Quotient, constant
from lemma.algebra.writing import expanded, notation_of, terms, write_like
from lemma.injectors.algebra import AlgebraInjector, exact, formula, rewritings

_TWO_TERMS = 2


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A sum of a term with a letter and a number that was collected, added up once more."""
    for place in rewritings(derivation, rng):
        line = derivation.lines[place.line]
        tree, value = line.tree(place.side), exact(line, place.side)
        if value is None or len(value) != _TWO_TERMS or ONE not in value or expanded(tree) is None:
            continue
        if len(terms(place.before)) < _TWO_TERMS or expanded(place.before) is not None:
            continue  # nothing was collected
        monomial = next(monomial for monomial in value if monomial != ONE)
        together = value[monomial] + value[ONE]
        if sum(exponent for _, exponent in monomial) != 1 or together in (Fraction(0), value[monomial]):
            continue
        text = derivation.text(place.line, place.side)
        wrong = write_like(text, tree, Quotient({monomial: together}, constant(1)), derivation.latex)
        if wrong is not None:
            notation = notation_of(text, tree, derivation.latex)
            one, other = (formula(derivation, notation.sum({part: value[part]})) for part in (monomial, ONE))
            yield Slip(
                place.line,
                place.side,
                wrong,
                f"The terms {one} and {other} are not alike and can't be added up to {formula(derivation, wrong)}: "
                f"it should stay {formula(derivation, text)}.",
            )


propose = AlgebraInjector(slips)
