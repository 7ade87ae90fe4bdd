"""One progress display for all stages that run at a time: a bar each, with time left and, of a teacher, the cost.

with stage_progress(console) as progress:
    task = progress.add_task("augment", total=None, note="")
    progress.update(task, advance=1)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_lock = threading.Lock()
_shown: dict[int, tuple[Progress, int]] = {}  # the display of each console, and how many stages use it


@contextmanager
def stage_progress(console: Console) -> Iterator[Progress]:
    """The display of a console, started by the first stage that asks for it and gone with the last."""
    progress = _enter(console)
    try:
        yield progress
    finally:
        _leave(console)


def _enter(console: Console) -> Progress:
    with _lock:
        progress, users = _shown.get(id(console)) or (_new_progress(console), 0)
        _shown[id(console)] = progress, users + 1
        if not users:
            progress.start()
        return progress


def _leave(console: Console) -> None:
    with _lock:
        progress, users = _shown.pop(id(console))
        if users > 1:
            _shown[id(console)] = progress, users - 1
        else:
            progress.stop()


def _new_progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
