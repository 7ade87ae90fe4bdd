"""How often the first wrong step is found without a model, on solutions annotated by people.

    python benchmarks/first_error.py first_error_dev.jsonl

Each line of the file has `question`, `reference_solution`, `steps`, and `first_error_step`, counted from 1. `--wrong`
shows the cases that were missed. The two baselines are the first false equation and the last step.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.numbers import normal
from lemma.exceptions import DataError, LemmaError
from lemma.grading.verdict import exact_value
from lemma.locating.graph import Finding, first_wrong_step
from lemma.steps import split_steps


class Marked(BaseModel):
    """A wrong solution and its annotated first wrong step, counted from 1."""

    question: str
    reference_solution: str
    steps: Annotated[list[str], Field(min_length=1)]
    first_error_step: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _has_that_step(self) -> Marked:
        if self.first_error_step > len(self.steps):
            raise ValueError(f"first_error_step is {self.first_error_step}, but there are {len(self.steps)} steps")
        return self


def read_marked(path: Path) -> Iterator[Marked]:
    """The solutions in a file, skipping blank lines. Raises DataError, naming the line, if one is invalid."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _parsed(line.strip(), f"{path}, line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} can't be read: {error}; give a JSONL file of annotated solutions") from None


def _parsed(line: str, where: str) -> Marked:
    try:
        return Marked.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f"{part}: " for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise DataError(f"{where}: {place}{problem}; fix or remove the line") from None


def found(row: Marked | Mapping[str, Any]) -> Finding:
    """The first wrong step of a solution."""
    marked = row if isinstance(row, Marked) else Marked.model_validate(row)
    gold = exact_value(marked.reference_solution)
    value = None if gold is None else normal(gold)
    return first_wrong_step(marked.question, split_steps(marked.reference_solution), value, marked.steps)


def first_false(steps: Sequence[str]) -> int:
    """The baseline: the first step with a false equation, or else the last step."""
    for number, step in enumerate(steps):
        if any(equation.holds is False for equation in read_step(step).equations):
            return number
    return len(steps) - 1


def measure(path: Path, show_missed: bool) -> None:
    """Print the share for each reason, the baselines, and the total. Raises DataError if the file is unusable."""
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    baselines: Counter[str] = Counter()
    for number, row in enumerate(read_marked(path), 1):
        finding, marked = found(row), row.first_error_step - 1
        total[finding.reason] += 1
        right[finding.reason] += finding.step == marked
        baselines["first false equation"] += first_false(row.steps) == marked
        baselines["last step"] += len(row.steps) - 1 == marked
        if show_missed and finding.step != marked:
            print(f"case {number}: step {finding.step + 1} ({finding.reason} {finding.equation}), marked {marked + 1}")
    if not total:
        raise DataError(f"{path} has no lines; give a JSONL file of annotated solutions")
    for reason, count in total.most_common():
        print(f"{reason:20} {right[reason]:4} of {count:4}")
    for name, count in baselines.items():
        print(f"baseline, {name}: {100 * count / total.total():.1f} %")
    print(f"first wrong step: {100 * right.total() / total.total():.1f} %")


def main() -> int:
    """Measure on the given file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="JSONL file of annotated solutions")
    parser.add_argument("--wrong", action="store_true", help="show the missed cases")
    flags = parser.parse_args()
    try:
        measure(flags.file, flags.wrong)
    except LemmaError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
