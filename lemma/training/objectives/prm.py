"""A process reward model: for every step of a solution, whether it is right (arXiv 2211.14275, section 2.4).

It is a token classifier with a label at the end of every step. TRL 1.16 no longer has a trainer for it, so this is the
plain trainer of transformers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import get_peft_model
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    EvalPrediction,
    Trainer,
    TrainingArguments,
)

from lemma.models.chat_template import render_begun
from lemma.training.job import PreparedData, Row, common_arguments, int_array
from lemma.training.models import adapter_config, loading_options, this_process
from lemma.training.presets import TrainSettings
from lemma.training.records import Line
from lemma.training.token_labels import IGNORED

_NAMES = {0: "wrong", 1: "right"}
_STEP_END = "\n"


def prepare_rows(lines: Iterable[Line], tokenizer: Any, config: TrainSettings) -> Iterator[tuple[Line, Row | None]]:
    """Tokenize solutions, with a label on the token that ends each step. Long solutions are cut between two steps; one
    whose first step does not fit gives None.
    """
    for line in lines:
        text, ends, verdicts = _solution(line, tokenizer)
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        starts = np.array([start for start, _ in encoded["offset_mapping"]])
        # The token that ends a step is the last one that starts at or before the step's line end.
        last_tokens = np.searchsorted(starts, ends, side="right") - 1
        kept = last_tokens < config.max_length
        if not kept[0]:
            yield line, None
            continue
        ids = int_array(encoded["input_ids"])[: last_tokens[kept][-1] + 1]
        labels = np.full(len(ids), IGNORED, dtype=np.int32)
        labels[last_tokens[kept]] = np.array(verdicts, dtype=np.int32)[kept]
        yield line, Row({"input_ids": ids, "labels": labels}, len(ids), int(kept.sum()), not kept.all())


def _solution(line: Line, tokenizer: Any) -> tuple[str, list[int], list[bool]]:
    steps, verdicts = line.values.get("completions"), line.values.get("labels")
    if not (isinstance(steps, list) and isinstance(verdicts, list) and steps and len(steps) == len(verdicts)):
        raise line.error("'completions' and 'labels' must be lists of the same length")
    if not all(isinstance(step, str) for step in steps) or not all(isinstance(label, bool) for label in verdicts):
        raise line.error("'completions' must be texts, and 'labels' true or false")
    text, ends = render_begun(tokenizer, line.messages("prompt")), []
    for step in steps:
        text += step.rstrip() + _STEP_END
        ends.append(len(text) - 1)
    return text, ends, verdicts


def make_trainer(model: str, tokenizer: Any, data: PreparedData, config: TrainSettings, folder: Path) -> Trainer:
    """The trainer of transformers on a classifier with a new head."""
    return Trainer(
        _classifier(model, config),
        TrainingArguments(**common_arguments(config, folder, len(data.train), data.held_out is not None)),
        train_dataset=data.train,
        eval_dataset=data.held_out,
        processing_class=tokenizer,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        preprocess_logits_for_metrics=lambda logits, _: logits.argmax(-1),
        compute_metrics=step_accuracies,
    )


def _classifier(model: str, config: TrainSettings) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # for the head, which the base model does not have
        classifier = AutoModelForTokenClassification.from_pretrained(
            model,
            num_labels=len(_NAMES),
            id2label=_NAMES,
            device_map={"": this_process().device} if config.qlora else None,
            **loading_options(config),
        )
        adapter = adapter_config(config)
        classifier = classifier if adapter is None else get_peft_model(classifier, adapter)
    if adapter is not None and config.activation_checkpointing:
        classifier.enable_input_require_grads()
    return classifier


def step_accuracies(prediction: EvalPrediction) -> dict[str, float]:
    """One accuracy for right and one for wrong steps: most steps are right, so always saying so would look good."""
    labels, predicted = np.asarray(prediction.label_ids), np.asarray(prediction.predictions)
    found = {name: labels == value for value, name in _NAMES.items() if (labels == value).any()}
    return {f"accuracy_{name}_steps": float((predicted == labels)[at].mean()) for name, at in found.items()}
