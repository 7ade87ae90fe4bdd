"""Map an asynchronous function over a command's inputs: many at once, appended in input order, bounded in memory.

The function takes one input, asks the model what it needs, and returns an `Outcome`. Each input proceeds as soon as its
answers are there; a finished one waits only for those before it, so that the files are the same every time.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Generic

from rich.progress import Progress

from lemma.engine.outcome import Outcome, chunk_of
from lemma.engine.pool import Item
from lemma.engine.ray_models import open_model
from lemma.exceptions import StoppedError
from lemma.models.backend_choice import requests_at_once
from lemma.models.client import Client, NotAskedError
from lemma.models.costs import BudgetReachedError
from lemma.models.factory import open_clients
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
    models: Mapping[str, ModelConfig],
    progress: Progress,
    total: int | None = None,
) -> tuple[str, ...]:
    """Map `function` over the inputs that the journal has not acknowledged. Returns notes for the summary.

    `models` are those that it asks, with how to reach each. Inputs may include NOT_YET. The command is marked complete
    once every input has answers; dry runs and pending batches leave it open. Raises ModelError as soon as the model
    cannot be used, StoppedError if a command that runs side by side failed; what was made until then is kept, and every
    answer is stored.
    """
    store = ResponseStore(config.run / RESPONSES)
    task = progress.add_task(journal.command, total=total, completed=len(journal.done), note="")

    def show(finished: int, client: Client) -> None:
        progress.update(task, advance=finished, note=client.shown())

    async def ask_all() -> tuple[str, ...]:
        client = open_clients(models, store, open_model)
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

    try:
        # What the imports made lives as long as the process. Looking through it again and again would take a sixth of
        # the time of a run with hundreds of calls per second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        at_once = max(requests_at_once(reached, model) for model, reached in models.items())
        flow = Flow(function, inputs, journal=journal, most_active=2 * at_once, show=show)
        return asyncio.run(ask_all())
    finally:
        store.close()


def _accepted(journal: Journal) -> int:
    """The number of records made from the answers; the problems were there before."""
    return sum(count for name, count in journal.made.items() if name != PROBLEMS.noun)


class Flow(Generic[Item]):
    """The inputs in progress, in order: at most `most_active`; a multiple of that may wait to be appended.

    `show` is told how many more inputs are done.
    """

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
        """Process all inputs. Returns how many lack answers. Raises the first error, after keeping what is finished."""
        try:
            while True:
                if self._journal.stopping and self._failure is None:
                    self._failure = StoppedError()
                if self._failure is not None:
                    await self._keep_finished()
                    raise self._failure
                more = self._start(client)
                self._collect()
                late = time.monotonic() - self._appended >= _APPEND_SECONDS
                if len(self._ready) >= _LARGEST_CHUNK or (self._ready and (late or not self._active)):
                    await self._append()
                elif not (more or self._tasks or self._ready):
                    return self._missing
                else:
                    if self._journal.sync_is_due:
                        await asyncio.to_thread(self._journal.sync_when_due)
                    self._changed.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_APPEND_SECONDS):
                            await self._changed.wait()
                self._show(self._appended_since_shown, client)
                self._appended_since_shown = 0
        finally:
            for task in self._tasks:
                task.cancel()

    def _start(self, client: Client) -> bool:
        """Start as many inputs as there is room for. Returns whether more inputs may come."""
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
        """Move what is finished, up to the first input that is not, to the outcomes that can be appended."""
        while self._tasks:
            task = self._tasks[0]
            if not task.done() or task.cancelled() or task.exception() is not None:
                return
            outcome = self._tasks.popleft().result()
            if outcome is None:
                self._missing += 1
            elif not self._missing:
                # Outcomes after a missing one are made again later, from stored answers, so that the order holds.
                self._ready.append(outcome)

    async def _append(self) -> None:
        outcomes, self._ready = self._ready, []
        await asyncio.to_thread(self._journal.append, chunk_of(outcomes))
        self._appended_since_shown += len(outcomes)
        self._appended = time.monotonic()

    async def _keep_finished(self) -> None:
        """Append what is finished. Calls in flight are paid for, so wait for them unless they may fail as well."""
        if not isinstance(self._failure, BudgetReachedError | StoppedError):
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._collect()
        if self._ready:
            await self._append()
