"""How Hypothesis draws: the same examples on every run, so that a failure is never bad luck.

`make fuzz` draws new ones, with the profile `fuzz`. No profile has a deadline or a health check that depends on the
clock.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile(
    "fuzz", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True, max_examples=300
)
settings.load_profile("repeatable")
