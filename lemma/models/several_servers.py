"""Several servers of one model as one backend: `--base-url` given more than once.

Each request goes to the server with the fewest requests in flight. One that fails is left out, for longer each time,
and the request goes to the next; after that it is tried again with a single request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from lemma.models.protocol import (
    AttemptError,
    Backend,
    InterruptedAnswerError,
    OverloadedError,
    Request,
    UnreachableError,
)
from lemma.models.scoring import Score, ScoringBackend, Turn

_FIRST_REST, _LONGEST_REST = 1.0, 60.0

Answer = TypeVar("Answer")


class Server(Backend, Protocol):
    """A server, or a model elsewhere. `notes` are for the summary."""

    @property
    def identity(self) -> str: ...
    @property
    def notes(self) -> list[str]: ...


@dataclass(eq=False)
class _Server:
    """A server and how it does. It `rests` until a time after it failed."""

    backend: Server
    in_flight: int = 0
    failures: int = 0
    rests: float = 0.0

    def left_out(self) -> bool:
        """Whether it rests, or is being tried again."""
        return time.monotonic() < self.rests or (self.failures > 0 and self.in_flight > 0)

    def failed(self, at_least: float | None = None) -> None:
        """Leave it out for a while. Requests that were on their way together fail together, and count once."""
        if time.monotonic() >= self.rests:
            self.failures += 1
            wait = min(_LONGEST_REST, _FIRST_REST * 2.0 ** (self.failures - 1))
            self.rests = time.monotonic() + max(wait, min(at_least or 0.0, _LONGEST_REST))


class SeveralServers:
    """One backend of several. Raises what the last server raises if all fail."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = [_Server(server) for server in servers]
        self.name = ", ".join(server.name for server in servers)
        self.identity = servers[0].identity
        self.in_process = getattr(servers[0], "in_process", False)

    @property
    def notes(self) -> list[str]:
        """What is to be said of the servers, each thing once."""
        return list(dict.fromkeys(note for server in self._servers for note in server.backend.notes))

    async def answer(self, request: Request) -> bytes:
        """The body of a server's answer."""
        return await self._on_one(lambda backend: backend.answer(request))

    async def score(self, turn: Turn) -> list[Score]:
        """The score of each continuation."""
        return await self._on_one(lambda backend: cast(ScoringBackend, backend).score(turn))

    async def close(self) -> None:
        """Close all connections."""
        for server in self._servers:
            await server.backend.close()

    async def _on_one(self, ask: Callable[[Server], Awaitable[Answer]]) -> Answer:
        untried = list(self._servers)
        failure: AttemptError | None = None
        while untried:
            usable = [server for server in untried if not server.left_out()]
            if not usable and failure is not None:
                break
            # If all are left out, the one whose rest ends first is asked all the same: Attempts knows when to stop.
            server = min(usable, key=lambda one: one.in_flight) if usable else min(untried, key=lambda one: one.rests)
            untried.remove(server)
            server.in_flight += 1
            try:
                answer = await ask(server.backend)
            except (UnreachableError, InterruptedAnswerError, OverloadedError) as error:
                server.failed(getattr(error, "retry_after", None))
                failure = error
            except asyncio.CancelledError:  # it took too long, unless the run ends
                server.failed()
                raise
            else:
                server.failures = 0
                return answer
            finally:
                server.in_flight -= 1
        assert failure is not None
        raise failure
