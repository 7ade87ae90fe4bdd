"""`build-sft --parquet`: the same rows, whatever a row group happens to hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lemma.cli import main
from lemma.dataset import parquet as parquet_module
from lemma.dataset.parquet import write_parquet

parquet = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("group", [1, 2, 100])
@pytest.mark.parametrize(
    ("rows", "filled"),
    [
        ([{"a": "x", "n": 1}, {"a": "y", "n": 2}], {}),
        ([{"a": None}, {"a": "x"}, {"a": None}], {}),
        ([{"a": []}, {"a": [1, 2]}, {"a": []}], {}),
        ([{"a": 1}, {"a": 0.5}], {}),
        ([{"m": [{"role": "user", "content": "é"}]}, {"m": []}], {}),
        ([{"a": "x"}, {"b": 3}], {"a": None, "b": None}),
        ([{"n": 2**60}, {"n": -1}], {}),
        ([{"a": "2024-01-02"}, {"a": "12"}], {}),
    ],
)
def test_the_rows_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int, rows: list[dict[str, Any]], filled: dict[str, None]
) -> None:
    monkeypatch.setattr(parquet_module, "_ROWS_OF_A_GROUP", group)
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = parquet.ParquetFile(write_parquet(tmp_path / "x.jsonl"))
    assert file.read().to_pylist() == [{**filled, **row} for row in rows]
    assert file.num_row_groups == -(-len(rows) // group)


def test_no_records_make_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    assert parquet.read_table(write_parquet(tmp_path / "x.jsonl")).num_rows == 0


def test_a_rebuild_leaves_no_old_file(tmp_path: Path) -> None:
    run = ["--run", str(tmp_path), "--workers", "1"]
    assert main(["augment", "--limit", "3", *run]) == 0
    assert main(["build-sft", "--records", "lemma,dpo", "--parquet", *run]) == 0
    for name in ("lemma", "dpo"):
        lines = (tmp_path / "sft" / f"{name}.jsonl").read_text().splitlines()
        assert parquet.read_table(tmp_path / "sft" / f"{name}.parquet").num_rows == len(lines) > 0
    assert main(["build-sft", "--fresh", *run]) == 0
    assert not list((tmp_path / "sft").glob("*.parquet"))
