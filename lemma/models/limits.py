"""How many requests may be in flight: as many as asked for, fewer while the server can't take them.

Three signs count. A call that is told to wait (429, 503, `Retry-After`) waits, alone. If most calls are told to wait,
all wait, and fewer are sent at once. And a server that queues silently, as vLLM does, shows it by its latency: by
Little's law, calls per second times the latency of an idle server is the number of calls that it works on; what is in
flight beyond that only waits in its queue and can time out there.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_WINDOW_CALLS = 32
_WINDOW_SECONDS = 1.0
_MOSTLY_OVERLOADED = 0.5
_QUEUEING, _RELAXED = 3.0, 2.0  # times the latency of an idle server
_HEADROOM = 1.5
_HELPED = 0.8
_LONGEST_PAUSE = 60.0  # then it is tried again, whatever the server says

Clock = Callable[[], float]


class Concurrency:
    """A gate that lets `limit` calls through at once; `limit` moves between 1 and `most`. Retries go first:

    await gate.enter(first=attempt > 0)
    try: ...
    finally: gate.leave()
    """

    def __init__(self, most: int, clock: Clock = time.monotonic) -> None:
        self.most = self.limit = most
        self.in_flight = 0
        self.notes: list[str] = []
        self._clock = clock
        self._paused_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._window = _Window(clock())
        self._idle_latency = float("inf")
        self._lowered: _Lowered | None = None

    async def enter(self, first: bool = False) -> None:
        """Wait for a place; `first` goes before those that already wait."""
        if self._open() and not self._waiting:
            self.in_flight += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.appendleft(place) if first else self._waiting.append(place)
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._admit()

    def answered(self, latency: float) -> None:
        """Learn from an answer that took `latency` seconds."""
        self._window.latencies.append(latency)
        self._learn()

    def overloaded(self, retry_after: float | None) -> None:
        """Learn from a call that was told to wait."""
        self._window.overloads += 1
        self._window.longest_wait = max(self._window.longest_wait, retry_after or 0.0)
        self._learn()

    @property
    def paused_for(self) -> float:
        """Seconds for which all calls wait."""
        return max(0.0, self._paused_until - self._clock())

    def _open(self) -> bool:
        return self.in_flight < self.limit and not self.paused_for

    def _admit(self) -> None:
        while self._waiting and self._open():
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                self.in_flight += 1

    def _learn(self) -> None:
        window, now = self._window, self._clock()
        calls = len(window.latencies) + window.overloads
        if calls < _WINDOW_CALLS or now - window.started < _WINDOW_SECONDS:
            return
        self._window = _Window(now)
        if window.overloads > _MOSTLY_OVERLOADED * calls:
            self._back_off(window, now)
        elif window.latencies:
            self._follow_latency(statistics.median(window.latencies), len(window.latencies) / (now - window.started))

    def _back_off(self, window: _Window, now: float) -> None:
        self.limit = max(1, self.limit // 2)
        self._paused_until = now + min(max(window.longest_wait, _WINDOW_SECONDS), _LONGEST_PAUSE)
        asyncio.get_running_loop().call_later(self.paused_for, self._admit)
        self._note(f"the server turned {window.overloads} calls away")

    def _follow_latency(self, latency: float, calls_per_second: float) -> None:
        if self._lowered is not None and self._clock() < self._lowered.shows_at:
            return
        if self._lowered is not None and latency > _HELPED * self._lowered.latency:
            # Fewer calls did not make it faster: it does not queue, its answers have become longer.
            self._idle_latency, self.limit = latency, self._lowered.limit
        self._lowered = None
        self._idle_latency = idle = min(latency, self._idle_latency)
        if latency > _QUEUEING * idle:
            lowered = max(1, round(_HEADROOM * calls_per_second * idle))
            if lowered < self.limit:
                self._lowered = _Lowered(self.limit, latency, self._clock() + latency)
                self.limit = lowered
                self._note(f"the server queues: an answer takes {latency:.1f} s, {idle:.1f} s when it is idle")
        elif latency < _RELAXED * idle:
            self.limit = min(self.most, self.limit + max(1, self.limit // 10))
            self._admit()

    def _note(self, why: str) -> None:
        self.notes.append(f"{why}; in flight lowered to {self.limit} of {self.most}")


@dataclass(frozen=True)
class _Lowered:
    """The limit and the latency before it was lowered, and when the calls of that time are all through."""

    limit: int
    latency: float
    shows_at: float


class _Window:
    def __init__(self, started: float) -> None:
        self.started = started
        self.latencies: list[float] = []
        self.overloads = 0
        self.longest_wait = 0.0


class PerMinute:
    """A rate that is not exceeded: `await pace.take(amount)` waits until that amount may go, evenly over time."""

    def __init__(self, amount: float, clock: Clock = time.monotonic) -> None:
        self._per_second = amount / 60
        self._left = 0.0
        self._clock = clock
        self._updated = clock()

    async def take(self, amount: float) -> None:
        """Wait until `amount` may go."""
        self._refill()
        self._left -= amount
        if self._left < 0:
            await asyncio.sleep(-self._left / self._per_second)

    def settle(self, estimated: float, actual: float) -> None:
        """Replace an estimate that was taken by what it came to be."""
        self._left += estimated - actual

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._per_second, self._left + (now - self._updated) * self._per_second)
        self._updated = now


class CircuitBreaker:
    """Ends a run that goes nowhere, instead of letting it stall, or reject everything.

    It opens when nothing was answered for `patience` seconds and at least `_FEWEST` attempts failed meanwhile.
    `answered` says that an earlier run was answered.
    """

    _FEWEST = 10
    _REFUSALS = 20

    def __init__(self, patience: float, clock: Clock = time.monotonic, answered: bool = False) -> None:
        self._patience, self._clock = patience, clock
        self._ever_answered, self._answered_at = answered, -math.inf
        self._failures = self._refusals = self._faults = 0
        self._since: float | None = None

    def success(self) -> None:
        """An answer came."""
        self._ever_answered, self._answered_at = True, self._clock()
        self._failures = self._faults = 0
        self._since = None

    def refusal(self) -> bool:
        """A request was refused. True when it is time to stop: the first ones all were."""
        self._refusals += 1
        return not self._ever_answered and self._refusals >= self._REFUSALS

    def failure(self, unreachable: bool = False) -> bool:
        """An attempt failed. True when it is time to stop. An address that never answered gets a tenth of the time."""
        self._since = self._clock() if self._since is None else self._since
        self._failures += 1
        hopeless = unreachable and not self._ever_answered
        fewest, patience = (3, self._patience / 10) if hopeless else (self._FEWEST, self._patience)
        return self._failures >= fewest and self._clock() - self._since >= patience

    def is_own_fault(self, unanswered_since: float | None) -> bool:
        """Whether a call that failed for good may be rejected alone.

        One that was refused, or answered with nothing of use, may if the server has ever answered. One that was not
        answered at all since a time, only if others were; and only a few in a row, as many at once are the server's.
        """
        if unanswered_since is None:
            return self._ever_answered
        if self._answered_at < unanswered_since or self._faults >= self._FEWEST:
            return False
        self._faults += 1
        return True
