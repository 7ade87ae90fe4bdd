"""Workers end with the process that started them, however that one ends, and let go of its output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from lemma.engine.outcome import Outcome
from lemma.engine.pool import chunks_of
from lemma.rundir.journal import Chunk
from lemma.rundir.lines import NOT_YET

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc")


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for many seconds of work."""
    path = tmp_path_factory.mktemp("data") / "problems.jsonl"
    rows = (
        {
            "question": f"Ada has {n} pens and gets {n + 2} more. Then she gives 1 away. How many pens are there?",
            "answer": f"She has {n} + {n + 2} = {2 * n + 2}.\nThen {2 * n + 2} - 1 = {2 * n + 1}.\n#### {2 * n + 1}",
        }
        for n in range(3, 4000)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def processes_of(session: int) -> list[str]:
    """The processes of a session that are alive, as `pid name`; a zombie only waits to be reaped by its new parent."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, fields = stat.read_text().partition(" (")[2].rpartition(") ")
        except OSError:  # gone meanwhile
            continue
        if fields.split()[3] == str(session) and fields[0] not in "ZX":
            found.append(f"{stat.parent.name} {name}")
    return found


@pytest.mark.parametrize(
    ("number", "statuses"),
    [(signal.SIGTERM, (143,)), (signal.SIGKILL, (-signal.SIGKILL,)), (signal.SIGINT, (130, -signal.SIGINT))],
)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_no_process_is_left(problems: Path, tmp_path: Path, number: signal.Signals, statuses: tuple[int, ...]) -> None:
    state = tmp_path / ".state" / "augment.jsonl"
    started = subprocess.Popen(
        [sys.executable, "-m", "lemma", "augment", str(problems), "--run", str(tmp_path), "--workers", "2"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    while started.poll() is None and not (state.exists() and state.stat().st_size):
        time.sleep(0.02)
    assert len(processes_of(started.pid)) > 3, "two workers, their server and the process itself"
    (os.killpg if number == signal.SIGINT else os.kill)(started.pid, number)
    output, _ = started.communicate(timeout=60)  # ends when nobody holds the output any more
    assert started.returncode in statuses
    deadline = time.monotonic() + 20  # the server of the workers may still be on its way out
    while processes_of(started.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not processes_of(started.pid)
    assert b"Traceback" not in output
    if number != signal.SIGKILL:
        assert output.decode().splitlines() == ["lemma: stopped; rerun the command to resume"]
        assert json.loads((tmp_path / "run.json").read_bytes())["stages"]["augment"]["status"] == "running"


class Numbered(NamedTuple):
    """An input of a pool."""

    id: str


def where_it_is_made(item: Numbered) -> Outcome:
    outcome = Outcome(item.id)
    outcome.counts.add("process", str(os.getpid()))
    return outcome


@pytest.mark.parametrize(("count", "workers", "here"), [(96, 2, True), (97, 2, False), (97, 1, True), (0, 2, True)])
def test_few_inputs_start_no_workers(count: int, workers: int, here: bool) -> None:
    inputs = [Numbered(str(number)) for number in range(count)]
    chunks = list(chunks_of(where_it_is_made, inputs, workers))
    assert [made for chunk in chunks for made in chunk.ids] == [item.id for item in inputs]
    processes = {process for chunk in chunks for process in chunk.counts.of("process")}
    assert (processes <= {str(os.getpid())}) is here


def test_batches_for_a_cluster_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few inputs are shared by all workers, and many cost little each."""
    sizes: list[int] = []

    def send(function: object, batches: Iterator[list[Numbered]], *_: object) -> Iterator[Chunk]:
        for batch in batches:
            sizes.append(len(batch))
            yield Chunk(tuple(item.id for item in batch), {}, {})

    monkeypatch.setattr("lemma.engine.ray_pool.chunks_from_ray", send)
    inputs = [Numbered(str(number)) for number in range(20_000)]
    chunks = chunks_of(where_it_is_made, [*inputs[:40], NOT_YET, *inputs[40:]], 2, "ray")
    assert [made for chunk in chunks for made in chunk.ids] == [item.id for item in inputs]
    assert sizes[:4] == [32, 8, 32, 32]
    assert max(sizes) == sizes[-2] == 128
    assert all(small <= large for small, large in pairwise(sizes[2:-1]))


def test_sigterm_is_like_ctrl_c_while_a_model_is_asked(tmp_path: Path) -> None:
    """asyncio has a way of its own to end by Ctrl-C."""
    program = """
import os, signal, threading, sys
from lemma.cli import main
from lemma.models.backends.scripted import Scripted

async def never(self, request):
    import asyncio
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    await asyncio.sleep(60)

Scripted.answer = never
sys.exit(main(["sample", "--limit", "1", "-n", "1", "--run", sys.argv[1]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "run")],
        check=False,
        env=ENVIRONMENT,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 143
    assert done.stderr.decode().splitlines()[-1] == "lemma: stopped; rerun the command to resume"
    assert b"Traceback" not in done.stderr
