"""What a server can reply that is no answer, over real sockets: each is named, tried again if that may help, never
stored as an answer, and never ends the run with a traceback or with the loss of a call that is paid for.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from raw_server import KEY, RawServer, answer, ask, asking, http, request, stored

from lemma.config import SampleConfig
from lemma.exceptions import ConfigError, ModelError, Refusal, RunDirectoryError
from lemma.models.attempts import Patience
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.factory import open_backend, open_clients
from lemma.models.protocol import Response, Usage, read_answer, usable_text, usage_of
from lemma.rundir import responses
from lemma.rundir.responses import ResponseStore
from lemma.visible_text import visible

NO_HTTP = {
    "a bad status line": b"NOT HTTP AT ALL\r\n\r\n",
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\ngarbage\r\n",
    "a long header": http(answer(), 200, "X-Long: " + "a" * 20_000),
    "a control in a header": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "a body on 204": http(b'{"error": "no"}', 204),
    "no gzip": http(b"this is not gzip", 200, "Content-Encoding: gzip"),
    "a cut line": None,
}
NO_ANSWER = {
    "a late 429": http(b'{"error": {"message": "Provider returned error", "code": 429}}'),
    "a late 502": http(b'{"error": {"message": "overloaded", "code": 502}, "choices": null}'),
    "an error in a choice": http(answer("", "error", choice={"error": {"code": 502, "message": "idle"}})),
    "the end `error`": http(answer("Half of i", "error")),
    "a page": http(b"<html><body>502 Bad Gateway</body></html>"),
    "nothing": http(b""),
    "no choices": http(b'{"choices": []}'),
    "half of an answer": http(answer()[:60]),
    "deep JSON": http(b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "an empty text": http(answer(" \n")),
    "no text": http(answer(None)),
}


@pytest.mark.parametrize("fault", [*NO_HTTP, *NO_ANSWER])
def test_one_reply_that_is_no_answer_is_asked_again(tmp_path: Path, fault: str) -> None:
    reply = NO_HTTP.get(fault, NO_ANSWER.get(fault))
    (first, second), server = ask(
        tmp_path, lambda text, time: reply if text == "odd" and time == 1 else http(answer()), "odd", "good"
    )
    assert isinstance(first, Response) and isinstance(second, Response)
    assert server.asked == {"odd": 2, "good": 1}
    assert stored(tmp_path, "odd") == stored(tmp_path, "good") == answer()


@pytest.mark.parametrize("fault", [*NO_HTTP, *NO_ANSWER])
def test_a_request_that_never_brings_an_answer_is_rejected_alone(tmp_path: Path, fault: str) -> None:
    reply = NO_HTTP.get(fault, NO_ANSWER.get(fault))
    patience = Patience(timeout=2, deadline=2, breaker=20)
    (odd, good), _ = ask(
        tmp_path, lambda text, time: reply if text == "odd" else http(answer()), "odd", "good", patience=patience
    )
    assert isinstance(odd, Refusal) and isinstance(good, Response)
    assert odd.reason in ("no_answer", "malformed_answer", "empty_answer")
    assert "\n" not in odd.detail
    assert stored(tmp_path, "odd") is None


@pytest.mark.parametrize("fault", [*NO_HTTP, *NO_ANSWER, "a refusal", "a hang"])
def test_if_no_request_succeeds_the_run_stops_with_one_line(tmp_path: Path, fault: str) -> None:
    more = {"a refusal": http(b'{"error": {"message": "too long"}}', 400), "a hang": (60, b"")}
    reply = (NO_HTTP | NO_ANSWER | more)[fault]
    patience = Patience(timeout=0.5, deadline=1.5, breaker=1.0)
    with pytest.raises(ModelError, match=r"No request succeeded, so the run was stopped\.") as caught:
        ask(tmp_path, lambda text, time: reply, "a", "b", "c", patience=patience)
    assert "\n" not in str(caught.value)
    if fault == "a page":
        assert "this URL is no API" in str(caught.value)


def test_a_long_wait_for_one_request_is_that_requests_own(tmp_path: Path) -> None:
    wait = http(b'{"error": {"message": "slow down"}}', 429, "Retry-After: 100000")
    (odd, *good), _ = ask(tmp_path, lambda text, time: wait if text == "odd" else http(answer()), "odd", *"abcdef")
    assert isinstance(odd, Refusal) and odd.reason == "no_answer"
    assert "asks to wait 100,000 s" in odd.detail
    assert all(isinstance(one, Response) for one in good)


def test_many_long_waits_are_the_servers_and_stop_the_run(tmp_path: Path) -> None:
    """A daily quota that ends in mid-run rejects a few requests, not the rest of the data."""
    left = 20

    def reply(text: str, time: int) -> bytes:
        nonlocal left
        left -= 1
        return http(answer()) if left >= 0 else http(b"{}", 429, "Retry-After: 40000")

    async def run() -> None:
        server = RawServer(reply)
        patience = Patience(max_in_flight=16, timeout=2, deadline=5, breaker=2)
        async with asking(tmp_path, server, patience) as client:
            results = await asyncio.gather(*(client.ask(request(str(n))) for n in range(80)), return_exceptions=True)
        assert sum(isinstance(one, Response) for one in results) == 20
        assert sum(isinstance(one, Refusal) for one in results) <= 26, "those in flight, and a few more"
        assert sum(isinstance(one, ModelError) for one in results) >= 34

    asyncio.run(run())


def test_a_revoked_key_lets_the_calls_in_flight_come_in(tmp_path: Path) -> None:
    """They are paid for."""

    def reply(text: str, time: int) -> Any:
        return http(b'{"error": {"message": "revoked"}}', 401) if text == "late" else (0.5, http(answer()))

    with pytest.raises(ModelError, match="401: revoked"):
        ask(tmp_path, reply, "a", "b", "late", "c")
    assert [stored(tmp_path, text) for text in "abc"] == [answer()] * 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_named(tmp_path: Path, status: int) -> None:
    elsewhere = RawServer(lambda text, time: http(answer()))

    async def run() -> None:
        other = await asyncio.start_server(elsewhere.serve, "127.0.0.1", 0)
        to = f"Location: http://localhost:{other.sockets[0].getsockname()[1]}/v1/\x1b[31mchat"
        server = RawServer(lambda text, time: http(b"", status, to))
        try:
            async with asking(tmp_path, server, Patience(timeout=2, deadline=6, breaker=3)) as client:
                await client.ask(request("a"))
        finally:
            other.close()

    with pytest.raises(ModelError, match=rf"{status}, a redirect to http://localhost:\d+/v1/chat"):
        asyncio.run(run())
    assert not elsewhere.lines


def test_a_key_in_the_address_goes_behind_the_path_and_nowhere_else(tmp_path: Path) -> None:
    def reply(text: str, time: int) -> bytes:
        told = f"no: api-key=hidden%2Bvalue, hidden+value, Bearer {KEY}"
        if text == "refused":
            return http(orjson.dumps({"error": {"message": told}}), 400)
        return http(told.encode()) if text == "malformed" else http(answer(f"{told}. The answer is 7"))

    results, server = ask(
        tmp_path, reply, "good", "refused", "malformed", query="?api-key=hidden%2Bvalue&api-version=2024-02-01"
    )
    assert set(server.lines) == {"POST /v1/chat/completions?api-key=hidden%2Bvalue&api-version=2024-02-01 HTTP/1.1"}
    assert isinstance(results[0], Response) and "***" in results[0].text
    told = str([getattr(one, "detail", "") for one in results])
    for place in (told.encode(), *(path.read_bytes() for path in tmp_path.iterdir())):
        assert KEY.encode() not in place
        assert b"hidden" not in place


@pytest.mark.parametrize(
    ("url", "key", "says"),
    [
        ("http://user:pw@localhost:1/v1", None, "has a user name or password"),
        ("http://user@localhost:1/v1", None, "has a user name or password"),
        ("http://localhost:99999/v1", None, "is no address"),
        ("http://[::1/v1", None, "is no address"),
        ("localhost:8000/v1", None, "is no http address"),
        ("", None, "is no http address"),
        ("\x1b]0;title\x07ftp://x", None, "is no http address"),
        ("http://localhost:1/v1", "sk-a\nX-Other: b", "SOME_KEY has a line break"),
        ("http://localhost:1/v1", "schlüssel", "SOME_KEY has a line break"),
    ],
)
def test_an_address_or_key_that_cant_be_used_is_one_line(url: str, key: str | None, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        OpenAICompatible(url, key, "SOME_KEY")
    assert str(caught.value).isprintable()
    assert "pw" not in str(caught.value).replace("password", "")


def test_what_a_server_says_is_only_text(tmp_path: Path) -> None:
    said = "no \x1b]52;c;aGVsbG8=\x07 \x1b[31mway\x1b[0m\u202e\n\x9b2J out"
    with pytest.raises(ModelError) as caught:
        ask(tmp_path, lambda text, time: http(orjson.dumps({"error": {"message": said}}), 401), "a")
    assert "answers 401: no way out; the key" in str(caught.value)
    assert visible(said) == "no way out"
    assert visible("a" * 10, 5) == "aaaa…"


USAGE = [
    (b'{"prompt_tokens": 9223372036854775808, "completion_tokens": 1}', Usage(0, 1)),
    (b'{"prompt_tokens": -5, "completion_tokens": 1e400}', Usage(0, 0)),
    (b'{"prompt_tokens": 12.7, "completion_tokens": "34"}', Usage(12, 34)),
    (b'{"prompt_tokens": NaN, "completion_tokens": null}', Usage(0, 0)),
    (b'{"prompt_tokens": [1], "completion_tokens": {}}', Usage(0, 0)),
    (b"[1, 2]", Usage(0, 0)),
    (b'"many"', Usage(0, 0)),
    (b"9" * 400, Usage(0, 0)),
]


@pytest.mark.parametrize(("usage", "counted"), USAGE)
def test_no_usage_keeps_an_answer_from_being_stored(tmp_path: Path, usage: bytes, counted: Usage) -> None:
    raw = answer(usage=...)[:-1] + b',"usage":' + usage + b"}"
    assert usage_of(raw) == counted
    (odd, good), _ = ask(tmp_path, lambda text, time: http(raw if text == "odd" else answer()), "odd", "good")
    assert isinstance(odd, Response) and isinstance(good, Response)
    assert stored(tmp_path, "odd") == raw


def test_a_writer_that_fails_fails_all_that_wait_for_it(tmp_path: Path) -> None:
    async def run() -> list[Any]:
        store = ResponseStore(tmp_path / "responses.sqlite")
        huge = Usage(2**63, 0)  # SQLite can't take it, and that is no error of SQLite's own
        try:
            async with asyncio.timeout(5):
                puts = [store.put("a", "s", "m", b"x", huge), store.put("b", "s", "m", b"x", Usage())]
                first = await asyncio.gather(*puts, return_exceptions=True)
                late = store.put("c", "s", "m", b"x", Usage())
                return [*first, *await asyncio.gather(late, return_exceptions=True)]
        finally:
            store.close()

    failed = asyncio.run(run())
    assert any(isinstance(one, RunDirectoryError) for one in failed)
    assert isinstance(failed[0], RunDirectoryError) and isinstance(failed[2], RunDirectoryError)


@pytest.mark.parametrize("end", ["eos", "eos_token", "stop_sequence", "end_turn", "STOP", "COMPLETE", None, "", ...])
def test_natural_ends_by_any_name(end: object) -> None:
    choice = {"message": {"content": "6 x 7 = 42\nThe answer is 42"}} | ({} if end is ... else {"finish_reason": end})
    assert usable_text(read_answer(orjson.dumps({"choices": [choice]}))).endswith("42")


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"message": {"content": "6 x 7 = 4"}, "finish_reason": None}, "unknown_end"),
        ({"message": {"content": "6 x 7 = 4"}, "finish_reason": "MAX_TOKENS"}, "cut_off"),
        ({"message": {"content": "6 x 7 = 4"}, "finish_reason": "SAFETY"}, "refused"),
        ({"message": {"content": "6 x 7 = 4"}, "finish_reason": "weird"}, "unnatural_stop"),
        ({"message": {"content": None, "reasoning_content": "It is 42"}, "finish_reason": "stop"}, "only_reasoning"),
        ({"message": {"content": "", "reasoning": "It is 42"}, "finish_reason": "stop"}, "only_reasoning"),
        ({"message": {"content": None, "reasoning_content": "It is"}, "finish_reason": "length"}, "cut_off"),
        ({"message": {"content": None, "tool_calls": [{}]}, "finish_reason": "tool_calls"}, "unnatural_stop"),
    ],
)
def test_other_ends_are_named(choice: object, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        usable_text(read_answer(orjson.dumps({"choices": [choice]})))
    assert caught.value.reason == reason


CHUNKS = [
    {"choices": [{"delta": {"content": "6 x 7 = 42\n"}, "finish_reason": None}]},
    {"choices": [{"delta": {"content": "The answer is 42"}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}},
]


@pytest.mark.parametrize(
    "raw",
    [
        answer(),
        b"\xef\xbb\xbf" + answer(),
        b"\n\n  \n" + answer(),
        b": OPENROUTER PROCESSING\n\n" + answer(),
        answer()[:-1] + b',"score":NaN}',
        b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in CHUNKS) + b"data: [DONE]\n\n",
        answer([{"type": "thinking", "thinking": "7 x 6"}, {"type": "text", "text": "6 x 7 = 42\nThe answer is 42"}]),
        answer(choice={"logprobs": [-0.1, -0.2]}),
        answer(choice={"logprobs": {"content": [{"token": "4", "logprob": None}]}}),
    ],
    ids=["plain", "mark", "blanks", "comment", "NaN", "streamed", "parts", "logprobs as list", "logprob null"],
)
def test_answers_in_other_forms_are_answers(tmp_path: Path, raw: bytes) -> None:
    (read,), _ = ask(tmp_path, lambda text, time: http(raw), "a")
    assert isinstance(read, Response)
    assert (usable_text(read), read.usage) == ("6 x 7 = 42\nThe answer is 42", Usage(10, 5))


def test_half_a_character_is_replaced() -> None:
    assert read_answer(answer("7 @@").replace(b"@@", rb"\ud83d")).text == "7 ?"


def test_one_request_that_is_flagged_is_not_a_wrong_key(tmp_path: Path) -> None:
    flagged = http(b'{"error": {"message": "your input was flagged for \\"self-harm\\"", "code": 403}}', 403)
    (odd, good), _ = ask(tmp_path, lambda text, time: flagged if text == "odd" else http(answer()), "odd", "good")
    assert isinstance(odd, Refusal) and odd.reason == "refused_request"
    assert isinstance(good, Response)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package with a backend."""
    info = tmp_path / "other_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lemma.backends]\nother = other_backend:Other\n")
    (tmp_path / "other_backend.py").write_text(
        "class Other:\n"
        "    def __init__(self, config, model):\n"
        "        self.name = f'other {model}'\n"
        "    async def answer(self, request):\n"
        f"        return {answer()!r}\n"
        "    async def close(self): ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("other_backend", None)


def test_a_backend_of_another_package(package: None, tmp_path: Path) -> None:
    config = SampleConfig(run=tmp_path, backend="other")
    assert open_backend("other", config, "m").name == "other m"
    with pytest.raises(ConfigError, match="there are: openai_compatible, transformers, vllm, scripted, other"):
        open_backend("magic", config, "m")

    async def run() -> Response:
        store = ResponseStore(tmp_path / responses.FILE)
        client = open_clients({"m": config}, store)
        try:
            return await client.ask(request("a"))
        finally:
            await client.close()
            store.close()

    assert asyncio.run(run()).text.endswith("42")


def test_nothing_that_talks_to_servers_is_imported_before_a_request(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from lemma.cli import main
from lemma.config import SampleConfig
from lemma.models.factory import open_clients
from lemma.rundir.responses import ResponseStore
assert main(["augment", "--limit", "9", "--run", {str(tmp_path / "run")!r}, "--workers", "1"]) == 0
store = ResponseStore(Path({str(tmp_path / "responses.sqlite")!r}))
open_clients({{"m": SampleConfig(base_url="http://localhost:1/v1")}}, store)
store.close()
print(sorted({{"openai", "aiohttp", "httpx2", "httpx"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
