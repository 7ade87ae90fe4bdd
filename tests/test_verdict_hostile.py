"""Nothing that an answer says may hang, crash, grow or be executed."""

from __future__ import annotations

import multiprocessing
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from hostile_strings import hostile_strings

from lemma.grading import math_verify_pool
from lemma.grading.math_verify_pool import TIME_LIMIT, ask_math_verify, stop_workers
from lemma.grading.verdict import exact_value, extract_answer, verdict

_VERDICTS = {"equal", "different", "unknown"}
# A worker is started, asked and killed at most once a verdict; on a busy machine a start alone may take half a minute.
_PATIENCE = 60 + 4 * TIME_LIMIT
_MOST_MEMORY = 2**30


def test_there_are_a_thousand_different_ones() -> None:
    assert len(set(hostile_strings())) == 1000


def _grade_all_hostile_strings(largest: Any) -> None:
    """In a process of its own, so that the peak of memory is that of grading alone."""
    for text in hostile_strings():
        start = time.monotonic()
        assert verdict("18", text) in _VERDICTS, repr(text[:80])
        assert time.monotonic() - start < _PATIENCE, repr(text[:80])
    # A new process inherits the peak that getrusage tells from the one that started it; /proc starts anew.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    largest.value = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024


def test_every_one_gets_a_verdict_in_time_and_bounded_memory() -> None:
    marker = Path("/tmp/lemma_was_here")
    marker.unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    largest = context.Value("q", 0)
    process = context.Process(target=_grade_all_hostile_strings, args=(largest,))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert 0 < largest.value < _MOST_MEMORY
    assert not marker.exists()


def test_hostile_golds_and_values_are_survived_too() -> None:
    for text in hostile_strings()[::5]:
        assert verdict(text, "18") in _VERDICTS
        exact_value(text)
        extract_answer(text)


def test_what_math_verify_cannot_finish_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(seconds: float) -> None:
        monkeypatch.setattr(math_verify_pool, "TIME_LIMIT", seconds)
        assert ask_math_verify("x+1", "1+x") == "equal", "a new worker answers after the old one was killed"

    answers(_PATIENCE)
    for expression in ("9^{9^{9^9}}", r"(10^9)!"):
        # The worker has loaded all that it needs: what is not answered now takes too long for its own sake.
        monkeypatch.setattr(math_verify_pool, "TIME_LIMIT", 1.0)
        start = time.monotonic()
        assert ask_math_verify(expression, "18") == "unknown"
        assert time.monotonic() - start < _PATIENCE
        answers(_PATIENCE)
    stop_workers()
