"""Ask a model: from the store if the answer is there, else now, else not in this run.

    client = LiveClient(backend, store, ledger, "sample", Patience())
    response = await client.ask(request)

An answer is on disk before anything reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from lemma.exceptions import Refusal
from lemma.models.attempts import Attempts, Call, Patience
from lemma.models.costs import Ledger
from lemma.models.protocol import AttemptError, Backend, Request, Response, UnusableAnswerError, read_answer, usage_of
from lemma.models.scoring import Score, ScoringBackend, Turn
from lemma.rundir.responses import ResponseStore

_CHARACTERS_PER_TOKEN = 4


class Client(Protocol):
    """What stages see: something to ask."""

    async def ask(self, request: Request) -> Response:
        """The response to a request. Raises Refusal if there will be none."""
        ...

    async def score(self, turn: Turn) -> list[Score] | None:
        """The score of each continuation of a turn; None if the model does not run in this process, or can't score."""
        ...

    def can_bar(self) -> bool:
        """Whether the model can be kept from opening lines with some words (`Sampling.barred`)."""
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


class LiveClient:
    """Asks a backend. `stage` is under whose name answers are stored and counted."""

    def __init__(self, backend: Backend, store: ResponseStore, ledger: Ledger, stage: str, patience: Patience) -> None:
        self.ledger = ledger
        self._backend, self._store, self._stage = backend, store, stage
        self._under_way: dict[str, asyncio.Task[Response | Refusal]] = {}
        ledger.start_from(store.spent(stage, ledger.model if len(ledger.beside) > 1 else None))
        self._attempts = Attempts(backend.name, patience, ledger.check, answered=ledger.calls > 0)

    async def ask(self, request: Request) -> Response:
        """The response to a request, from the store or from the model. The same request is never in flight twice.

        Raises Refusal if its deadline passes or the server refuses it, ModelError if the run has to stop.
        """
        key = request.key()
        raw = self._store.get(key)
        if raw is not None:
            return read_answer(raw)
        if key in self._under_way:
            return _response(await asyncio.shield(self._under_way[key]))
        asking = asyncio.create_task(self._ask_now(request, key))
        self._under_way[key] = asking
        try:
            return _response(await asking)
        finally:
            del self._under_way[key]

    async def _ask_now(self, request: Request, key: str) -> Response | Refusal:
        ledger = self.ledger

        def estimate() -> float:
            average = ledger.completion_tokens / ledger.calls if ledger.calls else request.sampling.max_tokens
            return len(request.prompt_text()) / _CHARACTERS_PER_TOKEN + average

        async def send() -> tuple[bytes, Response | Refusal]:
            try:
                raw = await self._backend.answer(request)
            except UnusableAnswerError as error:
                if any(error.usage):
                    ledger.add(error.usage)
                raise
            try:
                return raw, read_answer(raw)
            except Refusal as refusal:  # it is paid for, and stored, all the same
                return raw, refusal

        async def keep(answer: tuple[bytes, Response | Refusal]) -> int:
            raw, read = answer
            usage = read.usage if isinstance(read, Response) else usage_of(raw)
            ledger.add(usage)
            await self._store.put(key, self._stage, request.model, raw, usage)
            return sum(usage)

        _, read = await self._attempts.until_done(Call(key, send, keep, estimate))
        return read

    async def score(self, turn: Turn) -> list[Score] | None:
        """The score of each continuation of a turn; None if the model does not run in this process, or can't score."""
        backend = self._backend
        if not getattr(backend, "in_process", False) or not hasattr(backend, "score"):
            return None
        try:
            return await cast(ScoringBackend, backend).score(turn)
        except AttemptError:  # what can't be scored is left out
            return None

    def can_bar(self) -> bool:
        """Whether the model can be kept from opening lines with some words (`Sampling.barred`)."""
        return bool(getattr(self._backend, "can_bar", False))

    def shown(self) -> str:
        """Cost so far, calls in flight, and what keeps them."""
        concurrency = self._attempts.concurrency
        waiting = f", all wait {concurrency.paused_for:.0f} s" if concurrency.paused_for else ""
        return f"{self.ledger.shown()}, {concurrency.in_flight} in flight{waiting}"

    def figures(self, accepted: int) -> Mapping[str, Any]:
        """Calls, tokens and cost of the stage, over all its runs."""
        return self.ledger.manifest(accepted)

    async def finish(self, missing: int, accepted: int) -> tuple[str, ...]:
        """What it cost, and whether the server could keep up."""
        notes = (*getattr(self._backend, "notes", ()), *self._attempts.concurrency.notes[-1:])
        return (f"model: {self.ledger.shown()}{self.ledger.shown_share(accepted)}", *notes)

    async def close(self) -> None:
        """Let go of connections."""
        await self._backend.close()


def _response(read: Response | Refusal) -> Response:
    if isinstance(read, Refusal):
        raise read
    return read


class SeveralClients:
    """Sends each request to the client of the model that it names."""

    def __init__(self, clients: Mapping[str, Client]) -> None:
        self._clients = clients

    async def ask(self, request: Request) -> Response:
        """The response to a request. Raises as the model's own client does."""
        return await self._clients[request.model].ask(request)

    async def score(self, turn: Turn) -> list[Score] | None:
        """None: a turn does not say which of the models is to score it."""
        return None

    def can_bar(self) -> bool:
        """Whether all models can be kept from opening lines with some words."""
        return all(client.can_bar() for client in self._clients.values())

    def shown(self) -> str:
        """How it goes, model by model."""
        return "; ".join(f"{model}: {client.shown()}" for model, client in self._clients.items())

    def figures(self, accepted: int) -> Mapping[str, Any]:
        """What all models cost, and under `models` what each did."""
        each = {model: client.figures(accepted) for model, client in self._clients.items()}
        total: dict[str, Any] = {"model": ", ".join(each)}
        for name in ("calls", "prompt_tokens", "completion_tokens", "cost_usd"):
            values = [figures[name] for figures in each.values()]
            total[name] = None if None in values else sum(values)
        return {**total, "models": each}

    async def finish(self, missing: int, accepted: int) -> tuple[str, ...]:
        """The notes of each."""
        notes = [await client.finish(missing, accepted) for client in self._clients.values()]
        return tuple(f"{model}: {note}" for model, said in zip(self._clients, notes, strict=True) for note in said)

    async def close(self) -> None:
        """Let go of all connections."""
        for client in self._clients.values():
            await client.close()


class DryClient:
    """Counts what would be asked, and asks nothing."""

    def __init__(self, store: ResponseStore) -> None:
        self._store = store
        self._seen: set[str] = set()
        self._stored = self._prompt_tokens = self._most_completion_tokens = 0

    async def ask(self, request: Request) -> Response:
        """The stored response. Raises NotAskedError if there is none, and counts the request."""
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

    async def score(self, turn: Turn) -> list[Score] | None:
        """Nothing is scored in a dry run."""
        return None

    def can_bar(self) -> bool:
        """It does not count what would follow from an answer."""
        return False

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
            "calls that check an answer, if the command makes any, come on top",
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
