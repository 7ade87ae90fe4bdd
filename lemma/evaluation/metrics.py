"""The metrics of the field, as pure functions. Counts and shares may be numbers or arrays; undefined values are nan.

    >>> pass_at_k(samples=4, right=1, k=2)
    0.5
    >>> float(blind_spot(0.8, 0.2))
    0.75

Shares are between 0 and 1. Nothing here knows about models or texts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def share(part: ArrayLike, whole: ArrayLike) -> Array:
    """`part / whole`; nan if the whole is 0."""
    upper, lower = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.asarray(np.divide(upper, lower, out=np.full(upper.shape, np.nan), where=lower != 0))


def pass_at_k(samples: int, right: int, k: int) -> float:
    """Probability that one of `k` solutions drawn from `samples` is right, by the unbiased estimator
    1 - C(n-c, k) / C(n, k) (arXiv 2107.03374, section 2.1). Raises ValueError if there are fewer than `k` samples.
    """
    if not 0 <= right <= samples or not 1 <= k <= samples:
        raise ValueError(f"pass@{k} of {samples} samples, {right} of them right")
    return 1.0 - math.comb(samples - right, k) / math.comb(samples, k)


def majority(votes: Sequence[tuple[str, bool]]) -> float:
    """Share of the most frequent answers that is right: 1 or 0, or in between if several are equally frequent.

    A vote is an answer in canonical form and whether it is right (arXiv 2203.11171). 0 if there are no votes.
    """
    if not votes:
        return 0.0
    counts = Counter(answer for answer, _ in votes)
    most = max(counts.values())
    right = dict(votes)
    winners = [answer for answer, count in counts.items() if count == most]
    return sum(right[answer] for answer in winners) / len(winners)


def change(gained: ArrayLike, lost: ArrayLike, problems: ArrayLike) -> Array:
    """SCoRe's delta, acc@t2 - acc@t1: the share of problems that went from wrong to right minus the share that went
    from right to wrong (arXiv 2409.12917, section 3).
    """
    return share(np.asarray(gained, float) - np.asarray(lost, float), problems)


def blind_spot(others_errors: ArrayLike, own_errors: ArrayLike) -> Array:
    """How much of the accuracy on errors in the user's turn is lost if the same errors are in the model's own turn:
    (user - own) / user (arXiv 2507.02778). 0: none is lost; 1: all of it; below 0: better in its own.
    """
    user, own = np.asarray(others_errors, float), np.asarray(own_errors, float)
    return share(user - own, user)


def area_under_curve(wrong: ArrayLike, right: ArrayLike) -> Array:
    """How well a score tells wrong from right: the probability that a wrong one has the higher score, where equal
    scores count half (area under the ROC curve). The arguments count them by score, from low to high, on the last axis.
    """
    positive, negative = np.asarray(wrong, float), np.asarray(right, float)
    below = np.cumsum(negative, axis=-1) - negative / 2
    return share((positive * below).sum(axis=-1), positive.sum(axis=-1) * negative.sum(axis=-1))


def harmonic_mean(first: ArrayLike, second: ArrayLike) -> Array:
    """ProcessBench's F1, of the accuracies on wrong and on right solutions (arXiv 2412.06559, section 2.4).

    0 if both are 0.
    """
    left, right = np.asarray(first, float), np.asarray(second, float)
    total = left + right
    mean = share(2 * left * right, total)
    return np.where(total == 0, 0.0, mean)


def matthews(
    true_positive: ArrayLike, false_positive: ArrayLike, true_negative: ArrayLike, false_negative: ArrayLike
) -> Array:
    """Matthews correlation coefficient of two classes; 0 if a row or a column of the table is empty."""
    tp, fp, tn, fn = (
        np.asarray(count, float) for count in (true_positive, false_positive, true_negative, false_negative)
    )
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    coefficient = share(tp * tn - fp * fn, np.sqrt(product))
    return np.where(product == 0, 0.0, coefficient)


def mr_score(correlation: ArrayLike, step: ArrayLike, reason: ArrayLike) -> Array:
    """MR-GSM8K's score, 0.2 max(0, MCC) + 0.3 accuracy(step) + 0.5 accuracy(reason) (arXiv 2312.17080, section 4).

    `step` and `reason` are shares of the wrong solutions whose first wrong step was found, and explained.
    """
    mcc = np.maximum(0.0, np.asarray(correlation, float))
    return np.asarray(0.2 * mcc + 0.3 * np.asarray(step, float) + 0.5 * np.asarray(reason, float))
