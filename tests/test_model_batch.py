"""Asking through files and batch APIs, against a server that has the API and one that has not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from lemma.exceptions import ModelError, Refusal, RunDirectoryError
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.batch import BatchClient
from lemma.models.client import NotAskedError
from lemma.models.costs import Ledger
from lemma.models.protocol import Message, Request
from lemma.rundir.responses import ResponseStore

REQUESTS = [Request("m", (Message("user", f"What is {n}?"),)) for n in range(4)]


def result(request: Request, status: int = 200) -> bytes:
    choice = {"message": {"content": request.prompt_text()}, "finish_reason": "stop"}
    body = {"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    response = {"status_code": status, "body": body if status == 200 else {"error": {"message": "it failed"}}}
    return orjson.dumps({"id": "r", "custom_id": request.key(), "response": response, "error": None})


def one_run(folder: Path, url: str | None = None) -> tuple[list[str], tuple[str, ...]]:
    """What a run gets for each request (an answer, the reason why not, or `not yet`), and its notes."""

    async def ask(client: BatchClient, request: Request) -> str:
        try:
            return (await client.ask(request)).text
        except NotAskedError:
            return "not yet"
        except Refusal as error:
            return error.reason

    async def run() -> tuple[list[str], tuple[str, ...]]:
        store = ResponseStore(folder / "responses.sqlite")
        server = OpenAICompatible(url, None, "K", 1) if url else None
        client = BatchClient(server, store, Ledger("m", None), "sample", folder / "batch")
        try:
            got = list(await asyncio.gather(*(ask(client, request) for request in REQUESTS)))
            return got, await client.finish(got.count("not yet"), 0)
        finally:
            await client.close()
            store.close()

    return asyncio.run(run())


def requests_in(path: Path) -> list[str]:
    return [orjson.loads(line)["custom_id"] for line in path.read_bytes().splitlines()]


ANSWERS = [request.prompt_text() for request in REQUESTS]


def test_files_for_vllm_run_batch(tmp_path: Path) -> None:
    got, notes = one_run(tmp_path)
    written = tmp_path / "batch/sample-0001.jsonl"
    assert got == ["not yet"] * 4
    assert "vllm run-batch" in notes[0]
    assert requests_in(written) == [request.key() for request in REQUESTS]
    first = orjson.loads(written.read_bytes().splitlines()[0])
    assert (first["method"], first["url"], first["body"]["model"]) == ("POST", "/v1/chat/completions", "m")

    assert "not there yet" in one_run(tmp_path)[1][0]

    lines = [result(REQUESTS[0]), result(REQUESTS[1], 500), result(REQUESTS[2], 400)]
    written.with_suffix(".results.jsonl").write_bytes(b"\n".join(lines))
    got, _ = one_run(tmp_path)
    assert got == [ANSWERS[0], "not yet", "refused_request", "not yet"]
    assert requests_in(tmp_path / "batch/sample-0002.jsonl") == [REQUESTS[1].key(), REQUESTS[3].key()]

    (tmp_path / "batch/sample-0002.results.jsonl").write_bytes(b"\n".join([result(REQUESTS[1]), result(REQUESTS[3])]))
    got, notes = one_run(tmp_path)
    assert got == [ANSWERS[0], ANSWERS[1], "refused_request", ANSWERS[3]]
    assert notes == ("model: 3 calls, 3 + 6 tokens",)


def test_an_error_in_the_place_of_an_answer_is_asked_again(tmp_path: Path) -> None:
    one_run(tmp_path)
    failed = orjson.loads(result(REQUESTS[0]))
    failed["response"]["body"] = {"error": {"message": "overloaded"}, "choices": []}
    lines = [orjson.dumps(failed), *map(result, REQUESTS[1:])]
    (tmp_path / "batch/sample-0001.results.jsonl").write_bytes(b"\n".join(lines))
    assert one_run(tmp_path)[0] == ["not yet", *ANSWERS[1:]]


def test_results_that_are_none_name_the_line(tmp_path: Path) -> None:
    one_run(tmp_path)
    (tmp_path / "batch/sample-0001.results.jsonl").write_bytes(result(REQUESTS[0]) + b"\n{torn")
    with pytest.raises(RunDirectoryError, match="line 2"):
        one_run(tmp_path)


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    one_run(tmp_path)
    (tmp_path / "batch/sample.state.json").write_text("{")
    with pytest.raises(RunDirectoryError, match="move it away"):
        one_run(tmp_path)


class BatchServer:
    """The parts of OpenAI's Files and Batch APIs that are used, on a real socket."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        upload = form["file"]
        assert isinstance(upload, web.FileField)
        name = f"file-{len(self.files)}"
        self.files[name] = upload.file.read()
        return web.json_response({"id": name, "object": "file"})

    async def create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        batch = {"id": f"batch-{len(self.batches)}", "object": "batch", "status": "in_progress", **asked}
        batch["request_counts"] = {"total": 4, "completed": 1, "failed": 0}
        self.batches[batch["id"]] = batch
        return web.json_response(batch)

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"data": list(self.batches.values()), "object": "list", "has_more": False})

    async def retrieve(self, request: web.Request) -> web.Response:
        return web.json_response(self.batches[request.match_info["id"]])

    async def content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]])

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/files", self.upload)
        app.router.add_get("/v1/files/{id}/content", self.content)
        app.router.add_post("/v1/batches", self.create)
        app.router.add_get("/v1/batches", self.list)
        app.router.add_get("/v1/batches/{id}", self.retrieve)
        return app


def served(folder: Path, app: web.Application) -> tuple[list[str], tuple[str, ...]]:
    """One run while a server is up. The run has a loop of its own, in a thread."""

    async def run() -> tuple[list[str], tuple[str, ...]]:
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            return await asyncio.to_thread(one_run, folder, f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def test_the_batch_api(tmp_path: Path) -> None:
    server = BatchServer()
    got, notes = served(tmp_path, server.app())
    assert got == ["not yet"] * 4
    assert "submitted" in notes[0]
    assert "in_progress: 1 of 4 done" in served(tmp_path, server.app())[1][0]
    assert len(server.batches) == 1

    server.files |= {"out": b"\n".join(map(result, REQUESTS[:3])), "err": result(REQUESTS[3], 500)}
    server.batches["batch-0"] |= {"status": "completed", "output_file_id": "out", "error_file_id": "err"}
    got, _ = served(tmp_path, server.app())
    assert got == [*ANSWERS[:3], "not yet"]
    assert requests_in(tmp_path / "batch/sample-0002.jsonl") == [REQUESTS[3].key()]
    assert len(server.batches) == 2


def test_a_kill_between_submitting_and_writing_it_down_pays_nothing_twice(tmp_path: Path) -> None:
    server = BatchServer()
    served(tmp_path, server.app())
    state = tmp_path / "batch/sample.state.json"
    state.write_bytes(state.read_bytes().replace(b'"batch-0"', b"null"))
    served(tmp_path, server.app())
    assert len(server.batches) == 1


def test_a_failed_batch_says_why_and_is_submitted_again(tmp_path: Path) -> None:
    server = BatchServer()
    served(tmp_path, server.app())
    errors = {"data": [{"message": "token limit reached"}], "object": "list"}
    server.batches["batch-0"] |= {"status": "failed", "errors": errors, "metadata": {}}
    with pytest.raises(ModelError, match="token limit reached"):
        served(tmp_path, server.app())
    served(tmp_path, server.app())
    assert len(server.batches) == 2


def test_a_server_without_the_api_leaves_the_file(tmp_path: Path) -> None:
    _, notes = served(tmp_path, web.Application())
    assert "vllm run-batch" in notes[0]
