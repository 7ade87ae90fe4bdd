"""Erroneous solutions to view, with their trajectories: found by id, or drawn evenly from every kind."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import ValidationError

from lemma.records import Correction, ErroneousSolution, Segment, SegmentKind, content_id
from lemma.report.lenient_lines import Line, Reader, list_of, text_of
from lemma.steps import solution_text
from lemma.trajectories.joining import opening

ERRONEOUS, CORRECTIONS, RECORDS, PROBLEMS = (
    "erroneous.jsonl",
    "corrections.jsonl",
    "sft/lemma.jsonl",
    "problems.jsonl",
)
_SEGMENT_KINDS = get_args(SegmentKind)


@dataclass(frozen=True)
class ShownTrajectory:
    """A trajectory as it was written or, if no records were built yet, as its correction would give it."""

    strategy: str
    segments: tuple[Segment, ...]


@dataclass
class Sample:
    """An erroneous solution with its trajectories, and the solution of its problem as it is in the data set."""

    erroneous: ErroneousSolution
    trajectories: list[ShownTrajectory] = field(default_factory=list)
    solution: str = ""


class StratifiedDraw:
    """Draws `most` records from a stream: equally many from each stratum, if it has enough.

    Only the seed and the records' ids decide which. Only the records' byte offsets are kept in memory.
    """

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._seed = most, str(seed)
        self._strata: dict[tuple[str, ...], list[tuple[int, int]]] = {}

    def offer(self, stratum: tuple[str, ...], record_id: str, offset: int) -> None:
        """Consider a record."""
        kept = self._strata.setdefault(stratum, [])
        ranked = (-int(content_id(self._seed, record_id), 16), offset)
        if len(kept) < self._most:
            heapq.heappush(kept, ranked)
        elif kept:
            heapq.heappushpop(kept, ranked)

    def places(self) -> list[int]:
        """Byte offsets of the drawn records: the first of every stratum, then the second of every one, and so on."""
        ranked = [
            (rank, -key, offset)
            for kept in self._strata.values()
            for rank, (key, offset) in enumerate(sorted(kept, reverse=True))
        ]
        return [offset for _, _, offset in sorted(ranked)[: self._most]]


def read_samples(reader: Reader, places: list[int]) -> list[Sample]:
    """The erroneous solutions at these byte offsets. A line that is not a record is only counted."""
    samples = []
    for line in reader.lines_at(ERRONEOUS, places):
        try:
            erroneous = ErroneousSolution.model_validate(line)
        except ValidationError:
            erroneous = None
        if erroneous is None:
            reader.unreadable[ERRONEOUS] += 1
        else:
            samples.append(Sample(erroneous))
    return samples


def add_trajectories(reader: Reader, samples: Collection[Sample]) -> None:
    """Add to each sample its trajectories, in the order of the file."""
    by_id = {sample.erroneous.id: sample for sample in samples}
    for line in reader.lines(RECORDS):
        add_trajectory(by_id, line)
    add_corrections(reader, samples)


def add_corrections(reader: Reader, samples: Collection[Sample]) -> None:
    """Add trajectories as corrections would give them, to those samples that no record was made from."""
    bare = {sample.erroneous.id: sample for sample in samples if not sample.trajectories}
    for line in reader.lines(CORRECTIONS) if bare else ():
        sample = bare.get(text_of(line, "erroneous_id"))
        if sample is not None:
            try:
                sample.trajectories.append(_of_correction(sample.erroneous, Correction.model_validate(line)))
            except ValidationError:
                reader.unreadable[CORRECTIONS] += 1


def add_trajectory(by_id: Mapping[str, Sample], record: Line) -> None:
    """Add a record's trajectory to the sample that it was made from, if that is among them."""
    sample = by_id.get(text_of(record, "erroneous_id"))
    if sample is None:
        return
    segments = tuple(Segment(kind=kind, text=text) for kind, text in record_segments(record))
    if segments:
        sample.trajectories.append(ShownTrajectory(text_of(record, "strategy"), segments))


def add_solutions(reader: Reader, samples: Collection[Sample]) -> None:
    """Add to each sample the solution that its problem came with, including annotations."""
    wanted: dict[str, list[Sample]] = {}
    for sample in samples:
        wanted.setdefault(sample.erroneous.problem_id, []).append(sample)
    for line in reader.lines(PROBLEMS) if wanted else ():
        for sample in wanted.get(text_of(line, "id"), ()):
            sample.solution = text_of(line, "solution")


def record_segments(record: Line) -> Iterator[tuple[SegmentKind, str]]:
    """The kinds and texts of the segments of a LEMMA record of any shape."""
    answer = answer_of(record)
    for part in list_of(record.get("segments")):
        if not isinstance(part, dict) or part.get("kind") not in _SEGMENT_KINDS:
            continue
        start, end = part.get("start"), part.get("end")
        if isinstance(start, int) and isinstance(end, int) and 0 <= start <= end <= len(answer):
            yield part["kind"], answer[start:end]


def answer_of(record: Line) -> str:
    """What the assistant says in a record of any shape."""
    names = ("completion", "messages", "conversations", "output")
    value: Any = next((record[name] for name in names if name in record), "")
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        value = value[-1].get("content", value[-1].get("value"))
    return value if isinstance(value, str) else ""


def _of_correction(erroneous: ErroneousSolution, correction: Correction) -> ShownTrajectory:
    corrected = Segment(kind="correction", text=solution_text(correction.steps, correction.final_answer))
    return ShownTrajectory(correction.strategy, (*opening(erroneous, correction), corrected))
