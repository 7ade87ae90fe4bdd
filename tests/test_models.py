"""Models: what an answer is, how failures are told apart, and what stops a run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from lemma.exceptions import ConfigError, ModelError, Refusal, RunDirectoryError
from lemma.models.backend_choice import OPENAI
from lemma.models.backends.openai_compatible import OpenAICompatible, retry_after
from lemma.models.backends.scripted import Scripted
from lemma.models.client import DryClient, LiveClient, NotAskedError, Patience, ask_all
from lemma.models.costs import BudgetReachedError, Ledger, Price, read_prices
from lemma.models.protocol import Message, Request, Sampling, Usage, read_answer, usable_text, usage_of
from lemma.rundir.responses import ResponseStore

KEY = "sk-secret-1234"
CHAT = (Message("user", "What is 6 x 7?"),)
Handler = Callable[[web.Request], Awaitable[web.Response]]


def raw_answer(text: object = "42", finish_reason: object = "stop", **message: object) -> bytes:
    choice = {"message": {"content": text, **message}, "finish_reason": finish_reason}
    return orjson.dumps({"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/v1/{rest:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def live(
    handler: Handler, folder: Path, ledger: Ledger | None = None, patience: Patience | None = None
) -> AsyncIterator[LiveClient]:
    """A client that asks a server whose answers `handler` gives."""
    store = ResponseStore(folder / "responses.sqlite")
    patience = patience or Patience(max_in_flight=4, timeout=10, deadline=30, breaker=30)
    async with server(handler) as url:
        backend = OpenAICompatible(url, KEY, "SOME_KEY", patience.max_in_flight)
        client = LiveClient(backend, store, ledger or Ledger("m", None), "sample", patience)
        try:
            yield client
        finally:
            await client.close()
            store.close()


def answering(status: int, body: object, **headers: str) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return handle


class TestAnswers:
    @pytest.mark.parametrize(
        ("raw", "text", "finish_reason"),
        [
            (raw_answer(), "42", "stop"),
            (raw_answer(finish_reason="length"), "42", "length"),
            (raw_answer(None, refusal="no"), "", "refusal"),
            (raw_answer(None, "content_filter"), "", "content_filter"),
            (b'{"choices": [{"text": "42", "finish_reason": "stop"}]}', "42", "stop"),
        ],
    )
    def test_are_read(self, raw: bytes, text: str, finish_reason: str) -> None:
        response = read_answer(raw)
        assert (response.text, response.finish_reason) == (text, finish_reason)

    @pytest.mark.parametrize(
        "raw",
        [b"", b"{", b"[]", b"null", b"\xff", b'{"choices": []}', b'{"choices": [{"message": 3}]}', raw_answer(3)],
    )
    def test_malformed_ones_are_named_so_and_count_no_tokens(self, raw: bytes) -> None:
        with pytest.raises(Refusal) as caught:
            read_answer(raw)
        assert caught.value.reason == "malformed_answer"
        assert usage_of(raw) in (Usage(), Usage(10, 5))

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (raw_answer(finish_reason="length"), "cut_off"),
            (raw_answer(None, refusal="no"), "refused"),
            (raw_answer(finish_reason="content_filter"), "refused"),
            (raw_answer(finish_reason="tool_calls"), "unnatural_stop"),
            (raw_answer(finish_reason=None), "unknown_end"),
            (raw_answer(" \n"), "empty_answer"),
        ],
    )
    def test_only_a_natural_end_makes_a_usable_text(self, raw: bytes, reason: str) -> None:
        with pytest.raises(Refusal) as caught:
            usable_text(read_answer(raw))
        assert caught.value.reason == reason

    def test_logprobs_of_chats_and_completions(self) -> None:
        chat = {"content": [{"token": "4", "logprob": -0.5}, {"token": "2", "logprob": -0.25}]}
        choice = {"message": {"content": "42"}, "finish_reason": "stop", "logprobs": chat}
        assert read_answer(orjson.dumps({"choices": [choice]})).token_logprobs == (-0.5, -0.25)
        plain = {"text": "42", "finish_reason": "stop", "logprobs": {"token_logprobs": [None, -0.25]}}
        assert read_answer(orjson.dumps({"choices": [plain]})).token_logprobs == (-0.25,)


class TestKeys:
    BASE = Request("m", CHAT, Sampling(0.7, 1.0, 100))

    @pytest.mark.parametrize(
        "other",
        [
            Request("n", CHAT, Sampling(0.7, 1.0, 100)),
            Request("m", (Message("system", "What is 6 x 7?"),), Sampling(0.7, 1.0, 100)),
            Request("m", (*CHAT, *CHAT), Sampling(0.7, 1.0, 100)),
            Request("m", "What is 6 x 7?", Sampling(0.7, 1.0, 100)),
            Request("m", CHAT, Sampling(0.8, 1.0, 100)),
            Request("m", CHAT, Sampling(0.7, 0.9, 100)),
            Request("m", CHAT, Sampling(0.7, 1.0, 101)),
            Request("m", CHAT, Sampling(0.7, 1.0, 100, ("x",))),
            Request("m", CHAT, Sampling(0.7, 1.0, 100, (), True)),
            Request("m", CHAT, Sampling(0.7, 1.0, 100), 1),
            Request("m", CHAT, Sampling(0.7, 1.0, 100), response_schema={"type": "object"}),
        ],
    )
    def test_differ_with_every_input(self, other: Request) -> None:
        assert other.key() != self.BASE.key()

    def test_do_not_differ_otherwise(self) -> None:
        assert Request("m", CHAT, Sampling(0.7, 1.0, 100)).key() == self.BASE.key()


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "body", "says"),
        [
            (401, {"error": {"message": f"Incorrect API key: {KEY}"}}, "SOME_KEY"),
            (403, {"error": {"message": "not allowed"}}, "SOME_KEY"),
            (404, {"error": {"message": "The model `m` does not exist"}}, "model"),
            (402, {"error": {"message": "no money"}}, "credit"),
            (429, {"error": {"message": "quota", "code": "insufficient_quota"}}, "credit"),
        ],
    )
    def test_that_asking_again_will_not_mend_stop_the_run_at_once(
        self, tmp_path: Path, status: int, body: object, says: str
    ) -> None:
        asked = []

        async def handle(request: web.Request) -> web.Response:
            asked.append(await request.read())
            return web.json_response(body, status=status)

        async def ask() -> None:
            async with live(handle, tmp_path) as client:
                await client.ask(Request("m", CHAT))

        with pytest.raises(ModelError) as caught:
            asyncio.run(ask())
        assert says in str(caught.value)
        assert KEY not in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(asked) == 1

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
    def test_that_may_pass_are_tried_again(self, tmp_path: Path, status: int) -> None:
        statuses = iter([status])

        async def handle(request: web.Request) -> web.Response:
            failed = next(statuses, None)
            if failed is None:
                return web.Response(body=raw_answer(), content_type="application/json")
            return web.json_response({}, status=failed, headers={"retry-after-ms": "10"})

        async def ask() -> str:
            async with live(handle, tmp_path) as client:
                return (await client.ask(Request("m", CHAT))).text

        assert asyncio.run(ask()) == "42"

    def test_of_one_request_reject_that_request(self, tmp_path: Path) -> None:
        async def handle(request: web.Request) -> web.Response:
            if b"long" in await request.read():
                return web.json_response({"error": {"message": "too long"}}, status=400)
            return web.Response(body=raw_answer(), content_type="application/json")

        async def ask() -> None:
            async with live(handle, tmp_path) as client:
                await ask_all(client, [Request("m", CHAT)])
                await client.ask(Request("m", (Message("user", "long"),)))

        with pytest.raises(Refusal, match="too long") as caught:
            asyncio.run(ask())
        assert caught.value.reason == "refused_request"

    def test_of_every_request_stop_the_run(self, tmp_path: Path) -> None:
        async def ask() -> None:
            async with live(answering(400, {"error": {"message": "no such field"}}), tmp_path) as client:
                await ask_all(client, (Request("m", CHAT, sample_index=index) for index in range(40)))

        with pytest.raises(ModelError, match="no such field"):
            asyncio.run(ask())

    def test_a_server_that_only_says_429_stops_the_run_with_its_words(self, tmp_path: Path) -> None:
        async def ask() -> None:
            handler = answering(429, {"error": {"message": "come back"}}, **{"Retry-After": "0.1"})
            patience = Patience(max_in_flight=4, timeout=10, deadline=30, breaker=1)
            async with live(handler, tmp_path, patience=patience) as client:
                await ask_all(client, (Request("m", CHAT, sample_index=index) for index in range(20)))

        with pytest.raises(ModelError, match="come back"):
            asyncio.run(ask())

    def test_a_call_ends_at_its_deadline(self, tmp_path: Path) -> None:
        async def handle(request: web.Request) -> web.Response:
            if b"hang" in await request.read():
                await asyncio.sleep(2)
            return web.Response(body=raw_answer(), content_type="application/json")

        async def ask() -> list[object]:
            patience = Patience(max_in_flight=4, timeout=1, deadline=3, breaker=60)
            async with live(handle, tmp_path, patience=patience) as client:
                return list(await ask_all(client, (Request("m", (Message("user", text),)) for text in ("hang", "do"))))

        hung, answered = asyncio.run(ask())
        assert isinstance(hung, Refusal)
        assert hung.reason == "no_answer"
        assert not isinstance(answered, Refusal)

    def test_without_a_key_openai_is_not_even_asked(self) -> None:
        with pytest.raises(ModelError, match="SOME_KEY is not set"):
            OpenAICompatible(OPENAI, None, "SOME_KEY", 1)

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "3"}, 3),
            ({"retry-after": "0.5"}, 0.5),
            ({"retry-after": "-1"}, 0),
            ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
            ({"retry-after": "soon"}, None),
        ],
    )
    def test_retry_after(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry_after(headers) == seconds


class TestStoredAnswers:
    def test_are_not_asked_again_by_anybody(self, tmp_path: Path) -> None:
        asked = []

        async def handle(request: web.Request) -> web.Response:
            asked.append(request.path)
            return web.Response(body=raw_answer(), content_type="application/json")

        async def ask(times: int) -> None:
            async with live(handle, tmp_path) as client:
                await asyncio.gather(*(client.ask(Request("m", CHAT)) for _ in range(times)))

        asyncio.run(ask(5))
        asyncio.run(ask(5))
        assert asked == ["/v1/chat/completions"]

    def test_a_damaged_store_says_so_in_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / "responses.sqlite"
        path.write_bytes(b"this is no database" * 1000)
        with pytest.raises(RunDirectoryError, match="is damaged") as caught:
            ResponseStore(path)
        assert "\n" not in str(caught.value)

    def test_damage_found_later_says_so_too(self, tmp_path: Path) -> None:
        path = tmp_path / "responses.sqlite"
        store = ResponseStore(path)

        async def fill() -> None:
            await asyncio.gather(*(store.put(f"{n:032}", "s", "m", b"x" * 500, Usage(1, 1)) for n in range(500)))

        asyncio.run(fill())
        store.close()
        content = bytearray(path.read_bytes())
        content[4096 : len(content) - 4096] = b"\xa5" * (len(content) - 8192)
        path.write_bytes(content)
        damaged = ResponseStore(path)
        with pytest.raises(RunDirectoryError, match="is damaged"):
            for number in range(500):
                damaged.get(f"{number:032}")
        damaged.close()


class TestCosts:
    def test_a_budget_stops_before_it_is_exceeded_and_keeps_what_was_answered(self, tmp_path: Path) -> None:
        async def ask() -> None:
            ledger = Ledger("m", None, budget_tokens=100)
            handler = answering(200, orjson.loads(raw_answer()))
            async with live(handler, tmp_path, ledger, Patience(max_in_flight=2)) as client:
                for index in range(100):
                    await client.ask(Request("m", CHAT, sample_index=index))

        with pytest.raises(BudgetReachedError, match="budget of 100 tokens"):
            asyncio.run(ask())
        store = ResponseStore(tmp_path / "responses.sqlite")
        spent = store.spent("sample")
        store.close()
        assert spent.calls == 6  # of 15 tokens each
        assert spent.tokens == {"m": Usage(60, 30)}

    def test_money_is_only_counted_with_prices(self, tmp_path: Path) -> None:
        path = tmp_path / "prices.yaml"
        path.write_text("m: {input: 1.0, output: 10.0}\n")
        ledger = Ledger("m", read_prices(path)["m"])
        ledger.add(Usage(1_000_000, 100_000))
        assert ledger.usd == pytest.approx(2.0)
        unknown = Ledger("n", read_prices(path).get("n"))
        unknown.add(Usage(1_000_000, 100_000))
        assert unknown.usd is None
        assert unknown.manifest(accepted=0)["cost_usd"] is None
        with pytest.raises(ConfigError, match="--prices"):
            Ledger("n", None, budget_usd=1.0)

    @pytest.mark.parametrize("text", ["m: 3", "m: {input: 1}", "m: {input: -1, output: 1}", "[", "- a"])
    def test_prices_that_are_none_are_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "prices.yaml"
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"prices\.yaml"):
            read_prices(path)

    def test_a_dry_run_counts_each_request_once(self, tmp_path: Path) -> None:
        async def ask() -> tuple[str, ...]:
            store = ResponseStore(tmp_path / "responses.sqlite")
            client = DryClient(store)
            for index in (0, 1, 1):
                with pytest.raises(NotAskedError):
                    await client.ask(Request("m", CHAT, sample_index=index))
            store.close()
            return await client.finish(3, 0)

        assert "2 calls" in asyncio.run(ask())[0]

    def test_what_each_accepted_record_has_cost(self) -> None:
        ledger = Ledger("m", Price(input=2, output=4))
        assert (ledger.shown_share(3), ledger.manifest(0)["usd_per_accepted"]) == ("", None)
        ledger.add(Usage(300_000, 100_000))
        assert ledger.shown_share(4) == "; 100,000 tokens, 0.2500 USD for each record made"
        assert (ledger.manifest(4)["tokens_per_accepted"], ledger.manifest(4)["usd_per_accepted"]) == (100_000, 0.25)
        unpriced = Ledger("m", None)
        unpriced.add(Usage(10, 5))
        assert unpriced.shown_share(3) == "; 5 tokens for each record made"
        assert unpriced.manifest(3)["usd_per_accepted"] is None

    def test_prices_are_for_a_million_tokens(self) -> None:
        ledger = Ledger("m", Price(input=2, output=4))
        ledger.add(Usage(500_000, 250_000))
        assert ledger.usd == pytest.approx(2.0)


class TestScripted:
    def answers(self, folder: Path, rules: str, prompt: str, count: int = 1) -> list[str]:
        path = folder / "rules.yaml"
        path.write_text(rules)
        backend = Scripted(str(path))

        async def ask(index: int) -> str:
            request = Request("m", (Message("user", prompt),), sample_index=index)
            return read_answer(await backend.answer(request)).text

        return [asyncio.run(ask(index)) for index in range(count)]

    def test_the_first_rule_that_fits_answers(self, tmp_path: Path) -> None:
        rules = "rules: [{contains: [duck, egg], answers: [a, b]}, {contains: duck, answers: c}, {answers: [d]}]"
        assert self.answers(tmp_path, rules, "duck egg", 3) == ["a", "b", "a"]
        assert self.answers(tmp_path, rules, "duck") == ["c"]
        assert self.answers(tmp_path, rules, "goose") == ["d"]

    def test_text_of_the_prompt_is_only_data(self, tmp_path: Path) -> None:
        rules = r"rules: [{matches: 'say (?P<it>.*)', answers: ['\g<it>']}]"
        assert self.answers(tmp_path, rules, r"say \g<0> {{ 7 * 7 }} {0}") == [r"\g<0> {{ 7 * 7 }} {0}"]

    @pytest.mark.parametrize(
        "rules",
        ["", "rules: 3", "rules: [{answers: []}]", "rules: [{answer: x}]", "rules: [{matches: '(', answers: x}]", "["],
    )
    def test_a_file_that_holds_no_rules_is_refused(self, tmp_path: Path, rules: str) -> None:
        path = tmp_path / "rules.yaml"
        path.write_text(rules)
        with pytest.raises(ConfigError, match=r"rules\.yaml"):
            Scripted(str(path))
