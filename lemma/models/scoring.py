"""How likely a model finds a text: what is asked, what comes back, and who can say it.

scorer = open_scorer("transformers", "./my-model", "")
turn = Turn("What is 3 + 4?", before="3 + 4 = 8.\n", candidates=("Wait, that is wrong.", "Hmm."))
scorer.score([turn])        # [[Score(-9.3, 6), Score(-4.1, 2)]]
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from lemma.exceptions import ModelError, Refusal
from lemma.models.attempts import Attempts, Call, Patience
from lemma.models.protocol import Backend, RefusedRequestError


class Score(NamedTuple):
    """The log-likelihood (natural logarithm) of a text, and its number of tokens."""

    log_likelihood: float
    tokens: int


@dataclass(frozen=True)
class Turn:
    """A point in a solution at which one of `candidates` is said: after `before`, in answer to `question`.

    `before` ends where a candidate begins, with the line end between them. What comes after the candidate, if it is to
    be scored with it, is `after`.
    """

    question: str
    before: str
    candidates: tuple[str, ...]
    after: str = ""

    @property
    def continuations(self) -> tuple[str, ...]:
        """The texts that are scored."""
        return tuple(candidate + self.after for candidate in self.candidates)


class Scorer(Protocol):
    """A model that can say how likely a text is. `name` tells models apart in the store of scores."""

    @property
    def name(self) -> str: ...

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        """The score of each continuation of each turn. Raises LemmaError if the model can't be used."""
        ...


class ScoringBackend(Backend, Protocol):
    """A backend that can also score. `identity` changes with the model's weights, as far as the backend sees them."""

    @property
    def identity(self) -> str: ...

    async def score(self, turn: Turn) -> list[Score]:
        """The score of each continuation of a turn. Raises AttemptError if asking again may help, else ModelError."""
        ...


class ModelScorer:
    """Scores through a backend, with the limits and retries of every other call. Its event loop lives until `close`."""

    def __init__(self, backend: ScoringBackend, patience: Patience) -> None:
        self.name = backend.identity
        self._backend = backend
        self._attempts = Attempts(backend.name, patience)
        self._loop = asyncio.Runner()
        # Connections that are still open at exit would each print a warning.
        self._release = weakref.finalize(self, _release, backend, self._loop)

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        """The score of each continuation of each turn. Raises ModelError if one of them can't be had."""
        return self._loop.run(self._score_all(turns))

    def close(self) -> None:
        """Let go of connections, or of the model."""
        self._release()

    async def _score_all(self, turns: Sequence[Turn]) -> list[list[Score]]:
        tasks = [asyncio.create_task(self._score(turn)) for turn in turns]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _score(self, turn: Turn) -> list[Score]:
        async def send() -> list[Score]:
            try:
                return await self._backend.score(turn)
            except RefusedRequestError as error:  # without this score there is no choice between the candidates
                raise ModelError(str(error)) from None

        async def keep(scores: list[Score]) -> int:
            return sum(score.tokens for score in scores)

        try:
            return await self._attempts.until_done(Call(turn.question + turn.before, send, keep))
        except Refusal as refusal:
            raise ModelError(refusal.detail) from None


def _release(backend: ScoringBackend, loop: asyncio.Runner) -> None:
    loop.run(backend.close())
    loop.close()
