"""What a stage says when it ends: what it made, what it rejected and why, and the command to type next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Tally:
    """A small table: a title, column names, rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class StageSummary:
    """`made` and `rejected` count by name; `files` are what was written; `next_command` is what to type next."""

    made: Mapping[str, int]
    rejected: Mapping[str, int]
    files: tuple[Path, ...]
    next_command: str
    tallies: tuple[Tally, ...] = ()
    notes: tuple[str, ...] = field(default=())


def print_summary(summary: StageSummary) -> None:
    """Print a summary on standard output."""
    console = Console(highlight=False, soft_wrap=True)
    for tally in summary.tallies:
        console.print(_table(tally))
    for name, count in summary.made.items():
        console.print(f"[green]made[/green]      {count:>9,}  {name}")
    for reason, count in sorted(summary.rejected.items(), key=lambda item: (-item[1], item[0])):
        console.print(f"[yellow]rejected[/yellow]  {count:>9,}  {reason}")
    for note in summary.notes:
        console.print(note, markup=False)
    for file in summary.files:
        console.print(f"[dim]wrote[/dim]     {file}")
    console.print(f"[dim]next[/dim]      {summary.next_command}")


def _table(tally: Tally) -> Table:
    table = Table(title=tally.title, title_justify="left", box=None, pad_edge=False)
    for position, column in enumerate(tally.columns):
        table.add_column(column, justify="left" if position == 0 else "right")
    for row in tally.rows:
        table.add_row(*row)
    return table
