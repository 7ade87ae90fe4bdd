"""Check that no answer is lost or paid for twice: `lemma sample` against a server that fails in every way.

One run is left alone, and one is killed (SIGKILL) repeatedly at random moments. Real sockets, real client, real kills.

    python benchmarks/model_faults.py --problems 5000 --kills 10

The server rejects 20 % of the attempts (429 with Retry-After), fails 5 % (500), hangs on 2 %, and drops 2 %; of the
answers, 3 % are malformed, 3 % truncated, and 1 % empty or refusals. The exit status is 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from model_server import ANSWER_FAULTS, ATTEMPT_FAULTS, UNUSABLE_FAULTS

ROOT = Path(__file__).resolve().parent.parent
KEY = "sk-very-secret"
FILES = ("problems.jsonl", "solutions.jsonl", "rejected.jsonl")
IN_FLIGHT, TIMEOUT = 64, 5


@dataclass
class Outcome:
    """The outcome of a run. `again`: problems asked again although their answer was stored. `lost`: answers that
    arrived after their client was killed or had given up. `leaks`: files that contain the API key.
    """

    made: int
    rejected: Counter[str]
    unaccounted: int
    files: dict[str, bytes]
    leaks: list[str]
    calls: int
    events: Counter[str]
    kills: int = 0
    again: set[str] = field(default_factory=set)
    lost: int = 0
    seconds: float = 0.0


def write_problems(path: Path, count: int) -> None:
    """Write problems that differ by their numbers."""
    rows = ({"question": f"What is problem {number}?", "answer": str(number)} for number in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@contextmanager
def faulty_server(log: Path, latency: float) -> Iterator[str]:
    """The address of a faulty server that logs each question and answer."""
    script = ROOT / "benchmarks/model_server.py"
    command = [sys.executable, str(script), "--faults", "--latency", str(latency), "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


def run(problems: Path, folder: Path, latency: float, kills: int = 0, seed: int = 0) -> Outcome:
    """A whole run, killed this many times, each time after a random number of further answers."""
    log, target = folder / "server.log", folder / "run"
    count = len(problems.read_text().splitlines())
    moments = sorted(random.Random(seed).sample(range(count), kills))
    again: set[str] = set()
    started = time.monotonic()
    with faulty_server(log, latency) as url:
        for moment in [*moments, None]:
            stored, asked = stored_problems(target), events(log, "asked")
            with subprocess.Popen(
                _command(problems, target, url), env=_environment(), stdout=subprocess.DEVNULL
            ) as run:
                while moment is not None and run.poll() is None and events(log, "answered").total() < moment:
                    time.sleep(0.02)
                if moment is not None:
                    run.kill()
            if moment is None and run.returncode:
                raise SystemExit(f"lemma sample ended with {run.returncode}")
            again |= stored & set(events(log, "asked") - asked)
    outcome = _outcome(problems, target, log)
    outcome.kills, outcome.again, outcome.seconds = kills, again, time.monotonic() - started
    return outcome


def _command(problems: Path, target: Path, url: str) -> list[str]:
    flags = {"run": target, "model": "m", "base-url": url, "max-in-flight": IN_FLIGHT, "timeout": TIMEOUT}
    given = [part for name, value in flags.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-m", "lemma", "sample", str(problems), "-n", "1", *given]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY}


def _outcome(problems: Path, target: Path, log: Path) -> Outcome:
    made, rejected = _lines(target / "solutions.jsonl"), _lines(target / "rejected.jsonl")
    told = Counter(str(line["problem_id"]) for line in made) + Counter(str(line["id"]) for line in rejected)
    ids = {str(line["id"]) for line in _lines(target / "problems.jsonl")}
    count = len(problems.read_text().splitlines())
    answered = events(log, "answered")
    return Outcome(
        made=len(made),
        rejected=Counter(str(line["reason"]) for line in rejected),
        unaccounted=count - sum(1 for one in ids if told[one] == 1),
        files={name: (target / name).read_bytes() for name in FILES},
        leaks=[path.name for path in target.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()],
        calls=json.loads((target / "run.json").read_text())["stages"]["sample"]["model"]["calls"],
        events=Counter(line.split()[0] for line in log.read_text().splitlines()),
        lost=answered.total() - len(answered),
    )


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def stored_problems(target: Path) -> set[str]:
    """The numbers of the problems whose answers are in the response store."""
    path = target / "responses.sqlite"
    if not path.exists():
        return set()
    try:
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT raw FROM responses").fetchall()
    except sqlite3.OperationalError:  # killed before the table was made
        return set()
    return {raw.split(b'"problem ')[1].split(b'"')[0].decode() for (raw,) in rows}


def events(log: Path, what: str) -> Counter[str]:
    """How often the server logged an event for each problem."""
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(line.split()[1] for line in lines if line.startswith(f"{what} "))


def report(name: str, outcome: Outcome) -> None:
    """Print the outcome of a run."""
    asked, answered = outcome.events["asked"], outcome.events["answered"]
    print(f"{name}, {outcome.seconds:.0f} s: {asked:,} attempts, {answered:,} answers")
    print("  attempts:", ", ".join(f"{fault} {outcome.events[fault] / asked:.1%}" for fault in ATTEMPT_FAULTS))
    print("  no answers:", ", ".join(f"{fault} {outcome.events[fault] / asked:.1%}" for fault in UNUSABLE_FAULTS))
    print("  answers:", ", ".join(f"{fault} {outcome.events[fault] / answered:.1%}" for fault in ANSWER_FAULTS))
    rejections = ", ".join(f"{reason} {count:,}" for reason, count in sorted(outcome.rejected.items()))
    print(f"  made {outcome.made:,}, rejected {outcome.rejected.total():,} ({rejections})")
    print(
        f"  neither made nor rejected {outcome.unaccounted:,}, asked again after it was stored {len(outcome.again):,}"
    )


def main() -> None:
    """Do both runs and compare their final files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--problems", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = Path(folder) / "problems.jsonl"
        write_problems(problems, flags.problems)
        outcomes = []
        for name, kills in (("undisturbed", 0), (f"killed {flags.kills} times", flags.kills)):
            own = Path(folder) / name.split()[0]
            own.mkdir()
            outcomes.append(run(problems, own, flags.latency, kills))
            report(name, outcomes[-1])
        peace, killed = outcomes
        same = peace.files == killed.files
        print(f"  answers in transit when the client was killed or timed out: {killed.lost:,}")
        print(f"same final files: {'yes' if same else 'NO'}")
        if not same or any(one.unaccounted or one.again or one.leaks for one in outcomes):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
