"""Paired comparisons of two models: how often they call a difference that is none, and what pairing gains."""

import numpy as np
import pytest

from lemma.evaluation.figures import ratio
from lemma.evaluation.paired import mcnemar, paired
from lemma.statistics import Column, bootstrap


def outcomes(values):
    return Column(np.array([[float(value), 1.0] for value in values]), ratio, proportion=True)


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
