"""From graded outputs to figures with intervals: by suite, over all problems and by group.

A figure says what each problem adds to its sums (`terms`), and what is made of the totals (`statistic`), so that one
round of resampling the problems gives the intervals of all figures at once. Problems are resampled, never single
outputs: several outputs for one problem are not independent.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lemma.evaluation.metrics import Array, area_under_curve, share
from lemma.evaluation.outputs import GREEDY, Condition, GradedOutput
from lemma.statistics import Column, Interval, bootstrap

Rows = Sequence[GradedOutput]
Terms = Callable[[Rows], Sequence[float]]
Part = Callable[[GradedOutput], float | None]  # what an output counts; None leaves it out
ALL = "all"
_EDGES = np.arange(-20, 20, 0.05)  # of log-odds
_GROUPS: Mapping[str, Callable[[GradedOutput], str | None]] = {
    "error_type": lambda row: row.error_type,
    "steps": lambda row: str(row.operations),
    # Whether the wrong step was one of a solution whose answer was wrong, or did no harm.
    "harmful": lambda row: ("yes" if row.facts["harmful"] else "no") if "harmful" in row.facts else None,
}

GroupOf = Callable[[GradedOutput], str | None]


@dataclass(frozen=True)
class Figure:
    """A number that a suite reports. `id` never changes and is unique in its suite; `label` is for people.

    `terms` gets a problem's rows of the figure's conditions, and gives `width` sums. `proportion` marks a share of
    outcomes, with the sums (counted, all); `percent` says how it is shown, `by` its breakdowns.
    """

    id: str
    label: str
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
    """One figure of one model. `group` is `all`, or what it was taken over: `error_type=operator_error`, `steps=2`."""

    suite: str
    figure: str
    label: str
    group: str
    interval: Interval
    percent: bool


def ratio(totals: Array) -> Array:
    """The first sum divided by the second."""
    return share(totals[..., 0], totals[..., 1])


def share_of(
    id: str,
    label: str,
    conditions: Sequence[Condition],
    part: Part,
    by: Sequence[str] = (),
    *,
    percent: bool = True,
) -> Figure:
    """The share of outputs with a property, or the mean of a number; None leaves an output out."""
    return Figure(id, label, tuple(conditions), counts_of(part), ratio, 2, percent, percent, tuple(by))


def counts_of(*parts: Part) -> Terms:
    """The terms (counted, all) of each of these properties in turn."""

    def terms(rows: Rows) -> Sequence[float]:
        sums = []
        for part in parts:
            known = [float(value) for row in rows if (value := part(row)) is not None]
            sums += [sum(known), float(len(known))]
        return sums

    return terms


def separation(id: str, label: str, name: str, wrong: Sequence[Condition], right: Sequence[Condition]) -> Figure:
    """How well a fact, a log-probability, tells the outputs made under some conditions from those under others: the
    area under the ROC curve. Log-odds that are closer than 0.05 count as equal.
    """

    def terms(rows: Rows) -> Sequence[float]:
        counts = np.zeros((2, len(_EDGES) + 1))
        for row in rows:
            value = row.facts.get(name)
            if value is not None:
                odds = value - math.log(max(-math.expm1(min(value, 0.0)), 1e-12))
                counts[int(row.condition in right), np.searchsorted(_EDGES, odds)] += 1
        return counts.ravel().tolist()

    def area(totals: Array) -> Array:
        wrong_counts, right_counts = np.split(totals, 2, axis=-1)
        return area_under_curve(wrong_counts, right_counts)

    width = 2 * (len(_EDGES) + 1)
    return Figure(id, label, (*wrong, *right), terms, area, width, percent=False)


def of_shares(combine: Callable[[Array, Array], Array]) -> Callable[[Array], Array]:
    """A statistic of two shares, made from the terms of two properties."""
    return lambda totals: combine(share(totals[..., 0], totals[..., 1]), share(totals[..., 2], totals[..., 3]))


def under(conditions: Sequence[Condition], part: Part) -> Part:
    """A property of the outputs made under some conditions alone."""
    return lambda row: part(row) if row.condition in conditions else None


def greedy(part: Part) -> Part:
    """A property of greedy outputs alone."""
    return lambda row: part(row) if row.sample == GREEDY else None


def fact(name: str) -> Part:
    """A fact that a suite recorded about its outputs."""
    return lambda row: row.facts.get(name)


def is_right(row: GradedOutput) -> bool | None:
    """Whether the answer is right; None if it could not be graded. An output without an answer is not right."""
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
        Result(suite, figure.id, figure.label, group, interval, figure.percent)
        for (suite, figure, group, _), interval in zip(found, intervals, strict=True)
        if not math.isnan(interval.value)
    ]


def _grouped(figure: Figure, problems: Sequence[Rows]) -> Iterable[tuple[str, Column]]:
    for kind in figure.by:
        group_of = _GROUPS[kind]
        groups = {group_of(row) for rows in problems for row in rows if row.condition in figure.conditions}
        # Numbers in order of size, names in alphabetical order.
        for group in sorted(filter(None, groups), key=lambda name: (len(name) if name.isdecimal() else 0, name)):

            def is_in(row: GradedOutput, of: GroupOf = group_of, name: str = group) -> bool:
                return of(row) == name

            yield f"{kind}={group}", figure.column(problems, is_in)
