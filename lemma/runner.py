"""Run commands as they are declared: first what they need, then the command, then its summary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from lemma.config import commands
from lemma.declaration import Command, Job, command_named
from lemma.engine.outcome import Outcome, Product
from lemma.engine.pool import run_stage
from lemma.engine.progress import new_progress
from lemma.engine.summary import Summary, print_summary
from lemma.exceptions import Refusal, RunDirectoryError, first_fault
from lemma.models.backend_choice import OPENAI, address_of, choose_backend
from lemma.models.prompts import prompt_versions
from lemma.options import CommandConfig, ModelConfig, ShardConfig, StageConfig
from lemma.records import Record, Rejection
from lemma.resources import own_prompts
from lemma.rundir.directory import RunDirectory
from lemma.rundir.journal import Journal
from lemma.rundir.lines import StoredLine, flowing_lines, stage_input
from lemma.rundir.manifest import read_manifest
from lemma.rundir.shards import Shard, in_its_shard, inputs_of
from lemma.rundir.sharing import Hold
from lemma.visible_text import one_line


def run_command(config: CommandConfig, console: Console, *, last: bool = True) -> None:
    """Run a command as typed. `last` says whether its summary ends with the command to type next."""
    run_prerequisites(config, console)
    with own_prompts(getattr(config, "prompts", None)):
        summary = run_alone(config, console)
    if summary is not None:
        print_summary(summary, last)


def run_alone(
    config: CommandConfig, console: Console, hold: Hold | None = None, progress: Progress | None = None
) -> Summary | None:
    """Run a command without its prerequisites, in the hold and display of those that run beside it, if any do."""
    command = command_named(config.command).with_options(config)
    if command.run is not None:
        return command.run(config, console)
    assert command.plan is not None and isinstance(config, StageConfig)
    directory = RunDirectory(config.run, hold)
    with directory.hold() as held, new_progress(console) as own:
        if isinstance(config, ShardConfig):
            config = in_its_shard(config, reads_run=command.reads is not None)
        inputs: dict[str, str] = {}
        for file in command.required:
            inputs |= stage_input(file.path(config.run), file.made_by[0], held)
        job = command.plan(config, held)
        inputs |= {**job.inputs, **prompt_versions(*job.prompts)}
        with RunDirectory(config.run, held).open_stage(config, command.outputs(), inputs) as journal:
            if job.announcement:
                console.print(job.announcement, markup=False, highlight=False)
            if job.items is None and command.reads is not None:
                lines = flowing_lines(command.reads.path(config.run), command.reads.made_by[0], held)
                job = replace(job, items=lines, parse=command.reads.record, stored=True)
            if isinstance(config, ShardConfig) and config.shard is not None:
                items = inputs_of(Shard.of(config.shard), job.items or (), journal, stored=job.stored)
                job = replace(job, items=items)
            notes = _make(command, job, config, journal, progress or own)
            finished = tuple(command.finish(config, journal.counts)) if command.finish else ()
            return Summary(
                made=journal.made,
                rejected=journal.rejected,
                files=(*(file.path(config.run) for file in command.writes), *finished),
                next=command.next_words(config),
                tallies=tuple(command.tallies(config, journal.counts)) if command.tallies else (),
                notes=(*job.notes, *notes),
                failure=command.failure(config, journal.counts) if command.failure and journal.is_complete else "",
            )


def _make(command: Command, job: Job, config: StageConfig, journal: Journal, progress: Progress) -> tuple[str, ...]:
    """Map the job's function over its inputs. Returns notes for the summary."""
    items = job.items or ()
    if job.function is None:
        journal.complete()
        return ()
    if job.model is None:
        making = partial(outcome_of, command, job.function, job.parse)
        engine = "local" if job.workers else config.engine
        workers = job.workers or config.workers
        run_stage(making, items, journal, workers, progress, total=job.total, engine=engine)
        return ()
    from lemma.engine.calls import run_calls  # the libraries behind it take half a second to import

    assert isinstance(config, ModelConfig)
    backend = job.backend or choose_backend(config.backend, job.model, config.base_url)
    config = config.model_copy(update={"backend": backend, "base_url": config.base_url or OPENAI})
    journal.remember("asked", {"model": job.model, "backend": backend, "address": address_of(config)})
    asking = partial(_answered, command, job.function, job.parse)
    asked = {job.model: config, **job.beside}
    return run_calls(asking, items, journal=journal, config=config, models=asked, progress=progress, total=job.total)


def outcome_of(
    command: Command, function: Callable[[Any], Iterable[Product]], record: type[Record] | None, item: Any
) -> Outcome:
    """What a command's function makes of one input. `record` is what a stored line is parsed as."""
    outcome = Outcome(item.id)
    parsed = _parsed(item, record)
    products = [parsed] if isinstance(parsed, Refusal | Rejection) else function(parsed)
    outcome.take(products, command.name, command.writes)
    return outcome


async def _answered(
    command: Command,
    function: Callable[[Any, Any], Awaitable[Iterable[Product]]],
    record: type[Record] | None,
    item: Any,
    client: Any,
) -> Outcome:
    """As `outcome_of`, for a function that asks a model."""
    outcome = Outcome(item.id)
    parsed = _parsed(item, record)
    try:
        products = [parsed] if isinstance(parsed, Refusal | Rejection) else await function(parsed, client)
    except Refusal as refusal:
        products = [refusal]
    outcome.take(products, command.name, command.writes)
    return outcome


def _parsed(item: Any, record: type[Record] | None) -> Any:
    """The input as the function takes it; a Refusal for a line that is no record."""
    if record is None or not isinstance(item, StoredLine):
        return item
    try:
        return record.model_validate_json(item.content)
    except ValidationError as error:
        return Refusal("invalid_record", first_fault(error))


def run_prerequisites(config: CommandConfig, console: Console) -> None:
    """Make what a command needs, if that can be done without asking anybody.

    Only a bare command without any run directory starts from the bundled sample. Raises RunDirectoryError, naming the
    command to type, if an explicit `--run` lacks what is needed, or if output that a model made would be made again.
    """
    command, run = command_named(config.command).with_options(config), getattr(config, "run", None)
    if not command.required or run is None:
        return
    needed = command.required[0]
    before, path = needed.made_by[0], needed.path(run)
    options = commands()[before]
    passed_on = {"run", "seed", "workers", "engine", "shard"} & config.model_fields_set
    typed: dict[str, Any] = {name: getattr(config, name) for name in passed_on if name in options.model_fields}
    if "run" in typed and not run.exists():
        first = before
        while makes := command_named(first).required:
            first = makes[0].made_by[0]
        raise RunDirectoryError(f"--run {run} does not exist; `lemma {first} --run {run}` starts it")
    if not path.exists():
        # A command that reads no run file is a source: what it would make here is not what the user's run is about.
        if run.exists() and command_named(before).reads is None:
            makers = " or ".join(f"`lemma {name} --run {run}`" for name in needed.made_by)
            raise RunDirectoryError(f"{path} is not there; {makers} makes it")
        shown = one_line(str(path))
        console.print(f"{shown} is not there yet: running `lemma {before}` first", style="dim", markup=False)
        run_command(options.lenient(typed), console, last=False)
        return
    entry = read_manifest(run).get(before)
    if entry is None or RunDirectory(run).is_as_recorded(entry["inputs"]):
        return
    if "asked" in entry or "model" in entry:
        raise RunDirectoryError(
            f"{path} was made from other inputs, with a model. Rerun `lemma {before} --run {run} --fresh` with "
            "its options; stored answers are not asked for again"
        )
    shown = one_line(str(path))
    console.print(f"{shown} was made from other inputs: running `lemma {before}` again", style="dim", markup=False)
    settings = {name: value for name, value in entry["settings"].items() if name in options.model_fields}
    run_command(options.lenient(settings | typed | {"run": run, "fresh": True}), console, last=False)
