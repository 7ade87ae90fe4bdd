"""Chance: the random numbers of a record, and how sure a figure is (bootstrap and Wilson intervals).

A figure is a statistic of sums. Each item (a problem, a trajectory) adds a row of terms; the statistic maps the
totals of the rows to the figure, so that one round of resampling gives the intervals of many figures:

    >>> import numpy as np
    >>> right = np.array([[1.0, 1.0], [0.0, 1.0]])    # two problems, the first one solved
    >>> bootstrap([Column(right, lambda totals: totals[..., 0] / totals[..., 1])], seed=0)[0].value
    0.5
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lemma.records import content_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Statistic = Callable[[Array], Array]

RESAMPLES = 1000
CONFIDENCE = 0.95
_Z = 1.959964  # quantile of the normal distribution that belongs to CONFIDENCE
_AT_ONCE = 64


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval, taken over `n` independent items. The numbers are nan if undefined."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:8.4f}  [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True)
class Column:
    """The terms of one figure, items x terms, and its statistic, which maps totals (..., terms) to values (...).

    A `proportion` has the terms (counted, all): its value is a share, undefined if `all` is 0.
    """

    terms: Array
    statistic: Statistic
    proportion: bool = False


def mean_column(values: Sequence[float]) -> Column:
    """The mean of one value per item."""
    import numpy as np

    terms = np.column_stack([np.asarray(values, float), np.ones(len(values))])
    return Column(terms, lambda totals: totals[..., 0] / totals[..., 1])


def bootstrap(columns: Sequence[Column], seed: int, resamples: int = RESAMPLES) -> list[Interval]:
    """Percentile intervals of all figures from the same resamples. All columns list the same items in one order."""
    if not columns:
        return []
    import numpy as np

    intervals = []
    all_drawn = resampled_totals([column.terms for column in columns], seed, resamples)
    for column, drawn in zip(columns, all_drawn, strict=True):
        value = float(column.statistic(column.terms.sum(axis=0)))
        n = int(np.count_nonzero(column.terms.any(axis=1)))
        low, high = percentile_interval(column.statistic(drawn))
        if column.proportion and value in (0.0, 1.0):
            # Resampling what never varies gives an interval of width 0; this is the exact one (Clopper, Pearson 1934).
            tail = ((1 - CONFIDENCE) / 2) ** (1 / n)
            low, high = (0.0, 1 - tail) if value == 0 else (tail, 1.0)
        intervals.append(Interval(value, low, high, n))
    return intervals


def resampled_totals(terms: Sequence[Array], seed: int, resamples: int) -> list[Array]:
    """The totals of every figure in every resample: for each figure an array, resamples x terms."""
    import numpy as np

    rng = np.random.default_rng(seed)
    stacked = np.concatenate(terms, axis=1)
    items = len(stacked)
    totals = []
    for start in range(0, resamples, _AT_ONCE):
        drawn = rng.integers(items, size=(min(_AT_ONCE, resamples - start), items))
        # How often each item was drawn, times its terms, is the total of the resample.
        counts = np.stack([np.bincount(line, minlength=items) for line in drawn])
        totals.append(counts @ stacked)
    edges = np.cumsum([columns.shape[1] for columns in terms])[:-1]
    return np.split(np.concatenate(totals), edges, axis=1)


def percentile_interval(values: Array) -> tuple[float, float]:
    """The central 95 % of resampled values, without those that are undefined."""
    import numpy as np

    known = values[~np.isnan(values)]
    if known.size == 0:
        return float("nan"), float("nan")
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def wilson_interval(count: int, total: int) -> Interval:
    """A share with Wilson's interval (1927), which stays within 0 and 1 even for rare events.

    >>> wilson_interval(0, 10).low, round(wilson_interval(0, 10).high, 2)
    (0.0, 0.28)
    """
    if not total:
        return Interval(math.nan, 0.0, 1.0, 0)
    share, spread = count / total, _Z * _Z / total
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), total)


def random_for(seed: int, *parts: str) -> random.Random:
    """The random numbers of one record: they depend on the seed and the given content alone."""
    return random.Random(content_id(str(seed), *parts))
