"""Map an asynchronous function over a command's inputs: many at once, appended in input order, bounded in memory.

The function takes one input, asks the model what it needs, and returns an `Outcome`. Each input flows on as soon as
its answers are there; what is done waits only for those before it, so that the files come out the same every time.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Generic

from rich.progress import Progress

from lemma.engine.outcome import Outcome, chunk_of
from lemma.engine.pool import Item
from lemma.exceptions import StoppedError
from lemma.models.client import Client, NotAskedError
from lemma.models.costs import BudgetReachedError
from lemma.models.factory import open_client
from lemma.options import ModelConfig
from lemma.run_files import PROBLEMS, RESPONSES
from lemma.rundir.journal import Journal
from lemma.rundir.lines import NOT_YET
from lemma.rundir.responses import ResponseStore

_FEWEST_WAITING = 1024
_WAITING_PER_ACTIVE = 8
_LARGEST_CHUNK = 256
_APPEND_SECONDS = 0.5

AskingFunction = Callable[[Item, Client], Awaitable[Outcome]]


def run_calls(
    function: AskingFunction[Item],
    inputs: Iterable[Item],
    *,
    journal: Journal,
    config: ModelConfig,
    model: str,
    progress: Progress,
    total: int | None = None,
) -> tuple[str, ...]:
    """Map `function` over the inputs that the journal has not acknowledged. Returns notes for the summary.

    Inputs may include NOT_YET. The command is marked complete once every input has answers; dry runs and pending
    batches leave it open. Raises ModelError as soon as the model can't be used, StoppedError if a command beside this
    one failed; what was done until then is kept, and every answer is stored.
    """
    store = ResponseStore(config.run / RESPONSES)
    try:
        task = progress.add_task(journal.command, total=total, completed=len(journal.done), note="")

        def show(finished: int, client: Client) -> None:
            progress.update(task, advance=finished, note=client.shown())

        _tune_collector()
        opening = partial(open_client, config, model, store)
        flow = _Flow(function, inputs, journal=journal, most_active=2 * config.max_in_flight, show=show)
        return asyncio.run(_run(flow, journal, opening))
    finally:
        store.close()


async def _run(flow: _Flow[Item], journal: Journal, opening: Callable[[], Client]) -> tuple[str, ...]:
    client = opening()
    try:
        missing = await flow.run(client)
        notes = await client.finish(missing, _accepted(journal))
        if not missing:
            journal.complete()
        return notes
    finally:
        await client.close()
        figures = client.figures(_accepted(journal))
        if figures:
            journal.note("model", figures)


def _accepted(journal: Journal) -> int:
    """How many records were made from the answers; the problems were there before."""
    return sum(count for name, count in journal.made.items() if name != PROBLEMS.noun)


def _succeeded(task: asyncio.Task[Outcome | None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _tune_collector() -> None:
    """What the imports made lives as long as the process: looking through it again and again takes a sixth of the time
    of a run with hundreds of calls a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class _Flow(Generic[Item]):
    """The inputs under way, in order: at most `most_active`; a multiple of that may wait to be appended."""

    def __init__(
        self,
        function: AskingFunction[Item],
        inputs: Iterable[Item],
        *,
        journal: Journal,
        most_active: int,
        show: Callable[[int, Client], None],
    ) -> None:
        self._function, self._journal, self._show = function, journal, show
        self._todo = (item for item in inputs if item is NOT_YET or item.id not in journal.done)
        self._most_active = most_active
        self._most_waiting = max(_FEWEST_WAITING, _WAITING_PER_ACTIVE * most_active)
        self._tasks: deque[asyncio.Task[Outcome | None]] = deque()
        self._ready: list[Outcome] = []
        self._active = self._missing = self._appended_since_shown = 0
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None
        self._appended = time.monotonic()

    async def run(self, client: Client) -> int:
        """How many inputs lack answers."""
        try:
            while self._may_go_on():
                more = self._start(client)
                self._collect()
                if self._should_append():
                    await self._append()
                    self._show_progress(client)
                elif not (more or self._tasks or self._ready):
                    return self._missing
                else:
                    await self._wait()
                    self._show_progress(client)
            await self._end()
            assert self._failure is not None
            raise self._failure
        finally:
            for task in self._tasks:
                task.cancel()

    def _may_go_on(self) -> bool:
        if self._journal.stopping and self._failure is None:
            self._failure = StoppedError()
        return self._failure is None

    def _start(self, client: Client) -> bool:
        """Start what there is room for. Whether more inputs may come."""
        while self._active < self._most_active and len(self._tasks) + len(self._ready) < self._most_waiting:
            item = next(self._todo, None)
            if item is None or item is NOT_YET:
                return item is NOT_YET
            task = asyncio.create_task(self._one(item, client))
            task.add_done_callback(self._finished)
            self._tasks.append(task)
            self._active += 1
        return True

    async def _one(self, item: Item, client: Client) -> Outcome | None:
        try:
            return await self._function(item, client)
        except NotAskedError:
            return None

    def _finished(self, task: asyncio.Task[Outcome | None]) -> None:
        self._active -= 1
        self._changed.set()
        if not task.cancelled() and task.exception() is not None and self._failure is None:
            self._failure = task.exception()

    def _collect(self) -> None:
        while self._tasks and _succeeded(self._tasks[0]):
            outcome = self._tasks.popleft().result()
            if outcome is None:
                self._missing += 1
            elif not self._missing:
                # What comes after a missing one is made again later, for nothing, so that the order stays.
                self._ready.append(outcome)

    def _should_append(self) -> bool:
        late = time.monotonic() - self._appended >= _APPEND_SECONDS
        return len(self._ready) >= _LARGEST_CHUNK or (bool(self._ready) and (late or not self._active))

    def _show_progress(self, client: Client) -> None:
        self._show(self._appended_since_shown, client)
        self._appended_since_shown = 0

    async def _append(self) -> None:
        outcomes, self._ready = self._ready, []
        await asyncio.to_thread(self._journal.append, chunk_of(outcomes))
        self._appended_since_shown += len(outcomes)
        self._appended = time.monotonic()

    async def _wait(self) -> None:
        if self._journal.sync_is_due:
            await asyncio.to_thread(self._journal.sync_when_due)
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_APPEND_SECONDS):
                await self._changed.wait()

    async def _end(self) -> None:
        """Keep what is finished. Calls under way when nothing is wrong with them are paid for: let them come in."""
        if not isinstance(self._failure, BudgetReachedError | StoppedError):
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._collect()
        if self._ready:
            await self._append()
