"""The options of `lemma augment`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    TAXONOMY_FOLDER,
    Columns,
    Configuration,
    Data,
    Limit,
    ModelConfig,
    NameOrFile,
    Names,
    Option,
    Prompts,
    ShardConfig,
    Split,
    Taxonomy,
    Teacher,
)


class AugmentConfig(ModelConfig, ShardConfig):
    """Inject typed errors into correct solutions."""

    command: ClassVar[str] = "augment"
    example: ClassVar[str] = "lemma augment gsm8k.jsonl --types calc,logic --per-problem 4"
    model_options: ClassVar[tuple[str, ...]] = ("audit", "student_share", "prompts")

    data: Data = Field(
        None, description="files, a folder, - (stdin), or a Hugging Face id:config (default: the bundled sample)"
    )
    split: Split = "train"
    config: Configuration = None
    columns: Columns = Field(default_factory=dict)
    limit: Limit = None
    types: Annotated[Names, Option(metavar="TYPE,...")] = Field(
        ("all",), description="error types to inject, or families of types: calc, logic, reading, output, all"
    )
    per_problem: Annotated[int, Option(metavar="N")] = Field(
        4, ge=1, description="maximum number of erroneous solutions per problem; above 8, less likely ones too"
    )
    errors_per_solution: Annotated[int, Option(metavar="N")] = Field(
        1, ge=1, le=4, description="maximum number of independent errors per solution; the label describes the first"
    )
    distribution: NameOrFile = Field(
        None, description="error type weights: a JSON file, or a built-in name such as lemma-llama3-gsm8k"
    )
    places: NameOrFile = Field(
        "real", description="which steps get errors: real, uniform, or a distribution.json from `lemma analyze`"
    )
    best_effort: bool = Field(
        False, description="make as many errors as possible, even if type and step shares miss their targets"
    )
    into: Literal["references", "solutions", "both"] = Field(
        "references", description="where to inject: reference solutions, the student's right solutions, or both"
    )
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)
    teacher: Teacher = Field(None, description="model that writes the errors (default: none; errors are symbolic)")
    audit: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="model that checks the teacher's errors; none: do not check (default: the teacher)"
    )
    student_share: Annotated[float, Option(metavar="SHARE")] = Field(
        0.0, ge=0, lt=1, description="fraction of the errors to skip in favor of the student's own, 0 to 1"
    )
    keep_annotations: bool = Field(False, description="keep GSM8K's <<...>> annotations in the steps")

    def without_model(self) -> str:
        """Without a teacher, errors are symbolic."""
        return "" if self.teacher else "without --teacher"

    def inert(self) -> Mapping[str, str]:
        """The teacher never writes annotations, makes the type it is asked for, and chooses the step."""
        names = ("best_effort", "errors_per_solution", "into", "keep_annotations", "places")
        return dict.fromkeys(names, "with --teacher") if self.teacher else super().inert()
