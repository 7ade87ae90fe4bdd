"""For models in this process: what is asked while one batch is worked on goes into the next.

gathering = Gathering(work)          # work(["a", "b"]) gives a result, or an exception, for each
result = await gathering.do("a")
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Gathering(Generic[Item, Result]):
    """`work` runs in a thread, one batch at a time.

    `choose` gives the places of those that make up the next batch; without it, all that wait do. `pause` is how many
    seconds the first batch waits for those who are about to ask.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], Sequence[Result | Exception]],
        choose: Callable[[list[Item]], list[int]] | None = None,
        pause: float = 0.0,
    ) -> None:
        self._work, self._choose, self._pause = work, choose, pause
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Result:
        """The result for an item, once its batch is done. Raises what `work` raised or returned for it."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return await done

    async def _work_off(self) -> None:
        await asyncio.sleep(self._pause)
        while self._waiting:
            batch = self._next_batch()
            try:
                results = await asyncio.to_thread(self._work, [item for item, _ in batch])
            except Exception as error:  # whatever fails here belongs to those who wait for it
                results = [error] * len(batch)
            for (_, done), result in zip(batch, results, strict=True):
                if done.done():  # its asker has gone
                    continue
                if isinstance(result, Exception):
                    done.set_exception(result)
                else:
                    done.set_result(result)
            await asyncio.sleep(0)  # those who got their results may ask for more

    def _next_batch(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        self._waiting = [(item, done) for item, done in self._waiting if not done.done()]
        if self._choose is None or not self._waiting:
            batch, self._waiting = self._waiting, []
            return batch
        chosen = self._choose([item for item, _ in self._waiting])
        batch = [self._waiting[place] for place in chosen]
        gone = set(chosen)
        self._waiting = [waiting for place, waiting in enumerate(self._waiting) if place not in gone]
        return batch
