"""Scoring through a server with OpenAI's completions endpoint that echoes the prompt with log-probabilities.

vLLM, SGLang and others do; OpenAI's own chat models and llama.cpp's server do not, and say so in one line here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai

from lemma.exceptions import ModelError
from lemma.models.chat_template import plain_prompt
from lemma.trajectories.phrase_scores import Score, Turn

_NO_ECHO = "it does not echo prompts with log-probabilities; use a vLLM server, or --model with a folder"


class ServerScorer:
    """A model behind `base_url`. The prompt is the plain one, as a server does not tell its chat template.

    Failed calls are repeated by the client, with growing pauses. Raises ModelError where the server can't be used.
    """

    def __init__(
        self, model: str, base_url: str, key_variable: str = "OPENAI_API_KEY", connections: int = 16, retries: int = 5
    ) -> None:
        self.name = f"{base_url}:{model}"
        self._model, self._base_url, self._connections = model, base_url, connections
        key = os.environ.get(key_variable) or "none"
        self._client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=retries)

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        """The score of each continuation of each turn; the turns go out in parallel."""
        with ThreadPoolExecutor(self._connections) as pool:
            return list(pool.map(self._score, turns))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _score(self, turn: Turn) -> list[Score]:
        prompt = plain_prompt(turn.question) + turn.before
        try:
            answer = self._client.completions.create(
                model=self._model,
                prompt=[prompt + text for text in turn.continuations],
                max_tokens=1,
                temperature=0,
                echo=True,
                logprobs=1,
            )
        except openai.OpenAIError as error:
            raise ModelError(f"{self._base_url}: {' '.join(str(error).split())}; {_NO_ECHO}") from None
        choices = sorted(answer.choices, key=lambda choice: choice.index)
        if len(choices) != len(turn.continuations):
            raise ModelError(
                f"{self._base_url}: {len(choices)} answers to {len(turn.continuations)} prompts; {_NO_ECHO}"
            )
        ends = [len(prompt) + len(text) for text in turn.continuations]
        return [self._echoed(choice, len(prompt), end) for choice, end in zip(choices, ends, strict=True)]

    def _echoed(self, choice: Any, start: int, end: int) -> Score:
        """Sum over the tokens that lie in the continuation: neither in the prompt, nor among those generated."""
        given = choice.logprobs
        if given is None or not given.text_offset or not given.tokens or not given.token_logprobs:
            raise ModelError(f"{self._base_url}: no log-probabilities came back; {_NO_ECHO}")
        spans = zip(given.text_offset, given.tokens, given.token_logprobs, strict=True)
        said = [value for at, token, value in spans if at + len(token) > start and at < end and value is not None]
        if given.text_offset[-1] < start or not said:
            raise ModelError(f"{self._base_url}: the prompt did not come back; {_NO_ECHO}")
        return Score(sum(said), len(said))
