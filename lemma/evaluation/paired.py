"""Paired tests between two models: the interval of their difference, and its p value.

Problems are resampled, never single outputs: several outputs for one problem are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from lemma.evaluation.metrics import Array
from lemma.statistics import RESAMPLES, Column, percentile_interval, resampled_totals


@dataclass(frozen=True)
class Difference:
    """Figure of the first model minus figure of the second, with its 95 % interval and two-sided p value."""

    value: float
    low: float
    high: float
    p: float


def paired(first: Column, second: Column, seed: int, resamples: int = RESAMPLES) -> Difference:
    """Compare two models on the same problems, row by row: bootstrap interval of the difference, and the p value of a
    permutation test that swaps the two models' terms problem by problem. If both are proportions of single outcomes,
    the p value is that of McNemar's exact test.
    """
    drawn = resampled_totals([first.terms, second.terms], seed, resamples)
    low, high = percentile_interval(first.statistic(drawn[0]) - second.statistic(drawn[1]))
    value = _difference(first, first.terms.sum(axis=0), second.terms.sum(axis=0))
    discordant = _discordant(first, second)
    p = _permutation(first, second, seed, resamples) if discordant is None else mcnemar(*discordant)
    return Difference(float(value), low, high, p)


def _difference(column: Column, first: Array, second: Array) -> Array:
    return column.statistic(first) - column.statistic(second)


def _discordant(first: Column, second: Column) -> tuple[int, int] | None:
    """Problems that only the first model counts, and that only the second does; None unless both columns are
    proportions of the same single outcomes.
    """
    if not (first.proportion and second.proportion) or (first.terms[:, 1] != second.terms[:, 1]).any():
        return None
    if not (np.isin(first.terms, (0, 1)).all() and np.isin(second.terms, (0, 1)).all()):
        return None
    left, right = first.terms[:, 0], second.terms[:, 0]
    return int((left > right).sum()), int((right > left).sum())


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p value: how likely a split this uneven is if neither model is better.

    >>> mcnemar(5, 0)
    0.0625
    """
    total = only_first + only_second
    tail = sum(comb(total, count) for count in range(min(only_first, only_second) + 1))
    return float(min(1.0, 2 * tail / 2**total))


def _permutation(first: Column, second: Column, seed: int, resamples: int) -> float:
    rng = np.random.default_rng(seed)
    observed = abs(_difference(first, first.terms.sum(axis=0), second.terms.sum(axis=0)))
    if np.isnan(observed):
        return float("nan")
    # Swapping the models on a problem turns the sign of its gap: totals after swaps are (sum +- signed gaps) / 2.
    totals, gap = (first.terms + second.terms).sum(axis=0), first.terms - second.terms
    swapped = rng.choice((-1.0, 1.0), size=(resamples, len(gap))) @ gap
    drawn = np.abs(_difference(first, (totals + swapped) / 2, (totals - swapped) / 2))
    drawn = drawn[~np.isnan(drawn)]
    # The observed assignment is one of the permutations, hence the two ones.
    return float((1 + np.count_nonzero(drawn >= observed - 1e-12)) / (1 + len(drawn)))
