"""Subsets of the real line: intervals, unions, inequalities and finite sets in one form.

A set is a sorted list of disjoint ones that do not touch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from lemma.grading.algebra import UndecidedError, linear_root, normal_form, subtract
from lemma.grading.answer_shapes import Answer, Collection, Quantity, Relation, SetOperation
from lemma.grading.expressions import Call, Expr, Num, Sym, symbols
from lemma.grading.numerics import real_value

INEQUALITIES = frozenset(["<", ">", "\\le", "\\ge", "\\ne"])
_FLIPPED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le", "\\ne": "\\ne"}
_REALS = "blackboard R"


class End(NamedTuple):
    """An end of an interval: where it is on the line, and the expression it was written as."""

    position: float
    expression: Expr


class Interval(NamedTuple):
    """All numbers between two ends."""

    low: End
    low_closed: bool
    high: End
    high_closed: bool

    @property
    def closed(self) -> tuple[bool, bool]:
        """Whether the lower and the upper end belong to it."""
        return self.low_closed, self.high_closed

    @property
    def ends(self) -> tuple[Expr, Expr]:
        """Both ends as they were written."""
        return self.low.expression, self.high.expression


_LOWEST = End(-math.inf, Call("neg", (Sym("infinity"),)))
_HIGHEST = End(math.inf, Sym("infinity"))
_LINE = [Interval(_LOWEST, False, _HIGHEST, False)]


class NotRealSetError(ValueError):
    """The answer describes no subset of the real line that can be read."""


def real_set(answer: Answer) -> list[Interval]:
    """The set that an answer describes; raises `NotRealSetError`."""
    if isinstance(answer, Collection):
        return _from_collection(answer)
    if isinstance(answer, Relation):
        return _from_relation(answer)
    if isinstance(answer, SetOperation):
        first, *others = map(real_set, answer.parts)
        for other in others:
            first = _combine(answer.operator, first, other)
        return first
    if isinstance(answer, Quantity) and answer.expression == Sym(_REALS):
        return _LINE
    raise NotRealSetError(f"{type(answer).__name__} is no set of real numbers")


def describes_set(answer: Answer) -> bool:
    """Whether an answer is a set of real numbers by its very form, as an open interval and a pair are not."""
    if isinstance(answer, SetOperation):
        return True
    if isinstance(answer, Relation):
        return any(operator in INEQUALITIES or operator == "\\in" for operator in answer.operators)
    if isinstance(answer, Collection):
        if answer.opening == "":
            return any(map(describes_set, answer.items))
        mixed = (answer.opening, answer.closing) in (("(", "]"), ("[", ")"))
        if len(answer.items) != 2 or answer.opening == "\\{":
            return False
        return mixed or any(math.isinf(_position(item) or 0) for item in answer.items)
    return isinstance(answer, Quantity) and answer.expression == Sym(_REALS)


def _variables(answer: Answer) -> frozenset[str]:
    return symbols(answer.expression) if isinstance(answer, Quantity) else frozenset(["?"])


def _from_collection(answer: Collection) -> list[Interval]:
    if answer.opening == "":
        parts = [real_set(item) for item in answer.items]
        # `x > 2, x < 5` has to hold at once; intervals in a list are alternatives.
        together = answer.joiner != "or" and all(isinstance(item, Relation) for item in answer.items)
        result = parts[0]
        for part in parts[1:]:
            result = _combine("\\cap" if together else "\\cup", result, part)
        return result
    if answer.opening == "\\{":
        points = [_end(item) for item in answer.items]
        return _merge([Interval(point, True, point, True) for point in points])
    if answer.opening in ("(", "[") and answer.closing in (")", "]") and len(answer.items) == 2:
        low, high = _end(answer.items[0]), _end(answer.items[1])
        if low.position > high.position:
            raise NotRealSetError("the ends of the interval are in the wrong order")
        return [Interval(low, answer.opening == "[", high, answer.closing == "]")]
    raise NotRealSetError("a tuple")


def _position(answer: Answer) -> float | None:
    """Where a number is on the line; None if it is no number without variables."""
    return real_value(answer.expression) if isinstance(answer, Quantity) and not _variables(answer) else None


def _end(answer: Answer) -> End:
    value = _position(answer)
    if value is None or not isinstance(answer, Quantity):
        raise NotRealSetError("an end that is no number")
    return End(value, answer.expression)


def _from_relation(relation: Relation) -> list[Interval]:
    if relation.operators == ("\\in",):
        return real_set(relation.sides[1])
    if not INEQUALITIES.issuperset(relation.operators) and relation.operators != ("=",):
        raise NotRealSetError("no inequality")
    result = _LINE
    for left, operator, right in zip(relation.sides, relation.operators, relation.sides[1:], strict=False):
        result = _combine("\\cap", result, _from_inequality(left, operator, right))
    return result


def _from_inequality(left: Answer, operator: str, right: Answer) -> list[Interval]:
    if not isinstance(left, Quantity) or not isinstance(right, Quantity):
        raise NotRealSetError("an inequality of no numbers")
    variables = _variables(left) | _variables(right)
    if len(variables) != 1:
        raise NotRealSetError("an inequality in several variables, or none")
    (variable,) = variables
    if left.expression == Sym(variable) and not _variables(right):
        end = _end(right)
    elif right.expression == Sym(variable) and not _variables(left):
        end, operator = _end(left), _FLIPPED[operator] if operator != "=" else "="
    else:
        end, operator = _solve_linear(left.expression, operator, right.expression, variable)
    if operator == "=":
        return [Interval(end, True, end, True)]
    below, above = Interval(_LOWEST, False, end, operator == "\\le"), Interval(end, operator == "\\ge", _HIGHEST, False)
    return {"\\ne": [below, above], "<": [below], "\\le": [below]}.get(operator, [above])


def _solve_linear(left: Expr, operator: str, right: Expr, variable: str) -> tuple[End, str]:
    try:
        solution = linear_root(subtract(normal_form(left), normal_form(right)), variable)
    except UndecidedError as error:
        raise NotRealSetError(str(error)) from error
    value = None if solution is None else solution[0].rational()
    if solution is None or value is None:
        raise NotRealSetError("not linear")
    flipped = operator if solution[1] > 0 or operator == "=" else _FLIPPED[operator]
    return End(float(value), Num(value)), flipped


def _combine(operator: str, left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    if operator == "\\cup":
        return _merge([*left, *right])
    return _intersect(left, right if operator == "\\cap" else _complement(right))


def _merge(intervals: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for interval in sorted(intervals, key=lambda one: (one.low.position, not one.low_closed)):
        last = merged[-1] if merged else None
        # Two that share an end only touch if one of them includes it.
        apart = last is not None and not (last.high_closed or interval.low_closed)
        if last is None or (interval.low.position, apart) > (last.high.position, False):
            merged.append(interval)
        elif (interval.high.position, interval.high_closed) > (last.high.position, last.high_closed):
            merged[-1] = last._replace(high=interval.high, high_closed=interval.high_closed)
    return merged


def _intersect(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    common: list[Interval] = []
    for one in left:
        for other in right:
            low = max(one, other, key=lambda interval: (interval.low.position, not interval.low_closed))
            high = min(one, other, key=lambda interval: (interval.high.position, interval.high_closed))
            cut = Interval(low.low, low.low_closed, high.high, high.high_closed)
            is_point = cut.low.position == cut.high.position and cut.low_closed and cut.high_closed
            if cut.low.position < cut.high.position or is_point:
                common.append(cut)
    return _merge(common)


def _complement(intervals: Sequence[Interval]) -> list[Interval]:
    gaps: list[Interval] = []
    low, closed = _LOWEST, False
    for interval in intervals:
        gap = Interval(low, closed, interval.low, not interval.low_closed)
        if low.position < interval.low.position or (closed and not interval.low_closed):
            gaps.append(gap)
        low, closed = interval.high, not interval.high_closed
    if low.position < math.inf:
        gaps.append(Interval(low, closed, _HIGHEST, False))
    return gaps
