"""Intervals that hold the truth as often as they say, and tests that call a difference as rarely as they say."""

import math

import numpy as np
import pytest

from lemma.evaluation.figures import ratio
from lemma.evaluation.intervals import Column, bootstrap, mcnemar, paired


def outcomes(values):
    return Column(np.array([[float(value), 1.0] for value in values]), ratio, proportion=True)


def test_the_value_is_the_share_and_lies_within_its_interval():
    interval = bootstrap([outcomes([1] * 30 + [0] * 10)], seed=0)[0]
    assert interval.value == 0.75
    assert interval.problems == 40
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
    assert interval.problems == 0


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"), [(0, 0, 1), (5, 0, 2 / 32), (1, 1, 1), (8, 2, 2 * 56 / 1024), (0, 10, 2 / 1024)]
)
def test_mcnemar(only_first, only_second, p):
    assert mcnemar(only_first, only_second) == pytest.approx(p)


def test_equal_models_do_not_differ_and_a_better_one_does():
    rng = np.random.default_rng(0)
    first = rng.random(300) < 0.6
    second = np.where(rng.random(300) < 0.5, True, first)
    same = paired(outcomes(first), outcomes(first), seed=0)
    better = paired(outcomes(second), outcomes(first), seed=0)
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert better.value == pytest.approx(second.mean() - first.mean())
    assert 0 < better.low < better.value < better.high
    assert better.p < 0.001


def test_pairing_sees_what_two_intervals_apart_do_not():
    rng = np.random.default_rng(1)
    hard = rng.random(400) < 0.5
    first, second = hard | (rng.random(400) < 0.04), hard
    apart = bootstrap([outcomes(first), outcomes(second)], seed=0)
    assert apart[0].low < apart[1].high
    assert paired(outcomes(first), outcomes(second), seed=0).low > 0


def test_the_permutation_test_calls_one_in_twenty_equal_models_different():
    rng = np.random.default_rng(2)
    called = 0
    for trial in range(200):
        first, second = (Column(np.stack([rng.random(40), np.ones(40)], axis=1), ratio) for _ in range(2))
        called += paired(first, second, seed=trial, resamples=200).p <= 0.05
    assert 2 <= called <= 20
