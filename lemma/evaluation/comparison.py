"""Two evaluated models on the same problems: paired differences, and the control of equal tokens.

A model that writes more is not better for it: under `majority within equal tokens` the model that wrote less on a
problem votes with as many of its samples as fit into the tokens of the other's greedy output, its own greedy one first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lemma.engine.summary import Tally
from lemma.evaluation.accuracy import votes
from lemma.evaluation.figures import Figure, Rows, by_problem, ratio
from lemma.evaluation.metrics import majority
from lemma.evaluation.outputs import GREEDY, GradedOutput
from lemma.evaluation.paired import Difference, paired
from lemma.evaluation.results import number
from lemma.exceptions import DataError
from lemma.statistics import Column

EQUAL_TOKENS = "majority within equal tokens"


@dataclass(frozen=True)
class Compared:
    """A figure of both models, and its difference, first less second."""

    suite: str
    figure: str
    first: float
    second: float
    difference: Difference
    percent: bool


def compare(
    suites: Mapping[str, Sequence[Figure]], first: Sequence[GradedOutput], second: Sequence[GradedOutput], seed: int
) -> list[Compared]:
    """Every figure that both have, over the problems that both were asked. Raises DataError where there are none."""
    left = {rows[0].problem_id: rows for rows in by_problem(first)}
    right = {rows[0].problem_id: rows for rows in by_problem(second)}
    shared = [problem for problem in left if problem in right]
    if not shared:
        raise DataError("the two evaluations have no problem in common; evaluate both on the same data")
    pairs = [(left[problem], right[problem]) for problem in shared]
    return [
        found
        for suite, figure, columns in (*_figures(suites, pairs), *_equal_tokens(pairs))
        if (found := _compared(suite, figure, columns, seed)) is not None
    ]


Pairs = Sequence[tuple[Rows, Rows]]


def _figures(
    suites: Mapping[str, Sequence[Figure]], pairs: Pairs
) -> Iterator[tuple[str, Figure, tuple[Column, Column]]]:
    for suite, figures in suites.items():
        for figure in figures:
            columns = figure.column([pair[0] for pair in pairs]), figure.column([pair[1] for pair in pairs])
            yield suite, figure, columns


def _equal_tokens(pairs: Pairs) -> Iterator[tuple[str, Figure, tuple[Column, Column]]]:
    figure = Figure(EQUAL_TOKENS, ("plain",), lambda rows: (), ratio)
    voted = [_vote_within_tokens(*pair) for pair in pairs]
    terms = [np.array([[vote[place], 1.0] if vote else [0.0, 0.0] for vote in voted]) for place in (0, 1)]
    yield "accuracy", figure, (Column(terms[0], ratio), Column(terms[1], ratio))


def _vote_within_tokens(first: Rows, second: Rows) -> tuple[float, float] | None:
    """The majority of each model on one problem; None where tokens or greedy outputs are missing."""
    greedy = [
        next((row for row in rows if row.condition == "plain" and row.sample == GREEDY), None)
        for rows in (first, second)
    ]
    if greedy[0] is None or greedy[1] is None or greedy[0].tokens is None or greedy[1].tokens is None:
        return None
    if "unknown" in (greedy[0].grade, greedy[1].grade):
        return None
    budget = max(greedy[0].tokens, greedy[1].tokens)
    return _within(first, budget), _within(second, budget)


def _within(rows: Rows, budget: int) -> float:
    samples = sorted(
        (row for row in rows if row.condition == "plain" and row.grade != "unknown"), key=lambda row: row.sample
    )
    chosen: list[GradedOutput] = []
    spent = 0
    for row in samples:
        spent += row.tokens or 0
        if chosen and spent > budget:
            break
        chosen.append(row)
    return majority(votes(chosen))


def _compared(suite: str, figure: Figure, columns: tuple[Column, Column], seed: int) -> Compared | None:
    first, second = (float(column.statistic(column.terms.sum(axis=0))) for column in columns)
    if np.isnan(first) or np.isnan(second):
        return None
    return Compared(suite, figure.name, first, second, paired(*columns, seed), figure.percent)


def comparison_tally(names: tuple[str, str], compared: Sequence[Compared]) -> Tally:
    """The comparison as a table."""
    rows = tuple(
        (
            f"{item.suite}: {item.figure}",
            number(item.first, item.percent),
            number(item.second, item.percent),
            number(item.difference.value, item.percent),
            f"{number(item.difference.low, item.percent)} to {number(item.difference.high, item.percent)}",
            f"{item.difference.p:.3g}",
        )
        for item in compared
    )
    columns = ("figure", *names, "difference", "95 % interval", "p")
    return Tally(f"{names[0]} against {names[1]}, same problems", columns, rows)
