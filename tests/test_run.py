"""Pipelines: read in full before anything runs, and the same files whether run at once or in pieces."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from lemma.cli import main
from lemma.commands.run import run
from lemma.config import AnalyzeConfig, RunConfig
from lemma.evaluation.rounds import compare_rounds
from lemma.exceptions import ConfigError
from lemma.options import StageConfig
from lemma.pipelines import read_pipeline
from lemma.resources import data_folder
from lemma.rundir.manifest import write_manifest

SHIPPED = sorted(path.stem for path in data_folder("pipelines").glob("*.yaml"))


def pipeline(folder: Path, text: str) -> str:
    path = folder / "pipeline.yaml"
    path.write_text(text)
    return str(path)


def stages_of(**options: object) -> list[StageConfig]:
    config = RunConfig.model_validate(options)
    return [stage for one in read_pipeline(config).rounds(config.run, config.rounds) for stage in one.stages]


@pytest.mark.parametrize("name", sorted({*SHIPPED} - {"on-policy"}))
def test_every_shipped_one_is_read(name: str) -> None:
    stages = stages_of(pipeline=name, run=Path("here"))
    assert stages[-1].command == "build-sft"
    assert {stage.run for stage in stages} == {Path("here")}


def test_options_reach_the_stages_that_have_them(tmp_path: Path) -> None:
    text = "all: {seed: 3, per_problem: 2}\nstages: [augment: {types: calc, distribution: '{run}/d.json'}, correct: ]"
    augment, correct = stages_of(pipeline=pipeline(tmp_path, text), run=tmp_path, set=("temperature=0.5,teacher=m",))
    assert augment.settings()["per_problem"] == 2
    assert augment.settings()["distribution"] == f"{tmp_path}/d.json"
    assert (augment.seed, correct.seed) == (3, 3)
    assert correct.settings()["temperature"] == 0.5


def test_what_is_typed_wins_over_the_stage_and_that_over_what_all_share(tmp_path: Path) -> None:
    text = "all: {temperature: 0.1, seed: 1}\nstages: [sample: {n: 4, temperature: 0.7}, analyze: {temperature: 0.2}]"
    path = pipeline(tmp_path, text)
    sample, analyze = stages_of(pipeline=path, set=("n=8,model=m,teacher=m",), seed=5)
    assert (sample.settings()["n"], sample.settings()["temperature"], sample.seed) == (8, 0.7, 5)
    assert (analyze.settings()["temperature"], analyze.seed) == (0.2, 5)
    sample, analyze = stages_of(pipeline=path, set=("temperature=0,model=m,teacher=m",))
    assert (sample.settings()["temperature"], analyze.settings()["temperature"], sample.seed) == (0, 0, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stages: [augmnt: {}]", "did you mean 'augment'"),
        ("stages: [augment: {typse: calc}]", "did you mean 'types'"),
        ("stages: [augment: {per_problem: many}]", "per_problem"),
        ("all: {per_problme: 2}\nstages: [augment: {}]", "did you mean 'per_problem'"),
        ("stages: [{augment: {}, correct: {}}]", "expected one command"),
        ("stages: 3", "stages"),
        ("steps: []", "stages: Field required"),
        ("[", "not YAML"),
    ],
)
def test_what_cant_be_used_is_said_before_anything_runs(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        run(RunConfig(pipeline=pipeline(tmp_path, text), run=tmp_path / "run"), Console(quiet=True))
    assert not (tmp_path / "run").exists()


def test_an_unknown_pipeline_lists_the_shipped_ones() -> None:
    with pytest.raises(ConfigError, match="offline"):
        read_pipeline(RunConfig(pipeline="nope"))


BOTH = "stages: [analyze: {locate: 'graph,rollouts,judge', model: m, teacher: t}]"


@pytest.mark.parametrize(
    ("text", "typed", "plain", "of_teacher"),
    [
        # The judge alone is the teacher, whatever the student's server is.
        ("stages: [analyze: {}]", "model=m,teacher=t,student_base_url=S", None, None),
        ("stages: [analyze: {}]", "model=m,teacher=t,student_base_url=S,teacher_base_url=T", "T", "T"),
        ("stages: [analyze: {}]", "model=m,teacher=t,base_url=B", "B", "B"),
        # A student that rolls out is the student, and the judge beside it the teacher.
        (BOTH, "student_base_url=S,teacher_base_url=T", "S", "T"),
        (BOTH, "student_base_url=S", "S", None),
        (BOTH, "teacher_base_url=T", None, "T"),
        (BOTH, "base_url=B", "B", "B"),
        (BOTH, "base_url=B,student_base_url=S", "S", "B"),
        (BOTH, "base_url=B,teacher_base_url=T", "B", "T"),
        ("stages: [analyze: {locate: rollouts, model: m}]", "student_base_url=S,teacher_base_url=T", "S", "T"),
    ],
)
def test_student_and_teacher_have_a_server_each(
    tmp_path: Path, text: str, typed: str, plain: str | None, of_teacher: str | None
) -> None:
    (analyze,) = stages_of(pipeline=pipeline(tmp_path, text), set=(typed,))
    assert isinstance(analyze, AnalyzeConfig)
    assert (analyze.base_url, analyze.of_teacher().base_url) == (plain, of_teacher)


def test_offline_is_complete_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    command = ["run", "offline", "--run", str(tmp_path), "--set", "limit=12"]
    assert main(command) == 0
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    assert main(command) == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")} == files
    stages = json.loads((tmp_path / "run.json").read_text())["stages"]
    assert {stage["status"] for stage in stages.values()} == {"complete"}
    assert list(stages) == ["augment", "build-sft", "correct"]


def test_lemma_runs_without_a_model_too(tmp_path: Path) -> None:
    assert main(["run", "lemma", "--run", str(tmp_path), "--set", "n=1,per_problem=1,limit=12"]) == 0
    assert (tmp_path / "sft/lemma.jsonl").stat().st_size > 0


def rounds_of(**options: object) -> dict[str, tuple[Path, dict[str, StageConfig]]]:
    config = RunConfig.model_validate({"pipeline": "on-policy", "run": Path("here"), **options})
    rounds = read_pipeline(config).rounds(config.run, config.rounds)
    return {one.name: (one.run, {stage.command: stage for stage in one.stages}) for one in rounds}


def option(stage: StageConfig, name: str) -> object:
    return getattr(stage, name)


@pytest.mark.parametrize(
    ("given", "names", "students"),
    [
        ((), ["start", "round-1", "round-2"], ["here/start/model", "here/round-1/model"]),
        (("model=org/student",), ["round-1", "round-2"], ["org/student", "here/round-1/model"]),
    ],
)
def test_each_round_starts_from_the_student_that_the_one_before_trained(
    given: tuple[str, ...], names: list[str], students: list[str]
) -> None:
    found = rounds_of(rounds=2, set=given, seed=7)
    assert list(found) == names
    for name, (folder, stages) in found.items():
        assert folder == Path("here") / name
        assert {stage.run for stage in stages.values()} == {folder}
        assert {stage.seed for stage in stages.values()} == {7}
    for name, student in zip(("round-1", "round-2"), map(Path, students), strict=True):
        _, stages = found[name]
        asked = {command: getattr(stage, "model", None) for command, stage in stages.items()}
        trained_on = {command: Path(str(model)) for command, model in asked.items() if model is not None}
        assert trained_on == dict.fromkeys(("sample", "analyze", "train"), student)  # eval asks the one trained here
        assert option(stages["augment"], "places") == f"{Path('here') / name}/distribution.json"


def test_the_options_of_the_start_hold_only_without_a_model() -> None:
    embedded, given = rounds_of()["round-1"][1], rounds_of(set=("model=m,data=x.jsonl",))["round-1"][1]
    practiced = Path("here/start/practice")
    assert option(embedded["sample"], "data") == f"{practiced}/train.jsonl"
    assert option(embedded["eval"], "data") == f"{practiced}/test.jsonl"
    assert option(embedded["train"], "preset") == "practice"
    assert (option(given["sample"], "data"), option(given["eval"], "data")) == ("x.jsonl", "x.jsonl")
    assert (option(given["sample"], "limit"), option(given["train"], "preset")) == (None, None)


def test_the_start_takes_no_option_of_the_rounds() -> None:
    _, stages = rounds_of(set=("n=3,per_problem=3",))["start"]
    assert list(stages) == ["train", "eval"]  # all it needs: the training makes its own problems and records
    assert option(stages["eval"], "n") == 2
    assert {stage.run for stage in stages.values()} == {Path("here/start")}


ROUNDS = "stages: [sample: {model: '{student}'}, train: {model: '{student}'}]"


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("stages: [augment: {}]", {"rounds": 2}, "has no rounds: --rounds needs a pipeline with a {student}"),
        (ROUNDS, {}, "give the student with --set model=MODEL"),
        (ROUNDS, {"set": ("model=m", "beats=2")}, "none of its commands has an option 'beats'"),
        (f"start: {{stages: [agument: {{}}]}}\n{ROUNDS}", {}, "start.stages.1: there is no command 'agument'"),
        (f"start: {{steps: []}}\n{ROUNDS}", {}, "start.stages: Field required"),
    ],
)
def test_rounds_that_cannot_be_run(tmp_path: Path, text: str, options: dict[str, object], says: str) -> None:
    config = RunConfig.model_validate({"pipeline": pipeline(tmp_path, text), "run": tmp_path / "run", **options})
    with pytest.raises(ConfigError, match=re.escape(says)):
        run(config, Console(quiet=True))
    assert not (tmp_path / "run").exists()


def test_rounds_are_compared_even_if_one_has_no_evaluation(tmp_path: Path) -> None:
    figure = {"suite": "accuracy", "figure": "accuracy", "label": "accuracy", "group": "all", "value": 0.5}
    (tmp_path / "round-1" / "eval" / "m").mkdir(parents=True)
    (tmp_path / "round-1" / "eval" / "m" / "results.json").write_text(
        json.dumps({"figures": [{**figure, "percent": True}, {**figure, "percent": True, "group": "easy"}]})
    )
    summary = compare_rounds(tmp_path, {name: tmp_path / name for name in ("start", "round-1")})
    assert summary.tallies[0].rows[0] == ("accuracy: accuracy", "-", "50.0%")
    written = json.loads((tmp_path / "rounds.json").read_text())
    assert {name: one["figures"] for name, one in written.items()} == {
        "start": [],
        "round-1": [{**figure, "percent": True}],
    }


def write(path: Path, *rows: dict[str, str]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_round_says_what_its_commands_counted(tmp_path: Path) -> None:
    stages: dict[str, dict[str, object]] = {
        "sample": {"counts": {"made": {"solutions, equal": 3, "solutions, different": 1}}, "model": {"calls": 4}},
        "analyze": {"counts": {"first wrong step": {"located": 1, "not located": 3}}, "model": {"calls": 10}},
        "correct": {"counts": {"made": {"corrections, fix": 1, "corrections, restart": 2}}, "seconds": 90},
        "build-sft": {
            "counts": {
                "origins": {"student": 4, "symbolic": 7},
                "lemma records": {"fix": 8, "right solution": 2},
                "cot records": {"right solution": 5},
            }
        },
    }
    for name, entry in stages.items():
        write_manifest(tmp_path, name, {"status": "complete", "settings": {}, "inputs": {}, "counts": {}, **entry})
    own = {"id": "own", "origin": "student"}
    write(tmp_path / "erroneous.jsonl", own, {"id": "injected", "origin": "symbolic"})
    made = [("own", "fix"), ("own", "restart"), ("own", "restart"), ("injected", "fix"), ("injected", "restart")]
    corrections = [{"erroneous_id": of, "strategy": strategy} for of, strategy in made]
    write(tmp_path / "corrections.jsonl", *corrections)
    compare_rounds(tmp_path, {"round-1": tmp_path})
    written = json.loads((tmp_path / "rounds.json").read_text())["round-1"]
    assert written["sampled"] == {"graded": 4, "right_share": 0.75}
    assert written["own_errors"] == {"all": 4, "located_share": 0.25}
    assert written["corrections"] == {"fix": 1, "restart": 2}
    assert written["trained_on"] == {"own": 4, "injected": 7, "right": 7}
    assert written["cost"] == {"calls": 14, "minutes": 1.5}
