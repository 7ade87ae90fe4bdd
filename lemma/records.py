"""The records that commands exchange, one JSON object per line in the run directory. Nothing else lives here.

An id is a hash of content (`content_id`), so the same input and seed give the same bytes on any machine.
Steps are counted from 0 in every record (as in ProcessBench); people are shown `Step 1` first.
"""

from __future__ import annotations

import hashlib
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

Verdict = Literal["equal", "different", "unknown"]
Origin = Literal["symbolic", "teacher", "student"]
Strategy = Literal["fix", "restart"]
SegmentKind = Literal["prefix", "error", "reflection", "correction"]


def content_id(*parts: str) -> str:
    """A 16-character id of some content: `content_id("a", "b")` differs from `content_id("ab")`."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Record(BaseModel):
    """Base of all records: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(Record):
    """A question with its gold answer and a worked solution, as the data set wrote it (`problems.jsonl`)."""

    id: str
    question: str
    solution: str
    answer: str
    source: str

    @classmethod
    def of(cls, question: str, solution: str, answer: str | int | float | None = None, source: str = "python") -> Self:
        r"""A problem with the id that the commands give it. Without an `answer`, the solution states it.

        >>> Problem.of("Ada has 3 pens and buys 4. How many pens has she?", "She has 3 + 4 = 7 pens.\n#### 7").answer
        '7'

        Raises Refusal if the solution has no steps, or if no answer is given or found.
        """
        from lemma.exceptions import Refusal
        from lemma.grading.verdict import extract_answer
        from lemma.steps import split_steps

        question, solution = question.strip(), solution.strip()
        if not split_steps(solution):
            raise Refusal("empty_solution", "there are no solution steps")
        if isinstance(answer, float) and answer.is_integer():
            answer = int(answer)
        gold = (extract_answer(solution) or "") if answer is None else str(answer).strip()
        if not gold:
            raise Refusal("no_answer", "no final answer is given, and none was found in the solution")
        return cls(
            id=content_id(question, solution, gold), question=question, solution=solution, answer=gold, source=source
        )


class GeneratedProblem(Record):
    """A generated word problem in GSM8K's form (`generated.jsonl`). `operations` is its difficulty."""

    id: str
    question: str
    answer: str
    operations: int


class Solution(Record):
    """Somebody's solution of a problem, graded against gold (`solutions.jsonl`)."""

    id: str
    problem_id: str
    steps: tuple[str, ...]
    final_answer: str | None
    verdict: Verdict
    origin: Origin
    model: str


class ErroneousSolution(Record):
    """A solution whose first wrong step and error type are known (`erroneous.jsonl`).

    `steps[:error_step]` are right, `steps[error_step]` is the first wrong one. `explanation` names the numbers
    at fault. `model` is the injector's name for symbolic errors, a model's name otherwise.
    """

    id: str
    problem_id: str
    question: str
    gold_answer: str
    reference_steps: tuple[str, ...]
    steps: tuple[str, ...]
    error_step: int
    error_type: str
    explanation: str
    final_answer: str
    origin: Origin
    model: str

    @model_validator(mode="after")
    def _has_the_error_step(self) -> Self:
        if not 0 <= self.error_step < len(self.steps):
            raise ValueError(f"error_step {self.error_step} is none of {len(self.steps)} steps")
        return self


class Correction(Record):
    """A right solution made for an erroneous one (`corrections.jsonl`).

    With strategy `fix`, `steps` starts at the repaired step; with `restart`, at the first step of a whole solution.
    """

    id: str
    erroneous_id: str
    strategy: Strategy
    steps: tuple[str, ...]
    final_answer: str
    origin: Origin
    model: str


class Segment(Record):
    """One part of a trajectory's text."""

    kind: SegmentKind
    text: str


class Trajectory(Record):
    """A wrong solution, the turn, and the right one, as segments in order (arXiv 2503.17439, section 3)."""

    erroneous_id: str
    correction_id: str
    problem_id: str
    question: str
    strategy: Strategy
    error_type: str
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """The segments end to end: what a model is trained to write."""
        return "".join(segment.text for segment in self.segments)

    def _repr_html_(self) -> str:
        """The segments in the report's colors, for notebooks."""
        from lemma.report.colors import trajectory_html

        return trajectory_html(self.segments)


class SmoothedTrajectory(Record):
    """A trajectory in a teacher's words from the turn on (`smoothed.jsonl`).

    What comes before the turn, the segments `prefix` and `error`, is the erroneous solution's own, letter by letter.
    """

    id: str
    correction_id: str
    erroneous_id: str
    strategy: Strategy
    segments: tuple[Segment, ...]
    origin: Origin
    model: str


class Rejection(Record):
    """Something a stage dropped, and why (`rejected.jsonl`). `reason` is one name; `detail` is for people."""

    stage: str
    id: str
    reason: str
    detail: str
