"""What a command says when it ends: what it made, what it rejected and why, and the command to type next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Tally:
    """A small table: a title, column names, rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Summary:
    """`made` and `rejected` are counts by name, `files` what was written, `next` the words of the next command."""

    made: Mapping[str, int]
    rejected: Mapping[str, int]
    files: tuple[Path, ...]
    next: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()
    notes: tuple[str, ...] = field(default=())


def print_summary(summary: Summary, last: bool = True) -> None:
    """Print a summary on standard output; the next command only after the `last` of several commands."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for tally in summary.tallies:
        console.print(_table(tally))
    for name, count in summary.made.items():
        console.print(Text.assemble(("made", "green"), f"      {count:>9,}  {name}"))
    for reason, count in sorted(summary.rejected.items(), key=lambda item: (-item[1], item[0])):
        console.print(Text.assemble(("rejected", "yellow"), f"  {count:>9,}  {reason}"))
    for note in summary.notes:
        console.print(note)
    for file in summary.files:
        console.print(Text.assemble(("wrote", "dim"), f"     {file}"))
    if summary.next and last:
        console.print(Text.assemble(("next", "dim"), f"      {shlex.join(('lemma', *summary.next))}"))


def _table(tally: Tally) -> Table:
    table = Table(title=Text(tally.title), title_justify="left", box=None, pad_edge=False)
    for position, column in enumerate(tally.columns):
        table.add_column(Text(column), justify="left" if position == 0 else "right")
    for row in tally.rows:
        table.add_row(*map(Text, row))
    return table
