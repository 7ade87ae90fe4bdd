"""Exact values beyond fractions: sums of rational multiples of square roots, powers of pi, and i.

    >>> root = Surd.root(12)
    >>> root * root, root + root
    (12, 4√3)

Two values are equal if and only if their terms are: square roots of different square-free numbers are linearly
independent over the fractions, and pi is transcendental.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isqrt, pi, sqrt
from typing import NamedTuple

from lemma.arithmetic.numbers import Value, normal

_LARGEST_RADICAND = 10**8
_MOST_TERMS = 8
_MOST_BITS = 256
_HIGHEST_POWER = 64


class NoValue(Exception):
    """An expression has no value that is represented here, such as a division by zero or the root of pi."""


class Unit(NamedTuple):
    """What a coefficient is multiplied by: the root of a square-free number, a power of pi, and i or not."""

    radicand: int = 1
    pi: int = 0
    imaginary: int = 0


_ONE = Unit()


class Surd:
    """An exact number. Immutable; `terms` has no zero coefficients."""

    __slots__ = ("_key", "terms")

    def __init__(self, terms: Mapping[Unit, Fraction] | Value) -> None:
        """Raises NoValue if there are too many terms, or a coefficient is longer than 256 bits."""
        if isinstance(terms, int | Fraction):
            terms = {_ONE: Fraction(terms)}
        self.terms = {unit: coefficient for unit, coefficient in terms.items() if coefficient}
        if len(self.terms) > _MOST_TERMS or any(
            one.numerator.bit_length() + one.denominator.bit_length() > _MOST_BITS for one in self.terms.values()
        ):
            raise NoValue
        self._key = frozenset(self.terms.items())

    @staticmethod
    def root(radicand: Value) -> Surd:
        """The square root of a fraction: of a negative one, the root times i. Raises NoValue if it is too large."""
        value = Fraction(radicand)
        inside = abs(value.numerator) * value.denominator
        if inside > _LARGEST_RADICAND:
            whole = isqrt(inside)
            if whole * whole != inside:
                raise NoValue
            outside, inside = whole, 1
        else:
            outside, inside = _square_free(inside)
        return Surd({Unit(inside, 0, int(value < 0)): Fraction(outside, value.denominator)})

    @property
    def rational(self) -> Value | None:
        """The value as a fraction or an int; None if it is neither."""
        if not self.terms:
            return 0
        return normal(self.terms[_ONE]) if len(self.terms) == 1 and _ONE in self.terms else None

    @property
    def approximate(self) -> float | None:
        """The value as a float; None if it is not real."""
        if any(unit.imaginary for unit in self.terms):
            return None
        return sum(float(factor) * sqrt(unit.radicand) * pi**unit.pi for unit, factor in self.terms.items())

    def __add__(self, other: Surd) -> Surd:
        terms = dict(self.terms)
        for unit, coefficient in other.terms.items():
            terms[unit] = terms.get(unit, Fraction(0)) + coefficient
        return Surd(terms)

    def __neg__(self) -> Surd:
        return Surd({unit: -coefficient for unit, coefficient in self.terms.items()})

    def __sub__(self, other: Surd) -> Surd:
        return self + -other

    def __mul__(self, other: Surd) -> Surd:
        terms: dict[Unit, Fraction] = {}
        for one, coefficient in self.terms.items():
            for two, factor in other.terms.items():
                outside, inside = _square_free(one.radicand * two.radicand)
                sign = -1 if one.imaginary and two.imaginary else 1
                unit = Unit(inside, one.pi + two.pi, one.imaginary ^ two.imaginary)
                terms[unit] = terms.get(unit, Fraction(0)) + coefficient * factor * outside * sign
        return Surd(terms)

    def __truediv__(self, other: Surd) -> Surd:
        """Raises NoValue for a division by zero, or by a sum of more than two terms."""
        numerator, divisor = self, other
        while len(divisor.terms) == 2:  # a sum is made rational by its conjugate
            (unit, coefficient), (second, factor) = sorted(divisor.terms.items())
            conjugate = Surd({unit: coefficient, second: -factor})
            reduced = divisor * conjugate
            if len(reduced.terms) >= 2 and unit.pi != second.pi:
                raise NoValue
            numerator, divisor = numerator * conjugate, reduced
        if len(divisor.terms) != 1:
            raise NoValue
        ((unit, coefficient),) = divisor.terms.items()
        sign = -1 if unit.imaginary else 1
        inverse = {Unit(unit.radicand, -unit.pi, unit.imaginary): sign / (coefficient * unit.radicand)}
        return numerator * Surd(inverse)

    def power(self, exponent: Value) -> Surd:
        """Raises NoValue if the exponent is neither whole nor a half, or too large."""
        if not isinstance(exponent, int):
            inner = self.rational
            if exponent.denominator != 2 or inner is None or inner < 0:
                raise NoValue
            return Surd.root(inner).power(exponent.numerator)
        if abs(exponent) > _HIGHEST_POWER:
            raise NoValue
        result = Surd(1)
        for _ in range(abs(exponent)):
            result = result * self
        return result if exponent >= 0 else Surd(1) / result

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int | Fraction):
            return self.rational == other
        return isinstance(other, Surd) and self._key == other._key

    def __hash__(self) -> int:
        rational = self.rational
        return hash(self._key) if rational is None else hash(rational)

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __repr__(self) -> str:
        pieces = []
        for unit, coefficient in sorted(self.terms.items()):
            root = f"√{unit.radicand}" if unit.radicand > 1 else ""
            name = (
                root + "π" * (unit.pi == 1) + (f"π^{unit.pi}" if unit.pi not in (0, 1) else "") + "i" * unit.imaginary
            )
            shown = str(coefficient)
            pieces.append(f"{'' if name and shown == '1' else shown}{name}")
        return " + ".join(pieces) or "0"


def _square_free(number: int) -> tuple[int, int]:
    """(6, 2) for 72 = 6² · 2. The number is at most the square of the largest radicand."""
    if number == 1:
        return 1, 1
    outside, factor = 1, 2
    whole = isqrt(number)
    if whole * whole == number:
        return whole, 1
    if number > _LARGEST_RADICAND:
        raise NoValue
    while factor * factor <= number:
        while number % (factor * factor) == 0:
            number //= factor * factor
            outside *= factor
        factor += 1
    return outside, number
