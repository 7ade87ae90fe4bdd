"""The options of `lemma generate`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lemma.options import (
    Option,
    ShardConfig,
)


class GenerateConfig(ShardConfig):
    """Generate word problems that a small model can learn, or exercises in algebra."""

    command: ClassVar[str] = "generate"
    example: ClassVar[str] = "lemma generate -n 100000 --operations 2-5"

    n: Annotated[int, Option(metavar="N")] = Field(
        1000, ge=1, description="number of problems; a larger N yields the same problems and more"
    )
    kind: Literal["stories", "algebra"] = Field(
        "stories", description="stories: word problems with numbers; algebra: exercises with letters, in LaTeX"
    )
    operations: Annotated[str, Option(metavar="N or N-M")] = Field(
        "2-5", description="number of operations (algebra: of steps) per solution, or a range"
    )
    largest: Annotated[int, Option(metavar="N")] = Field(20, ge=20, le=1000, description="largest number in a question")
    modulus: Annotated[int | None, Option(metavar="N")] = Field(
        None, ge=5, le=97, description="compute modulo N, as in iGSM (arXiv 2407.20311); a small prime works best"
    )
    distractors: Annotated[int, Option(metavar="N")] = Field(
        1, ge=0, le=8, description="maximum number of facts that the answer does not depend on"
    )
    shuffled: bool = Field(True, description="shuffle the order of the facts")
    displacement: Annotated[float | None, Option(metavar="PLACES")] = Field(
        None, ge=0, le=100, description="shuffle only so far: maximum places between facts that swap (default: any)"
    )

    def inert(self) -> Mapping[str, str]:
        """Facts in order are not displaced, and exercises in algebra have no facts."""
        if self.kind == "algebra":
            return dict.fromkeys(("modulus", "distractors", "shuffled", "displacement"), "with --kind algebra")
        return {} if self.shuffled else {"displacement": "with --no-shuffled"}
