"""Files of a run directory: JSON lines, whole and durable writes, and what a disk can refuse."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import RunDirectoryError
from lemma.records import Record
from lemma.rundir.ids import IdSet
from lemma.rundir.lines import parse_line, text_field


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


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn whatever a disk can refuse into a RunDirectoryError of one line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunDirectoryError(f"{path}: the disk is full. Free some space, then rerun the command") from None
        # Of two names, as in a rename, the second is the user's and the first a temporary one.
        where, reason = error.filename2 or error.filename or path, error.strerror or str(error)
        raise RunDirectoryError(f"{where}: {reason}. Fix it, or use another --run directory") from None


def append_to(path: Path, content: bytes, durable: bool = True) -> int:
    """Append to a file, on disk if `durable`. Returns its length."""
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        if durable:
            os.fsync(file.fileno())
        return file.tell()


def size_of(path: Path) -> int:
    return path.stat().st_size


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a kill leaves either the old content or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def keep_lines_of(
    path: Path,
    input_of: Callable[[dict[str, Any]], str | None],
    inputs: Container[str],
    *,
    at_least: int = 0,
    drop_broken: bool = False,
    refuse_others: bool = False,
) -> int:
    """Drop a torn last line and all lines of other inputs of this command; touch nothing if there are none.

    Returns how many lines of this command remain; if they are fewer than `at_least`, nothing is dropped. Raises
    RunDirectoryError for a line that is not JSON or names no input, unless `drop_broken`, and for every line that would
    be dropped if `refuse_others`.
    """
    temporary = path.with_name(path.name + ".tmp")
    dropped, remaining = False, 0
    with path.open("rb") as file, temporary.open("wb") as kept:
        for number, line in enumerate(file, start=1):
            torn = not line.endswith(b"\n")
            try:
                made_of = "" if torn else input_of(parse_line(line, path, number))
                if made_of is None or made_of in inputs:
                    kept.write(line)
                    remaining += made_of is not None
                    continue
                if not torn and (refuse_others or not made_of):
                    raise RunDirectoryError(
                        f"{path}, line {number}: not a line that lemma wrote. Move it away, or add --fresh to "
                        "replace it"
                    )
            except RunDirectoryError:
                if not drop_broken:
                    raise
            dropped = True
        kept.flush()
        os.fsync(kept.fileno())
    if dropped and remaining >= at_least:
        temporary.replace(path)
    else:
        temporary.unlink()
    return remaining


def ids_of_whole_lines(path: Path) -> IdSet:
    """The ids in a file that several commands add to. A torn last line is cut off; nobody has acknowledged it."""
    ids, whole = IdSet(), 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                os.truncate(path, whole)
                break
            ids.add(text_field(parse_line(line, path, number), "id", path, number))
            whole += len(line)
    return ids
