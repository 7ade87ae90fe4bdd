"""A critique: a verdict on each step up to the first wrong one, an explanation, a right solution (arXiv 2404.17140).

Half of the solutions shown are right: a critic that never sees a right one learns to find fault with everything. If
there are fewer right solutions than wrong ones, the right ones are repeated. The steps after the first wrong one get no
verdict, because nothing is known about them. An error whose first wrong step is not known has no record here. If
`lemma critique` has tested the critiques, only those are kept with which the student reached the answer more often than
without (arXiv 2411.16579).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lemma.formats.kind import RIGHT_SOLUTION, Case, Line, RecordKind, RightSolution, origin, task
from lemma.records import ErroneousSolution
from lemma.steps import numbered

_PROMPT = "critique"
_NO_FAULT = "Every step is right, and so is the answer."


def of_error(case: Case) -> Iterator[Line]:
    erroneous = case.erroneous
    asked = task(_PROMPT, erroneous.question, erroneous.steps, erroneous.final_answer)
    answer = _with_solution(critique_of(erroneous), case.repaired.right_solution(erroneous))
    yield Line(asked, answer, "wrong solution", {**origin(erroneous), "gain": case.gain})


def of_solution(solution: RightSolution) -> Line:
    asked = task(_PROMPT, solution.question, solution.steps, solution.final_answer)
    answer = _with_solution(_critique(["right"] * len(solution.steps), _NO_FAULT), solution)
    return Line(asked, answer, RIGHT_SOLUTION, {**origin(solution), "gain": None})


def critique_of(erroneous: ErroneousSolution) -> str:
    """The critique of a wrong solution, without a right one. Raises Refusal if its first wrong step is not known."""
    return _critique(["right"] * erroneous.located_step + ["wrong"], erroneous.explanation)


def _critique(verdicts: Sequence[str], explanation: str) -> str:
    return "\n".join((*numbered(verdicts), f"Explanation: {explanation}"))


def _with_solution(critique: str, right: RightSolution) -> str:
    return f"{critique}\nRight solution:\n{right.text}"


KIND = RecordKind(
    summary="verdicts on the steps of a right or wrong solution, an explanation, a right solution",
    of_error=of_error,
    of_solution=of_solution,
    right_solutions="half",
    judges_steps=True,
    needs_gain=True,
    needs_explanation=True,
    prompts=(_PROMPT,),
)
