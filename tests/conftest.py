"""How Hypothesis draws: the same examples on every run, so that a failure is never bad luck.

`make fuzz` draws new ones, with the profile `fuzz`. No profile has a deadline or a health check that depends on the
clock.
"""

from __future__ import annotations

import os
import sys

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
