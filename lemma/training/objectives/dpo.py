"""Direct preference optimization with TRL's trainer: the right step over the wrong one (RISE, arXiv 2410.06638), or
reflection and right step over the wrong continuation (SFS-DPO, arXiv 2608.11573).

The steps so far, `shared` by both answers, are part of the prompt, as in the papers. Both sides end in the middle of a
solution, so no end-of-text token is appended: the model would be rewarded for stopping there. That is why the pairs are
tokenized here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from lemma.models.chat_template import common_prefix, render_begun
from lemma.training.job import PreparedData, Row, common_arguments, int_array
from lemma.training.models import adapter_config, loading_options
from lemma.training.presets import TrainSettings
from lemma.training.records import Line


def prepare_rows(lines: Iterable[Line], tokenizer: Any, config: TrainSettings) -> Iterator[tuple[Line, Row | None]]:
    """Tokenize preference pairs. A pair that is too long gives None: half a pair compares nothing."""
    for line in lines:
        chosen, rejected = line.text("chosen"), line.text("rejected")
        shared = line.values.get("shared", 0)
        if not isinstance(shared, int) or chosen[:shared] != rejected[:shared]:
            raise line.error("'shared' must be the number of characters with which both answers begin")
        prompt = render_begun(tokenizer, line.messages("prompt"))
        texts = [prompt + chosen[:shared], prompt + chosen, prompt + rejected]
        ids, with_chosen, with_rejected = tokenizer(texts, add_special_tokens=False)["input_ids"]
        if max(len(with_chosen), len(with_rejected)) > config.max_length:
            yield line, None
            continue
        # A tokenizer may merge the end of the prompt with the answer: what all three have in common is given.
        given = min(common_prefix(ids, with_chosen), common_prefix(ids, with_rejected))
        columns = {
            "prompt_ids": int_array(ids[:given]),
            "chosen_ids": int_array(with_chosen[given:]),
            "rejected_ids": int_array(with_rejected[given:]),
        }
        tokens = sum(map(len, columns.values()))
        yield line, Row(columns, tokens, tokens - given)


def make_trainer(model: str, tokenizer: Any, data: PreparedData, config: TrainSettings, folder: Path) -> DPOTrainer:
    """TRL's trainer on the prepared pairs; the reference is the model as it was, or the base under the adapter."""
    arguments = DPOConfig(
        **common_arguments(config, folder, len(data.train), data.held_out is not None),
        model_init_kwargs=loading_options(config),
        max_length=None,  # longer pairs were dropped and counted in prepare_rows
        beta=config.beta,
    )
    return TokenisedDPOTrainer(
        model,
        args=arguments,
        train_dataset=data.train,
        eval_dataset=data.held_out,
        processing_class=tokenizer,
        peft_config=adapter_config(config),
    )


class TokenisedDPOTrainer(DPOTrainer):
    """DPOTrainer that takes tokenized pairs as they are."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset
