"""Counts of what was made, for the summary and the dataset card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lemma.engine.outcome import Outcome
from lemma.engine.summary import Tally
from lemma.formats.kind import Line
from lemma.records import ErroneousSolution, Trajectory
from lemma.rundir.counts import Counts

REWRITTEN, JOINED = "rewritten by a teacher", "joined by a phrase"
# Dimensions of the counts; records and words have one per record kind.
_TYPES, _ORIGINS, _TURNS, _EVIDENCE = "error types", "origins", "turns", "evidence"


def count_record(outcome: Outcome, kind: str, line: Line) -> None:
    """Count a record."""
    outcome.counts.add(f"{kind} records", line.counted_as)
    outcome.counts.add(f"{kind} words", line.counted_as, len(line.answer.split()))


def count_error(outcome: Outcome, erroneous: ErroneousSolution) -> None:
    """Count an erroneous solution that became records."""
    outcome.counts.add(_TYPES, erroneous.error_type)
    outcome.counts.add(_ORIGINS, erroneous.origin)
    outcome.counts.add(_EVIDENCE, "not known" if erroneous.error_step is None else erroneous.evidence)


def count_turn(outcome: Outcome, rewritten: bool) -> None:
    """Count a trajectory by how it turns from wrong to right."""
    outcome.counts.add(_TURNS, REWRITTEN if rewritten else JOINED)


@dataclass(frozen=True)
class RecordFigures:
    """The records of one kind and sort, such as `fix` or `right solution`, and the words in all their answers."""

    kind: str
    sort: str
    records: int
    words: int

    @property
    def mean_words(self) -> float:
        return self.words / self.records


@dataclass(frozen=True)
class Figures:
    """All counts of a build."""

    counts: Counts

    def records(self, kind: str) -> list[RecordFigures]:
        """A kind's records, by sort."""
        words = self.counts.of(f"{kind} words")
        return [
            RecordFigures(kind, sort, count, words[sort])
            for sort, count in sorted(self.counts.of(f"{kind} records").items())
        ]

    def total(self, kind: str) -> int:
        """How many records a kind has."""
        return sum(self.counts.of(f"{kind} records").values())

    @property
    def error_types(self) -> list[tuple[str, int]]:
        return sorted(self.counts.of(_TYPES).items())

    @property
    def origins(self) -> list[tuple[str, int]]:
        return sorted(self.counts.of(_ORIGINS).items())

    @property
    def evidence(self) -> list[tuple[str, int]]:
        return sorted(self.counts.of(_EVIDENCE).items())

    @property
    def turns(self) -> list[tuple[str, int]]:
        return sorted(self.counts.of(_TURNS).items())

    def tally(self, kinds: Mapping[str, object]) -> Tally:
        """The table of records for the summary."""
        rows = tuple(
            (figures.kind, figures.sort, f"{figures.records:,}", f"{figures.mean_words:.0f}")
            for kind in kinds
            for figures in self.records(kind)
        )
        return Tally("Records", ("kind", "", "records", "words on average"), rows)


def preview(trajectory: Trajectory) -> Iterator[str]:
    """A trajectory for people to read, each segment with its name, without characters that could control a terminal."""
    yield f"For example, strategy {trajectory.strategy}, {trajectory.error_type}:"
    parts = (("question", trajectory.question), *((segment.kind, segment.text) for segment in trajectory.segments))
    for name, text in parts:
        for number, line in enumerate(text.splitlines()):
            shown = "".join(character for character in line if character.isprintable())
            yield f"  {name if number == 0 else '':<12}{shown}"
