"""Make erroneous solutions from rows whose first wrong step is labeled (`lemma analyze --from`).

    problem, erroneous = read_row(LabeledRow.of("processbench.jsonl, line 1", row), load_taxonomy())

`labels` says which data sets are known, and how their rows are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

import orjson

from lemma.exceptions import ConfigError, Refusal
from lemma.locating.labels import data_set_of
from lemma.records import UNKNOWN, ErroneousSolution, Problem, Record, Solution, content_id
from lemma.steps import split_steps, without_annotations, without_answer_line
from lemma.taxonomy.error_types import Taxonomy

ALMOST_CERTAIN = 0.9999  # only a proof is certain


class LabeledRow(Record):
    """A row of a file of labeled solutions with its place there, for a worker to read."""

    id: str
    place: str
    row: dict[str, Any]

    @classmethod
    def of(cls, place: str, row: Mapping[str, Any]) -> Self:
        """A row with the id of its content."""
        content = orjson.dumps(dict(row), option=orjson.OPT_SORT_KEYS, default=str).decode()
        return cls(id=content_id(content), place=place, row=dict(row))


def read_row(
    item: LabeledRow, taxonomy: Taxonomy, confidence: float | None = None
) -> tuple[Problem, ErroneousSolution | None]:
    """The problem of a row, and its erroneous solution; None if the solution is labeled as right.

    The labels get this `confidence`, or else what is assumed of their data set.

    Raises Refusal, with the place and the field, if the row can't be used.
    """
    try:
        data_set = data_set_of(item.row)
        labeled = data_set.read(item.row)
    except Refusal as refusal:
        raise Refusal(refusal.reason, f"{item.place}: {refusal}") from None
    question = labeled.question.strip()
    problem = Problem(
        id=content_id(question, labeled.reference, labeled.gold_answer),
        question=question,
        solution=labeled.reference,
        answer=labeled.gold_answer,
        source=item.place.rpartition(", ")[0],
    )
    if labeled.first_wrong is None:
        return problem, None
    # A last line that only says the answer is no step, unless it is the one that is wrong.
    steps = without_answer_line(labeled.steps)
    if labeled.first_wrong >= len(steps):
        steps = labeled.steps
    error_type = UNKNOWN
    with suppress(ConfigError):  # a name of the data set's own that means nothing here
        error_type = taxonomy.resolve(labeled.error_type).id
    erroneous = ErroneousSolution(
        id=item.id,
        problem_id=problem.id,
        question=question,
        gold_answer=problem.answer,
        reference_steps=tuple(map(without_annotations, split_steps(problem.solution))),
        steps=tuple(map(without_annotations, steps)),
        error_step=labeled.first_wrong,
        error_type=error_type,
        explanation=labeled.explanation,
        final_answer=labeled.final_answer,
        origin="student",
        model=str(item.row.get("generator") or item.row.get("model") or data_set.name),
        evidence="label",
        confidence=data_set.confidence if confidence is None else min(confidence, ALMOST_CERTAIN),
    )
    return problem, erroneous


def as_solution(erroneous: ErroneousSolution) -> Solution:
    """A labeled solution as a method of locating takes it."""
    return Solution(
        id=erroneous.id,
        problem_id=erroneous.problem_id,
        steps=erroneous.steps,
        final_answer=erroneous.final_answer or None,
        verdict="different",
        origin="student",
        model=erroneous.model,
    )
