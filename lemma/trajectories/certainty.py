"""How sure a student was of each step that it wrote: by the probability of the step's least probable word.

Without any training for it, this tells a small model's own wrong steps from its right ones better than its reflections
do (docs/study.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from lemma.locating import confidence
from lemma.models.scoring import Score, Scorer, Turn

_BATCH = 64


def least_probable_word(scores: Sequence[Score]) -> float:
    """The log-probability of the least probable word, from the scores of beginnings that are each one word longer."""
    return float(np.diff([0.0, *(score.log_likelihood for score in scores)]).min())


def beginnings(question: str, steps: Sequence[str]) -> list[Turn]:
    """What has to be scored: for every step its beginnings, one word longer each."""
    return confidence.turns(question, steps)


def least_words(solutions: Iterable[tuple[str, Sequence[str]]], scorer: Scorer) -> Iterator[list[float]]:
    """For each question with steps, the log-probability of the least probable word of each step."""
    iterator = iter(solutions)
    while batch := list(islice(iterator, _BATCH)):
        turns = [beginnings(question, steps) for question, steps in batch]
        scores = iter(scorer.score([turn for of_solution in turns for turn in of_solution]))
        for of_solution in turns:
            yield [least_probable_word(next(scores)) for _ in of_solution]
