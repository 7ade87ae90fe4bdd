"""The options of `lemma analyze`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    CONNECTION,
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
    split_names,
)

_OF_STUDENT = {"rollouts", "confidence"}


class AnalyzeConfig(ModelConfig, ShardConfig):
    """Find the first wrong step in each of the student's wrong solutions and count error types."""

    command: ClassVar[str] = "analyze"
    example: ClassVar[str] = "lemma analyze --locate graph,rollouts --model my-student"
    model_options: ClassVar[tuple[str, ...]] = ("taxonomy", "prompts")
    teacher_connection: ClassVar[tuple[str, ...]] = ("base_url", "backend", "key_variable")

    from_: From = Field(
        None, description="import solutions that are already labeled, such as PRM800K, ProcessBench, or MR-GSM8K"
    )
    locate: Annotated[Names, Option(metavar="METHOD,...")] = Field(
        (),
        description="methods to combine: graph, judge, rollouts, confidence; or exact (default: graph or judge)",
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
    judge_accuracy: Probability = Field(
        None,
        description="how often the judge is right; --from FILE --locate judge measures it (default: assume 0.8)",
    )
    label_confidence: Probability = Field(
        None, description="how often imported labels are right (default: assume 0.95 for people's, 0.8 for others)"
    )
    min_confidence: Probability = Field(
        None, description="minimum probability for a step to count as located (default: depends on the methods)"
    )
    teacher_base_url: Annotated[str | None, Option(setting=False, group=CONNECTION, metavar="URL")] = Field(
        None, description="the teacher's server, if a student is asked as well (default: --base-url)"
    )
    teacher_backend: Annotated[str | None, Option(setting=False, group=CONNECTION, metavar="NAME")] = Field(
        None, description="the teacher's backend, if a student is asked as well (default: --backend)"
    )
    teacher_key_variable: Annotated[str | None, Option(setting=False, group=CONNECTION, metavar="NAME")] = Field(
        None, description="environment variable that holds the teacher's API key (default: --key-variable)"
    )
    taxonomy: Taxonomy = Field(None, description=TAXONOMY_FOLDER)
    prompts: Prompts = Field(None, description=PROMPTS_FOLDER)

    @property
    def methods(self) -> tuple[str, ...]:
        """How first wrong steps are located."""
        return self.locate or (("judge",) if self.teacher else ("graph",))

    @property
    def asks_student(self) -> bool:
        """Whether a method asks the student."""
        return bool(_OF_STUDENT & set(self.methods))

    @property
    def asks_teacher(self) -> bool:
        """Whether a method asks the teacher."""
        return "judge" in self.methods

    @classmethod
    def role_with(cls, values: Mapping[str, Any]) -> Literal["student", "teacher"]:
        """The student that rolls out, if it does."""
        return "student" if _OF_STUDENT & set(split_names(values.get("locate") or ())) else "teacher"

    def asked(self) -> str | None:
        """The student if a method asks it, else the teacher if one asks that."""
        return self.model if self.asks_student else self.teacher if self.asks_teacher else None

    def of_teacher(self) -> AnalyzeConfig:
        """These options with the teacher's connection in place of the student's."""
        own = {name: getattr(self, f"teacher_{name}") for name in self.teacher_connection}
        given = {name: value for name, value in own.items() if value is not None}
        if given.get("base_url") == "":  # a pipeline's way to say that the student's server is not the teacher's
            given["base_url"] = None
        return self.model_copy(update=given)

    def without_model(self) -> str:
        """Without a student and a teacher, the graph decides, or labels do."""
        if self.from_ and not self.locate:
            return "with --from"
        return "" if self.asked() else "without --teacher or --model"

    def inert(self) -> Mapping[str, str]:
        """What the methods do not use."""
        unused = dict(super().inert())
        if not (self.asks_teacher and self.asks_student):
            connection = (f"teacher_{name}" for name in self.teacher_connection)
            unused |= dict.fromkeys(connection, "unless a student and a teacher are asked")
        if not self.asks_teacher:
            unused |= dict.fromkeys(("teacher", "judge_accuracy"), "without --locate judge")
            unused |= {"taxonomy": "without --teacher"}
        if not self.from_:
            unused |= {"label_confidence": "without --from"}
        if "rollouts" not in self.methods:
            unused |= dict.fromkeys(("rollouts", "prompt"), "without --locate rollouts")
        if not self.asks_student:
            unused["model"] = "without --locate rollouts or confidence"
        return unused
