"""Every flag that a message, a docstring, a prompt or a page names is one that a command takes."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lemma.cli import build_parser

ROOT = Path(__file__).resolve().parent.parent
# A flag behind one of these, up to the next `lemma`, is that program's own.
OTHER_PROGRAMS = (
    r"accelerate launch", r"git \w+", r"make \w*", r"pip \w+", r"pre-commit \w+", r"python (?:-m )?[\w./]+",
    r"ray job \w+", r"sbatch|SBATCH", r"split", r"transformers serve", r"vllm [\w-]+",
)  # fmt: skip
PROGRAM = re.compile(
    rf"\b(?:(?P<lemma>lemma(?: (?P<command>[a-z-]+))?)|(?P<other>{'|'.join(OTHER_PROGRAMS)}))(?![\w/])"
)
# Not a custom property of CSS: `--error: #fff`, `var(--error)`.
FLAG = re.compile(r"(?<![\w(-])--[a-z][a-z0-9_-]*[a-z0-9](?![\w-]|: ?#)")
# In an example of how to declare an option.
MADE_UP = {"--loud"}
END_OF_COMMAND = re.compile(r"[`;|\n]|\. ")
PLACEHOLDER = "\N{OBJECT REPLACEMENT CHARACTER}"


def flags_of_commands() -> dict[str, set[str]]:
    """What each command takes, from the parser itself."""
    parser = build_parser()
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    found = {name: set(command._option_string_actions) for name, command in commands.choices.items()}
    return found | {"": set(parser._option_string_actions)}


FLAGS = flags_of_commands()
ALL_FLAGS = set().union(*FLAGS.values())


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a module with their lines; what an f-string fills in is one odd character."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts.update(node.values)
            texts = (value.value if isinstance(value, ast.Constant) else PLACEHOLDER for value in node.values)
            yield node.lineno, "".join(map(str, texts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.lineno, node.value


def wrong_flags(text: str) -> Iterator[str]:
    """Flags in a text that no command takes, or not the `lemma COMMAND` they stand behind."""
    for flag in FLAG.finditer(text):
        # A command reaches over the line's end if that is a backslash.
        line_start = max((m.end() for m in re.finditer(r"(?<!\\)\n", text[: flag.start()])), default=0)
        before = text[line_start : flag.start()]
        program = next(reversed(list(PROGRAM.finditer(before))), None)
        of_a_command = program is not None and not END_OF_COMMAND.search(before[program.end() :].replace("\\\n", " "))
        if program is not None and program["other"] and of_a_command:
            continue
        known = ALL_FLAGS
        if program is not None and of_a_command and program["command"] in FLAGS:
            known = FLAGS[program["command"]]
        if flag.group() not in known | MADE_UP:
            yield flag.group()


def pages() -> list[Path]:
    """Everything else in which a person or a model reads flags."""
    folders = ("docs", "prompts", "pipelines", "error_taxonomy", "lemma")
    kinds = {".md", ".jinja", ".yaml", ".html", ".json"}
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    return sorted([*inside, *ROOT.glob("*.md")])


def test_messages_and_docstrings_name_flags_that_exist() -> None:
    modules = sorted((ROOT / "lemma").rglob("*.py"))
    said = [(path, line, text) for path in modules for line, text in strings(path)]
    assert len({path for path, *_ in said}) > 300
    assert not [f"{path}, line {line}: {flag}" for path, line, text in said for flag in wrong_flags(text)]


def test_pages_name_flags_that_exist() -> None:
    """A page may also speak of a benchmark's flags."""
    benchmarks = "".join(script.read_text(encoding="utf-8") for script in (ROOT / "benchmarks").glob("*.py"))
    of_benchmarks = set(re.findall(r'"(--[a-z-]+)"', benchmarks))
    wrong = {path: set(wrong_flags(path.read_text(encoding="utf-8"))) - of_benchmarks for path in pages()}
    assert len(wrong) > 100
    assert not {path: flags for path, flags in wrong.items() if flags}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("expected question or id; --dataset names the problems", ["--dataset"]),
        ("add --fresh, or use another --run directory", []),
        ("lemma augment --teacher m --qlora", ["--qlora"]),
        ("`lemma smooth` rewrote it, so --reflections does not matter", []),
        ("lemma augment x.jsonl \\\n  --qlora", ["--qlora"]),
        ("lemma verify --gold=-1 --no-fresh", ["--no-fresh"]),
        ("pip install --upgrade lemma-sft", []),
        ("accelerate launch --num_processes 8 -m lemma train --run all --gold 1", ["--gold"]),
        ("python benchmarks/grading.py --sample 50", []),
        ("vllm serve M --port 8000; then lemma sample --port 8000", ["--port"]),
        ("an em-dash -- or a rule ---", []),
    ],
)
def test_what_is_wrong_is_found(text: str, wrong: list[str]) -> None:
    assert list(wrong_flags(text)) == wrong
