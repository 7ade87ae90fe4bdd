"""`lemma eval` from the command line: typed just so, on stored outputs, resumed, compared, and with bad input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.config import EvalConfig
from lemma.evaluation.outputs import OUTPUTS
from lemma.evaluation.results import RESULTS
from lemma.evaluation.suites import all_suites

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LEMMA_DATA", ROOT.parent / "shared" / "data"))
PROBLEMS = [
    {"id": "a", "question": "What is 2 + 3?", "answer": "2 + 3 = <<2+3=5>>5\n#### 5"},
    {"id": "b", "question": "What is 4 * 5?", "answer": "4 * 5 = <<4*5=20>>20\n#### 20"},
    {"id": "c", "question": "What is 9 - 2, doubled?", "answer": "9 - 2 = <<9-2=7>>7\n7 * 2 = <<7*2=14>>14\n#### 14"},
]


def run(folder: Path, *arguments: str) -> int:
    return main(["eval", *arguments, "--run", str(folder)])


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def figures(folder: Path, model: str | None = None) -> dict[tuple[str, str, str], float]:
    rows = json.loads((folder / RESULTS).read_text())["figures"]
    return {(row["suite"], row["figure"], row["group"]): row["value"] for row in rows if model in (None, row["model"])}


@pytest.fixture
def problems(tmp_path: Path) -> str:
    return write(tmp_path / "problems.jsonl", PROBLEMS)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """A model that solves the first two problems, errs in the third, and repairs what it is given."""
    path = tmp_path / "model.yaml"
    path.write_text(
        """
rules:
  - matches: 'Answer in this form'
    answers: ['Step 1. Explanation: it is off. Correct Solution: 2 + 3 = 5 The answer is 5']
  - matches: 'Which step is the first wrong one'
    answers: ['I see nothing wrong. \\boxed{-1}']
  - matches: 'This is how far I got'
    answers: ['The answer is 5']
  - matches: 'doubled\\?\\n'
    answers: ["Wait, that isn't right.\\n9 - 2 = 7\\n7 * 2 = 14\\nThe answer is 14"]
  - contains: doubled
    answers: ["9 - 2 = 8\\n8 * 2 = 16\\nThe answer is 16"]
  - contains: 4 * 5
    answers: ['The answer is 20']
  - answers: ['The answer is 5']
""".replace("\\\\", "\\")
    )
    return str(path)


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    few = ("--limit", "15")
    assert run(tmp_path, *few) == 0
    folder = tmp_path / "eval" / "student"
    first = [(folder / name).read_bytes() for name in (OUTPUTS, RESULTS)]
    assert run(tmp_path, *few) == 0
    assert [(folder / name).read_bytes() for name in (OUTPUTS, RESULTS)] == first
    assert run(tmp_path, *few, "--fresh", "--max-in-flight", "3") == 0
    assert [(folder / name).read_bytes() for name in (OUTPUTS, RESULTS)] == first


def test_a_scripted_student_is_never_taken_for_a_model(
    tmp_path: Path, problems: str, rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "scripted student, not a model"
    assert run(tmp_path, problems, "-n", "0") == 0
    assert capsys.readouterr().out.count(note) == len(all_suites(0))
    assert run(tmp_path, problems, "-n", "0", "--model", rules, "--backend", "scripted", "--name", "rules") == 0
    assert capsys.readouterr().out.count(note) == len(all_suites(0))
    assert run(tmp_path, "--compare", "rules", "student") == 0
    assert f"(rules and student: {note})" in " ".join(capsys.readouterr().out.split())
    outputs = write(tmp_path / "outputs.jsonl", [{"id": "a", "output": "The answer is 5"}])
    assert run(tmp_path, problems, "--from", outputs) == 0
    assert note not in capsys.readouterr().out


def test_a_worse_model_gets_no_kinder_denominator(tmp_path: Path, problems: str) -> None:
    """Outputs without any answer count as wrong; only what could not be read is left out."""
    answers = {"a": "The answer is 5", "b": "\\boxed{}", "c": "The answer is \\frac{"}
    outputs = write(tmp_path / "outputs.jsonl", [{"id": name, "output": text} for name, text in answers.items()])
    assert run(tmp_path, problems, "--from", outputs) == 0
    rows = json.loads((tmp_path / "eval" / "outputs" / RESULTS).read_text())["figures"]
    found = {row["figure"]: row for row in rows if row["suite"] == "accuracy" and row["group"] == "all"}
    assert (found["accuracy"]["value"], found["accuracy"]["problems"]) == (0.5, 2)
    assert found["no_answer"]["value"] == found["unknown"]["value"] == pytest.approx(1 / 3)
    assert found["no_answer"]["label"] == "no answer (counted as wrong)"


def test_every_suite_reports_what_the_model_does(tmp_path: Path, problems: str, rules: str) -> None:
    assert run(tmp_path, problems, "--model", rules, "--backend", "scripted", "--name", "m", "-n", "2") == 0
    found = figures(tmp_path / "eval" / "m")
    assert found["accuracy", "accuracy", "all"] == pytest.approx(2 / 3)
    assert found["accuracy", "accuracy", "steps=2"] == 0
    assert found["accuracy", "pass_at_2", "all"] == pytest.approx(2 / 3)
    assert found["self-correction", "reflection_rate", "all"] == 0
    assert found["recovery", "own_recognized", "all"] == 1
    assert found["recovery", "own_right", "all"] == 1
    assert found["recovery", "injected_right", "all"] > 0
    assert found["first-error", "processbench_f1", "all"] == 0
    assert found["first-error", "right_solution_accepted", "all"] == 1
    assert {suite for suite, _, _ in found} == set(all_suites(2))


def test_one_suite_alone_asks_only_what_it_needs(tmp_path: Path, problems: str, rules: str) -> None:
    asked = [problems, "--model", rules, "--backend", "scripted", "--name", "m", "--suite", "accuracy", "-n", "0"]
    assert run(tmp_path, *asked) == 0
    rows = [json.loads(line) for line in (tmp_path / "eval" / "m" / OUTPUTS).read_text().splitlines()]
    assert [(row["condition"], row["grade"]) for row in rows] == [
        ("plain", "right"),
        ("plain", "right"),
        ("plain", "wrong"),
    ]


def test_stored_outputs_are_found_by_question_or_id(tmp_path: Path, problems: str) -> None:
    outputs = write(
        tmp_path / "outputs.jsonl",
        [
            {"question": "What is  2 + 3?", "output": "The answer is 5"},
            {"id": "b", "output": "The answer is 21.\nWait, that isn't right.\nThe answer is 20"},
            {"id": "c", "output": "I don't know."},
            {"id": "z", "output": "The answer is 1"},
            {"output": "The answer is 1"},
            {"id": "a"},
        ],
    )
    with Path(outputs).open("a") as file:
        file.write("{torn")
    assert run(tmp_path, problems, "--from", outputs) == 0
    found = figures(tmp_path / "eval" / "outputs")
    assert found["accuracy", "accuracy", "all"] == pytest.approx(2 / 3)
    assert found["accuracy", "no_answer", "all"] == pytest.approx(1 / 3)
    assert found["self-correction", "accuracy_t1", "all"] == pytest.approx(1 / 3)
    assert found["self-correction", "delta", "all"] == pytest.approx(1 / 3)
    assert found["self-correction", "wrong_to_right", "all"] == 1
    rejected = [
        json.loads(line) for line in (tmp_path / "eval" / "outputs" / "rejected.jsonl").read_text().splitlines()
    ]
    assert [row["reason"] for row in rejected] == [
        "no_such_problem",
        "no_question_and_no_id",
        "no_output",
        "invalid_json",
    ]


def test_stored_answers_about_labeled_solutions(tmp_path: Path) -> None:
    labeled = [
        {"id": "w", "problem": "What is 2 + 3?", "steps": ["2 + 3 = 6", "So it is 6."], "label": 0},
        {"id": "v", "problem": "What is 3 + 3?", "steps": ["3 + 3 = 6", "So it is 7."], "label": 1},
        {"id": "r", "problem": "What is 4 + 3?", "steps": ["4 + 3 = 7"], "label": -1},
        {"id": "s", "problem": "What is 5 + 3?", "steps": ["5 + 3 = 8"], "label": -1},
    ]
    outputs = [
        {"id": "w", "output": "\\boxed{0}", "reason_right": True},
        {"id": "v", "output": "\\boxed{0}", "reason_right": False},
        {"id": "r", "output": "\\boxed{-1}"},
        {"id": "s", "output": "\\boxed{0}"},
    ]
    asked = write(tmp_path / "labeled.jsonl", labeled), "--from", write(tmp_path / "answers.jsonl", outputs)
    assert run(tmp_path, *asked) == 0
    found = figures(tmp_path / "eval" / "answers")
    assert found["first-error", "first_wrong_step_found", "all"] == 0.5
    assert found["first-error", "right_solution_accepted", "all"] == 0.5
    assert found["first-error", "processbench_f1", "all"] == 0.5
    mcc = (1 * 2 - 0 * 1) / (1 * 3 * 2 * 2) ** 0.5
    assert found["first-error", "mcc", "all"] == pytest.approx(mcc)
    assert found["first-error", "mr_gsm8k_score", "all"] == pytest.approx(0.2 * mcc + 0.3 * 0.5 + 0.5 * 0.5)


def test_labeled_solutions_without_answers_are_only_located(tmp_path: Path, rules: str) -> None:
    data = write(
        tmp_path / "labeled.jsonl",
        [
            {"id": "w", "problem": "What is 2 + 3?", "steps": ["2 + 3 = 6"], "label": 0},
            {"id": "r", "problem": "What is 4 + 3?", "steps": ["4 + 3 = 7"], "label": -1},
            {"id": "n", "problem": "What is 4 + 3 + 1?"},
        ],
    )
    assert run(tmp_path, data, "--model", rules, "--backend", "scripted", "--name", "m") == 0
    rows = [json.loads(line) for line in (tmp_path / "eval" / "m" / OUTPUTS).read_text().splitlines()]
    assert [(row["condition"], row["grade"]) for row in rows] == [("locate", "wrong"), ("locate", "right")]
    rejected = json.loads((tmp_path / "eval" / "m" / "rejected.jsonl").read_text())
    assert rejected["reason"] == "no_answer"


def test_accuracies_of_four_real_models_are_those_of_their_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = DATA / "gsm8k_model_solutions.jsonl"
    if not file.exists():
        pytest.skip(f"{file.name} is not at {DATA}")
    outputs, labels = [], {}
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        for model, solved in row.items():
            if isinstance(solved, dict):
                outputs.append({"question": row["question"], "model": model, "output": solved["solution"]})
                labels.setdefault(model, []).append(solved["is_correct"])
    asked = str(DATA / "gsm8k_test.jsonl"), "--from", write(tmp_path / "four.jsonl", outputs)
    assert run(tmp_path, *asked) == 0
    for model, right in labels.items():
        accuracy = figures(tmp_path / "eval" / "four", model)["accuracy", "accuracy", "all"]
        assert len(right) == 660
        assert accuracy == pytest.approx(sum(right) / 660, abs=0.005)
    ranking = capsys.readouterr().out
    assert re.search(r"accuracy +95 % interval +no answer +unknown +problems", ranking)
    ranked = sorted(labels, key=lambda model: -sum(labels[model]))
    assert [ranking.index(f" {model} ") for model in ranked] == sorted(ranking.index(f" {model} ") for model in ranked)


def test_two_evaluations_are_compared_on_the_same_problems(
    tmp_path: Path, problems: str, rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, problems, "--model", rules, "--backend", "scripted", "--name", "good", "-n", "2") == 0
    assert run(tmp_path, problems, "--name", "poor", "-n", "2") == 0
    assert run(tmp_path, "--compare", "good", "poor") == 0
    compared = json.loads((tmp_path / "eval" / "good-against-poor.json").read_text())
    assert "majority_within_equal_tokens" in {item["figure"] for item in compared}
    accuracy = next(item for item in compared if item["figure"] == "accuracy")
    assert (accuracy["first"], accuracy["second"]) == (pytest.approx(2 / 3), 0)
    assert accuracy["difference"]["p"] == 0.5
    assert run(tmp_path, "--compare", "good", "nobody") == 1
    assert "there are: good, poor" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suite", "acuracy"], "--suite acuracy: no such suite; did you mean 'accuracy'?"),
        (["--prompt", "nonsense"], "or the path of a .jinja file"),
        (["--prompt", "missing.jinja"], "can't be read"),
        (["--types", "hallucinations_of_grandeur"], "hallucination"),
        (["--from", "nowhere.jsonl"], "does not exist"),
        (["nowhere.jsonl"], "does not exist"),
        (["--model", "no/such-folder/anywhere"], "no model at"),
        (["--backend", "abacus", "--model", "m"], "there is none"),
        (["--compare", "a", "b"], "run `lemma eval` first"),
        (["--name", "../../evil"], "--name '../../evil': use a plain name, without path separators"),
        (["--name", "/tmp/evil"], "use a plain name"),
        (["--name", ".."], "use a plain name"),
        (["--name", "a\\b"], "use a plain name"),
        (["--name", "a\x1b[2Jb"], "use a plain name"),
        (["--name", "a" * 300], "use at most 100 bytes"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert run(tmp_path, *arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error and "\x1b" not in error
    assert list(tmp_path.rglob("*evil*")) == list(tmp_path.parent.glob("evil*")) == []


@pytest.mark.parametrize(("content", "message"), [("", "no usable problem"), ('{"a": 1}\n', "columns found: a")])
def test_an_empty_data_set_is_said(
    tmp_path: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.jsonl").write_text(content)
    assert run(tmp_path, str(tmp_path / "data.jsonl")) == 1
    assert message in capsys.readouterr().err


def test_outputs_that_fit_no_problem_are_said(
    tmp_path: Path, problems: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = write(tmp_path / "outputs.jsonl", [{"text": "The answer is 5"}])
    assert run(tmp_path, problems, "--from", outputs) == 1
    assert "expected question or id, and output" in capsys.readouterr().err


def test_settings_of_another_evaluation_are_not_mixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--limit", "2", "-n", "1") == 0
    assert run(tmp_path, "--limit", "3", "-n", "1") == 1
    assert "--fresh" in capsys.readouterr().err


def test_killed_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    outputs = write(
        tmp_path / "outputs.jsonl",
        [{"id": row["id"], "output": f"It is {number}.\n#### {number}"} for number in range(400) for row in PROBLEMS],
    )
    problems = write(tmp_path / "problems.jsonl", PROBLEMS)
    assert run(tmp_path / "whole", problems, "--from", outputs, "--workers", "1") == 0
    command = [sys.executable, "-m", "lemma", "eval", problems, "--from", outputs, "--run", str(tmp_path / "killed")]
    folder = tmp_path / "killed" / "eval" / "outputs"
    process = subprocess.Popen([*command, "--workers", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not ((folder / OUTPUTS).exists() and (folder / OUTPUTS).stat().st_size):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run(tmp_path / "killed", problems, "--from", outputs, "--workers", "2") == 0
    for name in (OUTPUTS, RESULTS):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / "eval" / "outputs" / name).read_bytes()


def test_the_declared_suites_are_the_ones_there_are() -> None:
    described = EvalConfig.model_fields["suite"].description or ""
    assert described == ", ".join([*all_suites(1), "all"])


@contextmanager
def server() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, str(ROOT / "benchmarks" / "model_server.py"), "--latency", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1", process
        finally:
            process.kill()


def test_a_server_that_dies_half_way_costs_nothing_that_it_answered(tmp_path: Path) -> None:
    rows = [{"question": f"What is problem {number}?", "answer": str(number)} for number in range(100)]
    problems = write(tmp_path / "problems.jsonl", rows)
    flags = ["--model", "m", "--suite", "accuracy", "-n", "0", "--give-up-after", "1"]
    command = [sys.executable, "-m", "lemma", "eval", problems, *flags, "--run", str(tmp_path), "--timeout", "2"]
    file = tmp_path / "eval" / "m" / OUTPUTS
    with server() as (url, process):
        # One call at a time: 5 seconds for all, so that the server is gone long before the end.
        asking = subprocess.Popen(
            [*command, "--base-url", url, "--max-in-flight", "1"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        while asking.poll() is None and not (file.exists() and file.stat().st_size):
            time.sleep(0.01)
        process.kill()
        _, error = asking.communicate()
    kept = file.read_bytes()
    assert asking.returncode == 1
    assert error.splitlines()[-1].startswith("lemma: ")
    assert "Traceback" not in error
    assert 0 < kept.count(b"\n") < len(rows)
    with server() as (url, _):
        patient = ["--give-up-after", "60", "--timeout", "60"]
        assert main([*command[3:], "--base-url", url, *patient]) == 0
    assert file.read_bytes().startswith(kept)
    graded = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["gold"] for row in graded] == [row["answer"] for row in rows]
    assert {row["grade"] for row in graded} == {"right", "wrong"}


def test_a_dry_run_asks_nothing_and_ties_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--dry-run", "--limit", "5") == 0
    assert "calls to make now" in capsys.readouterr().out
    assert run(tmp_path, "--limit", "2", "-n", "0", "--suite", "accuracy") == 0
