"""How often the first wrong step is found without any model, on solutions that people have marked.

    python benchmarks/first_error.py first_error_dev.jsonl

A line of the file has `question`, `reference_solution`, `steps` and `first_error_step`, counted from 1. `--wrong` shows
the cases that were missed. Beside ours stand two baselines: the first equation that is false, and the last step.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lemma.arithmetic.alignment import Finding, first_wrong_step
from lemma.arithmetic.equations import read_step
from lemma.steps import split_steps
from lemma.verify import exact_value


def found(row: Mapping[str, Any]) -> Finding:
    """The first wrong step of a row."""
    reference = row["reference_solution"]
    gold = exact_value(reference)
    value = None if gold is None else gold.numerator if gold.denominator == 1 else gold
    return first_wrong_step(row["question"], split_steps(reference), value, row["steps"])


def first_false(steps: list[str]) -> int:
    """The baseline: the first step with an equation that does not hold, else the last."""
    for number, step in enumerate(steps):
        if any(equation.holds is False for equation in read_step(step).equations):
            return number
    return len(steps) - 1


def main() -> None:
    """Print the share for each reason, the baselines, and the whole."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--wrong", action="store_true", help="show what was missed")
    flags = parser.parse_args()
    rows = [json.loads(line) for line in flags.file.read_text("utf-8").splitlines()]
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for number, row in enumerate(rows):
        finding, marked = found(row), row["first_error_step"] - 1
        total[finding.reason] += 1
        right[finding.reason] += finding.step == marked
        if flags.wrong and finding.step != marked:
            print(f"row {number}: step {finding.step + 1} ({finding.reason} {finding.equation}), marked {marked + 1}")
    for reason, count in total.most_common():
        print(f"{reason:20} {right[reason]:4} of {count:4}")
    baseline = sum(first_false(row["steps"]) == row["first_error_step"] - 1 for row in rows)
    print(f"baseline, first false equation: {baseline / len(rows):.1%}")
    print(f"first wrong step: {100 * right.total() / len(rows):.1f} %")


if __name__ == "__main__":
    main()
