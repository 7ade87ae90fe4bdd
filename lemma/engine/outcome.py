"""What was made of one input, and of several: what a stage gives to its journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import ValidationError

from lemma.records import Record, Rejection
from lemma.rundir.disk import to_line
from lemma.rundir.journal import REJECTED, Chunk, rejected_count


class Outcome:
    """What was made of one input: records by file, rejections, and counts for the summary."""

    def __init__(self, input_id: str) -> None:
        self.input_id = input_id
        self.lines: dict[str, list[bytes]] = {}
        self.counts: Counter[str] = Counter()

    def add(self, file: str, record: Record, counted_as: str) -> None:
        """Add a record to a file."""
        self.add_line(file, to_line(record))
        self.counts[counted_as] += 1

    def add_line(self, file: str, line: bytes) -> None:
        """Add a JSON line to a file, uncounted."""
        self.lines.setdefault(file, []).append(line)

    def reject(self, rejection: Rejection) -> None:
        """Add a line to rejected.jsonl. Its id must be the input's."""
        self.lines.setdefault(REJECTED, []).append(to_line(rejection))
        self.counts[rejected_count(rejection)] += 1

    def reject_invalid(self, stage: str, error: ValidationError) -> None:
        """Reject an input that is no record, with the first field at fault."""
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        self.reject(Rejection(stage=stage, id=self.input_id, reason="invalid_record", detail=detail))


def chunk_of(outcomes: Sequence[Outcome]) -> Chunk:
    """Several outcomes as one chunk for the journal."""
    lines: dict[str, list[bytes]] = {}
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
        for file, made in outcome.lines.items():
            lines.setdefault(file, []).extend(made)
    return Chunk(
        tuple(outcome.input_id for outcome in outcomes),
        {file: b"".join(made) for file, made in lines.items()},
        dict(counts),
    )
