"""math-verify behind a wall: worker processes that are killed when they hang or grow, and replaced.

    >>> ask_math_verify(r"\\sum_{k=1}^{3} k", "6")
    'equal'

A worker is a plain subprocess with pipes, so that asking works from any thread, from event loops, and from forked,
spawned and daemonic processes alike. No worker runs before the first question.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lemma.records import Verdict

TIME_LIMIT = 5.0
MEMORY_LIMIT = 900 * 2**20
_START_LIMIT = 60.0
_WORKER = Path(__file__).with_name("math_verify_worker.py")
_LONGEST_REPLY = 100
_VERDICTS: dict[str, Verdict] = {"equal": "equal", "different": "different", "unknown": "unknown"}


class _Worker:
    """One process. Its pipes are unbuffered, so that a fork cannot copy half of a message."""

    def __init__(self) -> None:
        # -P: the folder of the program has modules whose names the standard library uses too.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER), str(MEMORY_LIMIT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        self.usable = self._receive(_START_LIMIT) == "ready"

    def ask(self, gold: str, answer: str) -> Verdict:
        assert self._process.stdin is not None
        message = json.dumps([gold, answer]).encode() + b"\n"
        try:
            while message:  # an unbuffered pipe may take only a part
                message = message[self._process.stdin.write(message) or 0 :]
        except OSError:
            self.usable = False
            return "unknown"
        reply = self._receive(TIME_LIMIT)
        self.usable = reply in _VERDICTS
        return _VERDICTS.get(str(reply), "unknown")

    def _receive(self, seconds: float) -> object:
        """The next line as JSON; None, and the worker is killed, if none came in time."""
        assert self._process.stdout is not None
        received = b""
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        # Windows can wait for a pipe only by reading it, which ends when the process does.
        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            while not received.endswith(b"\n") and len(received) < _LONGEST_REPLY:
                chunk = os.read(self._process.stdout.fileno(), _LONGEST_REPLY)
                if not chunk:
                    return None
                received += chunk
        finally:
            timer.cancel()
            timer.join()
        if late.is_set():
            return None
        try:
            return json.loads(received)
        except ValueError:
            return None

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._close_pipes()

    def forget(self) -> None:
        """In a forked child: let go of the parent's process without touching it."""
        self._close_pipes()
        self._process.returncode = 0

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class _Pool:
    """At most one worker per core, started when there is a question and none is free."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: list[_Worker] = []

    def ask(self, gold: str, answer: str) -> Verdict:
        with self._slots:
            try:
                worker = self._take()
            except OSError:  # no process or pipe to be had
                return "unknown"
            try:
                return worker.ask(gold, answer) if worker.usable else "unknown"
            except BaseException:
                worker.usable = False  # an interrupt leaves a reply in the pipe that is nobody's
                raise
            finally:
                self._give_back(worker)

    def _take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        worker = _Worker()
        with self._lock:
            self._all.append(worker)
        return worker

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if worker.usable:
                self._idle.append(worker)
                return
            self._all.remove(worker)
        worker.kill()

    def close(self) -> None:
        with self._lock:
            workers, self._all, self._idle = self._all, [], []
        for worker in workers:
            worker.kill()

    def forget(self) -> None:
        for worker in self._all:
            worker.forget()


class _Owner:
    """The pool of this process: a forked child gets a new one."""

    def __init__(self) -> None:
        self.pool = _Pool()

    def renew(self) -> None:
        self.pool.forget()
        self.pool = _Pool()


_owner = _Owner()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_owner.renew)


def ask_math_verify(gold: str, answer: str) -> Verdict:
    """What math-verify says of two LaTeX expressions; `unknown` if it fails, hangs or grows."""
    return _owner.pool.ask(gold, answer)


@atexit.register
def stop_workers() -> None:
    """Kill all workers of this process; the next question starts new ones."""
    _owner.pool.close()
