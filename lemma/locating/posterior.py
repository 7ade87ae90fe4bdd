"""What a method of locating says: how probable it is of each step that it is the first wrong one.

>>> posterior = Posterior((0.1, 0.7, 0.1), 0.1)
>>> posterior.best(), posterior.confidence
(1, 0.7)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Posterior:
    """The probability of each step (counted from 0) to be the first wrong one, and that no step is wrong.

    Raises ValueError if these are not probabilities that sum to 1, or if there are no steps.
    """

    steps: tuple[float, ...]
    none: float

    def __post_init__(self) -> None:
        everything = (*self.steps, self.none)
        if not self.steps:
            raise ValueError("a posterior needs at least one step")
        if not all(0 <= probability <= 1 for probability in everything):
            raise ValueError(f"{everything} are not all between 0 and 1")
        if not math.isclose(sum(everything), 1, abs_tol=_TOLERANCE):
            raise ValueError(f"{everything} sum to {sum(everything)}, not to 1")

    def best(self) -> int | None:
        """The most probable step, the first of equals; None if it is more probable that no step is wrong."""
        step = self.best_step()
        return step if self.steps[step] >= self.none else None

    def best_step(self) -> int:
        """The most probable step, even if it is more probable that no step is wrong."""
        return max(range(len(self.steps)), key=self.steps.__getitem__)

    @property
    def confidence(self) -> float:
        """The probability of what `best` says."""
        return max(*self.steps, self.none)
