"""One process's hold on a run directory. Stages that run side by side in it share one, each in a thread of its own.

    with RunDirectory(path).hold() as hold:    # as a pipeline does
        ...                                    # start a stage, wait until hold.has_opened("augment"), start the next

A stage that reads what another is still making sees it grow: lines count as there once their inputs are acknowledged.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class GrowingFile:
    """A file that a stage of this process makes. `size` are the bytes that are acknowledged; `made_as` is a hash of
    what the stage was asked, and stands for the file's content until that is there.
    """

    maker: str
    made_as: str
    size: int
    ended: bool = False
    complete: bool = False

    @property
    def identity(self) -> str:
        """What stands for the content in the inputs of a stage that reads it: the same after every kill."""
        return identity(self.maker, self.made_as)


def identity(maker: str, made_as: str) -> str:
    """How a file is called that a stage is still making."""
    return f"what `{maker}` makes, {made_as}"


@dataclass
class Hold:
    """What the stages of one process share: one writer at a time, the files that grow, and the wish to stop."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    stopping: threading.Event = field(default_factory=threading.Event)
    growing: dict[str, GrowingFile] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)

    def has_opened(self, command: str) -> bool:
        """Whether a stage has opened its journal, so that what it makes can be read."""
        return command in self.opened


_shared: dict[Path, Hold] = {}


def share(path: Path, hold: Hold) -> None:
    """Let the stages of this process that are opened in a directory from now on share a hold."""
    _shared[path.resolve()] = hold


def unshare(path: Path) -> None:
    """End the sharing."""
    del _shared[path.resolve()]


def shared_hold(path: Path) -> Hold | None:
    """The hold that the stages of this process share in a directory, if there is one."""
    return _shared.get(path.resolve())


def growing_file(path: Path) -> GrowingFile | None:
    """A file as a stage of this process makes it; None where none does."""
    hold = shared_hold(path.parent)
    return None if hold is None else hold.growing.get(path.name)
