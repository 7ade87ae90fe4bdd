"""What several methods say of a solution, as one posterior.

    >>> one, other = Posterior((0.6, 0.3, 0.08), 0.02), Posterior((0.7, 0.2, 0.08), 0.02)
    >>> combined({"graph": one, "rollouts": other}).best()
    0

Independent methods would multiply their odds. How far each is independent of the others, and how far its odds can be
trusted beside theirs, is in its weight: the exponent of its odds, learned on labeled errors (`benchmarks/own_errors.py`
writes the file). A method alone is used as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from lemma.locating.choice import probabilities
from lemma.locating.posterior import Posterior
from lemma.locating.success_rates import NONE_PRIOR
from lemma.resources import BUNDLED

COMBINATION_FILE = BUNDLED / "locating_combination.json"
_LEAST = 1e-3  # no method is so sure that no other can overrule it


@cache
def fitted_combination(path: Path = COMBINATION_FILE) -> Mapping[str, Any]:
    """The weights and thresholds of the methods."""
    content: Mapping[str, Any] = orjson.loads(path.read_bytes())
    return content


def threshold(methods: frozenset[str]) -> float:
    """From which confidence on a step is believed, unless the user says otherwise."""
    thresholds = fitted_combination()["thresholds"]
    return float(thresholds[next(iter(methods))] if len(methods) == 1 else thresholds["combined"])


def combined(posteriors: Mapping[str, Posterior]) -> Posterior:
    """The posterior by the names of the methods. Raises ValueError if there are none, or of different lengths."""
    if len({len(posterior.steps) for posterior in posteriors.values()}) != 1:
        raise ValueError("posteriors of one solution are needed")
    if len(posteriors) == 1:
        return next(iter(posteriors.values()))
    steps = len(next(iter(posteriors.values())).steps)
    weights = fitted_combination()["weights"]
    scores = log_prior(steps)
    for method, posterior in posteriors.items():
        scores = scores + weights[method] * odds(posterior, steps)
    found = probabilities(scores)
    return Posterior(tuple(map(float, found[:-1])), float(found[-1]))


def odds(posterior: Posterior | None, steps: int) -> NDArray[np.float64]:
    """What a method says beyond the prior, as logarithms, that of "no step" last; 0 if it says nothing."""
    if posterior is None:
        return np.zeros(steps + 1)
    said = np.log(np.maximum((*posterior.steps, posterior.none), _LEAST))
    return np.asarray(said - log_prior(steps), dtype=np.float64)


def log_prior(steps: int) -> NDArray[np.float64]:
    """The logarithms of the probabilities before anything is known, that of "no step" last."""
    shares = np.append(np.full(steps, (1 - NONE_PRIOR) / steps), NONE_PRIOR)
    return np.asarray(np.log(shares), dtype=np.float64)
