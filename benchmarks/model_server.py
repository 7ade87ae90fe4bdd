"""A local server with OpenAI's chat API, for benchmarks and tests: fixed latency, and faults on request.

    python benchmarks/model_server.py --latency 1.0
    python benchmarks/model_server.py --latency 0.02 --faults --log asked.log

It prints its port once it is up. Each answer depends only on the number after `problem` in the request and on how often
that problem was asked before, so two runs meet the same faults. Log lines are `asked N`, `answered N`, or a fault and
the problem that met it, such as `too_many N`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import IO

from aiohttp import web

NUMBER = re.compile(rb"problem (\d+)")
# Shares of attempts, and below of problems, as an overloaded commercial server and its proxy make them.
ATTEMPT_FAULTS = {"too_many": 0.20, "server_error": 0.05, "hung": 0.02, "cut": 0.02}
ANSWER_FAULTS = {"truncated": 0.03, "refusing": 0.005}
UNUSABLE_FAULTS = {"malformed": 0.03, "empty": 0.005}  # no answers, though they come with HTTP 200
WORDS = "It follows from what is given, one step after the other. " * 5


def drawn(faults: dict[str, float], seed: str) -> str | None:
    """One of the faults, drawn by its share, or None."""
    point = random.Random(seed).random()
    for fault, share in faults.items():
        if point < share:
            return fault
        point -= share
    return None


def answer(number: int, fault: str | None) -> bytes:
    """The body of an answer to a problem: its number and a right or wrong result."""
    text = f"Problem {number} is understood.\n{WORDS}\n2 + 2 = 4\nThe answer is {number if number % 3 else number + 1}"
    message: dict[str, str | None] = {"role": "assistant", "content": "" if fault == "empty" else text}
    if fault == "refusing":
        message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    finish_reason = "length" if fault == "truncated" else "stop"
    body = {
        "id": f"problem {number}",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 60, "total_tokens": 160},
    }
    raw = json.dumps(body).encode()
    return raw[: len(raw) // 2] if fault == "malformed" else raw


class Server:
    """Answers after `latency` seconds."""

    def __init__(self, latency: float, faults: bool, log: IO[str] | None) -> None:
        self.latency, self.faults, self.log = latency, faults, log
        self.asked: Counter[int] = Counter()

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """One chat completion, or a fault."""
        found = NUMBER.search(await request.read())
        number = int(found.group(1)) if found else 0
        self.note("asked", number)
        attempt = self.asked[number]
        self.asked[number] += 1
        # The proxy recovers after a few attempts, so that every problem is answered in the end.
        trouble = drawn(ATTEMPT_FAULTS, f"{number} {attempt}") if self.faults and attempt < 3 else None
        if trouble is not None:
            self.note(trouble, number)
            return await self.fail(request, trouble)
        await asyncio.sleep(self.latency)
        fault = drawn(UNUSABLE_FAULTS | ANSWER_FAULTS, f"{number}") if self.faults else None
        if fault not in UNUSABLE_FAULTS:
            self.note("answered", number)
        if fault is not None:
            self.note(fault, number)
        return web.Response(body=answer(number, fault), content_type="application/json")

    async def fail(self, request: web.Request, trouble: str) -> web.StreamResponse:
        """A failed attempt."""
        if trouble == "too_many":
            return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "0.2"})
        if trouble == "server_error":
            return web.json_response({"error": {"message": "it broke"}}, status=500)
        if trouble == "hung":
            await asyncio.sleep(3600)
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"id": "x", "choices": [')
        if request.transport is not None:
            request.transport.abort()
        return response

    def note(self, what: str, number: int) -> None:
        """Write a line to the log."""
        if self.log is not None:
            self.log.write(f"{what} {number}\n")
            self.log.flush()


async def serve(server: Server, port: int) -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Parse the flags and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--port", type=int, default=0)
    flags = parser.parse_args()
    log = flags.log.open("a") if flags.log else None
    asyncio.run(serve(Server(flags.latency, flags.faults, log), flags.port))


if __name__ == "__main__":
    main()
