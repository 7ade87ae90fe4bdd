"""`lemma report`: one HTML page of everything that a run directory holds, whichever commands made it.

It takes no lock, so it can run beside another command.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from itertools import count
from typing import Any

from rich.console import Console

import lemma
from lemma.config import BuildSftConfig, ReportConfig
from lemma.declaration import Command
from lemma.engine.summary import Summary
from lemma.exceptions import RunDirectoryError
from lemma.report import results
from lemma.report.computation import compare_computations
from lemma.report.counts import Counts, count_all, count_records, duplicate_texts, files_there
from lemma.report.diff import marked_steps
from lemma.report.lenient_lines import Reader
from lemma.report.page import render_page, write_page
from lemma.report.samples import Sample, StratifiedDraw, add_corrections, add_solutions, read_samples
from lemma.run_files import REPORT
from lemma.rundir.disk import json_line
from lemma.runner import run_command
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.places import PLACES

# The page has to open quickly on a phone, so fewer samples are shown if they are long.
_MOST_BYTES = 4_000_000
_MOST_CHARACTERS = 4_000
_MOST_PHRASES = 60


def report(config: ReportConfig, console: Console) -> Summary:
    """Write the page. Raises RunDirectoryError if the directory holds no files of a command."""
    if not config.run.exists() and "run" not in config.model_fields_set:
        run_command(BuildSftConfig(), console, last=False)
    if not files_there(config.run):
        raise RunDirectoryError(
            f"{config.run} holds no files of a lemma command; `lemma augment --run {config.run}` makes some"
        )
    reader = Reader(config.run)
    with console.status("reading the run directory"):
        draw = StratifiedDraw(config.samples, config.seed)
        counts = count_all(reader, draw)
        samples = read_samples(reader, draw.places()) if counts.erroneous else []
        count_records(reader, counts, {sample.erroneous.id: sample for sample in samples})
        add_corrections(reader, samples)
        add_solutions(reader, samples)
    shown, size = [], 0
    for sample in samples:
        one = _shown(sample)
        size += len(json_line(one))
        if size > _MOST_BYTES:
            break
        shown.append(one)
    name = config.run.resolve().name
    data = _figures(reader, counts) | {"title": name, "version": lemma.__version__, "samples": shown}
    data["unreadable"] = dict(reader.unreadable)
    path = config.output or config.run / REPORT
    write_page(path, render_page(f"lemma: {name}", data))
    notes = [f"{lines:,} lines of {file} could not be read" for file, lines in reader.unreadable.items()]
    if counts.erroneous > len(shown):
        notes.append(
            f"the figures cover all records; {len(shown):,} of {counts.erroneous:,} erroneous solutions are shown"
        )
    return Summary(
        made={"samples": len(shown)},
        rejected={},
        files=(path,),
        next=COMMAND.next_words(config),
        notes=tuple(notes),
    )


def _shown(sample: Sample) -> dict[str, Any]:
    """A sample as the page's script reads it."""
    erroneous = sample.erroneous
    # A line that is one of the wrong solution's own steps is stored as its number, so that the step's marks show there.
    places = {step: number for number, step in enumerate(erroneous.steps)}
    trajectories = []
    for trajectory in sample.trajectories:
        segments: list[list[Any]] = []
        for segment in trajectory.segments:
            wrong = segment.kind in ("prefix", "error")
            lines = segment.text.rstrip("\n").split("\n")
            shown = (places.get(line, _clipped(line)) if wrong else _clipped(line) for line in lines)
            segments.append([segment.kind, *shown])
        trajectories.append({"strategy": trajectory.strategy, "segments": segments})
    return {
        "id": erroneous.id,
        "question": _clipped(erroneous.question),
        "type": erroneous.error_type,
        "origin": erroneous.origin,
        "evidence": erroneous.evidence,
        "confidence": erroneous.confidence,
        "model": erroneous.model,
        "gold": _clipped(erroneous.gold_answer),
        "answer": _clipped(erroneous.final_answer),
        "explanation": _clipped(erroneous.explanation),
        "at": erroneous.error_step,
        "reference": [_clipped(step) for step in erroneous.reference_steps],
        "steps": [
            [[_clipped(piece.text), *([piece.was] if piece.was is not None else [])] for piece in pieces]
            for pieces in marked_steps(erroneous.reference_steps, erroneous.steps)
        ],
        "trajectories": trajectories,
        "graph": _graph(sample),
    }


def _graph(sample: Sample) -> list[dict[str, Any]]:
    """The computations of the reference and of the wrong solution; none for an error that a model made."""
    erroneous = sample.erroneous
    if erroneous.origin != "symbolic" or erroneous.error_step is None:
        return []
    written = split_steps(sample.solution)
    reference = written if tuple(map(without_annotations, written)) == erroneous.reference_steps else ()
    nodes = compare_computations(
        erroneous.question,
        reference or erroneous.reference_steps,
        erroneous.gold_answer,
        erroneous.steps,
        erroneous.error_step,
    )
    return [{name: value for name, value in asdict(node).items() if value not in ("", (), False)} for node in nodes]


def _clipped(text: str) -> str:
    rest = len(text) - _MOST_CHARACTERS
    return text if rest <= 0 else f"{text[:_MOST_CHARACTERS]} [... {rest:,} characters more]"


def _figures(reader: Reader, counts: Counts) -> dict[str, Any]:
    """The counts as the page's script reads them."""
    phrases = counts.phrases.most_common(_MOST_PHRASES)
    return {
        "problems": counts.problems,
        "problems_with_error": counts.problems_with_error,
        "solutions": counts.solutions,
        "erroneous": counts.erroneous,
        "origins": counts.origins,
        "corrections": counts.corrections,
        "records": counts.records,
        "rejections": [
            {"stage": stage, "reason": reason, "count": found.count, "examples": [*map(_clipped, found.examples)]}
            for (stage, reason), found in sorted(counts.rejections.items(), key=lambda item: (-item[1].count, item[0]))
        ],
        "refusals": results.refusals(reader),
        "asked": results.asked_types(reader),
        "made_types": counts.made_types,
        "student_types": counts.student_types,
        "evidence": [[name, found, counts.located[name]] for name, found in sorted(counts.evidence.items())],
        "distribution": results.student_distribution(reader),
        "steps": histogram(counts.steps),
        "error_places": histogram(counts.error_places),
        "places": [
            [place, *(counts.relative_places[origin, place] for origin in ("injected", "student"))] for place in PLACES
        ],
        "solution_words": histogram(counts.solution_words),
        "record_words": histogram(counts.record_words),
        "stages": results.stages(reader),
        "phrases": [[_clipped(text), strategy, count] for (text, strategy), count in phrases],
        "distinct_phrases": len(counts.distinct_phrases),
        "chosen_phrases": results.chosen_phrases(reader),
        "reflections": counts.phrases.total(),
        "near_duplicates": sum(
            found.count for (_, reason), found in counts.rejections.items() if reason == "near_duplicate"
        ),
        "duplicates": [*duplicate_texts(reader, counts.duplicates)],
        "losses": results.losses(reader),
        "evaluations": results.evaluations(reader),
        "comparisons": results.comparisons(reader),
    }


def histogram(values: Counter[int], most_bars: int = 30) -> list[list[int]]:
    """Bars of equal width, as [first value, last value, count]; the last one includes the largest 0.1 % of values."""
    if not values:
        return []
    high, seen = max(values), 0
    for value in sorted(values, reverse=True):
        seen += values[value]
        if seen * 1000 > values.total():
            break
        high = value
    low = min(values)
    widths = (factor * 10**power for power in count() for factor in (1, 2, 5))
    width = next(width for width in widths if (high - low) // width < most_bars)
    bars: Counter[int] = Counter()
    for value, times in values.items():
        bars[min(value, high) // width * width] += times
    first, last = low // width * width, high // width * width
    made = [[start, start + width - 1, bars[start]] for start in range(first, last + 1, width)]
    made[-1][1] = max(made[-1][1], *values)
    return made


COMMAND = Command(ReportConfig, run=report, then=lambda config: ("show", "--random"))
