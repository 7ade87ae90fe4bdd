"""Stages side by side: each problem flows on as soon as it is ready, and the files are those of one after the other."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from killed import Child, Kill
from rich.console import Console

from lemma import runner
from lemma.cli import main
from lemma.commands.run import flows_into
from lemma.config import (
    AnalyzeConfig,
    AugmentConfig,
    BuildSftConfig,
    CorrectConfig,
    SampleConfig,
    SmoothConfig,
)
from lemma.declaration import Command
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.progress import new_progress
from lemma.engine.side_by_side import flowing_groups, run_side_by_side, sort_rejected
from lemma.engine.summary import Summary
from lemma.exceptions import LemmaError, RunDirectoryError
from lemma.options import StageConfig
from lemma.rundir.directory import RunDirectory
from lemma.rundir.journal import Output
from lemma.rundir.lines import NOT_YET, LineIndex, StoredLine, flowing_lines
from lemma.rundir.sharing import Hold
from lemma.runner import run_alone

FORKS = pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="forks its commands")
PROBLEMS = 60
QUIET = Console(quiet=True)


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    """Problems of which the student gets most wrong, some right, and some not answered at all."""
    path = tmp_path / "problems.jsonl"
    rows = [
        {
            "question": f"Ada has {n} pens and gets {n + 2} more. How many pens are there?",
            "answer": f"There are {n} + {n + 2} = <<{n}+{n + 2}={2 * n + 2}>>{2 * n + 2} pens.\n#### {2 * n + 2}",
        }
        for n in range(3, 3 + PROBLEMS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def student(tmp_path: Path) -> Path:
    path = tmp_path / "student.yaml"
    wrong = r"There are \g<a> + \g<b> = 1\g<a> pens." + "\nThe answer is " + r"1\g<a>"
    half = r"There are \g<a> + \g<b> = \g<b>0 pens." + "\nThe answer is " + r"\g<b>0"
    unclear = "I see pens.\n#### 2 " + r"\\ldots"  # nobody can grade it
    rule = {"matches": r"Ada has (?P<a>\d+) pens and gets (?P<b>\d+)", "answers": [wrong, unclear, half]}
    path.write_text(yaml.safe_dump({"rules": [rule, {"answers": ["What?"]}]}))
    return path


def options(problems: Path, student: Path) -> dict[str, dict[str, object]]:
    return {
        "sample": {"data": str(problems), "model": str(student), "backend": "scripted", "n": 3},
        "analyze": {},
        "correct": {"strategies": "fix,restart"},
    }


def typed(command: str, values: dict[str, object], run: Path) -> list[str]:
    names = {name: f"-{name}" if len(name) == 1 else f"--{name}" for name in values}
    flags = [part for name, value in values.items() if name != "data" for part in (names[name], str(value))]
    return [command, *([str(values["data"])] if "data" in values else []), *flags, "--run", str(run)]


def pipeline(tmp_path: Path, stages: dict[str, dict[str, object]]) -> Path:
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump({"stages": [{name: values} for name, values in stages.items()]}))
    return path


def files(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.glob("*.jsonl")}


def recorded(run: Path) -> dict[str, object]:
    """What run.json says, but for times, names of files, and how the stages ran."""
    stages = json.loads((run / "run.json").read_bytes())["stages"]
    return {name: {key: stage[key] for key in ("status", "inputs", "counts")} for name, stage in stages.items()}


@pytest.fixture
def one_by_one(problems: Path, student: Path, tmp_path: Path) -> Path:
    run = tmp_path / "one-by-one"
    for command, values in options(problems, student).items():
        assert main(typed(command, values, run)) == 0
    return run


@pytest.mark.parametrize("workers", [1, 2])
def test_the_files_are_those_of_one_after_the_other(
    problems: Path, student: Path, tmp_path: Path, one_by_one: Path, workers: int
) -> None:
    run = tmp_path / "flowing"
    command = ["run", str(pipeline(tmp_path, options(problems, student))), "--run", str(run), "--workers", str(workers)]
    assert main(command) == 0
    assert files(run) == files(one_by_one)
    assert recorded(run) == recorded(one_by_one)
    assert {stage["status"] for stage in recorded(run).values()} == {"complete"}  # type: ignore[index]
    assert files(run)["corrections.jsonl"] and files(run)["rejected.jsonl"]
    assert main(command) == 0, "a second time, all is there"
    for name, values in options(problems, student).items():
        assert main(typed(name, values, run)) == 0, "and each stage alone goes on from it"
    assert files(run) == files(one_by_one)


@FORKS
def test_kills_at_any_moment_change_nothing(problems: Path, student: Path, tmp_path: Path, one_by_one: Path) -> None:
    run = tmp_path / "killed"
    words = ["run", str(pipeline(tmp_path, options(problems, student))), "--run", str(run), "--workers", "1"]
    # Amid appends, from the first files to the last ones; which append is which depends on the stages' turns.
    changes = (5, 72, 80, 90, 75, 70, 65, 60, 100)
    killed = [Child(words, tmp_path, Kill(change=change, moment="amid")).wait().killed for change in changes]
    assert sum(killed) > len(killed) // 2
    assert main(words) == 0
    assert files(run) == files(one_by_one)
    assert recorded(run) == recorded(one_by_one)


@FORKS
def test_what_a_flow_left_behind_can_be_finished_stage_by_stage(
    problems: Path, student: Path, tmp_path: Path, one_by_one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stages were killed while they flowed; then each is typed alone."""
    run, seen = tmp_path / "left", list[str]()
    outcome_of = runner.outcome_of

    def killed_half_way(command: Command, *arguments: Any) -> Outcome:
        seen.extend(["one"] if command.name == "correct" else [])
        if len(seen) > 70:
            os._exit(9)
        return outcome_of(command, *arguments)

    words = ["run", str(pipeline(tmp_path, options(problems, student))), "--run", str(run), "--workers", "1"]
    with monkeypatch.context() as patched:
        patched.setattr(runner, "outcome_of", killed_half_way)
        assert Child(words, tmp_path).wait().status == 9
    for name, values in options(problems, student).items():
        assert main(typed(name, values, run)) == 0
    # What the flow rejected before it was killed stays where it is; each stage's own rejections are in order.
    ends = [files(folder) for folder in (run, one_by_one)]
    for end in ends:
        lines = end["rejected.jsonl"].splitlines()
        end["rejected.jsonl"] = b"\n".join(sorted(lines, key=lambda line: json.loads(line)["stage"]))
    assert ends[0] == ends[1]
    assert recorded(run) == recorded(one_by_one)


def test_a_line_flows_on_before_the_next_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`made` goes on only when `read` has seen what was made so far: one after the other would wait for ever."""
    seen: list[str] = []

    def make(config: StageConfig, hold: Hold) -> None:
        def one(item: StoredLine) -> Outcome:
            outcome = Outcome(item.id)
            outcome.add_line("solutions.jsonl", json.dumps({"id": item.id}).encode() + b"\n")
            return outcome

        def items() -> Iterator[StoredLine]:
            for number in range(4):
                yield StoredLine(str(number), b"")
                yield NOT_YET
                deadline = time.monotonic() + 30
                while len(seen) <= number:
                    assert time.monotonic() < deadline, "the line was not seen"
                    yield NOT_YET

        outputs = (Output("solutions.jsonl"),)
        with RunDirectory(config.run, hold).open_stage(config, outputs, {}) as journal, new_progress(QUIET) as progress:
            run_stage(one, items(), journal, 1, progress)

    def read(config: StageConfig, hold: Hold) -> None:
        def one(item: StoredLine) -> Outcome:
            seen.append(item.id)
            return Outcome(item.id)

        lines = flowing_lines(config.run / "solutions.jsonl", "sample", hold)
        with RunDirectory(config.run, hold).open_stage(config, (), {}) as journal, new_progress(QUIET) as progress:
            run_stage(one, lines, journal, 1, progress)

    functions = {SampleConfig: make, AnalyzeConfig: read}
    stages = [SampleConfig(run=tmp_path), AnalyzeConfig(run=tmp_path)]
    run_side_by_side(stages, lambda config, hold: functions[type(config)](config, hold), QUIET)
    assert seen == ["0", "1", "2", "3"]


@pytest.mark.parametrize("fails", [SampleConfig, AnalyzeConfig])
def test_one_that_fails_stops_the_others_and_says_why(tmp_path: Path, fails: type[StageConfig]) -> None:
    """Sampling and analysis as they are, but one of them fails as it starts."""

    def run_one(config: StageConfig, hold: Hold) -> Summary | None:
        if isinstance(config, fails):
            with RunDirectory(config.run, hold).open_stage(config, (), {}):
                raise LemmaError("the model is gone; bring it back")
        return run_alone(config, QUIET, hold)

    stages = [SampleConfig(run=tmp_path, n=200, max_in_flight=1), AnalyzeConfig(run=tmp_path)]
    with pytest.raises(LemmaError, match="the model is gone"):
        run_side_by_side(stages, run_one, QUIET)
    assert "complete" not in {stage["status"] for stage in recorded(tmp_path).values()}  # type: ignore[index]
    stages = [stage.model_copy(update={"n": 1} if isinstance(stage, SampleConfig) else {}) for stage in stages]
    fresh = [stage.model_copy(update={"fresh": True}) for stage in stages]
    run_side_by_side(fresh, lambda config, hold: run_alone(config, QUIET, hold), QUIET)
    assert {stage["status"] for stage in recorded(tmp_path).values()} == {"complete"}  # type: ignore[index]


SAMPLE, ANALYZE, AUGMENT = SampleConfig(), AnalyzeConfig(), AugmentConfig()
CORRECT, SMOOTH, BUILD = CorrectConfig(), SmoothConfig(), BuildSftConfig()
LOCAL = SampleConfig(model="m", backend="transformers")


@pytest.mark.parametrize(
    ("stages", "groups"),
    [
        ([SAMPLE, ANALYZE, CORRECT, BUILD], [[SAMPLE, ANALYZE, CORRECT], [BUILD]]),
        ([SAMPLE, ANALYZE, AUGMENT, CORRECT, BUILD], [[SAMPLE, ANALYZE], [AUGMENT, CORRECT], [BUILD]]),
        ([AUGMENT, CORRECT, SMOOTH, BUILD], [[AUGMENT, CORRECT, SMOOTH], [BUILD]]),
        ([AUGMENT, BUILD], [[AUGMENT], [BUILD]]),
        ([LOCAL, ANALYZE], [[LOCAL], [ANALYZE]]),
        ([SAMPLE, AnalyzeConfig(run=Path("other"))], [[SAMPLE], [AnalyzeConfig(run=Path("other"))]]),
        ([], []),
    ],
)
def test_what_flows_into_what(stages: list[StageConfig], groups: list[list[StageConfig]]) -> None:
    assert list(flowing_groups(stages, flows_into)) == groups


def test_an_index_finds_what_was_appended_since(tmp_path: Path) -> None:
    path = tmp_path / "solutions.jsonl"
    path.write_bytes(b'{"id":"a","good":false}\n{"id":"b","good":true}\n{"id":"b","good":true,"second":1}\n')
    index = LineIndex(path, "sample", "id", {"good": True})
    assert index.find("a") is None
    assert index.find("b") == b'{"id":"b","good":true}\n'
    with path.open("ab") as file:
        file.write(b'{"id":"a","good":true}\n{"id":"c"')
    assert index.find("a") == b'{"id":"a","good":true}\n'
    assert index.find("c") is None
    with path.open("ab") as file:
        file.write(b',"good":true}')
    assert index.find("c") == b'{"id":"c","good":true}'


def test_an_index_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="lemma sample"):
        LineIndex(tmp_path / "solutions.jsonl", "sample", "id")
    (tmp_path / "solutions.jsonl").write_text('{"name": 1}\n')
    with pytest.raises(RunDirectoryError, match="line 1: no 'id'"):
        LineIndex(tmp_path / "solutions.jsonl", "sample", "id")


def test_rejections_come_in_the_order_of_the_stages(tmp_path: Path) -> None:
    lines = [{"stage": stage, "id": str(number)} for number, stage in enumerate(("b", "a", "x", "b", "a"))]
    path = tmp_path / "rejected.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    sort_rejected(tmp_path, ["a", "b"])
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["1", "4", "2", "0", "3"]
    before = path.read_bytes()
    sort_rejected(tmp_path, ["a", "x"])  # as a rerun of a pipeline does, group by group
    sort_rejected(tmp_path, ["b"])
    sort_rejected(tmp_path, ["a", "b"])
    assert path.read_bytes() == before
