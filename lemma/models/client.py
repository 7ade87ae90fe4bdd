"""Ask a model: from the store if the answer is there, else now, else not in this run.

    client = LiveClient(backend, store, ledger, "sample", Patience())
    response = await client.ask(request)

An answer is on disk before anything reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol, cast

from lemma.exceptions import Refusal
from lemma.models.attempts import Attempts, Call, Patience
from lemma.models.costs import Ledger
from lemma.models.protocol import (
    AttemptError,
    Backend,
    Request,
    Response,
    UnusableAnswerError,
    fault_named,
    is_only_reasoning,
    read_answer,
    usage_of,
)
from lemma.models.scoring import Score, ScoringBackend, Turn
from lemma.rundir.responses import ResponseStore, Usage

_CHARACTERS_PER_TOKEN = 4
_DIALECTS = "dialects"  # under this name is stored what was learned about the server


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
    """Asks a backend. `stage` is under whose name answers are stored and counted. A stored answer is asked for again if
    `ask_again` has the reason why it is none.
    """

    def __init__(
        self,
        backend: Backend,
        store: ResponseStore,
        ledger: Ledger,
        stage: str,
        patience: Patience,
        *,
        ask_again: Collection[str] = (),
    ) -> None:
        self.ledger = ledger
        self._backend, self._store, self._stage = backend, store, stage
        self._under_way: dict[str, asyncio.Task[Response | Refusal]] = {}
        ledger.start_from(store.spent(stage, ledger.model if len(ledger.beside) > 1 else None))
        self._attempts = Attempts(backend.name, patience, ledger.check, answered=ledger.calls > 0)
        self._ask_again = ask_again
        self._asked_again: set[str] = set()
        self._only_reasoning = 0
        self._learned: dict[str, list[str]] = getattr(backend, "learned", {})
        self._stored_dialects = {(model, raw.decode()) for model, raw in store.of_stage(f"{_DIALECTS} {backend.name}")}
        for model, name in sorted(self._stored_dialects):
            self._learned.setdefault(model, []).append(name)

    async def ask(self, request: Request) -> Response:
        """The response to a request, from the store or from the model. The same request is never in flight twice.

        Raises Refusal if its deadline passes or the server refuses it, ModelError if the run has to stop.
        """
        key = request.key()
        raw = self._store.get(key)
        if raw is not None and not self._is_asked_again(key, raw):
            return self._said(read_answer(raw), request)
        if key in self._under_way:
            return self._said(_response(await asyncio.shield(self._under_way[key])), request)
        asking = asyncio.create_task(self._ask_now(request, key))
        self._under_way[key] = asking
        try:
            return self._said(_response(await asking), request)
        finally:
            del self._under_way[key]

    def _said(self, response: Response, request: Request) -> Response:
        """A response without what follows a stop, for servers that don't stop there or repeat it."""
        self._only_reasoning += is_only_reasoning(response)
        text = response.text
        ends = [at for stop in request.sampling.stop if (at := text.find(stop)) >= 0]
        return replace(response, text=text[: min(ends)], finish_reason="stop") if ends else response

    def _is_asked_again(self, key: str, raw: bytes) -> bool:
        """Whether a stored answer is none, for one of the reasons to ask again; once in each run."""
        if not self._ask_again or key in self._asked_again:
            return False
        again = fault_named(raw) in self._ask_again
        if again:
            self._asked_again.add(key)
        return again

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
            replaces = key in self._asked_again
            await self._store.put(key, self._stage, request.model, raw, usage, replaces=replaces)
            await self._store_dialects()
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

    async def _store_dialects(self) -> None:
        """Store what was learned about the server, so that no later run has to be refused first."""
        for model, names in self._learned.items():
            for name in names:
                if (model, name) not in self._stored_dialects:
                    self._stored_dialects.add((model, name))
                    stage = f"{_DIALECTS} {self._backend.name}"
                    await self._store.put(f"{stage} {model} {name}", stage, model, name.encode(), Usage())

    def shown(self) -> str:
        """Cost so far, calls in flight, and what keeps them."""
        concurrency = self._attempts.concurrency
        waiting = f", all wait {concurrency.paused_for:.0f} s" if concurrency.paused_for else ""
        return f"{self.ledger.shown()}, {concurrency.in_flight} in flight{waiting}"

    def figures(self, accepted: int) -> Mapping[str, Any]:
        """Calls, tokens and cost of the stage, over all its runs, and what the server refused."""
        learned = {model: sorted(names) for model, names in self._learned.items() if names}
        return {**self.ledger.manifest(accepted), **({"dialects": learned} if learned else {})}

    async def finish(self, missing: int, accepted: int) -> tuple[str, ...]:
        """What it cost, and whether the server could keep up."""
        notes = [*getattr(self._backend, "notes", ()), *self._attempts.concurrency.notes[-1:]]
        if self._only_reasoning:
            notes.append(
                f"model: {self._only_reasoning:,} answers are reasoning alone, with no text after it; "
                "raise --max-tokens or check the server's reasoning parser"
            )
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


class ClientWithFields:
    """A client whose requests all have the fields of `--request`."""

    def __init__(self, client: Client, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self._client = client
        self.shown, self.figures, self.finish, self.close = client.shown, client.figures, client.finish, client.close
        self.score, self.can_bar = client.score, client.can_bar

    async def ask(self, request: Request) -> Response:
        """The response to the request with these fields."""
        return await self._client.ask(replace(request, fields={**request.fields, **self._fields}))


async def ask_all(client: Client, requests: Iterable[Request]) -> list[Response | Refusal]:
    """Ask several things at once; what brings no answer comes back as its error. Other errors are raised."""
    asked = await asyncio.gather(*(client.ask(request) for request in requests), return_exceptions=True)
    answers: list[Response | Refusal] = []
    for answer in asked:
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
        answers.append(answer)
    return answers
