"""A command in a fork of this process, which has imported already what commands need."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module

from lemma.cli import main

PATIENCE = 60.0  # seconds until what shall be killed has come so far


class Forked:
    """A command in a fork, quiet, with a process group of its own."""

    def __init__(self, *arguments: object) -> None:
        import_module(f"lemma.commands.{str(arguments[0]).replace('-', '_')}")
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads, which the child does not need
            self.pid = os.fork()
        if self.pid == 0:
            status = 70
            try:
                os.setsid()
                nothing = os.open(os.devnull, os.O_RDWR)
                for number in range(3):
                    os.dup2(nothing, number)
                sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 (the tests' are captured)
                status = main([*map(str, arguments)])
            finally:
                os._exit(status)

    def kill_when(self, come_so_far: Callable[[], bool], later: float = 0.0) -> bool:
        """Kill it and what it started (SIGKILL), some seconds after it has come so far; whether it was still there."""
        deadline = time.monotonic() + PATIENCE
        while not (ended := self._has_ended()) and not come_so_far() and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(later)
        ended = ended or self._has_ended()
        with contextlib.suppress(ProcessLookupError):  # it was done before, and all that it started
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return not ended

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
