"""The progress display: one bar per command at work, with time left and, if a model is asked, the cost so far.

with new_progress(console) as progress:
    task = progress.add_task("augment", total=None, note="")
    progress.update(task, advance=1)
"""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def new_progress(console: Console) -> Progress:
    """A display on a console; shows nothing if that is not a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
