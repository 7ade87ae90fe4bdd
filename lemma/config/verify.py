"""The options of `lemma verify`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import (
    CommandConfig,
    Option,
)


class VerifyConfig(CommandConfig):
    """Grade an answer: equal, different, or unknown if it cannot be checked."""

    command: ClassVar[str] = "verify"
    example: ClassVar[str] = "lemma verify 1/2 0.5"

    gold: Annotated[str | None, Option(positional=True)] = Field(
        None, description="correct answer; if it starts with a dash, write --gold=-1"
    )
    answer: Annotated[str | None, Option(positional=True)] = Field(
        None, description="answer to grade, or a whole solution that ends with one"
    )
