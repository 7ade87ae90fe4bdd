"""`lemma show`: one erroneous solution on the terminal, with the trajectories that were made of it, in colour."""

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
from lemma.report.samples import Sample, ShownTrajectory, add_trajectories, read_samples
from lemma.run_files import CORRECTIONS, ERRONEOUS
from lemma.taxonomy.error_types import load_taxonomy
from lemma.visible_text import escaped

_STYLES = {"prefix": "", "error": "red", "reflection": "yellow", "correction": "green"}
_MARK = "bold reverse"
_COLUMN = 12


def show(config: ShowConfig, _console: Console) -> None:
    """Print one sample on standard output. Raises DataError where there is none like the one that was asked for."""
    if config.id is not None and (config.random or config.type is not None):
        raise ConfigError("an ID names one solution already; leave out --random and --type")
    reader = Reader(config.run)
    samples = read_samples(reader, [_place(config, reader)])
    if not samples:
        raise DataError(f"{ERRONEOUS.path(config.run)}: that line is no erroneous solution of this version of lemma")
    add_trajectories(reader, samples)
    output = Console(highlight=False)
    for part in _page(samples[0]):
        output.print(part)
    if samples[0].trajectories:
        return
    if any(True for _ in reader.lines(CORRECTIONS.name)):
        output.print("no trajectory was made of it; rejected.jsonl says why", style="dim")
    else:
        output.print("not corrected yet; `lemma build-sft` makes its trajectories", style="dim")


def _place(config: ShowConfig, reader: Reader) -> int:
    """Where the solution asked for stands in the file: by its id or the beginning of it, the first, or any."""
    kind = load_taxonomy(config.taxonomy).resolve(config.type).id if config.type is not None else None
    found = [
        (text_of(line, "id"), offset)
        for offset, line in reader.placed_lines(ERRONEOUS.name)
        if (kind is None or line.get("error_type") == kind) and _has_id(text_of(line, "id"), config.id)
    ]
    if not found:
        wanted = f"{config.id!r}" if config.id is not None else f"of type {kind}" if kind is not None else "at all"
        raise DataError(
            f"{ERRONEOUS.path(config.run)} has no erroneous solution {wanted}; `lemma report` shows what it has"
        )
    if config.id is not None and len(found) > 1:
        raise DataError(f"{len(found):,} ids begin with {config.id!r}, such as {found[0][0]} and {found[1][0]}")
    # Whoever asks for any wants another one each time; its id is printed, so that it can be shown again.
    return random.SystemRandom().choice(found)[1] if config.random else found[0][1]


def _has_id(record_id: str, asked: str | None) -> bool:
    return asked is None or record_id.startswith(asked)


def _page(sample: Sample) -> Iterator[Text | Table]:
    erroneous = sample.erroneous
    yield Text.assemble(
        (escaped(erroneous.id), "bold"),
        ("  error type ", "dim"),
        (escaped(erroneous.error_type), "red"),
        ("  origin ", "dim"),
        erroneous.origin,
    )
    yield _row("question", [Text(escaped(erroneous.question))])
    steps = marked_steps(erroneous.reference_steps, erroneous.steps)
    if not sample.trajectories:
        yield from _wrong_solution(steps, erroneous.error_step)
    for trajectory in sample.trajectories:
        yield Text.assemble("\n", (escaped(trajectory.strategy), "bold"))
        yield from _trajectory(trajectory, dict(zip(erroneous.steps, steps, strict=True)))
    yield Text()
    yield _row("answer", [Text(f"{escaped(erroneous.final_answer)}, should be {escaped(erroneous.gold_answer)}")])
    yield _row("why", [Text(escaped(erroneous.explanation))])


def _wrong_solution(steps: Sequence[Sequence[Piece]], error_step: int) -> Iterator[Table]:
    parts = {"prefix": steps[:error_step], "error": steps[error_step:][:1], "goes on": steps[error_step + 1 :]}
    for name, lines in parts.items():
        if lines:
            yield _row(name, [_marked(line, _STYLES.get(name, "")) for line in lines])


def _trajectory(trajectory: ShownTrajectory, marked: dict[str, list[Piece]]) -> Iterator[Table]:
    for segment in trajectory.segments:
        lines = [[Piece(line)] for line in segment.text.rstrip("\n").split("\n")]
        if segment.kind in ("prefix", "error"):
            lines = [marked.get(line[0].text, line) for line in lines]
        yield _row(segment.kind, [_marked(line, _STYLES[segment.kind]) for line in lines])


def _marked(pieces: Sequence[Piece], style: str) -> Text:
    parts = ((escaped(piece.text), style if piece.was is None else f"{style} {_MARK}".strip()) for piece in pieces)
    return Text.assemble(*parts)


def _row(name: str, lines: Sequence[Text]) -> Table:
    """A name, and its lines beside it, folded within their column."""
    row = Table.grid()
    row.add_column(width=_COLUMN, style="dim")
    row.add_column(overflow="fold")
    for number, line in enumerate(lines):
        row.add_row(name if number == 0 else "", line)
    return row


COMMAND = Command(ShowConfig, run=show, needs=(ERRONEOUS,))
