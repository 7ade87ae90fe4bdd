"""The cost of the part-aware loss: time per training step, lemma over plain TRL.

Both trainers get the same records, model, and arguments, and alternate step by step in one process, so that other load
on the machine affects both and each lemma step is paired with the TRL step on the same batch. Prints the median ratio
of these pairs by wall-clock and CPU time with its 95 % interval (bootstrap over the pairs), and the time to prepare the
data. On a shared machine, trust the CPU time.

    python benchmarks/training_overhead.py RUN --steps 200
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from threading import Semaphore
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from lemma.config import TrainConfig
from lemma.models.chat_template import load_tokenizer
from lemma.statistics import percentile_interval
from lemma.training.job import common_arguments, prepare
from lemma.training.models import adapter_config, loading_options, model_folder
from lemma.training.objectives import sft
from lemma.training.presets import TrainSettings, with_preset
from lemma.training.records import Line, read_record_lines, record_files

_RESAMPLES = 2000
_FIRST_STEPS = 3
_WAYS: dict[str, dict[str, Any]] = {
    "no mask": {},
    "the wrong step masked": {"mask": "error"},
    "the wrong step weighted 0.3": {"error_weight": 0.3},
}
Clocks = tuple[float, float]


class Turn(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """Measure a whole step from the end of the previous one, including collator, optimizer, and logs. Then stop the
    clocks and let the other trainer have its turn.
    """

    def __init__(self, mine: Semaphore, other: Semaphore) -> None:
        self._mine, self._other = mine, other
        self._began: Clocks = (0.0, 0.0)
        self.steps: list[Clocks] = []

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        self._wait()

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.steps.append((time.perf_counter() - self._began[0], time.thread_time() - self._began[1]))
        self._other.release()
        self._wait()

    def on_train_end(self, *args: Any, **kwargs: Any) -> None:
        self._other.release()

    def _wait(self) -> None:
        self._mine.acquire()
        self._began = (time.perf_counter(), time.thread_time())


def ours(model: str, tokenizer: Any, lines: Sequence[Line], config: TrainSettings, folder: Path) -> Any:
    """lemma's trainer, including data preparation."""
    data = prepare(lines, lambda some: sft.prepare_rows(some, tokenizer, config), config)
    return sft.make_trainer(model, tokenizer, data, config, folder)


def plain(model: str, tokenizer: Any, lines: Sequence[Line], config: TrainSettings, folder: Path) -> Any:
    """TRL's trainer on the same records, including data preparation."""
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


def take_turns(mine: Any, theirs: Any) -> list[tuple[Clocks, Clocks]]:
    """Pairs of step times, lemma's first. The first steps, which fill caches and pools, are left out."""
    batons = Semaphore(1), Semaphore(0)
    turns = Turn(batons[0], batons[1]), Turn(batons[1], batons[0])
    for trainer, turn in zip((mine, theirs), turns, strict=True):
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(turn)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(trainer.train) for trainer in (mine, theirs)]:
            done.result()
    return list(zip(turns[0].steps, turns[1].steps, strict=True))[_FIRST_STEPS:]


def ratio(pairs: Sequence[tuple[Clocks, Clocks]], clock: int) -> float:
    """The median ratio of lemma's step time to TRL's on the same batch."""
    return median(left[clock] / right[clock] for left, right in pairs)


def interval(pairs: Sequence[tuple[Clocks, Clocks]], clock: int) -> tuple[float, float]:
    """95 % interval of the ratio, by the percentile bootstrap."""
    ratios = np.array([left[clock] / right[clock] for left, right in pairs])
    drawn = np.random.default_rng(0).choice(ratios, size=(_RESAMPLES, len(ratios)))
    return percentile_interval(np.median(drawn, axis=1))


def timed(build: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """What a function returns, and the CPU time it takes."""
    before = time.process_time()
    return build(*arguments), time.process_time() - before


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory with sft/lemma.jsonl")
    parser.add_argument("--model", help="folder or Hugging Face id (default: the built-in tiny model)")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    config = TrainConfig(
        run=asked.run,
        model=asked.model,
        preset="tiny",
        max_steps=asked.steps,
        epochs=1000,
        effective_batch=asked.batch,
        device_batch=asked.batch,
        eval_share=0,
        save_every=10**9,
    )
    compare(with_preset(config))


def compare(config: TrainSettings) -> None:
    """Measure without a mask (both compute the same), with a mask, and with a weight on the wrong step."""
    lines = list(read_record_lines(record_files(config.run, "sft", ("lemma",))))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model = model_folder(config.model_copy(update={"run": folder}), (line.conversation("sft") for line in lines))
        tokenizer = load_tokenizer(model)
        for name, changes in _WAYS.items():
            changed = config.model_copy(update=changes)
            mine, seconds = timed(ours, model, tokenizer, lines, changed, folder)
            theirs, their_seconds = timed(plain, model, tokenizer, lines, config, folder)
            assert mine.train_dataset["input_ids"] == theirs.train_dataset["input_ids"]
            pairs = take_turns(mine, theirs)
            print(f"{name}: {len(lines)} records, {len(pairs)} steps each", flush=True)
            for clock, title in enumerate(("wall clock", "CPU time")):
                low, high = interval(pairs, clock)
                print(f"  step, lemma over plain TRL, {title:10s} {ratio(pairs, clock):.4f}  [{low:.4f}, {high:.4f}]")
            print(f"  data preparation, lemma over plain TRL  {seconds / their_seconds:.2f} ({seconds:.1f} s)")


if __name__ == "__main__":
    main()
