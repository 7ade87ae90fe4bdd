"""What was made from one input, or from several: what a command gives to its journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lemma.exceptions import Refusal
from lemma.records import Record, Rejection
from lemma.run_files import REJECTED, RunFile
from lemma.rundir.counts import MADE, Counts
from lemma.rundir.disk import to_line
from lemma.rundir.journal import Chunk, count_rejection


class Count(NamedTuple):
    """Something to count for the summary and the report: `Count("types made", "operator_error")`."""

    dimension: str
    name: str
    times: int = 1


Product = Record | Refusal | Rejection | Count
"""What a command's function makes from an input: records, refusals, and counts."""


class Outcome:
    """What was made from one input: lines by file, and counts."""

    def __init__(self, input_id: str) -> None:
        self.input_id = input_id
        self.lines: dict[str, list[bytes]] = {}
        self.counts = Counts()

    def add(self, file: RunFile, record: Record) -> None:
        """Add a record to a file of the run directory, and count it."""
        self.add_record(file.name, record, file.counted_as(record))

    def add_record(self, file: str, record: Record, counted_as: str) -> None:
        """Add a record to any file, and count it under a name."""
        self.add_line(file, to_line(record))
        self.counts.add(MADE, counted_as)

    def add_line(self, file: str, line: bytes) -> None:
        """Add a JSON line to a file, uncounted."""
        self.lines.setdefault(file, []).append(line)

    def reject(self, rejection: Rejection) -> None:
        """Add a line to rejected.jsonl. Its id must be the input's."""
        self.add_line(REJECTED.name, to_line(rejection))
        count_rejection(self.counts, rejection)

    def refuse(self, command: str, refusal: Refusal) -> None:
        """Add a refusal to rejected.jsonl."""
        self.reject(Rejection(stage=command, id=self.input_id, reason=refusal.reason, detail=refusal.detail))

    def take(self, products: Iterable[Product], command: str, files: Sequence[RunFile]) -> None:
        """Add everything that a command's function makes from the input; each record goes to the file of its type.

        A Refusal that the function raises is added as well.
        """
        try:
            for product in products:
                if isinstance(product, Count):
                    self.counts.add(*product)
                elif isinstance(product, Rejection):
                    self.reject(product)
                elif isinstance(product, Refusal):
                    self.refuse(command, product)
                else:
                    self.add(next(file for file in files if isinstance(product, file.record)), product)
        except Refusal as refusal:
            self.refuse(command, refusal)


def chunk_of(outcomes: Sequence[Outcome]) -> Chunk:
    """Several outcomes as one chunk for the journal."""
    lines: dict[str, list[bytes]] = {}
    counts = Counts()
    for outcome in outcomes:
        counts.merge(outcome.counts)
        for file, made in outcome.lines.items():
            lines.setdefault(file, []).extend(made)
    ids = tuple(outcome.input_id for outcome in outcomes)
    sizes = tuple({file: len(made) for file, made in outcome.lines.items()} for outcome in outcomes)
    return Chunk(ids, {file: b"".join(made) for file, made in lines.items()}, counts, sizes)
