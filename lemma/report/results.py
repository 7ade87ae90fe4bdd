"""What stages report about themselves: run.json, the student's distribution, training losses, evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard, get_args

from lemma.config import commands
from lemma.records import SegmentKind
from lemma.report.lenient_lines import Reader, list_of, text_of
from lemma.rundir.counts import MADE

_LOSSES = ("loss", *(f"loss_{kind}" for kind in get_args(SegmentKind)))
_MOST_POINTS = 200
_LARGEST = 2**53  # JavaScript counts exactly up to here
Plain = dict[str, Any]


def stages(reader: Reader) -> list[Plain]:
    """What each stage made, used and cost, in the order of the pipeline; unknown stages come last."""
    named = list(_manifest(reader, reader.run).items())
    for folder in _evaluation_folders(reader.run):
        named += [(f"{name} {folder.name}", values) for name, values in _manifest(reader, folder).items()]
    found = []
    for name, values in named:
        found.append(
            {
                "stage": name,
                "status": str(values.get("status", "")),
                "seconds": _value(values.get("seconds")),
                "made": _counts(values, MADE),
                "model": _numbers(values.get("model")),
            }
        )
    return sorted(found, key=_pipeline_order)


def _pipeline_order(stage: Plain) -> tuple[int, str]:
    known, name = list(commands()), stage["stage"]
    command = name.partition(" ")[0]
    return (known.index(command) if command in known else len(known), name)


def _manifest(reader: Reader, folder: Path) -> dict[str, Plain]:
    found = _object(_object(reader.whole(folder / "run.json")).get("stages"))
    return {name: values for name, values in found.items() if isinstance(values, dict)}


def asked_types(reader: Reader) -> dict[str, float]:
    """How many errors of each type were requested."""
    return _counts(_manifest(reader, reader.run).get("augment", {}), "types asked")


def refusals(reader: Reader) -> dict[str, float]:
    """Errors that were considered but not made, because they could not be proved: counts by reason."""
    return _counts(_manifest(reader, reader.run).get("augment", {}), "refusals")


def _counts(entry: Mapping[str, Any], dimension: str) -> dict[str, float]:
    """The counts of a command by name, in one dimension."""
    return _numbers(_object(entry.get("counts")).get(dimension))


def student_distribution(reader: Reader) -> Plain:
    """The types of the student's own errors as `lemma analyze` measured them, with its note on the measurement."""
    content = reader.whole(reader.run / "distribution.json")
    if not isinstance(content, dict):
        return {}
    return {"weights": _numbers(content.get("weights", content)), "note": str(content.get("note", ""))}


def losses(reader: Reader) -> list[Plain]:
    """The course of the loss of every training of this run, by part of the text."""
    folders = [reader.run / "model"]
    output = _object(_manifest(reader, reader.run).get("train", {}).get("settings")).get("output")
    if isinstance(output, str):
        folders.append(Path(output))
    histories = ((folder, _history(reader, folder)) for folder in dict.fromkeys(folders))
    return [{"folder": folder.name, "series": series} for folder, series in histories if series]


def _history(reader: Reader, folder: Path) -> list[Plain]:
    """The logged values of every loss, thinned to what a chart can show."""
    checkpoints = sorted(folder.glob("checkpoint-*/trainer_state.json"), key=lambda path: path.stat().st_mtime)
    if not checkpoints:
        return []
    # The folder may lie outside of the run directory; unreadable files are counted together.
    state = Reader(checkpoints[-1].parent, reader.unreadable).whole(checkpoints[-1])
    history = [entry for entry in list_of(_object(state).get("log_history")) if isinstance(entry, dict)]
    series = []
    for name in (*_LOSSES, *(f"eval_{loss}" for loss in _LOSSES)):
        pairs = [(entry.get("step"), entry.get(name)) for entry in history]
        points = [pair for pair in pairs if all(map(_is_finite, pair))]
        thinned = points[:: -(-len(points) // _MOST_POINTS) or 1]
        if points:
            series.append({"name": name, "points": [*thinned, *(points[-1:] if thinned[-1] != points[-1] else ())]})
    return series


def chosen_phrases(reader: Reader) -> Plain:
    """The perplexity of the joined text for the model to be trained, by the way in which phrases were chosen."""
    content = reader.whole(reader.run / "reflections.json")
    if not isinstance(content, dict):
        return {}
    return {
        "model": text_of(content, "model"),
        "trajectories": _value(content.get("trajectories")),
        **{
            name: {
                way: _values(values, "value", "low", "high")
                for way, values in content[name].items()
                if isinstance(values, dict)
            }
            for name in ("perplexity", "difference")
            if isinstance(content.get(name), dict)
        },
    }


def _evaluation_folders(run: Path) -> list[Path]:
    return sorted(path.parent for path in run.glob("eval/*/results.json"))


def evaluations(reader: Reader) -> list[Plain]:
    """The figures of each evaluation with their intervals."""
    found = []
    for folder in _evaluation_folders(reader.run):
        content = reader.whole(folder / "results.json")
        if isinstance(content, dict):
            rows = [
                {
                    **{name: text_of(row, name) for name in ("suite", "figure", "group", "model")},
                    **_values(row, "value", "low", "high", "problems"),
                    "label": text_of(row, "label") or text_of(row, "figure"),
                    "percent": row.get("percent") is True,
                }
                for row in list_of(content.get("figures"))
                if isinstance(row, dict)
            ]
            facts = {"data": str(content.get("data", "")), "scripted": content.get("scripted") is True}
            found.append({"name": folder.name, **facts, "figures": rows})
    return found


def comparisons(reader: Reader) -> list[Plain]:
    """Pairs of models on the same problems, with the difference of each figure."""
    found = []
    for path in sorted(reader.run.glob("eval/*-against-*.json")):
        rows = [
            {
                **{name: text_of(row, name) for name in ("suite", "figure")},
                **_values(row, "first", "second"),
                "label": text_of(row, "label") or text_of(row, "figure"),
                "difference": _values(_object(row.get("difference")), "value", "low", "high", "p"),
                "percent": row.get("percent") is True,
            }
            for row in list_of(reader.whole(path))
            if isinstance(row, dict)
        ]
        first, _, second = path.stem.partition("-against-")
        found.append({"first": first, "second": second, "rows": rows})
    return found


def _object(value: Any) -> Plain:
    return value if isinstance(value, dict) else {}


def _numbers(value: Any) -> dict[str, float]:
    return {name: count for name, count in _object(value).items() if _is_finite(count)}


def _values(row: Mapping[str, Any], *names: str) -> dict[str, float | None]:
    return {name: _value(row.get(name)) for name in names}


def _value(value: Any) -> float | None:
    return value if _is_finite(value) else None


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and abs(value) < _LARGEST
