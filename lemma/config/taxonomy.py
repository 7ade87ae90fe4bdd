"""The options of `lemma taxonomy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    TAXONOMY_FOLDER,
    ModelConfig,
    Option,
    Prompts,
    Taxonomy,
    Teacher,
)


class TaxonomyConfig(ModelConfig):
    """List the error types, show one of them in full, or have a teacher propose new ones."""

    command: ClassVar[str] = "taxonomy"
    example: ClassVar[str] = "lemma taxonomy calculation_error"

    type: Annotated[str | None, Option(positional=True)] = Field(None, description="error type: id, name, or alias")
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
    grow: bool = Field(False, description="have the teacher propose types for this run's errors of unknown type")
    teacher: Teacher = Field(None, description="model that describes and groups the errors; requires --grow")
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)

    def inert(self) -> Mapping[str, str]:
        """The table needs no run directory and no model."""
        if self.grow:
            return {"type": "with --grow"}
        return dict.fromkeys(type(self).model_fields.keys() - {"type", "taxonomy", "grow"}, "without --grow")
