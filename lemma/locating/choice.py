"""A choice among the steps of a solution and "none": the weights of the signs, and the posterior that they give.

A conditional logit (McFadden 1974): each step gets a score, the weighted sum of its signs, "none" gets a score of its
own, and the probabilities are the exponentials of the scores, divided by their sum. `benchmarks/fit_locating.py` fits
the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from lemma.locating.posterior import Posterior
from lemma.locating.signs import SIGNS, Signs
from lemma.resources import BUNDLED

WEIGHTS_FILE = BUNDLED / "locating_graph.json"
_LEAST = 1e-6
_NONE = ("none", "none_if_answer_wrong", "none_if_false", "none_if_apart")
_SHARED = (*SIGNS, *_NONE)
# What the trust in the scores depends on: nothing, the kind of problem, and how wordy the steps are.
SHARPNESS = ("always", "formal", "long")
# The log-odds of a wrong solution's best step: a slope, and what is added always, if the problem is about formulas, and
# if the step is the first one that is proven to be wrong.
TRUST = ("slope", "always", "formal", "proven")
# Every weight has a second one that is added if the problem is about formulas.
COLUMNS = (*_SHARED, *(f"formal_{name}" for name in _SHARED))


def alternatives(signs: Signs, is_formal: bool, answer_is_right: bool) -> NDArray[np.float64]:
    """One row per step and a last one for "none"; the columns are `COLUMNS`."""
    count = len(signs)
    shared = np.zeros((count + 1, len(_SHARED)))
    shared[:count, : len(SIGNS)] = signs
    false = signs[:, [SIGNS.index("false"), SIGNS.index("other_operator")]].any()
    shared[count, len(SIGNS) :] = (1, not answer_is_right, false, signs[:, SIGNS.index("apart")].any())
    return np.hstack((shared, shared * is_formal))


def sharpness_signs(signs: Signs, is_formal: bool) -> NDArray[np.float64]:
    """What `SHARPNESS` names, for a solution."""
    return np.array((1.0, is_formal, signs[:, SIGNS.index("long")].mean()))


def trust_signs(said: NDArray[np.float64], signs: Signs, is_formal: bool) -> NDArray[np.float64]:
    """What `TRUST` names, for a solution with these probabilities of its steps and, last, of "none"."""
    best = int(np.argmax(said[:-1]))
    bounded = min(max(said[best], _LEAST), 1 - _LEAST)
    return np.array((np.log(bounded / (1 - bounded)), 1.0, is_formal, signs[best, SIGNS.index("first_proven")]))


def probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The softmax of some scores."""
    exponentials = np.exp(scores - scores.max())
    return np.asarray(exponentials / exponentials.sum(), dtype=np.float64)


def with_confidence(found: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
    """Probabilities of steps and, last, of "none", changed so that the best step has the `wanted` one and stays best.

    They are mixed with certainty of the best step, or with equal probabilities of all steps, so the best step keeps at
    least its equal share.

    >>> with_confidence(np.array([0.6, 0.3, 0.1]), 0.55).round(3).tolist()
    [0.55, 0.35, 0.1]
    """
    steps = len(found) - 1
    best = int(np.argmax(found[:steps]))
    now, even = found[best], (1 - found[steps]) / steps
    target = np.append(np.full(steps, even), found[steps])
    if wanted > now:
        target = np.eye(steps + 1)[best]
    else:
        wanted = max(wanted, even)
    share = 0.0 if now == target[best] else (now - wanted) / (now - target[best])
    return np.asarray((1 - share) * found + share * target, dtype=np.float64)


@dataclass(frozen=True)
class Weights:
    """Fitted weights, one per column, and what calibrates the probabilities.

    `sharpness` gives the logarithm of a factor on the scores, as a sum over `SHARPNESS`. `trust` is that of the best
    step of a solution whose answer is wrong: the most probable of several is less often right than it seems.
    """

    values: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    trust: NDArray[np.float64]

    @classmethod
    def from_names(
        cls, weights: Mapping[str, float], sharpness: Mapping[str, float], trust: Mapping[str, float]
    ) -> Weights:
        """The weights by their names; what is not named weighs nothing. Raises KeyError for an unknown name."""
        values = np.zeros(len(COLUMNS))
        places = {name: place for place, name in enumerate(COLUMNS)}
        for name, weight in weights.items():
            values[places[name]] = weight
        return cls(values, np.array([sharpness[name] for name in SHARPNESS]), np.array([trust[name] for name in TRUST]))

    def posterior(self, signs: Signs, is_formal: bool, answer_is_right: bool | None) -> Posterior:
        """The probabilities of the steps. If nothing is known of the answer, both cases count the same."""
        cases = (False, True) if answer_is_right is None else (answer_is_right,)
        factor = np.exp(self.sharpness @ sharpness_signs(signs, is_formal))
        found = []
        for case in cases:
            said = probabilities(factor * (alternatives(signs, is_formal, case) @ self.values))
            if not case:
                odds = self.trust @ trust_signs(said, signs, is_formal)
                said = with_confidence(said, float(1 / (1 + np.exp(-odds))))
            found.append(said)
        mean = np.mean(found, axis=0)
        return Posterior(tuple(map(float, mean[:-1])), float(mean[-1]))


@dataclass(frozen=True)
class ShippedModel:
    """What `fit_locating.py` wrote: weights for solutions with and without a reference, and the default thresholds."""

    with_reference: Weights
    without_reference: Weights
    threshold: float
    formal_threshold: float

    def least(self, is_formal: bool) -> float:
        """From which confidence a step is told by default. Of problems about formulas, less precision is asked."""
        return self.formal_threshold if is_formal else self.threshold


@cache
def shipped_model(path: Path = WEIGHTS_FILE) -> ShippedModel:
    """The fitted model of the package."""
    content = orjson.loads(path.read_bytes())
    with_reference, without_reference = (
        Weights.from_names(content[name]["weights"], content[name]["sharpness"], content[name]["trust"])
        for name in ("with_reference", "without_reference")
    )
    return ShippedModel(with_reference, without_reference, content["threshold"], content["formal_threshold"])
