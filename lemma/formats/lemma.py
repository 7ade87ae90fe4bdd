"""The LEMMA trajectory (arXiv 2503.17439, section 3): prefix, wrong step, reflection, right solution in one answer.

`segments` are character offsets into the answer. They cover all of it without gaps; the newline that ends a segment
belongs to it. If the first wrong step is not known, all of the wrong solution is the `error`. A plain right solution
that is mixed in is one `correction`, with nulls for the error's columns. With `--turns`, a record may hold several
errors of its problem, each with its reflection; the columns are those of the error that it was made for. With
`--verify-rate`, a `check` may follow a step: a sentence that says whether it holds (`lemma.trajectories.checks`). With
`--recheck-rate`, a `check` may be the step worked out once more (`lemma.trajectories.rechecks`).
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.formats.kind import RIGHT_SOLUTION, Case, Line, RecordKind, RightSolution, origin, spans
from lemma.records import Segment


def of_error(case: Case) -> Iterator[Line]:
    for joined in case.joined:
        trajectory = joined.longer or joined.trajectory
        errors = sum(segment.kind == "error" for segment in trajectory.segments)
        counted_as = trajectory.strategy if errors == 1 else f"{trajectory.strategy}, {errors} errors"
        columns = {
            "strategy": trajectory.strategy,
            **origin(case.erroneous),
            "segments": spans(trajectory.segments),
        }
        text = "".join(segment.text for segment in trajectory.segments)
        said = joined.right_solution(case.erroneous).text
        yield Line(trajectory.question, text, counted_as, columns, said=said)


def of_solution(solution: RightSolution) -> Line:
    segments = solution.checked or (Segment(kind="correction", text=solution.text),)
    columns = {"strategy": None, **origin(solution), "segments": spans(segments)}
    text = "".join(segment.text for segment in segments)
    return Line(solution.question, text, RIGHT_SOLUTION, columns, said=solution.text)


KIND = RecordKind(
    summary="right prefix, wrong step, reflection and right solution as one answer",
    of_error=of_error,
    of_solution=of_solution,
    right_solutions="mixed",
    needs_step=False,
    each_correction=True,
    thinks=True,
)
