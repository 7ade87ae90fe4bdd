"""What a command is: declared once, in the file of its name under `commands/`.

    COMMAND = Command(CorrectConfig, plan, reads=ERRONEOUS, writes=(CORRECTIONS,), then="build-sft")

`plan` turns the options into a `Job`: a function from one input to what is made of it. From the declaration follow what
has to be there first, what can run side by side, fingerprints for resume, parsing, rejections, counts and the summary
(`lemma.runner`). A command that owns its loop, such as `train`, gives a `run` function instead of a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

from lemma.engine.summary import Summary, Tally
from lemma.options import CommandConfig, ModelConfig
from lemma.records import Record
from lemma.run_files import RunFile
from lemma.rundir.counts import Counts
from lemma.rundir.journal import Journal, Output
from lemma.rundir.sharing import Hold


@dataclass(frozen=True)
class Job:
    """What a command does this time."""

    function: Callable[..., Any] | None
    """Takes one input and yields what is made of it: records, refusals and counts. With a `model` it is asynchronous,
    takes a client as well, and returns them. None if there is nothing to do."""
    items: Iterable[Any] | None = None
    """The inputs; by default the lines of the file that the command reads."""
    stored: bool = False
    """Whether `items` are lines of the run directory, so that in that of a shard they belong to the shard."""
    parse: type[Record] | None = None
    """What stored lines among `items` are parsed as."""
    model: str | None = None
    backend: str | None = None
    """Set if it is not the user's choice."""
    beside: Mapping[str, ModelConfig] = field(default_factory=dict)
    """Other models that it asks, with how to reach them. A request goes to the model that it names."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints of what else decides the output."""
    prompts: tuple[str, ...] = ()
    total: int | None = None
    workers: int | None = None
    announcement: str = ""
    """Said before anything else."""
    notes: tuple[str, ...] = ()
    """Said in the summary."""


@dataclass(frozen=True)
class Command:
    """The declaration of a command."""

    config: type[CommandConfig]
    plan: Callable[[Any, Hold], Job] | None = None
    run: Callable[[Any, Console], Summary | None] | None = None
    """In place of a plan, for a command that owns its loop."""
    appends: tuple[Output, ...] = ()
    """What its journal appends to, for a command that owns its loop and can run in shards."""
    closing: Callable[[Any, Journal], Summary] | None = None
    """Its summary when all is appended, with the files that are written then, for such a command."""
    plans: Callable[[Any], bool] | None = None
    """Whether it follows its plan this time, for a command that has both."""
    reads: RunFile | None = None
    """The file whose lines are its inputs, one by one, so that it can run beside the command that makes them."""
    needs: tuple[RunFile, ...] = ()
    """Other files that have to be there."""
    looks_up: tuple[RunFile, ...] = ()
    """Files that it consults if they are there."""
    writes: tuple[RunFile, ...] = ()
    imports: tuple[RunFile, ...] = ()
    """Written as well if `--from` names a file, which then stands in for all that the command reads."""
    then: str | Callable[[Any], tuple[str, ...]] = ""
    """The command to type next, or a function from the options to its words."""
    calls: Callable[[Any], int] | None = None
    """The most model calls per input, for estimates."""
    fan_out: Callable[[Any], int] | None = None
    """The most records per input, if more than one, for estimates."""
    tallies: Callable[[Any, Counts], Iterable[Tally]] | None = None
    """Tables for the summary."""
    finish: Callable[[Any, Counts], Iterable[Path]] | None = None
    """Writes what can only be written at the end."""
    failure: Callable[[Any, Counts], str] | None = None
    """Why it made nothing that the next command could use; empty if it made something."""

    def with_options(self, config: CommandConfig) -> Command:
        """The declaration as it is with these options."""
        if self.plans is not None:
            return replace(self, run=None) if self.plans(config) else replace(self, plan=None, reads=None, needs=())
        if not self.imports or getattr(config, "from_", None) is None:
            return self
        return replace(self, reads=None, needs=(), looks_up=(), writes=(*self.writes, *self.imports))

    @property
    def name(self) -> str:
        return self.config.command

    @property
    def required(self) -> tuple[RunFile, ...]:
        """The files that have to be there; a change of any of them asks for a fresh start."""
        return (self.reads, *self.needs) if self.reads is not None else self.needs

    def outputs(self) -> tuple[Output, ...]:
        """What the journal needs to know of the files that the command writes."""
        return (*map(self._output, self.writes), *self.appends)

    def _output(self, file: RunFile) -> Output:
        maker = next(maker for maker in file.makers if maker.command == self.name)
        if file.shared:
            return Output(file.name, lambda line: None, shared=True)
        if maker.input_id is None:
            return Output(file.name)
        input_id, origins = maker.input_id, maker.origins

        def input_of(line: dict[str, Any]) -> str | None:
            """The input of a line; empty if no command of lemma can have written it, None if another one did."""
            if origins and line.get("origin") not in origins:
                return None if isinstance(line.get("origin"), str) else ""
            made_of = line.get(input_id)
            return made_of if isinstance(made_of, str) else ""

        return Output(file.name, input_of)

    def next_words(self, config: CommandConfig) -> tuple[str, ...]:
        """The words of the command to type next, with `--run` unless it is the default."""
        words = self.then(config) if callable(self.then) else (self.then,) if self.then else ()
        run = getattr(config, "run", None)
        if not words or run is None or run == type(config).model_fields["run"].default or "--run" in words:
            return words
        return (*words, "--run", str(run))


def command_named(name: str) -> Command:
    """The declaration of a command, from the file of its name."""
    command: Command = import_module(f"lemma.commands.{name.replace('-', '_')}").COMMAND
    return command
