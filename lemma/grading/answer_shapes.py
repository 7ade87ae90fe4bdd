"""The shapes an answer can have. `reading` makes them, `comparison` compares them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from lemma.grading.expressions import Expr
from lemma.grading.units import Unit


class Quantity(NamedTuple):
    """A scalar, perhaps with a unit, a percent sign, a number base, or a noun: `18 cm`, `25%`, `52_8`, `18 apples`.

    `decimals` is how many were written, where the answer is one plain decimal.
    """

    expression: Expr
    unit: Unit | None = None
    noun: str = ""
    percent: bool = False
    decimals: int = 0
    base: int | None = None


class Collection(NamedTuple):
    """Several answers: a bare list (no brackets), a set, a tuple, or the two ends of an interval."""

    opening: str
    closing: str
    items: tuple[Answer, ...]
    joiner: Literal[",", "or", "and"] = ","


class Relation(NamedTuple):
    """An equation, an inequality, or a chain of them: `-2 < x <= 7`, `x = 10/2 = 5`, `x in [1, 2]`."""

    operators: tuple[str, ...]
    sides: tuple[Answer, ...]


class SetOperation(NamedTuple):
    r"""A union, an intersection or a difference (`\\cup`, `\\cap`, `\\setminus`)."""

    operator: str
    parts: tuple[Answer, ...]


class Matrix(NamedTuple):
    """Rows of entries; a vector is a matrix of one column."""

    rows: tuple[tuple[Answer, ...], ...]


class Ratio(NamedTuple):
    """`3:4`, or `1:2:3`. `clock` is the time of day, in hours and minutes, that it may be instead."""

    terms: tuple[Quantity, ...]
    clock: tuple[int, int] | None = None


class Words(NamedTuple):
    """A text: `even`, `east`, `Evelyn`, `no solution`, in lower case and without articles."""

    text: str


class Choice(NamedTuple):
    """A letter of a multiple choice, and what stood beside it: `(C)`, `B. 12`."""

    letter: str
    content: str


class Moment(NamedTuple):
    """A time of day or a date: parts that were not told are None."""

    kind: Literal["time", "date"]
    parts: tuple[int | None, ...]


Answer = Quantity | Collection | Relation | SetOperation | Matrix | Ratio | Words | Choice | Moment
