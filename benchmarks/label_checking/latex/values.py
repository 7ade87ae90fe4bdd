"""Exact values: fractions, and sympy only for what is irrational or has letters."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, TypeAlias

import sympy  # type: ignore[import-untyped, unused-ignore]

# A rational number is a Fraction; roots, multiples of pi and expressions in letters are sympy expressions.
Value: TypeAlias = Any

MAX_EXPONENT = 2000
MAX_BITS = 40_000
MAX_FACTORIAL = 300
DIGITS = 60


class UnreadError(Exception):
    """The text is not arithmetic that this reader knows."""


class LettersError(UnreadError):
    """The text has an unknown, a function or a name in it."""


def to_sympy(value: Value) -> Any:
    """The value as a sympy expression."""
    return sympy.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else value


def _tidy(value: Any) -> Value:
    """A sympy number that turned out rational as a Fraction again."""
    if isinstance(value, Fraction):
        return value
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if value.has(sympy.zoo, sympy.nan, sympy.oo):
        raise UnreadError("division by zero")
    return value


def add(left: Value, right: Value) -> Value:
    """The sum."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left + right
    return _tidy(to_sympy(left) + to_sympy(right))


def multiply(left: Value, right: Value) -> Value:
    """The product."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left * right
    return _tidy(sympy.expand_mul(to_sympy(left) * to_sympy(right)))


def divide(left: Value, right: Value) -> Value:
    """The quotient. Raises UnreadError if `right` is 0."""
    if right == 0:
        raise UnreadError("division by zero")
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left / right
    return _tidy(to_sympy(left) / to_sympy(right))


def power(base: Value, exponent: Value) -> Value:
    """`base ** exponent`. Raises UnreadError for complex, undefined or enormous powers."""
    if isinstance(exponent, Fraction) and isinstance(base, Fraction):
        if exponent.denominator == 1:
            size = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
            if abs(exponent) > MAX_EXPONENT or size * abs(exponent) > MAX_BITS or (base == 0 and exponent <= 0):
                raise UnreadError("power out of range")
            return base ** int(exponent)
        if base < 0 and exponent.denominator % 2:
            return multiply(Fraction(-1) ** exponent.numerator, power(-base, exponent))
        if base < 0 or abs(exponent) > 50 or base.numerator.bit_length() > 64:
            raise UnreadError("power out of range")
    return _tidy(to_sympy(base) ** to_sympy(exponent))


def factorial(value: Value) -> Value:
    """`n!`. Raises UnreadError unless `n` is a small whole number."""
    return Fraction(math.factorial(_small_whole(value)))


def binomial(top: Value, bottom: Value) -> Value:
    """`n` choose `k`. Raises UnreadError unless both are small whole numbers."""
    return Fraction(math.comb(_small_whole(top), _small_whole(bottom)))


def _small_whole(value: Value) -> int:
    if not isinstance(value, Fraction) or value.denominator != 1 or not 0 <= value <= MAX_FACTORIAL:
        raise UnreadError("no small whole number")
    return int(value)


def function(name: str, argument: Value) -> Value:
    """`sin`, `cos`, `tan`, `ln` and their like of a value in radians, floors and ceilings."""
    if name in ("floor", "ceil"):
        expression = to_sympy(argument)
        return Fraction(int(sympy.floor(expression) if name == "floor" else sympy.ceiling(expression)))
    renamed = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}
    return _tidy(getattr(sympy, renamed.get(name, name))(to_sympy(argument)))


def same(left: Value, right: Value) -> bool:
    """Whether two values are equal: exactly if rational, to 60 digits if not, as expressions if they have letters."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left == right
    difference = to_sympy(left) - to_sympy(right)
    if difference.free_symbols:
        return bool(sympy.simplify(difference) == 0)
    return bool(abs(sympy.N(difference, DIGITS)) < sympy.Float(10) ** (10 - DIGITS))


def shows(exact: Value, shown: Fraction, decimals: int) -> bool:
    """Whether `shown`, with its number of decimals, is `exact` rounded or cut off there (`2/3 = 0.67`)."""
    if decimals < 1:
        return False
    number = exact if isinstance(exact, Fraction) else Fraction(str(sympy.N(exact, 30))) if exact.is_real else None
    return number is not None and abs(number - shown) < Fraction(1, 10**decimals)
