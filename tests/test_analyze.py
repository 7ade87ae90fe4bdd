"""Types and first wrong steps of the student's errors, by the graph and by a teacher."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.exceptions import Refusal
from lemma.locating.judge import read_judgement
from lemma.records import ErroneousSolution
from lemma.taxonomy.distributions import load_distribution
from lemma.taxonomy.error_types import load_taxonomy

ROWS = [
    {
        "question": "Ann has 12 boxes with 8 pens each and gives 20 pens away. How many are left?",
        "answer": "12*8 = <<12*8=96>>96\n96-20 = <<96-20=76>>76\n#### 76",
        "responses": [
            "12 * 8 = 98\n98 - 20 = 78\n#### 78",
            "12 * 8 = 96\n96 - 20 = 76\n#### 76",
            "It is far.\n#### x y",
        ],
    },
    {
        "question": "Bob has 3 coins and finds 4 coins. How many has he?",
        "answer": "3+4 = <<3+4=7>>7\n#### 7",
        "responses": ["3 * 4 = 12\n#### 12"],
    },
]


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert main(["sample", "--from", str(data), "--run", str(tmp_path / "run")]) == 0
    return tmp_path / "run"


def test_the_graph_names_step_and_type(run: Path) -> None:
    assert main(["analyze", "--run", str(run)]) == 0
    records = [ErroneousSolution.model_validate(line) for line in lines(run / "erroneous.jsonl")]
    assert [(record.error_step, record.error_type) for record in records] == [
        (0, "calculation_error"),
        (0, "operator_error"),
    ]
    assert {record.origin for record in records} == {"student"}
    weights = load_distribution(run / "distribution.json", load_taxonomy())
    assert weights == {"calculation_error": 50.0, "operator_error": 50.0}


def test_augment_adds_its_own_and_keeps_the_students(run: Path) -> None:
    assert main(["analyze", "--run", str(run)]) == 0
    distribution = str(run / "distribution.json")
    data = str(run / "problems.jsonl")
    assert main(["augment", data, "--distribution", distribution, "--run", str(run)]) == 0
    origins = [line["origin"] for line in lines(run / "erroneous.jsonl")]
    assert origins[:2] == ["student", "student"]
    assert set(origins[2:]) == {"symbolic"}
    assert len(lines(run / "problems.jsonl")) == 2


def test_a_teacher_is_believed_only_in_the_right_form(run: Path, tmp_path: Path) -> None:
    rules = {
        "rules": [
            {
                "contains": "Step 1: 12 * 8 = 98",
                "answers": ['```json\n{"step": 1, "error_type": "Calculation error", "explanation": "It is 96."}\n```'],
            },
            {"contains": "Step 1: 3 * 4 = 12", "answers": ['{"step": 9, "error_type": "operator_error"}']},
            {"answers": ["I see no error."]},
        ]
    }
    path = tmp_path / "rules.yaml"
    path.write_text(json.dumps(rules))
    assert main(["analyze", "--backend", "scripted", "--teacher", str(path), "--run", str(run)]) == 0
    assert [(line["error_step"], line["explanation"]) for line in lines(run / "erroneous.jsonl")] == [(0, "It is 96.")]
    reasons = [line["reason"] for line in lines(run / "rejected.jsonl") if line["stage"] == "analyze"]
    assert reasons.count("invalid_judgement") >= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "step 1",
        "[]",
        '{"step": 1}',
        '{"step": 4, "error_type": "operator_error"}',
        '{"step": -1, "error_type": "operator_error"}',
        '{"step": 1, "error_type": "no operator_error"}',
        '{"step": 1, "error_type": "none"}',
    ],
)
def test_judgements_that_are_none(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_judgement(text, 3, load_taxonomy())
    assert caught.value.reason == "invalid_judgement"


def test_a_judgement_that_nothing_is_wrong() -> None:
    assert read_judgement('{"step": 0, "error_type": "none"}', 3, load_taxonomy()).step is None
