"""Two evaluated models on the same problems: paired differences, and a control for the number of tokens.

A model that writes more is not better because of it: for `majority within equal tokens`, the model that wrote less on a
problem votes with as many of its samples as fit into the tokens of the other's greedy output, its own greedy one first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

EQUAL_TOKENS = Figure(
    "majority_within_equal_tokens", "majority within equal tokens", ("plain",), lambda rows: (), ratio
)


@dataclass(frozen=True)
class Compared:
    """A figure of both models, and its difference, first minus second. `figure` is its id, `label` is for people."""

    suite: str
    figure: str
    label: str
    first: float
    second: float
    difference: Difference
    percent: bool


def compare(
    suites: Mapping[str, Sequence[Figure]], first: Sequence[GradedOutput], second: Sequence[GradedOutput], seed: int
) -> list[Compared]:
    """Every figure that both have, over the problems that both were asked. Raises DataError if there are none."""
    left = {rows[0].problem_id: rows for rows in by_problem(first)}
    right = {rows[0].problem_id: rows for rows in by_problem(second)}
    shared = [problem for problem in left if problem in right]
    if not shared:
        raise DataError("the two evaluations have no problem in common; evaluate both on the same data")
    ours, theirs = [left[problem] for problem in shared], [right[problem] for problem in shared]
    pairs = [
        (suite, figure, figure.column(ours), figure.column(theirs))
        for suite, figures in suites.items()
        for figure in figures
    ]
    voted = [_vote_within_equal_tokens(*rows) for rows in zip(ours, theirs, strict=True)]
    sides = [np.array([[vote[side], 1.0] if vote else [0.0, 0.0] for vote in voted]) for side in (0, 1)]
    pairs.append(("accuracy", EQUAL_TOKENS, Column(sides[0], ratio), Column(sides[1], ratio)))
    compared = []
    for suite, figure, one, other in pairs:
        values = [float(column.statistic(column.terms.sum(axis=0))) for column in (one, other)]
        if np.isnan(values).any():
            continue
        difference = paired(one, other, seed)
        compared.append(Compared(suite, figure.id, figure.label, values[0], values[1], difference, figure.percent))
    return compared


def _vote_within_equal_tokens(first: Rows, second: Rows) -> tuple[float, float] | None:
    """The majority of each model on one problem; None if tokens or graded greedy outputs are missing."""
    budget = 0
    for rows in (first, second):
        greedy = next((row for row in rows if row.condition == "plain" and row.sample == GREEDY), None)
        if greedy is None or greedy.tokens is None or greedy.grade == "unknown":
            return None
        budget = max(budget, greedy.tokens)
    return _majority_within(first, budget), _majority_within(second, budget)


def _majority_within(rows: Rows, budget: int) -> float:
    graded = [row for row in rows if row.condition == "plain" and row.grade != "unknown"]
    chosen: list[GradedOutput] = []
    spent = 0
    for row in sorted(graded, key=lambda row: row.sample):
        spent += row.tokens or 0
        if chosen and spent > budget:
            break
        chosen.append(row)
    return majority(votes(chosen))


def comparison_tally(names: tuple[str, str], compared: Sequence[Compared], scripted: Sequence[str] = ()) -> Tally:
    """The comparison as a table. Its title says which of the two names are `scripted` students, not models."""
    rows = tuple(
        (
            f"{item.suite}: {item.label}",
            number(item.first, item.percent),
            number(item.second, item.percent),
            number(item.difference.value, item.percent),
            f"{number(item.difference.low, item.percent)} to {number(item.difference.high, item.percent)}",
            f"{item.difference.p:.3g}",
        )
        for item in compared
    )
    columns = ("figure", *names, "difference", "95 % interval", "p")
    title = f"{names[0]} vs. {names[1]}, same problems"
    if scripted:
        title += f" ({' and '.join(scripted)}: scripted student, not a model)"
    return Tally(title, columns, rows)
