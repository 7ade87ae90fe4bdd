"""Time and memory of `lemma eval --from`, which grades and reports outputs that already exist.

    python benchmarks/stored_outputs.py gsm8k_model_solutions.jsonl gsm8k_test.jsonl --outputs 10000

The first file has labeled solutions of several models, one problem per line; they are repeated, each time under new
model names, until there are enough. The accuracy of each model is printed next to that of its labels.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import orjson


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("solutions", type=Path, help="labeled solutions of several models (JSON lines)")
    parser.add_argument("problems", type=Path, help="the problems, in any form that lemma eval reads")
    parser.add_argument("--outputs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stored, run = Path(folder) / "stored.jsonl", Path(folder) / "run"
        labels = _write_outputs(stored, options.solutions, options.outputs)
        command = [sys.executable, "-m", "lemma", "eval", options.problems, "--from", stored, "--run", run]
        began = time.perf_counter()
        process = Popen([*command, "--workers", str(options.workers)], stdout=DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - began
        if status:
            raise SystemExit(f"lemma eval failed on {stored}")
        print(f"outputs {options.outputs:>10,}")
        print(f"time    {taken:>10.1f} s")
        print(f"memory  {usage.ru_maxrss / 1024:>10,.0f} MiB in the main process")
        _print_accuracies(run / "eval" / "stored" / "results.json", labels)


def _write_outputs(file: Path, solutions: Path, wanted: int) -> dict[str, list[bool]]:
    """Write this many outputs. Returns the labels of each model."""
    labels: dict[str, list[bool]] = defaultdict(list)
    with file.open("wb") as target:
        for row, model, solved in itertools.islice(_labeled(solutions), wanted):
            labels[model].append(solved["is_correct"])
            line = {"question": row["question"], "model": model, "output": solved["solution"]}
            target.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    return labels


def _labeled(solutions: Path) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Row, model name and labeled solution; the rows repeat forever."""
    rows = [orjson.loads(line) for line in solutions.read_bytes().splitlines()]
    for turn in itertools.count(1):
        for row in rows:
            for model, solved in row.items():
                if isinstance(solved, dict):
                    yield row, model if turn == 1 else f"{model}, {turn}", solved


def _print_accuracies(results: Path, labels: dict[str, list[bool]]) -> None:
    print(f"\n{'model':<24}{'outputs':>8}{'accuracy':>10}{'labels':>10}")
    for figure in orjson.loads(results.read_bytes())["figures"]:
        if figure["figure"] == "accuracy" and figure["group"] == "all":
            right = labels[figure["model"]]
            accuracy, labeled = figure["value"], sum(right) / len(right)
            print(f"{figure['model']:<24}{len(right):>8,}{accuracy:>10.1%}{labeled:>10.1%}")


if __name__ == "__main__":
    main()
