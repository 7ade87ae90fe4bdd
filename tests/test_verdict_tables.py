"""Pairs of answers with the verdict they must get, each with the reason (`equal: null` is `unknown`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lemma import verdict

_TABLES = Path(__file__).with_name("tables")
_VERDICTS = {True: "equal", False: "different", None: "unknown"}


def _rows(name: str) -> list[Any]:
    lines = (_TABLES / name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        pytest.param(row["gold"], row["pred"], row["equal"], id=f"{at}: {row['why']}") for at, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("gold", "pred", "equal"),
    [*_rows("answers.jsonl"), *_rows("solutions.jsonl"), *_rows("kinds.jsonl"), *_rows("habits.jsonl")],
)
def test_pair(gold: str, pred: str, equal: bool | None) -> None:
    assert verdict(gold, pred) == _VERDICTS[equal]
