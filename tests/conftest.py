"""How Hypothesis draws, and which tests stay together in one process of `pytest -n 3`.

Hypothesis draws the same examples on every run, so that a failure is never bad luck. `make fuzz` draws new ones, with
the profile `fuzz`. No profile has a deadline or a health check that depends on the clock.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from forks import Forks
from hypothesis import HealthCheck, settings
from preloaded import Preloaded

# Hundreds of commands are started, and each would compile the package again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The tests run in as many processes as there are cores; more threads would only wait for each other, and so would the
# workers that commands start unless told how many.
os.environ.setdefault("OMP_NUM_THREADS", "1")
if hasattr(os, "sched_setaffinity"):
    _cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(_cores)})
    importlib.import_module("lemma.options")
    os.sched_setaffinity(0, _cores)
# Commands write every line through to the disk: in memory, that takes no time.
_MEMORY = "/dev/shm"
if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 4 << 30:
    os.environ["TMPDIR"] = tempfile.tempdir = _MEMORY

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile(
    "fuzz", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True, max_examples=300
)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """A process that runs commands that train."""
    with Forks() as started:
        yield started


def pytest_collection_finish() -> None:
    """All that is loaded by now stays: no garbage collection need look at it again."""
    gc.freeze()


@pytest.fixture(scope="session")
def lemma_program() -> Iterator[Path]:
    """A folder for the PATH of a shell, with the program `lemma`, which starts at once."""
    with Preloaded() as folder:
        yield folder


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of a file that share what a fixture makes once, such as a trained model, run in one process, and so do all
    that train in forks; they start first. All others go wherever there is room.
    """
    from xdist.scheduler import LoadScopeScheduling

    @cache
    def shared_by(file: str) -> str:
        text = (config.rootpath / file).read_text("utf-8")
        if ", forks, " in text or "forks: Forks" in text:
            return "forks"
        return file if 'scope="module"' in text else ""

    class BySharing(LoadScopeScheduling):  # type: ignore[misc]
        def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
            """Forget a scope whose tests are done: after every test, all that are known are counted."""
            super().mark_test_complete(node, item_index, duration)
            scope = self._split_scope(self.registered_collections[node][item_index])
            if all(self.assigned_work[node][scope].values()):
                del self.assigned_work[node][scope]

        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            return shared_by(file) or nodeid

    return BySharing(config, log)
