"""The options of `lemma show`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import (
    TAXONOMY_FOLDER,
    Option,
    Taxonomy,
    ViewConfig,
)


class ShowConfig(ViewConfig):
    """Show one erroneous solution and the trajectories built from it."""

    command: ClassVar[str] = "show"
    example: ClassVar[str] = "lemma show --type calculation_error --random"

    id: Annotated[str | None, Option(positional=True)] = Field(
        None, description="id of the solution, or its first characters (default: the first solution)"
    )
    type: Annotated[str | None, Option(metavar="TYPE")] = Field(
        None, description="show a solution with this error type: id, name, or alias"
    )
    random: bool = Field(False, description="pick a solution at random")
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
