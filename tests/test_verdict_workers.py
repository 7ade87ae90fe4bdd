"""math-verify's worker processes: from wherever they are asked, and when they die."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lemma import verdict
from lemma.grading import math_verify_pool
from lemma.grading.math_verify_pool import ask_math_verify, stop_workers

# Left to math-verify: the exact path knows no sums.
_SUM = (r"\sum_{k=1}^{4} k^2", "30", "equal")
_OTHER_SUM = (r"\sum_{k=1}^{4} k", "30", "different")
_ROOT = Path(__file__).resolve().parent.parent
# Seconds for one answer: with less, a busy machine turns `equal` into `unknown`.
_PATIENCE = 60.0


@pytest.fixture(autouse=True)
def _no_worker_outlives_a_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(math_verify_pool, "TIME_LIMIT", _PATIENCE)
    yield
    stop_workers()


def _grade(pair: tuple[str, str, str]) -> bool:
    gold, answer, expected = pair
    math_verify_pool.TIME_LIMIT = _PATIENCE  # here, so that spawned processes have it too
    return ask_math_verify(gold, answer) == expected


def test_from_threads() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(_grade, [_SUM, _OTHER_SUM] * 20))


def test_from_an_event_loop() -> None:
    async def grade_many() -> list[str]:
        off_loop = [asyncio.to_thread(verdict, *_SUM[:2]) for _ in range(4)]
        return [verdict(*_OTHER_SUM[:2]), *await asyncio.gather(*off_loop)]

    assert asyncio.run(grade_many()) == ["different", "equal", "equal", "equal", "equal"]


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_from_daemonic_processes_beside_a_running_worker(method: str) -> None:
    assert _grade(_SUM)
    # A handler that Ray has left in this process would keep forked ones from ending.
    ending = (signal.SIGTERM, signal.SIG_DFL)
    with multiprocessing.get_context(method).Pool(2, initializer=signal.signal, initargs=ending) as pool:
        assert all(pool.map(_grade, [_SUM, _OTHER_SUM] * 4))
    assert _grade(_OTHER_SUM), "the parent's own worker still answers"


def _workers() -> list[int]:
    """Ids of this process's children that run the worker's program."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(child) for child in children if b"math_verify_worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to find the worker")
def test_a_killed_worker_is_replaced() -> None:
    assert _grade(_SUM)
    (worker,) = _workers()
    os.kill(worker, signal.SIGKILL)
    assert ask_math_verify(*_SUM[:2]) in ("equal", "unknown")
    assert _grade(_OTHER_SUM)
    assert worker not in _workers()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see the worker end")
def test_workers_end_with_their_owner_even_if_it_is_killed() -> None:
    program = (
        "import os; from lemma.grading.math_verify_pool import ask_math_verify as ask; ask('x+1', '1+x');"
        "print(open(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read(), flush=True); input()"
    )
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as owner:
        assert owner.stdout is not None
        worker = int(owner.stdout.readline())
        owner.kill()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text().split()[2]


def test_importing_lemma_and_grading_numbers_starts_nothing_and_loads_no_sympy() -> None:
    program = (
        "import sys; from lemma import verdict; assert verdict('18', 'A: 18') == 'equal';"
        "print([name for name in ('sympy', 'math_verify', 'pydantic', 'subprocess', 'torch') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert result.stdout.strip() == "[]"
