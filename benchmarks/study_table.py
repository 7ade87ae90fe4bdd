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


ROWS = (
    ("recovery", "accuracy_free"),
    ("recovery", "accuracy_forbidden"),
    ("recovery", "accuracy_oracle"),
    ("recovery", "oracle_repeated"),
    ("recovery", "oracle_next_right"),
    ("recovery", "own_forced_repeated"),
    ("recovery", "own_forced_next_right"),
    ("recovery", "own_recognized"),
    ("recovery", "own_right_reflection"),
    ("recovery", "own_recognized_less_false"),
    ("recovery", "doubt_auc"),
    ("recovery", "confidence_auc"),
)

_TRAINED = ("records", "tokens per pass", "steps")


def print_table(folder: Path, names: Sequence[str], runs_folder: str = "runs") -> None:
    """One row per figure, with the values of the seeds; then one row per arm; then what the runs cost."""
    columns = {name: list(_outputs(folder, runs_folder, name)) for name in ("base", *names)}
    columns = {name: runs for name, runs in columns.items() if runs}
    if not columns:
        return
    pooled = {name: _figures([row for rows in runs for row in rows]) for name, runs in columns.items()}
    by_seed = {name: [_figures(rows) for rows in runs] if len(runs) > 1 else [] for name, runs in columns.items()}
    labels = {key: result.label for figures in pooled.values() for key, result in figures.items()}
    print(f"\n| | {' | '.join(f'{name}, {len(runs)} seeds' for name, runs in columns.items())} |")
    print("| --- " * (1 + len(columns)) + "|")
    for key in SHOWN:
        if key in labels:
            cells = [
                _cell(pooled[name].get(key), [one[key] for one in by_seed[name] if key in one]) for name in columns
            ]
            print(f"| {key[0]}: {labels[key]} | {' | '.join(cells)} |")
    shown = [key for key in ROWS if key in labels]
    print(f"\n| arm | seeds | {' | '.join(labels[key] for key in shown)} |")
    print("| --- " * (2 + len(shown)) + "|")
    for name, runs in columns.items():
        print(f"| {name} | {len(runs)} | {' | '.join(_cell(pooled[name].get(key)) for key in shown)} |")
    _print_costs(folder)


def _cell(result: Result | None, seeds: Sequence[Result] = ()) -> str:
    if result is None:
        return "-"
    value, low, high = (
        number(bound, result.percent) for bound in (result.interval.value, result.interval.low, result.interval.high)
    )
    each = "".join(f"{', ' if place else '; '}{_cell(one).split()[0]}" for place, one in enumerate(seeds))
    return f"{value} ({low} to {high}{each})"


def _print_costs(folder: Path) -> None:
    """What was trained on, and the processor time of each run, all of its commands."""
    costs: dict[Path, float] = {}
    trained: dict[Path, list[str]] = {}
    for file in sorted(folder.glob("**/*.done.json")):
        told = orjson.loads(file.read_bytes())
        run = file.parent.relative_to(folder)
        if told["command"][told["command"].index("--run") + 1] != str(file.parent):
            continue  # a copy of a stock, which is counted where it was made
        whole = Path(*run.parts[:3]) if run.parts[0].startswith("runs") else run
        costs[whole] = costs.get(whole, 0) + told["cpu_seconds"]
        if file.name == "train.done.json":
            trained.setdefault(whole, []).append(" / ".join(f"{told[name]:,}" for name in _TRAINED))
    print(f"\n| run | {' / '.join(_TRAINED)} | CPU seconds |\n| --- | --- | --- |")
    for whole, seconds in costs.items():
        print(f"| {whole} | {'; '.join(trained.get(whole, ['-']))} | {seconds:,.0f} |")
    print(f"| all | | {sum(costs.values()):,.0f} |")


def _outputs(folder: Path, runs: str, name: str) -> Iterator[list[GradedOutput]]:
    places = [folder / "base"] if name == "base" else sorted((folder / runs / name).glob("seed*"))
    for place in places:
        if (place / "eval" / EVALUATION / RESULTS).exists():
            # The model's name says which seed it is; all seeds count as one model here.
            yield [row.model_copy(update={"model": name}) for row in read_outputs(place / "eval" / EVALUATION)]


def _figures(rows: Sequence[GradedOutput]) -> dict[tuple[str, str], Result]:
    samples = max(row.sample for row in rows)
    suites = {name: suite.figures for name, suite in all_suites(samples).items()}
    results = evaluate_figures(suites, rows, 0)
    return {(result.suite, result.figure): result for result in results if result.group == ALL}
