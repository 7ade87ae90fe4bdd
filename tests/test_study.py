"""The study at its smallest: that every arm can be made and resumed, not what comes out."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import orjson
import pytest

pytest.importorskip("trl")

import study
import study_probe
import study_table

from lemma.cli import parse
from lemma.evaluation.suites import all_suites

ARMS, STOCKS = study.read_arms()


@pytest.mark.parametrize("name", ARMS)
def test_every_arm_is_made_of_commands_that_lemma_takes(name: str, tmp_path: Path) -> None:
    made = study.Study(tmp_path, study.SIZES["smoke"], ARMS, STOCKS)
    arm = ARMS[name]
    commands = [*STOCKS[arm.stock], *arm.commands, f"train {arm.train}"]
    for command in commands:
        config = parse(shlex.split(made.filled(command, arm, tmp_path / "run", made.base)))
        assert config is not None and not set(config.inert()) & config.model_fields_set
    assert arm.asks and arm.rounds >= 1


def test_there_are_as_many_arms_as_the_study_promises() -> None:
    assert len(ARMS) >= 12
    for size in study.SIZES.values():
        assert set(size.arms) <= set(ARMS)


def test_the_table_shows_figures_that_there_are() -> None:
    known = {(name, figure.id) for name, suite in all_suites(2).items() for figure in suite.figures}
    assert {*study_table.SHOWN, *study_table.ROWS} <= known


def test_a_linear_reading_finds_what_is_there_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    wrong, fitted = rng.random((2, 2000)) < 0.5
    noise = rng.normal(size=(2000, 8))
    assert abs(study_probe.reading(noise, wrong, fitted) - 0.5) < 0.06
    noise[:, 3] += 2 * wrong
    assert study_probe.reading(noise, wrong, fitted) > 0.85


def in_this_process(work: Callable[[], int], log: Path) -> int:
    """Instead of a forked process, in which torch and trl would have to be imported again."""
    with log.open("w") as file, redirect_stdout(file), redirect_stderr(file):
        return work()


@pytest.mark.timeout(600)
def test_the_smoke_size_runs_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*options: str) -> str:
        monkeypatch.setattr("sys.argv", ["study.py", str(tmp_path), "--size", "smoke", *options])
        study.main()
        return capsys.readouterr().out

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(study, "in_a_child", in_this_process)
    assert "0 minutes are over" in run("--minutes", "0")
    whole = run()
    table = whole[whole.index("| |") :]
    assert "own-graph, 1 seeds" in table and "accuracy (greedy)" in table
    folder = tmp_path / "smoke"
    test = {orjson.loads(line)["question"] for line in (folder / "test.jsonl").read_bytes().splitlines()}
    for arm in study.SIZES["smoke"].arms:
        made = folder / "runs" / arm / "seed0" / "round1"
        records = (made / "data" / "sft" / "lemma.jsonl").read_bytes().splitlines()
        assert test.isdisjoint(orjson.loads(record)["prompt"][0]["content"] for record in records)
        assert all(study.PHRASE.encode() in line for line in records if b'"kind":"reflection"' in line)
    files = sorted(file for file in folder.glob("*/**/*") if file.is_file() and "prompts" not in file.parts)
    before = [file.stat().st_mtime_ns for file in files]
    resumed = run()
    assert resumed[resumed.index("| |") :] == table
    assert [file.stat().st_mtime_ns for file in files] == before
    assert run("--table").strip() == table.strip()


def test_a_child_hands_over_its_status_and_what_it_says(tmp_path: Path) -> None:
    assert study.in_a_child(lambda: os.write(2, b"no"), tmp_path / "log") == 2
    assert (tmp_path / "log").read_text() == "no"
    assert study.in_a_child(lambda: sys.exit("refused"), tmp_path / "log") == 1
