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

import fcntl
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
from lemma.records import Rejection, content_id
from lemma.rundir.disk import append_to, cut, disk_errors, keep_lines_of, size_of, write_whole
from lemma.rundir.lines import fingerprint, parse_line
from lemma.rundir.sharing import GrowingFile, Hold, identity, share, shared_hold, unshare

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


def rejected_count(rejection: Rejection) -> str:
    """The name under which a rejection is counted in a chunk."""
    return _REJECTED_COUNT + rejection.reason


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
        with self._held() as hold, disk_errors(self.path):
            journal = Journal(self.path, config, tuple(outputs), dict(inputs), hold)
            try:
                yield journal
            finally:
                journal.close()

    @contextmanager
    def hold(self) -> Iterator[Hold]:
        """Take the directory for several stages of this process, each of which opens its own journal in it."""
        with self._alone() as hold:
            share(self.path, hold)
            try:
                yield hold
            finally:
                unshare(self.path)

    @contextmanager
    def _held(self) -> Iterator[Hold]:
        shared = shared_hold(self.path)
        if shared is not None:
            yield shared
        else:
            with self._alone() as hold:
                yield hold

    @contextmanager
    def _alone(self) -> Iterator[Hold]:
        with disk_errors(self.path):
            (self.path / _STATE).mkdir(parents=True, exist_ok=True)
            with (self.path / _STATE / "lock").open("w") as lock:
                _lock(lock, self.path)
                yield Hold()

    def manifest(self) -> dict[str, Any]:
        """The content of run.json; empty where there is none."""
        path = self.path / _MANIFEST
        if not path.exists():
            return {}
        return parse_line(path.read_bytes(), path, 1)

    def is_as_recorded(self, inputs: Mapping[str, str]) -> bool:
        """Whether the files of this directory are those that a stage recorded among its inputs."""
        made = _identities(self.manifest())
        paths = {self.path / name: value for name, value in inputs.items()}
        return all(value in made or fingerprint(path) == value for path, value in paths.items() if path.is_file())


def _identities(manifest: Mapping[str, Any]) -> set[str]:
    """What stands for a file that a stage was still making, for each stage as it was last asked."""
    stages = manifest.get("stages", {})
    return {identity(command, stage["made_as"]) for command, stage in stages.items() if "made_as" in stage}


def _lock(lock: IO[str], path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunDirectoryError(
            f"{path} is in use by another lemma process; wait for it, or use another --run directory"
        ) from None


class Journal:
    """One stage's hold on the run directory. `done` are the ids of inputs acknowledged so far."""

    def __init__(
        self, path: Path, config: StageConfig, outputs: tuple[Output, ...], inputs: dict[str, str], hold: Hold
    ) -> None:
        self._path, self.command, self._hold = path, config.command, hold
        self._outputs = (*outputs, Output(REJECTED, self._input_of_rejection))
        self._written = {output.file: 0 for output in self._outputs}
        self._state = path / _STATE / f"{config.command}.jsonl"
        self._asked = {"settings": config.settings(), "inputs": inputs}
        self._made_as = content_id(orjson.dumps(self._asked, option=orjson.OPT_SORT_KEYS).decode())
        self._started = time.monotonic()
        self._synced = -math.inf
        self._waiting: dict[str, list[bytes]] = {}
        self._unacknowledged: list[bytes] = []
        self._failed = False
        self.done: set[str] = set()
        self.counts: Counter[str] = Counter()
        self._seconds_before = 0.0
        self._status = "running"
        self._notes: dict[str, Any] = {}
        self._ids_in_shared: dict[str, set[str]] = {output.file: set() for output in self._outputs if output.shared}
        with hold.lock:
            if config.fresh:
                self._state.unlink(missing_ok=True)
                self._keep_acknowledged()
            was_complete = self._continue_as_before()
            self._resume()
            self._write_manifest(self._status)
            self._growing = self._announce(was_complete)

    @property
    def stopping(self) -> bool:
        """Whether a stage beside this one has failed, or somebody wants all of them to stop."""
        return self._hold.stopping.is_set()

    def _announce(self, was_complete: bool) -> dict[str, GrowingFile]:
        """Let stages beside this one see what it makes."""
        growing = {
            output.file: GrowingFile(
                self.command, self._made_as, size_of(self._path / output.file), False, was_complete
            )
            for output in self._outputs
            if output.file != REJECTED
        }
        self._hold.growing.update(growing)
        self._hold.opened.add(self.command)
        return growing

    def _input_of_rejection(self, line: dict[str, Any]) -> str | None:
        return str(line.get("id")) if line.get("stage") == self.command else None

    def _continue_as_before(self) -> bool:
        """Whether the stage was complete. Raises RunDirectoryError where it was asked for something else before."""
        if not self._state.exists() or not self._state.stat().st_size:
            return False
        manifest = RunDirectory(self._path).manifest()
        before = manifest.get("stages", {}).get(self.command)
        if before is None:
            raise RunDirectoryError(
                f"{self._path / _MANIFEST} says nothing of `{self.command}`, which was run here; put back a copy of "
                "it, or add --fresh to start this stage over"
            )
        made = _identities(manifest)
        now = self._asked["inputs"]
        recorded = {
            name: now.get(name, value) if value in made and now.get(name) not in made else value
            for name, value in before["inputs"].items()
        }
        for part, earlier in (("settings", before["settings"]), ("inputs", recorded)):
            if earlier != self._asked[part]:
                raise RunDirectoryError(self._difference(earlier, self._asked[part]))
        self._seconds_before = float(before.get("seconds", 0.0))
        self._made_as = before.get("made_as", self._made_as)
        return bool(before["status"] == "complete")

    def _difference(self, before: dict[str, Any], now: dict[str, Any]) -> str:
        name = next(key for key in sorted({*before, *now}) if before.get(key) != now.get(key))
        return (
            f"{self._path} holds `{self.command}` made with {name} = {before.get(name)!r}, now it is "
            f"{now.get(name)!r}; add --fresh to start this stage over, or use another --run directory"
        )

    def _resume(self) -> None:
        whole = 0
        if self._state.exists():
            for number, line in enumerate(self._state.read_bytes().splitlines(keepends=True), start=1):
                if not line.endswith(b"\n"):
                    break
                acknowledged = parse_line(line, self._state, number)
                if not {"ids", "counts", "written"} <= acknowledged.keys():
                    raise RunDirectoryError(
                        f"{self._state}, line {number}: not as this version of lemma writes it; add --fresh"
                    )
                self.done.update(acknowledged["ids"])
                self.counts.update(acknowledged["counts"])
                self._written.update(acknowledged["written"])
                whole += len(line)
            os.truncate(self._state, whole)
        self._keep_acknowledged()

    def _keep_acknowledged(self) -> None:
        """Drop what was written after the last acknowledgement; `_written` counts bytes, or lines of a file that other
        stages write to.
        """
        for output in self._outputs:
            path = self._path / output.file
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch()
            if output.input_of is None:
                there = cut(path, self._written[output.file])
            else:
                there = keep_lines_of(path, output.input_of, self.done)
            if output.shared:
                lines = path.read_bytes().splitlines()
                self._ids_in_shared[output.file] = {parse_line(line, path, n)["id"] for n, line in enumerate(lines, 1)}
                there = len(lines)
            if there < self._written[output.file]:
                raise RunDirectoryError(
                    f"{path} lacks some of what `{self.command}` wrote to it; put back a copy of it, or add --fresh to "
                    "make it again"
                )

    def append(self, chunk: Chunk) -> None:
        """Write lines, and acknowledge their inputs once they are on disk: what comes in quick succession, together."""
        with self._hold.lock:
            for name, whole in chunk.lines.items():
                lines = self._not_there_yet(name, whole) if name in self._ids_in_shared else whole
                if lines:
                    self._waiting.setdefault(name, []).append(lines)
                    self._written[name] += len(lines) if self._is_alone(name) else lines.count(b"\n")
            acknowledgement = {"ids": chunk.ids, "counts": chunk.counts, "written": self._written}
            self._unacknowledged.append(orjson.dumps(acknowledgement, option=orjson.OPT_APPEND_NEWLINE))
            self.done.update(chunk.ids)
            self.counts.update(chunk.counts)
        self.sync_when_due()

    def _is_alone(self, file: str) -> bool:
        return any(output.file == file and output.input_of is None for output in self._outputs)

    def sync_when_due(self) -> None:
        """Write what was appended a while ago. A stage that waits calls this now and then."""
        if self.sync_is_due:
            self._sync()

    @property
    def sync_is_due(self) -> bool:
        """Whether something waits to be written for a while."""
        return bool(self._unacknowledged) and time.monotonic() - self._synced > _SECONDS_BETWEEN_SYNCS

    def _sync(self) -> None:
        with self._hold.lock:
            try:
                for name in sorted(self._waiting):
                    size = append_to(self._path / name, b"".join(self._waiting[name]))
                    if name in self._growing:
                        self._growing[name].size = size
                append_to(self._state, b"".join(self._unacknowledged), durable=False)
            except OSError:
                self._failed = True  # what was half written is cut off when the stage goes on
                raise
            self._waiting.clear()
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
        """Write into run.json that the stage is done, unless a stage beside it did not finish what this one reads."""
        self._sync()
        if self._inputs_are_whole():
            self._status = "complete"
            for growing in self._growing.values():
                growing.complete = True
        self._write_manifest(self._status)

    def _inputs_are_whole(self) -> bool:
        inputs = self._asked["inputs"]
        for name, growing in self._hold.growing.items():
            if inputs.get(name) == growing.identity:
                if not growing.complete:
                    return False
                inputs[name] = fingerprint(self._path / name)
        return True

    def close(self) -> None:
        """Acknowledge what is written."""
        try:
            if not self._failed:
                self._sync()
        finally:
            for growing in self._growing.values():
                growing.ended = True

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
        with self._hold.lock:
            manifest = RunDirectory(self._path).manifest()
            manifest["lemma"] = lemma.__version__
            manifest.setdefault("stages", {})[self.command] = {
                "status": status,
                "made_as": self._made_as,
                **self._asked,
                "made": self.made,
                "rejected": self.rejected,
                "seconds": round(self._seconds_before + time.monotonic() - self._started, 3),
                **self._notes,
            }
            options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
            write_whole(self._path / _MANIFEST, orjson.dumps(manifest, option=options))
