"""The prompts, one file each under `prompts/`: what a model is told, with places for what it is told about.

    >>> load_prompt("solve").render(question="What is 6 x {{ 7 }}?")[-1].content
    'What is 6 x {{ 7 }}?'

A file is a chat: a line `=== system`, `=== user` or `=== assistant` opens each turn. A file without such lines is one
plain text that the model continues. Templates are Jinja in a sandbox; what is filled in is only ever data. A prompt's
`version` is a hash of its file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lemma.exceptions import ConfigError
from lemma.models.protocol import Message
from lemma.records import content_id
from lemma.resources import prompt_files

_TURN = re.compile(r"^=== (system|user|assistant)\n", re.MULTILINE)
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True)
class Prompt:
    """One prompt file. `turns` are roles with their templates, or their texts; the role of a plain text is empty."""

    name: str
    version: str
    turns: tuple[tuple[str, Template | str], ...]

    def render(self, **values: Any) -> tuple[Message, ...] | str:
        """The prompt with values in it: messages, or one string for a plain text."""
        clean = {name: _clean(value) for name, value in values.items()}
        filled = [(role, turn if isinstance(turn, str) else turn.render(clean).strip()) for role, turn in self.turns]
        if filled[0][0]:
            return tuple(Message(role, text) for role, text in filled)
        return filled[0][1]


def load_prompt(name: str) -> Prompt:
    """A prompt by the name of its file, the user's own if there is one.

    Raises ConfigError if there is no such prompt, or it is not a template.
    """
    files = prompt_files(f"{name}.jinja")
    if not files:
        raise ConfigError(f"there is no prompt {name!r}")
    return read_prompt(files[0])


@cache
def read_prompt(path: Path) -> Prompt:
    """The prompt in a file, the user's own for example. Raises ConfigError if it can't be read or is not a template."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the prompt {path} can't be read ({error}); give a .jinja file") from None
    pieces = _TURN.split(text)
    # What stands before the first turn is a comment for people who read the file.
    turns = list(zip(pieces[1::2], pieces[2::2], strict=True)) or [("", text)]
    try:
        compiled: list[tuple[str, Template | str]] = []
        for role, body in turns:
            template = _ENVIRONMENT.from_string(body)
            has_slots = bool(find_undeclared_variables(_ENVIRONMENT.parse(body)))
            compiled.append((role, template if has_slots else template.render().strip()))
        return Prompt(path.stem, content_id(text), tuple(compiled))
    except TemplateError as error:
        raise ConfigError(f"{path} is not a template: {error}") from None


def prompt_versions(*names: str) -> dict[str, str]:
    """Versions by name, as the fingerprints of a stage's inputs."""
    return {f"prompt {name}": load_prompt(name).version for name in names}


def _clean(value: Any) -> Any:
    """Without lone surrogates, which JSON input can hold and a request can't."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value
