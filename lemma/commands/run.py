"""Run: the stages of a pipeline file in order, each going on where it stopped. Where a stage reads what the one before
it makes line by line, both run side by side, and each problem flows on as soon as it is ready.

    lemma run offline
    lemma run lemma --set teacher=gpt-4o,model=student,data=gsm8k.jsonl
    lemma run my_pipeline.yaml --run some-run

A file lists stages with their options; what stands under `all` goes to every stage that has such an option:

    all: {seed: 1}
    stages:
      - augment: {types: calc, per_problem: 4}
      - correct:
      - build-sft: {records: "lemma,dpo"}

What is typed with `--set` wins over the file. `{run}` in a value stands for the run directory. Every option is checked
before the first stage runs.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console

from lemma.cli import STAGES, run_command
from lemma.config import RunConfig, StageConfig
from lemma.engine.side_by_side import flowing_groups, run_side_by_side
from lemma.exceptions import ConfigError
from lemma.resources import data_folder

_RUN = "{run}"


class Pipeline(BaseModel):
    """A pipeline file: options for all stages, and the stages, each a name with its own options."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    all: dict[str, Any] = {}
    stages: tuple[dict[str, dict[str, Any] | None], ...]


def run(config: RunConfig, console: Console) -> None:
    """Run all stages. Raises ConfigError for what can't be used, with file and stage, before any of them runs."""
    stages = read_pipeline(config)
    done = 0
    for group in flowing_groups(stages):
        for number, stage in enumerate(group, start=done + 1):
            beside = f", beside {number - 1}" if stage is not group[0] else ""
            console.print(f"[bold]{number} of {len(stages)}: lemma {stage.command}{beside}[/bold]")
        run_side_by_side(group, console) if len(group) > 1 else run_command(group[0], console)
        done += len(group)


def read_pipeline(config: RunConfig) -> list[StageConfig]:
    """The configurations of the stages, in order."""
    path = _find(config.pipeline)
    try:
        pipeline = Pipeline.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML ({str(error).splitlines()[0]})") from None
    own = {"run": config.run, "seed": config.seed, "workers": config.workers, "fresh": config.fresh}
    typed = {name: own[name] for name in own if name in config.model_fields_set} | config.set
    shared = {"run": config.run} | pipeline.all
    stages = [_stage(path, number, entry, shared, typed) for number, entry in enumerate(pipeline.stages, start=1)]
    _refuse_unused(path, shared | typed, stages)
    return stages


def _find(name: str) -> Path:
    shipped = data_folder("pipelines")
    path = shipped / f"{name}.yaml"
    path = path if path.is_file() else Path(name)
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in shipped.glob("*.yaml")))
        raise ConfigError(f"there is no pipeline {name!r}; give a YAML file or one of: {names}")
    return path


def _stage(
    path: Path,
    number: int,
    entry: Mapping[str, dict[str, Any] | None],
    shared: Mapping[str, Any],
    typed: Mapping[str, Any],
) -> StageConfig:
    """A stage's configuration: what was typed wins over its own options, and those over what all stages share."""
    stages = (stage for stage in STAGES if issubclass(stage, StageConfig) and stage is not RunConfig)
    by_command = {stage.command: stage for stage in stages}
    if len(entry) != 1:
        raise ConfigError(f"{path}: stages.{number}: expected one stage with its options, found {', '.join(entry)}")
    ((command, options),) = entry.items()
    if command not in by_command:
        near = difflib.get_close_matches(command, by_command, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(by_command)}"
        raise ConfigError(f"{path}: stages.{number}: there is no stage {command!r}; {hint}")
    stage = by_command[command]
    options = {**shared, **(options or {}), **typed}
    known = {*stage.model_fields, *(entry[command] or {})}
    values = {name: value for name, value in options.items() if name in known}
    directory = str(values["run"])
    placed = {name: _placed(value, directory) for name, value in values.items()}
    return stage.from_mapping(placed, f"{path}: stages.{number}")


def _placed(value: Any, directory: str) -> Any:
    return value.replace(_RUN, directory) if isinstance(value, str) else value


def _refuse_unused(path: Path, shared: Mapping[str, Any], stages: list[StageConfig]) -> None:
    known = {name for stage in stages for name in type(stage).model_fields}
    for name in shared:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{path}: no stage of it has an option {name!r}{hint}")
