"""`lemma critique`: which critiques help the student, and which of them `build-sft` keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from sft_data import FIX, correction, erroneous, lemma, lines, write_run

HELPED = erroneous()
HURT = erroneous(id="e2", question="Ann has 48 red and 24 blue pens. How many pens has she?", explanation="It is 73.")
KNOWN = erroneous(id="e3", question="Tom has 48 figs and gets 24 more. How many figs has he?", explanation="So it is.")
UNLOCATED = erroneous(
    id="e4",
    steps=("It is ten.",),
    question="Which is longer?",
    error_step=None,
    error_type="unknown",
    evidence="graph",
    confidence=0.4,
    origin="student",
)
UNEXPLAINED = erroneous(id="e5", question="Why?", explanation=" ")
ERRORS = [HELPED, HURT, KNOWN, UNLOCATED, UNEXPLAINED]
# The student reaches 72 with the first critique, without the second, and half of the time either way for the third.
RULES = r"""
rules:
  - contains: [Natalia, "48 + 24 is 72, not 62"]
    answers: ["48 + 24 = 72\nThe answer is 72"]
  - contains: [Ann, "It is 73"]
    answers: ["48 + 24 = 73\nThe answer is 73"]
  - contains: [Ann]
    answers: ["48 + 24 = 72\nThe answer is 72"]
  - contains: [Tom]
    answers: ["The answer is 72", "The answer is 71"]
  - answers: ["I don't know."]
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    corrections = [correction(id=f"c{number}", erroneous_id=error.id) for number, error in enumerate(ERRORS)]
    return write_run(tmp_path / "run", ERRORS, [FIX.model_copy(update=one.model_dump()) for one in corrections])


def critique(run: Path, *more: str) -> int:
    return lemma("critique", "--run", run, "--model", run.parent / "rules.yaml", "--backend", "scripted", *more)


def test_only_critiques_that_help_become_records(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert critique(run) == 0
    assert "next      lemma build-sft --records critique --run" in capsys.readouterr().out
    tested = {line["erroneous_id"]: line for line in lines(run / "critiques.jsonl")}
    found = {name: (line["right_with"], line["right_without"], line["gain"]) for name, line in tested.items()}
    assert found == {"e1": (4, 0, 1.0), "e2": (0, 4, -1.0), "e3": (2, 2, 0.0)}
    assert tested["e1"]["critique"] == "Step 1: right\nStep 2: wrong\nExplanation: 48 + 24 is 72, not 62."
    assert {(line["id"], line["reason"]) for line in lines(run / "rejected.jsonl")} == {
        ("e4", "error_step_unknown"),
        ("e5", "no_explanation"),
    }
    assert lemma("build-sft", "--run", run, "--records", "critique,lemma", "--near-duplicates", "1") == 0
    records = lines(run / "sft" / "critique.jsonl")
    assert [(line["erroneous_id"], line["gain"]) for line in records] == [("e1", 1.0), (None, None)]
    assert {line["erroneous_id"] for line in lines(run / "sft" / "lemma.jsonl")} >= {"e1", "e2", "e3"}, "others stay"
    refused = {line["id"]: line["detail"] for line in lines(run / "rejected.jsonl") if line["stage"] == "build-sft"}
    assert refused["e2"] == "its critique does not help the student (gain -1)"


def test_without_tests_all_critiques_are_kept(run: Path) -> None:
    assert lemma("build-sft", "--run", run, "--records", "critique", "--near-duplicates", "1") == 0
    wrong = [line for line in lines(run / "sft" / "critique.jsonl") if line["erroneous_id"]]
    assert {line["erroneous_id"] for line in wrong} == {"e1", "e2", "e3"}
    assert {line["gain"] for line in wrong} == {None}


def test_nothing_is_asked_twice(run: Path) -> None:
    critique(run)
    made = (run / "critiques.jsonl").read_bytes()
    (run.parent / "rules.yaml").write_text("rules:\n  - answers: [nonsense]\n")
    assert critique(run, "--fresh") == 0
    assert (run / "critiques.jsonl").read_bytes() == made


def test_a_student_is_needed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lemma("critique", "--run", run) == 1
    assert capsys.readouterr().err.startswith("lemma: critique tests critiques on a student: give --model MODEL")
