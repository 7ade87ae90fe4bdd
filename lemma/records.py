"""The records that stages exchange, one JSON object a line in the run directory. Nothing else lives here.

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
