"""The problems of an evaluation, with solutions whose first wrong step is labelled, where the data have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lemma.problems.loading import ProblemSource
from lemma.records import Problem, Rejection, content_id


@dataclass(frozen=True)
class Labelled:
    """A solution whose first wrong step somebody has marked: 0-based, -1 where it is right."""

    steps: tuple[str, ...]
    label: int


@dataclass(frozen=True)
class TestProblem:
    """A problem to be asked about, with a labelled solution where the data have one, and the row it came from."""

    problem: Problem
    labelled: Labelled | None = None

    row: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def id(self) -> str:
        """The id of the input, for the journal."""
        if self.labelled is None:
            return self.problem.id
        return content_id(self.problem.id, *self.labelled.steps)


def read_test_problems(source: ProblemSource) -> Iterator[TestProblem | Rejection]:
    """Problems with the labelled solutions that their rows hold. One with neither answer nor label is rejected."""
    for item in source.rows():
        if isinstance(item, Rejection):
            yield item
            continue
        labelled = _labelled(item.row)
        if labelled is None and not item.problem.answer:
            yield Rejection(
                stage="eval", id=item.problem.id, reason="no_answer", detail="no gold answer to grade against"
            )
            continue
        yield TestProblem(item.problem, labelled, item.row)


def _labelled(row: Mapping[str, Any]) -> Labelled | None:
    """A solution with its first wrong step marked, as ProcessBench (0-based `label`) or MR-GSM8K (1-based) have it."""
    steps = row.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        return None
    if isinstance(row.get("label"), int):
        return Labelled(tuple(steps), row["label"])
    first = row.get("first_error_step")
    return Labelled(tuple(steps), first - 1 if first else -1) if isinstance(first, int) else None
