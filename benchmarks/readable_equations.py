"""How much of a data set's arithmetic the label checker can read, and how much of that is true.

python benchmarks/readable_equations.py gsm8k_train.jsonl
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from label_checking.equations import read_step


def _reference_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            solution = str(row.get("answer") if "question" in row else row.get("solution", ""))
            yield from re.sub(r"<<.*?>>", "", solution.split("####", maxsplit=1)[0]).splitlines()


def main() -> None:
    """Print how many equations of a data set's solutions can be read, and how many of those hold."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path, help="GSM8K or MATH as JSONL")
    parser.add_argument("--list", choices=["false", "unread", "other"], help="also print these, with their step")
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    for line in _reference_lines(arguments.data):
        step = read_step(line)
        wrong = [equation.text for equation in step.equations if not equation.holds]
        counts += Counter(read=len(step.equations), false=len(wrong), other=len(step.other), unread=len(step.unread))
        listed = {"false": wrong, "unread": step.unread, "other": step.other}.get(arguments.list, ())
        for text in listed:
            print(f"{text}   <-   {line}")
    arithmetic = counts["read"] + counts["unread"]
    print(
        f"{arithmetic + counts['other']:,} equality signs: {arithmetic:,} in arithmetic, "
        f"{counts['other']:,} in algebra, names and definitions"
    )
    print(f"{counts['read'] / max(1, arithmetic):.2%} of those in arithmetic read; {counts['unread']} not")
    print(f"{1 - counts['false'] / max(1, counts['read']):.2%} of the equations read hold; {counts['false']} do not")


if __name__ == "__main__":
    main()
