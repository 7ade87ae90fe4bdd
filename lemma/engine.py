"""Map a pure function over a stage's inputs with a pool of processes: streaming, in order, bounded in memory.

The function takes one input and returns an `Outcome`; its random numbers come from the seed and the input's id alone,
so the files are the same with any number of workers.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError
from rich.console import Console

from lemma.exceptions import LemmaError, StoppedError
from lemma.progress import stage_progress
from lemma.records import Record, Rejection, content_id
from lemma.store import REJECTED, Chunk, Journal, rejected_count, to_line
from lemma.stored_lines import NOT_YET

_BATCH = 32
_BATCHES_IN_FLIGHT_PER_WORKER = 3
_SECONDS_BETWEEN_LOOKS = 0.1

_NOTHING = Chunk((), {}, {})


class Outcome:
    """What was made of one input: records by file, rejections, and counts for the summary."""

    def __init__(self, input_id: str) -> None:
        self.input_id = input_id
        self.lines: dict[str, list[bytes]] = {}
        self.counts: Counter[str] = Counter()

    def add(self, file: str, record: Record, counted_as: str) -> None:
        """Add a record to a file."""
        self.add_line(file, to_line(record))
        self.counts[counted_as] += 1

    def add_line(self, file: str, line: bytes) -> None:
        """Add a JSON line to a file, uncounted."""
        self.lines.setdefault(file, []).append(line)

    def reject(self, rejection: Rejection) -> None:
        """Add a line to rejected.jsonl. Its id must be the input's."""
        self.lines.setdefault(REJECTED, []).append(to_line(rejection))
        self.counts[rejected_count(rejection)] += 1

    def reject_invalid(self, stage: str, error: ValidationError) -> None:
        """Reject an input that is no record, with the first field at fault."""
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        self.reject(Rejection(stage=stage, id=self.input_id, reason="invalid_record", detail=detail))


class HasId(Protocol):
    """Anything a stage takes in: a record with an id."""

    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=HasId)


def random_for(seed: int, *parts: str) -> random.Random:
    """The random numbers of one record: they depend on the seed and the given content alone."""
    return random.Random(content_id(str(seed), *parts))


def run_stage(
    function: Callable[[Item], Outcome],
    inputs: Iterable[Item],
    journal: Journal,
    workers: int,
    console: Console,
    *,
    total: int | None = None,
) -> None:
    """Map `function` over the inputs that the journal has not acknowledged, and append what comes out, in order.

    An input whose id was seen before is dropped; the loader accounts for those. Inputs may hold NOT_YET. Raises
    LemmaError when a worker dies, StoppedError when a stage beside this one failed.
    """
    todo = (item for item in inputs if item is NOT_YET or item.id not in journal.done)
    with stage_progress(console) as progress:
        task = progress.add_task(journal.command, total=total, completed=len(journal.done), note="")
        for chunk in _chunks(function, todo, workers):
            if chunk.ids:
                journal.append(chunk)
                progress.advance(task, len(chunk.ids))
            else:
                journal.sync_when_due()
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            if journal.stopping:
                raise StoppedError
    journal.complete()


def _chunks(function: Callable[[Item], Outcome], inputs: Iterable[Item], workers: int) -> Iterator[Chunk]:
    """What comes of the inputs, in their order; an empty chunk where nothing is to be done at the moment."""
    if workers == 1:
        return (_apply(function, batch) for batch in _batches(inputs))
    return _chunks_from_pool(function, _batches(inputs), workers)


def _batches(inputs: Iterable[Item]) -> Iterator[list[Item]]:
    """Full batches, and smaller ones before the next input is there; an empty one where there is none."""
    batch: list[Item] = []
    for item in inputs:
        if item is not NOT_YET:
            batch.append(item)
        if item is NOT_YET or len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _chunks_from_pool(
    function: Callable[[Item], Outcome], batches: Iterator[list[Item]], workers: int
) -> Iterator[Chunk]:
    context = multiprocessing.get_context("forkserver")
    waiting: deque[Future[Chunk]] = deque()
    with ProcessPoolExecutor(workers, context, _set_function, (function,)) as pool:
        try:
            for batch in batches:
                if not batch:
                    yield _first_if_done(waiting)
                    continue
                waiting.append(pool.submit(_apply_in_worker, batch))
                if len(waiting) > workers * _BATCHES_IN_FLIGHT_PER_WORKER:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise LemmaError(
                "a worker process died (killed, or out of memory); the same command goes on from here"
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _first_if_done(waiting: deque[Future[Chunk]]) -> Chunk:
    return waiting.popleft().result() if waiting and waiting[0].done() else _NOTHING


_worker_function: Callable[[Any], Outcome]


def _set_function(function: Callable[[Any], Outcome]) -> None:
    global _worker_function  # noqa: PLW0603 - a worker process holds one function for its life
    _worker_function = function


def _apply_in_worker(batch: list[Any]) -> Chunk:
    return _apply(_worker_function, batch)


def _apply(function: Callable[[Item], Outcome], batch: list[Item]) -> Chunk:
    return chunk_of([function(item) for item in batch])


def chunk_of(outcomes: Sequence[Outcome]) -> Chunk:
    """Several outcomes as one chunk for the journal."""
    lines: dict[str, list[bytes]] = {}
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
        for file, made in outcome.lines.items():
            lines.setdefault(file, []).extend(made)
    return Chunk(
        tuple(outcome.input_id for outcome in outcomes),
        {file: b"".join(made) for file, made in lines.items()},
        dict(counts),
    )
