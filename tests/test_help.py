"""`--help` reads as if one engineer had written all of it: short, lowercase, with a name for each value."""

from __future__ import annotations

import argparse
import re

import pytest

from lemma.cli import build_parser
from lemma.config import commands

LONGEST = 90
# A description starts with a lowercase letter, a suffix, or an acronym or name that is written in capitals.
START = re.compile(r"[a-z.]|[A-Z]{2,}\b|OpenAI\b|LoRA\b|GSM8K\b")
# Phrases of people who translate in their heads.
TICS = re.compile(
    r"\b(?:goes on|go on|where there (?:is|are)|so many|so often|mend(?:ed)?|somebody|anybody|likest|anew|heed"
    r"|beside|hardly|at most|of your own|of one's own|stands?|as far as|how that|there is no|is not there"
    r"|a (?:second|minute|record|line|token) at)\b"
)


def options() -> list[tuple[str, argparse.Action]]:
    """Every option and place of every command that `--help` shows."""
    (subparsers,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return [
        (f"{name} {(action.option_strings or [action.dest.removeprefix('positional_')])[-1]}", action)
        for name, parser in subparsers.choices.items()
        for action in parser._actions
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)
    ]


every_command = pytest.mark.parametrize("name", commands())


def test_a_description_is_a_short_phrase() -> None:
    assert len(options()) > 300
    for name, action in options():
        text = (action.help or "").replace("%%", "%")
        described = re.sub(r" \(default: [^()]*\)$", "", text)
        assert described, name
        assert len(described) < LONGEST, name
        assert START.match(described), name
        assert not described.endswith("."), name
        assert not TICS.search(text), name
        assert text.count("(") == text.count(")"), name
        assert text.count("(default: ") <= 1, name


def test_each_value_has_a_name() -> None:
    """`--lora-r N`, not `--lora-r LORA_R`."""
    for name, action in options():
        if action.nargs != 0 and action.option_strings:
            flag = action.option_strings[0].lstrip("-")
            shown = action.metavar
            assert shown, name
            assert shown != flag.replace("-", "_").upper() or "_" not in str(shown), name


@every_command
def test_a_purpose_is_one_plain_sentence(name: str) -> None:
    purpose = (commands()[name].__doc__ or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z][a-z]+ .*\.", purpose)
    assert len(purpose) < LONGEST
    assert not TICS.search(purpose)


@every_command
def test_an_example_is_of_its_command(name: str) -> None:
    config = commands()[name]
    assert config.example.startswith(f"lemma {name}")


@every_command
def test_what_an_option_decides_is_declared_in_one_way(name: str) -> None:
    """A leftover of another way would silently make a setting of an option that is none."""
    assert not [key for key, field in commands()[name].model_fields.items() if field.json_schema_extra]


def test_options_that_only_pace_a_training_are_no_settings() -> None:
    settings = commands()["train"]().settings()
    assert not {"resume", "device_batch", "activation_checkpointing", "save_every", "report_to"} & set(settings)
