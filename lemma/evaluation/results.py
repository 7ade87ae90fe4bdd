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
from lemma.evaluation.accuracy import ACCURACY, NO_ANSWER, UNKNOWN
from lemma.evaluation.figures import ALL, Result
from lemma.evaluation.outputs import OUTPUTS, GradedOutput
from lemma.exceptions import ConfigError, DataError
from lemma.rundir.disk import write_whole
from lemma.rundir.lines import read_lines
from lemma.statistics import Interval

RESULTS = "results.json"
_FOLDER = "eval"
_LONGEST_NAME = 100  # bytes; file systems take 255, and the file of a comparison is named after two
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def evaluation_folder(run: Path, name: str) -> Path:
    """The folder of an evaluation in a run directory. Raises ConfigError if the name is not that of a single folder."""
    if name in ("", ".", "..") or set(name) & set("/\\") or not name.isprintable():
        raise ConfigError(f"--name {name!r}: use a plain name, without path separators or control characters")
    if len(name.encode()) > _LONGEST_NAME:
        raise ConfigError(f"--name {name[:20]!r}...: use at most {_LONGEST_NAME} bytes")
    return run / _FOLDER / name


def read_outputs(folder: Path) -> Iterator[GradedOutput]:
    """The graded outputs in a folder. Raises DataError if they were made by another version of lemma."""
    for line in read_lines(folder / OUTPUTS, "eval"):
        try:
            yield GradedOutput.model_validate(line)
        except ValidationError:
            raise DataError(
                f"{folder / OUTPUTS} was not written by this version of lemma; run the evaluation again"
            ) from None


def write_results(folder: Path, facts: Mapping[str, Any], by_model: Mapping[str, Sequence[Result]]) -> Path:
    """Write results.json: `facts` about the evaluation, and one flat row per figure with its id and its label."""
    rows = [
        {
            "model": model,
            "suite": result.suite,
            "figure": result.figure,
            "label": result.label,
            "group": result.group,
            "value": result.interval.value,
            "low": result.interval.low,
            "high": result.interval.high,
            "problems": result.interval.n,
            "percent": result.percent,
        }
        for model, results in by_model.items()
        for result in results
    ]
    write_whole(folder / RESULTS, orjson.dumps({**facts, "figures": rows}, option=_OPTIONS))
    return folder / RESULTS


def is_scripted(folder: Path) -> bool:
    """Whether the outputs of an evaluation come from a scripted student, not from a model."""
    try:
        facts = orjson.loads((folder / RESULTS).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and facts.get("scripted") is True


def grades_of(rows: Sequence[GradedOutput]) -> dict[str, int]:
    """How many outputs got which grade, and how many were cut off."""
    counts = Counter("no answer" if row.grade == "none" else str(row.grade) for row in rows)
    counts["cut off"] = sum(row.finish_reason != "stop" for row in rows)
    return dict(sorted(counts.items()))


def suite_tallies(results: Sequence[Result], scripted: bool = False) -> Iterator[Tally]:
    """A table per suite, with the figures over all problems; breakdowns are in results.json.

    The title says so if a `scripted` student answered: its figures must not be taken for those of a model.
    """
    for suite in dict.fromkeys(result.suite for result in results):
        rows = tuple(
            (result.label, *shown(result.interval, result.percent), f"{result.interval.n:,}")
            for result in results
            if result.suite == suite and result.group == ALL
        )
        title = f"{suite} (scripted student, not a model)" if scripted else suite
        yield Tally(title, ("figure", "value", "95 % interval", "problems"), rows)


def ranking_tally(by_model: Mapping[str, Sequence[Result]]) -> Tally:
    """Models by greedy accuracy, best first, with the shares of outputs without an answer and of ungraded ones."""
    ranked = []
    for model, results in by_model.items():
        figures = {result.figure: result.interval for result in results if result.group == ALL}
        if ACCURACY in figures:
            ranked.append((model, figures))
    ranked.sort(key=lambda item: -item[1][ACCURACY].value)
    rows = tuple(
        (
            str(place),
            model,
            *shown(figures[ACCURACY], True),
            *(number(figures[name].value, True) for name in (NO_ANSWER, UNKNOWN)),
            f"{figures[ACCURACY].n:,}",
        )
        for place, (model, figures) in enumerate(ranked, start=1)
    )
    columns = ("rank", "model", "accuracy", "95 % interval", "no answer", "unknown", "problems")
    return Tally("Ranking by accuracy", columns, rows)


def shown(interval: Interval, percent: bool) -> tuple[str, str]:
    """A value and its interval as text."""
    return number(interval.value, percent), f"{number(interval.low, percent)} to {number(interval.high, percent)}"


def number(value: float, percent: bool) -> str:
    """A figure as text; a dash if it is undefined."""
    if math.isnan(value):
        return "-"
    return f"{value:.1%}" if percent else f"{value:.3g}"
