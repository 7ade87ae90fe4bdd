"""`analyze --locate exact`: generated problems, on which every step can be judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sft_data import lemma, lines

QUESTION = (
    "Ada has 5 pens. Ben has 3 more pens than Ada. Cal has 2 times as many pens as Ben. How many pens does Cal have?"
)
SOLVED = "Ben has 5 + 3 = <<5+3=8>>8 pens.\nCal has 8 * 2 = <<8*2=16>>16 pens.\n#### 16"


@pytest.mark.parametrize(
    ("steps", "located", "refused"),
    [
        (["Ben has 5 - 3 = 2 pens.", "Cal has 2 * 2 = 4 pens."], 0, None),
        (["Ben has 5 + 3 = 8 pens.", "Ben has 8 * 2 = 16 pens."], None, None),  # its answer is right
        (["Ben has 5 + 3 = 8 pens.", "Ben has 8 * 2 = 18 pens."], 1, None),
        (["Ada has 5 + 3 = 8 pens.", "Cal has 8 * 2 = 17 pens."], 0, None),  # a wrong name comes first
        (["Ben has 5 + 3 = 8 pens."], None, "no_wrong_step_read"),
        (["So it is.", "Cal has 8 * 2 = 15 pens."], None, "no_wrong_step_read"),
    ],
)
def test_the_first_wrong_step_is_proved(
    tmp_path: Path, steps: list[str], located: int | None, refused: str | None
) -> None:
    answer = steps[-1].split(" = ")[-1].split()[0] if " = " in steps[-1] else "0"
    row = {"question": QUESTION, "answer": SOLVED, "solutions": ["\n".join([*steps, f"The answer is {answer}"])]}
    (tmp_path / "data.jsonl").write_text(json.dumps(row) + "\n")
    run = tmp_path / "run"
    assert lemma("sample", "--from", tmp_path / "data.jsonl", "--run", run) == 0
    assert lemma("analyze", "--locate", "exact", "--run", run) == 0
    found = lines(run / "erroneous.jsonl")
    assert [one["error_step"] for one in found] == ([] if located is None else [located])
    assert all(one["evidence"] == "proof" for one in found)
    reasons = [line["reason"] for line in lines(run / "rejected.jsonl")]
    assert reasons == ([refused] if refused else [])


def test_other_problems_are_refused_and_other_methods_do_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"question": "What is 2 + 2?", "answer": "2 + 2 = 4\n#### 4", "solutions": ["2 + 2 = 5\nThe answer is 5"]}
    (tmp_path / "data.jsonl").write_text(json.dumps(row) + "\n")
    assert lemma("sample", "--from", tmp_path / "data.jsonl", "--run", tmp_path) == 0
    assert lemma("analyze", "--locate", "exact", "--run", tmp_path) == 0
    assert [line["reason"] for line in lines(tmp_path / "rejected.jsonl")] == ["not_generated"]
    assert lemma("analyze", "--locate", "exact,graph", "--run", tmp_path, "--fresh") == 1
    assert "leave out other methods" in capsys.readouterr().err
