"""Which step is wrong first? The prompt is a solution in numbered steps, the answer the number of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lemma.formats.kind import RIGHT_SOLUTION, Case, Line, RecordKind, RightSolution
from lemma.steps import numbered


def of_error(case: Case) -> Iterator[Line]:
    """The record of an erroneous solution."""
    erroneous = case.erroneous
    answer = f"Step {erroneous.located_step + 1} is wrong."
    yield Line(prompt(erroneous.question, erroneous.steps), answer, "wrong solution", {"erroneous_id": erroneous.id})


def of_solution(solution: RightSolution) -> Line:
    """The record of a right solution."""
    answer = "Every step is right."
    return Line(prompt(solution.question, solution.steps), answer, RIGHT_SOLUTION, {"erroneous_id": None})


def prompt(question: str, steps: Sequence[str]) -> str:
    """What the model is asked."""
    return "\n".join((question, *numbered(steps), "Which step is wrong first?"))


KIND = RecordKind(
    summary="a solution, and the number of its first wrong step",
    of_error=of_error,
    of_solution=of_solution,
    right_solutions="half",
    judges_steps=True,
)
