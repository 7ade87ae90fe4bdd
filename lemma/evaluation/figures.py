"""From graded outputs to figures with intervals: by suite, over all problems and by group.

A figure says what each problem adds to its sums (`terms`), and what is made of the totals (`statistic`), so that one
round of resampling the problems gives the intervals of all figures at once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from lemma.evaluation.metrics import Array, share
from lemma.evaluation.outputs import GREEDY, Condition, GradedOutput
from lemma.statistics import Column, Interval, bootstrap

Rows = Sequence[GradedOutput]
Terms = Callable[[Rows], Sequence[float]]
Part = Callable[[GradedOutput], float | None]  # what an output counts; None leaves it out
ALL = "all"
_GROUPS: Mapping[str, Callable[[GradedOutput], str | None]] = {
    "error type": lambda row: row.error_type,
    "steps": lambda row: str(row.operations),
}


@dataclass(frozen=True)
class Figure:
    """A number that a suite reports. `terms` gets a problem's rows of the figure's conditions, and gives `width` sums.

    `proportion` marks a share of outcomes, its sums being (counted, all); `percent` says how it is shown, `by` its
    breakdowns.
    """

    name: str
    conditions: tuple[Condition, ...]
    terms: Terms
    statistic: Callable[[Array], Array]
    width: int = 2
    proportion: bool = False
    percent: bool = True
    by: tuple[str, ...] = ()

    def column(self, problems: Sequence[Rows], belongs: Callable[[GradedOutput], bool] = lambda row: True) -> Column:
        """The figure's terms on these problems, from their rows that belong to a group."""
        terms = np.zeros((len(problems), self.width))
        for place, rows in enumerate(problems):
            mine = [row for row in rows if row.condition in self.conditions and belongs(row)]
            if mine:
                terms[place] = self.terms(mine)
        return Column(terms, self.statistic, self.proportion)


@dataclass(frozen=True)
class Result:
    """One figure of one model: `group` is `all`, or the error type or number of steps that it was taken over."""

    suite: str
    figure: str
    group: str
    interval: Interval
    percent: bool


def ratio(totals: Array) -> Array:
    """The share that the first sum is of the second."""
    return share(totals[..., 0], totals[..., 1])


def share_of(
    name: str,
    conditions: Sequence[Condition],
    part: Part,
    by: Sequence[str] = (),
    *,
    percent: bool = True,
) -> Figure:
    """The share (or mean) of a property over outputs; None leaves an output out."""

    def terms(rows: Rows) -> Sequence[float]:
        known = [float(value) for row in rows if (value := part(row)) is not None]
        return sum(known), float(len(known))

    return Figure(name, tuple(conditions), terms, ratio, 2, percent, percent, tuple(by))


def greedy(part: Part) -> Part:
    """A property of greedy outputs alone."""
    return lambda row: part(row) if row.sample == GREEDY else None


def is_right(row: GradedOutput) -> bool | None:
    """Right, not right, or None where it could not be graded."""
    return None if row.grade == "unknown" else row.grade == "right"


def by_problem(rows: Iterable[GradedOutput]) -> list[Rows]:
    """The rows of each problem together, in the order of their first rows."""
    grouped: dict[str, list[GradedOutput]] = defaultdict(list)
    for row in rows:
        grouped[row.problem_id].append(row)
    return list(grouped.values())


def evaluate_figures(suites: Mapping[str, Sequence[Figure]], rows: Iterable[GradedOutput], seed: int) -> list[Result]:
    """All figures that the rows allow, with their intervals; a figure without a single term is left out."""
    problems = by_problem(rows)
    found: list[tuple[str, Figure, str, Column]] = []
    for suite, figures in suites.items():
        for figure in figures:
            columns = [(ALL, figure.column(problems)), *_grouped(figure, problems)]
            found += [(suite, figure, group, column) for group, column in columns if column.terms.any()]
    intervals = bootstrap([column for *_, column in found], seed)
    return [
        Result(suite, figure.name, group, interval, figure.percent)
        for (suite, figure, group, _), interval in zip(found, intervals, strict=True)
        if not math.isnan(interval.value)
    ]


def _grouped(figure: Figure, problems: Sequence[Rows]) -> Iterable[tuple[str, Column]]:
    for kind in figure.by:
        group_of = _GROUPS[kind]
        groups = {group_of(row) for rows in problems for row in rows if row.condition in figure.conditions}
        for group in sorted(filter(None, groups), key=lambda name: (len(name) if name.isdecimal() else 0, name)):
            yield f"{kind} {group}", figure.column(problems, partial(_belongs, group_of, group))


def _belongs(group_of: Callable[[GradedOutput], str | None], group: str, row: GradedOutput) -> bool:
    return group_of(row) == group
