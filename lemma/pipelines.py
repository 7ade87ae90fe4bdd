"""Pipeline files: which commands to run, with which options. `lemma run` runs them.

    all: {seed: 1}
    start:
      stages: [augment, build-sft, train]
      options: {sample: {data: "{start}/problems.jsonl"}}
    stages:
      - sample: {model: "{student}"}
      - train: {model: "{student}"}

`start` is for a pipeline that has rounds: how to come to a student if none is given, and which options go with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from lemma.config import RunConfig, commands
from lemma.exceptions import ConfigError, did_you_mean, first_fault
from lemma.options import MODEL_OPTIONS, ModelConfig, StageConfig
from lemma.resources import data_folder, load_yaml
from lemma.run_files import MODEL

_ROLES = ("student", "teacher")
_UNSAID = {"base_url": "", "backend": "auto", "key_variable": "OPENAI_API_KEY"}
STUDENT, START = "{student}", "start"
_Entry = dict[str, dict[str, Any] | None]


class Start(BaseModel):
    """How to come to a student: commands, and the options of the later commands that go with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    stages: tuple[_Entry, ...]
    options: dict[str, dict[str, Any]] = {}


class PipelineFile(BaseModel):
    """A pipeline file: options for all commands, and the commands, each a name with its own options."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    all: dict[str, Any] = {}
    start: Start | None = None
    stages: tuple[_Entry, ...]


@dataclass(frozen=True)
class Round:
    """Commands to run in order, in a run directory of their own. The name is empty for a pipeline without rounds."""

    name: str
    run: Path
    stages: list[StageConfig]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline file with what was typed. Every option is checked when `stages` or `start` are made."""

    path: Path
    file: PipelineFile
    typed: Mapping[str, Any]

    @property
    def has_rounds(self) -> bool:
        """Whether the pipeline works on a student that it trains."""
        return any(STUDENT in str(entry) for entry in self.file.stages)

    def rounds(self, run: Path, count: int) -> list[Round]:
        """The rounds, each in a folder of its own, and before them how the first student is made, if none is given.

        Raises ConfigError if an option is wrong, or if there is no student.
        """
        if not self.has_rounds:
            if count > 1:
                raise ConfigError(f"{self.path} has no rounds: --rounds needs a pipeline with a {STUDENT}")
            return [Round("", run, self.stages(run))]
        student, start, found = self.typed.get("model"), None, list[Round]()
        if student is None:
            if self.file.start is None:
                raise ConfigError(f"{self.path}: give the student with --set model=MODEL")
            start = run / START
            passed_on = ("seed", "workers", "engine", "fresh")
            typed = {name: value for name, value in self.typed.items() if name in passed_on}
            stages = self._stages("start.stages", self.file.start.stages, {"run": start}, typed, {"run": str(start)})
            found, student = [Round(START, start, stages)], str(start / MODEL)
        for number in range(1, count + 1):
            folder = run / f"round-{number}"
            found.append(Round(folder.name, folder, self.stages(folder, student, start)))
            student = str(folder / MODEL)
        return found

    def stages(self, run: Path, student: str | None = None, start: Path | None = None) -> list[StageConfig]:
        """The commands, in a run directory, with the student of this round. Raises ConfigError for a wrong option."""
        typed = dict(self.typed)
        if self.has_rounds:
            typed = {name: value for name, value in typed.items() if name != "model"} | {"run": run}
        entries = self.file.stages
        if start is not None and self.file.start is not None:
            extra = self.file.start.options
            entries = tuple(
                {name: {**(own or {}), **extra.get(name, {})} for name, own in entry.items()} for entry in entries
            )
        places = {"run": str(run), "student": str(student), "start": str(start)}
        return self._stages("stages", entries, {"run": run} | self.file.all, typed, places)

    def _stages(
        self,
        where: str,
        entries: Iterable[_Entry],
        shared: Mapping[str, Any],
        typed: Mapping[str, Any],
        places: Mapping[str, str],
    ) -> list[StageConfig]:
        stages = [
            _stage(f"{self.path}: {where}.{number}", entry, shared, typed, places)
            for number, entry in enumerate(entries, start=1)
        ]
        known = {name for stage in stages for name in _names(type(stage))}
        for name in {**shared, **typed}:
            if name not in known:
                hint = did_you_mean(name, sorted(known))
                raise ConfigError(f"{self.path}: none of its commands has an option {name!r}; {hint}")
        return stages


def read_pipeline(config: RunConfig) -> Pipeline:
    """The pipeline that `lemma run` was asked for. Raises ConfigError if there is none, or if it is not one."""
    shipped = data_folder("pipelines")
    path = shipped / f"{config.pipeline}.yaml"
    path = path if path.is_file() else Path(config.pipeline)
    if not path.is_file():
        names = sorted(file.stem for file in shipped.glob("*.yaml"))
        hint = did_you_mean(config.pipeline, names)
        raise ConfigError(f"there is no pipeline {config.pipeline!r}; give a YAML file or a shipped one ({hint})")
    try:
        file = PipelineFile.model_validate(load_yaml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML ({str(error).splitlines()[0]})") from None
    own = {name: getattr(config, name) for name in ("run", "seed", "workers", "engine", "fresh", "shard")}
    typed: dict[str, Any] = {name: own[name] for name in own if name in config.model_fields_set}
    return Pipeline(path, file, typed | _pairs(config.set))


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
    if not issubclass(config, ModelConfig):
        return fields
    roles = _ROLES if config.teacher_connection else (config.role,)
    return fields | {f"{role}_{name}" for role in roles for name in MODEL_OPTIONS}


def _stage(
    where: str, entry: _Entry, shared: Mapping[str, Any], typed: Mapping[str, Any], places: Mapping[str, str]
) -> StageConfig:
    """A command's options. Typed ones override those in the file, and its own override those under `all`."""
    by_command = {
        name: config for name, config in commands().items() if issubclass(config, StageConfig) and name != "run"
    }
    if len(entry) != 1:
        raise ConfigError(f"{where}: expected one command with its options, found {', '.join(entry)}")
    ((command, own),) = entry.items()
    if command not in by_command:
        hint = did_you_mean(command, by_command)
        raise ConfigError(f"{where}: there is no command {command!r}; {hint}")
    config = by_command[command]
    options: dict[str, Any] = {}
    role = config.role_with({**shared, **(own or {}), **typed}) if issubclass(config, ModelConfig) else ""
    for layer in (shared, own or {}, typed):
        options |= {
            name: value
            for name, value in layer.items()
            if name.partition("_")[0] not in _ROLES or name in config.model_fields
        }
        if issubclass(config, ModelConfig):
            # `teacher_base_url` is `base_url` if the command's model is the teacher, and overrides `base_url` itself.
            by_role = {name: f"{role}_{name}" for name in MODEL_OPTIONS}
            # If both are asked, what is said of the student alone does not hold for the teacher.
            of_both = config.teacher_connection if role == "student" else ()
            apart = {name for name in of_both if by_role[name] in layer and f"teacher_{name}" not in options}
            options |= {f"teacher_{name}": options.get(name, _UNSAID[name]) for name in apart}
            options |= {name: layer[long] for name, long in by_role.items() if long in layer}
    known = {*config.model_fields, *(own or {})}
    values = {name: _filled(value, places) for name, value in options.items() if name in known}
    # Options without effect are fine here: the same file is used with and without a model.
    return config.lenient(values, where)


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    """A value with `{run}`, `{student}` and `{start}` in it replaced."""
    return (
        re.sub(r"\{(run|student|start)\}", lambda found: places[found[1]], value) if isinstance(value, str) else value
    )
