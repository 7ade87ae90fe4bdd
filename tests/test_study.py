"""The study at its smallest: that every arm can be made and resumed, not what comes out."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

pytest.importorskip("trl")

import study
import study_table

from lemma.cli import parse
from lemma.evaluation.suites import all_suites

ROOT = Path(__file__).resolve().parent.parent
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
    assert set(study_table.SHOWN) <= known


def run_smoke(folder: Path, *options: str) -> str:
    command = [sys.executable, str(ROOT / "benchmarks" / "study.py"), str(folder), "--size", "smoke", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(600)
def test_the_smoke_size_runs_and_resumes(tmp_path: Path) -> None:
    assert "0 minutes are over" in run_smoke(tmp_path, "--minutes", "0")
    whole = run_smoke(tmp_path)
    table = whole[whole.index("| |") :]
    assert "own-graph, 1 seeds" in table and "accuracy (greedy)" in table
    folder = tmp_path / "smoke"
    test = {orjson.loads(line)["question"] for line in (folder / "test.jsonl").read_bytes().splitlines()}
    for arm in study.SIZES["smoke"].arms:
        run = folder / "runs" / arm / "seed0" / "round1"
        records = (run / "data" / "sft" / "lemma.jsonl").read_bytes().splitlines()
        assert test.isdisjoint(orjson.loads(record)["prompt"][0]["content"] for record in records)
        assert all(study.PHRASE.encode() in line for line in records if b'"kind":"reflection"' in line)
    models = sorted(folder.glob("**/model.safetensors"))
    before = [file.stat().st_mtime_ns for file in models]
    assert run_smoke(tmp_path, "--table").strip() == table.strip()
    assert [file.stat().st_mtime_ns for file in models] == before
