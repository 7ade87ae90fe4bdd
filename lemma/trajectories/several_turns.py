"""Trajectories with more than one error, each noticed in its turn (arXiv 2408.16293, 2512.04072).

    retried(right_steps, "72", [Turn(wrong, "Wait, that isn't right."), ...])    # one solution, wrong steps on the way
    restarted([Turn(first, "Let me start over."), ...], correction)              # one whole attempt after the other

Every wrong step stands where it was proven or found to be wrong: after the right steps that it followed in its own
solution. Reflections name no step, as a number would be ambiguous among several attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lemma.records import Correction, ErroneousSolution, Segment
from lemma.steps import solution_text
from lemma.trajectories.joining import Truncation, opening


@dataclass(frozen=True)
class Turn:
    """A wrong solution, and what is said when the error is noticed."""

    erroneous: ErroneousSolution
    reflection: str


def fits_into(erroneous: ErroneousSolution, right_steps: Sequence[str]) -> bool:
    """Whether the first wrong step could be taken on this way: the right steps before it are the same."""
    at = erroneous.error_step
    if at is None or at >= len(right_steps):
        return False
    return erroneous.steps[:at] == tuple(right_steps[:at]) and erroneous.steps[at] not in right_steps


def leaves_out(erroneous: ErroneousSolution) -> bool:
    """Whether the wrong step is a later one, in place of the step that is missing."""
    return erroneous.error_type == "missing_step"


def retried(right_steps: Sequence[str], final_answer: str, turns: Sequence[Turn]) -> tuple[Segment, ...]:
    """A right solution with wrong steps on its way, each followed by a reflection and the right step.

    Every turn has to fit (`fits_into`). The text without errors and reflections is the right solution. Of several at
    one place, what leaves the step out comes first: behind "the product is wrong", the step is tried again.
    """
    whole = solution_text(right_steps, final_answer)
    starts = [0]
    for step in right_steps:
        starts.append(starts[-1] + len(step) + 1)
    ordered = sorted(turns, key=lambda turn: (turn.erroneous.located_step, not leaves_out(turn.erroneous)))
    places = [turn.erroneous.located_step for turn in ordered]

    def pieces() -> Iterator[Segment]:
        yield Segment(kind="prefix", text=whole[: starts[places[0]]])
        for turn, at, following in zip(ordered, places, [*places[1:], None], strict=True):
            yield from _noticed((Segment(kind="error", text=f"{turn.erroneous.steps[at]}\n"),), turn)
            end = None if following is None else starts[following]
            yield Segment(kind="correction", text=whole[starts[at] : end])

    return _joined(pieces())


def restarted(turns: Sequence[Turn], correction: Correction, truncate: Truncation) -> tuple[Segment, ...]:
    """Wrong attempts, each noticed and given up, and then a whole right solution."""
    attempts = (part for turn in turns for part in _noticed(opening(turn.erroneous, correction, truncate), turn))
    right = Segment(kind="correction", text=solution_text(correction.steps, correction.final_answer))
    return _joined((*attempts, right))


def _noticed(wrong: Iterable[Segment], turn: Turn) -> tuple[Segment, ...]:
    return (*wrong, Segment(kind="reflection", text=f"{turn.reflection}\n"))


def _joined(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    return tuple(segment for segment in segments if segment.text)
