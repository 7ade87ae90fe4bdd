"""Pairs of answers with the verdict they must get, each with the reason (`equal: null` is `unknown`)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma import verdict

_TABLES = Path(__file__).with_name("tables")
_VERDICTS = {True: "equal", False: "different", None: "unknown"}


@pytest.mark.parametrize("name", ["answers", "solutions", "kinds", "habits"])
def test_pairs(name: str) -> None:
    lines = (_TABLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found = [verdict(row["gold"], row["pred"]) for row in rows]
    numbered = enumerate(zip(rows, found, strict=True), start=1)
    wrong = [f"line {number}: {said}, {row}" for number, (row, said) in numbered if said != _VERDICTS[row["equal"]]]
    assert rows
    assert not wrong
