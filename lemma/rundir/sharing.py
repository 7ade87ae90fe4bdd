"""One process's hold on a run directory. Commands that run side by side share it, each in a thread of its own.

    with RunDirectory(path).hold() as hold:            # as a pipeline does
        directory = RunDirectory(path, hold)           # one for each command

A command that reads what another is still making sees the file grow: a line counts as there once its input is
acknowledged.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class GrowingFile:
    """A file that a command of this process is making.

    `size` is the number of acknowledged bytes. `made_as` is a hash of what the command was asked; it stands for the
    content until the file is complete.
    """

    maker: str
    made_as: str
    size: int
    ended: bool = False
    complete: bool = False

    @property
    def identity(self) -> str:
        """What stands for the content in the inputs of a command that reads it: the same after every kill."""
        return identity(self.maker, self.made_as)


def identity(maker: str, made_as: str) -> str:
    """What stands for the content of a file that a command is still making."""
    return f"what `{maker}` makes, {made_as}"


@dataclass
class Hold:
    """What the commands of one process share: one writer at a time, the growing files, and the wish to stop."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    stopping: threading.Event = field(default_factory=threading.Event)
    growing: dict[str, GrowingFile] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
