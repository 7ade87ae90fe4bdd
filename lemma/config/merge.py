"""The options of `lemma merge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import CommandConfig, Names, Option


class MergeConfig(CommandConfig):
    """Put run directories made with --shard together, as one run over everything."""

    command: ClassVar[str] = "merge"
    example: ClassVar[str] = "lemma merge run-1 run-2 run-3 run-4 --run all"

    shards: Annotated[Names, Option(positional=True, several=True, metavar="DIR,...")] = Field(
        (), description="run directories of all shards, in any order"
    )
    run: Annotated[Path, Option(setting=False, metavar="DIR")] = Field(
        Path("lemma-run"), description="run directory to write"
    )
    fresh: Annotated[bool, Option(setting=False)] = Field(
        False, description="start over; replace what is in the run directory only when done"
    )
