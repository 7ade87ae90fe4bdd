"""`lemma run`: the commands of a pipeline file in order, each resuming where it stopped.

A command that reads, line by line, the file that the command before it writes runs side by side with it: each problem
moves on as soon as it is ready.

    lemma run offline
    lemma run lemma --set teacher=gpt-4o,model=student,data=gsm8k.jsonl
    lemma run my_pipeline.yaml --run some-run

A file lists commands with their options; options under `all` go to every command that has them:

    all: {seed: 1}
    stages:
      - augment: {types: "calc,logic", per_problem: 4}
      - correct:
      - build-sft: {records: "lemma,dpo"}

`--set` overrides the file. `student_base_url` sets `base_url` for the commands whose model is the student, and likewise
every option of a model, with `student_` or `teacher_`. `{run}` in a value stands for the run directory. Every option is
checked before the first command runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console

from lemma.config import RunConfig, commands
from lemma.declaration import Command, command_named
from lemma.engine.estimates import Stage, estimate, tally
from lemma.engine.progress import new_progress
from lemma.engine.side_by_side import flowing_groups, run_side_by_side
from lemma.engine.summary import Summary, print_summary
from lemma.exceptions import ConfigError, did_you_mean, first_fault
from lemma.models.backend_choice import choose_backend
from lemma.models.costs import read_prices
from lemma.options import MODEL_OPTIONS, ModelConfig, StageConfig
from lemma.problems.loading import open_problems
from lemma.resources import data_folder, load_yaml, own_prompts
from lemma.run_files import ERRONEOUS, PROBLEMS
from lemma.rundir.manifest import read_manifest
from lemma.runner import run_alone, run_command, run_prerequisites

_ROLES = ("student", "teacher")
_IN_PROCESS = ("vllm", "transformers")


class Pipeline(BaseModel):
    """A pipeline file: options for all commands, and the commands, each a name with its own options."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    all: dict[str, Any] = {}
    stages: tuple[dict[str, dict[str, Any] | None], ...]


def run(config: RunConfig, console: Console) -> None:
    """Run all commands. Raises ConfigError if an option cannot be used, before the first command runs."""
    stages = read_pipeline(config)
    if config.dry_run:
        estimates = estimate(map(facts_for_estimate, stages))
        print_summary(Summary({}, {}, (), tallies=(tally(estimates),), notes=("no model was asked (--dry-run)",)))
        return
    done = 0
    for group in flowing_groups(stages, flows_into):
        for number, stage in enumerate(group, start=done + 1):
            beside = f", beside {number - 1}" if stage is not group[0] else ""
            console.print(f"[bold]{number} of {len(stages)}: lemma {stage.command}{beside}[/bold]")
        done += len(group)
        last = done == len(stages)
        if len(group) == 1:
            run_command(group[0], console, last=last)
            continue
        run_prerequisites(group[0], console)
        with new_progress(console) as progress, own_prompts(getattr(group[0], "prompts", None)):
            summaries = run_side_by_side(group, lambda stage, hold: run_alone(stage, console, hold, progress), console)
        for summary in summaries:
            print_summary(summary, last and summary is summaries[-1])
    _print_total(stages)


COMMAND = Command(RunConfig, run=run)


def flows_into(before: StageConfig, after: StageConfig) -> bool:
    """Whether a command can run side by side with the one before it, reading its lines as they are written."""
    maker, reader = (command_named(config.command).with_options(config) for config in (before, after))
    if before.run != after.run or reader.reads is None or reader.reads not in maker.writes:
        return False
    # A model in this process takes the whole machine, so nothing else can run.
    models = [config for config in (before, after) if isinstance(config, ModelConfig)]
    return not any(
        choose_backend(config.backend, config.asked() or "student", config.base_url) in _IN_PROCESS for config in models
    )


def facts_for_estimate(stage: StageConfig) -> Stage:
    """What an estimate needs to know about a command of the pipeline."""
    command = command_named(stage.command).with_options(stage)
    problems, price = None, None
    # Labeled solutions that `analyze` reads from a file are not counted: no model is asked about them.
    if command.reads is None and PROBLEMS in command.writes and not command.imports:
        data = getattr(stage, "from_", None) or getattr(stage, "data", None)
        columns, split = getattr(stage, "columns", {}), getattr(stage, "split", "train")
        problems = islice(
            open_problems(data, stage.command, columns, split, solved=False, config=getattr(stage, "config", None)),
            getattr(stage, "limit", None),
        )
    model = stage.asked() if isinstance(stage, ModelConfig) else None
    if isinstance(stage, ModelConfig) and stage.prices is not None and model is not None:
        price = read_prices(stage.prices).get(model)
    return Stage(
        command=stage.command,
        source=problems,
        reads=(command.reads or ERRONEOUS).name,
        writes=tuple(file.name for file in command.writes if file is not PROBLEMS),
        fan_out=command.fan_out(stage) if command.fan_out else 1,
        calls=command.calls(stage) if command.calls else 0,
        model=model,
        max_tokens=getattr(stage, "max_tokens", 0),
        price=price,
    )


def _print_total(stages: Sequence[StageConfig]) -> None:
    """Print calls, tokens and cost of all commands of the pipeline that asked a model."""
    total: Counter[str] = Counter()
    seconds, usd, priced = 0.0, 0.0, True
    for stage in stages:
        entry = read_manifest(stage.run).get(stage.command, {})
        seconds += float(entry.get("seconds", 0))
        used = entry.get("model")
        if isinstance(used, dict):
            total.update({name: int(used.get(name) or 0) for name in ("calls", "prompt_tokens", "completion_tokens")})
            priced = priced and used.get("cost_usd") is not None
            usd += float(used.get("cost_usd") or 0)
    if not total:
        return
    cost = f", {usd:,.3f} USD" if priced else ""
    tokens = f"{total['prompt_tokens']:,} + {total['completion_tokens']:,} tokens"
    Console(highlight=False, soft_wrap=True).print(
        f"total: {total['calls']:,} calls, {tokens}{cost}, {seconds:,.0f} s of work"
    )


def read_pipeline(config: RunConfig) -> list[StageConfig]:
    """The options of each command, in order."""
    shipped = data_folder("pipelines")
    path = shipped / f"{config.pipeline}.yaml"
    path = path if path.is_file() else Path(config.pipeline)
    if not path.is_file():
        names = sorted(file.stem for file in shipped.glob("*.yaml"))
        hint = did_you_mean(config.pipeline, names)
        raise ConfigError(f"there is no pipeline {config.pipeline!r}; give a YAML file or a shipped one ({hint})")
    try:
        pipeline = Pipeline.model_validate(load_yaml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML ({str(error).splitlines()[0]})") from None
    own = {"run": config.run, "seed": config.seed, "workers": config.workers, "fresh": config.fresh}
    typed: dict[str, Any] = {name: own[name] for name in own if name in config.model_fields_set}
    typed |= _pairs(config.set)
    shared = {"run": config.run} | pipeline.all
    stages = [_stage(path, number, entry, shared, typed) for number, entry in enumerate(pipeline.stages, start=1)]
    known = {name for stage in stages for name in _names(type(stage))}
    for name in shared | typed:
        if name not in known:
            raise ConfigError(
                f"{path}: none of its commands has an option {name!r}; {did_you_mean(name, sorted(known))}"
            )
    return stages


def _pairs(values: Iterable[str]) -> dict[str, str]:
    """Read `types=calc,logic,n=4` as `{"types": "calc,logic", "n": "4"}`: a comma ends a value only before a name."""
    names = {name for config in commands().values() for name in _names(config)}
    pairs: dict[str, str] = {}
    for text in values:
        parts = re.split(rf",\s*(?=(?:{'|'.join(sorted(map(re.escape, names)))})=)", text)
        for part in filter(None, map(str.strip, parts)):
            name, equals, value = part.partition("=")
            if not equals:
                raise ConfigError(f"--set {text}: expected NAME=VALUE pairs, separated by commas")
            pairs[name.strip().replace("-", "_")] = value.strip()
    return pairs


def _names(config: type[Any]) -> set[str]:
    """The names that a pipeline may use for a command's options, such as `base_url` and `teacher_base_url`."""
    fields = set(config.model_fields)
    return fields | {f"{config.role}_{name}" for name in MODEL_OPTIONS} if issubclass(config, ModelConfig) else fields


def _stage(
    path: Path,
    number: int,
    entry: Mapping[str, dict[str, Any] | None],
    shared: Mapping[str, Any],
    typed: Mapping[str, Any],
) -> StageConfig:
    """A command's options. Typed ones override those in the file, and its own override those under `all`."""
    by_command = {
        name: config for name, config in commands().items() if issubclass(config, StageConfig) and name != "run"
    }
    if len(entry) != 1:
        raise ConfigError(f"{path}: stages.{number}: expected one command with its options, found {', '.join(entry)}")
    ((command, own),) = entry.items()
    if command not in by_command:
        hint = did_you_mean(command, by_command)
        raise ConfigError(f"{path}: stages.{number}: there is no command {command!r}; {hint}")
    config = by_command[command]
    options: dict[str, Any] = {}
    for layer in (shared, own or {}, typed):
        options |= {
            name: value
            for name, value in layer.items()
            if name.partition("_")[0] not in _ROLES or name in config.model_fields
        }
        if issubclass(config, ModelConfig):
            # `teacher_base_url` is `base_url` if the command's model is the teacher, and overrides `base_url` itself.
            by_role = {name: f"{config.role}_{name}" for name in MODEL_OPTIONS}
            options |= {name: layer[long] for name, long in by_role.items() if long in layer}
    known = {*config.model_fields, *(own or {})}
    directory = str(options["run"])
    values = {
        name: value.replace("{run}", directory) if isinstance(value, str) else value
        for name, value in options.items()
        if name in known
    }
    # Options without effect are fine here: the same file is used with and without a model.
    return config.lenient(values, f"{path}: stages.{number}")
