"""`lemma train`: train a model on the records of a run directory."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from lemma.config import AugmentConfig, BuildSftConfig, CorrectConfig, GenerateConfig, TrainConfig
from lemma.declaration import Command
from lemma.engine.summary import Summary, Tally
from lemma.exceptions import ConfigError, LemmaError, MissingExtraError, RunDirectoryError
from lemma.run_files import GENERATED, MODEL, PRACTICE_RUN, PRACTICE_TEST, PRACTICE_TRAIN, RECORDS, REJECTED
from lemma.rundir.counts import MADE, Counts
from lemma.rundir.directory import RunDirectory
from lemma.rundir.disk import to_line, write_whole
from lemma.rundir.journal import Chunk, Journal, count_rejection
from lemma.rundir.lines import fingerprint
from lemma.rundir.manifest import read_manifest
from lemma.runner import run_alone
from lemma.training import practice
from lemma.training.presets import TrainSettings, with_preset

if TYPE_CHECKING:
    from transformers import Trainer

# TRL reports every trainer to its authors, unless this is set before the import.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
_LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "matplotlib")
_BITSANDBYTES = "bitsandbytes"  # 4-bit weights, and optimizers with states of 8 bits or in pages
_PREPARED, _TRAINED = "prepared", "trained"


def train(config: TrainConfig, console: Console) -> Summary | None:
    """Train as the config says; the preset fills in what it leaves open.

    An unfinished training resumes from its last complete checkpoint. If a launcher starts several processes, only the
    first one returns a summary. Raises LemmaError for whatever a user can fix.
    """
    for library in _LIBRARIES:
        if find_spec(library) is None:
            raise MissingExtraError(library, "train")
    practices = wants_practice(config)
    config = with_preset(config.model_copy(update={"preset": practice.PRESET}) if practices else config)
    needed = config.qlora or any(part in config.optimizer for part in ("8bit", "paged", "bnb"))
    if needed and find_spec(_BITSANDBYTES) is None:
        raise MissingExtraError(_BITSANDBYTES, "train")
    # torch finds the device of an optimizer to restore in its state, and transformers' SGD has no momentum: no state.
    if config.optimizer == "sgd" and os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
        raise ConfigError("--optimizer sgd can't resume from a checkpoint under FSDP; use --optimizer adamw_torch")
    # Progress bars of loading and saving, and hints about faster kernels, would garble our own progress bar.
    logging.getLogger(_BITSANDBYTES).setLevel(logging.ERROR)
    # PEFT and TRL read an attribute that transformers has renamed; a user of lemma can do nothing about it.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    one_gpu_per_process(console)
    import torch
    from accelerate.utils import broadcast_object_list
    from transformers.utils.logging import disable_progress_bar

    from lemma.training.models import this_process
    from lemma.training.records import record_files

    disable_progress_bar()
    if practices:
        if this_process().is_main_process:
            _make_practice(config, console)
        this_process().wait_for_everyone()
    files = record_files(config.run / PRACTICE_RUN if practices else config.run, config.objective, config.records)
    opening: AbstractContextManager[Journal | None] = nullcontext()
    if this_process().is_main_process:  # the other processes have nothing to write
        opening = RunDirectory(config.run).open_stage(config, (), {file.name: fingerprint(file) for file in files})
    with opening as journal:
        try:
            # The first process knows whether the training is done; the broadcast tells all of them.
            if broadcast_object_list([journal is not None and _TRAINED in journal.done])[0]:
                return _summary(config, journal, [], ("already trained; --fresh trains again",)) if journal else None
            return _train(config, files, journal, console)
        except (torch.OutOfMemoryError, MemoryError):
            raise LemmaError(
                "out of memory. Lower --device-batch (the effective batch size stays the same), add "
                "--activation-checkpointing, shorten --max-length, or use --lora or --qlora; then rerun the command to "
                "resume from the last checkpoint"
            ) from None


def wants_practice(config: TrainConfig) -> bool:
    """Whether this is `lemma train` with nothing else, on records of the bundled sample, or with nothing but the preset
    for practice, in a run without records.
    """
    typed = config.model_fields_set - {"run", "seed", "workers", "engine", "fresh", "resume", "save_every"}
    if typed == {"preset"}:
        return config.preset == practice.PRESET and not any((config.run / RECORDS).glob("*.jsonl"))
    augmented = read_manifest(config.run).get("augment")
    return not typed and augmented is not None and augmented["settings"]["data"] is None


def _make_practice(config: TrainConfig, console: Console) -> None:
    """A run directory of generated problems, with records to train on and held-out problems for `lemma eval`."""
    run = config.run / PRACTICE_RUN
    reason = "the embedded model can't learn from the few records of the bundled sample. It trains"
    trains, instead = (reason, " instead") if (config.run / RECORDS).exists() else ("the embedded model trains", "")
    console.print(
        f"no --model given: {trains} on {practice.PROBLEMS:,} generated problems{instead}; {practice.HELD_OUT} more "
        "are held out for `lemma eval`",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    common: dict[str, Any] = {"run": run, "seed": config.seed, "workers": config.workers, "fresh": config.fresh}
    run_alone(GenerateConfig(n=practice.PROBLEMS + practice.HELD_OUT, **practice.STORIES, **common), console)
    lines = GENERATED.path(run).read_bytes().splitlines(keepends=True)
    write_whole(run / PRACTICE_TEST, b"".join(lines[: practice.HELD_OUT]))
    write_whole(run / PRACTICE_TRAIN, b"".join(lines[practice.HELD_OUT :]))
    data = str(run / PRACTICE_TRAIN)
    run_alone(AugmentConfig(data=data, types=practice.ERROR_TYPES, per_problem=1, **common), console)
    run_alone(CorrectConfig(strategies=("fix",), **common), console)
    run_alone(BuildSftConfig(records=("lemma", "cot"), strategies=("fix",), near_duplicates=1, **common), console)


def one_gpu_per_process(console: Console) -> None:
    """Keep transformers from spreading one process over all GPUs, which would multiply the effective batch size."""
    import torch

    number = torch.cuda.device_count()
    if number > 1 and "LOCAL_RANK" not in os.environ:
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
        console.print(f"using 1 of {number} GPUs. To use all of them: accelerate launch -m lemma train ...")


def _train(config: TrainSettings, files: Sequence[Path], journal: Journal | None, console: Console) -> Summary | None:
    from lemma.models.chat_template import load_tokenizer
    from lemma.training.checkpoints import last_checkpoint, remove_checkpoints
    from lemma.training.job import prepare
    from lemma.training.model_card import CardFacts, write_model_card
    from lemma.training.models import check_model, merge_adapter, model_folder
    from lemma.training.records import read_record_lines

    folder = config.output or config.run / MODEL
    if config.fresh and journal is not None:
        remove_checkpoints(folder)
    if config.resume and last_checkpoint(folder) is None:
        raise RunDirectoryError(f"{folder} holds no checkpoint to resume from; leave out --resume to start")
    objective = import_module(f"lemma.training.objectives.{config.objective}")
    model = model_folder(config, (line.conversation(config.objective) for line in read_record_lines(files)))
    parameters = check_model(config, model)
    tokenizer = load_tokenizer(model)
    data = prepare(read_record_lines(files), lambda lines: objective.prepare_rows(lines, tokenizer, config), config)
    if journal is not None:
        if _PREPARED not in journal.done:
            # Record, once, what was truncated and what was dropped.
            counts = Counts()
            counts.merge({MADE: data.counts})
            for rejection in data.rejections:
                count_rejection(counts, rejection)
            ids = (_PREPARED, *(rejection.id for rejection in data.rejections))
            journal.append(Chunk(ids, {REJECTED.name: b"".join(map(to_line, data.rejections))}, counts))
        console.print(f"{model}, {parameters / 1e6:,.1f} million parameters, preset {config.preset}", highlight=False)
        console.print(", ".join(f"{count:,} {name}" for name, count in data.counts.items()), highlight=False)
        for reason, count in journal.rejected.items():
            console.print(f"{count:,} records dropped: {reason}, see {REJECTED.path(config.run)}", highlight=False)
    try:
        trainer = objective.make_trainer(model, tokenizer, data, config, folder)
    except ValueError as error:
        raise ConfigError(f"these settings cannot be used: {' '.join(str(error).split())}") from error
    _run(trainer, console)
    if config.merge and config.adapter and journal is not None:
        merge_adapter(config, model, folder, tokenizer)
    if journal is None:
        return None
    history = trainer.state.log_history
    journal.append(Chunk((_TRAINED,), {}, {MADE: {"optimizer steps": trainer.state.global_step}}))
    write_model_card(Path(trainer.args.output_dir), CardFacts(config, tuple(files), journal.made, history))
    journal.complete()
    return _summary(config, journal, history, ())


def _run(trainer: Trainer, console: Console) -> None:
    """Train, from the last complete checkpoint if there is one, measure the held-out loss at the end, and save."""
    from transformers import PrinterCallback

    from lemma.training.checkpoints import MarkWholeCheckpoints, last_checkpoint
    from lemma.training.models import keep_four_bits_trainable
    from lemma.training.progress import TrainingProgress

    keep_four_bits_trainable(trainer.model)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(MarkWholeCheckpoints())
    trainer.add_callback(TrainingProgress(console))
    folder = Path(trainer.args.output_dir)
    checkpoint = last_checkpoint(folder)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    state = trainer.state
    measured = {entry["step"] for entry in state.log_history if "eval_loss" in entry}
    if trainer.eval_dataset is not None and state.global_step not in measured:
        trainer.evaluate()
    trainer.save_model(str(folder))


def _summary(config: TrainConfig, journal: Journal, history: list[dict[str, Any]], notes: tuple[str, ...]) -> Summary:
    from lemma.training.model_card import first_and_last_losses
    from lemma.training.models import merged_folder

    folder = config.output or config.run / MODEL
    merged = merged_folder(folder)
    files = (folder, merged) if merged.exists() else (folder,)
    losses = Tally("loss", ("", "first", "last"), tuple(first_and_last_losses(history)))
    return Summary(
        made=journal.made,
        rejected=journal.rejected,
        files=files,
        next=COMMAND.next_words(config),
        tallies=(losses,) if losses.rows else (),
        notes=notes,
    )


def next_command(config: TrainConfig) -> tuple[str, ...]:
    """Evaluate the trained model, merged if it was."""
    from lemma.training.models import merged_folder

    folder = config.output or config.run / MODEL
    if merged_folder(folder).exists():
        return ("eval", "--model", str(merged_folder(folder)))
    return ("eval",) if config.output is None else ("eval", "--model", str(folder))


COMMAND = Command(TrainConfig, run=train, then=next_command)
