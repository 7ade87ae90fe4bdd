"""Time `lemma correct` and `lemma build-sft` against a lower bound.

    lemma augment gsm8k_train.jsonl --per-problem 18 --run gsm8k-run
    python benchmarks/build_records.py gsm8k-run --records lemma,dpo --workers 2 --kills 5

The lower bound is what any tool has to do: parse the same lines and write the same output bytes, measured in the same
run. Then the output bytes are compared with those of one worker, and with those after `kill -9` at random moments.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

INPUTS = ("problems.jsonl", "erroneous.jsonl")
STAGES = ("correct", "build-sft")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory in which `lemma augment` has run")
    parser.add_argument("--records", default="lemma")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0, help="times to kill -9 each stage before comparing the bytes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole = prepare(options.run, Path(folder) / "whole")
        seconds = {stage: finish(stage, whole, options.records, options.workers) for stage in STAGES}
        records = sum(file.read_bytes().count(b"\n") for file in (whole / "sft").glob("*.jsonl"))
        baseline = parse_and_write(whole, Path(folder) / "copy")
        for stage in STAGES:
            print(f"{stage:27s} {seconds[stage]:8.1f} s, {options.workers} workers")
        total = sum(seconds.values())
        print(f"records                     {records:8,}, {records / total:,.0f} per second")
        print(f"parse input, write output   {baseline:8.2f} s, the same bytes")
        print(f"ratio                       {total / baseline:8.1f}")
        alone = prepare(options.run, Path(folder) / "alone")
        for stage in STAGES:
            finish(stage, alone, options.records, 1)
        print(f"with 1 worker               same bytes: {contents(whole) == contents(alone)}")
        if options.kills:
            killed = prepare(options.run, Path(folder) / "killed")
            for stage in STAGES:
                kill(stage, killed, options, seconds[stage])
                finish(stage, killed, options.records, options.workers)
            print(f"after {2 * options.kills:2d} kills              same bytes: {contents(whole) == contents(killed)}")


def prepare(run: Path, target: Path) -> Path:
    """A run directory in which only `lemma augment` has run."""
    target.mkdir()
    for name in INPUTS:
        shutil.copy(run / name, target / name)
    return target


def command(stage: str, run: Path, records: str, workers: int) -> list[str]:
    """The command as a user types it."""
    arguments = [stage, "--run", str(run), "--workers", str(workers)]
    return [sys.executable, "-m", "lemma", *arguments, *(["--records", records] if stage == "build-sft" else [])]


def finish(stage: str, run: Path, records: str, workers: int) -> float:
    """Wait for a stage and return its seconds."""
    started = time.perf_counter()
    subprocess.run(command(stage, run, records, workers), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def kill(stage: str, run: Path, options: argparse.Namespace, seconds: float) -> None:
    """Kill the whole process group at random moments."""
    rng = random.Random(0)
    for _ in range(options.kills):
        process = subprocess.Popen(
            command(stage, run, options.records, options.workers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=0.5 + rng.random() * seconds / 2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def contents(run: Path) -> dict[str, bytes]:
    """The files that the stages wrote, by name."""
    files = (run / "corrections.jsonl", *(run / "sft").iterdir())
    return {file.name: file.read_bytes() for file in files}


def parse_and_write(run: Path, target: Path) -> float:
    """Seconds to parse every line that the stages read and to write the bytes that they wrote."""
    made = contents(run)
    target.mkdir()
    started = time.perf_counter()
    for line in lines(run):
        orjson.loads(line)
    for name, content in made.items():
        (target / name).write_bytes(content)
    return time.perf_counter() - started


def lines(run: Path) -> Iterator[bytes]:
    """The lines that `correct` and `build-sft` read."""
    for name in ("erroneous.jsonl", "erroneous.jsonl", "corrections.jsonl", "problems.jsonl"):
        with (run / name).open("rb") as file:
            yield from file


if __name__ == "__main__":
    main()
