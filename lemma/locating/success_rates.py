"""Where a solution went wrong, from how often its prefixes were continued to the gold answer.

    >>> beliefs = SuccessRates(5).after({0: (3, 4), 2: (3, 4), 3: (0, 8)})
    >>> beliefs.posterior.best(), round(beliefs.posterior.confidence, 2)
    (2, 0.98)

A small Bayesian model. A prefix of m steps is right if m is at most the number k of steps before the first wrong one.
The success rate of a right prefix is unknown (a Beta prior) and tends to rise as the prefix grows; the first wrong
step multiplies it by an unknown factor, most likely near 0, and then it tends to fall. At first, every k is equally
probable. That is a hidden Markov model over the prefixes, with rates on a grid, so everything is summed exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lemma.locating.posterior import Posterior

Vector = NDArray[np.float64]
Counts = Mapping[int, tuple[int, int]]
"""By the number of steps of a prefix: how many continuations reached the gold answer, and how many were drawn."""

NONE_PRIOR = 0.02  # the gold answer was misread, or a right solution states a wrong answer
# Chosen on half of the own errors of a small student (docs/locating.md), but what remains is less than there.
_FIRST_RATE = (0.5, 2.0)  # Beta prior of the success rate of the question alone: the student failed once already
_REMAINS = (0.3, 3.0)  # Beta prior of the share of the success rate that a wrong step leaves
# How far one more step raises or lowers the log-odds of success, on average.
_RIGHT_RISES, _RIGHT_FALLS = 0.6, 0.35
_WRONG_RISES, _WRONG_FALLS = 0.4, 0.6

# Cells that are narrow near 0, where the rates of wrong prefixes are.
_CELLS = 20
_MIDDLES = (np.arange(_CELLS) + 0.5) / _CELLS
_RATES, _WIDTHS = _MIDDLES**2, 2 * _MIDDLES / _CELLS


def _normalized(masses: Vector) -> Vector:
    return np.asarray(masses / masses.sum(axis=-1, keepdims=True), dtype=np.float64)


def _beta(at: Vector, shape: tuple[float, float]) -> Vector:
    """The unnormalized density of a Beta distribution; 0 outside of its range."""
    inside = np.clip(at, 1e-9, 1 - 1e-9)
    density = inside ** (shape[0] - 1) * (1 - inside) ** (shape[1] - 1)
    return np.asarray(np.where(at < 1, density, 0.0), dtype=np.float64)


def _change(rises: float, falls: float) -> Vector:
    """How probable each rate is after a step, by the rate before it: exponential in the change of the log-odds."""
    log_odds = np.log(_RATES / (1 - _RATES))
    change = log_odds[None, :] - log_odds[:, None]
    density = np.exp(-np.maximum(change, 0) / rises - np.maximum(-change, 0) / falls)
    return _normalized(density * np.gradient(log_odds))


# Rows: the rate before a step. Columns: the rate after it.
_FIRST = _normalized(_beta(_RATES, _FIRST_RATE) * _WIDTHS)
_RIGHT_STEP = _change(_RIGHT_RISES, _RIGHT_FALLS)
_LATER_STEP = _change(_WRONG_RISES, _WRONG_FALLS)
_WRONG_STEP = _normalized(_beta(_RATES[None, :] / _RATES[:, None], _REMAINS) * _WIDTHS + 1e-12 * np.eye(_CELLS))


@dataclass(frozen=True)
class Beliefs:
    """What is known after some counts. `joint[k, m, r]` is the probability that the first k steps are right, the next
    one is wrong (k = the number of steps: none is), and a prefix of m steps succeeds at the rate r of the grid.
    """

    joint: Vector

    @cached_property
    def posterior(self) -> Posterior:
        """The probability of each step to be the first wrong one."""
        first_wrong = self.joint[:, 0, :].sum(axis=1)
        return Posterior(tuple(map(float, first_wrong[:-1])), float(first_wrong[-1]))

    def gains(self, samples: int) -> Vector:
        """The bits about the first wrong step that more samples would give, by the length of the sampled prefix."""
        successes = np.arange(samples + 1)
        ways = np.array([math.comb(samples, count) for count in range(samples + 1)])
        outcomes = ways * _RATES[:, None] ** successes * (1 - _RATES[:, None]) ** (samples - successes)
        both = self.joint @ outcomes  # the first wrong step, the prefix, the number of successes
        of_outcome = both.sum(axis=0)
        before = _entropy(self.joint[:, 0, :].sum(axis=1), axis=0)
        # H(k | outcome) = H(k, outcome) - H(outcome)
        return np.asarray(before - (_entropy(both, axis=(0, 2)) - _entropy(of_outcome, axis=1)), dtype=np.float64)


def _entropy(masses: Vector, axis: int | tuple[int, ...]) -> Vector:
    """In bits."""
    return np.asarray(-(masses * np.log2(np.maximum(masses, 1e-300))).sum(axis=axis), dtype=np.float64)


@dataclass(frozen=True)
class SuccessRates:
    """The model for a solution with this number of steps."""

    steps: int

    def after(self, counts: Counts) -> Beliefs:
        """What is known after some counts. Raises ValueError if a prefix is longer than the solution."""
        if any(not 0 <= length <= self.steps for length in counts):
            raise ValueError(f"prefixes of {sorted(counts)} steps of a solution with {self.steps}")
        likelihoods = np.ones((self.steps + 1, _CELLS))
        for length, (successes, samples) in counts.items():
            likelihoods[length] = _RATES**successes * (1 - _RATES) ** (samples - successes)
        joint = np.stack([self._of_first_wrong(wrong, likelihoods) for wrong in range(self.steps + 1)])
        prior = np.append(np.full(self.steps, (1 - NONE_PRIOR) / self.steps), NONE_PRIOR)
        joint *= prior[:, None, None]
        return Beliefs(joint / joint[:, 0, :].sum())

    def _of_first_wrong(self, wrong: int, likelihoods: Vector) -> Vector:
        """The probability of the counts and of the rate of each prefix, if `wrong` steps are right, then one is not.

        Forward and backward over the prefixes, as in any hidden Markov model.
        """
        changes = [
            _RIGHT_STEP if step < wrong else _WRONG_STEP if step == wrong else _LATER_STEP for step in range(self.steps)
        ]
        forward = [_FIRST * likelihoods[0]]
        for change, likelihood in zip(changes, likelihoods[1:], strict=True):
            forward.append((forward[-1] @ change) * likelihood)
        backward = [np.ones(_CELLS)]
        for change, likelihood in zip(reversed(changes), likelihoods[:0:-1], strict=True):
            backward.append(change @ (likelihood * backward[-1]))
        return np.asarray(np.array(forward) * np.array(backward[::-1]), dtype=np.float64)
