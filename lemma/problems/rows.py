"""Read the rows of a file (JSONL, JSON, CSV, Parquet) or of a Hugging Face data set, each with its place.

    >>> for place, row in read_rows("gsm8k_train.jsonl", "train"): ...    # "gsm8k_train.jsonl, line 1", {...}

A bad row is returned as a Refusal, and the next one follows.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import DataError, MissingExtraError, Refusal

Row = Mapping[str, Any] | Refusal
_MOST_ROWS_OF_A_BATCH, _MOST_BYTES_OF_A_BATCH = 4096, 2**28

_SURROGATE = re.compile("[\ud800-\udfff]")


def is_local(data: str) -> bool:
    """Whether there is such a file or folder."""
    try:
        return Path(data).exists()
    except OSError:  # a name that no file can have
        return False


def unreadable(data: str, error: OSError) -> DataError:
    """The error for a file that the system does not let us read."""
    return DataError(f"{data} cannot be read: {error.strerror or error}")


def read_rows(data: str, split: str) -> Iterator[tuple[str, Row]]:
    """The rows with their places.

    Raises DataError if the data cannot be read, MissingExtraError if a package for it is not installed.
    """
    if not Path(data).is_file():
        yield from _data_set_rows(data, split)
        return
    reader = READERS.get(Path(data).suffix)
    if reader is None:
        raise DataError(f"{data}: unknown format; name the file .jsonl, .json, .csv or .parquet")
    try:
        yield from reader(Path(data))
    except OSError as error:
        raise unreadable(data, error) from None


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            content = line.removeprefix(codecs.BOM_UTF8)
            if not line.strip():
                continue
            try:
                content.decode("utf-8")
                row = _object(orjson.loads(content))
            except UnicodeDecodeError as error:
                row = Refusal("not_utf8", f"byte {error.start} is not UTF-8")
            except orjson.JSONDecodeError as error:
                row = Refusal("invalid_json", str(error))
            yield f"{path.name}, line {number}", row


def _object(value: Any) -> Row:
    if isinstance(value, dict):
        return value
    return Refusal("wrong_type", f"{type(value).__name__}, expected an object")


def _json_rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        value = orjson.loads(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}: not JSON ({error}). If it has one object per line, name it .jsonl") from None
    if isinstance(value, dict):
        value = next((rows for rows in value.values() if isinstance(rows, list)), [value])
    for number, row in enumerate(value if isinstance(value, list) else [value], start=1):
        yield f"{path.name}, item {number}", _object(row)


def _csv_rows(path: Path) -> Iterator[tuple[str, Row]]:
    # Bytes that are not UTF-8 are read as lone surrogates, so that one bad cell costs one row.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file)
        try:
            _ = reader.fieldnames
        except csv.Error as error:
            raise DataError(f"{path}: the first line is not the header of a CSV file ({error})") from None
        for number in count(2):
            row: Row
            try:
                row = next(reader)
                if None in row:
                    row = Refusal("wrong_type", "more cells than the header has columns")
                elif any(_SURROGATE.search(cell or "") for cell in row.values()):
                    row = Refusal("not_utf8", "a cell is not UTF-8")
            except csv.Error as error:
                row = Refusal("invalid_csv", str(error))
            except StopIteration:
                return
            yield f"{path.name}, row {number}", row


def _parquet_rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "data") from None
    try:
        file = parquet.ParquetFile(path)
        largest = _largest_value(file.metadata)
        if largest > _MOST_BYTES_OF_A_BATCH:
            raise DataError(f"{path}: a column of it unpacks to {largest / 2**20:,.0f} MiB from almost nothing")
        # One long text that the file holds once may stand in every row.
        size = max(1, min(_MOST_ROWS_OF_A_BATCH, _MOST_BYTES_OF_A_BATCH // max(1, largest)))
        batches: Iterable[Any] = file.iter_batches(size)
        rows = (row for batch in batches for row in _rows_of_batch(batch))
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, row {number}", row
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable Parquet file ({reason})") from None


def _largest_value(metadata: Any) -> int:
    """The most bytes that a value can have, counting only columns that unpack to a hundred times what is stored."""
    chunks = (
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    )
    sizes = ((chunk.total_uncompressed_size, chunk.total_compressed_size) for chunk in chunks)
    return max((unpacked for unpacked, stored in sizes if unpacked > 100 * stored), default=0)


def _rows_of_batch(batch: Any) -> list[Row]:
    """The rows of a batch of Arrow data. If a cell is not UTF-8, they are converted one by one to find it."""
    try:
        rows: list[Row] = batch.to_pylist()
        return rows
    except UnicodeDecodeError as error:
        if batch.num_rows == 1:
            return [Refusal("not_utf8", f"byte {error.start} of a cell is not UTF-8")]
        return [row for at in range(batch.num_rows) for row in _rows_of_batch(batch.slice(at, 1))]


def _data_set_rows(data: str, split: str) -> Iterator[tuple[str, Row]]:
    """The rows of a data set on the Hub, or in a folder that `datasets` can load."""
    try:
        from datasets import load_dataset
    except ImportError:
        raise MissingExtraError("datasets", "data") from None
    try:
        rows = load_dataset(data, split=split, streaming=True)
        for number, row in enumerate(rows, start=1):
            yield f"{data}, row {number}", row
    except Exception as error:  # the errors of loaders, the Hub's client and their libraries have no common base class
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{data}: neither a file here nor a data set that could be loaded ({reason})") from None


READERS = {
    ".jsonl": _jsonl_rows,
    ".ndjson": _jsonl_rows,
    ".json": _json_rows,
    ".csv": _csv_rows,
    ".parquet": _parquet_rows,
}
"""By the ending of a file's name."""
