"""Count what a run directory holds, in one pass per file: everything the page says about all records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from lemma.records import Strategy
from lemma.report.lenient_lines import Line, Reader, list_of, text_of
from lemma.report.samples import (
    CORRECTIONS,
    ERRONEOUS,
    PROBLEMS,
    Sample,
    StratifiedDraw,
    add_trajectory,
    answer_of,
    read_samples,
    record_segments,
)
from lemma.run_files import REJECTED
from lemma.taxonomy.places import place_name
from lemma.trajectories.phrases import STEP_SLOT, load_phrases

SOLUTIONS, SMOOTHED = "solutions.jsonl", "smoothed.jsonl"
_LEMMA = "lemma"
_EXAMPLES = 3
_PAIRS_SHOWN = 5
# A page cannot list them all, and a hostile file may hold as many as it has lines.
_MOST_KINDS = 200
_MOST_PHRASES = 2_000
_OTHERS = "(others)"
_OF = re.compile(r"^of ([0-9a-f]{16})$")
_NUMBER = re.compile(r"\d+")


class Tallies(Counter[str]):
    """Counts by name, for at most `_MOST_KINDS` names; the others are counted together."""

    def add(self, name: str, count: int = 1) -> None:
        self[name if name in self or len(self) < _MOST_KINDS else _OTHERS] += count


@dataclass
class Rejections:
    """How many items one stage rejected for one reason, with the first details."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Counts:
    """What a run directory holds. Histograms map a value to its number of occurrences."""

    problems: int = 0
    problems_with_error: int = 0
    solutions: Tallies = field(default_factory=Tallies)
    erroneous: int = 0
    origins: Tallies = field(default_factory=Tallies)
    made_types: Tallies = field(default_factory=Tallies)
    student_types: Tallies = field(default_factory=Tallies)
    evidence: Tallies = field(default_factory=Tallies)
    located: Tallies = field(default_factory=Tallies)
    corrections: Tallies = field(default_factory=Tallies)
    records: dict[str, int] = field(default_factory=dict)
    steps: Counter[int] = field(default_factory=Counter)
    error_places: Counter[int] = field(default_factory=Counter)
    relative_places: Counter[tuple[str, str]] = field(default_factory=Counter)
    solution_words: Counter[int] = field(default_factory=Counter)
    record_words: Counter[int] = field(default_factory=Counter)
    phrases: Counter[tuple[str, str]] = field(default_factory=Counter)
    distinct_phrases: set[int] = field(default_factory=set)
    rejections: dict[tuple[str, str], Rejections] = field(default_factory=dict)
    duplicates: list[tuple[str, str]] = field(default_factory=list)


def count_all(reader: Reader, draw: StratifiedDraw) -> Counts:
    """Read every file once except the records, which `count_records` reads. `draw` sees all erroneous solutions."""
    counts = Counts()
    counts.problems = sum(1 for _ in reader.lines(PROBLEMS))
    for line in reader.lines(SOLUTIONS):
        counts.solutions.add(text_of(line, "verdict"))
    _count_erroneous(reader, counts, draw)
    for line in reader.lines(CORRECTIONS):
        counts.corrections.add(text_of(line, "strategy"))
    for line in reader.lines(REJECTED.name):
        _count_rejection(counts, line)
    return counts


def _count_erroneous(reader: Reader, counts: Counts, draw: StratifiedDraw) -> None:
    with_error: set[str] = set()
    for offset, line in reader.placed_lines(ERRONEOUS):
        origin, kind = text_of(line, "origin"), text_of(line, "error_type")
        counts.erroneous += 1
        counts.origins.add(origin)
        (counts.student_types if origin == "student" else counts.made_types).add(kind)
        evidence = text_of(line, "evidence") or "not stated"
        counts.evidence.add(evidence)
        if line.get("error_step") is not None:
            counts.located.add(evidence)
        with_error.add(text_of(line, "problem_id"))
        steps = list_of(line.get("steps"))
        counts.steps[len(steps)] += 1
        if line.get("error_step") in range(len(steps)):
            counts.error_places[line["error_step"] + 1] += 1
            place = place_name(line["error_step"], len(steps))
            counts.relative_places["student" if origin == "student" else "injected", place] += 1
        counts.solution_words[sum(len(step.split()) for step in steps if isinstance(step, str))] += 1
        draw.offer((kind, origin), text_of(line, "id"), offset)
    counts.problems_with_error = len(with_error)


def _count_rejection(counts: Counts, line: Line) -> None:
    reason = (text_of(line, "stage"), text_of(line, "reason"))
    if reason not in counts.rejections and len(counts.rejections) >= _MOST_KINDS:
        reason = (_OTHERS, _OTHERS)
    found = counts.rejections.setdefault(reason, Rejections())
    found.count += 1
    detail = text_of(line, "detail")
    if detail and detail not in found.examples and len(found.examples) < _EXAMPLES:
        found.examples.append(detail)
    earlier = _OF.match(detail) if reason[1] == "near_duplicate" else None
    if earlier and len(counts.duplicates) < _PAIRS_SHOWN:
        counts.duplicates.append((text_of(line, "id"), earlier[1]))


def count_records(reader: Reader, counts: Counts, samples: Mapping[str, Sample]) -> None:
    """One pass over the training records. Trajectories of the samples, by id, are added to them."""
    templates = {phrase.text for strategy in get_args(Strategy) for phrase in load_phrases(strategy).all}
    for file in sorted((reader.run / "sft").glob("*.jsonl")):
        kind = file.stem
        counts.records[kind] = 0
        for line in reader.lines(str(file.relative_to(reader.run))):
            counts.records[kind] += 1
            if kind == _LEMMA:
                counts.record_words[len(answer_of(line).split())] += 1
                _count_phrases(counts, line, templates)
                add_trajectory(samples, line)


def _count_phrases(counts: Counts, record: Line, templates: set[str]) -> None:
    for kind, text in record_segments(record):
        if kind == "reflection":
            said = text.strip()
            template = _NUMBER.sub(STEP_SLOT, said)
            found = (template if template in templates else said, text_of(record, "strategy"))
            counts.distinct_phrases.add(hash(found))
            # A teacher writes a different text each time, so the number that is told apart is limited.
            known = found[0] in templates or found in counts.phrases or len(counts.phrases) < _MOST_PHRASES
            counts.phrases[found if known else (_OTHERS, found[1])] += 1


def duplicate_texts(reader: Reader, pairs: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """The first near-duplicates that were left out, with the earlier solutions that they resemble."""
    wanted = {record_id for pair in pairs for record_id in pair}
    places = {
        text_of(line, "id"): offset
        for offset, line in (reader.placed_lines(ERRONEOUS) if wanted else ())
        if line.get("id") in wanted
    }
    for left_out, kept in pairs:
        if left_out in places and kept in places:
            found = read_samples(reader, [places[left_out], places[kept]])
            if len(found) == 2:
                yield {
                    "left_out": [left_out, *found[0].erroneous.steps],
                    "kept": [kept, *found[1].erroneous.steps],
                }


def files_there(run: Path) -> list[str]:
    """The files of the run that the page is made from; if there are none, there is nothing to report."""
    known = (PROBLEMS, SOLUTIONS, ERRONEOUS, CORRECTIONS, SMOOTHED, REJECTED.name, "run.json", "sft", "eval", "model")
    return [name for name in known if (run / name).exists()]
