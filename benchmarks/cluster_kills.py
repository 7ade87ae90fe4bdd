"""kill -9 of workers, raylets and drivers at random moments of a command on a Ray cluster: what became of its files.

A part of `benchmarks/scale.py`. A moment is a share of the output that is there, and up to a second more. `sample` asks
the scripted model, one per node, as it would a model on a GPU.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from process_use import environment, processes

VICTIMS = ("worker", "raylet", "driver")
COMMANDS = ("augment", "sample")
OUTPUT = {"augment": "erroneous.jsonl", "sample": "solutions.jsonl"}
FILES = ("problems.jsonl", "solutions.jsonl", "erroneous.jsonl", "rejected.jsonl")
TITLES = (b"ray::_apply_on_node", b"ray::_Model")
SECONDS_WITHOUT_AN_END = 600.0
SECONDS_TO_LEAVE = 30.0

# Answers of the scripted model go through Ray as those of a model in memory do, and each request is logged.
PROGRAM = """
import os, sys
from lemma.cli import main
from lemma.engine import ray_models

log = os.open(sys.argv[1], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
real = ray_models._Actor.answer

async def answer(self, request):
    os.write(log, f"ask {request.key()}\\n".encode())
    raw = await real(self, request)
    os.write(log, f"got {request.key()}\\n".encode())
    return raw

ray_models._Actor.answer = answer
ray_models._IN_PROCESS = ("scripted",)
sys.exit(main(sys.argv[2:]))
"""


@dataclass
class Try:
    """One command in one directory, on the cluster, to be disturbed."""

    command: str
    data: Path
    run: Path
    engine: str = "ray"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command, or resume it."""
        words = [self.command, str(self.data), "--run", str(self.run), "--engine", self.engine, "--workers", "2"]
        words += ["--per-problem", "4"] if self.command == "augment" else ["-n", "24", "--backend", "scripted"]
        words += [] if self.command == "augment" else ["--model", "student"]
        nothing = subprocess.DEVNULL
        program = [sys.executable, "-c", PROGRAM, str(self.log), *words]
        return subprocess.Popen(program, stdout=nothing, stderr=nothing, env=environment())

    @property
    def log(self) -> Path:
        """The requests that were sent, and those that were answered."""
        return self.run.with_suffix(".log")

    def contents(self) -> dict[str, bytes]:
        """The files that it made."""
        return {name: (self.run / name).read_bytes() for name in FILES if (self.run / name).exists()}

    def wait_for(self, size: int, started: subprocess.Popen[bytes]) -> None:
        """Wait until that much output is there, or the command has ended."""
        path = self.run / OUTPUT[self.command]
        while started.poll() is None and (not path.exists() or path.stat().st_size < size):
            time.sleep(0.01)

    def stored(self) -> set[str]:
        """The requests whose answers are stored."""
        path = self.run / "responses.sqlite"
        if not path.exists():
            return set()
        with sqlite3.connect(path) as store:
            return {key for (key,) in store.execute("SELECT key FROM responses")}

    def acknowledged(self) -> bytes:
        """The inputs that are done, in whole lines."""
        path = self.run / ".state" / f"{self.command}.jsonl"
        whole, newline, _ = (path.read_bytes() if path.exists() else b"").rpartition(b"\n")
        return whole + newline


def disturbed(one: Try, victim: str, expected: dict[str, bytes], cluster: Any, rng: random.Random) -> dict[str, int]:
    """Run a command, kill something meanwhile, and resume it if it does not end well. Returns what to count."""
    extra = cluster.add_node(num_cpus=1) if victim == "raylet" else None
    started = one.start()
    one.wait_for(int(rng.random() * len(expected[OUTPUT[one.command]])), started)
    time.sleep(rng.random() / 4)  # as often as not, between two appends to the output
    was_running = started.poll() is None
    if victim == "driver":
        started.kill()
    elif extra is not None:
        os.kill(extra.all_processes["raylet"][0].process.pid, signal.SIGKILL)
    else:
        running = _at_work()
        with suppress(ProcessLookupError):
            os.kill(rng.choice(running), signal.SIGKILL) if running else None
    hung = _ends(started)
    twice = _asked_after_answer(one.log, set())
    if started.returncode != 0:
        stored, acknowledged = one.stored(), one.acknowledged()
        unstored = len(_logged(one.log, "got") - stored)
        one.log.unlink(missing_ok=True)
        resumed = one.start()
        hung += _ends(resumed)
        twice += _asked_after_answer(one.log, stored) + (not one.acknowledged().startswith(acknowledged))
    else:
        unstored = 0
    if extra is not None:
        extra.kill_all_processes(check_alive=False, allow_graceful=False)
        cluster.worker_nodes.discard(extra)
    found = {"was_running": was_running, "same": one.contents() == expected, "asked_twice": twice}
    return {**found, "unstored": unstored, "hung": hung, "left": _left()}


def _at_work() -> list[int]:
    """The processes of this cluster that compute, or else those that wait for work."""
    found: dict[int, bytes] = {}
    for pid in processes(os.getpid(), 0):
        with suppress(OSError):
            found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes()
    busy = [pid for pid, line in found.items() if line.startswith(TITLES)]
    return busy or [pid for pid, line in found.items() if line.startswith(b"ray::IDLE")]


def _ends(started: subprocess.Popen[bytes]) -> int:
    """Wait for the end. Returns 1 if there is none."""
    try:
        started.wait(SECONDS_WITHOUT_AN_END)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
        return 1
    return 0


def _logged(log: Path, what: str) -> set[str]:
    lines = log.read_text().splitlines() if log.exists() else []
    return {line.split()[1] for line in lines if line.startswith(what)}


def _asked_after_answer(log: Path, stored: set[str]) -> int:
    """How many requests were sent although their answers were there."""
    answered, twice = set(stored), 0
    for line in log.read_text().splitlines() if log.exists() else ():
        what, key = line.split()
        twice += what == "ask" and key in answered
        if what == "got":
            answered.add(key)
    return twice


def _left() -> int:
    """Processes that still work for a command that has ended."""
    until = time.monotonic() + SECONDS_TO_LEAVE
    while True:
        busy = [pid for pid in _at_work() if _title(pid).startswith(TITLES)]
        if not busy or time.monotonic() > until:
            return len(busy)
        time.sleep(0.2)


def _title(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def kill_at_random(
    data: Path, folder: Path, times: int, cluster: Any, is_done: Callable[[dict[str, Any]], bool]
) -> Any:
    """All that is not done yet: yields what was killed, and what became of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for command in COMMANDS:
        whole = Try(command, data, folder / f"{command}-whole", "local")
        if whole.start().wait() != 0:
            raise RuntimeError(f"{command} fails without any kill")
        expected = whole.contents()
        for number in range(times):
            for victim in VICTIMS:
                of = {"part": "kills", "command": command, "victim": victim, "number": number}
                if is_done(of):
                    continue
                one = Try(command, data, folder / f"{command}-{victim}-{number}")
                rng = random.Random(f"{command} {victim} {number}")
                yield of | disturbed(one, victim, expected, cluster, rng)
                shutil.rmtree(one.run, ignore_errors=True)
