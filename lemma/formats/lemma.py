"""The LEMMA trajectory (arXiv 2503.17439, section 3): prefix, wrong step, reflection, right solution in one answer.

`segments` are character offsets into the answer. They cover all of it without gaps; the newline that ends a segment
belongs to it. If the first wrong step is not known, all of the wrong solution is the `error`. A plain right solution
that is mixed in is one `correction`, with nulls for the error's columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.formats.kind import RIGHT_SOLUTION, Case, Line, RecordKind, RightSolution, origin, spans
from lemma.records import Segment


def of_error(case: Case) -> Iterator[Line]:
    for joined in case.joined:
        trajectory = joined.trajectory
        columns = {
            "strategy": trajectory.strategy,
            **origin(case.erroneous),
            "segments": spans(trajectory.segments),
        }
        text = "".join(segment.text for segment in trajectory.segments)
        yield Line(trajectory.question, text, trajectory.strategy, columns)


def of_solution(solution: RightSolution) -> Line:
    columns = {
        "strategy": None,
        **origin(solution),
        "segments": spans((Segment(kind="correction", text=solution.text),)),
    }
    return Line(solution.question, solution.text, RIGHT_SOLUTION, columns)


KIND = RecordKind(
    summary="right prefix, wrong step, reflection and right solution as one answer",
    of_error=of_error,
    of_solution=of_solution,
    right_solutions="mixed",
    needs_step=False,
    each_correction=True,
)
