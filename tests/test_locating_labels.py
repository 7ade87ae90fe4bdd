"""Labeled solutions of public data sets, one shape each."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lemma.exceptions import Refusal
from lemma.locating.labels import read_labeled

SHARED = Path(os.environ.get("LEMMA_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")).parent


def prm800k(*ratings: int, chosen_last: bool = False, finish: str = "found_error") -> dict[str, Any]:
    texts = ["2 + 2 = 4.", "4 + 2 = 6.", "The answer is 6."]
    steps = [
        {
            "completions": [{"text": text, "rating": rating, "flagged": None}],
            "human_completion": None,
            "chosen_completion": 0 if rating >= 0 or chosen_last else None,
        }
        for text, rating in zip(texts, ratings, strict=False)
    ]
    return {
        "question": {
            "problem": "What is 2 + 2 + 2?",
            "ground_truth_solution": "It is $\\boxed{6}$.",
            "ground_truth_answer": "6",
            "pre_generated_steps": texts,
            "pre_generated_answer": "6",
        },
        "label": {"steps": steps, "finish_reason": finish},
    }


MR_GSM8K = {
    "question": "What is 2 + 2 + 2?",
    "ground_truth_solution": "2 + 2 + 2 = 6\n#### 6",
    "ground_truth_answer": "6",
    "model_output_steps": ["2 + 2 = 4", "4 + 2 = 7", "The answer is 7"],
    "model_output_solution_correctness": "wrong",
    "model_output_solution_first_error_step": 2,
}
SHEPHERD = "What is 2 + 2 + 2? Step 1: 2 + 2 = 4 {}\nStep 2: 4 + 2 = 7 {}\nStep 3: The answer is: 7 {}"
STEP_DPO = {
    "prompt": "What is 2 + 2 + 2?",
    "initial_reason_steps": "Let's think step by step.\nStep 1: 2 + 2 = 4.\nStep 2:",
    "chosen": " 4 + 2 = 6.",
    "rejected": " 4 + 2 = 7.",
    "full_rejected": " 4 + 2 = 7.\nStep 3: The answer is $\\boxed{7}$.",
    "answer": "6",
}
STEPS = ["2 + 2 = 4", "4 + 2 = 7", "The answer is 7"]
STEPWISE = {"prompt": "What is 2 + 2 + 2?", "completions": STEPS, "labels": [True, False, False]}
PROCESS_BENCH = {"problem": "What is 2 + 2 + 2?", "steps": STEPS, "label": 1, "final_answer_correct": False}


@pytest.mark.parametrize(
    ("row", "steps", "first_wrong", "answer"),
    [
        (prm800k(1, -1), 3, 1, "6"),
        (prm800k(1, -1, 1, chosen_last=True), 3, 1, "6"),
        (prm800k(1, 0, 1, finish="solution"), 3, None, "6"),
        (MR_GSM8K, 3, 1, "7"),
        (
            MR_GSM8K
            | {"model_output_solution_correctness": "correct", "model_output_solution_first_error_step": "N/A"},
            3,
            None,
            "7",
        ),
        ({"input": SHEPHERD.format("ки", "ки", "ки"), "label": SHEPHERD.format("+", "-", "-")}, 3, 1, "7"),
        ({"input": SHEPHERD.format("ки", "ки", "ки"), "label": SHEPHERD.format("+", "+", "+")}, 3, None, "7"),
        (STEP_DPO, 3, 1, "7"),
        (STEPWISE, 3, 1, "7"),
        (STEPWISE | {"labels": [True, True, True]}, 3, None, "7"),
        (STEPWISE | {"labels": [True, False]}, 3, 1, "7"),
        (PROCESS_BENCH, 3, 1, "7"),
        (PROCESS_BENCH | {"label": -1}, 3, None, "7"),
        ({"question": "What is 2 + 2 + 2?", "steps": STEPS, "first_error_step": 2}, 3, 1, "7"),
    ],
)
def test_shapes(row: dict[str, Any], steps: int, first_wrong: int | None, answer: str) -> None:
    labeled = read_labeled(row)
    assert labeled.question == "What is 2 + 2 + 2?"
    assert (len(labeled.steps), labeled.first_wrong, labeled.final_answer) == (steps, first_wrong, answer)
    assert labeled.steps[0].startswith("2 + 2 = 4")


def test_what_else_a_data_set_has() -> None:
    assert (read_labeled(MR_GSM8K).gold_answer, read_labeled(MR_GSM8K).reference_steps) == ("6", ("2 + 2 + 2 = 6",))
    assert read_labeled(prm800k(1, -1)).gold_answer == "6"
    assert read_labeled(STEP_DPO).gold_answer == "6"
    assert read_labeled(STEPWISE).reference_steps is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "label_unknown_shape"),
        ({"question": "Q", "answer": "3"}, "label_unknown_shape"),
        (prm800k(1, finish="give_up"), "label_unfinished"),
        ({"question": "Q", "label": 1}, "label_unreadable"),
        (PROCESS_BENCH | {"label": 3}, "label_out_of_range"),
        (PROCESS_BENCH | {"label": None}, "label_unreadable"),
        (PROCESS_BENCH | {"steps": []}, "empty_solution"),
        (STEPWISE | {"labels": [True] * 4}, "label_unreadable"),
        (MR_GSM8K | {"model_output_solution_first_error_step": "N/A"}, "label_unreadable"),
        ({"input": "Q", "label": "Q Step 1: 2 + 2 = 4"}, "label_unreadable"),
    ],
)
def test_what_is_refused(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_labeled(row)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "name", ["data/labelled_dev.jsonl", "data/first_error_dev.jsonl", "cases/data/prm800k_phase2.jsonl"]
)
def test_real_rows(name: str) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not in {SHARED}")
    for line in path.read_text(encoding="utf-8").splitlines():
        assert read_labeled(json.loads(line)).steps
