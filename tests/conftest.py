"""How Hypothesis draws, and which tests stay together in one process of `pytest -n 2 --dist loadgroup`.

Hypothesis draws the same examples on every run, so that a failure is never bad luck. `make fuzz` draws new ones, with
the profile `fuzz`. No profile has a deadline or a health check that depends on the clock.
"""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

# Hundreds of commands are started, and each would compile the package again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The tests run in as many processes as there are cores; more threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile(
    "fuzz", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True, max_examples=300
)
settings.load_profile("repeatable")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What tests of a module share, such as a trained model, is made once if they run in one process."""
    for item in items:
        fixtures = getattr(item, "_fixtureinfo", None)
        shared = fixtures.name2fixturedefs.values() if fixtures is not None else ()
        if any(one.scope == "module" for found in shared for one in found):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
