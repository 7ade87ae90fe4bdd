"""The options of `lemma sample`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    MODEL_OPTIONS,
    PROMPTS_FOLDER,
    Columns,
    Configuration,
    Data,
    From,
    Limit,
    ModelConfig,
    Option,
    Prompts,
    ShardConfig,
    Split,
)


class SampleConfig(ModelConfig, ShardConfig):
    """Sample solutions from the student model and grade them."""

    command: ClassVar[str] = "sample"
    example: ClassVar[str] = (
        "lemma sample gsm8k.jsonl --model Qwen/Qwen2.5-1.5B --base-url http://localhost:8000/v1 -n 4"
    )
    role: ClassVar[Literal["student", "teacher"]] = "student"
    model_options: ClassVar[tuple[str, ...]] = ("n", "prompt")

    data: Data = Field(None, description="problems, as for `lemma augment` (default: the bundled sample)")
    split: Split = "train"
    config: Configuration = None
    columns: Columns = Field(default_factory=dict)
    limit: Limit = None
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="student: folder, Hugging Face id, or name on the server (default: scripted)"
    )
    n: Annotated[int, Option(metavar="N")] = Field(4, ge=1, description="solutions per problem")
    prompt: Literal["chat", "completion", "lemma", "question"] = Field(
        "chat", description="prompt format; completion: few-shot; lemma: as in arXiv 2503.17439; question: no extras"
    )
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)
    from_: From = Field(None, description="read existing solutions from a data file instead of asking a model")

    def without_model(self) -> str:
        """With `--from`, nothing is asked."""
        return "with --from" if self.from_ else ""

    def inert(self) -> Mapping[str, str]:
        """The scripted student, which answers if no model is given, needs no connection, limits or temperature."""
        if self.from_ is None and self.model is None:
            return {name: "without --model" for name in MODEL_OPTIONS if name not in ("backend", "dry_run")}
        return super().inert()
