"""The figures of the field: hand-worked tables, and a second implementation written from the formulas alone."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.evaluation.metrics import (
    blind_spot,
    change,
    harmonic_mean,
    majority,
    matthews,
    mr_score,
    pass_at_k,
    share,
)

CASES = 1000


@pytest.mark.parametrize(
    ("samples", "right", "k", "expected"),
    [
        (1, 0, 1, 0),
        (1, 1, 1, 1),
        (4, 1, 1, 1 / 4),
        (4, 1, 2, 1 / 2),
        (4, 2, 2, 5 / 6),
        (4, 3, 2, 1),
        (4, 0, 4, 0),
        (10, 3, 5, 1 - 21 / 252),
        (5, 5, 3, 1),
    ],
)
def test_pass_at_k(samples, right, k, expected):
    assert pass_at_k(samples, right, k) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("samples", "right", "k"), [(4, 5, 1), (4, -1, 1), (4, 2, 5), (4, 2, 0)])
def test_pass_at_k_refuses_what_has_no_meaning(samples, right, k):
    with pytest.raises(ValueError, match="samples"):
        pass_at_k(samples, right, k)


def test_pass_at_k_is_the_share_of_all_draws_that_hold_a_right_one():
    rng = random.Random(0)
    for _ in range(CASES):
        samples = rng.randint(1, 8)
        outcomes = [rng.random() < 0.4 for _ in range(samples)]
        k = rng.randint(1, samples)
        draws = list(itertools.combinations(outcomes, k))
        expected = Fraction(sum(map(any, draws)), len(draws))
        assert pass_at_k(samples, sum(outcomes), k) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([], 0),
        ([("7", True)], 1),
        ([("7", True), ("8", False), ("7", True)], 1),
        ([("7", True), ("8", False), ("8", False)], 0),
        ([("7", True), ("8", False)], 0.5),
        ([("7", True), ("8", False), ("9", False)], 1 / 3),
        ([("8", False), ("9", False)], 0),
    ],
)
def test_majority(votes, expected):
    assert majority(votes) == pytest.approx(expected)


def test_majority_is_the_average_over_breaking_ties_at_random():
    rng = random.Random(1)
    for _ in range(CASES):
        votes = [(answer, answer == "a") for answer in rng.choices("abc", k=rng.randint(1, 7))]
        counts = {answer: sum(vote[0] == answer for vote in votes) for answer in "abc"}
        first = [answer for answer in "abc" if counts[answer] == max(counts.values())]
        assert majority(votes) == pytest.approx(float(Fraction(first.count("a"), len(first))))


@pytest.mark.parametrize(
    ("gained", "lost", "problems", "expected"),
    [(0, 0, 10, 0), (3, 1, 10, 0.2), (1, 3, 10, -0.2), (5, 0, 5, 1), (0, 0, 0, math.nan)],
)
def test_change(gained, lost, problems, expected):
    assert float(change(gained, lost, problems)) == pytest.approx(expected, nan_ok=True)


def test_change_is_the_difference_of_the_two_accuracies():
    rng = random.Random(2)
    for _ in range(CASES):
        attempts = [(rng.random() < 0.5, rng.random() < 0.6) for _ in range(rng.randint(1, 40))]
        first, second = (Fraction(sum(column), len(attempts)) for column in zip(*attempts, strict=True))
        gained = sum(not before and after for before, after in attempts)
        lost = sum(before and not after for before, after in attempts)
        assert float(change(gained, lost, len(attempts))) == pytest.approx(float(second - first), abs=1e-12)


@pytest.mark.parametrize(
    ("user", "own", "expected"),
    [(0.8, 0.2, 0.75), (0.5, 0.5, 0), (0.5, 0, 1), (0.4, 0.6, -0.5), (0, 0.5, math.nan), (0, 0, math.nan)],
)
def test_blind_spot(user, own, expected):
    assert float(blind_spot(user, own)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(1, 1, 1), (0, 1, 0), (0, 0, 0), (0.5, 1, 2 / 3), (0.2, 0.6, 0.3)]
)
def test_harmonic_mean(first, second, expected):
    assert float(harmonic_mean(first, second)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((5, 0, 5, 0), 1),
        ((0, 5, 0, 5), -1),
        ((5, 5, 0, 0), 0),
        ((0, 0, 0, 0), 0),
        ((6, 1, 3, 2), 16 / math.sqrt(7 * 8 * 4 * 5)),
    ],
)
def test_matthews(table, expected):
    assert float(matthews(*table)) == pytest.approx(expected)


def test_matthews_is_the_correlation_of_the_two_classes():
    rng = random.Random(3)
    for _ in range(CASES):
        pairs = [(rng.random() < 0.5, rng.random() < 0.5) for _ in range(rng.randint(2, 40))]
        truth, said = zip(*pairs, strict=True)
        table = [sum(pair == cell for pair in pairs) for cell in ((1, 1), (0, 1), (0, 0), (1, 0))]
        varies = len(set(truth)) > 1 and len(set(said)) > 1
        n = len(pairs)
        mean = sum(truth) / n, sum(said) / n
        spread = [sum((value - m) ** 2 for value in column) for column, m in zip((truth, said), mean, strict=True)]
        shared = sum((a - mean[0]) * (b - mean[1]) for a, b in pairs)
        expected = shared / math.sqrt(spread[0] * spread[1]) if varies else 0.0
        assert float(matthews(*table)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("correlation", "step", "reason", "expected"),
    [(1, 1, 1, 1), (-0.5, 0, 0, 0), (0.5, 0.4, 0.2, 0.32), (0, 1, 0, 0.3)],
)
def test_mr_score(correlation, step, reason, expected):
    assert float(mr_score(correlation, step, reason)) == pytest.approx(expected)


def test_process_bench_f1_and_mr_score_from_single_outcomes():
    rng = random.Random(4)
    for _ in range(CASES):
        wrong = [rng.random() < 0.5 for _ in range(rng.randint(1, 20))]
        right = [rng.random() < 0.7 for _ in range(rng.randint(1, 20))]
        on_wrong, on_right = Fraction(sum(wrong), len(wrong)), Fraction(sum(right), len(right))
        expected = 2 / (1 / on_wrong + 1 / on_right) if on_wrong and on_right else 0
        found = harmonic_mean(share(sum(wrong), len(wrong)), share(sum(right), len(right)))
        assert float(found) == pytest.approx(float(expected), abs=1e-12)
        correlation = rng.uniform(-1, 1)
        total = (
            Fraction(3, 10) * on_wrong + Fraction(1, 2) * on_right + Fraction(1, 5) * Fraction(max(0.0, correlation))
        )
        assert float(mr_score(correlation, float(on_wrong), float(on_right))) == pytest.approx(float(total), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
def test_arrays_are_worked_out_entry_by_entry(pairs):
    parts, wholes = (np.array(column, float) for column in zip(*pairs, strict=True))
    for found, (part, whole) in zip(share(parts, wholes), pairs, strict=True):
        assert math.isnan(found) if whole == 0 else found == pytest.approx(part / whole)
