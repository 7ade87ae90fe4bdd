"""The run directory: append, acknowledge, resume, refuse; `rejected.jsonl` and `run.json`.

A stage opens its journal, appends chunks in input order, and completes:

    with RunDirectory(path).open_stage(config, outputs, inputs) as journal:
        journal.append(Chunk(ids=("p1",), lines={"erroneous.jsonl": b"{...}\\n"}, counts={"erroneous solutions": 1}))
        journal.complete()

Lines are on disk before their inputs are acknowledged in `.state/<command>.jsonl`. After a kill, lines of inputs
that were not acknowledged are dropped and made again, so the files come out byte for byte as without the kill.
Resume goes by the ids of inputs, never by their position.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

import lemma
from lemma.config import StageConfig
from lemma.exceptions import RunDirectoryError
from lemma.records import Record, Rejection

REJECTED = "rejected.jsonl"
_MANIFEST = "run.json"
_STATE = ".state"
_REJECTED_COUNT = "rejected: "
_SECONDS_BETWEEN_SYNCS = 1.0


@dataclass(frozen=True)
class Output:
    """A file that a stage appends to. `input_of` gives the id of the input that a line was made from, or None for a
    line of another stage. A file that several stages fill with the same lines, each known by its `id`, is `shared`: a
    line that is there is not written again, and none is ever dropped. A file that no other stage writes needs no
    `input_of`: after a kill it is cut to its length when the last input was acknowledged.
    """

    file: str
    input_of: Callable[[dict[str, Any]], str | None] | None = None
    shared: bool = False


def shared_output(file: str) -> Output:
    """A file that several stages fill, such as problems.jsonl."""
    return Output(file, lambda line: None, shared=True)


@dataclass(frozen=True)
class Chunk:
    """What was made of some inputs: JSON lines by file, and counts by name."""

    ids: tuple[str, ...]
    lines: Mapping[str, bytes]
    counts: Mapping[str, int]


def to_line(record: Record) -> bytes:
    """A record as one JSON line. Lone surrogates, which JSON input can hold and UTF-8 can't, become U+FFFD."""
    return json_line(record.model_dump())


def json_line(plain: Mapping[str, Any]) -> bytes:
    """A JSON object as one line, like `to_line`."""
    try:
        return orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return orjson.dumps(_without_surrogates(plain), option=orjson.OPT_APPEND_NEWLINE)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    return [_without_surrogates(item) for item in value] if isinstance(value, list | tuple) else value


def rejected_count(rejection: Rejection) -> str:
    """The name under which a rejection is counted in a chunk."""
    return _REJECTED_COUNT + rejection.reason


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line of a run directory's file, not parsed any further than its id."""

    id: str
    content: bytes


def read_stored_lines(path: Path, stage_before: str) -> Iterator[StoredLine]:
    """The lines of a file of records, each with its id, for workers to parse. Raises as `read_lines` does."""
    for number, (line, values) in enumerate(_lines(path, stage_before), start=1):
        yield StoredLine(text_field(values, "id", path, number), line)


def placed_lines(path: Path, stage_before: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The lines of a file with their first byte and their number from 1. Raises as `read_lines` does."""
    offset = 0
    for number, (line, values) in enumerate(_lines(path, stage_before), start=1):
        yield offset, number, values
        offset += len(line)


def text_field(values: Mapping[str, Any], name: str, path: Path, number: int) -> str:
    """A field of a line that has to be text. Raises RunDirectoryError with the line's number."""
    value = values.get(name)
    if not isinstance(value, str):
        raise RunDirectoryError(f"{path}, line {number}: no {name!r}; run the stage that makes it with --fresh")
    return value


def read_lines(path: Path, stage_before: str) -> Iterator[dict[str, Any]]:
    """The lines of a run directory's file. Raises RunDirectoryError naming the stage that makes it, or the bad line."""
    for _, values in _lines(path, stage_before):
        yield values


def _lines(path: Path, stage_before: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield line, _parse(line, path, number)
    except FileNotFoundError:
        raise _not_there(path, stage_before) from None


def _parse(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RunDirectoryError(
            f"{path}, line {number}: not JSON ({error}); run the stage that makes it with --fresh"
        ) from None
    if not isinstance(value, dict):
        raise RunDirectoryError(f"{path}, line {number}: not a JSON object; run the stage that makes it with --fresh")
    return value


def stage_input(path: Path, stage_before: str) -> dict[str, str]:
    """The fingerprint of a file that another stage made, by the file's name, as `open_stage` takes it.

    Raises RunDirectoryError naming that stage when the file is not there.
    """
    try:
        return {path.name: fingerprint(path)}
    except FileNotFoundError:
        raise _not_there(path, stage_before) from None


def have_changed(run: Path, inputs: Mapping[str, str]) -> bool:
    """Whether a file of the run directory is another than when a stage recorded it among its inputs."""
    return any((run / name).is_file() and fingerprint(run / name) != value for name, value in inputs.items())


def _not_there(path: Path, stage_before: str) -> RunDirectoryError:
    return RunDirectoryError(f"{path} is not there; `lemma {stage_before}` makes it")


def fingerprint(path: Path) -> str:
    """A hash of a file's content, in constant memory."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class RunDirectory:
    """A folder that holds what the stages of one run made."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def open_stage(
        self, config: StageConfig, outputs: Iterable[Output], inputs: Mapping[str, str]
    ) -> Iterator[Journal]:
        """Open a stage's journal, alone in the directory, ready to go on where it stopped.

        `inputs` are fingerprints of what the stage reads. Raises RunDirectoryError when the stage was run here with
        other settings or inputs (unless `fresh`), when another process is at work here, or the disk is full.
        """
        with _disk_errors(self.path):
            (self.path / _STATE).mkdir(parents=True, exist_ok=True)
            with (self.path / _STATE / "lock").open("w") as lock:
                _lock(lock, self.path)
                journal = Journal(self.path, config, tuple(outputs), dict(inputs))
                try:
                    yield journal
                finally:
                    journal.close()

    def manifest(self) -> dict[str, Any]:
        """The content of run.json; empty where there is none."""
        path = self.path / _MANIFEST
        if not path.exists():
            return {}
        return _parse(path.read_bytes(), path, 1)


def _lock(lock: IO[str], path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunDirectoryError(
            f"{path} is in use by another lemma process; wait for it, or use another --run directory"
        ) from None


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = f"{path}: the disk is full; free some space, then the same command goes on"
            raise RunDirectoryError(message) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            message = f"{error.filename or path}: {error.strerror}; use another --run directory"
            raise RunDirectoryError(message) from None
        raise


class Journal:
    """One stage's hold on the run directory. `done` are the ids of inputs acknowledged so far."""

    def __init__(self, path: Path, config: StageConfig, outputs: tuple[Output, ...], inputs: dict[str, str]) -> None:
        self._path, self.command = path, config.command
        self._outputs = (*outputs, Output(REJECTED, self._input_of_rejection))
        self._sizes = {output.file: 0 for output in self._outputs if output.input_of is None}
        self._state = path / _STATE / f"{config.command}.jsonl"
        self._asked = {"settings": config.settings(), "inputs": inputs}
        self._started = time.monotonic()
        self._synced = -math.inf
        self._unsynced: set[str] = set()
        self._unacknowledged: list[bytes] = []
        self.done: set[str] = set()
        self.counts: Counter[str] = Counter()
        self._seconds_before = 0.0
        self._status = "running"
        self._notes: dict[str, Any] = {}
        self._ids_in_shared: dict[str, set[str]] = {output.file: set() for output in self._outputs if output.shared}
        if config.fresh:
            self._state.unlink(missing_ok=True)
            self._keep_acknowledged()
        self._refuse_other_settings()
        self._resume()
        self._files = {output.file: (path / output.file).open("ab") for output in self._outputs}
        self._acknowledgements = self._state.open("ab")
        self._write_manifest(self._status)

    def _input_of_rejection(self, line: dict[str, Any]) -> str | None:
        return str(line.get("id")) if line.get("stage") == self.command else None

    def _refuse_other_settings(self) -> None:
        before = RunDirectory(self._path).manifest().get("stages", {}).get(self.command)
        if before is None or not self._state.exists() or not self._state.stat().st_size:
            return
        self._seconds_before = float(before.get("seconds", 0.0))
        for part in ("settings", "inputs"):
            if before[part] != self._asked[part]:
                raise RunDirectoryError(self._difference(before[part], self._asked[part]))

    def _difference(self, before: dict[str, Any], now: dict[str, Any]) -> str:
        name = next(key for key in sorted({*before, *now}) if before.get(key) != now.get(key))
        return (
            f"{self._path} holds `{self.command}` made with {name} = {before.get(name)!r}, now it is "
            f"{now.get(name)!r}; add --fresh to start this stage over, or use another --run directory"
        )

    def _resume(self) -> None:
        whole = 0
        if self._state.exists():
            for line in self._state.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                acknowledged = orjson.loads(line)
                self.done.update(acknowledged["ids"])
                self.counts.update(acknowledged["counts"])
                self._sizes.update(acknowledged["sizes"])
                whole += len(line)
            os.truncate(self._state, whole)
        self._keep_acknowledged()

    def _keep_acknowledged(self) -> None:
        for output in self._outputs:
            path = self._path / output.file
            path.parent.mkdir(parents=True, exist_ok=True)
            if output.input_of is None:
                _cut(path, self._sizes[output.file])
            elif path.exists():
                _rewrite(path, output.input_of, self.done)
            if output.shared and path.exists():
                lines = path.read_bytes().splitlines()
                self._ids_in_shared[output.file] = {_parse(line, path, n)["id"] for n, line in enumerate(lines, 1)}

    def append(self, chunk: Chunk) -> None:
        """Write lines, and acknowledge their inputs once they are on disk: what comes in quick succession, together."""
        for name, whole in chunk.lines.items():
            lines = self._not_there_yet(name, whole) if name in self._ids_in_shared else whole
            if lines:
                self._files[name].write(lines)
                self._unsynced.add(name)
        self._sizes = {name: self._files[name].tell() for name in self._sizes}
        acknowledgement = {"ids": chunk.ids, "counts": chunk.counts, "sizes": self._sizes}
        self._unacknowledged.append(orjson.dumps(acknowledgement, option=orjson.OPT_APPEND_NEWLINE))
        self.done.update(chunk.ids)
        self.counts.update(chunk.counts)
        if time.monotonic() - self._synced > _SECONDS_BETWEEN_SYNCS:
            self._sync()

    def _sync(self) -> None:
        for name in sorted(self._unsynced):
            self._files[name].flush()
            os.fsync(self._files[name].fileno())
        self._acknowledgements.write(b"".join(self._unacknowledged))
        self._acknowledgements.flush()
        self._unsynced.clear()
        self._unacknowledged.clear()
        self._synced = time.monotonic()

    def _not_there_yet(self, file: str, lines: bytes) -> bytes:
        there, new = self._ids_in_shared[file], []
        for line in lines.splitlines(keepends=True):
            line_id = orjson.loads(line)["id"]
            if line_id not in there:
                there.add(line_id)
                new.append(line)
        return b"".join(new)

    def note(self, name: str, figures: Mapping[str, Any]) -> None:
        """Put more figures of this stage into run.json, such as what its answers cost."""
        self._notes[name] = dict(figures)
        self._write_manifest(self._status)

    def complete(self) -> None:
        """Write into run.json that the stage is done."""
        self._sync()
        self._status = "complete"
        self._write_manifest(self._status)

    def close(self) -> None:
        """Acknowledge what is written, and close all files."""
        self._sync()
        for file in (*self._files.values(), self._acknowledgements):
            file.close()

    @property
    def made(self) -> dict[str, int]:
        """Counts of what was made, cumulative over resumes."""
        return {name: count for name, count in self.counts.items() if not name.startswith(_REJECTED_COUNT)}

    @property
    def rejected(self) -> dict[str, int]:
        """Counts of what was rejected, by reason, cumulative over resumes."""
        prefix = _REJECTED_COUNT
        return {name.removeprefix(prefix): count for name, count in self.counts.items() if name.startswith(prefix)}

    def _write_manifest(self, status: str) -> None:
        manifest = RunDirectory(self._path).manifest()
        manifest["lemma"] = lemma.__version__
        manifest.setdefault("stages", {})[self.command] = {
            "status": status,
            **self._asked,
            "made": self.made,
            "rejected": self.rejected,
            "seconds": round(self._seconds_before + time.monotonic() - self._started, 3),
            **self._notes,
        }
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
        write_whole(self._path / _MANIFEST, orjson.dumps(manifest, option=options))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a kill leaves either the old content or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _cut(path: Path, size: int) -> None:
    """Drop what was written after the last acknowledgement."""
    there = path.stat().st_size if path.exists() else 0
    if there < size:
        raise RunDirectoryError(f"{path} is shorter than what was written to it; add --fresh to make it again")
    if there > size:
        os.truncate(path, size)


def _rewrite(path: Path, input_of: Callable[[dict[str, Any]], str | None], inputs: set[str]) -> None:
    """Drop a torn last line and all lines of other inputs of this stage; touch nothing when there are none."""
    temporary = path.with_name(path.name + ".tmp")
    dropped = False
    with path.open("rb") as file, temporary.open("wb") as kept:
        for number, line in enumerate(file, start=1):
            made_of = input_of(_parse(line, path, number)) if line.endswith(b"\n") else ""
            if made_of is None or made_of in inputs:
                kept.write(line)
            else:
                dropped = True
        kept.flush()
        os.fsync(kept.fileno())
    if dropped:
        temporary.replace(path)
    else:
        temporary.unlink()
