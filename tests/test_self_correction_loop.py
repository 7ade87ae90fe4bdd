"""The benchmark of the whole loop, at its smallest: that every part of it goes together, not what comes out."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_smoke_size_runs_from_problems_to_the_comparison(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "self_correction_loop.py"), "--size", "smoke"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--folder", str(tmp_path)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tokens = [int(line.split()[3].replace(",", "")) for line in done.stdout.splitlines() if "tokens an epoch" in line]
    assert len(tokens) == 2
    assert abs(tokens[0] - tokens[1]) < 0.02 * tokens[0]
    for arm in ("cot", "lemma"):
        results = orjson.loads((tmp_path / arm / "eval" / "model" / "results.json").read_bytes())
        suites = {row["suite"] for row in results["figures"]}
        assert suites == {"accuracy", "self-correction", "recovery", "blind-spot", "first-error"}
    assert "right prefix: false reflection" in done.stdout
    test = {orjson.loads(line)["question"] for line in (tmp_path / "test.jsonl").read_bytes().splitlines()}
    for kind in ("cot", "lemma"):
        records = (tmp_path / "data" / "sft" / f"{kind}.jsonl").read_bytes().splitlines()
        assert test.isdisjoint(orjson.loads(record)["prompt"][0]["content"] for record in records)
