"""Model-aware reflections: the phrase at the turn is drawn by the likelihood that the model to be trained gives it.

The model has said the right prefix and the wrong step; each fitting phrase is scored as what it says next, and
optionally together with the correction after it. LEMMA (arXiv 2503.17439, section 3) asks for a smooth connection in
the model's own terms; its public code lets the teacher rewrite the text instead.

    choice = ModelChoice(run / "phrase-scores.sqlite", scorer.name, temperature=0.3)
    for done in score_phrases(turning_points, choice, scorer): ...
    phrase = choice.phrase(erroneous, correction, "calc")
    comparison = compare_ways(turning_points, choice, scorer)
"""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

from lemma.models.scoring import Score, Scorer, Turn
from lemma.records import Correction, ErroneousSolution
from lemma.statistics import random_for
from lemma.trajectories.error_kinds import kind_of
from lemma.trajectories.joining import PhraseDraw, Truncation, join, numbers_its_steps, step_number
from lemma.trajectories.languages import language_of
from lemma.trajectories.phrase_comparison import Comparison, Place, Way, compare
from lemma.trajectories.phrase_scores import Remembered, Scores, open_scores, score_turns
from lemma.trajectories.phrases import Mode, filled, load_phrases
from lemma.trajectories.plausibility import is_implausible

_COMPARED = 500

TurningPoint = tuple[ErroneousSolution, Correction, str]
"""An erroneous solution, its correction, and the family of its error type."""


@dataclass(frozen=True)
class ModelChoice:
    """Draws phrases by stored scores, in any process: it can be sent to workers, each of which opens the file once."""

    file: Path
    model: str
    temperature: float
    seed: int = 0
    truncate: Truncation = "first-error"
    score_correction: bool = False

    def turn(self, erroneous: ErroneousSolution, correction: Correction, family: str) -> Turn:
        """What the model has said when it is to reflect, and the fitting phrases, each once."""
        language = language_of("\n".join((*erroneous.steps, erroneous.question)))
        phrases = load_phrases(correction.strategy)
        implausible, kind = is_implausible(erroneous), kind_of(erroneous)
        fitting = phrases.fitting(erroneous.error_type, family, language, implausible, kind)
        candidates = dict.fromkeys(filled(fitting, step_number(erroneous), numbers_its_steps(erroneous)))
        parts = {part.kind: part.text for part in join(erroneous, correction, "", self.truncate).segments}
        after = parts["reflection"] + parts["correction"] if self.score_correction else ""
        return Turn(erroneous.question, parts.get("prefix", "") + parts["error"], tuple(candidates), after)

    def draw(self, turn: Turn, rng: random.Random) -> str:
        """One of the turn's candidates. Raises LemmaError if they have not been scored."""
        return turn.candidates[choose(_scores_of(self.file, self.model).of(turn), self.temperature, rng)]

    def phrase(self, erroneous: ErroneousSolution, correction: Correction, family: str) -> str:
        """A phrase that fits, as `PhraseDraw` has it. Raises LemmaError if the phrases have not been scored."""
        return self.draw(self.turn(erroneous, correction, family), random_for(self.seed, "reflection", correction.id))


def choose(scores: Sequence[Score], temperature: float, rng: random.Random) -> int:
    """Draw the index of a candidate with a probability that grows with its likelihood; at temperature 0 the best one.

    Likelihoods are compared per token; otherwise the shortest phrase would win whatever it says.
    """
    means = [score.log_likelihood / max(score.tokens, 1) for score in scores]
    best = max(means)
    if temperature == 0:
        return means.index(best)
    return rng.choices(range(len(means)), [math.exp((mean - best) / temperature) for mean in means])[0]


@cache
def _scores_of(file: Path, model: str) -> Scores:
    return Scores(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True), model)


def score_phrases(points: Iterable[TurningPoint], choice: ModelChoice, scorer: Scorer) -> Iterator[int]:
    """Score the phrases that fit at each turn, unless that is done. Yields the number of turns done so far."""
    with open_scores(choice.file, scorer.name) as scores:
        yield from score_turns((choice.turn(*point) for point in points), scorer, scores)


def compare_ways(points: Iterable[TurningPoint], choice: ModelChoice, scorer: Scorer) -> Comparison | None:
    """Measure, on the first 500 trajectories, what the model's choice gains over phrases drawn by type or at random.

    Returns None if there are no trajectories. Raises LemmaError if the model cannot be used.
    """
    whole = replace(choice, score_correction=True)
    modes: tuple[Mode, ...] = ("typed", "random")
    places = []
    for point in islice(points, _COMPARED):
        turn = whole.turn(*point)
        drawn: dict[Way, str] = {mode: PhraseDraw(mode, choice.seed).phrase(*point) for mode in modes}
        drawn["model"] = choice.phrase(*point)
        places.append(Place(turn.question, turn.before, turn.after, drawn))
    if not places:
        return None
    with open_scores(choice.file, scorer.name) as scores:
        return compare(places, Remembered(scorer, scores))
