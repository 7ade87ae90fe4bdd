"""What the loss that knows the parts of the text costs: the time of a step, ours over plain TRL.

Both trainers get the same records, model and arguments, and take turns in one process, so that whatever else the
machine does falls on both. Printed is the ratio of the median step times, by the wall clock and by the processor's,
and for each the 95 % interval (bootstrap over the rounds); the time to prepare the data is given beside it.

    python benchmarks/training_overhead.py RUN --rounds 10 --steps 6
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from lemma.chat_template import load_tokenizer
from lemma.config import TrainConfig
from lemma.training.job import common_arguments, prepare
from lemma.training.models import adapter_config, loading_options, model_folder
from lemma.training.objectives import sft
from lemma.training.presets import with_preset
from lemma.training.records import Line, read_record_lines, record_files

_RESAMPLES = 2000
Clocks = tuple[float, float]


class StepTimes(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """Seconds from the end of one step to the end of the next: all of it, also the collator and the logs."""

    def __init__(self) -> None:
        self._last: Clocks | None = None
        self.steps: list[Clocks] = []

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        self._last = None

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = (time.perf_counter(), time.process_time())
        if self._last is not None:
            self.steps.append((now[0] - self._last[0], now[1] - self._last[1]))
        self._last = now


def ours(model: str, tokenizer: Any, lines: Sequence[Line], config: TrainConfig, folder: Path) -> Any:
    """Our trainer, with its own preparation of the data."""
    data = prepare(lines, lambda some: sft.prepare_rows(some, tokenizer, config), config)
    return sft.make_trainer(model, tokenizer, data, config, folder)


def plain(model: str, tokenizer: Any, lines: Sequence[Line], config: TrainConfig, folder: Path) -> Any:
    """TRL's trainer on the same records, which it prepares."""
    rows = [{name: line.values[name] for name in ("prompt", "completion")} for line in lines]
    return SFTTrainer(
        model,
        SFTConfig(
            **common_arguments(config, folder, len(rows), held_out=False),
            model_init_kwargs=loading_options(config),
            max_length=config.max_length,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=adapter_config(config),
    )


def take_turns(trainers: Sequence[Any], rounds: int) -> list[list[list[Clocks]]]:
    """Step times by trainer and round; who goes first changes every round. One round before goes uncounted."""
    clocks = [StepTimes() for _ in trainers]
    for trainer, clock in zip(trainers, clocks, strict=True):
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(clock)
    measured: list[list[list[Clocks]]] = [[] for _ in trainers]
    for number in range(rounds + 1):
        order = range(len(trainers)) if number % 2 else range(len(trainers) - 1, -1, -1)
        for which in order:
            clocks[which].steps = []
            trainers[which].train()
            if number:
                measured[which].append(clocks[which].steps)
    return measured


def ratio(rounds: Sequence[tuple[list[Clocks], list[Clocks]]], clock: int) -> float:
    """Median step of the first over median step of the second."""
    left, right = ([step[clock] for pair in rounds for step in pair[side]] for side in (0, 1))
    return median(left) / median(right)


def interval(rounds: Sequence[Any], statistic: Callable[[Sequence[Any]], float]) -> tuple[float, float]:
    """95 % interval of a statistic of the rounds, by the percentile bootstrap."""
    rng = random.Random(0)
    drawn = sorted(statistic(rng.choices(rounds, k=len(rounds))) for _ in range(_RESAMPLES))
    return drawn[int(0.025 * _RESAMPLES)], drawn[int(0.975 * _RESAMPLES)]


def timed(build: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """What a function gives, and the processor time it takes."""
    before = time.process_time()
    return build(*arguments), time.process_time() - before


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory with sft/lemma.jsonl")
    parser.add_argument("--model", help="folder or id; default: the embedded model")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    config = TrainConfig(
        run=asked.run,
        model=asked.model,
        preset="tiny",
        max_steps=asked.steps,
        effective_batch=asked.batch,
        device_batch=asked.batch,
        eval_share=0,
        save_every=10**9,
    )
    compare(with_preset(config), asked.rounds)


def compare(config: TrainConfig, rounds: int) -> None:
    """Measure without a mask, where both compute the same, and with a weight on the wrong step."""
    lines = list(read_record_lines(record_files(config.run, "sft", ("lemma",))))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model = model_folder(config.model_copy(update={"run": folder}), (line.conversation("sft") for line in lines))
        tokenizer = load_tokenizer(model)
        theirs, their_seconds = timed(plain, model, tokenizer, lines, config, folder)
        for name, changes in (("no mask", {}), ("error weight 0.3", {"error_weight": 0.3})):
            changed = config.model_copy(update=changes)
            mine, seconds = timed(ours, model, tokenizer, lines, changed, folder)
            pairs = list(zip(*take_turns((mine, theirs), rounds), strict=True))
            print(f"{name}: {len(lines)} records, {rounds} rounds of {config.max_steps} steps each")
            for clock, title in enumerate(("wall clock", "processor")):
                low, high = interval(pairs, lambda some, clock=clock: ratio(some, clock))  # type: ignore[misc]
                print(f"  step, ours over plain TRL, {title:10s} {ratio(pairs, clock):.4f}  [{low:.4f}, {high:.4f}]")
            print(f"  preparing the data, ours over plain TRL  {seconds / their_seconds:.2f} ({seconds:.1f} s)")


if __name__ == "__main__":
    main()
