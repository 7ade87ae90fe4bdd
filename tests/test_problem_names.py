"""Rows under the many names that people give to the same columns, and JSON in the many forms that it is saved in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lemma.exceptions import Refusal
from lemma.problems.loading import open_problems
from lemma.problems.problem import read_row
from lemma.records import Problem

Q, S = "Ann has 2 pens and buys 3 more. How many pens does she have?", "She has 2 + 3 = 5 pens."
CHAT = f"<|im_start|>user\n{Q}<|im_end|>\n<|im_start|>assistant\n{S}\nThe answer is 5.<|im_end|>\n"
# What is read from each row: the gold answer, and whether there is a worked solution.
ROWS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "names with spaces": ({"Question": Q, "Final Answer": "5", "Explanation": S}, "5", True),
    "GPQA": ({"Question": Q, "Correct Answer": "5", "Incorrect Answer 1": "4", "Explanation": S}, "5", True),
    "BIG-bench": ({"input": Q, "target": "5"}, "5", False),
    "answers": ({"question": Q, "answers": ["5"]}, "5", False),
    "a list of one number": ({"problem": Q, "answer": [5]}, "5", False),
    "a number": ({"problem": Q, "solution": S, "answer": 5.0}, "5", True),
    "CMATH": ({"question": Q, "golden": "5"}, "5", False),
    "Math23K": ({"original_text": Q, "equation": "x=2+3", "ans": "5"}, "5", False),
    "AddSub": ({"sQuestion": Q, "lEquations": ["X=2+3"], "lSolutions": [5.0]}, "5", False),
    "HARP": ({"problem": Q, "answer": "5", "solution_1": S}, "5", True),
    "steps": ({"question": Q, "steps": ["2 + 3 = 5"], "answer": "5"}, "5", True),
    "steps of a model": ({"question": Q, "steps": ["2 + 3 = 6"], "label": 0, "answer": "5"}, "5", False),
    "chain of thought": ({"question": Q, "cot": S, "final_answer": "5"}, "5", True),
    "a label as gold": ({"prompt": [{"role": "user", "content": Q}], "label": "5"}, "5", False),
    "a label beside a text": ({"prompt": Q, "label": "5", "metadata": {}}, "5", False),
    "human and assistant": ({"human": Q, "assistant": f"{S} The answer is 5."}, "5", True),
    "a rendered chat": ({"text": CHAT}, "5", True),
    "an instruction format": ({"text": f"<s>[INST] {Q} [/INST] {S} The answer is 5. </s>"}, "5", True),
    "names in a text": ({"text": f"Question: {Q}\nAnswer: {S}\n#### 5"}, "5", True),
    "headings in a text": ({"text": f"### Instruction:\n{Q}\n\n### Response:\n{S}\n#### 5"}, "5", True),
    "Chinese": ({"question": "小明有2支笔，又买了3支。一共有几支？", "answer": "2+3=5（支）。答案是5。"}, "5", True),
    "no gold": ({"problem": "Prove that 2 + 3 = 5.", "solution": "Trivial.", "answer": "proof"}, "", False),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_columns_under_other_names(name: str) -> None:
    row, gold, worked = ROWS[name]
    problem, _ = read_row(row, {}, "rows", solved=False, answered=False)
    assert (problem.answer, bool(problem.solution)) == (gold, worked)
    assert problem.question in (Q, row.get("question"), row.get("problem"))
    assert "<" not in problem.solution


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nothing to tell apart", "missing_field"),
        (CHAT + CHAT, "several_turns"),
        ("", "empty_field"),
    ],
)
def test_texts_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_row({"text": text}, {}, "rows", solved=False, answered=False)
    assert caught.value.reason == reason


ROW = {"question": Q, "answer": f"{S}\n#### 5"}
FILES = {
    "rows of the viewer": json.dumps({"features": [], "rows": [{"row_idx": 0, "row": ROW, "truncated_cells": []}]}),
    "objects without separators": json.dumps(ROW) + json.dumps(ROW | {"question": f"{Q} Today?"}),
    "objects over several lines": json.dumps(ROW, indent=1) + "\n" + json.dumps(ROW | {"question": f"{Q} Today?"}),
    "under a name": json.dumps({"version": "1.0", "examples": [ROW]}),
    "by number": json.dumps({"0": ROW, "1": ROW | {"question": f"{Q} Today?"}}),
    "by column": json.dumps({"question": {"0": Q}, "answer": {"0": ROW["answer"]}}),
}


@pytest.mark.parametrize("name", FILES)
def test_json_in_other_forms(tmp_path: Path, name: str) -> None:
    (tmp_path / "data.json").write_text(FILES[name])
    items = list(open_problems(str(tmp_path / "data.json"), "sample", {}, "train", solved=False))
    assert all(isinstance(item, Problem) and item.answer == "5" for item in items)
    assert len(items) == FILES[name].count("#### 5")
