"""What was made, counted: for the summary at the end, and for the dataset card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lemma.engine.outcome import Outcome
from lemma.engine.summary import Tally
from lemma.formats.kind import Line
from lemma.records import ErroneousSolution, Trajectory

REWRITTEN, JOINED = "rewritten by a teacher", "joined by a phrase"
_RECORDS, _WORDS, _TYPE, _ORIGIN, _TURN = "records", "words", "error type", "origin", "turn"
_SEPARATOR = ": "


def count_record(outcome: Outcome, kind: str, line: Line) -> None:
    """Count a record."""
    outcome.counts[_SEPARATOR.join((_RECORDS, kind, line.counted_as))] += 1
    outcome.counts[_SEPARATOR.join((_WORDS, kind, line.counted_as))] += len(line.answer.split())


def count_error(outcome: Outcome, erroneous: ErroneousSolution) -> None:
    """Count an erroneous solution that records were made of."""
    outcome.counts[_SEPARATOR.join((_TYPE, erroneous.error_type))] += 1
    outcome.counts[_SEPARATOR.join((_ORIGIN, erroneous.origin))] += 1


def count_turn(outcome: Outcome, rewritten: bool) -> None:
    """Count a trajectory by how it comes from wrong to right."""
    outcome.counts[_SEPARATOR.join((_TURN, REWRITTEN if rewritten else JOINED))] += 1


@dataclass(frozen=True)
class RecordFigures:
    """A kind's records of one sort, such as `fix` or `right solution`; `words` are those of all their answers."""

    kind: str
    sort: str
    records: int
    words: int

    @property
    def mean_words(self) -> float:
        return self.words / self.records


@dataclass(frozen=True)
class Figures:
    """All counts of a build, by name as the journal has them."""

    counts: Mapping[str, int]

    def records(self, kind: str) -> list[RecordFigures]:
        """A kind's records, by sort."""
        return [
            RecordFigures(kind, sort, count, self.counts[_SEPARATOR.join((_WORDS, kind, sort))])
            for sort, count in self._under(_RECORDS, kind)
        ]

    def total(self, kind: str) -> int:
        """How many records a kind has."""
        return sum(figures.records for figures in self.records(kind))

    @property
    def error_types(self) -> list[tuple[str, int]]:
        return self._under(_TYPE)

    @property
    def origins(self) -> list[tuple[str, int]]:
        return self._under(_ORIGIN)

    @property
    def turns(self) -> list[tuple[str, int]]:
        return self._under(_TURN)

    def _under(self, *names: str) -> list[tuple[str, int]]:
        prefix = _SEPARATOR.join((*names, ""))
        return sorted((key.removeprefix(prefix), count) for key, count in self.counts.items() if key.startswith(prefix))

    def tally(self, kinds: Mapping[str, object]) -> Tally:
        """The table of records for the summary."""
        rows = tuple(
            (figures.kind, figures.sort, f"{figures.records:,}", f"{figures.mean_words:.0f}")
            for kind in kinds
            for figures in self.records(kind)
        )
        return Tally("Records", ("kind", "", "records", "words on average"), rows)


def preview(trajectory: Trajectory) -> Iterator[str]:
    """A trajectory for people to read, each segment with its name. Whatever could steer a terminal is left out."""
    yield f"For example, strategy {trajectory.strategy}, {trajectory.error_type}:"
    parts = (("question", trajectory.question), *((segment.kind, segment.text) for segment in trajectory.segments))
    for name, text in parts:
        for number, line in enumerate(text.splitlines()):
            shown = "".join(character for character in line if character.isprintable())
            yield f"  {name if number == 0 else '':<12}{shown}"
