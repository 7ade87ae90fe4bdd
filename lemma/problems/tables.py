"""Rows of tables: CSV with any usual separator, TSV, Parquet and Arrow."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import Any

from lemma.exceptions import DataError, MissingExtraError, Refusal
from lemma.problems.json_rows import Row
from lemma.problems.streams import Source

_MOST_ROWS_OF_A_BATCH, _MOST_BYTES_OF_A_BATCH = 4096, 2**28
_SURROGATE = re.compile("[\ud800-\udfff]")
_SEPARATORS = ",;\t|"
_LONGEST_CSV_LINE = 2**20
_NUMBER = re.compile(r"[-+]?\d[\d.,]*")


def csv_rows(source: Source, _split: str) -> Iterator[tuple[str, Row]]:
    """The rows of a table in text. `sep=;` in the first line, as Excel writes it, is obeyed.

    A table of two columns without a header, as MGSM is published, has questions and numbers.
    """
    # Bytes that are not UTF-8 are read as lone surrogates, so that one bad cell costs one row.
    lines = (
        (content or b'"too long\n')[:_LONGEST_CSV_LINE].decode("utf-8", "surrogateescape")
        for _, content in source.lines()
    )
    first = next(lines, "")
    start = 2
    if stated := re.fullmatch(r"sep=(.)\s*", first):
        separator, first, start = stated[1], next(lines, ""), 3
    elif source.suffix == ".tsv":
        separator = "\t"
    else:
        separator = max(_SEPARATORS, key=lambda mark: len(re.sub(r'"[^"]*"', "", first).split(mark)))
    cells = first.rstrip("\r\n").split(separator)
    has_header = not (len(cells) == 2 and _NUMBER.fullmatch(cells[1].strip()))
    names = None if has_header else ("question", "answer")
    reader = csv.DictReader(chain([first], lines), fieldnames=names, delimiter=separator)
    try:
        _ = reader.fieldnames
    except csv.Error as error:
        raise DataError(f"{source.path}: the first line is not the header of a CSV file ({error})") from None
    for number in count(start if has_header else start - 1):
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
        yield f"{source.name}, row {number}", row


def parquet_rows(source: Source, _split: str) -> Iterator[tuple[str, Row]]:
    """The rows of a Parquet file, a batch in memory at a time."""
    path = source.path
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
        yield from _numbered(source, file.iter_batches(size))
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable Parquet file ({reason})") from None


def arrow_rows(source: Source, _split: str) -> Iterator[tuple[str, Row]]:
    """The rows of an Arrow file, as `save_to_disk` of `datasets` writes them."""
    try:
        from pyarrow import ArrowException, ipc, memory_map
    except ImportError:
        raise MissingExtraError("pyarrow", "data") from None
    try:
        with memory_map(str(source.path)) as mapped:
            yield from _numbered(source, ipc.open_stream(mapped))
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{source.path}: not a readable Arrow file ({reason})") from None


def _numbered(source: Source, batches: Iterable[Any]) -> Iterator[tuple[str, Row]]:
    rows = (row for batch in batches for row in _rows_of_batch(batch))
    for number, row in enumerate(rows, start=1):
        yield f"{source.name}, row {number}", row


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
