"""Intervals that hold the truth as often as they claim."""

import doctest
import math
import subprocess
import sys

import numpy as np
import pytest

from lemma import statistics
from lemma.evaluation.figures import ratio
from lemma.statistics import Column, bootstrap, mean_column, wilson_interval


def outcomes(values):
    return Column(np.array([[float(value), 1.0] for value in values]), ratio, proportion=True)


def test_examples_in_docstrings():
    assert doctest.testmod(statistics).failed == 0


def test_importing_it_does_not_load_numpy():
    code = "import sys, lemma.statistics; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_interval_of_a_mean_is_that_of_the_normal_theory():
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    found = bootstrap([mean_column(values)], seed=0, resamples=4000)[0]
    half = 1.96 * values.std() / 20
    assert (found.value, found.n) == (pytest.approx(values.mean()), 400)
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_the_value_is_the_share_and_lies_within_its_interval():
    interval = bootstrap([outcomes([1] * 30 + [0] * 10)], seed=0)[0]
    assert interval.value == 0.75
    assert interval.n == 40
    assert 0.55 < interval.low < 0.7
    assert 0.8 < interval.high < 0.95


def test_the_same_seed_gives_the_same_interval_and_figures_share_their_resamples():
    column = outcomes([1, 0, 0, 1, 1, 0, 1])
    first, second = bootstrap([column, column], seed=5)
    assert first == second == bootstrap([column], seed=5)[0]


@pytest.mark.parametrize("truth", [0.1, 0.5, 0.8])
def test_nineteen_of_twenty_intervals_hold_the_truth(truth):
    rng = np.random.default_rng(7)
    held = 0
    for trial in range(200):
        interval = bootstrap([outcomes(rng.random(100) < truth)], seed=trial, resamples=300)[0]
        held += interval.low <= truth <= interval.high
    assert 180 <= held <= 199


@pytest.mark.parametrize(("value", "low", "high"), [(0, 0, 0.0582), (1, 0.9418, 1)])
def test_what_never_varies_gets_the_exact_bound(value, low, high):
    interval = bootstrap([outcomes([value] * 61)], seed=0)[0]
    assert (interval.low, interval.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_a_problem_with_more_outputs_is_still_one_problem():
    spread = outcomes([1, 0] * 50)
    clustered = Column(np.array([[5.0, 5.0], [0.0, 5.0]] * 10), ratio, proportion=True)
    wide, narrow = bootstrap([clustered], seed=1)[0], bootstrap([spread], seed=1)[0]
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_undefined_figures_are_said_to_be_so():
    interval = bootstrap([Column(np.zeros((5, 2)), ratio)], seed=0)[0]
    assert math.isnan(interval.value)
    assert math.isnan(interval.low)
    assert interval.n == 0


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1)],
)
def test_wilson_intervals(count, total, low, high):
    found = wilson_interval(count, total)
    assert (found.low, found.high, found.n) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4), total)
    assert found.value == count / total if total else math.isnan(found.value)
