"""Scoring with vLLM in process (0.31 or later): all continuations of a batch of turns go to the engine at once, and its
prefix cache computes what they share once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lemma.exceptions import ModelError
from lemma.models.backends.vllm import import_vllm, load_engine
from lemma.models.chat_template import ensure_chat_template, render_prompt
from lemma.trajectories.phrase_scores import Score, Turn


class VllmScorer:
    """One engine for one model. Raises MissingExtraError without vLLM, ModelError where the model can't be loaded."""

    def __init__(self, model: str) -> None:
        self.name = f"vllm:{model}"
        self._sampling = import_vllm().SamplingParams(max_tokens=1, temperature=0, prompt_logprobs=0)
        self._engine = load_engine(model)
        self._tokenizer = self._engine.llm.get_tokenizer()
        ensure_chat_template(self._tokenizer)

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        """The score of each continuation of each turn."""
        prompts = [render_prompt(self._tokenizer, [{"role": "user", "content": turn.question}]) for turn in turns]
        starts = [prompt + turn.before for prompt, turn in zip(prompts, turns, strict=True)]
        texts = [start + text for start, turn in zip(starts, turns, strict=True) for text in turn.continuations]
        encoded = self._tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
        token_prompts = [{"prompt_token_ids": ids} for ids in encoded["input_ids"]]
        outputs = iter(self._generate(token_prompts))
        offsets = iter(encoded["offset_mapping"])
        return [
            [_score(next(outputs), next(offsets), len(start)) for _ in turn.continuations]
            for start, turn in zip(starts, turns, strict=True)
        ]

    def _generate(self, prompts: list[dict[str, list[int]]]) -> list[Any]:
        engine = self._engine
        try:
            return list(engine.llm.generate(prompts, self._sampling, use_tqdm=False, lora_request=engine.lora))
        except engine.refusals as error:
            raise ModelError(f"{self.name} does not take a text: {str(error).splitlines()[0]}") from None


def _score(output: Any, offsets: Sequence[tuple[int, int]], start: int) -> Score:
    """`prompt_logprobs` has a mapping for each token from its id to its log-probability; the first has none."""
    given = zip(output.prompt_token_ids, output.prompt_logprobs, offsets, strict=True)
    said = [ranked[token].logprob for token, ranked, (_, end) in given if end > start and ranked is not None]
    return Score(float(sum(said)), len(said))
