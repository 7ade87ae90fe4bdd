r"""A model that answers by rules in a YAML file: for tests, examples and trying a pipeline out. It costs nothing.

    rules:
      - contains: [ducks, eggs]              # all of them, anywhere in the prompt
        answers: ["16 - 3 = 12\n#### 24"]    # by sample index, from the start again when they run out
      - matches: 'What is (?P<a>\d+) plus'   # a regular expression; its groups can stand in the answer
        answers: ['It starts at \g<a>.']
        finish_reason: length                # default: stop
      - answers: ["I don't know."]           # a rule without a condition fits everything

The first rule that fits answers. Text of the prompt is only ever data.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import orjson
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lemma.exceptions import ConfigError
from lemma.models.protocol import RefusedRequestError, Request
from lemma.resources import BUNDLED, load_yaml

_SHIPPED = BUNDLED / "scripted"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Rule(BaseModel):
    """One rule of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    contains: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()
    matches: re.Pattern[str] | None = None
    answers: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(min_length=1)
    finish_reason: str = "stop"

    def answer(self, prompt: str, sample_index: int) -> str | None:
        """The answer to a prompt, None if the rule does not fit."""
        if not all(part in prompt for part in self.contains):
            return None
        template = self.answers[sample_index % len(self.answers)]
        if self.matches is None:
            return template
        match = self.matches.search(prompt)
        return None if match is None else match.expand(template)


class Rules(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rules: tuple[Rule, ...]


class Scripted:
    """Answers from the rules of a file, or of one that comes with the package, by its name alone.

    Raises ConfigError if the file does not exist or is not a list of rules.
    """

    def __init__(self, name: str) -> None:
        shipped = _SHIPPED / f"{name}.yaml"
        path = shipped if shipped.is_file() else Path(name)
        self.name = name
        try:
            self._rules = Rules.model_validate(load_yaml(path)).rules
        except OSError as error:
            raise ConfigError(f"scripted model {path}: {error.strerror}; give a YAML file of rules") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"scripted model {path}: {where}: {first['msg']}") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"scripted model {path}: not YAML ({str(error).splitlines()[0]})") from None

    async def answer(self, request: Request) -> bytes:
        """The answer of the first rule that fits; words are counted as tokens."""
        prompt = request.prompt_text()
        for rule in self._rules:
            text = rule.answer(prompt, request.sample_index)
            if text is not None:
                message = {"role": "assistant", "content": text}
                choice = {"index": 0, "message": message, "finish_reason": rule.finish_reason}
                usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(text.split())}
                return orjson.dumps({"choices": [choice], "usage": usage})
        raise RefusedRequestError(f"{self.name}: no rule fits; end with one that has only `answers`")

    async def close(self) -> None:
        """There is nothing to close."""
