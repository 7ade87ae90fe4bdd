"""How sure a figure is: bootstrap intervals over problems, and paired tests between two models.

A figure is a statistic of sums. Each problem adds a row of terms; the statistic maps their totals to the figure:

    >>> interval = bootstrap([Column(np.array([[1.0, 1.0], [0.0, 1.0]]), lambda t: t[..., 0] / t[..., 1])], seed=0)[0]
    >>> interval.value
    0.5

Problems are resampled, never single outputs: several outputs of one problem are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from lemma.evaluation.metrics import Array

RESAMPLES = 1000
CONFIDENCE = 0.95
_AT_ONCE = 64

Statistic = Callable[[Array], Array]


@dataclass(frozen=True)
class Column:
    """One figure's terms, problems x terms, and its statistic, which maps (..., terms) to (...).

    A `proportion` is a share, with terms (counted, all): single outcomes where all is 1, undefined where it is 0.
    """

    terms: Array
    statistic: Statistic
    proportion: bool = False


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval, and how many problems it rests on. nan where it is not defined."""

    value: float
    low: float
    high: float
    problems: int


@dataclass(frozen=True)
class Difference:
    """Figure of the first model less figure of the second, with its interval and two-sided p value."""

    value: float
    low: float
    high: float
    p: float


def bootstrap(columns: Sequence[Column], seed: int, resamples: int = RESAMPLES) -> list[Interval]:
    """Percentile intervals of all figures from the same resamples. All columns have one row a problem, in one order."""
    if not columns:
        return []
    totals = _resampled([column.terms for column in columns], seed, resamples)
    return [_interval(column, drawn) for column, drawn in zip(columns, totals, strict=True)]


def _interval(column: Column, drawn: Array) -> Interval:
    value = float(column.statistic(column.terms.sum(axis=0)))
    problems = int(np.count_nonzero(column.terms.any(axis=1)))
    low, high = _percentiles(column.statistic(drawn))
    if column.proportion and value in (0.0, 1.0):
        # Resampling what never varies says nothing; this is the exact bound (Clopper and Pearson 1934).
        tail = ((1 - CONFIDENCE) / 2) ** (1 / problems)
        low, high = (0.0, 1 - tail) if value == 0 else (tail, 1.0)
    return Interval(value, low, high, problems)


def _percentiles(values: Array) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if known.size == 0:
        return float("nan"), float("nan")
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def _resampled(terms: Sequence[Array], seed: int, resamples: int) -> list[Array]:
    """Totals of every figure in every resample: for each figure an array, resamples x terms."""
    rng = np.random.default_rng(seed)
    stacked = np.concatenate(terms, axis=1)
    problems = len(stacked)
    rows = []
    for start in range(0, resamples, _AT_ONCE):
        drawn = rng.integers(problems, size=(min(_AT_ONCE, resamples - start), problems))
        counts = np.stack([np.bincount(line, minlength=problems) for line in drawn])
        rows.append(counts @ stacked)
    edges = np.cumsum([columns.shape[1] for columns in terms])[:-1]
    return np.split(np.concatenate(rows), edges, axis=1)


def paired(first: Column, second: Column, seed: int, resamples: int = RESAMPLES) -> Difference:
    """Compare two models on the same problems, row by row: bootstrap interval of the difference, and the p value of a
    permutation test that swaps the two models' terms problem by problem. Where both are proportions of single
    outcomes, the p value is that of McNemar's exact test.
    """
    drawn = _resampled([first.terms, second.terms], seed, resamples)
    low, high = _percentiles(first.statistic(drawn[0]) - second.statistic(drawn[1]))
    value = _difference(first, first.terms.sum(axis=0), second.terms.sum(axis=0))
    discordant = _discordant(first, second)
    p = _permutation(first, second, seed, resamples) if discordant is None else mcnemar(*discordant)
    return Difference(float(value), low, high, p)


def _difference(column: Column, first: Array, second: Array) -> Array:
    return column.statistic(first) - column.statistic(second)


def _discordant(first: Column, second: Column) -> tuple[int, int] | None:
    """Problems that only the first, and only the second, counts; None where this is not a table of single outcomes."""
    if not (first.proportion and second.proportion) or (first.terms[:, 1] != second.terms[:, 1]).any():
        return None
    if not (np.isin(first.terms, (0, 1)).all() and np.isin(second.terms, (0, 1)).all()):
        return None
    left, right = first.terms[:, 0], second.terms[:, 0]
    return int((left > right).sum()), int((right > left).sum())


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p value: how likely a split this uneven is when either model is as good as the other.

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
    both, gap = first.terms + second.terms, first.terms - second.terms
    signs = rng.choice((-1.0, 1.0), size=(resamples, len(gap)))
    swapped = signs @ gap
    totals = both.sum(axis=0)
    drawn = np.abs(_difference(first, (totals + swapped) / 2, (totals - swapped) / 2))
    drawn = drawn[~np.isnan(drawn)]
    return float((1 + np.count_nonzero(drawn >= observed - 1e-12)) / (1 + len(drawn)))
