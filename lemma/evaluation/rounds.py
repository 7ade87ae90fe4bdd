"""How a student changes over the rounds of an on-policy pipeline, as `rounds.json` and as tables.

For each round: how often the student that it began with was right, how many of its errors were located and corrected,
what it was trained on, how the trained student does, and what all that took. The first and the last evaluation are
compared problem by problem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from lemma.engine.summary import Summary, Tally
from lemma.evaluation.comparison import compare
from lemma.evaluation.results import RESULTS, number, read_outputs
from lemma.evaluation.suites import select_suites
from lemma.exceptions import DataError
from lemma.run_files import CORRECTIONS, ERRONEOUS
from lemma.rundir.disk import write_whole
from lemma.rundir.lines import read_lines
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
# What of a round is shown besides, as text for people and where it is found.
_FACTS = (
    ("sampled: right", "sampled", "right_share", True),
    ("own errors", "own_errors", "all", False),
    ("own errors located", "own_errors", "located_share", True),
    ("own errors corrected: fix", "corrections", "fix", False),
    ("own errors corrected: restart", "corrections", "restart", False),
    ("trained on: own errors", "trained_on", "own", False),
    ("trained on: injected errors", "trained_on", "injected", False),
    ("trained on: right solutions", "trained_on", "right", False),
    ("training steps", "made", "optimizer steps", False),
    ("model calls", "cost", "calls", False),
    ("minutes", "cost", "minutes", False),
)


def compare_rounds(run: Path, rounds: Mapping[str, Path]) -> Summary:
    """Write what each round made and measured, and return it as tables. `rounds` are run directories by name."""
    found = {name: _facts(folder) for name, folder in rounds.items()}
    evaluated = [name for name, facts in found.items() if facts["figures"]]
    change = _change(rounds, evaluated[0], evaluated[-1]) if len(evaluated) > 1 else []
    content = {**found, "change": {"from": evaluated[0], "to": evaluated[-1], "figures": change}} if change else found
    write_whole(run / ROUNDS, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    tallies = [Tally("Rounds", ("", *found), tuple(_rows(found)))]
    if change:
        rows = [
            (
                f"{one['suite']}: {one['label']}",
                number(one["difference"]["value"], one["percent"]),
                " to ".join(number(one["difference"][edge], one["percent"]) for edge in ("low", "high")),
            )
            for one in change
        ]
        title = f"Change from {evaluated[0]} to {evaluated[-1]}, same problems"
        tallies.append(Tally(title, ("", "difference", "95 % interval"), tuple(rows)))
    return Summary({}, {}, (run / ROUNDS,), tallies=tuple(tallies))


def _rows(found: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    labels = {(row["suite"], row["figure"]): row["label"] for one in found.values() for row in one["figures"]}
    rows = []
    for key in filter(labels.__contains__, _SHOWN):
        measured = [
            next((row for row in one["figures"] if (row["suite"], row["figure"]) == key), None)
            for one in found.values()
        ]
        shown = (
            "-" if row is None or row["value"] is None else number(row["value"], row["percent"]) for row in measured
        )
        rows.append((f"{key[0]}: {labels[key]}", *shown))
    for label, group, name, percent in _FACTS:
        values = [one[group].get(name) for one in found.values()]
        if any(value is not None for value in values):
            rows.append((label, *("-" if v is None else f"{v:.1%}" if percent else f"{v:,}" for v in values)))
    return rows


def _facts(folder: Path) -> dict[str, Any]:
    """What a round's commands counted. A group is empty if the round has no such command."""
    stages = read_manifest(folder)
    counts: dict[str, dict[str, dict[str, int]]] = {name: entry.get("counts", {}) for name, entry in stages.items()}
    made: dict[str, int] = {}
    for stage in counts.values():
        for name, count in stage.get("made", {}).items():
            made[name] = max(made.get(name, 0), count) if name == "problems" else made.get(name, 0) + count
    right, wrong = made.get("solutions, equal", 0), made.get("solutions, different", 0)
    places = counts.get("analyze", {}).get("first wrong step", {})
    errors = sum(places.values())
    records, trained_on = counts.get("build-sft", {}), Counter[str]()
    for origin, count in records.get("origins", {}).items():
        trained_on["own" if origin == "student" else "injected"] += count
    for name, sorts in records.items():
        if name.endswith(" records"):
            trained_on["right"] += sorts.get("right solution", 0)
    figures = _figures(folder)
    asked = [entry["model"] for entry in stages.values() if isinstance(entry.get("model"), dict)]
    seconds = sum(float(entry.get("seconds", 0)) for entry in stages.values())
    return {
        "made": made,
        "sampled": {"graded": right + wrong, "right_share": round(right / (right + wrong), 4)} if right + wrong else {},
        "own_errors": {"all": errors, "located_share": round(places.get("located", 0) / errors, 4)} if errors else {},
        "corrections": _own_corrections(folder) if errors else {},
        "trained_on": dict(trained_on),
        "figures": figures,
        "cost": {
            "calls": sum(int(used.get("calls") or 0) for used in asked),
            "minutes": round(seconds / 60, 1),
        },
    }


def _own_corrections(folder: Path) -> dict[str, int]:
    """How many corrections of each strategy are of the student's own errors; those of injected ones don't count."""
    erroneous, corrections = ERRONEOUS.path(folder), CORRECTIONS.path(folder)
    if not (erroneous.exists() and corrections.exists()):
        return {}
    own = {line["id"] for line in read_lines(erroneous, "analyze") if line.get("origin") == "student"}
    found = Counter(line["strategy"] for line in read_lines(corrections, "correct") if line["erroneous_id"] in own)
    return {name: found[name] for name in ("fix", "restart")}


def _figures(folder: Path) -> list[dict[str, Any]]:
    """The figures over all problems of the round's evaluation, none if there is none."""
    for path in sorted(folder.glob(f"eval/*/{RESULTS}")):
        rows: list[dict[str, Any]] = orjson.loads(path.read_bytes())["figures"]
        return [row for row in rows if row["group"] == "all"]
    return []


def _change(rounds: Mapping[str, Path], first: str, last: str) -> list[dict[str, Any]]:
    """The differences between two evaluations, with intervals; none if they share no problem."""
    outputs = [
        list(read_outputs(next(iter(sorted(rounds[name].glob(f"eval/*/{RESULTS}")))).parent)) for name in (last, first)
    ]
    suites = select_suites(("accuracy", "recovery"), max((row.sample for rows in outputs for row in rows), default=0))
    try:
        compared = compare({name: suite.figures for name, suite in suites.items()}, outputs[0], outputs[1], seed=0)
    except DataError:
        return []
    return [asdict(one) for one in compared if (one.suite, one.figure) in _SHOWN]
