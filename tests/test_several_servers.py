"""`--base-url` several times: requests are shared, a server that dies is left out, and comes back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from test_models import Handler, raw_answer, server

from lemma.cli import main
from lemma.exceptions import LemmaError
from lemma.models import several_servers
from lemma.models.attempts import Patience
from lemma.models.backend_choice import address_of, addresses_in
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.client import LiveClient
from lemma.models.costs import Ledger
from lemma.models.protocol import Message, Request, Sampling
from lemma.models.several_servers import SeveralServers
from lemma.options import ModelConfig
from lemma.rundir.responses import ResponseStore


def request(number: int) -> Request:
    return Request("m", (Message("user", f"question {number}"),), Sampling(), number)


class Fleet:
    """Some servers that answer after a while, or as they are told; `asked` counts by server, `seen` by question."""

    def __init__(self, *seconds: float) -> None:
        self.seconds, self.asked, self.seen = seconds, Counter[int](), Counter[str]()
        self.failing: dict[int, Callable[[], Awaitable[web.StreamResponse]]] = {}

    def handler(self, number: int) -> Handler:
        async def handle(asked: web.Request) -> web.Response:
            self.asked[number] += 1
            if number in self.failing:
                return await self.failing[number]()  # type: ignore[return-value]
            question = orjson.loads(await asked.read())["messages"][0]["content"]
            await asyncio.sleep(self.seconds[number])
            self.seen[question] += 1
            return web.Response(body=raw_answer(question), content_type="application/json")

        return handle

    async def run(self, folder: Path, work: Callable[[LiveClient], Awaitable[None]], dead: int = 0) -> None:
        """Do some work with a client of all servers, and of some addresses where nothing listens."""
        async with AsyncExitStack() as stack:
            urls = [await stack.enter_async_context(server(self.handler(n))) for n in range(len(self.seconds))]
            urls += [f"http://127.0.0.1:{port}/v1" for port in range(9, 9 + dead)]
            store = ResponseStore(folder / "responses.sqlite")
            backend = SeveralServers([OpenAICompatible(url, None, "K", 64) for url in urls])
            client = LiveClient(
                backend, store, Ledger("m", None), "sample", Patience(timeout=5, deadline=20, breaker=5)
            )
            try:
                await work(client)
            finally:
                await client.close()
                store.close()


async def ask_all(client: LiveClient, numbers: range) -> None:
    answers = await asyncio.gather(*(client.ask(request(number)) for number in numbers))
    assert [answer.text for answer in answers] == [f"question {number}" for number in numbers]


def test_the_least_loaded_server_is_asked(tmp_path: Path) -> None:
    """One that is twenty times as fast answers far more, also on a busy machine."""
    fleet = Fleet(0.02, 0.4)

    async def work(client: LiveClient) -> None:
        limited = asyncio.Semaphore(8)

        async def one(number: int) -> None:
            async with limited:
                await client.ask(request(number))

        await asyncio.gather(*(one(number) for number in range(60)))

    asyncio.run(fleet.run(tmp_path, work))
    assert fleet.asked.total() == 60
    assert fleet.asked[0] > 2 * fleet.asked[1] > 0
    assert set(fleet.seen.values()) == {1}


async def broken() -> web.Response:
    return web.json_response({"error": {"message": "cuda error"}}, status=500)


async def busy() -> web.Response:
    return web.json_response({"error": {"message": "later"}}, status=503)


@pytest.mark.parametrize("failure", [broken, busy])
def test_a_server_that_fails_is_left_out_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], Awaitable[web.Response]]
) -> None:
    monkeypatch.setattr(several_servers, "_FIRST_REST", 0.2)
    fleet = Fleet(0.01, 0.01)

    async def work(client: LiveClient) -> None:
        await ask_all(client, range(16))
        fleet.failing[0] = failure
        before = fleet.asked[0]
        await ask_all(client, range(16, 64))
        while_failing = fleet.asked[0] - before
        assert 1 <= while_failing <= 32
        await ask_all(client, range(64, 80))
        assert fleet.asked[0] - before - while_failing <= 1, "it is left out"
        fleet.failing.clear()
        await asyncio.sleep(0.6)
        before = fleet.asked[0]
        await ask_all(client, range(80, 81))
        await ask_all(client, range(81, 121))
        assert fleet.asked[0] > before + 10, "it is back"

    asyncio.run(fleet.run(tmp_path, work))
    assert set(fleet.seen.values()) == {1}, "nothing is answered twice"


def test_an_address_where_nothing_listens_costs_nothing(tmp_path: Path) -> None:
    fleet = Fleet(0.01)
    asyncio.run(fleet.run(tmp_path, lambda client: ask_all(client, range(40)), dead=2))
    assert fleet.asked[0] == 40


def test_if_all_fail_the_run_stops_with_the_words_of_one(tmp_path: Path) -> None:
    fleet = Fleet(0.01, 0.01)
    fleet.failing = {0: broken, 1: broken}

    async def work(client: LiveClient) -> None:
        with pytest.raises(LemmaError, match="cuda error"):
            await asyncio.wait_for(ask_all(client, range(12)), 20)

    asyncio.run(fleet.run(tmp_path, work))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("http://a/v1", ["http://a/v1"]),
        ("http://a/v1,https://b/v1", ["http://a/v1", "https://b/v1"]),
        ("http://a/v1?x=1,2, http://b/v1", ["http://a/v1?x=1,2", "http://b/v1"]),
    ],
)
def test_addresses_are_told_apart(given: str, found: list[str]) -> None:
    assert addresses_in(given) == found
    config = ModelConfig.from_mapping({"base_url": found, "backend": "openai_compatible"})
    assert addresses_in(config.base_url or "") == found
    assert (address_of(config) or "").count("http") == len(found)


def test_batches_take_one_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    urls = ("--base-url", "http://localhost:1/v1", "--base-url", "http://localhost:2/v1")
    assert main(["sample", "--model", "m", "--batch", *urls, "--limit", "1", "--run", str(tmp_path)]) == 1
    assert "one --base-url" in capsys.readouterr().err
