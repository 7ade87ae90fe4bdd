"""The command line: parse, call a stage, print. Flags come from the stage's declaration in config.py."""

from __future__ import annotations

import argparse
import sys
import types
import typing
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from rich.console import Console
from rich.markup import escape

from lemma import __version__, config
from lemma.engine.summary import StageSummary, one_line, print_summary
from lemma.exceptions import LemmaError
from lemma.rundir.journal import RunDirectory

# A stage is `module:function`, taking its config and a console; imported only when it is run.
STAGES: dict[type[config.CommandConfig], str] = {
    config.TaxonomyConfig: "lemma.commands.taxonomy:show",
    config.GenerateConfig: "lemma.commands.generate:generate",
    config.SampleConfig: "lemma.commands.sample:sample",
    config.AnalyzeConfig: "lemma.commands.analyze:analyze",
    config.AugmentConfig: "lemma.commands.augment:augment",
    config.CorrectConfig: "lemma.commands.correct:correct",
    config.SmoothConfig: "lemma.commands.smooth:smooth",
    config.BuildSftConfig: "lemma.commands.build_sft:build_sft",
    config.EvolveConfig: "lemma.commands.evolve:evolve",
    config.RunConfig: "lemma.commands.run:run",
    config.ReportConfig: "lemma.commands.report:report",
    config.ShowConfig: "lemma.commands.show:show",
    config.VerifyConfig: "lemma.commands.verify:show",
    config.TrainConfig: "lemma.commands.train:train",
    config.EvalConfig: "lemma.commands.eval:evaluate",
}
# What a stage needs on disk first, and the stage that makes it when it is not there.
PREREQUISITES: dict[type[config.StageConfig], tuple[str, type[config.StageConfig]]] = {
    config.AnalyzeConfig: ("solutions.jsonl", config.SampleConfig),
    config.CorrectConfig: ("erroneous.jsonl", config.AugmentConfig),
    config.SmoothConfig: ("corrections.jsonl", config.CorrectConfig),
    config.BuildSftConfig: ("corrections.jsonl", config.CorrectConfig),
    config.ShowConfig: ("erroneous.jsonl", config.AugmentConfig),
    config.ReportConfig: (".", config.BuildSftConfig),
}
# They only look: what is there is never made again for them.
VIEWS = frozenset((config.ShowConfig, config.ReportConfig))

Stage = Callable[[Any, Console], StageSummary | None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit status: 0 done, 1 an expected failure (one line on stderr), 2 wrong usage, 130 stopped."""
    try:
        values = vars(build_parser().parse_args(arguments))
        stage_config: type[config.CommandConfig] = values.pop("stage")
        settings = {name: value for name, value in values.items() if value is not None}
        run_command(stage_config.from_mapping(settings), Console(stderr=True))
    except LemmaError as error:
        print(f"lemma: {one_line(str(error))}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("lemma: stopped; the same command goes on from here", file=sys.stderr)  # noqa: T201
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return 0


def run_command(stage_config: config.CommandConfig, console: Console) -> None:
    """Run a stage, and first the one before it where its output is not there yet, or was made of other inputs."""
    if isinstance(stage_config, config.StageConfig):
        run_before(stage_config, console)
    summary = stage_function(stage_config)(stage_config, console)
    if summary is not None:
        print_summary(summary)


def stage_function(stage_config: config.CommandConfig) -> Stage:
    """The function that runs a stage; importing it may take a while."""
    module, _, function = STAGES[type(stage_config)].partition(":")
    stage: Stage = getattr(import_module(module), function)
    return stage


def run_before(stage_config: config.StageConfig, console: Console) -> None:
    """Run the stage whose output a stage needs, where that is not there or was made of other inputs."""
    if type(stage_config) not in PREREQUISITES:
        return
    needed, before = PREREQUISITES[type(stage_config)]
    shared = {"run": stage_config.run, "seed": stage_config.seed, "workers": stage_config.workers}
    missing = stage_config.run / needed
    if not missing.exists():
        console.print(
            f"[dim]{escape(one_line(str(missing)))} is not there yet: running `lemma {before.command}` first[/dim]"
        )
        run_command(before.from_mapping(shared), console)
    elif type(stage_config) not in VIEWS:
        directory = RunDirectory(stage_config.run)
        done = directory.manifest().get("stages", {}).get(before.command)
        if done and not directory.is_as_recorded(done["inputs"]):
            console.print(f"[dim]{needed} was made of other inputs: running `lemma {before.command}` again[/dim]")
            run_command(before.from_mapping(done["settings"] | shared | {"fresh": True}), console)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, built from the declarations."""
    parser = argparse.ArgumentParser(
        prog="lemma", description="From solved problems to models that correct themselves.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"lemma {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for stage_config in STAGES:
        _add_command(commands, stage_config)
    return parser


def _add_command(commands: Any, stage_config: type[config.CommandConfig]) -> None:
    purpose = (stage_config.__doc__ or "").strip().splitlines()[0]
    command = commands.add_parser(
        stage_config.command,
        help=purpose,
        description=purpose,
        epilog=f"example:  {stage_config.example}",
        allow_abbrev=False,
    )
    command.set_defaults(stage=stage_config)
    for name, field in stage_config.model_fields.items():
        _add_option(command, name, field)


def _add_option(command: argparse.ArgumentParser, name: str, field: FieldInfo) -> None:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    shown = (field.description or "").replace("%", "%%")
    if extra.get("positional"):
        command.add_argument(name, nargs="?", default=None, metavar=name.upper(), help=shown)
        return
    flag, default = _flag(name), _shown_default(field)
    if bool in (field.annotation, *typing.get_args(field.annotation)):
        command.add_argument(
            flag, dest=name, default=None, action=argparse.BooleanOptionalAction, help=f"{shown}{default}"
        )
        return
    if isinstance(nargs := extra.get("nargs"), int):
        command.add_argument(flag, dest=name, default=None, nargs=nargs, metavar=("A", "B"), help=shown)
        return
    choices = _choices(field.annotation)
    metavar = "{" + ",".join(choices) + "}" if choices else name.upper()
    command.add_argument(flag, dest=name, default=None, metavar=metavar, help=f"{shown}{default}")


def _flag(name: str) -> str:
    return f"-{name}" if len(name) == 1 else "--" + name.rstrip("_").replace("_", "-")


def _shown_default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value is PydanticUndefined or value is False or value == ():
        return ""
    return f" (default: {','.join(value) if isinstance(value, tuple) else value})".replace("%", "%%")


def _choices(annotation: Any) -> tuple[str, ...]:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(filter(None, map(_choices, typing.get_args(annotation))), ())
    return ()
