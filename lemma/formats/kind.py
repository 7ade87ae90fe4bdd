"""What a record kind is, and what its records are made from: a joined error, or a right solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from lemma.models.prompts import load_prompt
from lemma.models.thought_tags import PLAIN
from lemma.records import Correction, ErroneousSolution, Segment, SegmentKind, Strategy, Trajectory
from lemma.steps import answer_line, numbered, solution_text, split_steps

Columns = dict[str, Any]
RIGHT_SOLUTION = "right solution"
RightShare = Literal["none", "each", "half", "mixed"]


@dataclass(frozen=True)
class RightSolution:
    """A problem with a right solution, its steps in the form of `reference_steps`."""

    problem_id: str
    question: str
    steps: tuple[str, ...]
    final_answer: str
    checked: tuple[Segment, ...] = ()
    """The solution with checks of its steps, if there are any."""

    @property
    def text(self) -> str:
        return solution_text(self.steps, self.final_answer)


@dataclass(frozen=True)
class Joined:
    """A correction and its trajectory: a plain join, or one that was `rewritten`, with its correction.

    `longer` is the trajectory with further errors of the same problem, and with checks of its steps, if there is one.
    """

    correction: Correction
    trajectory: Trajectory
    rewritten: bool = False
    longer: Trajectory | None = None

    def text(self, kind: SegmentKind) -> str:
        """The text of a segment, empty if the trajectory has none of that kind."""
        return "".join(segment.text for segment in self.trajectory.segments if segment.kind == kind)

    @property
    def first_step(self) -> str:
        """The first step of the correction, before any rewriting."""
        steps = self.correction.steps
        return steps[0] if steps else answer_line(self.correction.final_answer)

    @property
    def next_step(self) -> str:
        """The first step of the correction, as written in the trajectory."""
        return split_steps(self.text("correction"))[0] if self.rewritten else self.first_step

    def right_solution(self, erroneous: ErroneousSolution) -> RightSolution:
        """The whole right solution: for a `fix`, with the right steps before the error."""
        kept = erroneous.split[0] if self.correction.strategy == "fix" else ()
        steps = (*kept, *self.correction.steps)
        return RightSolution(erroneous.problem_id, erroneous.question, steps, self.correction.final_answer)


@dataclass(frozen=True)
class Case:
    """An erroneous solution with its corrections by the selected strategies."""

    erroneous: ErroneousSolution
    joined: tuple[Joined, ...]
    gain: float | None = None
    """How much its critique helps the student, from -1 to 1; None if critiques were not tested."""

    def first(self, strategy: Strategy) -> Joined | None:
        """The first correction with this strategy."""
        return next((joined for joined in self.joined if joined.correction.strategy == strategy), None)

    @property
    def repaired(self) -> Joined:
        """The correction that keeps the right steps, if there is one."""
        return self.first("fix") or self.joined[0]


@dataclass(frozen=True)
class Line:
    """A record before it takes a shape: the user's message, the assistant's message, and more columns.

    A preference pair has two answers; `worse` is the rejected one. The summary counts by `counted_as`, which is
    `RIGHT_SOLUTION` for a record made from one. `said` is what a model says after it has thought the answer.
    """

    question: str
    answer: str
    counted_as: str
    columns: Columns
    worse: str | None = None
    said: str | None = None


def as_thought(line: Line) -> Line:
    """The record with its answer as a thought, error and repair included, and the right solution said after it.

    The tags are the plain ones; `lemma train` writes those of the model's chat template.
    """
    assert line.said is not None
    answer, begin = PLAIN.around(line.answer, line.said), len(PLAIN.opening)
    parts = [
        {"kind": part["kind"], "start": part["start"] + begin, "end": part["end"] + begin}
        for part in line.columns.get("segments", ())
    ]
    if not parts:
        return replace(line, answer=answer)
    if parts[0]["kind"] == "prefix":
        parts[0]["start"] = 0
    else:  # the tag is not a part of what is wrong
        parts.insert(0, {"kind": "prefix", "start": 0, "end": begin})
    parts[-1]["end"] = len(answer)
    return replace(line, answer=answer, columns={**line.columns, "segments": parts})


@dataclass(frozen=True)
class RecordKind:
    """One record kind."""

    summary: str
    of_error: Callable[[Case], Iterator[Line]] | None
    """Makes the records of an error."""
    of_solution: Callable[[RightSolution], Line] | None
    """Makes the record of a right solution."""
    right_solutions: RightShare
    """How many right solutions: none, each problem's once, as many as errors (`half`), or as `--mix` says (`mixed`)."""
    judges_steps: bool = False
    """Says that steps are right, so only the references of errors are used: those were checked."""
    shows_solutions: bool = False
    """Shows right and wrong solutions, so the student's wrong ones go with its right ones, if there are any."""
    each_correction: bool = False
    """An error becomes one record per correction."""
    shaped: bool = True
    """Takes the chat shape of `--shape`; otherwise the columns are written as they are."""
    thinks: bool = False
    """Its answer may be a thought, with what is said after it."""
    pairs: bool = False
    """Has two answers to compare."""
    needs: tuple[Strategy, ...] = ("fix", "restart")
    """An error needs a correction by one of these strategies; if there are none here, it needs no correction."""
    needs_step: bool = True
    """An error needs a known first wrong step."""
    needs_explanation: bool = False
    """An error needs words that say what is wrong."""
    needs_gain: bool = False
    """An error needs a critique that helps the student, if critiques were tested."""
    prompts: tuple[str, ...] = ()
    """The prompt files that hold its wording."""

    def records(self, case: Case) -> Iterator[Line]:
        """The records of an error; none if the kind has none for such an error."""
        error, has_correction = case.erroneous, bool(case.joined) or not self.needs
        if (
            self.of_error is not None
            and has_correction
            and self.takes(error.error_step is not None, bool(error.explanation.strip()), case.gain)
        ):
            yield from self.of_error(case)

    def takes(self, located: bool, explained: bool, gain: float | None) -> bool:
        """Whether the kind can have a record of an error whose first wrong step is known or not, which is explained or
        not, and whose critique brought the student so much.
        """
        helps = gain is None or gain > 0
        fits = (located or not self.needs_step) and (explained or not self.needs_explanation)
        return fits and (helps or not self.needs_gain)

    @property
    def objective(self) -> Literal["sft", "dpo", "prm"]:
        """The objective of `lemma train`: pairs are compared, labeled steps are judged, all else is learned."""
        return "dpo" if self.pairs else "sft" if self.shaped else "prm"


def origin(of: ErroneousSolution | RightSolution) -> Columns:
    """The columns that say where a record comes from: the error (nulls for a right solution) and the problem."""
    error = of if isinstance(of, ErroneousSolution) else None
    return {
        "error_type": error and error.error_type,
        "erroneous_id": error and error.id,
        "problem_id": of.problem_id,
    }


def spans(segments: tuple[Segment, ...]) -> list[Columns]:
    """Where each segment starts and ends in the joined text."""
    made, start = [], 0
    for segment in segments:
        end = start + len(segment.text)
        made.append({"kind": segment.kind, "start": start, "end": end})
        start = end
    return made


def task(prompt: str, question: str, steps: Sequence[str], final_answer: str) -> str:
    """The user's message from a prompt file, about a solution shown in `Step k:` form."""
    solution = solution_text(numbered(steps), final_answer)
    rendered = load_prompt(prompt).render(question=question, solution=solution)
    return rendered if isinstance(rendered, str) else rendered[-1].content
