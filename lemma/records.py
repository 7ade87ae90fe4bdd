"""The records that commands exchange, one JSON object per line in the run directory. Nothing else lives here.

An id is a hash of content (`content_id`), so the same input and seed give the same bytes on any machine.
Steps are counted from 0 in every record (as in ProcessBench); people are shown `Step 1` first.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Verdict = Literal["equal", "different", "unknown"]
Origin = Literal["symbolic", "teacher", "student"]
Strategy = Literal["fix", "restart"]
SegmentKind = Literal["prefix", "error", "check", "reflection", "correction"]
Evidence = Literal["proof", "graph", "rollouts", "judge", "confidence", "label"]
UNKNOWN = "unknown"
"""The error type of an error that has no name. It is none of the taxonomy's."""


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
    """A wrong solution (`erroneous.jsonl`).

    `steps[:error_step]` are right, `steps[error_step]` is the first wrong one; null if it could not be located.
    `error_type` is an id of the taxonomy, or `unknown`. `explanation` names the numbers at fault. `model` is the
    injector's name for symbolic errors, a model's name otherwise.

    `evidence` is what the first wrong step rests on: a `proof`, the `graph`, the student's `rollouts`, a `judge`, the
    student's own `confidence`, or an imported `label`. `confidence` is the probability that the step is right, 1 only
    for a proof; if no step was probable enough, it is that of the most probable one. Files of earlier versions have
    neither: then it is a proof for symbolic errors, and a confidence of 0 for others, as it was not measured.
    """

    id: str
    problem_id: str
    question: str
    gold_answer: str
    reference_steps: tuple[str, ...]
    steps: tuple[str, ...]
    error_step: int | None
    error_type: str
    explanation: str
    final_answer: str
    origin: Origin
    model: str
    evidence: Evidence = "graph"
    confidence: float = Field(0.0, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _with_evidence(cls, values: Any) -> Any:
        """Fill in what files of earlier versions don't say."""
        if not isinstance(values, dict) or "evidence" in values:
            return values
        if values.get("origin") == "symbolic":
            return {"evidence": "proof", "confidence": 1.0, **values}
        return {"evidence": "judge" if values.get("origin") == "teacher" else "graph", **values}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.error_step is not None and not 0 <= self.error_step < len(self.steps):
            raise ValueError(f"error_step {self.error_step} is none of {len(self.steps)} steps")
        if (self.confidence == 1) != (self.evidence == "proof"):
            raise ValueError(f"a confidence of {self.confidence:g} does not go with evidence {self.evidence!r}")
        return self

    @property
    def located_step(self) -> int:
        """The first wrong step. Raises Refusal if it is not known."""
        from lemma.exceptions import Refusal

        if self.error_step is None:
            raise Refusal("error_step_unknown", "the first wrong step is not known")
        return self.error_step

    @property
    def split(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """The right steps, the first wrong one, and what follows. If it is not known, all steps count as wrong."""
        if self.error_step is None:
            return (), self.steps, ()
        at = self.error_step
        return self.steps[:at], self.steps[at : at + 1], self.steps[at + 1 :]


class Continuation(Record):
    """What the student wrote when it continued its own wrong solution from a right prefix (`continuations.jsonl`).

    It reaches the gold answer: after the first `given` steps of the erroneous solution, `steps` are a correction in the
    student's own words. With `given` 0, they are a whole solution.
    """

    id: str
    erroneous_id: str
    problem_id: str
    given: int
    steps: tuple[str, ...]
    final_answer: str
    model: str


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


class TestedCritique(Record):
    """A critique of a wrong solution, and whether it helps the student (`critiques.jsonl`).

    Of `asked` retries with the critique `right_with` reached the gold answer, and of as many without it
    `right_without`. `gain` is the difference as a share, from -1 to 1.
    """

    id: str
    erroneous_id: str
    critique: str
    asked: int
    right_with: int
    right_without: int
    gain: float
    origin: Origin
    model: str


class DescribedError(Record):
    """An error of unknown type, as a teacher describes it (`described.jsonl`).

    `error_type` is an id of the taxonomy, or of a type that is proposed; then `is_new`. `name`, `definition` and
    `family` are the proposal's, as first described. `right_step` is what the wrong step should say.
    """

    id: str
    erroneous_id: str
    error_type: str
    is_new: bool
    name: str
    definition: str
    family: str
    right_step: str
    explanation: str
    origin: Origin
    model: str


class Rejection(Record):
    """Something a stage dropped, and why (`rejected.jsonl`). `reason` is one name; `detail` is for people."""

    stage: str
    id: str
    reason: str
    detail: str
