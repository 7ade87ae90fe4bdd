"""The options of `lemma analyze`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    PROMPTS_FOLDER,
    TAXONOMY_FOLDER,
    From,
    ModelConfig,
    Names,
    Option,
    Probability,
    Prompts,
    ShardConfig,
    Taxonomy,
    Teacher,
)


class AnalyzeConfig(ModelConfig, ShardConfig):
    """Find the first wrong step in each of the student's wrong solutions and count error types."""

    command: ClassVar[str] = "analyze"
    example: ClassVar[str] = "lemma analyze --locate graph,rollouts --model my-student"
    model_options: ClassVar[tuple[str, ...]] = ("taxonomy", "prompts")

    from_: From = Field(
        None, description="import solutions that are already labeled, such as PRM800K, ProcessBench, or MR-GSM8K"
    )
    locate: Annotated[Names, Option(metavar="METHOD,...")] = Field(
        (),
        description="methods to combine: graph, judge, rollouts, confidence (default: judge if --teacher, else graph)",
    )
    teacher: Teacher = Field(None, description="model that judges the solutions (default: none)")
    model: Annotated[str | None, Option(metavar="MODEL")] = Field(
        None, description="student that wrote the solutions; required for rollouts and confidence"
    )
    prompt: Literal["chat", "completion", "lemma", "question"] = Field(
        "chat", description="prompt for the rollouts, as in `lemma sample`"
    )
    rollouts: Annotated[int, Option(metavar="N")] = Field(
        64, ge=4, description="maximum continuations per solution; requires --locate rollouts"
    )
    min_confidence: Probability = Field(
        None, description="minimum probability for a step to count as located (default: depends on the methods)"
    )
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)

    @property
    def methods(self) -> tuple[str, ...]:
        """How first wrong steps are located."""
        return self.locate or (("judge",) if self.teacher else ("graph",))

    def asked(self) -> str | None:
        """The student or the teacher."""
        return self.model or self.teacher

    def without_model(self) -> str:
        """Without a student and a teacher, the graph decides, or labels do."""
        return "with --from" if self.from_ else "" if self.asked() else "without --teacher or --model"

    def inert(self) -> Mapping[str, str]:
        """What the methods do not use."""
        unused = dict(super().inert())
        if "judge" not in self.methods:
            unused |= {"teacher": "without --locate judge", "taxonomy": "without --teacher"}
        if "rollouts" not in self.methods:
            unused |= dict.fromkeys(("rollouts", "prompt"), "without --locate rollouts")
        if not {"rollouts", "confidence"} & set(self.methods):
            unused["model"] = "without --locate rollouts or confidence"
        return unused
