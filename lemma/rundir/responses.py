"""Every answer of a model, raw, under the hash of its whole request: `responses.sqlite` in the run directory.

What is stored is never asked again, by any command. Answers are on disk before anything reads them: `put` returns when
they are, and one thread writes all that have come in meanwhile in one transaction.

    store = ResponseStore(run / "responses.sqlite")
    await store.put(request.key(), "sample", request.model, raw, usage_of(raw))
    store.get(request.key())
    store.close()
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from lemma.exceptions import RunDirectoryError

FILE = "responses.sqlite"
_LARGEST_BATCH = 1000
_REPORT = "this is a fault of lemma: please report it. Rerun the command to resume"
_VERSION = 1
_COLUMNS = ("key", "stage", "model", "prompt_tokens", "completion_tokens", "raw")
_TABLE = """
CREATE TABLE IF NOT EXISTS responses (
    key TEXT PRIMARY KEY,
    stage TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    raw BLOB NOT NULL
)
"""


# The old answer gets a key that no request has.
_SET_ASIDE = "UPDATE responses SET key = key || '~' || rowid WHERE key = ?"


class Usage(NamedTuple):
    """Tokens of the prompt and of the answer, as the server counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Spent:
    """Calls and tokens, by model, that a stage has used over all its runs."""

    calls: int
    tokens: dict[str, Usage]


class _Write(NamedTuple):
    row: tuple[str, str, str, int, int, bytes]
    stored: asyncio.Future[None]
    replaces: bool


class ResponseStore:
    """The answers of one run directory. Raises RunDirectoryError if the file is damaged or the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._errors():
            self._reader = self._connect()
        try:
            self._create()
        except BaseException:
            self._reader.close()
            raise
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._broken: RunDirectoryError | None = None  # why nothing can be stored any more
        self._writer = threading.Thread(target=self._write_all, name="response-store", daemon=True)
        self._writer.start()

    def get(self, key: str) -> bytes | None:
        """The raw answer to the request with this key, if there is one."""
        with self._errors():
            row = self._reader.execute("SELECT raw FROM responses WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def of_stage(self, stage: str) -> list[tuple[str, bytes]]:
        """Model and content of everything stored under a stage's name."""
        query = "SELECT model, raw FROM responses WHERE stage = ? ORDER BY rowid"
        with self._errors():
            rows = self._reader.execute(query, (stage,)).fetchall()
        return [(row[0], bytes(row[1])) for row in rows]

    async def put(self, key: str, stage: str, model: str, raw: bytes, usage: Usage, *, replaces: bool = False) -> None:
        """Store an answer; returns when it is on disk. It is kept even if the caller is cancelled meanwhile.

        An answer that is there already stays, unless the new one replaces it: then the old one is kept under another
        key, as it was paid for.
        """
        if self._broken is not None or not self._writer.is_alive():
            raise self._broken or RunDirectoryError(f"{self._path} is closed; {_REPORT}")
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put(_Write((key, stage, model, *usage, raw), stored, replaces))
        await stored

    def spent(self, stage: str, model: str | None = None) -> Spent:
        """What a stage has used, cumulative over its runs; of one of its models, if it is named."""
        query = (
            "SELECT model, count(*), sum(prompt_tokens), sum(completion_tokens) FROM responses WHERE stage = ? "
            "AND model = ifnull(?, model) GROUP BY model ORDER BY model"
        )
        with self._errors():
            rows = self._reader.execute(query, (stage, model)).fetchall()
        return Spent(sum(row[1] for row in rows), {row[0]: Usage(row[2], row[3]) for row in rows})

    def copy_into(self, target: Path) -> None:
        """Copy all answers into another store."""
        with self._errors():
            self._reader.execute("ATTACH DATABASE ? AS target", (str(target),))
            with self._reader:
                self._reader.execute("INSERT OR IGNORE INTO target.responses SELECT * FROM main.responses")
            self._reader.execute("DETACH DATABASE target")

    def close(self) -> None:
        """Write what is waiting, and close."""
        self._queue.put(None)
        self._writer.join()
        self._reader.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _create(self) -> None:
        with self._errors():
            version = self._reader.execute("PRAGMA user_version").fetchone()[0]
            columns = tuple(row[1] for row in self._reader.execute("PRAGMA table_info(responses)"))
            if version in (0, _VERSION) and columns in ((), _COLUMNS):
                with self._reader:
                    self._reader.execute(_TABLE)
                    self._reader.execute(f"PRAGMA user_version = {_VERSION}")
                return
        if version not in (0, _VERSION):
            raise RunDirectoryError(
                f"{self._path} was made by another version of lemma (format {version}, this one reads {_VERSION}); "
                "use that version, or another --run directory"
            )
        raise RunDirectoryError(f"{self._path} is not a lemma response store. Move it and rerun the command")

    def _write_all(self) -> None:
        connection: sqlite3.Connection | None = None
        open_for_more = True
        while open_for_more:
            batch: list[_Write] = []
            problem: RunDirectoryError | None = None
            try:
                batch, open_for_more = self._next_batch()
                with self._errors():
                    connection = connection or self._connect()
                    with connection:
                        replaced = [(write.row[0],) for write in batch if write.replaces]
                        connection.executemany(_SET_ASIDE, replaced)
                        rows = (write.row for write in batch)
                        connection.executemany("INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?, ?, ?)", rows)
            except RunDirectoryError as error:
                problem = error
            except Exception as error:  # whatever it is, those who wait must hear of it
                self._broken = problem = RunDirectoryError(f"{self._path} can't be written ({error!r}); {_REPORT}")
            _acknowledge(batch, problem)
        if connection is not None:
            connection.close()

    def _next_batch(self) -> tuple[list[_Write], bool]:
        first = self._queue.get()
        batch = []
        while first is not None:
            batch.append(first)
            if len(batch) == _LARGEST_BATCH:
                return batch, True
            try:
                first = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise RunDirectoryError(self._explained(error)) from None

    def _explained(self, error: sqlite3.DatabaseError) -> str:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL:
            return f"{self._path}: the disk is full. Free some space, then rerun the command to resume"
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return (
                f"{self._path} is damaged ({error}); restore a copy of it, without a -wal file next to it, or move it "
                "away (its answers will then be asked and paid for again), then rerun the command"
            )
        if code is not None and code & 0xFF == sqlite3.SQLITE_IOERR:
            return f"{self._path} can't be written or read ({error}); check the disk, then rerun the command to resume"
        return f"{self._path} can't be used ({error}); fix that, or use another --run directory"


def copy_responses(sources: Iterable[Path], target: Path) -> None:
    """Copy all answers of some stores into another one, which is made if it is not there; those it has stay.

    Raises RunDirectoryError if one of them is damaged, or is not a store.
    """
    for path in (target, *sources):
        store = ResponseStore(path)
        try:
            if path != target:
                store.copy_into(target)
        finally:
            store.close()


def _acknowledge(batch: list[_Write], problem: RunDirectoryError | None) -> None:
    if not batch:
        return
    loop = batch[0].stored.get_loop()
    # After a Ctrl-C the loop may be gone; its answers are stored all the same.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(_resolve, [write.stored for write in batch], problem)


def _resolve(waiting: list[asyncio.Future[None]], problem: RunDirectoryError | None) -> None:
    for stored in waiting:
        if stored.done():
            continue
        if problem is None:
            stored.set_result(None)
        else:
            stored.set_exception(problem)
