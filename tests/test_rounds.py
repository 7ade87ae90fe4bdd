"""Rounds on-policy: killed anywhere and resumed, they come to the same bytes, and nothing is asked twice."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from forks import Forks

from lemma.cli import main
from lemma.resources import data_folder

pytest.importorskip("trl")
POINTS = (
    "start train 4",
    "round-1 analyze 5",
    "round-1 eval 3",
    "round-2 analyze 4",
)
TYPES = "calculation_error,question_misinterpretation_error"


def toy_pipeline(folder: Path) -> str:
    """The shipped pipeline at a toy size: four problems, eight training steps a round."""
    assert main(["generate", "-n", "40", "--operations", "1", "--distractors", "0", "--run", str(folder / "data")]) == 0
    data = str(folder / "data" / "generated.jsonl")
    content: dict[str, Any] = yaml.safe_load((data_folder("pipelines") / "on-policy.yaml").read_text())
    training = {"preset": "practice", "save_every": 3}
    content["start"] = {
        "stages": [
            {"augment": {"data": data, "types": TYPES, "per_problem": 1}},
            {"correct": {"strategies": "fix"}},
            {"build-sft": {"records": "lemma,cot", "strategies": "fix", "near_duplicates": 1}},
            {"train": {**training, "epochs": 4}},
        ],
        "options": {
            "sample": {"data": data, "limit": 4, "n": 2, "max_tokens": 40},
            "analyze": {"rollouts": 4, "max_tokens": 40},
            "train": {**training, "epochs": 8, "max_steps": 8},
            "eval": {"data": data, "types": TYPES, "limit": 2, "n": 1},
        },
    }
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def killed_at(points: tuple[str, ...], forks: Forks, folder: Path, pipeline: str) -> list[dict[str, Any]]:
    """Run two rounds in `folder / "whole"`, and in `folder / "run"`, killed at each of the points; read the report.

    The path of the run is relative: what a student samples depends on its name, and that is its path.
    """
    command = ["killed_rounds", "report.json", json.dumps(points), "--"]
    command += ["run", pipeline, "--rounds", "2", "--run", "run", "--workers", "1"]
    ended = forks.run(shlex.join(command), folder)
    assert ended.code == 0, ended.complaints[-3000:]
    runs: list[dict[str, Any]] = json.loads((folder / "report.json").read_text())
    assert runs[-1]["code"] == 0, (runs, ended.said[-3000:], ended.complaints[-3000:])
    return runs


def test_killed_anywhere_and_resumed_they_come_to_the_same(forks: Forks, tmp_path: Path) -> None:
    pipeline = toy_pipeline(tmp_path)
    runs = killed_at(POINTS, forks, tmp_path, pipeline)
    assert [run["point"] for run in runs if run["killed"]] == list(POINTS)
    assert {run["asked_again"] for run in runs} == {0}

    def made(name: str) -> dict[str, bytes]:
        run = tmp_path / name
        paths = sorted(path for path in run.rglob("*.jsonl") if ".state" not in path.parts)
        return {str(path.relative_to(run)): path.read_bytes() for path in paths}

    expected, found = made("whole"), made("run")
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    rounds, as_whole = (json.loads((tmp_path / name / "rounds.json").read_text()) for name in ("run", "whole"))
    assert list(rounds) == ["start", "round-1", "round-2", "change"]
    for name in ("start", "round-1", "round-2"):
        del rounds[name]["cost"]["minutes"], as_whole[name]["cost"]["minutes"]
    assert rounds == as_whole
    assert all(rounds[name]["figures"] for name in ("round-1", "round-2"))
