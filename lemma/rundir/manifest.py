"""run.json: what each command was asked, what it made, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

import lemma
from lemma.exceptions import RunDirectoryError
from lemma.run_files import MANIFEST
from lemma.rundir.counts import Counts
from lemma.rundir.disk import write_whole

Entry = dict[str, Any]
_FIELDS = {"status", "settings", "inputs", "counts"}
_TYPES: dict[str, Any] = {
    **{"status": str, "settings": dict, "inputs": dict, "counts": dict},
    **{"seconds": int | float, "made_as": str, "model": dict, "about": dict, "number": int},
}


def read_manifest(run: Path) -> dict[str, Entry]:
    """The entry of each command that was run in a directory; empty if there is no run.json.

    Raises RunDirectoryError if the file is damaged.
    """
    path = run / MANIFEST
    if not path.exists():
        return {}
    try:
        stages = orjson.loads(path.read_bytes())["stages"]
        return {str(command): _checked(entry) for command, entry in stages.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        raise RunDirectoryError(f"{path} is damaged. Restore a copy, or move it away to start over") from None


def version_of(run: Path) -> str:
    """The version of lemma that last wrote to a run directory that has a run.json."""
    return str(orjson.loads((run / MANIFEST).read_bytes()).get("lemma"))


def write_manifest(run: Path, command: str, entry: Mapping[str, Any] | None) -> None:
    """Put the entry of a command into run.json, or take it out."""
    stages = {name: other for name, other in read_manifest(run).items() if name != command}
    if entry is not None:
        stages[command] = dict(entry)
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    write_whole(run / MANIFEST, orjson.dumps({"lemma": lemma.__version__, "stages": stages}, option=options))


def counts_of(entry: Mapping[str, Any]) -> Counts:
    """The counts in an entry."""
    counts = Counts()
    counts.merge(entry.get("counts", {}))
    return counts


def _checked(entry: Any) -> Entry:
    if not isinstance(entry, dict):
        raise TypeError
    if "counts" not in entry and isinstance(entry.get("made"), dict):
        # Version 0.1.0 kept flat counts, with the dimension in the name: "asked: operator_error".
        flat = {**entry.pop("made"), **{f"rejected: {name}": count for name, count in entry.pop("rejected").items()}}
        entry["counts"] = structured(flat)
    if not entry.keys() >= _FIELDS:
        raise LookupError
    for name, kind in _TYPES.items():
        if name in entry and not isinstance(entry[name], kind):
            raise TypeError
    if not all(isinstance(value, str) for value in entry["inputs"].values()):
        raise TypeError
    counts_of(entry)
    return entry


def structured(flat: Mapping[str, Any]) -> Counts:
    """Counts as version 0.1.0 wrote them, by dimension and name."""
    counts = Counts()
    for name, count in flat.items():
        if isinstance(count, dict):
            counts.merge({name: count})
        else:
            dimension, separator, rest = name.partition(": ")
            counts.add(*((dimension, rest) if separator else ("made", name)), count)
    return counts
