"""A long run against a server that fails in every way: real sockets, the real client, real kills."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROBLEMS = int(os.environ.get("LEMMA_FAULT_PROBLEMS", "400"))
LATENCY = 0.02 if PROBLEMS <= 1000 else 0.2
KILLS = 10
EXPECTED_REJECTIONS = {"malformed_answer", "cut_off", "empty_answer", "refused"}


@contextmanager
def faulty_server(log: Path) -> Iterator[str]:
    command = [
        sys.executable,
        ROOT / "benchmarks/teacher_server.py",
        "--faults",
        "--latency",
        str(LATENCY),
        "--log",
        log,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    rows = ({"question": f"What is problem {number}?", "answer": str(number)} for number in range(PROBLEMS))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def sample_command(problems: Path, run: Path, url: str) -> list[str]:
    flags = {"run": run, "model": "m", "base-url": url, "max-in-flight": 64, "timeout": 1.5}
    return [
        *(sys.executable, "-m", "lemma", "sample", str(problems), "-n", "1"),
        *(part for name, value in flags.items() for part in (f"--{name}", str(value))),
    ]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "sk-very-secret"}


def sample(problems: Path, run: Path, url: str) -> None:
    subprocess.run(sample_command(problems, run, url), env=environment(), check=True, capture_output=True)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def final_files(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in ("problems.jsonl", "solutions.jsonl", "rejected.jsonl")}


def stored_problems(run: Path) -> set[str]:
    """Numbers of the problems whose answers are in the response store."""
    path = run / "responses.sqlite"
    if not path.exists():
        return set()
    try:
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT raw FROM responses").fetchall()
    except sqlite3.OperationalError:  # killed before the table was made
        return set()
    return {raw.split(b'"problem ')[1].split(b'"')[0].decode() for (raw,) in rows}


def asked(log: Path, what: str = "asked") -> Counter[str]:
    return Counter(line.split()[1] for line in log.read_text().splitlines() if line.startswith(f"{what} "))


def test_every_problem_is_made_or_rejected_and_none_is_asked_twice(problems: Path, tmp_path: Path) -> None:
    log, run = tmp_path / "server.log", tmp_path / "run"
    with faulty_server(log) as url:
        sample(problems, run, url)
    solved, rejected = lines(run / "solutions.jsonl"), lines(run / "rejected.jsonl")
    assert len(lines(run / "problems.jsonl")) == PROBLEMS
    assert len(solved) + len(rejected) == PROBLEMS
    assert not {str(line["problem_id"]) for line in solved} & {str(line["id"]) for line in rejected}
    assert {str(line["reason"]) for line in rejected} <= EXPECTED_REJECTIONS
    assert Counter(map(str, range(PROBLEMS))) == asked(log, "answered")
    teacher = json.loads((run / "run.json").read_text())["stages"]["sample"]["teacher"]
    assert teacher["calls"] == PROBLEMS
    assert all(b"sk-very-secret" not in path.read_bytes() for path in run.rglob("*") if path.is_file())


def test_kills_at_random_moments_change_nothing_and_cost_nothing(problems: Path, tmp_path: Path) -> None:
    log, whole, killed = tmp_path / "server.log", tmp_path / "whole", tmp_path / "killed"
    with faulty_server(tmp_path / "other.log") as url:
        sample(problems, whole, url)
    moments = random.Random(0)
    asked_again: set[str] = set()
    with faulty_server(log) as url:
        for _ in range(KILLS):
            stored_before, asked_before = stored_problems(killed), asked(log)
            with subprocess.Popen(
                sample_command(problems, killed, url), env=environment(), stdout=subprocess.DEVNULL
            ) as process:
                time.sleep(moments.uniform(0.3, 2.0))
                process.send_signal(signal.SIGKILL)
            asked_again |= stored_before & set(asked(log) - asked_before)
        stored_before, asked_before = stored_problems(killed), asked(log)
        sample(problems, killed, url)
        asked_again |= stored_before & set(asked(log) - asked_before)
    assert final_files(killed) == final_files(whole)
    assert not asked_again
