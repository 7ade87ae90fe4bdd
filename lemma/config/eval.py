"""The options of `lemma eval`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    Columns,
    Configuration,
    Data,
    From,
    Limit,
    ModelConfig,
    Names,
    Option,
    Prompts,
    ShardConfig,
    Split,
)


class EvalConfig(ModelConfig, ShardConfig):
    """Measure whether a model corrects itself, and what that costs in accuracy and tokens."""

    command: ClassVar[str] = "eval"
    example: ClassVar[str] = "lemma eval gsm8k_test.jsonl --model lemma-run/model --suite accuracy,recovery"
    role: ClassVar[Literal["student", "teacher"]] = "student"
    model_options: ClassVar[tuple[str, ...]] = ("prompt", "prompts", "types", "errors", "model")

    data: Data = Field(None, description="test problems, as for `lemma augment` (default: the bundled sample)")
    split: Split = "test"
    config: Configuration = None
    columns: Columns = Field(default_factory=dict)
    limit: Limit = None
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="folder, Hugging Face id, or name on the server (default: the model trained in this run)"
    )
    name: Annotated[str | None, Option(setting=False, metavar="NAME")] = Field(
        None, description="name of this evaluation (default: derived from the model or file)"
    )
    suite: Annotated[Names, Option(metavar="NAME,...")] = Field(
        ("all",), description="accuracy, self-correction, recovery, blind-spot, first-error, all"
    )
    prompt: Annotated[str, Option(metavar="NAME or FILE")] = Field(
        "question",
        description="prompt format: question (with nothing added), chat, completion, lemma, or a .jinja file",
    )
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)
    n: Annotated[int, Option(metavar="N")] = Field(
        4, ge=0, description="samples per problem in addition to the greedy one"
    )
    types: Annotated[Names, Option(metavar="TYPE,...")] = Field(
        ("all",), description="types of injected errors, or families of types"
    )
    errors: Annotated[int, Option(metavar="N")] = Field(
        2, ge=0, description="wrong prefixes to recover from, per problem and kind"
    )
    from_: From = Field(
        None, description="grade existing outputs instead: JSONL with an output and a question or id per line"
    )
    compare: Annotated[tuple[str, str] | None, Option(setting=False, values=("A", "B"))] = Field(
        None, description="compare two evaluations, by name or folder"
    )

    def without_model(self) -> str:
        """Existing outputs are graded or compared without a model."""
        return "with --compare" if self.compare else "with --from" if self.from_ else ""

    def inert(self) -> Mapping[str, str]:
        """A comparison is of whole evaluations."""
        return {**super().inert(), **({"shard": "with --compare"} if self.compare else {})}
