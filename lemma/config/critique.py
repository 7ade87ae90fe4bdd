"""The options of `lemma critique`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    ModelConfig,
    Option,
    Prompts,
    ShardConfig,
)


class CritiqueConfig(ModelConfig, ShardConfig):
    """Test which critiques of wrong solutions help the student get the answer right."""

    command: ClassVar[str] = "critique"
    example: ClassVar[str] = "lemma critique --model Qwen/Qwen2.5-1.5B --base-url http://localhost:8000/v1"
    role: ClassVar[Literal["student", "teacher"]] = "student"

    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="student: folder, Hugging Face id, or name on the server"
    )
    n: Annotated[int, Option(metavar="N")] = Field(
        4, ge=1, description="retries per solution with its critique, and as many without it"
    )
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)
