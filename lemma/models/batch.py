"""Ask through files: OpenAI's Batch API, at half the price, or `vllm run-batch` on a machine without a network.

A run writes what is missing to `batch/<stage>-<number>.jsonl`, submits it if the server has such an API, and ends.
The same command later picks up the results, from the server or from `<stage>-<number>.results.jsonl`, stores them like
all answers, and continues: what failed is asked again, what was answered never is. A command that asks about answers
(an audit, say) takes one round per question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import orjson
from pydantic import BaseModel, ValidationError

from lemma.exceptions import LemmaError, ModelError, Refusal, RunDirectoryError
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.client import NotAskedError
from lemma.models.costs import Ledger
from lemma.models.protocol import Request, Response, fault_of, read_answer, usage_of
from lemma.models.scoring import Score, Turn
from lemma.rundir.disk import write_whole
from lemma.rundir.lines import fingerprint
from lemma.rundir.responses import ResponseStore

# OpenAI takes 50,000 requests and 200 MB a file.
_MOST_REQUESTS, _MOST_BYTES = 50_000, 190_000_000
_OVER = ("completed", "failed", "expired", "cancelled")
_NO_SUCH_API = (404, 405, 501)


class Part(BaseModel):
    """One request file and, if it was submitted, the batch that the server made of it."""

    file: str
    batch: str | None = None


class State(BaseModel):
    """What is out, and what the server refused for good (by key)."""

    parts: list[Part] = []
    refused: dict[str, str] = {}
    written: int = 0


class BatchClient:
    """Answers from the store, and gathers the rest in request files. `server` is None if there is only the file."""

    def __init__(
        self, server: OpenAICompatible | None, store: ResponseStore, ledger: Ledger, stage: str, folder: Path
    ) -> None:
        self._server, self._store, self._ledger, self._stage, self._folder = server, store, ledger, stage, folder
        self._state_file = folder / f"{stage}.state.json"
        self._state = self._read_state()
        self._still_out: list[str] = []
        self._picking_up: asyncio.Task[list[str]] | None = None
        self._asked: set[str] = set()
        self._file: IO[bytes] | None = None
        self._in_file = 0
        self._new: list[Part] = []
        ledger.start_from(store.spent(stage))

    async def ask(self, request: Request) -> Response:
        """The stored response. Raises NotAskedError if there is none, and writes the request down."""
        if self._picking_up is None:
            self._picking_up = asyncio.create_task(self._pick_up())
        self._still_out = await self._picking_up
        key = request.key()
        raw = self._store.get(key)
        if raw is not None:
            return read_answer(raw)
        if key in self._state.refused:
            raise Refusal("refused_request", self._state.refused[key])
        if not self._still_out and key not in self._asked:
            self._asked.add(key)
            self._write(request, key)
        raise NotAskedError

    async def score(self, turn: Turn) -> list[Score] | None:
        """A batch API gives no scores."""
        return None

    def can_bar(self) -> bool:
        """A batch API bars nothing."""
        return False

    def shown(self) -> str:
        """How many requests were written."""
        return f"{len(self._asked):,} requests written"

    def figures(self, accepted: int) -> Mapping[str, Any]:
        """Calls, tokens and cost of the stage, over all its runs."""
        return self._ledger.manifest(accepted)

    async def finish(self, missing: int, accepted: int) -> tuple[str, ...]:
        """Submit what was written, or say what is still out and what to do."""
        if not missing:
            return (f"model: {self._ledger.shown()}",)
        if self._still_out:
            return (*self._still_out, "rerun the command to collect the results when they are ready")
        self._close_file()
        self._state.parts = self._new
        self._save()
        return tuple([await self._submit(part) for part in self._new])

    async def close(self) -> None:
        """Let go of the connection, and of a file that was not finished."""
        if self._file is not None:
            self._file.close()
        if self._server is not None:
            await self._server.close()

    def _read_state(self) -> State:
        if not self._state_file.exists():
            return State()
        try:
            return State.model_validate_json(self._state_file.read_bytes())
        except ValidationError:
            raise RunDirectoryError(
                f"{self._state_file} is damaged; move it away (what it had submitted is then asked again)"
            ) from None

    def _save(self) -> None:
        write_whole(self._state_file, self._state.model_dump_json(indent=2).encode())

    def _write(self, request: Request, key: str) -> None:
        body = self._server.body(request) if self._server else request.body()
        line = orjson.dumps({"custom_id": key, "method": "POST", "url": f"/v1{request.path}", "body": body}) + b"\n"
        full = self._in_file >= _MOST_REQUESTS
        if self._file is not None and (full or self._file.tell() + len(line) > _MOST_BYTES):
            self._close_file()
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._state.written += 1
            part = Part(file=f"{self._stage}-{self._state.written:04}.jsonl")
            self._new.append(part)
            self._file, self._in_file = (self._folder / part.file).open("wb"), 0
        self._file.write(line)
        self._in_file += 1

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _submit(self, part: Part) -> str:
        path = self._folder / part.file
        by_hand = (
            f"wrote {path}; answer it, for example with `vllm run-batch -i {path} -o {_results(path)} --model "
            f"{self._ledger.model}`, then rerun the command"
        )
        if self._server is None:
            return by_hand
        import openai

        client = self._server.client
        try:
            part.batch = await self._submitted_before(path)
            if part.batch is None:
                with path.open("rb") as file:
                    endpoint: Any = orjson.loads(file.readline())["url"]
                uploaded = await client.files.create(file=path, purpose="batch")
                batch = await client.batches.create(
                    input_file_id=uploaded.id,
                    endpoint=endpoint,
                    completion_window="24h",
                    metadata={"lemma_requests": fingerprint(path)},
                )
                part.batch = batch.id
        except openai.APIStatusError as error:
            if error.status_code in _NO_SUCH_API:
                return by_hand
            raise _fatal(self._server, error) from None
        except Exception as error:  # what is not HTTP fails in as many ways as there are layers below
            raise _fatal(self._server, error) from None
        self._save()
        return f"submitted {path} as {part.batch}; rerun the command to collect the results when they are ready"

    async def _submitted_before(self, path: Path) -> str | None:
        """A batch that was made of this file just before a kill could keep its id from being written down."""
        assert self._server is not None
        wanted = fingerprint(path)
        recent = await self._server.client.batches.list(limit=100)
        for batch in recent.data:
            if (batch.metadata or {}).get("lemma_requests") == wanted:
                return batch.id
        return None

    async def _pick_up(self) -> list[str]:
        """Store what has come in. Returns a line for each part that is still out."""
        out = []
        for part in list(self._state.parts):
            path = self._folder / part.file
            results = _results(path)
            if results.exists():
                await self._store_results(results.read_bytes().splitlines(), str(results))
            elif part.batch is None and self._server is not None and path.exists():
                out.append(await self._submit(part))
                continue
            elif part.batch is None or self._server is None:
                out.append(f"{results} is not there yet")
                continue
            elif status := await self._download(part.batch):
                out.append(status)
                continue
            self._state.parts.remove(part)
            self._save()
        return out

    async def _download(self, batch_id: str) -> str | None:
        """Store the results of a batch that is over; the status of one that is not."""
        assert self._server is not None
        client = self._server.client
        try:
            batch = await client.batches.retrieve(batch_id)
            if batch.status not in _OVER:
                counts = batch.request_counts
                done = f": {counts.completed + counts.failed:,} of {counts.total:,} done" if counts else ""
                return f"{batch_id} is {batch.status}{done}"
            for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
                content = await client.files.content(file_id)
                await self._store_results(content.content.splitlines(), batch_id)
        except LemmaError:
            raise
        except Exception as error:
            raise _fatal(self._server, error) from None
        if batch.status == "failed":
            self._state.parts = [part for part in self._state.parts if part.batch != batch_id]
            self._save()
            why = batch.errors.data[0].message if batch.errors and batch.errors.data else "the server does not say why"
            raise ModelError(f"{batch_id} failed: {why}. Fix that, then rerun the command to submit it again")
        return None

    async def _store_results(self, lines: Iterable[bytes], where: str) -> None:
        for number, line in enumerate(lines, start=1):
            try:
                result = orjson.loads(line)
                key, response = str(result["custom_id"]), result.get("response") or {}
                status, body = int(response.get("status_code") or 0), response.get("body")
            except (orjson.JSONDecodeError, LookupError, TypeError, ValueError, AttributeError):
                raise RunDirectoryError(f"{where}, line {number}: no batch result; download the file again") from None
            if status == 200 and isinstance(body, dict) and fault_of(body) in (None, "empty_answer"):
                raw = orjson.dumps(body)
                if self._store.get(key) is None:
                    usage = usage_of(raw)
                    self._ledger.add(usage)
                    await self._store.put(key, self._stage, self._ledger.model, raw, usage)
            elif 400 <= status < 500 and status not in (408, 409, 429):
                self._state.refused[key] = f"{where}: {orjson.dumps(body)[:200].decode('utf-8', 'replace')}"


def _results(path: Path) -> Path:
    return path.with_suffix(".results.jsonl")


def _fatal(server: OpenAICompatible, error: Exception) -> ModelError:
    mapped = error if isinstance(error, ModelError) else server.mapped(error)
    return mapped if isinstance(mapped, ModelError) else ModelError(f"{mapped}; rerun the command to try again")
