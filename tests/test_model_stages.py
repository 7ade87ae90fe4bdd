"""Errors and corrections written by a teacher: what is kept, and what is not, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.commands.correct import read_correction
from lemma.exceptions import Refusal
from lemma.injectors.teacher import _fault
from lemma.records import Correction, ErroneousSolution, Problem

REFERENCE = ("12*8 = 96", "96-20 = 76")
PROBLEM = Problem(id="p", question="How many?", solution="\n".join(REFERENCE), answer="76", source="test")
ERRONEOUS = ErroneousSolution(
    id="e",
    problem_id="p",
    question="How many?",
    gold_answer="76",
    reference_steps=REFERENCE,
    steps=("12*8 = 96", "96-20 = 74"),
    error_step=1,
    error_type="calculation_error",
    explanation="96-20 is 76",
    final_answer="74",
    origin="teacher",
    model="m",
)


@pytest.mark.parametrize(
    ("steps", "place", "answer", "fault"),
    [
        (("12*8 = 98", "98-20 = 78"), 0, "78", None),
        (("12*8 = 96", "96-20 = 74"), 1, "74", None),
        (("12*8 = 96", "So 96 are left."), 1, "96", None),
        (("12*8 = 98", "98-20 = 76"), 0, "76", "answer_still_right"),
        (("12 times 8 is 96", "96-20 = 74"), 1, "74", "prefix_changed"),
        (("12*8 = 96", "96-20 = 74"), 0, "74", "error_step_unchanged"),
        (("12*8 = 96", "96-20 = 74"), 2, "74", "error_step_out_of_range"),
        (("12*8 = 96", "96-20 = 74"), -1, "74", "error_step_out_of_range"),
        (("12*8 = 98, a careless slip", "98-20 = 78"), 0, "78", "gives_itself_away"),
    ],
)
def test_injected_errors(steps: tuple[str, ...], place: int, answer: str, fault: str | None) -> None:
    assert _fault(PROBLEM, REFERENCE, steps, place, answer) == fault


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("96-20 = 76\nThe answer is 76", ("96-20 = 76",)),
        ("12*8 = 96\n96-20 = 76\nThe answer is 76", ("96-20 = 76",)),
        ("96 - 20 = 76 are left.\n#### 76", ("96 - 20 = 76 are left.",)),
    ],
)
def test_corrections_that_hold(text: str, steps: tuple[str, ...]) -> None:
    assert read_correction(ERRONEOUS, "fix", "m", text).steps == steps


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("96-20 = 75\nThe answer is 75", "answer_wrong"),
        ("96-20 = 74\nNo, 76.\nThe answer is 76", "repeats_the_error"),
        ("12*8 = 96, and 96-21 = 76\nThe answer is 76", "false_equation"),
        ("The answer is 76", "no_steps"),
        ("12*8 = 96\nThe answer is 76", "no_steps"),
        ("As given above, 96-20 = 76\nThe answer is 76", "leaks"),
        ("The ground truth is 76.\nThe answer is 76", "leaks"),
        ("The previous attempt was wrong: 96-20 = 76\nThe answer is 76", "leaks"),
    ],
)
def test_corrections_that_do_not(text: str, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_correction(ERRONEOUS, "fix", "m", text)
    assert caught.value.reason == reason


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


QUESTION = "Ann has 12 boxes with 8 pens each and gives 20 pens away. How many {{ are }} left?"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"question": QUESTION, "answer": "\n".join((*REFERENCE, "#### 76"))}) + "\n")
    return path


def teacher(folder: Path, second_look: dict[str, object]) -> list[str]:
    """Flags of a scripted teacher whose second look at an error says this."""
    injected = {"steps": ["12*8 = 98", "98-20 = 78"], "error_step": 1, "explanation": "12*8 is 96", "answer": "78"}
    rules = [
        {"contains": ["You play a careless student", QUESTION], "answers": [json.dumps(injected)]},
        {"contains": ["You check solutions", QUESTION], "answers": [json.dumps(second_look)]},
        {"contains": "You correct a student", "answers": ["12*8 = 96\n96-20 = 76\nThe answer is 76"]},
        {"contains": "in a different way", "answers": ["12 boxes of 8 are 96.\n96-20 = 76\nThe answer is 76"]},
    ]
    path = folder / "rules.yaml"
    path.write_text(json.dumps({"rules": rules}))
    return ["--backend", "scripted", "--teacher", str(path)]


def test_from_a_problem_to_corrections(tmp_path: Path, data: Path) -> None:
    flags = [*teacher(tmp_path, {"step": 1, "error_type": "calculation_error"}), "--run", str(tmp_path / "run")]
    assert main(["augment", str(data), "--types", "calculation_error", "--per-problem", "1", *flags]) == 0
    (erroneous,) = (ErroneousSolution.model_validate(line) for line in lines(tmp_path / "run/erroneous.jsonl"))
    assert (erroneous.origin, erroneous.error_step, erroneous.final_answer) == ("teacher", 0, "78")
    assert main(["correct", *flags]) == 0
    made = [Correction.model_validate(line) for line in lines(tmp_path / "run/corrections.jsonl")]
    assert [correction.strategy for correction in made] == ["fix", "restart"]
    assert {correction.origin for correction in made} == {"teacher"}
    assert main(["build-sft", "--run", str(tmp_path / "run")]) == 0
    assert len(lines(tmp_path / "run/sft/lemma.jsonl")) == 2


@pytest.mark.parametrize(
    ("second_look", "reason"),
    [
        ({"step": 2, "error_type": "calculation_error"}, "audit_other_step"),
        ({"step": 0, "error_type": "none"}, "audit_other_step"),
        ({"step": 1, "error_type": "operator_error"}, "audit_other_type"),
        ({"step": 1, "error_type": "no calculation_error"}, "audit_invalid_judgement"),
    ],
)
def test_what_a_second_look_does_not_find_is_not_kept(
    tmp_path: Path, data: Path, second_look: dict[str, object], reason: str
) -> None:
    flags = [*teacher(tmp_path, second_look), "--run", str(tmp_path / "run")]
    assert main(["augment", str(data), "--types", "calculation_error", "--per-problem", "1", *flags]) == 1
    assert lines(tmp_path / "run/erroneous.jsonl") == []
    assert [line["reason"] for line in lines(tmp_path / "run/rejected.jsonl")] == [reason]
    assert main(["augment", str(data), "--types", "calculation_error", "--per-problem", "1", "--audit", "none",
                 *flags, "--fresh"]) == 0  # fmt: skip
    assert len(lines(tmp_path / "run/erroneous.jsonl")) == 1


def test_the_students_share_is_left_out(tmp_path: Path, data: Path) -> None:
    flags = [*teacher(tmp_path, {"step": 1, "error_type": "calculation_error"}), "--run", str(tmp_path / "run")]
    share = ["--per-problem", "40", "--student-share", "0.5", "--types", "calculation_error"]
    assert main(["augment", str(data), *share, *flags]) == 0
    made = json.loads((tmp_path / "run/run.json").read_text())["stages"]["augment"]["counts"]
    left = made["left"]["to the student's own errors"]
    assert 10 <= left <= 30
    assert left + made["types asked"]["calculation_error"] == 40
