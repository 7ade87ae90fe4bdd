"""Decide in the order of the inputs, whichever answer arrives first.

async with queue.place() as before:
    answer = await client.ask(request)      # at the same time as others
    await shield(before)                    # all inputs before this one have been decided
    decide(answer)
"""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Queue:
    """Lets coroutines decide one after another, in the order in which they took a place, however slow each one is."""

    def __init__(self) -> None:
        self._last: Future[None] | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Future[None]]:
        """A place at the end, held until the block ends. The future is done when all before have left."""
        left: Future[None] = get_running_loop().create_future()
        before, self._last = self._last, left
        if before is None:
            before = get_running_loop().create_future()
            before.set_result(None)
        try:
            yield before
        finally:
            # Also if this one fails early: the next one still has to wait for those before.
            before.add_done_callback(lambda _: left.set_result(None))
