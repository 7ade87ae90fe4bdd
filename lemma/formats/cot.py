"""Plain chain of thought: a question and its right solution, once per problem."""

from __future__ import annotations

from lemma.formats.kind import RIGHT_SOLUTION, Line, RecordKind, RightSolution


def of_solution(solution: RightSolution) -> Line:
    columns = {"problem_id": solution.problem_id}
    return Line(solution.question, solution.text, RIGHT_SOLUTION, columns, said=solution.text)


KIND = RecordKind(
    summary="a question and a right solution",
    of_error=None,
    of_solution=of_solution,
    right_solutions="each",
    needs_step=False,
    thinks=True,
)
