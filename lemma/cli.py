"""The command line: parse, run a command, print. Flags come from the options declared in `config/`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NoReturn

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from lemma import __version__
from lemma.config import commands
from lemma.exceptions import LemmaError, did_you_mean
from lemma.options import CONNECTION, LIMITS, REFLECTIONS, RUN, SAMPLING, CommandConfig, flag_of, option_of
from lemma.visible_text import one_line

_GROUPS = ("", REFLECTIONS, SAMPLING, CONNECTION, LIMITS, RUN)
_PURPOSE = "From solved problems to models that correct themselves."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns the exit status: 0 done, 1 an expected failure (one line on stderr), 2 wrong usage, 130 stopped by Ctrl-C,
    143 by SIGTERM.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows what it can
    status, said = 1, ""
    with _terminated_like_ctrl_c() as terminated:
        try:
            _parse_and_run(arguments)
            status = 0
        except LemmaError as error:
            said = str(error)
        except KeyboardInterrupt:
            status, said = 143 if terminated.is_set() else 130, "stopped; rerun the command to resume"
        except BrokenPipeError:
            sys.stderr.close()
        except OSError as error:  # the last resort: most are said better where they happen
            where = "the output" if error.filename is None else os.fsdecode(error.filename2 or error.filename)
            said = f"{where}: {error.strerror or error}. Fix it, then rerun the command"
        except MemoryError:
            said = "out of memory. Rerun the command with fewer --workers, or on a larger machine, to resume"
    if said:
        print(f"lemma: {one_line(said)}", file=sys.stderr)  # noqa: T201
    return status


def _parse_and_run(arguments: Sequence[str]) -> None:
    config = parse(arguments)
    if config is None:
        build_parser().print_help()
        return
    from rich.console import Console

    from lemma.runner import run_command

    run_command(config, Console(stderr=True))
    sys.stdout.flush()  # what can't be written is said here, not by the interpreter when it ends


@contextmanager
def _terminated_like_ctrl_c() -> Iterator[threading.Event]:
    """Let SIGTERM do what Ctrl-C does. The event is set once it came."""
    terminated = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield terminated
        return

    def stop(_number: int, frame: types.FrameType | None) -> None:
        terminated.set()
        handler = signal.getsignal(signal.SIGINT)  # asyncio's own, while it runs
        if not callable(handler):  # a shell's background job ignores Ctrl-C, but not this
            raise KeyboardInterrupt
        handler(signal.SIGINT, frame)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield terminated
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def parse(arguments: Sequence[str]) -> CommandConfig | None:
    """The options of the command that was typed; None if none was. Raises ConfigError if they can't be used."""
    parser = build_parser()
    known = commands()
    typed = next((word for word in arguments if not word.startswith("-")), None)
    if typed is None and not arguments:
        return None
    if typed is not None and typed not in known and arguments[0] == typed:
        parser.error(f"there is no command {typed!r}; {did_you_mean(typed, known)}")
    values, unknown = parser.parse_known_args(arguments)
    settings = {name: value for name, value in vars(values).items() if value is not None and value != []}
    config = known[settings.pop("command")]
    if unknown:
        flags = [flag_of(name) for name in config.model_fields]
        switches = [name for name, field in config.model_fields.items() if field.annotation in (bool, bool | None)]
        flags += [f"--no-{name.replace('_', '-')}" for name in switches]
        word = unknown[0].partition("=")[0]
        hint = f"; {did_you_mean(word, flags)}" if word.startswith("-") else ""
        own = _Parser(prog=f"lemma {config.command}")  # whose help has the right flag
        own.error(f"{own.prog} takes no {word!r}{hint}")
    # A value typed in its place and one typed with its flag are the same option.
    return config.from_mapping({name.removeprefix("positional_"): value for name, value in sorted(settings.items())})


class _Parser(argparse.ArgumentParser):
    """Errors in one line, in lemma's own words."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and how to get help; exit with status 2."""
        end = "" if message.endswith("?") else "."
        self.exit(2, f"lemma: {one_line(message)}{end} See `{self.prog} --help`\n")


@cache
def build_parser() -> argparse.ArgumentParser:
    """The whole command line, built from the declarations."""
    parser = _Parser(prog="lemma", description=_PURPOSE, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"lemma {__version__}")
    parser.add_argument(
        "--print-completion", choices=("bash", "zsh", "tcsh"), action=_PrintCompletion, help="print a completion script"
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    for name, config in commands().items():
        purpose = (config.__doc__ or "").strip().splitlines()[0]
        positional = [place for place, field in config.model_fields.items() if option_of(field).positional]
        command = subparsers.add_parser(
            name,
            help=purpose,
            usage=" ".join(("lemma", name, *(f"[{place.upper()}]" for place in positional), "[options]")),
            description=purpose,
            epilog=f"example:  {config.example}",
            allow_abbrev=False,
        )
        # Own options first, then those about the model, then those that every command has.
        by_group: dict[str, list[str]] = {title: [] for title in _GROUPS}
        for field_name, field in config.model_fields.items():
            by_group.setdefault(option_of(field).group, []).append(field_name)
        for title, names in by_group.items():
            group = command.add_argument_group(title) if title and names else command
            for field_name in names:
                _add_option(group, field_name, config.model_fields[field_name])
    return parser


class _PrintCompletion(argparse.Action):
    """Print a completion script; the library that makes it is loaded only for this."""

    def __call__(self, parser: argparse.ArgumentParser, *arguments: Any) -> NoReturn:
        """Print the script for the shell named last and exit."""
        import shtab

        print(shtab.complete(parser, arguments[1]))  # noqa: T201
        parser.exit(0)


def _add_option(group: Any, name: str, field: FieldInfo) -> None:
    option, shown = option_of(field), (field.description or "").replace("%", "%%")
    helped = f"{shown}{_shown_default(field)}"
    if option.positional:
        count = "*" if option.several else "?"
        group.add_argument(f"positional_{name}", nargs=count, default=None, metavar=name.upper(), help=helped)
        helped = argparse.SUPPRESS
    shared = {"dest": name, "default": None}
    if field.annotation in (bool, bool | None):
        # Both forms work; the one that changes something is shown.
        yes, no = flag_of(name), f"--no-{name.replace('_', '-')}"
        hidden = argparse.SUPPRESS
        default = field.default is True
        group.add_argument(yes, action="store_true", help=hidden if default else helped, **shared)
        group.add_argument(no, action="store_false", help=f"do not {shown}" if default else hidden, **shared)
    elif option.values:
        group.add_argument(flag_of(name), nargs=len(option.values), metavar=option.values, help=helped, **shared)
    else:
        choices = _choices(field.annotation)
        metavar = option.metavar or ("{" + ",".join(choices) + "}" if choices else name.rstrip("_").upper())
        action = "append" if option.repeated else "store"
        group.add_argument(flag_of(name), action=action, metavar=metavar, help=helped, **shared)


def _shown_default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value is PydanticUndefined or value is False or value == ():
        return ""
    shown = "yes" if value is True else ",".join(value) if isinstance(value, tuple) else value
    return f" (default: {shown})".replace("%", "%%")


def _choices(annotation: Any) -> tuple[str, ...]:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(filter(None, map(_choices, typing.get_args(annotation))), ())
    return ()
