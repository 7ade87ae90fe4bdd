"""The scores that a model gives to phrases, on disk. No phrase is scored twice, so a killed run resumes.

with open_scores(run / "phrase-scores.sqlite", scorer.name) as scores:
    for done in score_turns(turns, scorer, scores): ...
    scores.of(turn)    # the score of each candidate
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
        """The scores of a turn's candidates, in order. Raises LemmaError if they have not been made."""
        found = [self._find(key) for key in self._keys(turn)]
        whole = [score for score in found if score is not None]
        if len(whole) < len(found):
            raise LemmaError("a phrase has no score yet. Rerun the command to score it")
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
    """The scores of a model in a file that may hold those of others. Raises RunDirectoryError if it is damaged."""
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
        raise RunDirectoryError(
            f"{path} cannot be used ({error}). Remove it and rerun; its scores are made again"
        ) from None


def score_turns(turns: Iterable[Turn], scorer: Scorer, scores: Scores) -> Iterator[int]:
    """Score what has not been scored, in batches. Yields the number of turns done after each batch."""
    iterator, done = iter(turns), 0
    while batch := list(islice(iterator, _BATCH)):
        missing = [turn for turn in batch if not scores.has(turn)]
        if missing:
            scores.put(missing, scorer.score(missing))
        done += len(batch)
        yield done


@dataclass(frozen=True)
class Remembered:
    """A scorer that asks its model only for scores that are not stored, and stores them."""

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
