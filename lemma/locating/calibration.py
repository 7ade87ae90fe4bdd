"""How often a method is right about labeled solutions, by how sure it says it is.

    counts = Counter()
    for posterior, label in ...:
        counts.update(dict(observed(posterior, label)))
    measured = Calibration.of(counts)
    measured.best_guess, measured.located(0.85), measured.error, measured.threshold()

The counts are whole numbers, so that those of many processes can be added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lemma.locating.posterior import Posterior
from lemma.statistics import wilson_interval

_BINS = 20
_FEWEST = 20  # solutions, for a precision to say something
_SCALE = 10_000


def observed(posterior: Posterior, label: int) -> Iterator[tuple[str, int]]:
    """Counts of one solution whose first wrong step is `label`."""
    step = posterior.best_step()
    confidence = posterior.steps[step]
    place = min(_BINS - 1, int(confidence * _BINS + 1e-9))
    yield f"{place} solutions", 1
    yield f"{place} right", int(step == label)
    yield f"{place} confidence", round(confidence * _SCALE)


@dataclass(frozen=True)
class Calibration:
    """Solutions, right best guesses, and mean confidence, by confidence in steps of 0.05."""

    solutions: tuple[int, ...]
    right: tuple[int, ...]
    confidence: tuple[float, ...]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Calibration:
        """What the counts of `observed` add up to."""
        solutions, right, sums = (
            tuple(counts.get(f"{place} {name}", 0) for place in range(_BINS))
            for name in ("solutions", "right", "confidence")
        )
        means = tuple(total / (_SCALE * max(1, n)) for total, n in zip(sums, solutions, strict=True))
        return cls(solutions, right, means)

    @property
    def total(self) -> int:
        return sum(self.solutions)

    @property
    def best_guess(self) -> float:
        """The share of solutions whose most probable step is the labeled one."""
        return sum(self.right) / max(1, self.total)

    @property
    def error(self) -> float:
        """The expected calibration error: how far confidence and share of right guesses are apart, on average."""
        parts = zip(self.solutions, self.right, self.confidence, strict=True)
        return sum(abs(right - n * mean) for n, right, mean in parts) / max(1, self.total)

    def located(self, threshold: float) -> tuple[int, int]:
        """Solutions with at least this confidence, and for how many of them the step is right.

        A threshold within a bin counts from the bin's lower end.
        """
        first = int(threshold * _BINS + 1e-9)
        return sum(self.solutions[first:]), sum(self.right[first:])

    def threshold(self, precision: float = 0.9) -> float | None:
        """The lowest confidence from which on the share of right steps is at least `precision`; None if there is none
        with enough solutions to tell.
        """
        for place in range(_BINS):
            located, right = self.located(place / _BINS)
            if located >= _FEWEST and right >= precision * located:
                return place / _BINS
        return None

    def row(self, threshold: float) -> tuple[str, ...]:
        """The cells of a table for people, with what is located at a threshold."""
        located, right = self.located(threshold)
        least = self.threshold()
        return (
            f"{self.total:,}",
            f"{self.best_guess:.1%}",
            f"{right / located:.1%} of {located:,}" if located else "none located",
            f"{threshold:.2f}",
            f"{self.error:.3f}",
            "-" if least is None else f"{least:.2f}",
        )

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        share = wilson_interval(sum(self.right), self.total)
        threshold = self.threshold()
        return {
            "solutions": self.total,
            "best_guess": round(self.best_guess, 4),
            "best_guess_interval": [round(share.low, 4), round(share.high, 4)],
            "calibration_error": round(self.error, 4),
            "least_confidence_for_90_percent": threshold,
            "bins": [
                {"from": place / _BINS, "solutions": n, "right": right, "mean_confidence": round(mean, 4)}
                for place, (n, right, mean) in enumerate(zip(self.solutions, self.right, self.confidence, strict=True))
                if n
            ],
        }
