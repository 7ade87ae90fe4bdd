"""The table of the study: each figure over the outputs of all seeds, with an interval over the problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from lemma.evaluation.figures import ALL, Result, evaluate_figures
from lemma.evaluation.outputs import GradedOutput
from lemma.evaluation.results import RESULTS, number, read_outputs
from lemma.evaluation.suites import all_suites

EVALUATION = "held-out"
SHOWN = (
    ("accuracy", "accuracy"),
    ("recovery", "accuracy_forbidden"),
    ("recovery", "accuracy_oracle"),
    ("recovery", "own_forced_repeated"),
    ("recovery", "own_forced_next_right"),
    ("recovery", "own_forced_right"),
    ("recovery", "oracle_repeated"),
    ("recovery", "oracle_next_right"),
    ("recovery", "own_right_forced_repeated"),
    ("recovery", "own_right_forced_next_right"),
    ("recovery", "own_right_forced_right"),
    ("recovery", "own_recognized"),
    ("recovery", "own_right_reflection"),
    ("recovery", "own_recognized_less_false"),
    ("recovery", "doubt_auc"),
    ("recovery", "confidence_auc"),
    ("recovery", "injected_recognized"),
    ("self-correction", "accuracy_t1"),
    ("self-correction", "delta_i_to_c"),
    ("self-correction", "delta_c_to_i"),
    ("accuracy", "tokens_per_output"),
)


def print_table(folder: Path, names: Sequence[str]) -> None:
    """One row per figure, one column per arm: the value, its interval, and the values of the seeds."""
    columns = {name: list(_outputs(folder, name)) for name in ("base", *names)}
    columns = {name: runs for name, runs in columns.items() if runs}
    if not columns:
        return
    pooled = {name: _figures([row for rows in runs for row in rows]) for name, runs in columns.items()}
    by_seed = {name: [_figures(rows) for rows in runs] for name, runs in columns.items()}
    print(f"\n| | {' | '.join(f'{name}, {len(runs)} seeds' for name, runs in columns.items())} |")
    print("| --- " * (1 + len(columns)) + "|")
    for key in SHOWN:
        found = [figures.get(key) for figures in pooled.values()]
        label = next((result.label for result in found if result), None)
        if label is None:
            continue
        cells = []
        for name, result in zip(columns, found, strict=True):
            if result is None:
                cells.append("-")
                continue
            interval, shown = result.interval, result.percent
            seeds = [number(one[key].interval.value, shown) for one in by_seed[name] if key in one]
            each = f"; {', '.join(seeds)}" if len(seeds) > 1 else ""
            low, high = (number(value, shown) for value in (interval.low, interval.high))
            cells.append(f"{number(interval.value, shown)} ({low} to {high}{each})")
        print(f"| {key[0]}: {label} | {' | '.join(cells)} |")
    print("\n| run | records | tokens per pass | steps | training, CPU seconds |\n| --- | --- | --- | --- | --- |")
    for file in sorted(folder.glob("**/train.done.json")):
        told = orjson.loads(file.read_bytes())
        run = file.parent.relative_to(folder)
        figures = (f"{told[name]:,}" for name in ("records", "tokens per pass", "steps", "cpu_seconds"))
        print(f"| {run} | {' | '.join(figures)} |")


def _outputs(folder: Path, name: str) -> Iterator[list[GradedOutput]]:
    places = [folder / "base"] if name == "base" else sorted((folder / "runs" / name).glob("seed*"))
    for place in places:
        if (place / "eval" / EVALUATION / RESULTS).exists():
            # The model's name says which seed it is; all seeds count as one model here.
            yield [row.model_copy(update={"model": name}) for row in read_outputs(place / "eval" / EVALUATION)]


def _figures(rows: Sequence[GradedOutput]) -> dict[tuple[str, str], Result]:
    samples = max(row.sample for row in rows)
    suites = {name: suite.figures for name, suite in all_suites(samples).items()}
    results = evaluate_figures(suites, rows, 0)
    return {(result.suite, result.figure): result for result in results if result.group == ALL}
