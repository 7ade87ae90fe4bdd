"""What an evaluation says beforehand about how long it will take."""

from __future__ import annotations

import doctest

import pytest

from lemma.evaluation import pace
from lemma.evaluation.pace import Pace


def test_the_example() -> None:
    assert doctest.testmod(pace).failed == 0


@pytest.mark.parametrize(
    ("seconds", "elapsed", "said"),
    [
        ([1.0] * 31, 60.0, []),  # too few to tell
        ([1.0] * 40, 60.0, ["968 more answers at most, about 30 minutes"]),
        ([0.0] * 100 + [1.0] * 32, 3.2, ["868 more answers at most, about 87 seconds"]),  # a hundred were stored
        ([1.0] * 32, 0.3, []),  # so little that it is not worth a word
    ],
)
def test_it_is_said_once_after_the_first_batch(seconds: list[float], elapsed: float, said: list[str]) -> None:
    found: list[str] = []
    times = iter([0.0, elapsed])
    counted = Pace(100, 2, found.append, lambda: next(times))
    counted.begun = 10
    for _ in range(80):
        counted.ask()
    for each in seconds:
        counted.answered(each)
    assert found == said
