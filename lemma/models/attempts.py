"""Do many calls at once, each until it is done: a limited number in flight, retried with backoff in between the others,
stopped by a deadline or a breaker.

    attempts = Attempts("http://localhost:8000/v1", Patience(max_in_flight=64))
    raw = await attempts.until_done(Call(key, send, keep))

A call is one that asks or one that scores; `send` makes one attempt, `keep` stores what it brought.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from lemma.exceptions import ModelError, Refusal
from lemma.models.costs import BudgetReachedError
from lemma.models.limits import CircuitBreaker, Concurrency, PerMinute
from lemma.models.protocol import (
    AttemptError,
    InterruptedAnswerError,
    OverloadedError,
    RefusedRequestError,
    UnreachableError,
    UnusableAnswerError,
)

_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 30.0
_MOST_UNUSABLE = 4  # attempts of a call that bring something, but no answer
_HELD_SECONDS = 0.1

Answer = TypeVar("Answer")


class HopelessError(ModelError):
    """Nothing is answered any more; what is in flight hangs."""


@dataclass(frozen=True)
class Patience:
    """How much at once, how fast, and how long to wait, in seconds.

    `timeout` is for one attempt, `deadline` for a call with all its attempts, `breaker` for a server that answers
    nothing at all. `follows_latency` sends fewer calls at once to a server that is found to queue them.
    """

    max_in_flight: int = 64
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout: float = 300.0
    deadline: float = 1200.0
    breaker: float = 120.0
    follows_latency: bool = True


@dataclass
class Call(Generic[Answer]):
    """One call. `keep` returns the tokens that were used; `estimate` guesses them before."""

    key: str
    send: Callable[[], Awaitable[Answer]]
    keep: Callable[[Answer], Awaitable[int]]
    estimate: Callable[[], float] = lambda: 0.0
    attempts: int = 0
    unusable: int = 0
    started: float = math.inf


class Attempts:
    """Calls to one model. `name` is shown to people. `check` is asked before each attempt, with the number of calls in
    flight; it raises ModelError to stop. `answered` says that the model has answered before, in an earlier run.

    A call that fails is rejected alone, but only once the model has answered others: until then, it could be the model
    that fails, or how it is asked, and everything would be rejected for that. When all that is left fails so, the run
    stops.
    """

    def __init__(
        self,
        name: str,
        patience: Patience,
        check: Callable[[int], None] = lambda in_flight: None,
        answered: bool = False,
    ) -> None:
        self.concurrency = Concurrency(patience.max_in_flight)
        self._name, self._patience, self._check = name, patience, check
        self._breaker = CircuitBreaker(patience.breaker, answered=answered)
        self._requests = PerMinute(patience.requests_per_minute) if patience.requests_per_minute else None
        self._tokens = PerMinute(patience.tokens_per_minute) if patience.tokens_per_minute else None
        self._stopped: ModelError | None = None
        self._busy = self._in_flight = 0  # all calls but those that are held; those whose answers are not stored yet
        self._idle_since = 0.0
        self._none_in_flight = asyncio.Event()
        self._none_in_flight.set()

    async def until_done(self, call: Call[Answer]) -> Answer:
        """What the call brings. Raises Refusal if it fails alone, ModelError if the run has to stop."""
        self._busy += 1
        try:
            return await self._try(call)
        except ModelError as error:
            if not isinstance(error, BudgetReachedError | HopelessError):
                # The error ends the run, and with it the calls in flight. They are paid for: let them come in first.
                self._stopped = error
                await self._none_in_flight.wait()
            raise
        finally:
            self._rest()

    async def _try(self, call: Call[Answer]) -> Answer:
        while True:
            try:
                answer = await self._attempt(call)
            except RefusedRequestError as error:
                self._stop_if(self._breaker.refusal(), error)
                await self._hold(error.reason, call, error)
            except AttemptError as error:
                self._stop_if(self._breaker.failure(isinstance(error, UnreachableError)), error)
                if isinstance(error, UnusableAnswerError):
                    call.unusable += 1
                    if call.unusable == _MOST_UNUSABLE:
                        await self._hold(error.reason, call, error)
                if not await self._back_off(call, error):
                    await self._hold("no_answer", call, error)
            else:
                self._breaker.success()
                return answer

    async def _attempt(self, call: Call[Answer]) -> Answer:
        if self._requests is not None:
            await self._requests.take(1)
        estimate = 0.0
        if self._tokens is not None:
            estimate = call.estimate()
            await self._tokens.take(estimate)
        await self.concurrency.enter(first=call.attempts > 0)
        self._in_flight += 1
        self._none_in_flight.clear()
        try:
            answer = await self._send(call)
            used = await call.keep(answer)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._none_in_flight.set()
        if self._tokens is not None:
            self._tokens.settle(estimate, used)
        return answer

    async def _send(self, call: Call[Answer]) -> Answer:
        """One attempt, within the limits; what it tells about the server is learned."""
        try:
            if self._stopped is not None:
                raise self._stopped
            self._check(self.concurrency.in_flight - 1)
            started = time.monotonic()
            call.attempts += 1
            call.started = min(call.started, started)
            left = call.started + self._patience.deadline - started
            try:
                async with asyncio.timeout(min(self._patience.timeout, left)):
                    answer = await call.send()
            except TimeoutError:
                within = "the deadline" if left < self._patience.timeout else f"{self._patience.timeout:,g} s"
                raise InterruptedAnswerError(f"{self._name}: no answer within {within}") from None
            if self._patience.follows_latency:
                self.concurrency.answered(time.monotonic() - started)
            return answer
        except OverloadedError as error:
            self.concurrency.overloaded(error.retry_after)
            raise
        finally:
            self.concurrency.leave()

    def _stop_if(self, hopeless: bool, error: AttemptError) -> None:
        if hopeless:
            said = str(error) if self._name in str(error) else f"{self._name} {error}"
            self._stopped = HopelessError(
                f"{said}. No request succeeded, so the run was stopped. Fix the problem, then rerun the same command "
                "to resume"
            )
            raise self._stopped

    async def _back_off(self, call: Call[Answer], error: AttemptError) -> bool:
        """Wait before the next attempt; False at once if that would come after the deadline."""
        jitter = 0.75 + random.Random(f"{call.key} {call.attempts}").random() / 2
        wait = jitter * min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (call.attempts - 1))
        if isinstance(error, OverloadedError) and error.retry_after is not None:
            wait = error.retry_after + jitter * min(wait, 1.0)
        if time.monotonic() + wait >= call.started + self._patience.deadline:
            return False
        await asyncio.sleep(wait)
        return True

    async def _hold(self, reason: str, call: Call[Answer], error: AttemptError) -> NoReturn:
        """Reject a call that has failed for good, once it is known that the model answers others."""
        self._rest()
        try:
            while not self._breaker.is_own_fault(call.started if reason == "no_answer" else None):
                if self._stopped is not None:
                    raise self._stopped
                idle = time.monotonic() - self._idle_since
                self._stop_if(not self._busy and idle >= self._patience.breaker / 10, error)
                await asyncio.sleep(_HELD_SECONDS)
        finally:
            self._busy += 1
        if reason != "no_answer":  # in the same words however often the run was interrupted
            raise Refusal(reason, str(error))
        asked = isinstance(error, OverloadedError) and error.retry_after
        wait = f"; it asks to wait {asked:,.0f} s" if asked else ""
        raise Refusal(reason, f"gave up after {call.attempts} attempts; the last: {error}{wait}")

    def _rest(self) -> None:
        self._busy -= 1
        self._idle_since = time.monotonic()
