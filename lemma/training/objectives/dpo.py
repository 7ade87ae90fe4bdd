"""Direct preference optimisation with TRL's trainer: the right step against the wrong one (RISE, arXiv 2410.06638), or
reflection and right step against the wrong continuation (SFS-DPO, arXiv 2608.11573).

The steps so far, `shared` by both answers, are given as part of the prompt, as in the papers. Both sides break off in
the middle of a solution, so no end-of-text token is put behind them: the model would be rewarded for stopping there.
That is why the pairs are tokenised here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from lemma.config import TrainConfig
from lemma.models.chat_template import common_prefix, render_prompt
from lemma.training.job import PreparedData, Row, common_arguments, int_array
from lemma.training.models import adapter_config, loading_options
from lemma.training.records import Line


def prepare_rows(lines: Iterable[Line], tokenizer: Any, config: TrainConfig) -> Iterator[tuple[Line, Row | None]]:
    """Tokenise preference pairs. None is given for a pair that is too long: half a pair compares nothing."""
    for line in lines:
        prompt, chosen, rejected = _texts(line, tokenizer)
        texts = [prompt, prompt + chosen, prompt + rejected]
        ids, with_chosen, with_rejected = tokenizer(texts, add_special_tokens=False)["input_ids"]
        if max(len(with_chosen), len(with_rejected)) > config.max_length:
            yield line, None
            continue
        given = min(common_prefix(ids, with_chosen), common_prefix(ids, with_rejected))
        columns = {
            "prompt_ids": int_array(ids[:given]),
            "chosen_ids": int_array(with_chosen[given:]),
            "rejected_ids": int_array(with_rejected[given:]),
        }
        tokens = sum(map(len, columns.values()))
        yield line, Row(columns, tokens, tokens - given)


def _texts(line: Line, tokenizer: Any) -> tuple[str, str, str]:
    """What is given, and the two ways to go on: the steps so far, with which both answers begin, are given."""
    chosen, rejected = line.text("chosen"), line.text("rejected")
    shared = line.values.get("shared", 0)
    if not isinstance(shared, int) or chosen[:shared] != rejected[:shared]:
        raise line.error("'shared' has to be the number of characters with which both answers begin")
    return render_prompt(tokenizer, line.messages("prompt")) + chosen[:shared], chosen[shared:], rejected[shared:]


def make_trainer(model: str, tokenizer: Any, data: PreparedData, config: TrainConfig, folder: Path) -> DPOTrainer:
    """TRL's trainer on the prepared pairs; the reference is the model as it was, or the base under the adapter."""
    arguments = DPOConfig(
        **common_arguments(config, folder, len(data.train), data.held_out is not None),
        model_init_kwargs=loading_options(config),
        max_length=None,  # longer pairs were dropped above, where they are counted
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
    """DPOTrainer that takes tokenised pairs as they are."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset
