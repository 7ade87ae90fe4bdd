"""What a record kind is, and what it is made from: a joined error, or a right solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lemma.models.prompts import load_prompt
from lemma.records import Correction, ErroneousSolution, SegmentKind, Strategy, Trajectory
from lemma.steps import answer_line, solution_text, split_steps

Columns = dict[str, Any]
RIGHT_SOLUTION = "right solution"
RightShare = Literal["none", "each", "half", "mixed"]


@dataclass(frozen=True)
class RightSolution:
    """A problem with a right solution, as `reference_steps` have it."""

    problem_id: str
    question: str
    steps: tuple[str, ...]
    final_answer: str

    @property
    def text(self) -> str:
        return solution_text(self.steps, self.final_answer)


@dataclass(frozen=True)
class Joined:
    """A correction, and the trajectory it gives: a plain join, or one that was `rewritten`, the correction with it."""

    correction: Correction
    trajectory: Trajectory
    rewritten: bool = False

    def text(self, kind: SegmentKind) -> str:
        """The text of a segment, empty where the trajectory has none of that kind."""
        return "".join(segment.text for segment in self.trajectory.segments if segment.kind == kind)

    @property
    def first_step(self) -> str:
        """The first step of the correction, as the correction has it."""
        steps = self.correction.steps
        return steps[0] if steps else answer_line(self.correction.final_answer)

    @property
    def next_step(self) -> str:
        """The first step of the correction, as the trajectory has it."""
        return split_steps(self.text("correction"))[0] if self.rewritten else self.first_step

    def right_solution(self, erroneous: ErroneousSolution) -> RightSolution:
        """The whole right solution: a repaired one has the right steps before the error too."""
        kept = erroneous.steps[: erroneous.error_step] if self.correction.strategy == "fix" else ()
        steps = (*kept, *self.correction.steps)
        return RightSolution(erroneous.problem_id, erroneous.question, steps, self.correction.final_answer)


@dataclass(frozen=True)
class Case:
    """An erroneous solution with the corrections that were asked for, at least one."""

    erroneous: ErroneousSolution
    joined: tuple[Joined, ...]

    def first(self, strategy: Strategy) -> Joined | None:
        """The first correction with this strategy."""
        return next((joined for joined in self.joined if joined.correction.strategy == strategy), None)

    @property
    def repaired(self) -> Joined:
        """The correction that keeps most of what was right."""
        return self.first("fix") or self.joined[0]


@dataclass(frozen=True)
class Line:
    """A record before it takes a shape: what the user says, what the assistant says, and columns beside them.

    A preference pair has two answers: the better one, and in `worse` the other. The summary counts by `counted_as`,
    which is `RIGHT_SOLUTION` for what was made of one.
    """

    question: str
    answer: str
    counted_as: str
    columns: Columns
    worse: str | None = None


@dataclass(frozen=True)
class RecordKind:
    """One record kind.

    `of_error` makes its records of an error, few or, where `each_correction`, one of each correction; it `needs` a
    correction of one of these strategies. `of_solution` makes one of a right solution. How many of those there are is
    `right_solutions`: none, each problem's once, as many as errors (`half`), or the share that `--mix cot=...` says
    (`mixed`). A kind that says of steps that they are right (`judges_steps`) takes references of errors only: they
    were checked. A kind that no chat shape fits writes its columns as they are (`shaped` is false); one of `pairs` has
    two answers to compare. `prompts` are the files that hold its wording.
    """

    summary: str
    of_error: Callable[[Case], Iterator[Line]] | None
    of_solution: Callable[[RightSolution], Line] | None
    right_solutions: RightShare
    judges_steps: bool = False
    each_correction: bool = False
    shaped: bool = True
    pairs: bool = False
    needs: tuple[Strategy, ...] = ("fix", "restart")
    prompts: tuple[str, ...] = ()

    @property
    def objective(self) -> Literal["sft", "dpo", "prm"]:
        """What `lemma train` makes of it: pairs are compared, labelled steps are judged, all else is learned."""
        return "dpo" if self.pairs else "sft" if self.shaped else "prm"


def origin(of: ErroneousSolution | RightSolution) -> Columns:
    """The columns that say what a record comes from: the error, or nulls for a right solution, and the problem."""
    error = of if isinstance(of, ErroneousSolution) else None
    return {
        "error_type": error and error.error_type,
        "erroneous_id": error and error.id,
        "problem_id": of.problem_id,
    }


def numbered(steps: Sequence[str], first: int = 1) -> tuple[str, ...]:
    """Steps as people count them: `Step 1: ...` and so on."""
    return tuple(f"Step {number}: {step}" for number, step in enumerate(steps, start=first))


def task(prompt: str, question: str, steps: Sequence[str], final_answer: str) -> str:
    """What a prompt file asks the model to do with a solution, shown in `Step k:` form."""
    solution = solution_text(numbered(steps), final_answer)
    rendered = load_prompt(prompt).render(question=question, solution=solution)
    return rendered if isinstance(rendered, str) else rendered[-1].content
