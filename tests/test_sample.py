"""The student's solutions: from a model, and from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.commands.sample import graded
from lemma.records import Problem, Solution

PROBLEM = Problem(id="p", question="?", solution="", answer="18", source="test")


def run(folder: Path, *arguments: str) -> int:
    return main(["sample", *arguments, "--run", str(folder)])


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("text", "steps", "answer", "verdict"),
    [
        ("9 eggs are left.\n9 * 2 = 18\nThe answer is 18", ("9 eggs are left.", "9 * 2 = 18"), "18", "equal"),
        ("9 * 2 = 19\n#### 19", ("9 * 2 = 19",), "19", "different"),
        ("So it is.\nSo, the final answer is: $18.", ("So it is.",), "$18", "equal"),
        ("1\nThe answer is 18 because it must.", ("1", "The answer is 18 because it must."), None, None),
        ("The answer is 18", (), None, None),
    ],
)
def test_a_text_is_split_and_judged(text: str, steps: tuple[str, ...], answer: str | None, verdict: str | None) -> None:
    solution = graded(PROBLEM, text, "m", "m 0")
    assert solution.steps == steps
    if answer is not None:
        assert solution.final_answer == answer
    if verdict is not None:
        assert solution.verdict == verdict


def test_typed_just_so_it_works_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    assert run(tmp_path) == 0
    first = (tmp_path / "solutions.jsonl").read_bytes()
    assert run(tmp_path) == 0
    assert (tmp_path / "solutions.jsonl").read_bytes() == first
    records = [Solution.model_validate(line) for line in lines(tmp_path / "solutions.jsonl")]
    assert len({record.id for record in records}) == len(records)
    assert {record.origin for record in records} == {"student"}


def test_a_dry_run_asks_nothing_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--dry-run") == 0
    assert "dry run: 308 calls" in capsys.readouterr().out
    assert lines(tmp_path / "solutions.jsonl") == []
    assert run(tmp_path, "-n", "1") == 0, "a dry run must not tie the directory to its settings"


def test_stored_solutions_are_read_in_every_usual_form(tmp_path: Path) -> None:
    rows = [
        {
            "question": "a?",
            "answer": "1",
            "weak": {"solution": "1 + 1 = 2\nA: 2"},
            "strong": {"solution": "So 1\nA: 1"},
        },
        {"question": "b?", "answer": "1", "model": "m", "responses": ["It is.\n#### 1", "It is not.\n#### 0"]},
        {"question": "c?", "answer": "1", "response": "It is.\n#### 1"},
        {"question": "d?", "answer": "1"},
    ]
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(tmp_path / "run", "--from", str(data)) == 0
    made = [(line["model"], line["verdict"]) for line in lines(tmp_path / "run/solutions.jsonl")]
    assert made == [
        ("weak", "different"),
        ("strong", "equal"),
        ("m", "equal"),
        ("m", "different"),
        ("student", "equal"),
    ]
    assert [line["reason"] for line in lines(tmp_path / "run/rejected.jsonl")] == ["no_solutions"]


def test_verdicts_on_real_solutions_agree_with_people(model_solutions: Path, tmp_path: Path) -> None:
    assert run(tmp_path, "--from", str(model_solutions)) == 0
    questions = {line["id"]: line["question"] for line in lines(tmp_path / "problems.jsonl")}
    labels = {str(row["question"]).strip(): row for row in lines(model_solutions)}
    agreed = [
        labels[str(questions[line["problem_id"]])][str(line["model"])]["is_correct"] == (line["verdict"] == "equal")  # type: ignore[index]
        for line in lines(tmp_path / "solutions.jsonl")
    ]
    assert len(agreed) == 4 * len(labels)
    assert sum(agreed) >= 0.995 * len(agreed)


@pytest.fixture
def model_solutions() -> Path:
    path = Path(__file__).resolve().parents[2] / "shared/data/gsm8k_model_solutions.jsonl"
    if not path.exists():
        pytest.skip("gsm8k_model_solutions.jsonl is not at ../shared/data")
    return path


OWN_ROW = {
    "question": "Ann has 12 boxes with 8 pens each and gives 20 pens away. How many are left?",
    "answer": "Ann has 12 * 8 = <<12*8=96>>96 pens.\nSo 96 - 20 = <<96-20=76>>76 pens are left.\n#### 76",
    "responses": ["Ann has 12 * 8 = 96 pens.\nSo 96 - 20 = 66 pens are left.\n#### 66"],
}


def test_without_data_the_problems_of_the_run_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that `sample` brought, and not the bundled sample, also if it is typed again."""
    data, folder = tmp_path / "own.jsonl", tmp_path / "run"
    data.write_text(json.dumps(OWN_ROW) + "\n")
    assert main(["sample", "--from", str(data), "--run", str(folder)]) == 0
    before = (folder / "problems.jsonl").read_bytes()
    made = []
    for _ in range(2):
        capsys.readouterr()
        assert main(["augment", "--run", str(folder), "--workers", "1"]) == 0
        assert "no data given: using the problems in" in capsys.readouterr().err
        assert (folder / "problems.jsonl").read_bytes() == before
        made.append((folder / "erroneous.jsonl").read_bytes())
    assert made[0] == made[1]
    assert {json.loads(line)["question"] for line in made[0].splitlines()} == {OWN_ROW["question"]}


def test_the_bundled_sample_is_used_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["augment", "--run", str(tmp_path), "--limit", "3", "--workers", "1"]) == 0
        assert "using the bundled sample" in capsys.readouterr().err
