"""Join wrong, reflection and right into a trajectory (arXiv 2503.17439, section 3.3).

    >>> [segment.kind for segment in join(erroneous, correction, "Wait, that isn't right.").segments]
    ['prefix', 'error', 'reflection', 'correction']

Both strategies keep the text up to and including the first wrong step. With `truncate` "none", the paper's ablation, a
restart comes after the whole wrong solution instead, as it does if the first wrong step is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lemma.records import Correction, ErroneousSolution, Segment, SegmentKind, Trajectory
from lemma.statistics import random_for
from lemma.steps import solution_text
from lemma.trajectories.error_kinds import kind_of
from lemma.trajectories.languages import language_of
from lemma.trajectories.phrases import Mode, choose_phrase, is_numbered, load_phrases
from lemma.trajectories.plausibility import is_implausible

Truncation = Literal["first-error", "none"]


def join(
    erroneous: ErroneousSolution, correction: Correction, reflection: str, truncate: Truncation = "first-error"
) -> Trajectory:
    """The segments of a trajectory, end to end: the newline after a segment belongs to it."""
    turn = (
        Segment(kind="reflection", text=f"{reflection}\n"),
        Segment(kind="correction", text=solution_text(correction.steps, correction.final_answer)),
    )
    return trajectory_of(erroneous, correction, (*opening(erroneous, correction, truncate), *turn))


def opening(
    erroneous: ErroneousSolution, correction: Correction, truncate: Truncation = "first-error"
) -> tuple[Segment, ...]:
    """The text before the turn, without a prefix if the first step is wrong.

    With `truncate` "none", a restart follows the whole wrong solution and its answer. If the first wrong step is not
    known, all of the wrong solution is the error.
    """
    right, wrong, later = erroneous.split
    text = "\n".join(wrong)
    if erroneous.error_step is None or (truncate == "none" and correction.strategy == "restart"):
        text = solution_text((*wrong, *later), erroneous.final_answer)
    parts: tuple[tuple[SegmentKind, str], ...] = (
        ("prefix", "".join(f"{step}\n" for step in right)),
        ("error", f"{text}\n"),
    )
    return tuple(Segment(kind=kind, text=text) for kind, text in parts if text)


def trajectory_of(erroneous: ErroneousSolution, correction: Correction, segments: Sequence[Segment]) -> Trajectory:
    """A trajectory with these segments."""
    return Trajectory(
        erroneous_id=erroneous.id,
        correction_id=correction.id,
        problem_id=erroneous.problem_id,
        question=erroneous.question,
        strategy=correction.strategy,
        error_type=erroneous.error_type,
        segments=tuple(segments),
    )


def step_number(erroneous: ErroneousSolution) -> int | None:
    """The number of the first wrong step as people count, from 1; None if it is not known."""
    return None if erroneous.error_step is None else erroneous.error_step + 1


def numbers_its_steps(erroneous: ErroneousSolution) -> bool:
    """Whether the first wrong step is known and says its number, so that a phrase may call it by that."""
    at = erroneous.error_step
    return at is not None and is_numbered(erroneous.steps[at], at + 1)


@dataclass(frozen=True)
class PhraseDraw:
    """Draws the phrase at the turn of each correction, always the same one with the same seed."""

    mode: Mode
    seed: int

    def phrase(self, erroneous: ErroneousSolution, correction: Correction, family: str) -> str:
        """A phrase that fits. `family` is that of the error type."""
        return choose_phrase(
            load_phrases(correction.strategy),
            erroneous.error_type,
            family,
            mode=self.mode,
            rng=random_for(self.seed, "reflection", correction.id),
            step_number=step_number(erroneous),
            language=language_of("\n".join((*erroneous.steps, erroneous.question))),
            implausible=is_implausible(erroneous),
            numbered=numbers_its_steps(erroneous),
            kind=kind_of(erroneous),
        )
