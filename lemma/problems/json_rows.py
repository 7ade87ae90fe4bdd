"""Rows of JSON: a line each, an array, columns or records as pandas writes them, or splits by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from lemma.exceptions import DataError, Refusal
from lemma.problems.parts import is_list_of
from lemma.problems.splits import SPLITS, choose_split
from lemma.problems.streams import LONGEST_LINE, Source

Row = Mapping[str, Any] | Refusal


def parsed(content: bytes) -> Any:
    """The value of a JSON text. NaN and infinities, as pandas and Python write them, are null.

    Raises UnicodeDecodeError or ValueError if it is none.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        text = content.decode("utf-8")
        if "NaN" not in text and "Infinity" not in text:
            raise
        try:
            return json.loads(text, parse_constant=lambda _name: None)
        except (json.JSONDecodeError, RecursionError):
            raise error from None


def row_of(value: Any) -> Row:
    """A value as a row. A list of messages is a conversation."""
    if isinstance(value, dict):
        return value
    if is_list_of(value, dict) and all("role" in turn or "from" in turn for turn in value):
        return {"messages": value}
    return Refusal("wrong_type", f"{type(value).__name__}, expected an object")


def jsonl_rows(source: Source, split: str) -> Iterator[tuple[str, Row]]:
    """A row per line. A file that is one array or object over several lines is read as such."""
    is_first = True
    for number, content in source.lines():
        if content is not None and not content.strip():
            continue
        row: Row
        try:
            if content is None:
                raise Refusal("line_too_long", f"more than {LONGEST_LINE / 2**20:.0f} MiB")
            value = parsed(content)
            if is_first and is_list_of(value, dict) and isinstance(row_of(value), Refusal):
                yield from _items(source, value, split)
                continue
            row = row_of(value)
        except UnicodeDecodeError as error:
            row = Refusal("not_utf8", f"byte {error.start} is not UTF-8")
        except ValueError as error:
            document = _document(source) if is_first and content and content.strip() in (b"[", b"{", b"[{") else None
            if document is not None:
                yield from _items(source, document, split)
                return
            row = Refusal("invalid_json", str(error).partition(": line ")[0])
        except Refusal as refusal:
            row = refusal
        is_first = False
        yield f"{source.name}, line {number}", row


def json_rows(source: Source, split: str) -> Iterator[tuple[str, Row]]:
    """The rows of one JSON document; of JSONL, if it only has the wrong name."""
    content = source.whole()
    try:
        value = parsed(content)
    except UnicodeDecodeError as error:
        raise DataError(f"{source.path}: not UTF-8 (byte {error.start})") from None
    except ValueError as error:
        lines = content.split(b"\n", 2)
        if len(lines) > 1 and lines[1].strip() and _is_object(lines[0]):
            yield from jsonl_rows(source, split)
            return
        value = _one_after_the_other(content)
        if value is None:
            raise DataError(f"{source.path}: not JSON ({error})") from None
    yield from _items(source, value, split)


def _document(source: Source) -> Any:
    """The whole file as one value; None if it is not one."""
    try:
        return parsed(source.whole())
    except ValueError:
        return None


def _one_after_the_other(content: bytes) -> list[Any] | None:
    """Objects that follow each other without anything between them; None if there is anything else."""
    text, decoder, at, found = content.decode("utf-8").strip(), json.JSONDecoder(), 0, []
    while text.startswith("{", at):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        found.append(value)
        at = end + len(text[end : end + 100]) - len(text[end : end + 100].lstrip())
    return found if at == len(text) and found else None


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(parsed(line), dict)
    except ValueError:
        return False


def _items(source: Source, value: Any, split: str) -> Iterator[tuple[str, Row]]:
    rows = rows_in(value, split, source.name)
    for number, item in enumerate(rows, start=1):
        # The viewer of Hugging Face numbers its rows.
        row = item.get("row", item) if isinstance(item, dict) and "row_idx" in item else item
        yield f"{source.name}, item {number}", row_of(row)


def rows_in(value: Any, split: str, name: str) -> Sequence[Any]:
    """The rows in a JSON document. Raises DataError if it has splits, but not this one."""
    if isinstance(value, list) or not isinstance(value, dict) or not value:
        return value if isinstance(value, list) else [value]
    if value.keys() <= SPLITS or (value.keys() & SPLITS and all(isinstance(part, list) for part in value.values())):
        return rows_in(value[choose_split(value, split, name)], split, name)
    if (rows := _pandas_rows(value)) is not None:
        return rows
    lists = (part for part in value.values() if isinstance(part, list) and any(isinstance(row, dict) for row in part))
    return next((rows for rows in lists if isinstance(row_of(rows), Refusal)), [value])


def _pandas_rows(value: Mapping[str, Any]) -> Sequence[Any] | None:
    """Rows as `DataFrame.to_json` writes them, by its `orient`, or `to_dict("list")`; None if they are not."""
    parts = list(value.values())
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):  # split
        return [dict(zip(value["columns"], cells, strict=False)) for cells in value["data"]]
    if all(isinstance(part, dict) for part in parts):
        places = parts[0].keys()
        if places and all(place.isdigit() for place in places) and all(part.keys() == places for part in parts):
            return [{name: column[place] for name, column in value.items()} for place in places]  # columns
        return parts if all(name.isdigit() for name in value) else None  # index
    columns = [
        part for part in parts if isinstance(part, list) and not any(isinstance(cell, dict) for cell in part[:1])
    ]
    if len(columns) == len(parts) > 1 and len({len(column) for column in columns}) == 1:
        return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]  # list
    return None
