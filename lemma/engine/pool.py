"""Map a pure function over a command's inputs with a pool of processes: streaming, in order, bounded in memory.

The function takes one input and returns an `Outcome`; its random numbers come from the seed and the input's id alone,
so the files are the same with any number of workers.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

from rich.progress import Progress

from lemma.engine.outcome import Outcome, chunk_of
from lemma.engine.worker_process import end_with_parent, ignore_interrupts
from lemma.exceptions import LemmaError, StoppedError
from lemma.rundir.journal import Chunk, Journal
from lemma.rundir.lines import NOT_YET

_BATCH = 32
# A cluster has more to do per batch, and is used for more inputs: batches grow with the number of inputs, up to this.
_LARGEST_BATCH_ON_RAY, _INPUTS_PER_BATCH_SIZE = 128, 64
_BATCHES_IN_FLIGHT_PER_WORKER = 8  # enough to work on while the journal waits for the disk
# Fewer take less time than workers take to start.
_FEWEST_BATCHES_FOR_WORKERS = 4
_SECONDS_BETWEEN_LOOKS = 0.1

_NOTHING = Chunk((), {}, {})


class HasId(Protocol):
    """An input: anything with an id."""

    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=HasId)


def run_stage(
    function: Callable[[Item], Outcome],
    inputs: Iterable[Item],
    journal: Journal,
    workers: int,
    progress: Progress,
    *,
    total: int | None = None,
    engine: str = "local",
) -> None:
    """Map `function` over the inputs that the journal has not acknowledged, and append what comes out, in order.

    An input whose id was seen before is dropped; the loader accounts for those. Inputs may include NOT_YET. Raises
    LemmaError if a worker dies, StoppedError if a command that runs side by side failed.
    """
    todo = (item for item in inputs if item is NOT_YET or item.id not in journal.done)
    task = progress.add_task(journal.command, total=total, completed=len(journal.done), note="")
    say = partial(progress.console.print, markup=False, highlight=False)
    for chunk in chunks_of(function, todo, workers, engine, say):
        if chunk.ids:
            journal.append(chunk)
            progress.advance(task, len(chunk.ids))
        else:
            journal.sync_when_due()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        if journal.stopping:
            raise StoppedError
    journal.complete()


def chunks_of(
    function: Callable[[Item], Outcome],
    inputs: Iterable[Item],
    workers: int,
    engine: str = "local",
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Chunk]:
    """What a function makes of all inputs, in order; an empty chunk while the next input is not ready.

    `engine` is `local`, or a Ray cluster as `--engine` names it. `say` is told what a person should know meanwhile.
    """
    if engine != "local":
        from lemma.engine.ray_pool import chunks_from_ray

        return chunks_from_ray(function, _batches(inputs, _LARGEST_BATCH_ON_RAY), engine, workers, say)
    batches = _batches(inputs, _BATCH)
    first = list(islice(batches, _FEWEST_BATCHES_FOR_WORKERS)) if workers > 1 else []
    batches = chain(first, batches)
    if len(first) < _FEWEST_BATCHES_FOR_WORKERS:
        return (_apply(function, batch) for batch in batches)
    return _chunks_from_pool(function, batches, workers)


def _batches(inputs: Iterable[Item], largest: int) -> Iterator[list[Item]]:
    """Full batches; smaller or empty ones while the next input is not ready."""
    batch, size, read = list[Item](), _BATCH, 0
    for item in inputs:
        if item is not NOT_YET:
            batch.append(item)
        if item is NOT_YET or len(batch) == size:
            yield batch
            read += len(batch)
            batch, size = [], max(_BATCH, min(largest, read // _INPUTS_PER_BATCH_SIZE))
    if batch:
        yield batch


def _chunks_from_pool(
    function: Callable[[Item], Outcome], batches: Iterator[list[Item]], workers: int
) -> Iterator[Chunk]:
    """What the workers make, in order; an empty chunk while there is nothing to do."""
    # Windows can only spawn, and waits for at most 61 processes.
    has_forkserver = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if has_forkserver else "spawn")
    if has_forkserver:
        # Imported once, not by each worker.
        own_modules = sorted(name for name in _modules_of(function) if name.startswith("lemma."))
        multiprocessing.set_forkserver_preload(["lemma.engine.worker_process", *own_modules])
    workers = min(workers, 61) if sys.platform == "win32" else workers
    # The process that forks the workers may have started before a variable was set, such as the folder of prompts.
    own = {name: value for name, value in os.environ.items() if name.startswith("LEMMA_")}
    waiting: deque[Future[Chunk]] = deque()
    with ProcessPoolExecutor(workers, context, _set_function, (function, own)) as pool:
        try:
            for batch in batches:
                if not batch:
                    yield waiting.popleft().result() if waiting and waiting[0].done() else _NOTHING
                    continue
                waiting.append(pool.submit(_apply_in_worker, batch))
                if len(waiting) > workers * _BATCHES_IN_FLIGHT_PER_WORKER:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise LemmaError("a worker process died (killed, or out of memory). Rerun the command to resume") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _modules_of(function: Any) -> set[str]:
    """The modules that a worker imports to take a function and the arguments that are bound to it."""
    if isinstance(function, partial):
        return set().union(*map(_modules_of, (function.func, *function.args)))
    return {getattr(function, "__module__", "")}


_worker_function: Callable[[Any], Outcome]


def _set_function(function: Callable[[Any], Outcome], own: Mapping[str, str]) -> None:
    global _worker_function  # noqa: PLW0603 - a worker process holds one function for its life
    ignore_interrupts()
    end_with_parent()
    _worker_function = function
    for name in [name for name in os.environ if name.startswith("LEMMA_")]:
        del os.environ[name]
    os.environ.update(own)


def _apply_in_worker(batch: list[Any]) -> Chunk:
    return _apply(_worker_function, batch)


def _apply(function: Callable[[Item], Outcome], batch: list[Item]) -> Chunk:
    return chunk_of([function(item) for item in batch])
