"""Read what stages have made: the JSON lines of a run directory's files, also of one that is still growing.

for line in read_stored_lines(run / "erroneous.jsonl", "augment"):
    ErroneousSolution.model_validate_json(line.content)

right = LineIndex(run / "solutions.jsonl", "sample", key_of)
right.find(problem_id)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from lemma.exceptions import RunDirectoryError
from lemma.rundir.sharing import GrowingFile, Hold

Values = dict[str, Any]


class StoredLine(NamedTuple):
    """A line of a run directory's file, not parsed any further than its id. A tuple, as millions go to workers."""

    id: str
    content: bytes


NOT_YET = StoredLine("", b"")
"""Stands among the lines where the next is not there yet, because a stage of this process is still making the file."""


def read_stored_lines(path: Path, stage_before: str) -> Iterator[StoredLine]:
    """The lines of a file of records, each with its id, for workers to parse. Raises as `read_lines` does."""
    for number, (line, values) in enumerate(_lines(path, stage_before), start=1):
        yield StoredLine(text_field(values, "id", path, number), line)


def flowing_lines(path: Path, stage_before: str, hold: Hold | None = None) -> Iterator[StoredLine]:
    """As `read_stored_lines`, with NOT_YET while the file is still growing and nothing new is there."""
    grows = hold.growing.get(path.name) if hold is not None else None
    if grows is None:
        yield from read_stored_lines(path, stage_before)
        return
    with path.open("rb") as file:
        number = 0
        while (ready := _size_when_ready(grows, file.tell())) is not None:
            if ready == file.tell():
                yield NOT_YET
            while file.tell() < ready:
                line, number = file.readline(), number + 1
                yield StoredLine(text_field(parse_line(line, path, number), "id", path, number), line)


def _size_when_ready(grows: GrowingFile, read: int) -> int | None:
    """The bytes that are there to be read; None where all are read and no more will come."""
    ended = grows.ended  # looked at before the size, which is final then
    size = grows.size
    return None if ended and size == read else size


def placed_lines(path: Path, stage_before: str) -> Iterator[tuple[int, int, Values]]:
    """The lines of a file with their first byte and their number from 1. Raises as `read_lines` does."""
    offset = 0
    for number, (line, values) in enumerate(_lines(path, stage_before), start=1):
        yield offset, number, values
        offset += len(line)


def read_lines(path: Path, stage_before: str) -> Iterator[Values]:
    """The lines of a run directory's file. Raises RunDirectoryError naming the stage that makes it, or the bad line."""
    for _, values in _lines(path, stage_before):
        yield values


def _lines(path: Path, stage_before: str) -> Iterator[tuple[bytes, Values]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield line, parse_line(line, path, number)
    except FileNotFoundError:
        raise _not_there(path, stage_before) from None


def parse_line(line: bytes, path: Path, number: int) -> Values:
    """A line's JSON object. Raises RunDirectoryError with the file and the line's number."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RunDirectoryError(
            f"{path}, line {number}: not JSON ({error}); run the stage that makes it with --fresh"
        ) from None
    if not isinstance(value, dict):
        raise RunDirectoryError(f"{path}, line {number}: not a JSON object; run the stage that makes it with --fresh")
    return value


def text_field(values: Mapping[str, Any], name: str, path: Path, number: int) -> str:
    """A field of a line that has to be text. Raises RunDirectoryError with the line's number."""
    value = values.get(name)
    if not isinstance(value, str):
        raise RunDirectoryError(f"{path}, line {number}: no {name!r}; run the stage that makes it with --fresh")
    return value


def stage_input(path: Path, stage_before: str, hold: Hold | None = None) -> dict[str, str]:
    """The fingerprint of a file by its name, as `open_stage` takes it; of a growing file, what it is made of.

    Raises RunDirectoryError, naming the command that makes it, if the file is not there.
    """
    grows = hold.growing.get(path.name) if hold is not None else None
    if grows is not None and not grows.complete:
        return {path.name: grows.identity}
    try:
        return {path.name: fingerprint(path)}
    except FileNotFoundError:
        raise _not_there(path, stage_before) from None


def _not_there(path: Path, stage_before: str) -> RunDirectoryError:
    return RunDirectoryError(f"{path} is not there; `lemma {stage_before}` makes it")


def fingerprint(path: Path) -> str:
    """A hash of a file's content, in constant memory."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class LineIndex:
    """Where the lines of each key stand, so that no line is held in memory. What was appended since is looked
    through when a key is not found. A line's key is its field `key`; lines without the values of `where` don't count.
    """

    def __init__(self, path: Path, stage_before: str, key: str, where: Mapping[str, Any] | None = None) -> None:
        """Read the file once. Raises RunDirectoryError naming the stage that makes it when it is not there."""
        self._path, self._key, self._where = path, key, dict(where or {})
        self._places: dict[str, int] = {}
        self._later_places: dict[str, list[int]] = {}
        self._read = self._number = 0
        try:
            self._read_on()
        except FileNotFoundError:
            raise _not_there(path, stage_before) from None

    def find(self, key: str) -> bytes | None:
        """The first line of a key, or None."""
        if key not in self._places and self._path.stat().st_size > self._read:
            self._read_on()
        return self._line(self._places[key]) if key in self._places else None

    def find_all(self, key: str) -> list[bytes]:
        """All lines of a key, in order."""
        if self._path.stat().st_size > self._read:
            self._read_on()
        if key not in self._places:
            return []
        return [self._line(place) for place in (self._places[key], *self._later_places.get(key, ()))]

    def _line(self, place: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(place)
            return file.readline()

    def _read_on(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n") and not _is_whole(line):
                    break  # still being written
                self._number += 1
                values = parse_line(line, self._path, self._number)
                if self._where.items() <= values.items():
                    key = text_field(values, self._key, self._path, self._number)
                    if self._places.setdefault(key, self._read) != self._read:
                        self._later_places.setdefault(key, []).append(self._read)
                self._read += len(line)


def _is_whole(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
