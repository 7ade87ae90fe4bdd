"""Exact arithmetic with polynomials and their quotients, bounded so that nothing can run away.

A polynomial maps monomials to rational coefficients; a monomial is a sorted tuple of pairs (letter, exponent). Square
roots of primes are letters of their own, such as `#2`, with `#2` times `#2` equal to 2. What is equal as a number is
then equal as a dictionary: square roots of different primes are independent over the rationals (Besicovitch 1940).

    >>> x = letter("x")
    >>> power(add(x, constant(3)), 2) == add(add(power(x, 2), scale(x, 6)), constant(9))
    True
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from itertools import product
from math import gcd, isqrt, lcm
from typing import NamedTuple

from lemma.exceptions import Refusal

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]

ONE: Monomial = ()
MOST_TERMS = 120
MOST_POWER = 24
MOST_PRODUCTS = 40_000
_MOST_BITS = 400
_LARGEST_EXPONENT = 200
_MOST_CANDIDATES = 400
_LARGEST_FACTORED = 10**12
_LARGEST_RADICAND = 10**6


class Budget(threading.local):
    """How much a problem may cost, in products of terms. It is counted, not timed, so every machine decides alike."""

    left: int | None = None

    def spend(self, products: int) -> None:
        """Raises Refusal if a problem costs too much."""
        if self.left is not None:
            self.left -= products
            if self.left < 0:
                raise Refusal("too_large", "too much to compute")

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Bound what is computed inside."""
        before, self.left = self.left, MOST_PRODUCTS
        try:
            yield
        finally:
            self.left = before


budget = Budget()


class Quotient(NamedTuple):
    """numerator / denominator. Two quotients are equal if the products across are."""

    numerator: Polynomial
    denominator: Polynomial


def constant(value: Fraction | int) -> Polynomial:
    """A number as a polynomial."""
    value = Fraction(value)
    if value.numerator.bit_length() + value.denominator.bit_length() > _MOST_BITS:
        raise Refusal("too_large", "too many digits")
    return {ONE: value} if value else {}


def letter(name: str) -> Polynomial:
    """A letter as a polynomial."""
    return {((name, 1),): Fraction(1)}


def add(left: Polynomial, right: Polynomial) -> Polynomial:
    """The sum. Raises Refusal if it is too large."""
    total = dict(left)
    for monomial, coefficient in right.items():
        total[monomial] = total.get(monomial, Fraction(0)) + coefficient
        if not total[monomial]:
            del total[monomial]
    if len(total) > MOST_TERMS:
        raise Refusal("too_large", "too many terms")
    return total


def scale(polynomial: Polynomial, factor: Fraction | int) -> Polynomial:
    """The polynomial times a number."""
    return {monomial: coefficient * factor for monomial, coefficient in polynomial.items()} if factor else {}


def subtract(left: Polynomial, right: Polynomial) -> Polynomial:
    """The difference."""
    return add(left, scale(right, -1))


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    """The product. Raises Refusal if it is too large."""
    for number, factor in ((left, right), (right, left)):
        if len(number) == 1 and ONE in number:  # most denominators are 1
            return factor if number[ONE] == 1 else _checked(scale(factor, number[ONE]))
    if len(left) * len(right) > MOST_TERMS * 4:
        raise Refusal("too_large", "too many terms")
    budget.spend(len(left) * len(right))
    total: Polynomial = {}
    for one, first in left.items():
        for other, second in right.items():
            monomial, coefficient = _merged(one, other, first * second)
            total[monomial] = total.get(monomial, Fraction(0)) + coefficient
    return _checked({monomial: value for monomial, value in total.items() if value})


def _checked(polynomial: Polynomial) -> Polynomial:
    if any(value.numerator.bit_length() + value.denominator.bit_length() > _MOST_BITS for value in polynomial.values()):
        raise Refusal("too_large", "too many digits")
    if len(polynomial) > MOST_TERMS:
        raise Refusal("too_large", "too many terms")
    return polynomial


def _merged(one: Monomial, other: Monomial, coefficient: Fraction) -> tuple[Monomial, Fraction]:
    exponents = dict(one)
    for name, exponent in other:
        exponents[name] = exponents.get(name, 0) + exponent
    for name, exponent in list(exponents.items()):
        if name.startswith("#") and exponent > 1:  # a square root: whole powers go into the coefficient
            coefficient *= int(name[1:]) ** (exponent // 2)
            exponents[name] = exponent % 2
    if any(exponent > _LARGEST_EXPONENT * 2 for exponent in exponents.values()):
        raise Refusal("too_large", "too high a power")
    return tuple(sorted(pair for pair in exponents.items() if pair[1])), coefficient


def power(base: Polynomial, exponent: int) -> Polynomial:
    """A power with a whole exponent. Raises Refusal if it is too large."""
    if exponent < 0 or exponent > (MOST_POWER if len(base) > 1 else _LARGEST_EXPONENT):
        raise Refusal("too_large", f"an exponent of {exponent}")
    if len(base) == 1 and ONE not in base and not any(name.startswith("#") for name, _ in next(iter(base))):
        ((monomial, value),) = base.items()
        if any(power_of * exponent > _LARGEST_EXPONENT for _, power_of in monomial):
            raise Refusal("too_large", f"an exponent of {exponent}")
        raised = constant(value) if exponent == 0 else power(constant(value), exponent)
        return {tuple((name, power_of * exponent) for name, power_of in monomial if exponent): raised[ONE]}
    result = constant(1)
    for _ in range(exponent):
        result = multiply(result, base)
    return result


def square_root(value: Fraction) -> Polynomial:
    """The square root of a positive rational number. Raises Refusal if its radicand is too large to be factored."""
    radicand, outside = value.numerator * value.denominator, Fraction(1, value.denominator)
    root = isqrt(radicand)
    if root * root == radicand:
        return constant(root * outside)
    if radicand > _LARGEST_RADICAND:
        raise Refusal("too_large", f"the square root of {value}")
    names: list[tuple[str, int]] = []
    divisor = 2
    while radicand > 1:
        if divisor * divisor > radicand:
            divisor = radicand
        count = 0
        while radicand % divisor == 0:
            radicand //= divisor
            count += 1
        outside *= divisor ** (count // 2)
        if count % 2:
            names.append((f"#{divisor}", 1))
        divisor += 1
    return {tuple(sorted(names)): outside}


def letters(polynomial: Polynomial) -> set[str]:
    """The letters that occur, without square roots."""
    return {name for monomial in polynomial for name, _ in monomial if not name.startswith("#")}


def degree(polynomial: Polynomial, name: str) -> int:
    """The highest power of a letter."""
    return max((dict(monomial).get(name, 0) for monomial in polynomial), default=0)


def rational(polynomial: Polynomial) -> Fraction | None:
    """The value, if it is a rational number."""
    return polynomial.get(ONE, Fraction(0)) if polynomial.keys() <= {ONE} else None


def coefficients(polynomial: Polynomial, name: str) -> list[Polynomial]:
    """The coefficients by the power of a letter, from 0 up."""
    found: list[Polynomial] = [{} for _ in range(degree(polynomial, name) + 1)]
    for monomial, value in polynomial.items():
        rest = tuple(pair for pair in monomial if pair[0] != name)
        found[dict(monomial).get(name, 0)][rest] = value
    return found


def substitute(polynomial: Polynomial, values: Mapping[str, Quotient]) -> Quotient:
    """The polynomial with quotients in place of letters. Raises Refusal if it is too large."""
    total = Quotient({}, constant(1))
    for monomial, value in polynomial.items():
        term = Quotient(constant(value), constant(1))
        for name, exponent in monomial:
            top, bottom = values.get(name, Quotient(letter(name), constant(1)))
            term = Quotient(
                multiply(term.numerator, power(top, exponent)), multiply(term.denominator, power(bottom, exponent))
            )
        total = plus(total, term)
    return total


def plus(left: Quotient, right: Quotient) -> Quotient:
    """The sum of quotients."""
    if left.denominator == right.denominator:
        return Quotient(add(left.numerator, right.numerator), left.denominator)
    top = add(multiply(left.numerator, right.denominator), multiply(right.numerator, left.denominator))
    return simple(top, multiply(left.denominator, right.denominator))


def simple(top: Polynomial, bottom: Polynomial) -> Quotient:
    """A quotient with a denominator of 1 if that is a number. Raises Refusal if it is zero."""
    if not bottom:
        raise Refusal("division_by_zero")
    value = rational(bottom)
    return Quotient(scale(top, 1 / value), constant(1)) if value is not None else Quotient(top, bottom)


def proportion(left: Polynomial, right: Polynomial) -> Fraction | None:
    """The number c with left = c * right, if there is one."""
    if left.keys() != right.keys() or not left:
        return None
    ratios = {left[monomial] / right[monomial] for monomial in left}
    return ratios.pop() if len(ratios) == 1 else None


def primitive(polynomial: Polynomial) -> Polynomial:
    """The polynomial with whole coefficients that have no common divisor."""
    if not polynomial:
        return {}
    bottom = reduce(lcm, (value.denominator for value in polynomial.values()))
    top = reduce(gcd, (int(value * bottom) for value in polynomial.values()))
    return scale(polynomial, Fraction(bottom, top))


def rational_roots(polynomial: Polynomial, name: str) -> list[Fraction]:
    """The rational roots of a polynomial in one letter, with multiplicity, in ascending order."""
    numbers = [rational(part) for part in coefficients(primitive(polynomial), name)]
    if any(value is None for value in numbers):
        return []
    values = [int(value) for value in numbers if value is not None]
    roots: list[Fraction] = []
    while len(values) > 1 and values[0] == 0:
        roots.append(Fraction(0))
        values = values[1:]
    for candidate in _candidates(values[0], values[-1]) if len(values) > 1 else ():
        while len(values) > 1:
            quotient, rest = _divided_by_root(values, candidate)
            if rest:
                break
            roots.append(candidate)
            values = quotient
    return sorted(roots)


def _candidates(last: int, first: int) -> Iterator[Fraction]:
    if max(abs(last), abs(first)) > _LARGEST_FACTORED:
        return
    tops, bottoms = _divisors(abs(last)), _divisors(abs(first))
    if len(tops) * len(bottoms) > _MOST_CANDIDATES:
        return
    for top, bottom in product(tops, bottoms):
        if gcd(top, bottom) == 1:
            yield Fraction(top, bottom)
            yield Fraction(-top, bottom)


def _divisors(number: int) -> list[int]:
    small = [divisor for divisor in range(1, min(isqrt(number), 2000) + 1) if number % divisor == 0]
    return sorted({*small, *(number // divisor for divisor in small)})


def _divided_by_root(values: list[int], root: Fraction) -> tuple[list[int], Fraction]:
    """Synthetic division by q x - p, and what is left over: the value at the root. If that is 0, the coefficients are
    whole, by Gauss's lemma.
    """
    result: list[Fraction] = []
    carry = Fraction(0)
    for value in reversed(values):
        carry = carry * root + value
        result.append(carry)
    return [int(value / root.denominator) for value in reversed(result[:-1])], carry


def divide_exactly(polynomial: Polynomial, divisor: Polynomial) -> Polynomial | None:
    """The quotient of two polynomials, if nothing is left over."""
    name = max(letters(divisor), default=None)
    if name is None:
        value = rational(divisor)
        return scale(polynomial, 1 / value) if value else None
    rest, quotient = polynomial, dict[Monomial, Fraction]()
    bottom = coefficients(divisor, name)
    while rest:
        top = coefficients(rest, name)
        if len(top) < len(bottom):
            return None
        factor = divide_exactly(top[-1], bottom[-1])
        if factor is None:
            return None
        term = multiply(
            factor, {((name, len(top) - len(bottom)),): Fraction(1)} if len(top) > len(bottom) else {ONE: Fraction(1)}
        )
        quotient = add(quotient, term)
        rest = subtract(rest, multiply(term, divisor))
    return quotient
