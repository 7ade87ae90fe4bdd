"""New problems from corrected ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.records import Problem

NEW = "A farmer fills 9 crates with 14 melons each and sells half of them. How many melons remain unsold?"
SEED = "Ann has 12 boxes with 8 pens each and gives 20 pens away. How many are left?"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    data = tmp_path / "data.jsonl"
    answer = "12*8 = <<12*8=96>>96\n96-20 = <<96-20=76>>76\n#### 76"
    data.write_text(json.dumps({"question": SEED, "answer": answer}) + "\n")
    assert main(["augment", str(data), "--types", "calculation_error", "--run", str(tmp_path / "run")]) == 0
    assert main(["correct", "--run", str(tmp_path / "run")]) == 0
    return tmp_path / "run"


def evolve(run: Path, question: str, answers: list[str], *flags: str) -> int:
    rules = [
        {"contains": "You write math problems", "answers": [question]},
        {"contains": question, "answers": [f"It is so.\nThe answer is {answer}" for answer in answers]},
    ]
    path = run.parent / "rules.yaml"
    path.write_text(json.dumps({"rules": rules}))
    return main(["evolve", "--backend", "scripted", "--teacher", str(path), "--run", str(run), *flags])


@pytest.mark.parametrize("answers", [["63", "63", "63"], ["60", "63", "63.0"], ["63", "60", "63"]])
def test_the_answer_is_what_two_of_three_agree_on(run: Path, answers: list[str]) -> None:
    assert evolve(run, NEW, answers) == 0
    (problem,) = (Problem.model_validate(line) for line in lines(run / "evolved.jsonl"))
    assert (problem.question, problem.answer, problem.source) == (NEW, "63", "evolved")


@pytest.mark.parametrize(
    ("question", "answers", "reason"),
    [
        (NEW, ["61", "62", "63"], "no_majority"),
        (SEED, ["76", "76", "76"], "like_a_question_there_is"),
        ("Here is your new problem.", ["1", "1", "1"], "no_question"),
    ],
)
def test_what_is_dropped(run: Path, question: str, answers: list[str], reason: str) -> None:
    assert evolve(run, question, answers) == 0
    assert lines(run / "evolved.jsonl") == []
    assert lines(run / "rejected.jsonl")[-1]["reason"] == reason


def test_questions_of_a_test_set_are_dropped(run: Path, tmp_path: Path) -> None:
    excluded = tmp_path / "test.jsonl"
    excluded.write_text(json.dumps({"question": NEW.replace("sells", "SELLS"), "answer": "63"}) + "\n")
    assert evolve(run, NEW, ["63"], "--exclude", str(excluded)) == 0
    assert lines(run / "rejected.jsonl")[-1]["reason"] == "like_an_excluded_question"


def test_it_needs_a_teacher(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evolve", "--run", str(run)]) == 1
    assert "--teacher" in capsys.readouterr().err
