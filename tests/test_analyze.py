"""Types and first wrong steps of the student's errors, by the graph and by a teacher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lemma.cli import main
from lemma.exceptions import Refusal
from lemma.locating.judge import read_judgement
from lemma.records import ErroneousSolution
from lemma.taxonomy.distributions import load_distribution
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.places import load_places

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
        (0, "unknown"),
        (0, "operator_error"),
    ]
    assert {(record.origin, record.evidence) for record in records} == {("student", "graph")}
    assert all(0.85 <= record.confidence < 1 for record in records)
    weights = load_distribution(run / "distribution.json", load_taxonomy())
    assert weights == {"calculation_error": 50.0, "operator_error": 50.0}
    distribution = json.loads((run / "distribution.json").read_text())
    assert (distribution["unknown"], distribution["unknown_share"]) == (1, 33.33)
    assert "not a sample of all" in distribution["note"]


def test_augment_adds_its_own_and_keeps_the_students(run: Path) -> None:
    assert main(["analyze", "--run", str(run)]) == 0
    distribution = str(run / "distribution.json")
    data = str(run / "problems.jsonl")
    assert load_places(distribution).counts == {1: (2,), 2: (1, 0)}
    both = ["--distribution", distribution, "--places", distribution, "--best-effort"]
    assert main(["augment", data, *both, "--run", str(run)]) == 0
    origins = [line["origin"] for line in lines(run / "erroneous.jsonl")]
    assert origins[:3] == ["student", "student", "student"]
    assert set(origins[3:]) == {"symbolic"}
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
    made = [(line["evidence"], line["explanation"]) for line in lines(run / "erroneous.jsonl")]
    assert made[0] == ("judge", "It is 96.")
    # The graph decides if the teacher's answer can't be used.
    assert [evidence for evidence, _ in made[1:]] == ["graph", "graph"]
    reasons = [line["reason"] for line in lines(run / "rejected.jsonl") if line["stage"] == "analyze"]
    assert reasons.count("invalid_judgement") >= 1


def test_a_student_and_a_teacher_are_asked_side_by_side(run: Path, tmp_path: Path) -> None:
    student, teacher = tmp_path / "student.yaml", tmp_path / "teacher.yaml"
    student.write_text(json.dumps({"rules": [{"answers": ["The answer is 76"]}]}))
    answer = '{"step": 1, "error_type": "operator_error", "explanation": "It is a sum."}'
    teacher.write_text(json.dumps({"rules": [{"contains": "Step 1:", "answers": [answer]}]}))
    options = ["--locate", "rollouts,judge", "--model", str(student), "--teacher", str(teacher)]
    assert main(["analyze", "--run", str(run), *options, "--backend", "scripted"]) == 0
    stage = json.loads((run / "run.json").read_text())["stages"]["analyze"]
    used = {Path(name).stem: figures["calls"] for name, figures in stage["model"]["models"].items()}
    assert used["teacher"] == 3 and used["student"] > 3
    assert stage["model"]["calls"] == sum(used.values())
    # Asked again, nothing is: each model has counted its own.
    assert main(["analyze", "--run", str(run), *options, "--backend", "scripted", "--fresh"]) == 0
    again = json.loads((run / "run.json").read_text())["stages"]["analyze"]["model"]["models"]
    assert {Path(name).stem: figures["calls"] for name, figures in again.items()} == used
    assert main(["analyze", "--run", str(run), *options, "--backend", "scripted", "--batch", "--fresh"]) == 1


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


def test_a_step_that_is_not_probable_enough_stays_unknown(run: Path) -> None:
    assert main(["analyze", "--run", str(run), "--min-confidence", "1"]) == 0
    found = [(line["error_step"], line["error_type"], line["explanation"]) for line in lines(run / "erroneous.jsonl")]
    assert found == [(None, "unknown", "")] * 3
    assert json.loads((run / "distribution.json").read_text())["weights"] == {}


def test_unlocated_errors_become_records_of_every_kind_that_needs_no_step(run: Path) -> None:
    assert main(["analyze", "--run", str(run), "--min-confidence", "1"]) == 0
    assert main(["correct", "--run", str(run)]) == 0
    kinds = "lemma,lema,cot,dpo,prm,critique"
    assert main(["build-sft", "--run", str(run), "--records", kinds, "--near-duplicates", "1"]) == 0
    made = {name: lines(run / "sft" / f"{name}.jsonl") for name in kinds.split(",")}
    for record in made["lemma"]:
        assert [segment["kind"] for segment in record["segments"]] == ["error", "reflection", "correction"]
        assert record["error_type"] == "unknown"
    assert made["lemma"][0]["completion"][0]["content"].startswith("12 * 8 = 98\n98 - 20 = 78\nThe answer is 78\n")
    assert [(record["pair"], record["shared"]) for record in made["dpo"]] == [("whole", 0)] * 3
    assert made["dpo"][0]["rejected"][0]["content"] == "12 * 8 = 98\n98 - 20 = 78\nThe answer is 78"
    assert made["lema"] == made["critique"] == []
    assert all(record["erroneous_id"] is None for record in made["prm"])
    reasons = {line["reason"] for line in lines(run / "rejected.jsonl") if line["stage"] == "build-sft"}
    assert reasons == {"no_lema_record", "no_critique_record", "no_prm_record"}
    assert main(["show", "--run", str(run)]) == 0
    assert main(["report", "--run", str(run)]) == 0


def test_files_of_earlier_versions_are_read() -> None:
    line = {
        **{"id": "e", "problem_id": "p", "question": "Q", "gold_answer": "1", "reference_steps": ["1"], "steps": ["2"]},
        **{"error_step": 0, "error_type": "operator_error", "explanation": "", "final_answer": "2", "model": "m"},
    }
    expected = {"symbolic": ("proof", 1), "teacher": ("judge", 0), "student": ("graph", 0)}
    for origin, (evidence, confidence) in expected.items():
        record = ErroneousSolution.model_validate(line | {"origin": origin})
        assert (record.evidence, record.confidence) == (evidence, confidence)


@pytest.mark.parametrize(
    "values", [{"evidence": "graph", "confidence": 1}, {"evidence": "proof", "confidence": 0.9}, {"error_step": 1}]
)
def test_only_a_proof_is_certain(values: dict[str, Any]) -> None:
    line = {
        **{"id": "e", "problem_id": "p", "question": "Q", "gold_answer": "1", "reference_steps": ["1"], "steps": ["2"]},
        **{"error_step": None, "error_type": "unknown", "explanation": "", "final_answer": "2", "model": "m"},
    }
    with pytest.raises(ValidationError):
        ErroneousSolution.model_validate(line | {"origin": "student", **values})
