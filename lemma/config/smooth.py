"""The options of `lemma smooth`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    TAXONOMY_FOLDER,
    ModelConfig,
    Option,
    Prompts,
    ShardConfig,
    Strategies,
    Taxonomy,
    Teacher,
)


class SmoothConfig(ModelConfig, ShardConfig):
    """Have a teacher rewrite the transition from error to correction, and verify the result."""

    command: ClassVar[str] = "smooth"
    example: ClassVar[str] = "lemma smooth --teacher gpt-4o"
    model_options: ClassVar[tuple[str, ...]] = ("strategies", "reflections", "taxonomy", "prompts")

    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="kinds of corrections to join and rewrite: fix, restart"
    )
    reflections: Literal["typed", "random"] = Field(
        "typed", description="how to choose the phrase that the teacher starts from: typed (by error type), random"
    )
    teacher: Teacher = Field(None, description="model that rewrites the text (default: none; nothing is rewritten)")
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)

    def without_model(self) -> str:
        """Without a teacher, nothing is rewritten."""
        return "" if self.teacher else "without --teacher"
