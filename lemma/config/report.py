"""The options of `lemma report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from lemma.options import (
    Option,
    ViewConfig,
)


class ReportConfig(ViewConfig):
    """Write an HTML report on a run directory: figures and sample records."""

    command: ClassVar[str] = "report"
    example: ClassVar[str] = "lemma report --samples 300"

    output: Annotated[Path | None, Option(metavar="FILE")] = Field(
        None, description="file to write (default: report.html in the run directory)"
    )
    samples: Annotated[int, Option(metavar="N")] = Field(
        600, ge=1, description="number of erroneous solutions to show, spread evenly over all kinds"
    )
    seed: Annotated[int, Option(metavar="N")] = Field(0, description="random seed for choosing the samples")
