"""The options of `lemma run`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import (
    Option,
    ShardConfig,
)


class RunConfig(ShardConfig):
    """Run all commands of a pipeline."""

    command: ClassVar[str] = "run"
    example: ClassVar[str] = "lemma run lemma --set data=gsm8k.jsonl,model=Qwen/Qwen2.5-1.5B,teacher=gpt-4o"

    pipeline: Annotated[str, Option(positional=True)] = Field(
        "offline", description="YAML file, or a built-in pipeline: offline, lemma, lema, on-policy"
    )
    set: Annotated[tuple[str, ...], Option(metavar="NAME=VALUE,...", repeated=True)] = Field(
        (), description="options for every command that accepts them, e.g. teacher=gpt-4o,n=8; repeatable"
    )
    rounds: Annotated[int, Option(setting=False, metavar="N")] = Field(
        1, ge=1, description="number of rounds, for a pipeline that trains its student, such as on-policy"
    )
    dry_run: Annotated[bool, Option(setting=False)] = Field(
        False, description="estimate requests, tokens, and cost of all commands without sending anything"
    )
