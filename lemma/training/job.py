"""What the objectives share: prepared data with its counts, and the arguments of every trainer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset
from transformers import TrainingArguments
from transformers.integrations import get_available_reporting_integrations

from lemma.exceptions import ConfigError
from lemma.records import Rejection
from lemma.training import muon
from lemma.training.models import on_cpu, this_process, use_bf16
from lemma.training.presets import TrainSettings
from lemma.training.records import Line

TOO_LONG = "too_long"
# Renamed within transformers 5: newer releases warn about the old name, older ones do not know the new one.
_NEW_NAME = "activation_checkpointing"
_CHECKPOINTING = _NEW_NAME if hasattr(TrainingArguments, _NEW_NAME) else "gradient_checkpointing"


@dataclass
class PreparedData:
    """Tokenized records, ready for a trainer, and an account of every line that was read."""

    train: Dataset
    held_out: Dataset | None
    counts: Counter[str]
    rejections: list[Rejection]


@dataclass
class Row:
    """A tokenized record: its columns, its number of tokens, how many are trained, and whether it was cut."""

    columns: Mapping[str, Any]
    tokens: int
    trained: int
    cut: bool = False


@dataclass
class _Side:
    columns: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, columns: Mapping[str, Any]) -> None:
        for name, value in columns.items():
            self.columns.setdefault(name, []).append(value)

    def dataset(self) -> Dataset | None:
        return (
            Dataset(pa.table({name: pa.array(values) for name, values in self.columns.items()}))
            if self.columns
            else None
        )


def prepare(
    lines: Iterable[Line], rows: Callable[[Iterable[Line]], Iterator[tuple[Line, Row | None]]], config: TrainSettings
) -> PreparedData:
    """Tokenize all lines with `rows`, split off the held-out problems, and count what was cut or dropped.

    `rows` gives None for a record that is too long to be useful. Raises ConfigError if nothing is left to train on.
    """
    train, held_out, counts, rejections = _Side(), _Side(), Counter[str](), []
    for line, row in rows(lines):
        if row is None:
            detail = f"{line.place}: longer than {config.max_length} tokens, and the part to learn is beyond them"
            rejections.append(Rejection(stage=config.command, id=line.id, reason=TOO_LONG, detail=detail))
            continue
        counts["records cut to the maximum length"] += row.cut
        if line.held_out(config.seed, config.eval_share):
            held_out.add(row.columns)
            counts["held-out records"] += 1
            continue
        train.add(row.columns)
        counts.update({"training records": 1, "tokens in them": row.tokens, "trained tokens": row.trained})
    dataset = train.dataset()
    if dataset is None:
        raise ConfigError(
            f"no records left to train on: {len(rejections)} are longer than {config.max_length} tokens and "
            f"{counts['held-out records']} are held out; raise --max-length or lower --eval-share"
        )
    return PreparedData(dataset, held_out.dataset(), +counts, rejections)


def common_arguments(config: TrainSettings, folder: Path, rows: int, held_out: bool) -> dict[str, Any]:
    """The training arguments that do not depend on the objective. `rows` is the length of the training data.

    Raises ConfigError if a --report-to integration is not installed.
    """
    installed = get_available_reporting_integrations()
    for name in config.report_to:
        if name not in installed:
            known = f"installed: {', '.join(installed)}" if installed else "no integration is"
            raise ConfigError(f"--report-to {name}: not installed ({known}); pip install {name}")
    device_batch, accumulation = split_batch(config, this_process().num_processes)
    steps = total_steps(config, rows)
    evaluation: dict[str, Any] = {"eval_strategy": "no"}
    if held_out:
        every = max(1, steps // config.evaluations)
        evaluation = {"eval_strategy": "steps", "eval_steps": every, "eval_on_start": True}
    return {
        **evaluation,
        "output_dir": str(folder),
        "use_cpu": on_cpu(),
        "ddp_find_unused_parameters": False,
        "dataloader_pin_memory": not on_cpu(),
        "bf16": use_bf16(config),
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.schedule,
        "warmup_steps": config.warmup,
        "num_train_epochs": config.epochs,
        "max_steps": steps if config.max_steps is not None else -1,
        "per_device_train_batch_size": device_batch,
        "per_device_eval_batch_size": device_batch,
        "gradient_accumulation_steps": accumulation,
        _CHECKPOINTING: config.activation_checkpointing,
        "optim": optimizer_name(config),
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "seed": config.seed,
        "data_seed": config.seed,
        "save_strategy": "steps",
        "save_steps": config.save_every,
        "save_total_limit": 2,
        "logging_steps": max(1, min(10, steps // 40)),
        "logging_nan_inf_filter": False,
        "report_to": list(config.report_to) or "none",
        "disable_tqdm": True,
    }


def total_steps(config: TrainSettings, rows: int) -> int:
    """Optimizer steps of the whole training."""
    steps = math.ceil(math.ceil(rows / config.effective_batch) * config.epochs)
    return min(steps, config.max_steps or steps)


def split_batch(config: TrainSettings, processes: int) -> tuple[int, int]:
    """Records per device, and steps to accumulate, so that the effective batch is the one asked for.

    Raises ConfigError if the effective batch cannot be divided among the processes.
    """
    each, rest = divmod(config.effective_batch, processes)
    if rest:
        raise ConfigError(
            f"--effective-batch {config.effective_batch} cannot be divided among {processes} processes; "
            f"use a multiple of {processes}"
        )
    device_batch = max(size for size in range(1, min(config.device_batch, each) + 1) if each % size == 0)
    return device_batch, each // device_batch


def optimizer_name(config: TrainSettings) -> str:
    """The optimizer asked for, as transformers calls it; without a GPU a paged one, which moves its state between GPU
    and CPU, becomes AdamW. Muon is none of theirs: the objective makes it. Raises ConfigError if it can't be used.
    """
    if config.optimizer == muon.NAME:
        if config.objective != "sft" or config.adapter:
            raise ConfigError("--optimizer muon trains whole models with --objective sft; leave out adapters")
        return "adamw_torch"
    return "adamw_torch" if config.optimizer.startswith("paged_adamw") and on_cpu() else config.optimizer


def int_array(values: Any) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Token ids in the form in which they are kept: four bytes each."""
    return np.asarray(values, dtype=np.int32)
