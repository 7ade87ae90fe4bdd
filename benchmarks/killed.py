"""A command in a child process that is killed at any moment, or whose disk fails from then on."""

from __future__ import annotations

import errno
import io
import os
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

KILLED = 137


@dataclass(frozen=True)
class Kill:
    """When a command is killed: at its Nth change of the disk, before, amid or after it, or after some seconds.

    With an `error`, such as errno.ENOSPC, nobody is killed, but this change and all later ones fail.
    """

    change: int = 0
    moment: Literal["before", "amid", "after"] = "before"
    seconds: float = 0.0
    error: int = 0


@dataclass(frozen=True)
class Result:
    """What came of a command. `asked` are the keys of the requests that the model answered."""

    words: tuple[str, ...]
    status: int
    output: str
    killed: bool
    hung: bool
    asked: tuple[str, ...]

    @property
    def message(self) -> str:
        """The line that says why the command failed."""
        lines = [line for line in self.output.splitlines() if line.startswith("lemma: ")]
        return lines[-1] if lines else ""


class Child:
    """A command in a forked child, in a folder of its own, killed as asked or when the deadline is over."""

    def __init__(self, words: Sequence[str], folder: Path, kill: Kill | None = None, deadline: float = 60) -> None:
        self._words, self._kill, self._deadline = tuple(words), kill, deadline
        self._output, self._asked = folder / "output.txt", folder / "asked.txt"
        for path in (self._output, self._asked):
            path.write_bytes(b"")
        sys.stdout.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads, which the child does not need
            self._process = os.fork()
        if self._process == 0:
            _be_child(words, self._output, self._asked, kill)
        self._started = time.monotonic()

    def poll(self) -> Result | None:
        """The result, once there is one."""
        ended, status = os.waitpid(self._process, os.WNOHANG)
        spent, hung, killed = time.monotonic() - self._started, False, False
        if not ended:
            after = self._kill.seconds if self._kill is not None and self._kill.seconds else self._deadline
            if spent < min(after, self._deadline):
                return None
            hung, killed = after >= self._deadline, True
            os.kill(self._process, signal.SIGKILL)
            _, status = os.waitpid(self._process, 0)
        code = os.waitstatus_to_exitcode(status)
        text = self._output.read_text("utf-8", "replace")
        return Result(self._words, code, text, killed or code == KILLED, hung, tuple(self._asked.read_text().split()))

    def wait(self) -> Result:
        """The result."""
        while (result := self.poll()) is None:
            time.sleep(0.002)
        return result


def _be_child(words: Sequence[str], output: Path, asked: Path, kill: Kill | None) -> None:
    status = 70
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        os.chdir(output.parent)
        _write_down_what_is_asked(asked)
        if kill is not None and kill.change:
            _kill_at_change(kill)
        from lemma.cli import main

        status = main(list(words))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 2
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _write_down_what_is_asked(log: Path) -> None:
    from lemma.models.backends.scripted import Scripted
    from lemma.models.protocol import Request

    answer = Scripted.answer

    async def noting(self: Scripted, request: Request) -> bytes:
        made = await answer(self, request)
        with log.open("a") as file:
            file.write(f"{request.key()}\n")
        return made

    Scripted.answer = noting  # type: ignore[method-assign]


def _kill_at_change(kill: Kill) -> None:
    """Count all changes of the disk that the run directory's code makes, and end the process at one of them."""
    from lemma.rundir import disk, journal

    changes = count(1)  # of all threads

    def counted(
        change: Callable[..., Any],
        amid: Callable[..., None] | None = None,
        writes: Callable[..., bool] | None = None,
    ) -> Callable[..., Any]:
        def changing(*arguments: Any, **named: Any) -> Any:
            if writes is not None and not writes(*arguments, **named):
                return change(*arguments, **named)
            seen = next(changes)
            if kill.error and seen >= kill.change:
                raise OSError(kill.error, os.strerror(kill.error))
            if seen == kill.change:
                if kill.moment == "amid" and amid is not None:
                    amid(*arguments)
                elif kill.moment == "after":
                    change(*arguments, **named)
                os._exit(KILLED)
            return change(*arguments, **named)

        return changing

    def half(path: Path, content: bytes, *_: Any) -> None:
        with path.open("ab") as file:
            file.write(content[: len(content) // 2])

    append: Callable[..., Any] = counted(disk.append_to, half)
    journal.append_to = append  # type: ignore[attr-defined]
    for name in ("fsync", "replace", "truncate", "unlink", "rename", "mkdir", "rmdir"):
        setattr(os, name, counted(getattr(os, name)))
    # What pathlib opens files with.
    opening = counted(io.open, writes=lambda _path, mode="r", *_, **__: any(letter in mode for letter in "wax+"))
    io.open = opening


def random_kill(random_: random.Random) -> Kill:
    """Mostly at a change of the disk; else at any time."""
    if random_.random() < 0.25:
        return Kill(seconds=random_.uniform(0.01, 1.0))
    if random_.random() < 0.25:
        error = random_.choice([errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, errno.EACCES])
        return Kill(change=int(random_.triangular(1, 40, 3)), error=error)
    moments: tuple[Literal["before", "amid", "after"], ...] = ("before", "amid", "after")
    return Kill(change=int(random_.triangular(1, 40, 3)), moment=random_.choice(moments))
