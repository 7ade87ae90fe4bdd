"""Read a run directory's files for viewing: lines that cannot be read are counted and skipped.

A stage refuses a file with a bad line. A viewer wants to see the rest, also while a stage is still writing, and to know
how many lines could not be read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

Line = dict[str, Any]


@dataclass
class Reader:
    """Reads the files of one run directory. `unreadable` counts, by file, the lines that are not JSON objects."""

    run: Path
    unreadable: Counter[str] = field(default_factory=Counter)

    def lines(self, file: str) -> Iterator[Line]:
        """The lines of a file; none if it does not exist."""
        for _, line in self.placed_lines(file):
            yield line

    def placed_lines(self, file: str) -> Iterator[tuple[int, Line]]:
        """The lines, each with the byte offset at which it begins."""
        path = self.run / file
        if not path.is_file():
            return
        offset = 0
        try:
            source = path.open("rb")
        except OSError:  # no permission, for instance
            self.unreadable[file] += 1
            return
        with source:
            for content in source:
                line = parse(content)
                if line is not None:
                    yield offset, line
                elif content.endswith(b"\n"):  # a line without an end is still being written
                    self.unreadable[file] += 1
                offset += len(content)

    def lines_at(self, file: str, offsets: Iterator[int] | list[int]) -> Iterator[Line]:
        """The lines that begin at these byte offsets."""
        with (self.run / file).open("rb") as source:
            for offset in offsets:
                source.seek(offset)
                line = parse(source.readline())
                if line is not None:
                    yield line

    def whole(self, path: Path) -> Any:
        """The content of a JSON file; None if it does not exist or is not JSON."""
        try:
            return _decoded(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            self.unreadable[str(path.relative_to(self.run))] += 1
            return None


def parse(content: bytes) -> Line | None:
    """A line as a JSON object, else None. Broken UTF-8 and lone surrogates become U+FFFD."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        try:
            value = _decoded(content)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _decoded(content: bytes) -> Any:
    """JSON by Python's lenient reader. Lone surrogates, which no page can hold, become U+FFFD."""
    text = json.dumps(json.loads(content.decode("utf-8", "replace")), ensure_ascii=False)
    return json.loads(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))


def text_of(line: Mapping[str, Any], name: str) -> str:
    """A field as text, whatever its type."""
    value = line.get(name)
    return value if isinstance(value, str) else "" if value is None else str(value)


def list_of(value: Any) -> list[Any]:
    """The value if it is a list, else an empty list."""
    return value if isinstance(value, list) else []
