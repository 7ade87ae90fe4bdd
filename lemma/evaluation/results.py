"""Results of an evaluation on disk and on the terminal: `results.json` beside `outputs.jsonl`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from lemma.engine.summary import Tally
from lemma.evaluation.figures import ALL, Result
from lemma.evaluation.outputs import OUTPUTS, GradedOutput
from lemma.exceptions import DataError
from lemma.rundir.disk import write_whole
from lemma.rundir.lines import read_lines
from lemma.statistics import Interval

RESULTS = "results.json"
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def read_outputs(folder: Path) -> Iterator[GradedOutput]:
    """The graded outputs in a folder. Raises DataError where they are of another version of lemma."""
    for line in read_lines(folder / OUTPUTS, "eval"):
        try:
            yield GradedOutput.model_validate(line)
        except ValidationError:
            raise DataError(
                f"{folder / OUTPUTS} is no file of graded outputs of this version; evaluate again"
            ) from None


def write_results(folder: Path, facts: Mapping[str, Any], by_model: Mapping[str, Sequence[Result]]) -> Path:
    """Write results.json: what was asked, and one flat row a figure, ready for a report."""
    rows = [{"model": model, **_row(result)} for model, results in by_model.items() for result in results]
    write_whole(folder / RESULTS, orjson.dumps({**facts, "figures": rows}, option=_OPTIONS))
    return folder / RESULTS


def _row(result: Result) -> dict[str, Any]:
    interval = result.interval
    return {
        "suite": result.suite,
        "figure": result.figure,
        "group": result.group,
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "problems": interval.n,
        "percent": result.percent,
    }


def grades_of(rows: Sequence[GradedOutput]) -> dict[str, int]:
    """How many outputs got which grade, and how many were cut off."""
    counts = Counter(str(row.grade) for row in rows)
    counts["cut off"] = sum(row.finish_reason != "stop" for row in rows)
    return dict(sorted(counts.items()))


def suite_tallies(results: Sequence[Result]) -> Iterator[Tally]:
    """A table a suite, with the figures over all problems; breakdowns are in results.json."""
    for suite in dict.fromkeys(result.suite for result in results):
        rows = tuple(
            (result.figure, *shown(result.interval, result.percent), f"{result.interval.n:,}")
            for result in results
            if result.suite == suite and result.group == ALL
        )
        yield Tally(suite, ("figure", "value", "95 % interval", "problems"), rows)


def ranking_tally(by_model: Mapping[str, Sequence[Result]]) -> Tally:
    """Models by greedy accuracy, best first; beside it the share of their outputs that could not be graded."""
    found = [
        (model, figures["accuracy, greedy"].interval, figures["ungraded (unknown)"].interval)
        for model, results in by_model.items()
        if "accuracy, greedy" in (figures := {result.figure: result for result in results if result.group == ALL})
    ]
    found.sort(key=lambda item: -item[1].value)
    rows = tuple(
        (str(place), model, *shown(accuracy, True), number(unknown.value, True), f"{accuracy.n:,}")
        for place, (model, accuracy, unknown) in enumerate(found, start=1)
    )
    columns = ("rank", "model", "accuracy", "95 % interval", "unknown", "problems")
    return Tally("Ranking by accuracy", columns, rows)


def shown(interval: Interval, percent: bool) -> tuple[str, str]:
    """A value and its interval for people."""
    return number(interval.value, percent), f"{number(interval.low, percent)} to {number(interval.high, percent)}"


def number(value: float, percent: bool) -> str:
    """A figure for people; a dash where it is not defined."""
    if math.isnan(value):
        return "-"
    return f"{value:.1%}" if percent else f"{value:.3g}"
