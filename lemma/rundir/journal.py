"""One command's hold on a run directory: append, acknowledge, resume, refuse.

A command opens its journal, appends chunks in input order, and completes:

    with RunDirectory(path).open_stage(config, outputs, inputs) as journal:
        journal.append(Chunk(ids=("p1",), lines={"erroneous.jsonl": b"{...}\\n"}, counts={"made": {"problems": 1}}))
        journal.complete()

Lines are on disk before their inputs are acknowledged in `.state/<command>.jsonl`. After a kill, lines of inputs that
were not acknowledged are dropped and made again, so the files come out byte for byte as without the kill. Resume goes
by the ids of inputs, never by their position.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import RunDirectoryError
from lemma.options import StageConfig
from lemma.records import Rejection, content_id
from lemma.run_files import MANIFEST, REJECTED, STATE
from lemma.rundir.counts import MADE, REJECTED_BY_REASON, Counts
from lemma.rundir.disk import append_to, ids_of_whole_lines, json_line, keep_lines_of, size_of
from lemma.rundir.ids import IdSet
from lemma.rundir.lines import fingerprint, parse_line
from lemma.rundir.manifest import read_manifest, structured, write_manifest
from lemma.rundir.set_aside import Replaced
from lemma.rundir.settings import comparable, contents
from lemma.rundir.sharing import GrowingFile, Hold, identity

_SECONDS_BETWEEN_SYNCS = 1.0


@dataclass(frozen=True)
class Output:
    """A file that a command appends to.

    `input_of` gives the id of the input that a line was made from, or None for a line of another command. A file that
    several commands fill with the same lines, each known by its `id`, is `shared`: a line that is there is not written
    again, and none is ever dropped. A file that no other command writes needs no `input_of`: after a kill it is cut to
    its length at the last acknowledgment.
    """

    file: str
    input_of: Callable[[dict[str, Any]], str | None] | None = None
    shared: bool = False


@dataclass(frozen=True)
class Chunk:
    """What was made of some inputs: JSON lines by file, and counts by dimension and name.

    `sizes` are the numbers of lines by file, for each input in turn.
    """

    ids: tuple[str, ...]
    lines: Mapping[str, bytes]
    counts: Mapping[str, Mapping[str, int]]
    sizes: tuple[Mapping[str, int], ...] = ()


class Journal:
    """One command's hold on the run directory. `done` are the ids of inputs acknowledged so far."""

    def __init__(
        self, path: Path, config: StageConfig, outputs: Sequence[Output], inputs: Mapping[str, str], hold: Hold
    ) -> None:
        self.command, self._path, self._hold = config.command, path, hold
        self._outputs = (*outputs, rejections_of(config.command))
        self._state = path / STATE / f"{config.command}.jsonl"
        self._config, self._typed = type(config), config.model_fields_set
        settings = orjson.loads(json_line(config.settings()))  # names of files need not be UTF-8, JSON has to be
        self._asked = {"settings": settings, "inputs": {**contents(config), **inputs}}
        asked = self._asked | {"settings": comparable(self._asked["settings"], self._config)}
        self._made_as = content_id(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode())
        self._replaced = Replaced(path, self.command)

        self.done = IdSet()
        self.counts = Counts()
        # The place of each input of a shard among all inputs, from when it is read until it is acknowledged.
        self.places: dict[str, int] | None = None if getattr(config, "shard", None) is None else {}
        self._number = 0
        # Bytes that this command has written to a file of its own, lines to a file that other commands write to.
        self._written = {output.file: 0 for output in self._outputs}
        self._ids_in_shared: dict[str, IdSet] = {}

        # What was appended since the last write to disk.
        self._waiting: dict[str, list[bytes]] = {}
        self._unacknowledged: list[bytes] = []
        self._synced = -math.inf
        self._failed = False

        self._started, self._seconds_before = time.monotonic(), 0.0
        self._status, self._notes = "running", dict[str, Any]()
        self._growing: dict[str, GrowingFile] = {}

    def open(self, fresh: bool) -> None:
        """Get ready to append where an earlier run of the command stopped, or from the start if `fresh`.

        Raises RunDirectoryError if the command was run here with other settings or inputs, or if something that it
        wrote is missing. Nothing that is there is changed before these checks have passed.
        """
        try:
            self._open(fresh)
        except BaseException:
            if fresh:
                self._replaced.put_back(self._state, self._outputs)
            raise

    def _open(self, fresh: bool) -> None:
        with self._hold.lock:
            manifest = read_manifest(self._path)
            before = manifest.get(self.command)
            if fresh:
                self._replaced.set_aside(self._state, self._outputs)
                before = None
            # The order in which commands began is the order of their lines in files that several fill.
            latest = max((int(entry.get("number", 0)) for entry in manifest.values()), default=0)
            self._number = latest + 1 if before is None else before.get("number", 0)
            self._refuse_lost_state(before)
            complete = before is not None and self._continue_as_before(before)
            self._read_state()
            self._keep_acknowledged(complete)
            if not self._state.exists():
                self._state.touch()
            if complete:
                self._status = "complete"  # a rerun that finds nothing to do leaves run.json as it is
            else:
                self._write_manifest()
            self._growing = {
                output.file: GrowingFile(
                    self.command, self._made_as, size_of(self._path / output.file), False, complete
                )
                for output in self._outputs
                if output.file != REJECTED.name
            }
            self._hold.growing.update(self._growing)
            self._hold.opened.add(self.command)

    def _refuse_lost_state(self, before: Mapping[str, Any] | None) -> None:
        """Without its state, a command does not know which lines are its own: never drop them for that.

        Only a command that was killed before its first acknowledgment has lines and an empty state.
        """
        if self._state.exists() and (self._state.stat().st_size or (before and before["status"] == "running")):
            return
        for output in self._outputs[:-1]:
            path = self._path / output.file
            if output.shared or not path.exists() or not path.stat().st_size:
                continue
            of = output.input_of
            with path.open("rb") as file:
                numbered = enumerate(file, start=1)
                is_ours = of is None or any(of(parse_line(line, path, n)) is not None for n, line in numbered)
            if is_ours:
                raise RunDirectoryError(
                    f"{path} has content that `lemma {self.command}` has no record of in {self._state}. Restore that "
                    "file, move the content away, or add --fresh to replace it"
                )

    def _continue_as_before(self, before: Mapping[str, Any]) -> bool:
        """Whether the command was complete. Raises RunDirectoryError if it was asked for something else before."""
        if not self._state.exists() or not self._state.stat().st_size:
            return False
        made = identities(read_manifest(self._path))
        now: dict[str, str] = self._asked["inputs"]
        # A file that was still growing when it was recorded stands there by what it was made of.
        recorded = {
            name: now.get(name, value) if value in made and now.get(name) not in made else value
            for name, value in before["inputs"].items()
        }
        wanted = comparable(self._asked["settings"], self._config)
        # Options that this version no longer records, and ones that have no effect any more, don't count.
        settings = comparable(
            {name: before["settings"][name] for name in wanted if name in before["settings"]}, self._config
        )
        for earlier, asked in ((settings, wanted), (recorded, now)):
            # What was typed first: `--teacher` rather than what follows from it.
            for name in sorted({*earlier, *asked}, key=lambda name: (name not in self._typed, name)):
                if earlier.get(name) != asked.get(name):
                    raise RunDirectoryError(
                        f"{self._path} has output of `lemma {self.command}` with {name} = {earlier.get(name)!r}, now "
                        f"it is {asked.get(name)!r}. Add --fresh to start this command over, or use another --run "
                        "directory"
                    )
        self._seconds_before = float(before.get("seconds", 0.0))
        self._made_as = before.get("made_as", self._made_as)
        self._notes = {name: before[name] for name in ("model", "asked", "about") if name in before}
        return bool(before["status"] == "complete")

    def _read_state(self) -> None:
        """Read what was acknowledged; a torn last line was not."""
        whole = 0
        lines = self._state.read_bytes().splitlines(keepends=True) if self._state.exists() else []
        if lines and self.command not in read_manifest(self._path):
            raise RunDirectoryError(
                f"{self._path / MANIFEST} has no entry for `lemma {self.command}`, although it ran here. Restore "
                f"{MANIFEST}, or add --fresh to start this command over"
            )
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                acknowledged = parse_line(line, self._state, number)
                ids, written = acknowledged["ids"], acknowledged["written"]
                is_ours = isinstance(ids, list) and all(isinstance(one, str) for one in ids)
                if not is_ours or not all(type(count) is int for count in written.values()):
                    raise TypeError
                self.done.update(ids)
                self.counts.merge(structured(acknowledged["counts"]))
                self._written.update(written)
            except (RunDirectoryError, LookupError, TypeError, ValueError, AttributeError):
                raise RunDirectoryError(
                    f"{self._state}, line {number}: not as this version of lemma writes it. Add --fresh to start over"
                ) from None
            whole += len(line)
        if lines:
            os.truncate(self._state, whole)

    def _keep_acknowledged(self, complete: bool) -> None:
        """Drop what was written after the last acknowledgment, and check that everything before it is there.

        A complete command has acknowledged all its lines, so what else is there is not its own.
        """
        for output in self._outputs:
            path = self._path / output.file
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch()
            written = self._written[output.file]
            if output.shared:
                self._ids_in_shared[output.file] = ids_of_whole_lines(path)
                there = len(self._ids_in_shared[output.file])
            elif output.input_of is None:
                there = size_of(path)
            else:
                there = keep_lines_of(path, output.input_of, self.done, at_least=written, refuse_others=complete)
            if there < written:
                raise RunDirectoryError(
                    f"{path} lacks lines that `lemma {self.command}` wrote. Restore a copy of it, or add --fresh to "
                    "make it again"
                )
            if not output.shared and output.input_of is None and there > written:
                if complete:
                    raise RunDirectoryError(
                        f"{path} has content that `lemma {self.command}` did not write. Move it away, or add --fresh "
                        "to replace it"
                    )
                os.truncate(path, written)

    @property
    def stopping(self) -> bool:
        """Whether a command beside this one has failed, or the user wants all of them to stop."""
        return self._hold.stopping.is_set()

    def append(self, chunk: Chunk) -> None:
        """Write lines, and acknowledge their inputs once they are on disk.

        What comes in quick succession is written together.
        """
        with self._hold.lock:
            if self._status == "complete":
                self._status = "running"
                self._write_manifest()
            shared: dict[str, list[str]] = {}
            for name, whole in chunk.lines.items():
                lines = whole
                if name in self._ids_in_shared:
                    lines, shared[name] = self._new_lines(name, whole)
                if lines:
                    self._waiting.setdefault(name, []).append(lines)
                    alone = any(output.file == name and output.input_of is None for output in self._outputs)
                    self._written[name] += len(lines) if alone else lines.count(b"\n")
            acknowledgment: dict[str, Any] = {"ids": chunk.ids, "counts": chunk.counts, "written": self._written}
            if self.places is not None:
                acknowledgment["at"] = [
                    (self.places.pop(input_id), _with_ids(sizes, shared))
                    for input_id, sizes in zip(chunk.ids, chunk.sizes, strict=True)
                ]
            self._unacknowledged.append(orjson.dumps(acknowledgment, option=orjson.OPT_APPEND_NEWLINE))
            self.done.update(chunk.ids)
            self.counts.merge(chunk.counts)
        self.sync_when_due()

    def _new_lines(self, file: str, lines: bytes) -> tuple[bytes, list[str]]:
        """The lines of a shared file that are not there yet, and the ids of all lines."""
        there, new, ids = self._ids_in_shared[file], [], []
        for line in lines.splitlines(keepends=True):
            line_id = orjson.loads(line)["id"]
            ids.append(line_id)
            if line_id not in there:
                there.add(line_id)
                new.append(line)
        return b"".join(new), ids

    @property
    def sync_is_due(self) -> bool:
        """Whether something has been waiting for a while to be written."""
        return bool(self._unacknowledged) and time.monotonic() - self._synced > _SECONDS_BETWEEN_SYNCS

    def sync_when_due(self) -> None:
        """Write what was appended a while ago. A command that waits calls this now and then."""
        if self.sync_is_due:
            self._sync()

    def _sync(self) -> None:
        with self._hold.lock:
            try:
                # The order is the guarantee: lines first, then their acknowledgment.
                for name in sorted(self._waiting):
                    size = append_to(self._path / name, b"".join(self._waiting[name]))
                    if name in self._growing:
                        self._growing[name].size = size
                append_to(self._state, b"".join(self._unacknowledged), durable=False)
            except BaseException:  # also Ctrl-C: writing again what is on disk would double it
                self._failed = True  # what was half written is cut off at the next start
                raise
            self._waiting.clear()
            self._unacknowledged.clear()
            self._synced = time.monotonic()

    def note(self, name: str, figures: Mapping[str, Any]) -> None:
        """Put more figures of this command into run.json, such as what its model calls cost."""
        self._notes[name] = dict(figures)
        self._write_manifest()

    def remember(self, name: str, facts: Mapping[str, Any]) -> None:
        """As `note`, but written with the next change: a rerun that finds nothing to do leaves run.json as it is."""
        self._notes[name] = dict(facts)

    def noted(self, name: str) -> dict[str, Any]:
        """What `note` or `remember` was last told under this name, also by an earlier run."""
        return dict(self._notes.get(name, {}))

    def complete(self) -> None:
        """Mark the command as complete, unless a command beside it did not finish what this one reads."""
        self._sync()
        with self._hold.lock:
            inputs = self._asked["inputs"]
            read = {name: grows for name, grows in self._hold.growing.items() if inputs.get(name) == grows.identity}
            if all(grows.complete for grows in read.values()):
                inputs.update({name: fingerprint(self._path / name) for name in read})
                was_complete, self._status = self._status == "complete", "complete"
                for growing in self._growing.values():
                    growing.complete = True
                self._replaced.discard()
                if was_complete and not read:
                    return
            self._write_manifest()

    def close(self) -> None:
        """Write what is waiting. If a fresh start made nothing at all, put back what it was to replace."""
        try:
            if not self._failed:
                self._sync()
            if self._status != "complete" and not self.done:
                self._replaced.put_back(self._state, self._outputs)
        finally:
            for growing in self._growing.values():
                growing.ended = True

    @property
    def is_complete(self) -> bool:
        """Whether every input is done."""
        return self._status == "complete"

    @property
    def made(self) -> dict[str, int]:
        """Counts of what was made, cumulative over resumes."""
        return self.counts.of(MADE)

    @property
    def rejected(self) -> dict[str, int]:
        """Counts of what was rejected, by reason, cumulative over resumes."""
        return self.counts.of(REJECTED_BY_REASON)

    def _write_manifest(self) -> None:
        with self._hold.lock:
            entry = {
                "status": self._status,
                "made_as": self._made_as,
                "number": self._number,
                **self._asked,
                "counts": self.counts,
                "seconds": round(self._seconds_before + time.monotonic() - self._started, 3),
                **self._notes,
            }
            write_manifest(self._path, self.command, entry)


def rejections_of(command: str) -> Output:
    """The lines of a command in rejected.jsonl."""

    def rejected_of(line: dict[str, Any]) -> str | None:
        own, made_of = line.get("stage") == command, line.get("id")
        return None if not own else made_of if isinstance(made_of, str) else ""

    return Output(REJECTED.name, rejected_of)


def _with_ids(sizes: Mapping[str, int], shared: Mapping[str, list[str]]) -> dict[str, int | list[str]]:
    """The number of lines of one input by file; for a shared file, their ids, taken off the front of `shared`."""
    shown: dict[str, int | list[str]] = {}
    for name, size in sizes.items():
        shown[name] = shared[name][:size] if name in shared else size
        if name in shared:
            del shared[name][:size]
    return shown


def count_rejection(counts: Counts, rejection: Rejection) -> None:
    """Count a rejection by its reason."""
    counts.add(REJECTED_BY_REASON, rejection.reason)


def identities(manifest: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """What stood for a file while a command was making it, for each command as it was last asked."""
    return {identity(command, entry["made_as"]) for command, entry in manifest.items() if "made_as" in entry}
