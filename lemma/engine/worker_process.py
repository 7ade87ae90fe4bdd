"""What a worker process does before its work: end with its parent, and leave Ctrl-C to it.

The server that forks workers imports this module first, so that also a process that is still starting is quiet.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from types import TracebackType


def end_with_parent() -> None:
    """End this process as soon as its parent is gone, however that one ended. Without it, the workers of a killed
    command would wait for work, and hold its output open, for ever.
    """
    threading.Thread(target=_wait_for_parent, name="end-with-parent", daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; the parent decides what becomes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _say_nothing_of_a_dead_parent(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if not issubclass(kind, EOFError | BrokenPipeError | ConnectionError):
        sys.__excepthook__(kind, error, traceback)


def prepare_server() -> None:
    """In the server that forks the workers: what they inherit. Standard output belongs to the parent alone."""
    ignore_interrupts()
    sys.excepthook = _say_nothing_of_a_dead_parent
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of the user's
        os.dup2(nowhere.fileno(), 1)
