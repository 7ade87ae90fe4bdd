"""Labeled solutions of public data sets as erroneous solutions: `lemma analyze --from FILE`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from sft_data import lemma, lines
from test_locating_labels import MR_GSM8K, PROCESS_BENCH, SHARED, SHEPHERD, STEP_DPO, STEPS, STEPWISE, prm800k

from lemma.exceptions import Refusal
from lemma.locating.calibration import Calibration, observed
from lemma.locating.importing import LabeledRow, read_row
from lemma.locating.judge import Judgement
from lemma.locating.posterior import Posterior
from lemma.taxonomy.error_types import load_taxonomy

QUESTION = "What is 2 + 2 + 2?"
MATH_SHEPHERD = {"input": SHEPHERD.format("ки", "ки", "ки"), "label": SHEPHERD.format("+", "-", "-")}
PRM = STEPWISE | {"error_type": "calculation_error", "erroneous_id": "e", "problem_id": "p"}
REASON = {"model_output_solution_first_error_reason": "4 + 2 is 6."}
FIRST_ERROR_STEP = {"question": QUESTION, "steps": STEPS, "first_error_step": 2}
SHAPES: dict[str, dict[str, Any]] = {
    "PRM800K": prm800k(1, -1),
    "ProcessBench": PROCESS_BENCH,
    "MR-GSM8K": MR_GSM8K | REASON,
    "Math-Shepherd": MATH_SHEPHERD,
    "Step-DPO": STEP_DPO,
    "stepwise supervision": STEPWISE,
    "first error step": FIRST_ERROR_STEP,
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_gives_a_problem_and_its_erroneous_solution(name: str) -> None:
    problem, erroneous = read_row(LabeledRow.of("rows.jsonl, line 1", SHAPES[name]), load_taxonomy())
    assert erroneous is not None
    assert (problem.question, problem.source) == (QUESTION, "rows.jsonl")
    assert (erroneous.problem_id, erroneous.error_step, erroneous.error_type) == (problem.id, 1, "unknown")
    assert (erroneous.evidence, erroneous.origin, erroneous.model) == ("label", "student", name)
    assert 0.5 < erroneous.confidence < 1
    assert erroneous.explanation == ("4 + 2 is 6." if name == "MR-GSM8K" else "")
    assert erroneous.gold_answer == ("6" if name in ("PRM800K", "MR-GSM8K", "Step-DPO") else "")


@pytest.mark.parametrize(
    ("label", "kind"),
    [("Calculation error", "calculation_error"), ("Slip of the pen", "unknown"), (None, "unknown"), (3, "unknown")],
)
def test_a_type_is_taken_over_if_the_taxonomy_has_it(label: object, kind: str) -> None:
    row = LabeledRow.of("rows.jsonl, line 1", PRM | {"error_type": label})
    _, erroneous = read_row(row, load_taxonomy())
    assert erroneous is not None
    assert erroneous.error_type == kind


def test_a_solution_without_a_wrong_step_is_none_and_an_answer_line_is_no_step() -> None:
    right = PROCESS_BENCH | {"label": -1}
    assert read_row(LabeledRow.of("f, line 1", right), load_taxonomy())[1] is None
    _, erroneous = read_row(LabeledRow.of("f, line 1", PROCESS_BENCH), load_taxonomy())
    _, at_the_end = read_row(LabeledRow.of("f, line 1", PROCESS_BENCH | {"label": 2}), load_taxonomy())
    assert erroneous is not None and at_the_end is not None
    assert (len(erroneous.steps), erroneous.final_answer, len(at_the_end.steps)) == (2, "7", 3)


def test_a_refusal_names_place_and_field() -> None:
    with pytest.raises(Refusal, match=r"^f, line 3: PRM800K: there is no field 'steps'$"):
        read_row(LabeledRow.of("f, line 3", {"question": {"problem": "Q"}, "label": {}}), load_taxonomy())


def test_a_file_of_all_shapes_is_imported_and_its_bad_rows_are_rejected(tmp_path: Path) -> None:
    bad: list[Any] = [{"question": "Q"}, PROCESS_BENCH | {"label": 9}, PROCESS_BENCH, [], PROCESS_BENCH | {"label": -1}]
    content = [orjson.dumps(row) for row in (*SHAPES.values(), *bad)]
    file, run = tmp_path / "labeled.jsonl", tmp_path / "run"
    file.write_bytes(b"\n".join((*content, b"{", b"")))
    assert lemma("analyze", "--from", file, "--run", run) == 0
    made = lines(run / "erroneous.jsonl")
    assert [line["model"] for line in made] == list(SHAPES)
    assert {line["problem_id"] for line in made} <= {line["id"] for line in lines(run / "problems.jsonl")}
    rejected = {line["detail"].partition(":")[0]: line["reason"] for line in lines(run / "rejected.jsonl")}
    assert rejected == {
        "labeled.jsonl, line 8": "label_unknown_shape",
        "labeled.jsonl, line 9": "label_out_of_range",
        "labeled.jsonl, line 10": "duplicate_row",
        "labeled.jsonl, line 11": "wrong_type",
        "labeled.jsonl, line 13": "invalid_json",
    }
    assert lemma("correct", "--run", run) == 0
    corrected = {line["erroneous_id"] for line in lines(run / "corrections.jsonl")}
    assert corrected == {line["id"] for line in made if line["reference_steps"]}
    assert lemma("build-sft", "--records", "prm,lemma", "--run", run) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--teacher", "m"), "add --locate judge to measure a teacher by them"),
        (("--min-confidence", "0.5"), "leave out --min-confidence"),
        (("--locate", "judge"), "give it with --teacher"),
        (("--judge-accuracy", "0.9"), "--judge-accuracy has no effect"),
    ],
)
def test_labels_are_taken_as_they_are(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.jsonl").write_bytes(orjson.dumps(PROCESS_BENCH) + b"\n")
    assert lemma("analyze", "--from", tmp_path / "f.jsonl", *arguments, "--run", tmp_path / "run") in (1, 2)
    assert says in capsys.readouterr().err


def judge_of(folder: Path, steps: list[int]) -> str:
    """A scripted judge that names these steps, one per problem."""
    rules = [
        {
            "contains": f"problem {number}?",
            "answers": [f'{{"step": {step}, "error_type": "calculation_error", "explanation": ""}}'],
        }
        for number, step in enumerate(steps)
    ]
    path = folder / "judge.yaml"
    path.write_bytes(orjson.dumps({"rules": rules}))
    return str(path)


def test_methods_are_measured_by_the_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [PROCESS_BENCH | {"problem": f"Is this problem {number}?"} for number in range(4)]
    rows.append(rows[0] | {"label": -1, "steps": ["2 + 2 = 4", "4 + 2 = 6"]})
    (tmp_path / "f.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    judge = judge_of(tmp_path, [2, 2, 2, 1])  # the label is step 2
    methods = ("--locate", "graph,judge", "--teacher", judge, "--label-confidence", "0.99")
    run = tmp_path / "run"
    assert lemma("analyze", "--from", tmp_path / "f.jsonl", *methods, "--run", run) == 0
    assert {(line["evidence"], line["error_step"], line["confidence"]) for line in lines(run / "erroneous.jsonl")} == {
        ("label", 1, 0.99)
    }
    measured = orjson.loads((run / "calibration.json").read_bytes())
    assert list(measured) == ["graph", "judge", "together"]
    assert {found["solutions"] for found in measured.values()} == {4}
    assert measured["judge"]["best_guess"] == 0.75
    assert measured["judge"]["bins"] == [{"from": 0.8, "solutions": 4, "right": 3, "mean_confidence": 0.8}]
    assert measured["judge"]["calibration_error"] == 0.05
    assert "Against the labels" in capsys.readouterr().out


def test_the_graph_is_measured_without_any_model(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_bytes(orjson.dumps(PROCESS_BENCH) + b"\n")
    command = ("analyze", "--from", tmp_path / "f.jsonl", "--run", tmp_path / "run")
    assert lemma(*command) == 0
    assert not (tmp_path / "run" / "calibration.json").exists()
    assert lemma(*command, "--locate", "graph", "--fresh") == 0
    assert list(orjson.loads((tmp_path / "run" / "calibration.json").read_bytes())) == ["graph"]


def test_a_measured_judge_is_believed_as_often_as_it_is_right() -> None:
    judgement = Judgement(1, "", "")
    assert judgement.posterior(3).steps == pytest.approx((0.2 / 3, 0.8, 0.2 / 3))
    assert judgement.posterior(3, 0.6).steps == pytest.approx((0.4 / 3, 0.6, 0.4 / 3))


def test_the_threshold_is_the_lowest_from_which_nine_of_ten_are_right() -> None:
    counts: Counter[str] = Counter()
    for number in range(60):
        certain = number >= 30
        posterior = Posterior((0.9, 0.1), 0.0) if certain else Posterior((0.6, 0.4), 0.0)
        counts.update(dict(observed(posterior, 0 if certain or number % 2 else 1)))
    measured = Calibration.of(counts)
    assert (measured.total, measured.best_guess, measured.threshold()) == (60, 0.75, 0.65)
    assert measured.located(0.9) == (30, 30)
    assert measured.error == pytest.approx((0.1 * 30 + 0.1 * 30) / 60)
    assert Calibration.of({}).plain()["solutions"] == 0


def test_a_file_without_a_labeled_solution_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.jsonl").write_bytes(b'{"question": "Q", "answer": "3"}\n')
    assert lemma("analyze", "--from", tmp_path / "f.jsonl", "--run", tmp_path / "run") == 1
    assert "holds no usable labeled solution" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["data/labelled_dev.jsonl", "data/first_error_dev.jsonl", "cases/data/prm800k_phase2.jsonl"]
)
def test_real_files(name: str, tmp_path: Path) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"{name} is not in {SHARED}")
    assert lemma("analyze", "--from", SHARED / name, "--run", tmp_path / "run") == 0
    assert lines(tmp_path / "run" / "erroneous.jsonl")
    assert not (tmp_path / "run" / "rejected.jsonl").read_bytes()
