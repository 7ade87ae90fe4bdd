"""The problems of an evaluation, with solutions whose first wrong step is labeled, if the data have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lemma.problems.loading import ProblemSource
from lemma.records import Problem, Rejection, content_id


@dataclass(frozen=True)
class LabeledSolution:
    """A solution whose first wrong step has been annotated: 0-based, -1 if the solution is right."""

    steps: tuple[str, ...]
    label: int


@dataclass(frozen=True)
class TestProblem:
    """A problem to ask about, with a labeled solution if the data have one, and the row it came from."""

    problem: Problem
    labeled: LabeledSolution | None = None
    row: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def id(self) -> str:
        """The id of the input, for the journal."""
        if self.labeled is None:
            return self.problem.id
        return content_id(self.problem.id, *self.labeled.steps)

    @property
    def problem_id(self) -> str:
        """The id of the problem, which several labeled solutions may have."""
        return self.problem.id


def read_test_problems(source: ProblemSource) -> Iterator[TestProblem | Rejection]:
    """Problems with the labeled solutions in their rows. A problem with neither answer nor label is rejected."""
    for item in source.rows():
        if isinstance(item, Rejection):
            yield item
            continue
        labeled = _labeled(item.row)
        if labeled is None and not item.problem.answer:
            yield Rejection(
                stage="eval", id=item.problem.id, reason="no_answer", detail="no gold answer to grade against"
            )
            continue
        yield TestProblem(item.problem, labeled, item.row)


def _labeled(row: Mapping[str, Any]) -> LabeledSolution | None:
    """A solution labeled as in ProcessBench (0-based `label`) or MR-GSM8K (1-based `first_error_step`, 0 if right)."""
    steps = row.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        return None
    if isinstance(row.get("label"), int):
        return LabeledSolution(tuple(steps), row["label"])
    first = row.get("first_error_step")
    return LabeledSolution(tuple(steps), first - 1 if first else -1) if isinstance(first, int) else None
