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

    id: Annotated[str | None, Option(positional=True)] = Field(None, description="id or id prefix (default: the first)")
    type: Annotated[str | None, Option(metavar="TYPE")] = Field(None, description="error type: id, name, or alias")
    random: bool = Field(False, description="pick one at random")
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
