"""What stages say of themselves: run.json, the student's distribution, the losses of a training, evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from lemma.config import commands
from lemma.report.lines import Reader, list_of, text_of
from lemma.rundir.counts import MADE

_LOSS_PARTS = ("loss", "loss_prefix", "loss_error", "loss_reflection", "loss_correction")
_MOST_POINTS = 200
_LARGEST = 2**53  # what JavaScript counts to
Plain = dict[str, Any]


def stages(reader: Reader) -> list[Plain]:
    """What each stage made, used and cost, in the order of the pipeline as far as it is known."""
    found = [_stage(name, values) for name, values in _manifest(reader, reader.run).items()]
    for folder in _evaluation_folders(reader.run):
        found += [_stage(f"{name} {folder.name}", values) for name, values in _manifest(reader, folder).items()]
    return sorted(found, key=lambda stage: _order(stage["stage"]))


def _order(name: str) -> tuple[int, str]:
    known, command = list(commands()), name.partition(" ")[0]
    return (known.index(command) if command in known else len(known), name)


def _manifest(reader: Reader, folder: Path) -> Plain:
    content = reader.whole(folder / "run.json")
    found = content.get("stages") if isinstance(content, dict) else None
    return (
        {name: values for name, values in found.items() if isinstance(values, dict)} if isinstance(found, dict) else {}
    )


def _stage(name: str, values: Mapping[str, Any]) -> Plain:
    return {
        "stage": name,
        "status": str(values.get("status", "")),
        "seconds": _value(values.get("seconds")),
        "made": _counts(values, MADE),
        "model": _numbers(values.get("model")),
    }


def asked_types(reader: Reader) -> dict[str, float]:
    """How often each error type was asked for."""
    return _counts(_manifest(reader, reader.run).get("augment", {}), "types asked")


def refusals(reader: Reader) -> dict[str, float]:
    """Errors that were thought of and not made, because they could not be proved: counts by reason."""
    return _counts(_manifest(reader, reader.run).get("augment", {}), "refusals")


def _counts(entry: Mapping[str, Any], dimension: str) -> dict[str, float]:
    """The counts of a command by name, in one dimension."""
    counts = entry.get("counts")
    return _numbers(counts.get(dimension)) if isinstance(counts, dict) else {}


def _numbers(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    return {name: count for name, count in value.items() if _is_finite(count)}


def _is_finite(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and abs(value) < _LARGEST


def student_distribution(reader: Reader) -> Plain:
    """The types of the student's own errors as `lemma analyze` measured them, with what it says about that."""
    content = reader.whole(reader.run / "distribution.json")
    if not isinstance(content, dict):
        return {}
    return {"weights": _numbers(content.get("weights", content)), "note": str(content.get("note", ""))}


def losses(reader: Reader) -> list[Plain]:
    """The course of the loss of every training of this run, by part of the text."""
    folders = [reader.run / "model", *_trained_elsewhere(reader)]
    histories = ((folder, _history(reader, folder)) for folder in dict.fromkeys(folders))
    return [{"folder": folder.name, "series": series} for folder, series in histories if series]


def _trained_elsewhere(reader: Reader) -> Iterator[Path]:
    settings = _manifest(reader, reader.run).get("train", {}).get("settings")
    output = settings.get("output") if isinstance(settings, dict) else None
    if isinstance(output, str):
        yield Path(output)


def _history(reader: Reader, folder: Path) -> list[Plain]:
    checkpoints = sorted(folder.glob("checkpoint-*/trainer_state.json"), key=lambda path: path.stat().st_mtime)
    state = _outside(reader, checkpoints[-1]) if checkpoints else None
    history = [entry for entry in list_of(state.get("log_history")) if isinstance(entry, dict)] if state else []
    series = []
    for name in (*_LOSS_PARTS, *(f"eval_{part}" for part in _LOSS_PARTS)):
        points = [
            (entry["step"], entry[name])
            for entry in history
            if _is_finite(entry.get(name)) and _is_finite(entry.get("step"))
        ]
        if points:
            every = -(-len(points) // _MOST_POINTS)
            thinned = points[::every]
            series.append({"name": name, "points": thinned if points[-1] in thinned else [*thinned, points[-1]]})
    return series


def chosen_phrases(reader: Reader) -> Plain:
    """How likely the model to be trained finds the joined text, by the way in which its reflections are chosen."""
    content = reader.whole(reader.run / "reflections.json")
    if not isinstance(content, dict):
        return {}
    figures = {name: content.get(name) for name in ("perplexity", "difference")}
    return {
        "model": text_of(content, "model"),
        "trajectories": _value(content.get("trajectories")),
        **{name: _intervals(found) for name, found in figures.items() if isinstance(found, dict)},
    }


def _intervals(found: Mapping[str, Any]) -> Plain:
    return {
        str(way): {part: _value(values.get(part)) for part in ("mean", "low", "high")}
        for way, values in found.items()
        if isinstance(values, dict)
    }


def _outside(reader: Reader, path: Path) -> Plain:
    """A file that may lie outside of the run directory."""
    content = Reader(path.parent, reader.unreadable).whole(path)
    return content if isinstance(content, dict) else {}


def _evaluation_folders(run: Path) -> list[Path]:
    return sorted(path.parent for path in run.glob("eval/*/results.json"))


def evaluations(reader: Reader) -> list[Plain]:
    """The figures of each evaluation with their intervals."""
    found = []
    for folder in _evaluation_folders(reader.run):
        content = reader.whole(folder / "results.json")
        if isinstance(content, dict):
            rows = [_figure(row) for row in list_of(content.get("figures")) if isinstance(row, dict)]
            found.append({"name": folder.name, "data": str(content.get("data", "")), "figures": rows})
    return found


def _figure(row: Mapping[str, Any]) -> Plain:
    names = {name: text_of(row, name) for name in ("suite", "figure", "group", "model")}
    values = {name: _value(row.get(name)) for name in ("value", "low", "high", "problems")}
    return {**names, **values, "percent": row.get("percent") is True}


def _compared(row: Mapping[str, Any]) -> Plain:
    found = row.get("difference")
    difference = found if isinstance(found, dict) else {}
    values = {name: _value(row.get(name)) for name in ("first", "second")}
    parts = {name: _value(difference.get(name)) for name in ("value", "low", "high", "p")}
    names = {name: text_of(row, name) for name in ("suite", "figure")}
    return {**names, **values, "difference": parts, "percent": row.get("percent") is True}


def _value(value: Any) -> float | None:
    return value if _is_finite(value) else None


def comparisons(reader: Reader) -> list[Plain]:
    """Pairs of models on the same problems, with the difference of each figure."""
    found = []
    for path in sorted(reader.run.glob("eval/*-against-*.json")):
        rows = [_compared(row) for row in list_of(reader.whole(path)) if isinstance(row, dict)]
        first, _, second = path.stem.partition("-against-")
        found.append({"first": first, "second": second, "rows": rows})
    return found
