"""The options of `lemma correct`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    ModelConfig,
    Option,
    Prompts,
    ShardConfig,
    Strategies,
    Teacher,
)


class CorrectConfig(ModelConfig, ShardConfig):
    """Correct erroneous solutions: fix the wrong step and continue, or restart."""

    command: ClassVar[str] = "correct"
    example: ClassVar[str] = "lemma correct --strategies fix,restart"
    model_options: ClassVar[tuple[str, ...]] = ("prompts",)

    strategies: Annotated[Strategies, Option(metavar="NAME,...")] = Field(
        ("fix", "restart"), description="fix: repair the wrong step and continue; restart: solve the problem again"
    )
    teacher: Teacher = Field(
        None, description="model that writes corrections (default: none; use right student solutions and the reference)"
    )
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)

    def without_model(self) -> str:
        """Without a teacher, the reference corrects."""
        return "" if self.teacher else "without --teacher"
