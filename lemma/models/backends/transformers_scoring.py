"""Scoring with a model of transformers, on the GPU where there is one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from lemma.models.chat_template import common_prefix, load_tokenizer, no_model, render_prompt
from lemma.rundir.lines import fingerprint
from lemma.trajectories.phrase_scores import Score, Turn

_WEIGHTS = ("*.safetensors", "*.bin", "tokenizer.json")


class TransformersScorer:
    """A causal model from a folder or the Hugging Face hub; a folder with a LoRA adapter works too (PEFT loads it).

    What the candidates of a turn share is computed once. Raises ConfigError where there is no such model.
    """

    def __init__(self, model: str) -> None:
        self._tokenizer = load_tokenizer(model)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        try:
            self._model = AutoModelForCausalLM.from_pretrained(model, dtype=dtype).to(device).eval()
        except (OSError, ValueError) as error:
            raise no_model(model, error) from None
        files = sorted(file for pattern in _WEIGHTS for file in Path(model).glob(pattern))
        self.name = ":".join([model, *map(fingerprint, files)])

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        """The score of each continuation of each turn, one turn after the other."""
        return [self._score(turn) for turn in turns]

    @torch.inference_mode()
    def _score(self, turn: Turn) -> list[Score]:
        prompt = render_prompt(self._tokenizer, [{"role": "user", "content": turn.question}]) + turn.before
        texts = [prompt + text for text in turn.continuations]
        encoded = self._tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
        rows = encoded["input_ids"]
        said = [_tokens_past(len(prompt), offsets) for offsets in encoded["offset_mapping"]]
        same = min(common_prefix(rows[0], row) for row in rows)
        shared = max(1, min(same, *(numbers[0] for numbers in said)))
        scores = []
        for numbers, given in zip(said, self._log_probs(rows, shared), strict=True):
            chosen = given[[number - shared for number in numbers if number >= shared]]
            scores.append(Score(float(chosen.double().sum()), len(chosen)))
        return scores

    def _log_probs(self, rows: list[list[int]], shared: int) -> torch.Tensor:
        """Log-probability of each token after the first `shared` ones, padded on the right."""
        device = self._model.device
        cache = None
        if shared > 1:
            start = torch.tensor([rows[0][: shared - 1]], device=device)
            cache = self._model(start, use_cache=True, logits_to_keep=1).past_key_values
            cache = copy.deepcopy(cache)
            cache.batch_repeat_interleave(len(rows))
        rests = [torch.tensor(row[shared - 1 :]) for row in rows]
        inputs = torch.nn.utils.rnn.pad_sequence(rests, batch_first=True, padding_value=0).to(device)
        mask = torch.ones(len(rows), shared - 1 + inputs.shape[1], dtype=torch.long, device=device)
        for number, row in enumerate(rows):
            mask[number, len(row) :] = 0
        logits = self._model(inputs, attention_mask=mask, past_key_values=cache, use_cache=cache is not None).logits
        given = torch.log_softmax(logits[:, :-1].float(), dim=-1)
        return given.gather(2, inputs[:, 1:, None]).squeeze(2).cpu()


def _tokens_past(position: int, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The numbers of the tokens with a character at or past a position."""
    return [number for number, (_, end) in enumerate(offsets) if end > position]
