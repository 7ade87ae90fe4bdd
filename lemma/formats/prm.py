"""Stepwise supervision for a process reward model: `prompt`, `completions`, `labels`.

The form is that of TRL's PRMTrainer, which left TRL with 1.16; `lemma train --objective prm` and Axolotl read it.

Steps before the first wrong one are labeled true; the wrong one and all after it are labeled false, as they build on
the mistake. A trainer that wants no label there can cut each list after its first false one. Right solutions are all
true. An error whose first wrong step is not known has no record here.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.formats.kind import RIGHT_SOLUTION, Case, Line, RecordKind, RightSolution, origin


def of_error(case: Case) -> Iterator[Line]:
    erroneous, right = case.erroneous, case.erroneous.located_step
    columns = {
        "prompt": erroneous.question,
        "completions": erroneous.steps,
        "labels": [number < right for number in range(len(erroneous.steps))],
        **origin(erroneous),
    }
    yield Line(erroneous.question, "\n".join(erroneous.steps), "wrong solution", columns)


def of_solution(solution: RightSolution) -> Line:
    columns = {
        "prompt": solution.question,
        "completions": solution.steps,
        "labels": [True] * len(solution.steps),
        **origin(solution),
    }
    return Line(solution.question, "\n".join(solution.steps), RIGHT_SOLUTION, columns)


KIND = RecordKind(
    summary="a label for each step of a right or wrong solution",
    of_error=of_error,
    of_solution=of_solution,
    right_solutions="each",
    judges_steps=True,
    shaped=False,
    needs=(),
)
