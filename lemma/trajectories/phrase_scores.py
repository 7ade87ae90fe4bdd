"""Model-aware reflections: the phrase at the turn is drawn by the likelihood that the model to be trained gives it.

The model has said the right prefix and the wrong step; each candidate phrase is scored as what it says next, and
optionally together with the correction after it. LEMMA (arXiv 2503.17439, section 3) asks for a smooth connection in
the model's own terms; its public code lets the teacher rewrite the text instead.

    file = run / "phrase-scores.sqlite"
    with open_scores(file, scorer.name) as scores:
        for done in score_turns(turns, scorer, scores): ...
    phrase = ModelChoice(file, scorer.name, temperature=0.3).phrase(turn, rng)

What was scored is never scored again, so a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from lemma.exceptions import LemmaError, RunDirectoryError
from lemma.models.scoring import Score, Scorer, Turn
from lemma.records import content_id

_BATCH = 64
_TABLE = "CREATE TABLE IF NOT EXISTS scores (key TEXT PRIMARY KEY, log_likelihood REAL, tokens INTEGER)"


class Scores:
    """All scores of one model, on disk."""

    def __init__(self, connection: sqlite3.Connection, model: str) -> None:
        self._connection, self._model = connection, model

    def of(self, turn: Turn) -> list[Score]:
        """The scores of a turn's candidates, in order. Raises LemmaError where they have not been made."""
        found = [self._find(key) for key in self._keys(turn)]
        whole = [score for score in found if score is not None]
        if len(whole) < len(found):
            raise LemmaError("a phrase has no score yet; run the same command again")
        return whole

    def has(self, turn: Turn) -> bool:
        """Whether all candidates of a turn have been scored."""
        return all(self._find(key) is not None for key in self._keys(turn))

    def put(self, turns: Sequence[Turn], scored: Sequence[Sequence[Score]]) -> None:
        """Store the scores of some turns; they are on disk when this returns."""
        rows = [
            (key, *score)
            for turn, scores in zip(turns, scored, strict=True)
            for key, score in zip(self._keys(turn), scores, strict=True)
        ]
        with self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO scores VALUES (?, ?, ?)", rows)

    def _keys(self, turn: Turn) -> list[str]:
        return [content_id(self._model, turn.question, turn.before, text) for text in turn.continuations]

    def _find(self, key: str) -> Score | None:
        row = self._connection.execute("SELECT log_likelihood, tokens FROM scores WHERE key = ?", (key,)).fetchone()
        return None if row is None else Score(*row)


@contextmanager
def open_scores(path: Path, model: str) -> Iterator[Scores]:
    """The scores of a model in a file that may hold those of others. Raises RunDirectoryError where it is damaged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = sqlite3.connect(path, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_TABLE)
            yield Scores(connection, model)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise RunDirectoryError(f"{path} can't be used ({error}); remove it, and its scores are made again") from None


def score_turns(turns: Iterable[Turn], scorer: Scorer, scores: Scores) -> Iterator[int]:
    """Score what has not been scored, in batches; gives the number of turns looked at after each batch."""
    iterator, done = iter(turns), 0
    while batch := list(islice(iterator, _BATCH)):
        missing = [turn for turn in batch if not scores.has(turn)]
        if missing:
            scores.put(missing, scorer.score(missing))
        done += len(batch)
        yield done


@dataclass(frozen=True)
class Remembered:
    """A scorer that asks its model only for what is not in the store, and puts there what it is told."""

    scorer: Scorer
    scores: Scores

    @property
    def name(self) -> str:
        return self.scorer.name

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        """The score of each continuation of each turn."""
        for _ in score_turns(turns, self.scorer, self.scores):
            pass
        return [self.scores.of(turn) for turn in turns]


def choose(scores: Sequence[Score], temperature: float, rng: random.Random) -> int:
    """Draw the index of a candidate with a probability that grows with its likelihood; at temperature 0 the best.

    Likelihoods are compared per token: else the shortest phrase would win whatever it says.
    """
    means = [score.log_likelihood / max(score.tokens, 1) for score in scores]
    best = max(means)
    if temperature == 0:
        return means.index(best)
    return rng.choices(range(len(means)), [math.exp((mean - best) / temperature) for mean in means])[0]


@dataclass(frozen=True)
class ModelChoice:
    """Draws phrases by stored scores, in any process: it can be sent to workers, each of which opens the file once."""

    file: Path
    model: str
    temperature: float

    def phrase(self, turn: Turn, rng: random.Random) -> str:
        """One of the turn's candidates. Raises LemmaError where they have not been scored."""
        return turn.candidates[choose(_scores_of(self.file, self.model).of(turn), self.temperature, rng)]


@cache
def _scores_of(file: Path, model: str) -> Scores:
    return Scores(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True), model)
