"""The LEMA correction (arXiv 2310.20689, section 2): of a wrong solution, the first wrong step, why, and a right one.

The answer counts steps from 1, and writes `...` for the steps that are kept:

    Step 2.
    Explanation: 48 + 24 is 72, not 62.
    Correct Solution:
    ...
    Step 2: Natalia sold 48 + 24 = 72 clips altogether.
    The answer is 72

LEMA trains on these together with plain chain of thought: `--mix cot=0.7` puts the two into one file.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.formats.kind import RIGHT_SOLUTION, Case, Line, RecordKind, RightSolution, origin, task
from lemma.steps import numbered, solution_text

_PROMPT = "lema"
_UNCHANGED = "..."


def of_error(case: Case) -> Iterator[Line]:
    erroneous, correction = case.erroneous, case.repaired.correction
    wrong = erroneous.located_step + 1
    first = wrong if correction.strategy == "fix" else 1
    corrected = [] if first == 1 else [_UNCHANGED]
    corrected.append(solution_text(numbered(correction.steps, first), correction.final_answer))
    answer = f"Step {wrong}.\nExplanation: {erroneous.explanation}\nCorrect Solution:\n"
    asked = task(_PROMPT, erroneous.question, erroneous.steps, erroneous.final_answer)
    yield Line(asked, answer + "\n".join(corrected), correction.strategy, origin(erroneous))


def of_solution(solution: RightSolution) -> Line:
    return Line(solution.question, solution.text, RIGHT_SOLUTION, origin(solution))


KIND = RecordKind(
    summary="shown a wrong solution: the first wrong step, an explanation, the correction",
    of_error=of_error,
    of_solution=of_solution,
    right_solutions="mixed",
    needs_explanation=True,
    prompts=(_PROMPT,),
)
