"""A verification (as in arXiv 2605.14539 and 2606.18910): is a solution right, and where does it go wrong first?

Half of the solutions shown are right. A wrong one of the student's goes with a right one of the student's, if there are
any, since whoever can tell whose solution it is need not check it. The first wrong step and the reason are said only if
they are known.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.formats.kind import RIGHT_SOLUTION, Case, Line, RecordKind, RightSolution, origin, task

_PROMPT = "verification"


def of_error(case: Case) -> Iterator[Line]:
    erroneous = case.erroneous
    said = "Verdict: wrong"
    if erroneous.error_step is not None:
        place = f"Step {erroneous.error_step + 1} is the first wrong step. {erroneous.explanation.strip()}"
        said = f"{place.strip()}\n{said}"
    yield Line(
        task(_PROMPT, erroneous.question, erroneous.steps, erroneous.final_answer),
        said,
        "wrong solution",
        origin(erroneous),
    )


def of_solution(solution: RightSolution) -> Line:
    asked = task(_PROMPT, solution.question, solution.steps, solution.final_answer)
    return Line(asked, "Verdict: right", RIGHT_SOLUTION, origin(solution))


KIND = RecordKind(
    summary="whether a solution is right, and if it is not, the first wrong step and why",
    of_error=of_error,
    of_solution=of_solution,
    right_solutions="half",
    judges_steps=True,
    shows_solutions=True,
    needs=(),
    needs_step=False,
    prompts=(_PROMPT,),
)
