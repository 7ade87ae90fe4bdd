"""Equations compared: whether they share a solution, and whether they are the same but for a slip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lemma.algebra.polynomials import Polynomial, Quotient, coefficients, letters, proportion, rational, scale

_MOST_DEGREE = 7


def share_no_root(one: Polynomial, others: Sequence[Polynomial], allowed: float) -> bool:
    """Whether an equation in one letter has no solution of any of the others, which are in the same letter.

    `allowed` is a relative deviation. False if some roots are not known.
    """
    found, before = _roots(one), list(map(_roots, others))
    if found is None or not len(found):
        return False
    return all(
        roots is not None and not any(abs(x - y) <= allowed * max(1.0, abs(x)) for x in found for y in roots)
        for roots in before
    )


def _roots(polynomial: Polynomial) -> NDArray[np.complex128] | None:
    """The complex roots of a polynomial in one letter; None if its degree is high, or for square roots in it."""
    values = [rational(part) for part in coefficients(polynomial, next(iter(letters(polynomial))))]
    if len(values) > _MOST_DEGREE + 1 or any(value is None for value in values):
        return None
    return np.asarray(np.roots([float(value or 0) for value in reversed(values)]), dtype=np.complex128)


def nearly_the_same(one: Polynomial, other: Polynomial) -> bool:
    """Whether two equations are the same but for signs or for one coefficient. `a + b = 3` and `a + b = 33` are not:
    these are two facts.
    """
    if one.keys() != other.keys() or len(one) < 3 or proportion(one, other) is not None:
        return False
    factors = {monomial: value / other[monomial] for monomial, value in one.items()}
    if len(one) == 3 and () in one and len({factor for monomial, factor in factors.items() if monomial}) == 1:
        return False
    values = list(factors.values())
    return len(set(map(abs, values))) == 1 or any(values.count(value) == len(values) - 1 for value in values)


def nearly_identical(left: Quotient, right: Quotient) -> bool:
    """Whether two sides are the same but for one term, as in `(x + 2)(x + 3) = x^2 + 6x + 6`."""
    one, other = _whole(left), _whole(right)
    if one is None or other is None:
        return False
    monomials = {*one, *other}
    same = {monomial for monomial in monomials if one.get(monomial) == other.get(monomial)}
    return len(monomials) - len(same) == 1 and any(same)


def _whole(side: Quotient) -> Polynomial | None:
    divisor = rational(side.denominator)
    return scale(side.numerator, 1 / divisor) if divisor else None
