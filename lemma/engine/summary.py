"""The summary at the end of a command: what it made, what it rejected and why, and the command to type next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemma.exceptions import DataError
from lemma.visible_text import escaped, one_line


@dataclass(frozen=True)
class Tally:
    """A small table: a title, column names, rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Summary:
    """`made` and `rejected` are counts by name, `files` the files written, `next` the words of the next command.

    `failure` says why the command made nothing that the next one could use; it is empty if all is well.
    """

    made: Mapping[str, int]
    rejected: Mapping[str, int]
    files: tuple[Path, ...]
    next: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str = ""


def print_summary(summary: Summary, last: bool = True) -> None:
    """Print a summary on standard output; the next command only after the `last` of several commands.

    Raises DataError, once it is printed, if the command failed.
    """
    console = Console(highlight=False, soft_wrap=True, markup=False)
    # Names, notes and paths are printed literally: none of them is markup, and none can control the terminal.
    for tally in summary.tallies:
        table = Table(title=Text(one_line(tally.title)), title_justify="left", box=None, pad_edge=False)
        for position, column in enumerate(tally.columns):
            table.add_column(Text(one_line(column)), justify="left" if position == 0 else "right")
        for row in tally.rows:
            table.add_row(*(Text(escaped(cell)) for cell in row))
        console.print(table)
    for name, count in summary.made.items():
        console.print(Text.assemble(("made", "green"), f"      {count:>9,}  {one_line(name)}"))
    for reason, count in sorted(summary.rejected.items(), key=lambda item: (-item[1], item[0])):
        console.print(Text.assemble(("rejected", "yellow"), f"  {count:>9,}  {one_line(reason)}"))
    for note in summary.notes:
        console.print(Text(escaped(note)))
    for file in summary.files:
        console.print(Text.assemble(("wrote", "dim"), f"     {one_line(str(file))}"))
    if summary.failure:
        raise DataError(summary.failure)
    if summary.next and last:
        console.print(Text.assemble(("next", "dim"), f"      {one_line(shlex.join(('lemma', *summary.next)))}"))
