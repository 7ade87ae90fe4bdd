"""Write a file of records as Parquet as well, in row groups, so that neither side holds more than one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import MissingExtraError

_ROWS_OF_A_GROUP = 8192


def write_parquet(lines: Path) -> Path:
    """The records of `sft/lemma.jsonl` as `sft/lemma.parquet`: the same rows in the same order.

    A column that some records lack is null there. Raises MissingExtraError without pyarrow.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "data") from None

    # Twice through the file: a column that is null, or an empty list, throughout a group has its type in another one.
    schema = pyarrow.schema([])
    for rows in _groups(lines):
        names = dict.fromkeys(name for row in rows for name in row)  # from_pylist looks at the first row alone
        found = pyarrow.table({name: [row.get(name) for row in rows] for name in names}).schema
        schema = pyarrow.unify_schemas([schema, found], promote_options="permissive")
    path = lines.with_suffix(".parquet")
    temporary = path.with_name(f"{path.name}.tmp")
    with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for rows in _groups(lines):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
    temporary.replace(path)
    return path


def _groups(lines: Path) -> Iterator[list[dict[str, Any]]]:
    with lines.open("rb") as file:
        while rows := list(map(orjson.loads, islice(file, _ROWS_OF_A_GROUP))):
            yield rows
