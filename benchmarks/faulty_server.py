"""A server with an OpenAI-compatible address that fails in every way, for `benchmarks/attack.py`.

The question names the fault: `[[status 503 html]]`; several, divided by `;`, come one after the other, and then a good
answer. What it was asked and whether that was answered well is a line of its log.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

STATUSES = (
    *(201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413),
    *(415, 418, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 507, 508, 520, 522, 524),
    *(529, 530, 598, 599, 600, 999),
)
BODIES = {
    "empty": b"",
    "html": b"<html><body>\x1b]52;c;aGk=\x07 Bad Gateway</body></html>",
    "error": json.dumps({"error": {"message": "no \x1b]52;c;aGk=\x07[bold]way[/]\nat all", "code": None}}).encode(),
}
STRANGE: tuple[Any, ...] = (None, 0, 1.5, True, "x", "", [], {}, [None], [[]], [1], {"a": 1}, -1, 1e308, "\ud800", "\0")


def _answer(**changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "3 + 4 = 7\nThe answer is 7"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 3}
    return {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage} | changes


def _http(status: int, body: bytes, headers: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n{headers}\r\n".encode()
        + body
    )


def _ok(**changes: Any) -> bytes:
    return _http(200, json.dumps(_answer(**changes)).encode())


def _with(part: str, value: Any) -> bytes:
    """An answer with something strange in one place."""
    answer = _answer()
    choice = answer["choices"][0]
    places = {
        "answer": (answer, None), "choices": (answer, "choices"), "usage": (answer, "usage"), "choice": (answer, 0),
        "message": (choice, "message"), "content": (choice["message"], "content"), "index": (choice, "index"),
        "finish_reason": (choice, "finish_reason"), "prompt_tokens": (answer["usage"], "prompt_tokens"),
    }  # fmt: skip
    holder, key = places[part]
    if key is None:
        return _http(200, json.dumps(value).encode())
    if key == 0:
        answer["choices"] = [value]
    else:
        holder[key] = value
    return _http(200, json.dumps(answer).encode())


_GOOD = json.dumps(_answer()).encode()
SENT: dict[str, bytes] = {
    **{f"status {status} {name}": _http(status, body) for status in STATUSES for name, body in BODIES.items()},
    **{
        f"strange {part} {number}": _with(part, value)
        for part in ("answer", "choices", "choice", "message", "content", "finish_reason", "usage", "prompt_tokens")
        for number, value in enumerate(STRANGE)
    },
    **{
        f"retry after {number}": _http(429, b"{}", f"Retry-After: {value}\r\n")
        for number, value in enumerate(
            ["0", "0.1", "-1", "x", "1e9", "nan", "inf", "Wed, 21 Oct 2015 07:28:00 GMT", ""]
        )
    },
    "html": _http(200, BODIES["html"]),
    "error in 200": _http(200, BODIES["error"]),
    "empty": _http(200, b""),
    "half": _http(200, _GOOD[:-20]),
    "not UTF-8": _http(200, _GOOD.replace(b"answer", b"\xff\xfe")),
    "many choices": _ok(choices=_answer()["choices"] * 7),
    "large": _http(200, _GOOD.replace(b"answer", b"x" * 3_000_000)),
    "many steps": _http(200, _GOOD.replace(b"3 + 4", b"1 + 1 = 2\\n" * 5000 + b"3 + 4")),
    "deep": _http(200, b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "no HTTP": b"NOT HTTP AT ALL\r\n\r\n",
    "bad chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\ngarbage\r\n",
    "no gzip": _http(200, b"this is not gzip", "Content-Encoding: gzip\r\n"),
    "gzip bomb": _http(200, gzip.compress(b" " * 50_000_000 + _GOOD, 9), "Content-Encoding: gzip\r\n"),
    "unknown encoding": _http(200, _GOOD, "Content-Encoding: br\r\n"),
    "redirect to itself": _http(307, b"", "Location: /v1/chat/completions\r\n"),
    "redirect away": _http(307, b"", "Location: http://127.0.0.1:9/v1/chat/completions\r\n"),
    "long header": _http(200, _GOOD, f"X-Long: {'a' * 200_000}\r\n"),
    "control in header": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "too short": _http(200, _GOOD, length=10**6),
    "two answers": _http(200, _GOOD) + _http(200, _GOOD),
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n" + _http(200, _GOOD),
    "nothing": b"",
    "cut": _http(200, _GOOD)[:-30],
}
SLOW = ("hang", "trickle", "reset", "late")
KINDS = (*SENT, *SLOW)


def mixtures(count: int, random_: random.Random) -> list[str]:
    """Several faults one after the other."""
    return ["; ".join(random_.sample(KINDS, random_.randint(2, 4))) for _ in range(count)]


class _Server:
    def __init__(self, log: Path) -> None:
        self._log, self._times = log, Counter[str]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(size[1]) if size else 0)
                question = re.findall(rb"\[\[(.*?)\]\]", body)
                asked = question[-1].decode() if question else ""
                faults = [] if asked.startswith("good") else asked.partition(" at ")[0].split("; ")
                turn = self._times[asked]
                self._times[asked] += 1
                # A single fault stays for ever.
                fault = None if not faults or turn >= len(faults) > 1 else faults[min(turn, len(faults) - 1)]
                with self._log.open("a") as log:
                    log.write(f"{asked}\t{'good' if fault is None else fault}\n")
                if not await self._answer(fault, writer):
                    return
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, fault: str | None, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open."""
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "late":
            await asyncio.sleep(0.5)
        if fault == "trickle":
            for byte in _http(200, _GOOD):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.3)
        writer.write(SENT.get(fault or "", _http(200, _GOOD)))
        await writer.drain()
        if fault == "reset":
            writer.transport.abort()
        return fault not in ("nothing", "cut", "reset", "no HTTP", "bad chunks", "too short")


def serve(log: Path, told: int) -> None:
    """Serve until killed; the port goes to a file descriptor."""

    async def run() -> None:
        server = await asyncio.start_server(_Server(log).serve, "127.0.0.1", 0, limit=2**24)
        os.write(told, str(server.sockets[0].getsockname()[1]).encode())
        os.close(told)
        await server.serve_forever()

    asyncio.run(run())
