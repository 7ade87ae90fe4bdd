"""Expressions with letters as trees, and whether two are equal: by their values at random points, exact if rational.

    >>> same(tree(r"(x + 2)^2"), tree(r"x^2 + 4x + 4"))
    True

Two trees that differ at one point are different. Two that agree at all points count as equal.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import mpmath  # type: ignore[import-untyped, unused-ignore]

from label_checking.latex.sides import normalized
from label_checking.latex.values import UnreadError

# ("n", number), ("v", name), ("+", *terms), ("*", *factors), ("/", top, bottom), ("^", base, exponent),
# ("f", function, argument), ("t", *coordinates)
Tree: TypeAlias = tuple[Any, ...]
Number: TypeAlias = Any
Point: TypeAlias = Mapping[str, Number]

MAX_CHARACTERS = 300
MAX_EXPONENT = 200
MAX_BITS = 4000
POINTS = 3
DIGITS = 70
_TOLERANCE = mpmath.mpf(10) ** -30
_FUNCTIONS = ("arcsin", "arccos", "arctan", "sin", "cos", "tan", "sec", "csc", "cot", "ln", "log")
_GREEK = "alpha|beta|gamma|delta|epsilon|theta|phi|varphi|omega|lambda|mu|sigma|tau|rho|zeta"
_TOKEN = re.compile(
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+)"
    rf"|(?P<name>(?:[A-Z]{{2,3}}(?![a-z])|[a-zA-Z]|\\(?:{_GREEK})(?![a-zA-Z]))(?:_(?:\{{\w+\}}|\w))?'*)"
    r"|(?P<command>\\[a-zA-Z]+)|(?P<sign>[-+*/÷^(){}\[\],°π%!])"
)
MINUS: Tree = ("n", Fraction(-1))


class PointError(Exception):
    """The tree has no value at this point."""


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is not None:
                self.tokens.append((str(match.lastgroup), match.group()))
                at = match.end()
            elif text[at].isspace() or "\ue000" <= text[at] <= "\uf8ff":  # a unit
                at += 1
            else:
                raise UnreadError(text[at:])
        self.at = 0

    def parse(self) -> Tree:
        found = self.entries()
        if self.at < len(self.tokens):
            raise UnreadError("rest")
        return found[0] if len(found) == 1 else ("t", *found)

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        found = self.peek()
        if found and found in wanted:
            self.at += 1
            return found
        return ""

    def entries(self) -> list[Tree]:
        found = [self.sum()]
        while self.take(","):
            found.append(self.sum())
        return found

    def sum(self) -> Tree:
        terms = []
        sign = self.take("-", "+")
        while True:
            term = self.product()
            terms.append(negative(term) if sign == "-" else term)
            sign = self.take("-", "+")
            if not sign:
                return terms[0] if len(terms) == 1 else ("+", *terms)

    def product(self) -> Tree:
        found, literal = self.power()
        while True:
            kind = self.tokens[self.at][0] if self.at < len(self.tokens) else ""
            sign = self.take("*", "/", "÷")
            if sign:
                minus = self.take("-")
                right, literal = self.power()
                right = negative(right) if minus else right
                found = times(found, right) if sign == "*" else ("/", found, right)
            elif kind in ("name", "command", "number") or self.peek() in ("(", "[", "{", "π"):
                if kind == "number" and literal:
                    raise UnreadError("two numbers side by side")
                right, literal = self.power()
                found = times(found, right)
            else:
                return found

    def power(self) -> tuple[Tree, bool]:
        kind = self.tokens[self.at][0] if self.at < len(self.tokens) else ""
        found = self.atom()
        while True:
            if self.take("^"):
                found = ("^", found, self.argument())
            elif self.take("°"):
                found = times(found, ("/", ("f", "pi", ("n", Fraction(1))), ("n", Fraction(180))))
            elif self.take("!"):
                found = ("f", "!", found)
            elif self.take("%"):
                found = ("/", found, ("n", Fraction(100)))
            else:
                return found, kind == "number"

    def argument(self) -> Tree:
        """One argument as TeX takes it: a group, a command, or a single character."""
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "number" and len(text) > 1:
            self.tokens[self.at] = (kind, text[1:])
            return ("n", Fraction(text[0]))
        return negative(self.argument()) if self.take("-") else self.atom()

    def atom(self) -> Tree:
        if self.at >= len(self.tokens):
            raise UnreadError("end")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return ("n", Fraction(text.replace(",", "")))
        if kind == "name" and text != "i":
            return ("v", text)
        if text in ("π", "i"):
            return ("f", "pi" if text == "π" else "i", ("n", Fraction(1)))
        return self.group(text)

    def group(self, text: str) -> Tree:
        """What a bracket or a command holds together."""
        if text in ("(", "[", "{"):
            found = self.entries()
            if not self.take({"(": ")", "[": "]", "{": "}"}[text]):
                raise UnreadError("open bracket")
            return found[0] if len(found) == 1 else ("t", *found)
        if text in ("\\openfloor", "\\openceil"):
            inner = self.sum()
            if not self.take(text.replace("open", "r")):
                raise UnreadError("open bracket")
            return ("f", text[5:], inner)
        if text == "\\frac":
            return ("/", self.argument(), self.argument())
        if text == "\\binom":
            return ("f", "binom", ("t", self.argument(), self.argument()))
        if text == "\\sqrt":
            degree = ("n", Fraction(2))
            if self.take("["):
                degree = self.sum()
                self.take("]")
            return ("^", self.argument(), ("/", ("n", Fraction(1)), degree))
        if text[1:] in _FUNCTIONS:
            return self.function(text[1:])
        raise UnreadError(text)

    def function(self, name: str) -> Tree:
        if self.peek() == "_":
            raise UnreadError("base")
        exponent = self.argument() if self.take("^") else None
        argument, _ = self.power()
        found: Tree = ("f", name, argument)
        return ("^", found, exponent) if exponent is not None else found


def negative(term: Tree) -> Tree:
    """Minus a tree; a number stays a number."""
    if term[0] == "n":
        return ("n", -term[1])
    return ("*", MINUS, *(term[1:] if term[0] == "*" else (term,)))


def times(one: Tree, other: Tree) -> Tree:
    """The product, flat on the left."""
    return ("*", *(one[1:] if one[0] == "*" else (one,)), other)


@lru_cache(maxsize=16384)
def tree(text: str) -> Tree | None:
    """The tree of a formula, None if it can't be read. A call such as `f(2)` is one name."""
    plain = normalized(text.replace("\\$", " "))
    if not plain or len(plain) > MAX_CHARACTERS:
        return None
    names: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        return names.setdefault(match.group(), f"F_{{{len(names)}}}")

    plain = re.sub(r"(?<![a-zA-Z\\])[fghPQqr]\s*\((?:[^()]|\([^()]*\))*\)", named, plain)
    try:
        found = _Parser(plain).parse()
    except (UnreadError, RecursionError, ValueError, ZeroDivisionError):
        return None
    back = {short: re.sub(r"\s", "", call) for call, short in names.items()}
    return _renamed(found, back) if names else found


def _renamed(node: Tree, back: dict[str, str]) -> Tree:
    if node[0] == "v":
        return ("v", back.get(node[1], node[1]))
    return tuple(_renamed(part, back) if isinstance(part, tuple) else part for part in node)


def letters(node: Tree) -> frozenset[str]:
    """The names in a tree."""
    if node[0] == "v":
        return frozenset([node[1]])
    return frozenset().union(*(letters(part) for part in node[1:] if isinstance(part, tuple)))


def nodes(node: Tree) -> Iterator[Tree]:
    """A tree and all that is in it."""
    yield node
    for part in node[1:]:
        if isinstance(part, tuple):
            yield from nodes(part)


def replaced(node: Tree, old: Tree, new: Tree) -> Tree:
    """The tree with every occurrence of a part replaced."""
    if node == old:
        return new
    return tuple(replaced(part, old, new) if isinstance(part, tuple) else part for part in node)


def value(node: Tree, point: Point) -> Number:
    """The value at a point: a Fraction if possible. Raises PointError if there is none, or none of a bearable size."""
    kind = node[0]
    if kind in ("n", "v"):
        return node[1] if kind == "n" else point[node[1]]
    if kind == "f":
        return _call(node[1], node[2], point)
    if kind == "t":
        raise PointError("a pair has no value")
    parts = [value(part, point) for part in node[1:]]
    if kind == "+":
        return _sum(parts)
    if kind == "*":
        return _product(parts)
    if kind == "^":
        return _power(*parts)
    if is_zero(parts[1]):
        raise PointError("division by zero")
    return _product([parts[0], 1 / parts[1]])


def _real(number: Number) -> Number:
    return mpmath.mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else number


def _sum(parts: list[Number]) -> Number:
    return sum(parts, Fraction(0)) if _are_rational(parts) else sum(map(_real, parts), mpmath.mpf(0))


def _product(parts: list[Number]) -> Number:
    found: Number = Fraction(1) if _are_rational(parts) else mpmath.mpf(1)
    for part in parts:
        found *= part if isinstance(found, Fraction) else _real(part)
        if isinstance(found, Fraction) and found.numerator.bit_length() > MAX_BITS:
            raise PointError("too large")
    return found


def _are_rational(parts: list[Number]) -> bool:
    return all(isinstance(part, Fraction) for part in parts)


def _power(base: Number, exponent: Number) -> Number:
    if abs(exponent) > MAX_EXPONENT or (base == 0 and exponent.real <= 0):
        raise PointError("power")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        if max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent) > MAX_BITS:
            raise PointError("too large")
        return base ** int(exponent)
    found = mpmath.power(_real(base), _real(exponent))
    nearest = mpmath.nint(found.real)
    # A root of a square is rational again, so that exact and rounded values are not mixed without need.
    return Fraction(int(nearest)) if abs(nearest) < 1e12 and not found.imag and abs(found - nearest) < 1e-40 else found


def _call(name: str, argument: Tree, point: Point) -> Number:
    if name in ("pi", "i"):
        return +mpmath.pi if name == "pi" else mpmath.mpc(0, 1)
    if name == "binom":
        top, bottom = (value(part, point) for part in argument[1:])
        if not _are_rational([top, bottom]) or top.denominator != 1 or not 0 <= bottom <= top <= MAX_EXPONENT:
            raise PointError("binomial")
        return Fraction(int(mpmath.binomial(int(top), int(bottom))))
    plain = value(argument, point)
    if name in ("floor", "ceil"):
        return Fraction(int(getattr(mpmath, name)(_real(plain))))
    if name == "!":
        if not isinstance(plain, Fraction) or plain.denominator != 1 or not 0 <= plain <= MAX_EXPONENT:
            raise PointError("factorial")
        return Fraction(math.factorial(int(plain)))
    inner = _real(plain)
    renamed = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "log": "log10"}.get(name, name)
    try:
        return getattr(mpmath, renamed)(inner)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise PointError(name) from None


def points(names: frozenset[str], known: Point | None = None, count: int = POINTS) -> Iterator[dict[str, Number]]:
    """Points at which trees are compared: always the same ones, with fractions as coordinates."""
    fixed = known or {}
    for index in range(count):
        yield {
            name: fixed[name] if name in fixed else Fraction(random.Random(f"{name}{index}").randint(120, 700), 97)
            for name in sorted(names)
        }


def is_zero(number: Number) -> bool:
    """Whether a value is zero, as far as its digits tell."""
    return bool(number == 0 if isinstance(number, Fraction) else abs(number) < _TOLERANCE)


@lru_cache(maxsize=16384)
def same(one: Tree, other: Tree) -> bool | None:
    """Whether two trees are equal: None if they have no common value at any point."""
    if "t" in (one[0], other[0]):
        if "v" in (one[0], other[0]):
            return False  # a point's name
        if one[0] != other[0] or len(one) != len(other):
            return None
        parts = [same(a, b) for a, b in zip(one[1:], other[1:], strict=True)]
        return False if False in parts else None if None in parts else True
    return vanishes(("+", one, negative(other)), {})


def vanishes(difference: Tree, known: Point) -> bool | None:
    """Whether a tree is zero at every point that has the known values."""
    seen = False
    with mpmath.workdps(DIGITS):
        for point in points(letters(difference), known, POINTS + 2):
            try:
                if not is_zero(value(difference, point)):
                    return False
            except (PointError, ArithmeticError, ValueError):
                continue
            seen = True
    return True if seen else None
