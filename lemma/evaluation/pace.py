"""How long an evaluation will take, said once, measured on the first answers.

>>> times = iter([0.0, 60.0])
>>> pace = Pace(problems=100, later=2, say=print, clock=lambda: next(times))
>>> pace.begun = 10
>>> for _ in range(80):
...     pace.ask()
>>> for _ in range(32):
...     pace.answered(seconds=60.0)
968 more answers at most, about 30 minutes
"""

from __future__ import annotations

import time
from collections.abc import Callable

_FIRST = 32  # answers, at most as many as come in one batch
_STORED = 0.05  # seconds; an answer that is there sooner was not asked for now
_WORTH_SAYING = 20.0  # seconds


class Pace:
    """Counts problems that were `begun`, requests about them, and answers.

    `problems` is how many there are, `later` how many more requests each may bring once its samples are graded.
    """

    def __init__(
        self, problems: int, later: int, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.begun = 0
        self._problems, self._later, self._say, self._clock = problems, later, say, clock
        self._since = 0.0
        self._asked = self._done = self._timed = 0

    def ask(self) -> None:
        """Count a request. The clock starts with the first one, when the model is loaded."""
        if not self._asked:
            self._since = self._clock()
        self._asked += 1

    def answered(self, seconds: float) -> None:
        """Count an answer that took so long, and say how long the others will take if it is time for that."""
        self._done += 1
        self._timed += seconds > _STORED
        if self._timed != _FIRST or seconds <= _STORED:
            return
        # All requests about a problem are made at once, but for those that depend on the answers.
        more = self._problems * (self._asked / self.begun + self._later) - self._done
        left = more * (self._clock() - self._since) / self._timed
        if left > _WORTH_SAYING:
            minutes = f"{left / 60:.0f} minutes" if left > 90 else f"{left:.0f} seconds"
            self._say(f"{more:,.0f} more answers at most, about {minutes}")
