"""The options of `lemma evolve`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    Exclude,
    ModelConfig,
    Option,
    Prompts,
    Teacher,
)


class EvolveConfig(ModelConfig):
    """Have a teacher write new problems like the ones that the student got wrong."""

    command: ClassVar[str] = "evolve"
    example: ClassVar[str] = "lemma evolve --teacher gpt-4o --exclude gsm8k_test.jsonl"

    teacher: Teacher = Field(None, description="model that writes and solves the new problems")
    per_problem: Annotated[int, Option(metavar="N")] = Field(1, ge=1, description="new problems per corrected problem")
    exclude: Exclude = Field((), description="test set files; drop new questions that resemble a test question")
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)
