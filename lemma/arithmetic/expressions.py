"""Expressions over the numbers of an equation: a tree whose leaves are indices into a list of values.

>>> tree = Binary("+", 0, Binary("*", 1, 2))
>>> evaluate(tree, [2, 3, 4])
14
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lemma.arithmetic.numbers import Value, divide, normal

_MAX_EXPONENT = 20
_MAX_BITS = 256


class ArithmeticRefusal(Exception):
    """A computation that has no value here: a division by zero, or a number beyond any word problem."""


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and the operator between them: `+ - * / ^`. `position` is the operator's index in the text."""

    operator: str
    left: Expression
    right: Expression
    position: int = -1


Expression = int | Binary


def _power(base: Value, exponent: Value) -> Value:
    if not isinstance(exponent, int) or abs(exponent) > _MAX_EXPONENT:
        raise ArithmeticRefusal("exponent out of reach")
    return divide(1, base**-exponent) if exponent < 0 else base**exponent


_OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": divide,
    "^": _power,
}
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}


def evaluate(tree: Expression, values: Sequence[Value]) -> Value:
    """Exact value of a tree. Raises ArithmeticRefusal if it has none, or one of more than 256 bits."""
    if isinstance(tree, int):
        return values[tree]
    try:
        result = normal(_OPERATIONS[tree.operator](evaluate(tree.left, values), evaluate(tree.right, values)))
    except ZeroDivisionError:
        raise ArithmeticRefusal("division by zero") from None
    if result.numerator.bit_length() + result.denominator.bit_length() > _MAX_BITS:
        raise ArithmeticRefusal("number out of reach")
    return result


def leaves(tree: Expression) -> list[int]:
    """The leaf indices from left to right."""
    return [tree] if isinstance(tree, int) else [*leaves(tree.left), *leaves(tree.right)]


def nodes(tree: Expression) -> Iterator[Binary]:
    """The operations, inner ones first."""
    if isinstance(tree, Binary):
        yield from nodes(tree.left)
        yield from nodes(tree.right)
        yield tree


def to_text(tree: Expression, names: Sequence[str], outer: int = 0) -> str:
    """Write a tree with the names of its leaves, as in an annotation: `(3+5)*2`."""
    if isinstance(tree, int):
        return names[tree]
    rank = _PRECEDENCE[tree.operator]
    # One side must keep brackets of its own rank: 8-(3+2), (2^3)^2.
    left = to_text(tree.left, names, rank + (tree.operator == "^"))
    inner = left + tree.operator + to_text(tree.right, names, rank + (tree.operator in "-/"))
    return f"({inner})" if rank < outer else inner
