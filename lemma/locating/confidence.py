"""Find the first wrong step of a solution by how sure the student was of each of its words.

    scorer = open_scorer("transformers", "./my-student", None)
    posterior = locate(question, steps, scorer)

The least probable word of a step separates a small model's own wrong steps from its right ones with an AUC of 0.81 to
0.89, without any training for it (docs/locating.md). It needs the student's log-probabilities, and no gold answer. A
word's likelihood is the difference between the likelihoods of the text with and without it, so it does not depend on
how the student cuts words into tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from lemma.exceptions import Refusal
from lemma.locating.choice import probabilities
from lemma.locating.posterior import Posterior
from lemma.locating.success_rates import NONE_PRIOR
from lemma.models.scoring import Score, Scorer, Turn
from lemma.resources import BUNDLED

WEIGHTS_FILE = BUNDLED / "locating_confidence.json"
SIGNS = ("least", "mean", "below_earlier", "is_least", "relative", "is_last")
_WORD_END = re.compile(r"\S(?=\s|$)")
_MOST_STEPS = 200
_SUREST, _LEAST_SURE = -1e-4, -12.0  # natural logarithms


def turns(question: str, steps: Sequence[str]) -> list[Turn]:
    """What has to be scored: for every step its beginnings, one word longer each."""
    found = []
    for number, step in enumerate(steps):
        before = "".join(f"{earlier}\n" for earlier in steps[:number])
        beginnings = tuple(step[: match.end()] for match in _WORD_END.finditer(step))
        found.append(Turn(question, before, beginnings))
    return found


def signs(scored: Sequence[Sequence[Score]]) -> NDArray[np.float64]:
    """One row per step, one column per name in `SIGNS`, from the scores of the beginnings of each step."""
    words = [np.diff([0.0, *(score.log_likelihood for score in scores)]) for scores in scored]
    least = [float(np.clip(of_step.min(), _LEAST_SURE, _SUREST)) for of_step in words]
    last = len(words) - 1
    rows = []
    for number, of_step in enumerate(words):
        mean = float(np.clip(of_step.mean(), _LEAST_SURE, _SUREST))
        earlier = min(least[:number], default=0.0)
        row = (least[number], mean, min(0.0, least[number] - earlier), least[number] == min(least))
        rows.append((*row, number / max(1, last), number == last))
    return np.array(rows, dtype=np.float64)


@cache
def shipped_weights(path: Path = WEIGHTS_FILE) -> NDArray[np.float64]:
    """The fitted weights of the signs (`benchmarks/own_errors.py` writes them)."""
    content: Mapping[str, float] = orjson.loads(path.read_bytes())["weights"]
    return np.array([content[name] for name in SIGNS])


def posterior_of(of_steps: NDArray[np.float64], weights: NDArray[np.float64]) -> Posterior:
    """The probabilities of the steps by their signs. That no step is wrong is as probable as without looking."""
    found = (1 - NONE_PRIOR) * probabilities(of_steps @ weights)
    return Posterior(tuple(map(float, found)), NONE_PRIOR)


def locate(question: str, steps: Sequence[str], scorer: Scorer) -> Posterior:
    """The probability of each step of a wrong solution to be the first wrong one.

    Raises Refusal if there are no steps or too many, LemmaError if the model can't be used.
    """
    if not steps or not all(step.strip() for step in steps):
        raise Refusal("empty_solution", "there are no solution steps, or one is empty")
    if len(steps) > _MOST_STEPS:
        raise Refusal("solution_too_long", f"{len(steps)} steps; at most {_MOST_STEPS} are read")
    return posterior_of(signs(scorer.score(turns(question, steps))), shipped_weights())
