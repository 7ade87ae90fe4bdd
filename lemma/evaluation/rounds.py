"""How a student changes over the rounds of an on-policy pipeline: its evaluations side by side, as `rounds.json`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from lemma.engine.summary import Summary, Tally
from lemma.evaluation.results import RESULTS, number
from lemma.rundir.disk import write_whole
from lemma.rundir.manifest import read_manifest

ROUNDS = "rounds.json"
# Suite and figure, as in results.json.
_SHOWN = (
    ("accuracy", "accuracy"),
    ("recovery", "own_recognized"),
    ("recovery", "own_corrected"),
    ("recovery", "own_right"),
    ("recovery", "injected_recognized"),
    ("recovery", "right_prefix_reflection"),
)


def compare_rounds(run: Path, rounds: Mapping[str, Path]) -> Summary:
    """Write what each round made and measured, and return it as a table. `rounds` are run directories by name."""
    found: dict[str, dict[str, Any]] = {
        name: {"made": _made(folder), "figures": _figures(folder)} for name, folder in rounds.items()
    }
    write_whole(run / ROUNDS, orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    rows = []
    labels: dict[tuple[str, str], str] = {}
    for one in found.values():
        labels |= {(row["suite"], row["figure"]): row["label"] for row in one["figures"]}
    for key in filter(labels.__contains__, _SHOWN):
        cells = []
        for one in found.values():
            row = next((row for row in one["figures"] if (row["suite"], row["figure"]) == key), None)
            value = None if row is None else row["value"]
            cells.append("-" if row is None or value is None else number(value, row["percent"]))
        rows.append((f"{key[0]}: {labels[key]}", *cells))
    for kind in ("solutions, different", "erroneous solutions", "corrections, fix", "corrections, restart"):
        counts = [one["made"].get(kind) for one in found.values()]
        rows.append((kind, *("-" if count is None else f"{count:,}" for count in counts)))
    return Summary({}, {}, (run / ROUNDS,), tallies=(Tally("Rounds", ("", *found), tuple(rows)),))


def _made(folder: Path) -> dict[str, int]:
    made: dict[str, int] = {}
    for entry in read_manifest(folder).values():
        for name, count in entry.get("counts", {}).get("made", {}).items():
            made[name] = max(made.get(name, 0), count) if name == "problems" else made.get(name, 0) + count
    return made


def _figures(folder: Path) -> list[dict[str, Any]]:
    """The figures over all problems of the round's evaluation, none if there is none."""
    for path in sorted(folder.glob(f"eval/*/{RESULTS}")):
        rows: list[dict[str, Any]] = orjson.loads(path.read_bytes())["figures"]
        return [row for row in rows if row["group"] == "all"]
    return []
