"""Every record kind in every shape: one contract, what each kind says, and that trainers read it as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from sft_data import (
    ALL_KINDS,
    CLIPS,
    FIX,
    RESTART,
    answer_of,
    asked_in,
    erroneous,
    erroneous_solutions,
    lemma,
    lines,
    write_run,
)

from lemma.formats import record_kinds
from lemma.formats.kind import Case, Joined, RightSolution
from lemma.formats.shapes import SHAPES, shaped
from lemma.models.prompts import load_prompt
from lemma.records import Correction, ErroneousSolution
from lemma.steps import solution_text
from lemma.trajectories.corrections import KnownSolution, corrections
from lemma.trajectories.joining import join

KINDS = sorted(record_kinds())
RIGHT = RightSolution("p1", CLIPS.question, CLIPS.reference_steps, "72")
IN_MAY, TOGETHER = CLIPS.reference_steps
WRONG = CLIPS.steps[1]
QUESTION_COLUMNS = {
    "prompt-completion": {"prompt"},
    "messages": {"messages"},
    "alpaca": {"instruction", "input"},
    "sharegpt": {"conversations"},
}
ANSWER_COLUMNS = {
    "prompt-completion": {"completion"},
    "messages": set(),
    "alpaca": {"output"},
    "sharegpt": set(),
}


def case_of(error: ErroneousSolution) -> Case:
    """An error with a fix and a restart."""
    found = corrections(error, ("fix", "restart"), [KnownSolution(("Another way.",))])
    made = [product for product in found if isinstance(product, Correction)]
    return Case(error, tuple(Joined(correction, join(error, correction, "Wait.")) for correction in made))


def test_the_kinds_are_those_that_the_help_names() -> None:
    assert sorted(ALL_KINDS.split(",")) == KINDS


@pytest.mark.parametrize("name", KINDS)
@given(error=erroneous_solutions())
def test_contract_of_every_kind(name: str, error: ErroneousSolution) -> None:
    """Text on both sides, the same columns for every line, and where it comes from, never something made up."""
    kind = record_kinds()[name]
    right = RightSolution(error.problem_id, error.question, error.reference_steps, error.gold_answer)
    from_error = [] if kind.of_error is None else list(kind.of_error(case_of(error)))
    from_solution = [] if kind.of_solution is None else [kind.of_solution(right)]
    made = from_error + from_solution
    assert made
    assert len({tuple(line.columns) for line in made}) == 1
    for line in made:
        assert line.question.strip()
        assert line.answer.strip()
        assert (line.worse is not None) == kind.pairs
        assert line.worse != line.answer or line.columns["pair"] == "rise"
        assert error.question in line.question
        assert line.columns["problem_id"] == error.problem_id
    for line in from_error:
        assert line.columns["erroneous_id"] == error.id
    for line in from_solution:
        assert line.columns.get("erroneous_id") is None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [name for name in KINDS if record_kinds()[name].shaped])
def test_contract_of_every_shape(name: str, shape: Any) -> None:
    kind = record_kinds()[name]
    made = [] if kind.of_error is None else list(kind.of_error(case_of(CLIPS)))
    if kind.of_solution is not None:
        made.append(kind.of_solution(RIGHT))
    for line in made:
        record = shaped(line, shape)
        expected = {"chosen", "rejected"} if kind.pairs else ANSWER_COLUMNS[shape]
        assert set(record) == QUESTION_COLUMNS[shape] | expected | set(line.columns)
        assert asked_in(record) == line.question
        if not kind.pairs:
            assert answer_of(record) == line.answer


@pytest.mark.parametrize("name", KINDS)
def test_the_prompts_of_every_kind_are_there(name: str) -> None:
    for prompt in record_kinds()[name].prompts:
        assert load_prompt(prompt).version


def answers(name: str, case: Case) -> list[str]:
    return [line.answer for line in record_kinds()[name].records(case)]


UNLOCATED = erroneous(
    error_step=None, error_type="unknown", explanation="", origin="student", evidence="graph", confidence=0.4
)
AT_ONCE = erroneous(steps=("Half of 48 is 26.", "Together 74."), error_step=0, final_answer="74")


@pytest.mark.parametrize(
    ("name", "error", "expected"),
    [
        (
            "lema",
            CLIPS,
            [
                "Step 2.\nExplanation: 48 + 24 is 72, not 62.\nCorrect Solution:\n...\n"
                f"Step 2: {TOGETHER}\nThe answer is 72"
            ],
        ),
        (
            "lema",
            AT_ONCE,
            [
                "Step 1.\nExplanation: 48 + 24 is 72, not 62.\nCorrect Solution:\n"
                f"Step 1: {IN_MAY}\nStep 2: {TOGETHER}\nThe answer is 72"
            ],
        ),
        (
            "critique",
            CLIPS,
            [
                "Step 1: right\nStep 2: wrong\nExplanation: 48 + 24 is 72, not 62.\nRight solution:\n"
                f"{IN_MAY}\n{TOGETHER}\nThe answer is 72"
            ],
        ),
        (
            "critique",
            AT_ONCE,
            [
                "Step 1: wrong\nExplanation: 48 + 24 is 72, not 62.\nRight solution:\n"
                f"{IN_MAY}\n{TOGETHER}\nThe answer is 72"
            ],
        ),
        ("revision", CLIPS, [f"{IN_MAY}\n{TOGETHER}\nThe answer is 72"]),
        ("revision", UNLOCATED, ["Another way.\nThe answer is 72"]),
        ("verification", CLIPS, ["Step 2 is the first wrong step. 48 + 24 is 72, not 62.\nVerdict: wrong"]),
        ("verification", erroneous(explanation=" "), ["Step 2 is the first wrong step.\nVerdict: wrong"]),
        ("verification", UNLOCATED, ["Verdict: wrong"]),
        ("lema", UNLOCATED, []),
        ("critique", UNLOCATED, []),
        ("prm", UNLOCATED, []),
        ("dpo", UNLOCATED, ["Another way.\nThe answer is 72"]),
        ("dpo", CLIPS, [f"{IN_MAY}\n{TOGETHER}", f"{IN_MAY}\n{WRONG}\nWait.\n{TOGETHER}"]),
        ("dpo", AT_ONCE, [IN_MAY, f"Half of 48 is 26.\nWait.\n{IN_MAY}"]),
    ],
)
def test_answers(name: str, error: ErroneousSolution, expected: list[str]) -> None:
    assert answers(name, case_of(error)) == expected


@pytest.mark.parametrize(
    ("error", "shared", "rejected"),
    [
        (CLIPS, [f"{IN_MAY}\n", f"{IN_MAY}\n{WRONG}\n"], [WRONG, "The answer is 62"]),
        (AT_ONCE, ["", "Half of 48 is 26.\n"], ["Half of 48 is 26.", "Together 74."]),
    ],
)
def test_preference_pairs_part_after_what_they_share(
    error: ErroneousSolution, shared: list[str], rejected: list[str]
) -> None:
    of_error = record_kinds()["dpo"].of_error
    assert of_error is not None
    pairs = list(of_error(case_of(error)))
    assert [pair.columns["pair"] for pair in pairs] == ["rise", "sfs"]
    for pair, begun, worse in zip(pairs, shared, rejected, strict=True):
        assert pair.columns["shared"] == len(begun)
        assert pair.answer.startswith(begun)
        assert pair.worse == begun + worse


@pytest.mark.parametrize(
    ("error", "labels"),
    [
        (CLIPS, [True, False]),
        (AT_ONCE, [False, False]),
        (erroneous(steps=(IN_MAY, "No.", "Nor this.", "Nor that.")), [True, False, False, False]),
    ],
)
def test_step_labels_are_true_before_the_error_only(error: ErroneousSolution, labels: list[bool]) -> None:
    of_error = record_kinds()["prm"].of_error
    assert of_error is not None
    (line,) = of_error(case_of(error))
    assert line.columns["labels"] == labels
    assert list(line.columns["completions"]) == list(error.steps)


def test_a_restart_alone_gives_the_whole_solution_and_a_pair_of_whole_ones() -> None:
    case = Case(CLIPS, (Joined(RESTART, join(CLIPS, RESTART, "Again.")),))
    whole = f"{IN_MAY}\n{TOGETHER}\nThe answer is 72"
    assert answers("critique", case)[0].endswith(f"Right solution:\n{whole}")
    assert answers("lema", case)[0].endswith(
        f"Correct Solution:\nStep 1: {IN_MAY}\nStep 2: {TOGETHER}\nThe answer is 72"
    )
    assert answers("dpo", case) == [whole]


@pytest.fixture(scope="module")
def augmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("augmented")
    assert lemma("augment", "--limit", "60", "--run", run) == 0
    return run


@pytest.fixture(scope="module", params=SHAPES)
def built(
    request: pytest.FixtureRequest, augmented: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """The records of the bundled sample in one shape, and where they are."""
    run = tmp_path_factory.mktemp("built") / "run"
    shutil.copytree(augmented, run)
    command = ("build-sft", "--run", run, "--records", ALL_KINDS, "--mix", "cot=0.3")
    assert lemma(*command, "--shape", request.param) == 0
    return request.param, run / "sft"


def test_datasets_loads_every_file_by_the_card(built: tuple[str, Path]) -> None:
    datasets = pytest.importorskip("datasets")
    _, folder = built
    for name in KINDS:
        loaded = datasets.load_dataset(str(folder), name, split="train", cache_dir=str(folder.parent / "cache"))
        assert loaded.num_rows == len(lines(folder / f"{name}.jsonl"))
        assert set(loaded.column_names) == set(lines(folder / f"{name}.jsonl")[0])


def test_trl_knows_what_each_file_is(built: tuple[str, Path]) -> None:
    data_utils = pytest.importorskip("trl.data_utils")
    shape, folder = built
    for name in KINDS:
        record = lines(folder / f"{name}.jsonl")[0]
        conversational = shape == "prompt-completion" or (shape == "messages" and not record_kinds()[name].pairs)
        if name != "prm" and conversational:
            assert data_utils.is_conversational(record)


def test_the_card_counts_what_is_there(built: tuple[str, Path]) -> None:
    _, folder = built
    _, front, card = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    configs = yaml.safe_load(front)["configs"]
    assert sorted(config["config_name"] for config in configs) == KINDS
    rows = [line.strip("| ").split(" | ") for line in card.splitlines() if ".jsonl |" in line and line.count("|") == 6]
    for name in KINDS:
        counted = sum(int(row[2].replace(",", "")) for row in rows if row[0] == f"{name}.jsonl")
        assert counted == len(lines(folder / f"{name}.jsonl"))


def test_llama_factory_finds_the_columns_it_is_told_of(built: tuple[str, Path]) -> None:
    """Its two converters, alpaca and sharegpt, as far as they decide whether a record is kept."""
    shape, folder = built
    described = folder / "dataset_info.json"
    if shape == "prompt-completion":
        assert not described.exists()
        return
    entries = orjson.loads(described.read_bytes())
    assert sorted(entries) == sorted(f"lemma_{name}" for name in KINDS if record_kinds()[name].shaped)
    for name, entry in entries.items():
        record = lines(folder / entry["file_name"])[0]
        columns = entry["columns"]
        assert set(columns.values()) <= set(record)
        assert entry.get("ranking", False) == record_kinds()[name.removeprefix("lemma_")].pairs
        if entry.get("formatting") == "sharegpt":
            tags = {"role_tag": "from", "user_tag": "human", "assistant_tag": "gpt", **entry.get("tags", {})}
            turns = record[columns["messages"]] + ([record["chosen"]] if entry.get("ranking") else [])
            assert [turn[tags["role_tag"]] for turn in turns] == [tags["user_tag"], tags["assistant_tag"]]
        else:
            assert all(isinstance(record[column], str) for column in columns.values())


def test_no_file_holds_a_record_twice_but_for_mixed_in_solutions(built: tuple[str, Path]) -> None:
    _, folder = built
    for name in KINDS:
        made = [
            line for line in (folder / f"{name}.jsonl").read_bytes().splitlines() if b'"erroneous_id":null' not in line
        ]
        assert len(set(made)) == len(made)


@pytest.mark.filterwarnings("ignore:`gradient_checkpointing` is deprecated:FutureWarning")  # TRL's own default
def test_trl_trainers_prepare_the_records_as_they_are(tmp_path: Path) -> None:
    """TRL's own preparation: the prompt is the user's turn, and preference pairs part where `shared` says."""
    pytest.importorskip("trl")
    from datasets import load_dataset
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    from lemma.models.chat_template import load_tokenizer
    from lemma.training.tiny_model import make_tiny_model

    run = write_run(
        tmp_path / "run", [CLIPS, erroneous(id="e2", steps=("Half of 48 is 26.",), error_step=0)], [FIX, RESTART]
    )
    assert lemma("build-sft", "--run", run, "--records", "lemma,dpo") == 0
    records = {name: lines(run / "sft" / f"{name}.jsonl") for name in ("lemma", "dpo")}
    make_tiny_model(tmp_path / "model", ([*line["prompt"], *line["completion"]] for line in records["lemma"]), 0)
    tokenizer = load_tokenizer(str(tmp_path / "model"))
    common = {"output_dir": str(tmp_path / "out"), "report_to": "none", "use_cpu": True}

    def load(name: str) -> Any:
        file = str(run / "sft" / f"{name}.jsonl")
        return load_dataset("json", data_files=file, split="train", cache_dir=str(tmp_path / "cache"))

    trainer = SFTTrainer(
        str(tmp_path / "model"), args=SFTConfig(**common), train_dataset=load("lemma"), processing_class=tokenizer
    )
    for row, record in zip(trainer.train_dataset, records["lemma"], strict=True):
        learned = [token for token in row["labels"] if token >= 0]
        assert answer_of(record) in tokenizer.decode(learned)
        assert record["prompt"][0]["content"] not in tokenizer.decode(learned)
    pairs = DPOTrainer(
        str(tmp_path / "model"), args=DPOConfig(**common), train_dataset=load("dpo"), processing_class=tokenizer
    )
    for row, record in zip(pairs.train_dataset, records["dpo"], strict=True):
        for side in ("chosen", "rejected"):
            assert record[side][0]["content"] in tokenizer.decode(row[f"{side}_ids"])
        begun = record["chosen"][0]["content"][: record["shared"]]
        assert record["rejected"][0]["content"].startswith(begun)


@pytest.mark.parametrize(
    ("error", "kinds"),
    [(CLIPS, ["prefix", "correction"]), (AT_ONCE, ["correction"]), (UNLOCATED, ["correction"])],
)
def test_spans_of_a_revision_cover_it(error: ErroneousSolution, kinds: list[str]) -> None:
    (line,) = record_kinds()["revision"].records(case_of(error))
    segments = line.columns["segments"]
    assert [segment["kind"] for segment in segments] == kinds
    assert "".join(line.answer[segment["start"] : segment["end"]] for segment in segments) == line.answer
    if len(kinds) == 2:
        assert line.answer[: segments[0]["end"]] == "".join(f"{step}\n" for step in error.split[0])


@given(error=erroneous_solutions())
def test_every_kind_that_needs_no_step_has_records_of_unlocated_errors(error: ErroneousSolution) -> None:
    values = {"error_step": None, "origin": "student", "evidence": "graph", "confidence": 0.4}
    unlocated = ErroneousSolution.model_validate(error.model_dump() | values)
    for name, kind in record_kinds().items():
        made = list(kind.records(case_of(unlocated)))
        assert bool(made) == (kind.of_error is not None and not kind.needs_step), name
    (line,) = record_kinds()["lemma"].records(case_of(unlocated))
    first = line.columns["segments"][0]
    assert first["kind"] == "error"
    assert line.answer[: first["end"]] == f"{solution_text(error.steps, error.final_answer)}\n"
