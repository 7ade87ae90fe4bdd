"""`lemma train`: from the records of a run directory to a model."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from lemma.config import TrainConfig
from lemma.declaration import Command
from lemma.engine.summary import Summary, Tally
from lemma.exceptions import ConfigError, LemmaError, MissingExtraError, RunDirectoryError
from lemma.run_files import MODEL, REJECTED
from lemma.rundir.counts import MADE, Counts
from lemma.rundir.directory import RunDirectory
from lemma.rundir.disk import to_line
from lemma.rundir.journal import Chunk, Journal, count_rejection
from lemma.rundir.lines import fingerprint
from lemma.training.presets import TrainSettings, with_preset

if TYPE_CHECKING:
    from transformers import Trainer

    from lemma.training.job import PreparedData

# TRL reports every trainer that is made to its authors, unless this is set before it is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
_LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "matplotlib", "bitsandbytes")
_PREPARED, _TRAINED = "prepared", "trained"


def train(config: TrainConfig, console: Console) -> Summary | None:
    """Train as the config says; what it leaves open comes from the preset.

    An unfinished training goes on from its last whole checkpoint. In a launch of several processes only the first has
    a summary. Raises LemmaError for whatever a user can set right.
    """
    config = with_preset(config)
    for library in _LIBRARIES:
        if find_spec(library) is None:
            raise MissingExtraError(library, "train")
    _quieten()
    _one_gpu_a_process(console)
    from lemma.training.records import record_files

    files = record_files(config.run, config.objective, config.records)
    with _open_journal(config, files) as journal, _readable_errors():
        if _everywhere(journal is not None and _TRAINED in journal.done):
            return _summary(config, journal, [], ("trained already; --fresh trains again",)) if journal else None
        return _train(config, files, journal, console)


def _quieten() -> None:
    """Progress bars of loading and saving, and hints on faster kernels, would only tear our own bar."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    # PEFT and TRL read an attribute that transformers has renamed; nothing that a user of lemma could change.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()


def _one_gpu_a_process(console: Console) -> None:
    """Keep transformers from spreading one process over all GPUs, which would multiply the effective batch."""
    import torch

    number = torch.cuda.device_count()
    if number > 1 and "LOCAL_RANK" not in os.environ:
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
        console.print(f"1 of {number} GPUs is used; for all of them: accelerate launch -m lemma train ...")


def _open_journal(config: TrainConfig, files: Sequence[Path]) -> AbstractContextManager[Journal | None]:
    """The run directory's journal, in the first process; the others have nothing to write."""
    from lemma.training.models import this_process

    if not this_process().is_main_process:
        return nullcontext()
    return RunDirectory(config.run).open_stage(config, (), {file.name: fingerprint(file) for file in files})


def _everywhere(value: bool) -> bool:
    """What the first process knows, in all of them."""
    from accelerate.utils import broadcast_object_list

    return bool(broadcast_object_list([value])[0])


def _train(config: TrainSettings, files: Sequence[Path], journal: Journal | None, console: Console) -> Summary | None:
    from lemma.models.chat_template import load_tokenizer
    from lemma.training.checkpoints import last_checkpoint, remove_checkpoints
    from lemma.training.job import prepare
    from lemma.training.models import check_model, merge_adapter, model_folder
    from lemma.training.records import read_record_lines

    folder = config.output or config.run / MODEL
    if config.fresh and journal is not None:
        remove_checkpoints(folder)
    if config.resume and last_checkpoint(folder) is None:
        raise RunDirectoryError(f"{folder} holds no checkpoint to go on from; leave --resume out to start")
    objective = import_module(f"lemma.training.objectives.{config.objective}")
    model = model_folder(config, (line.conversation(config.objective) for line in read_record_lines(files)))
    parameters = check_model(config, model)
    tokenizer = load_tokenizer(model)
    data = prepare(read_record_lines(files), lambda lines: objective.prepare_rows(lines, tokenizer, config), config)
    if journal is not None:
        _account_for(data, journal)
        console.print(f"{model}, {parameters / 1e6:,.1f} million parameters, preset {config.preset}", highlight=False)
        console.print(", ".join(f"{count:,} {name}" for name, count in data.counts.items()), highlight=False)
        for reason, count in journal.rejected.items():
            console.print(f"{count:,} records dropped: {reason}, see {REJECTED.path(config.run)}", highlight=False)
    try:
        trainer = objective.make_trainer(model, tokenizer, data, config, folder)
    except ValueError as error:
        raise ConfigError(f"these settings can't be used: {' '.join(str(error).split())}") from error
    _run(trainer, console)
    if config.merge and config.adapter and journal is not None:
        merge_adapter(config, model, folder, tokenizer)
    return None if journal is None else _finish(trainer, config, files, journal)


def _account_for(data: PreparedData, journal: Journal) -> None:
    """Write down, once, what was cut and what was dropped."""
    if _PREPARED in journal.done:
        return
    lines = b"".join(to_line(rejection) for rejection in data.rejections)
    counts = Counts()
    counts.merge({MADE: data.counts})
    for rejection in data.rejections:
        count_rejection(counts, rejection)
    ids = (_PREPARED, *(rejection.id for rejection in data.rejections))
    journal.append(Chunk(ids, {REJECTED.name: lines}, counts))


def _run(trainer: Trainer, console: Console) -> None:
    """Train, from the last whole checkpoint if there is one, measure the held-out loss at the end, and save."""
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


def _finish(trainer: Trainer, config: TrainSettings, files: Sequence[Path], journal: Journal) -> Summary:
    from lemma.training.model_card import CardFacts, write_model_card

    history = trainer.state.log_history
    journal.append(Chunk((_TRAINED,), {}, {MADE: {"optimizer steps": trainer.state.global_step}}))
    write_model_card(Path(trainer.args.output_dir), CardFacts(config, tuple(files), journal.made, history))
    journal.complete()
    return _summary(config, journal, history, ())


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


@contextmanager
def _readable_errors() -> Iterator[None]:
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        raise LemmaError(
            "too little memory; lower --device-batch (the effective batch stays), add --activation-checkpointing, "
            "shorten --max-length, or use --lora or --qlora; the same command goes on from the last checkpoint"
        ) from None


def _next(config: TrainConfig) -> tuple[str, ...]:
    from lemma.training.models import merged_folder

    folder = config.output or config.run / MODEL
    if merged_folder(folder).exists():
        return ("eval", "--model", str(merged_folder(folder)))
    return ("eval",) if config.output is None else ("eval", "--model", str(folder))


COMMAND = Command(TrainConfig, run=train, then=_next)
