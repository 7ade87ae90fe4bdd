"""A server on 127.0.0.1 that replies with whatever bytes a test gives it, and a client that asks it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import Refusal
from lemma.models.attempts import Patience
from lemma.models.backends.openai_compatible import OpenAICompatible
from lemma.models.client import LiveClient, ask_all
from lemma.models.costs import Ledger
from lemma.models.protocol import Message, Request, Response
from lemma.rundir.responses import ResponseStore

KEY = "sk-very-secret-1234"


def answer(text: object = "6 x 7 = 42\nThe answer is 42", finish_reason: object = "stop", **more: Any) -> bytes:
    choice = {"message": {"content": text}, "finish_reason": finish_reason} | more.pop("choice", {})
    body = {"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 5}, **more}
    return orjson.dumps({name: value for name, value in body.items() if value is not ...})


def http(body: bytes, status: int = 200, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


class RawServer:
    """Replies with bytes, whatever they are, after so many seconds if a number comes first; None cuts the line."""

    def __init__(self, reply: Callable[[str, int], Any]) -> None:
        self.reply = reply
        self.asked: Counter[str] = Counter()
        self.lines: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-l")
                )
                body = orjson.loads(await reader.readexactly(length))
                self.lines.append(head.splitlines()[0])
                self.bodies.append(body)
                text = body["messages"][-1]["content"]
                self.asked[text] += 1
                reply = self.reply(text, self.asked[text])
                if callable(reply):  # it depends on what was sent
                    reply = reply(body)
                if isinstance(reply, tuple):
                    await asyncio.sleep(reply[0])
                    reply = reply[1]
                if reply is None:
                    writer.transport.abort()
                    return
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def asking(
    folder: Path, server: RawServer, patience: Patience, query: str = "", ask_again: tuple[str, ...] = ()
) -> AsyncIterator[LiveClient]:
    store = ResponseStore(folder / "responses.sqlite")
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1{query}"
    client = LiveClient(
        OpenAICompatible(url, KEY, "SOME_KEY", 16), store, Ledger("m", None), "sample", patience, ask_again=ask_again
    )
    try:
        yield client
    finally:
        await client.close()
        store.close()
        listening.close()


def request(text: str) -> Request:
    return Request("m", (Message("user", text),))


def ask(
    folder: Path, reply: Callable[[str, int], Any], *texts: str, patience: Patience | None = None, query: str = ""
) -> tuple[list[Response | Refusal], RawServer]:
    """What comes of some requests asked at once."""
    server = RawServer(reply)

    async def run() -> list[Response | Refusal]:
        async with asking(folder, server, patience or Patience(timeout=2, deadline=6, breaker=3), query) as client:
            return await ask_all(client, map(request, texts))

    return asyncio.run(run()), server


def stored(folder: Path, text: str) -> bytes | None:
    store = ResponseStore(folder / "responses.sqlite")
    try:
        return store.get(request(text).key())
    finally:
        store.close()
