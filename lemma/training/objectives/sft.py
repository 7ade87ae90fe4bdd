"""Supervised fine-tuning with TRL's trainer, and a loss that knows the parts of the text.

The records are tokenized here, with labels that TRL takes as they are. Added to its trainer are the weight of each
token (by the part it belongs to) and the mean loss of each part, both on the log-probabilities that the trainer
computes anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from trl import SFTConfig, SFTTrainer, pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from lemma.models.chat_template import RenderedExample, render_example
from lemma.training import muon
from lemma.training.batching import LikeLengths
from lemma.training.job import PreparedData, Row, common_arguments, int_array
from lemma.training.models import adapter_config, loading_options
from lemma.training.presets import TrainSettings
from lemma.training.records import Line
from lemma.training.token_labels import IGNORED, PARTS, Floats, Part, part_weights, parts_of_tokens, token_labels

_BATCH = 256
_LAST_PARTS = [PARTS.index(kind) for kind in ("correction", "response", "frame")]


def prepare_rows(lines: Iterable[Line], tokenizer: Any, config: TrainSettings) -> Iterator[tuple[Line, Row | None]]:
    """Tokenize records, with a label and a part for each token.

    A record that is too long is cut if the cut falls into its last part. Otherwise it would teach the mistake without
    the correction, so it gives None.
    """
    weights = part_weights(config.mask, config.error_weight)
    required = config.mask != "none" or config.error_weight is not None
    iterator = iter(lines)
    while batch := list(islice(iterator, _BATCH)):
        examples = [_render(line, tokenizer, required) for line in batch]
        texts = [rendered.text for rendered, _ in examples]
        encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
        for line, (rendered, parts), ids, offsets in zip(
            batch, examples, encoded["input_ids"], encoded["offset_mapping"], strict=True
        ):
            kinds = parts_of_tokens(rendered.text, offsets, parts, weights)
            yield line, _row(int_array(ids), kinds, weights, config.max_length)


def _render(line: Line, tokenizer: Any, required: bool) -> tuple[RenderedExample, list[Part]]:
    completion = line.text("completion")
    parts = line.parts(completion, required and line.kind == "lemma")
    rendered = render_example(tokenizer, line.messages("prompt"), completion)
    # Templates strip white space around the answer, so an edge may lie outside of what is left of it.
    moved = [Part(part.kind, rendered.place(part.start), rendered.place(part.end)) for part in parts]
    moved[0] = Part(moved[0].kind, rendered.content_start, moved[0].end)
    opening = Part("frame", rendered.trained_from, rendered.content_start)
    closing = Part("frame", rendered.content_end, len(rendered.text))
    return rendered, [opening, *moved, closing]


def _row(ids: np.ndarray[Any, Any], kinds: np.ndarray[Any, Any], weights: Floats, max_length: int) -> Row | None:
    cut = len(ids) > max_length
    ids, kinds = ids[:max_length], kinds[:max_length]
    labels = token_labels(ids, kinds, weights)
    if cut and (kinds[-1] not in _LAST_PARTS or (labels == IGNORED).all()):
        return None
    columns = {"input_ids": ids, "labels": labels, "parts": kinds}
    return Row(columns, len(ids), int((labels != IGNORED).sum()), cut)


def make_trainer(model: str, tokenizer: Any, data: PreparedData, config: TrainSettings, folder: Path) -> SegmentTrainer:
    """TRL's trainer on the prepared data. With packing, rows hold several records that do not attend to each other."""
    train, held_out = data.train, data.held_out
    if config.packing:
        # Packed here, not by TRL, which would drop the column with the parts.
        train, held_out = (part and pack_dataset(part, config.max_length, "bfd") for part in (train, held_out))
    arguments = SFTConfig(
        **common_arguments(config, folder, len(train), held_out is not None),
        model_init_kwargs=loading_options(config),
        max_length=None,  # records were cut and counted in prepare_rows
        padding_free=config.packing,
        average_tokens_across_devices=True,
    )
    return SegmentTrainer(
        model,
        arguments,
        train_dataset=train,
        eval_dataset=held_out,
        processing_class=tokenizer,
        peft_config=adapter_config(config),
        part_weights=part_weights(config.mask, config.error_weight),
        group_by_length=config.group_by_length,
        optimizer=config.optimizer,
    )


@dataclass
class PartsCollator(DataCollatorForLanguageModeling):
    """TRL's collator, which also pads and concatenates the column `parts`."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = super().torch_call(examples)
        parts = torch.zeros_like(batch["input_ids"])
        rows = [torch.tensor(example["parts"]) for example in examples]
        for row, values in enumerate([torch.cat(rows)] if self.padding_free else rows):
            parts[row, : len(values)] = values
        return batch | {"parts": parts}


class SegmentTrainer(SFTTrainer):
    """SFTTrainer with a weight for each part of the text, and the loss of each part in its logs.

    In evaluation all tokens of the answer are scored, including masked ones: `eval_loss_error` shows whether the model
    learns to make the mistake, while `eval_loss` remains the loss that is trained.
    """

    def __init__(self, *args: Any, part_weights: Floats, group_by_length: bool, optimizer: str, **kwargs: Any) -> None:
        self._group_by_length, self._optimizer_name = group_by_length, optimizer
        super().__init__(*args, **kwargs)
        # TRL refuses a custom collator if padding_free is set, so it is replaced afterwards.
        self.data_collator: Any = PartsCollator(**vars(self.data_collator))
        self._part_weights = torch.from_numpy(part_weights).to(self.args.device)
        self._labels_say_all = set(part_weights.tolist()) <= {0.0, 1.0}
        self._part_sums = {mode: self._zeros() for mode in ("train", "eval")}

    def _zeros(self) -> torch.Tensor:
        return torch.zeros(2, len(PARTS), device=self.args.device)

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        if "parts" not in self._signature_columns:
            self._signature_columns.append("parts")

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if not self._group_by_length:
            return super()._get_train_sampler(train_dataset)
        lengths = [len(row) for row in self.train_dataset["input_ids"]]
        return LikeLengths(lengths, self.args.train_batch_size, self.args.seed)

    def create_optimizer(self, model: Any = None) -> Any:
        """The trainer's own, or Muon, which transformers does not know."""
        if self._optimizer_name == muon.NAME and getattr(self, "optimizer", None) is None:
            named = (model or self.model).named_parameters()
            self.optimizer: Any = muon.Muon(named, self.args.learning_rate, self.args.weight_decay)
        return super().create_optimizer(model)

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: torch.device) -> tuple[list[Any], Any]:
        """Like the trainer's own, but with the sum of the tokens' weights, not their number, as divisor of the loss."""
        samples, count = super().get_batch_samples(epoch_iterator, num_batches, device)
        if count is None or not samples or self._labels_say_all:
            return samples, count
        trained = torch.zeros(2, device=self.args.device)
        for batch in samples:
            kinds = batch["parts"][:, 1:][batch["labels"][:, 1:] != IGNORED].to(self.args.device)
            trained += torch.stack([self._part_weights[kinds].sum(), torch.tensor(float(len(kinds)), device=device)])
        weight, number = self.accelerator.reduce(trained, "sum")
        return samples, count * weight / number.clamp(min=1)

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The trainer's own loss, on log-probabilities multiplied by the weights of their tokens."""
        mode = "train" if self.model.training else "eval"
        parts = inputs.pop("parts")
        if mode == "eval":
            inputs["labels"] = torch.where(parts > 0, inputs["input_ids"], inputs["labels"])

        def weighted(**model_inputs: Any) -> Any:
            outputs = model(**model_inputs)
            # Nats and numbers of scored tokens, added up by part.
            losses = torch.stack([-outputs.log_probs.detach().float().flatten(), outputs.label_mask.float().flatten()])
            self._part_sums[mode].index_add_(1, parts[:, 1:].flatten(), losses)
            if mode == "eval" or not self._labels_say_all:
                weights = self._part_weights[parts[:, 1:]]
                for name in ("log_probs", "label_mask", "entropy", "is_top1"):
                    outputs[name] = outputs[name] * weights
            return outputs

        return super().compute_loss(weighted, inputs, *args, **kwargs)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add `loss_error`, `loss_correction` ...: the mean loss of the tokens of each part since the last log."""
        mode = "train" if self.model.training else "eval"
        sums, counts = self.accelerator.reduce(self._part_sums[mode], "sum").tolist()
        self._part_sums[mode] = self._zeros()
        prefix = "eval_loss_" if mode == "eval" else "loss_"
        logs.update({prefix + kind: total / n for kind, total, n in zip(PARTS, sums, counts, strict=True) if n})
        super().log(logs, start_time)
