"""A text that differs in its numbers alone: what the short way says is what reading all of it says."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.rereading import still_holds
from lemma.problems.loading import open_problems
from lemma.records import Problem
from lemma.steps import split_steps, without_annotations

SHAPES = [
    "So 5 * 7 = 35 cups are left.", "That is 20% * 50 = 10.", "It is $5 + $3 = $8, and 8 - 2 = 6.", "7 = 3 + 4",
    "12 inches and 3 feet are 12 + 3 = 15.", "Each of the 3 friends gets 10 / 3 = 3.33 dollars.", "5 * 7 = 35 = 35",
    "At 10:30 he has 5 + 5 = 10.", "It takes 2 1/2 + 3 = 5.5 hours.", "1 foot = 12 inches", "It equals 3 + 4 = 7.",
    "He has 1,200 + 300 = 1,500.", "4 + 0.5 = 4.5", "(2 + 3) * 4 = 20", "x + 3 = 10", "He has 3 + 4 = 7 of the 2nd.",
    "There are 48/2 = 24 clips.", "-5 + 8 = 3", "10 of 20 = 200", "1/2 of 10 = 5", "5=2+3, 4 of 6",
]  # fmt: skip


def agrees(before: str, text: str) -> bool:
    """Whether the short way says yes only if a whole reading finds as many equations, and all of them hold."""
    found, expected = read_step(text).equations, read_step(before).equations
    holds = len(found) == len(expected) and all(equation.holds for equation in found)
    return holds or not still_holds(before, text)


@given(st.sampled_from(SHAPES), st.randoms(use_true_random=False))
def test_numbers_at_random(before: str, rng: random.Random) -> None:
    text = re.sub(
        r"\d+", lambda run: run[0] if rng.random() < 0.6 else str(rng.choice((0, 1, 2, 7, 12, 35, 200))), before
    )
    assert agrees(before, text)


@pytest.mark.parametrize(
    ("before", "text", "holds"),
    [
        ("So 5 * 7 = 35 cups.", "So 5 * 8 = 40 cups.", True),
        ("So 5 * 7 = 35 cups.", "So 5 * 8 = 41 cups.", False),
        ("So 5 * 7 = 35 cups.", "So 5 + 8 = 13 cups.", False),
        ("So 5 * 7 = 35 cups for 3.", "So 5 * 8 = 40 cups for 9.", True),
        ("20% * 50 = 10", "30% * 50 = 15", True),
        ("10 / 3 = 3.33", "20 / 3 = 6.67", False),
        ("It is 1,200 + 5 = 1,205", "It is 1,300 + 5 = 1,305", False),
    ],
)
def test_what_is_told_without_reading(before: str, text: str, holds: bool) -> None:
    assert still_holds(before, text) is holds


def test_the_bundled_sample_with_other_numbers() -> None:
    rng, told = random.Random(0), 0
    for problem in open_problems(None, "augment"):
        for step in split_steps(problem.solution) if isinstance(problem, Problem) else ():
            before = without_annotations(step)
            factor = rng.randint(2, 9)
            text = re.sub(r"\d+", lambda run, by=factor: str(int(run[0]) * by), before)
            assert agrees(before, text), (before, text)
            told += still_holds(before, text)
    assert told > 20
