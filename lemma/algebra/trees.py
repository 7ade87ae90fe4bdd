"""Expressions as trees: where each node stands in its text, its exact value, and its value at a point."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from lemma.algebra.polynomials import (
    Polynomial,
    Quotient,
    constant,
    letter,
    letters,
    multiply,
    plus,
    power,
    rational,
    scale,
    simple,
    square_root,
    subtract,
)
from lemma.exceptions import Refusal

NUMBER, LETTER, SUM, DIFFERENCE, PRODUCT, DIVISION, POWER = "number", "letter", "+", "-", "*", "/", "^"
MINUS, ROOT, GROUP, TUPLE, EITHER, CALL = "minus", "root", "group", "tuple", "pm", "call"
PI, HALF_TURN = r"\pi", 180
_POINTS = 3
_LARGEST_EXPONENT = 200
# Fields in which 2, 3, 5, ..., 41 have square roots: whatever is different in one of them is different.
_PRIMES = (
    1338106810008318521471139839,
    1338106810013186525687575199,
    1338106810022922534120445919,
    1338106810024139535174554759,
)


@dataclass(frozen=True, slots=True)
class Node:
    """A node: what it is, its parts, and where it stands. Positions don't count when nodes are compared."""

    head: str
    args: tuple[Node, ...] = ()
    value: Fraction = Fraction(0)
    name: str = ""
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for part in self.args:
            yield from part.walk()

    @property
    def bare(self) -> Node:
        """The node without the brackets around it."""
        return self.args[0].bare if self.head == GROUP else self


DEGREE = r"\circ"
"""The name of the degree sign, a letter with the value of pi / 180."""


def same_shape(left: Node, right: Node) -> bool:
    """Whether two trees are equal but for brackets."""
    one, other = left.bare, right.bare
    return (
        (one.head, one.value, one.name, len(one.args)) == (other.head, other.value, other.name, len(other.args))
    ) and all(map(same_shape, one.args, other.args))


def names(tree: Node) -> set[str]:
    """The letters of a tree."""
    return {PI if node.name == DEGREE else node.name for node in tree.walk() if node.head in (LETTER, CALL)}


def quotient(tree: Node) -> Quotient:
    """The exact value of a tree: a quotient of polynomials. Raises Refusal if it is too large or not covered."""
    if tree.head == NUMBER:
        return Quotient(constant(tree.value), constant(1))
    if tree.head in (LETTER, CALL):
        value = scale(letter(PI), Fraction(1, HALF_TURN)) if tree.name == DEGREE else letter(tree.name)
        return Quotient(value, constant(1))
    if tree.head not in _VALUES:
        raise Refusal("not_covered", f"no exact value for {tree.head}")
    return _VALUES[tree.head](*map(quotient, tree.args))


def _negative(value: Quotient) -> Quotient:
    return Quotient(scale(value.numerator, -1), value.denominator)


def _divided(left: Quotient, right: Quotient) -> Quotient:
    return simple(multiply(left.numerator, right.denominator), multiply(left.denominator, right.numerator))


def _root(radicand: Quotient) -> Quotient:
    value = rational(radicand.numerator)
    if value is None or rational(radicand.denominator) != 1 or value < 0:
        raise Refusal("not_covered", "a square root of letters, or of a negative number")
    return Quotient(square_root(value) if value else {}, constant(1))


def _power(base: Quotient, exponent: Quotient) -> Quotient:
    value = rational(exponent.numerator)
    if value is None or value.denominator != 1 or rational(exponent.denominator) != 1:
        raise Refusal("not_covered", "an exponent that is no whole number")
    top, bottom = (base.numerator, base.denominator) if value >= 0 else (base.denominator, base.numerator)
    if value == 0 and not base.numerator:
        raise Refusal("division_by_zero", "0^0")
    return simple(power(top, abs(int(value))), power(bottom, abs(int(value))))


_VALUES: Mapping[str, Callable[..., Quotient]] = {
    GROUP: lambda inner: inner,
    SUM: plus,
    DIFFERENCE: lambda left, right: plus(left, _negative(right)),
    MINUS: _negative,
    PRODUCT: lambda left, right: simple(
        multiply(left.numerator, right.numerator), multiply(left.denominator, right.denominator)
    ),
    DIVISION: _divided,
    POWER: _power,
    ROOT: _root,
}


def polynomial(tree: Node) -> Polynomial:
    """The exact value of a tree that is a polynomial. Raises Refusal if it has letters below a fraction bar."""
    value = quotient(tree)
    if rational(value.denominator) != 1:
        raise Refusal("not_a_polynomial")
    return value.numerator


def number(tree: Node) -> Fraction | None:
    """The value of a tree that is a rational number."""
    value = quotient(tree)
    return rational(value.numerator) if rational(value.denominator) == 1 else None


def equal(left: Node, right: Node) -> bool:
    """Whether two trees are equal for all values of their letters, decided twice: by exact polynomials, and at random
    points. Raises Refusal if either can't decide, or if they disagree.
    """
    return equal_values(quotient(left), quotient(right)) and _equal_at_points(left, right)


def different(left: Node, right: Node) -> bool:
    """Whether two trees differ at a random point, which proves that they are not equal. Raises Refusal if that can't be
    decided.
    """
    return not equal_values(quotient(left), quotient(right)) and not _equal_at_points(left, right)


def equal_values(left: Quotient, right: Quotient) -> bool:
    """Whether two quotients are the same. Raises Refusal if they are too large."""
    return not subtract(multiply(left.numerator, right.denominator), multiply(right.numerator, left.denominator))


def _equal_at_points(left: Node, right: Node) -> bool:
    rng = random.Random(0)
    free = sorted(names(left) | names(right))
    surds = any(node.head == ROOT for tree in (left, right) for node in tree.walk())
    for attempt in range(_POINTS * 4):
        field_: Rationals | Modulo
        values: dict[str, Fraction | int]
        if surds:
            field_ = Modulo(_PRIMES[attempt % len(_PRIMES)])
            values = {name: rng.randrange(2, field_.prime) for name in free}
        else:
            field_ = Rationals()
            values = {name: Fraction(rng.randint(-99, 99) or 7, rng.randint(1, 19)) for name in free}
        one, other = (at_point(tree, values, field_) for tree in (left, right))
        if one is None or other is None:
            continue
        if one != other:
            return False
        if not free or attempt >= _POINTS - 1:
            return True
    raise Refusal("not_decided", "no point at which both sides have a value")


Scalar = Fraction | int


class Rationals:
    """The rational numbers."""

    def number(self, value: Fraction) -> Scalar:
        """A number of the text."""
        return value

    def reduced(self, value: Scalar) -> Scalar:
        """A result."""
        return value

    def quotient(self, top: Scalar, bottom: Scalar) -> Scalar | None:
        """top / bottom, if there is one."""
        return Fraction(top) / bottom if bottom else None

    def power(self, base: Scalar, exponent: int) -> Scalar | None:
        """A power, if it is not too large."""
        return Fraction(base) ** exponent if abs(exponent) <= _LARGEST_EXPONENT else None

    def root(self, radicand: Fraction) -> Scalar | None:
        """The square root, if it is rational."""
        return rational(square_root(radicand)) if radicand else Fraction(0)


@dataclass(frozen=True, slots=True)
class Modulo:
    """The whole numbers modulo a prime, in which a square root is made of the roots of its prime factors."""

    prime: int

    def number(self, value: Fraction) -> Scalar:
        """A number of the text."""
        return value.numerator * pow(value.denominator, -1, self.prime) % self.prime

    def reduced(self, value: Scalar) -> Scalar:
        """A result."""
        return int(value) % self.prime

    def quotient(self, top: Scalar, bottom: Scalar) -> Scalar | None:
        """top / bottom, if there is one."""
        return int(top) * pow(int(bottom), -1, self.prime) % self.prime if bottom else None

    def power(self, base: Scalar, exponent: int) -> Scalar | None:
        """A power."""
        return pow(int(base), exponent, self.prime)

    def root(self, radicand: Fraction) -> Scalar | None:
        """A square root, if the prime factors have one."""
        total = 0
        for monomial, coefficient in square_root(radicand).items():
            term = int(self.number(coefficient))
            for name, _ in monomial:
                if pow(int(name[1:]), (self.prime - 1) // 2, self.prime) != 1:
                    return None
                term *= pow(int(name[1:]), (self.prime + 1) // 4, self.prime)
            total += term
        return total % self.prime


def at_point(tree: Node, values: Mapping[str, Scalar], numbers: Rationals | Modulo) -> Scalar | None:
    """The exact value at a point, by other means than `quotient`; None if there is none."""
    if tree.name == DEGREE:
        return numbers.quotient(values[PI], HALF_TURN)
    if tree.head in (NUMBER, LETTER, CALL):
        return numbers.number(tree.value) if tree.head == NUMBER else values[tree.name]
    if tree.head in (ROOT, POWER):
        whole = number(tree.args[-1])
        if whole is None or (tree.head == ROOT and whole < 0) or (tree.head == POWER and whole.denominator != 1):
            raise Refusal("not_covered", "a root of letters, or a power with letters or fractions")
        if tree.head == ROOT:
            return numbers.root(whole)
        base = at_point(tree.args[0], values, numbers)
        return None if base is None or (base == 0 and whole <= 0) else numbers.power(base, int(whole))
    known = [part for one in tree.args if (part := at_point(one, values, numbers)) is not None]
    if len(known) < len(tree.args):
        return None
    if tree.head not in _RING and tree.head != DIVISION:
        raise Refusal("not_covered", tree.head)
    return numbers.quotient(*known) if tree.head == DIVISION else numbers.reduced(_RING[tree.head](*known))


_RING: Mapping[str, Callable[..., Scalar]] = {
    GROUP: lambda inner: inner,
    MINUS: operator.neg,
    SUM: operator.add,
    DIFFERENCE: operator.sub,
    PRODUCT: operator.mul,
}


def unknowns(value: Quotient) -> set[str]:
    """The letters of a quotient."""
    return letters(value.numerator) | letters(value.denominator)
