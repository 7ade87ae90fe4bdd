"""`lemma show`: one erroneous solution on the terminal, with the trajectories made from it, in color."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemma.config import ShowConfig
from lemma.declaration import Command
from lemma.exceptions import ConfigError, DataError
from lemma.report.diff import Piece, marked_steps
from lemma.report.lenient_lines import Reader, text_of
from lemma.report.samples import Sample, add_trajectories, read_samples
from lemma.run_files import CORRECTIONS, ERRONEOUS
from lemma.taxonomy.error_types import load_taxonomy
from lemma.visible_text import escaped

_STYLES = {"prefix": "", "error": "red", "check": "cyan", "reflection": "yellow", "correction": "green"}
_MARK = "bold reverse"
_COLUMN = 12


def show(config: ShowConfig, _console: Console) -> None:
    """Print one sample on standard output. Raises DataError if there is none as asked for."""
    if config.id is not None and (config.random or config.type is not None):
        raise ConfigError("an ID already selects one solution; leave out --random and --type")
    reader = Reader(config.run)
    samples = read_samples(reader, [_place(config, reader)])
    if not samples:
        raise DataError(
            f"{ERRONEOUS.path(config.run)}: that line is not an erroneous solution of this version of lemma"
        )
    add_trajectories(reader, samples)
    output = Console(highlight=False)
    for part in _page(samples[0]):
        output.print(part)
    if samples[0].trajectories:
        return
    if any(True for _ in reader.lines(CORRECTIONS.name)):
        output.print("no trajectory was made from it; rejected.jsonl says why", style="dim")
    else:
        output.print("not corrected yet; `lemma build-sft` makes its trajectories", style="dim")


def _place(config: ShowConfig, reader: Reader) -> int:
    """The offset of the solution asked for: by id or id prefix, at random, or the first."""
    kind = load_taxonomy(config.taxonomy).resolve(config.type).id if config.type is not None else None
    found = [
        (text_of(line, "id"), offset)
        for offset, line in reader.placed_lines(ERRONEOUS.name)
        if (kind is None or line.get("error_type") == kind) and text_of(line, "id").startswith(config.id or "")
    ]
    if not found:
        wanted = f"{config.id!r}" if config.id is not None else f"of type {kind}" if kind is not None else "at all"
        raise DataError(
            f"{ERRONEOUS.path(config.run)} has no erroneous solution {wanted}; `lemma report` shows what it has"
        )
    if config.id is not None and len(found) > 1:
        raise DataError(f"{len(found):,} ids begin with {config.id!r}, such as {found[0][0]} and {found[1][0]}")
    # Not seeded: --random is for another one each time. Its id is printed, so that it can be shown again.
    return random.SystemRandom().choice(found)[1] if config.random else found[0][1]


def _page(sample: Sample) -> Iterator[Text | Table]:
    erroneous = sample.erroneous
    yield Text.assemble(
        (escaped(erroneous.id), "bold"),
        ("  error type ", "dim"),
        (escaped(erroneous.error_type), "red"),
        ("  origin ", "dim"),
        erroneous.origin,
        ("  evidence ", "dim"),
        f"{erroneous.evidence}, {erroneous.confidence:.0%}",
    )
    yield _row("question", [Text(escaped(erroneous.question))])
    steps = marked_steps(erroneous.reference_steps, erroneous.steps)
    if not sample.trajectories:
        at = erroneous.error_step
        parts = {"wrong": steps}
        if at is not None:
            parts = {"prefix": steps[:at], "error": steps[at : at + 1], "continues": steps[at + 1 :]}
        for name, part in parts.items():
            if part:
                yield _row(name, [_marked(line, _STYLES.get(name, "")) for line in part])
    marked = dict(zip(erroneous.steps, steps, strict=True))
    for trajectory in sample.trajectories:
        yield Text.assemble("\n", (escaped(trajectory.strategy), "bold"))
        for segment in trajectory.segments:
            own = marked if segment.kind in ("prefix", "error") else {}
            lines = [own.get(line, [Piece(line)]) for line in segment.text.rstrip("\n").split("\n")]
            yield _row(segment.kind, [_marked(line, _STYLES[segment.kind]) for line in lines])
    yield Text()
    yield _row("answer", [Text(f"{escaped(erroneous.final_answer)}, should be {escaped(erroneous.gold_answer)}")])
    unexplained = "not known" if erroneous.error_step is not None else "the first wrong step is not known"
    yield _row("why", [Text(escaped(erroneous.explanation or unexplained))])


def _marked(pieces: Sequence[Piece], style: str) -> Text:
    parts = ((escaped(piece.text), style if piece.was is None else f"{style} {_MARK}".strip()) for piece in pieces)
    return Text.assemble(*parts)


def _row(name: str, lines: Sequence[Text]) -> Table:
    """A name and, in a second column, its lines, folded to the width."""
    row = Table.grid()
    row.add_column(width=_COLUMN, style="dim")
    row.add_column(overflow="fold")
    for number, line in enumerate(lines):
        row.add_row(name if number == 0 else "", line)
    return row


COMMAND = Command(ShowConfig, run=show, needs=(ERRONEOUS,))
