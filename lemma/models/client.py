"""Ask a backend many things at once, each of them until it is answered: at most so many in flight, retried with backoff
in between the others, stopped by a deadline, a budget, or a breaker, and stored before anything reads the answer.

    teacher = LiveClient(backend, store, ledger, patience)
    response = await client.ask(request)      # from the store, where it is there
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lemma.exceptions import ModelError, Refusal
from lemma.models.costs import Ledger
from lemma.models.limits import CircuitBreaker, Concurrency, PerMinute
from lemma.models.protocol import (
    AttemptError,
    Backend,
    InterruptedAnswerError,
    OverloadedError,
    RefusedRequestError,
    Request,
    Response,
    UnreachableError,
    read_answer,
    usage_of,
)
from lemma.rundir.responses import ResponseStore

_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 30.0
_CHARACTERS_PER_TOKEN = 4


class Client(Protocol):
    """What stages see: something to ask."""

    async def ask(self, request: Request) -> Response:
        """The response to a request. Raises Refusal when there will be none."""
        ...

    def shown(self) -> str:
        """How it goes, for the progress bar."""
        ...

    def figures(self, accepted: int) -> Mapping[str, Any]:
        """What it cost, for run.json; `accepted` is how many records the stage has made."""
        ...

    async def finish(self, missing: int, accepted: int) -> tuple[str, ...]:
        """All inputs were seen, `missing` of them lack answers, and the stage has made `accepted` records. Returns
        notes for the summary.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class NotAskedError(Exception):
    """The answer is not there, and this run is not one that asks for it now (a dry run, a batch)."""


@dataclass(frozen=True)
class Patience:
    """How much at once, how fast, and how long to wait, in seconds.

    `timeout` is for one attempt, `deadline` for a call with all its attempts, `breaker` for a server that answers
    nothing at all.
    """

    max_in_flight: int = 64
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout: float = 300.0
    deadline: float = 1200.0
    breaker: float = 120.0


@dataclass
class _Call:
    request: Request
    key: str
    attempts: int = 0
    deadline: float | None = None


class LiveClient:
    """Asks a backend. `stage` is under whose name answers are stored and counted."""

    def __init__(self, backend: Backend, store: ResponseStore, ledger: Ledger, stage: str, patience: Patience) -> None:
        self.ledger = ledger
        self.concurrency = Concurrency(patience.max_in_flight)
        self._backend, self._store, self._stage, self._patience = backend, store, stage, patience
        self._breaker = CircuitBreaker(patience.breaker)
        self._requests = PerMinute(patience.requests_per_minute) if patience.requests_per_minute else None
        self._tokens = PerMinute(patience.tokens_per_minute) if patience.tokens_per_minute else None
        self._under_way: dict[str, asyncio.Task[bytes]] = {}
        self._stopped: ModelError | None = None
        ledger.start_from(store.spent(stage))

    async def ask(self, request: Request) -> Response:
        """The response to a request: stored, or asked for now. The same request is never asked twice at a time.

        Raises Refusal when its deadline passes or the server refuses it, ModelError when the run has to stop.
        """
        key = request.key()
        raw = self._store.get(key)
        if raw is not None:
            return read_answer(raw)
        if key in self._under_way:
            return read_answer(await asyncio.shield(self._under_way[key]))
        asking = asyncio.create_task(self._until_answered(_Call(request, key)))
        self._under_way[key] = asking
        try:
            return read_answer(await asking)
        finally:
            del self._under_way[key]

    def shown(self) -> str:
        """Cost so far, calls in flight, and what keeps them."""
        waiting = f", all wait {self.concurrency.paused_for:.0f} s" if self.concurrency.paused_for else ""
        return f"{self.ledger.shown()}, {self.concurrency.in_flight} in flight{waiting}"

    def figures(self, accepted: int) -> Mapping[str, Any]:
        """Calls, tokens and cost of the stage, over all its runs."""
        return self.ledger.manifest(accepted)

    async def finish(self, missing: int, accepted: int) -> tuple[str, ...]:
        """What it cost, and where the server could not keep up."""
        return (f"teacher: {self.ledger.shown()}{self.ledger.shown_share(accepted)}", *self.concurrency.notes[-1:])

    async def close(self) -> None:
        """Let go of connections."""
        await self._backend.close()

    async def _until_answered(self, call: _Call) -> bytes:
        while True:
            try:
                raw = await self._attempt(call)
            except RefusedRequestError as error:
                self._stop_if(self._breaker.refusal(), error)
                raise Refusal("refused_request", str(error)) from None
            except AttemptError as error:
                self._stop_if(self._breaker.failure(isinstance(error, UnreachableError)), error)
                await self._back_off(call, error)
            else:
                self._breaker.success()
                return raw

    async def _attempt(self, call: _Call) -> bytes:
        estimate = await self._pace(call.request)
        await self.concurrency.enter(first=call.attempts > 0)
        try:
            self._may_go_on()
            started = time.monotonic()
            call.attempts += 1
            call.deadline = call.deadline or started + self._patience.deadline
            raw = await self._answer_in_time(call.request, min(self._patience.timeout, call.deadline - started))
            self.concurrency.answered(time.monotonic() - started)
        except OverloadedError as error:
            self.concurrency.overloaded(error.retry_after)
            raise
        finally:
            self.concurrency.leave()
        usage = usage_of(raw)
        self.ledger.add(usage)
        if self._tokens is not None:
            self._tokens.settle(estimate, sum(usage))
        await self._store.put(call.key, self._stage, call.request.model, raw, usage)
        return raw

    async def _answer_in_time(self, request: Request, seconds: float) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await self._backend.answer(request)
        except TimeoutError:
            raise InterruptedAnswerError(f"{self._backend.name}: no answer within {seconds:.3g} s") from None

    async def _pace(self, request: Request) -> float:
        if self._requests is not None:
            await self._requests.take(1)
        if self._tokens is None:
            return 0.0
        average = (
            self.ledger.completion_tokens / self.ledger.calls if self.ledger.calls else request.sampling.max_tokens
        )
        estimate = len(request.prompt_text()) / _CHARACTERS_PER_TOKEN + average
        await self._tokens.take(estimate)
        return estimate

    def _may_go_on(self) -> None:
        if self._stopped is not None:
            raise self._stopped
        self.ledger.check(self.concurrency.in_flight - 1)

    def _stop_if(self, hopeless: bool, error: AttemptError) -> None:
        if hopeless:
            self._stopped = ModelError(
                f"{error}; nothing else was answered either, so this stops here; once that is mended, the same "
                "command goes on"
            )
            raise self._stopped

    async def _back_off(self, call: _Call, error: AttemptError) -> None:
        jitter = 0.75 + random.Random(f"{call.key} {call.attempts}").random() / 2
        wait = jitter * min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (call.attempts - 1))
        if isinstance(error, OverloadedError) and error.retry_after is not None:
            wait = error.retry_after + jitter * min(wait, 1.0)
            self._stop_if(wait > self._patience.deadline, error)
        if time.monotonic() + wait >= (call.deadline or 0.0):
            raise Refusal("no_answer", f"gave up after {call.attempts} attempts; the last: {error}")
        await asyncio.sleep(wait)


class DryClient:
    """Counts what would be asked, and asks nothing."""

    def __init__(self, store: ResponseStore) -> None:
        self._store = store
        self._seen: set[str] = set()
        self._stored = self._prompt_tokens = self._most_completion_tokens = 0

    async def ask(self, request: Request) -> Response:
        """The stored response. Raises NotAskedError, having counted, where there is none."""
        key = request.key()
        raw = self._store.get(key)
        if raw is not None:
            self._stored += 1
            return read_answer(raw)
        if key not in self._seen:
            self._seen.add(key)
            self._prompt_tokens += len(request.prompt_text()) // _CHARACTERS_PER_TOKEN
            self._most_completion_tokens += request.sampling.max_tokens
        raise NotAskedError

    def shown(self) -> str:
        """The count so far."""
        return f"{len(self._seen):,} calls"

    def figures(self, accepted: int) -> Mapping[str, Any]:
        """Nothing was spent."""
        return {}

    async def finish(self, missing: int, accepted: int) -> tuple[str, ...]:
        """The counts. What is asked about an answer can't be counted before the answer is there."""
        calls = len(self._seen)
        return (
            f"dry run: {calls:,} calls to make now, about {self._prompt_tokens:,} tokens of prompts, at most "
            f"{self._most_completion_tokens:,} tokens of answers; {self._stored:,} answers are stored already",
            "calls that check an answer, where the stage makes them, come on top",
        )

    async def close(self) -> None:
        """There is nothing to close."""


async def ask_all(client: Client, requests: Iterable[Request]) -> list[Response | Refusal]:
    """Ask several things at once; what brings no answer comes back as its error. Other errors are raised."""
    asked = await asyncio.gather(*(client.ask(request) for request in requests), return_exceptions=True)
    answers: list[Response | Refusal] = []
    for answer in asked:
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
        answers.append(answer)
    return answers
