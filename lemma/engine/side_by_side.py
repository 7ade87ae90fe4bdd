"""Run commands side by side, so that each problem moves from one to the next as soon as it is ready.

A command that reads the lines of the one before it, in order, starts when that one has opened its files, and ends after
it: the files are byte for byte the same as if one had followed the other. A command that needs all lines first, as
`augment` needs the whole distribution of the student's errors, waits for those before it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from lemma.engine.summary import Summary
from lemma.exceptions import StoppedError
from lemma.options import StageConfig
from lemma.run_files import REJECTED
from lemma.rundir.directory import RunDirectory
from lemma.rundir.lines import read_lines
from lemma.rundir.sharing import Hold

_SECONDS_BETWEEN_LOOKS = 0.05

RunOne = Callable[[StageConfig, Hold], Summary | None]


def flowing_groups(
    stages: Sequence[StageConfig], flows_into: Callable[[StageConfig, StageConfig], bool]
) -> Iterator[list[StageConfig]]:
    """Commands that can run side by side, in order; most groups hold one."""
    group: list[StageConfig] = []
    for stage in stages:
        if group and not flows_into(group[-1], stage):
            yield group
            group = []
        group.append(stage)
    if group:
        yield group


def run_side_by_side(stages: Sequence[StageConfig], run_one: RunOne, console: Console) -> list[Summary]:
    """Run commands that flow into each other. Returns their summaries in order.

    If one fails, the others keep what they have, and its error is raised.
    """
    with RunDirectory(stages[0].run).hold() as hold:
        threads: list[_StageThread] = []
        try:
            for stage in stages:
                if not hold.stopping.is_set():
                    threads.append(_StageThread(stage, run_one, hold))
                    threads[-1].wait(until_opened=True)
            for thread in threads:
                thread.wait()
        except KeyboardInterrupt:
            hold.stopping.set()
            console.print("stopping as soon as the calls in flight are answered; press Ctrl-C again to stop at once")
            try:
                for thread in threads:
                    thread.wait()
            except KeyboardInterrupt:
                os._exit(130)  # what is lost are the calls in flight, as in a kill
            raise
        finally:
            sort_rejected(stages[0].run, [stage.command for stage in stages])
    failures = [thread.failure for thread in threads if thread.failure is not None]
    # The cause first: a StoppedError only says that another command failed.
    for failure in sorted(failures, key=lambda failure: isinstance(failure, StoppedError)):
        raise failure
    return [thread.summary for thread in threads if thread.summary is not None]


def sort_rejected(run: Path, commands: Sequence[str]) -> None:
    """Put the rejections of commands that ran side by side into the order of the commands.

    Those of other commands stay where they are, so that sorting again changes nothing.
    """
    path = REJECTED.path(run)
    rank = {command: place for place, command in enumerate(commands, start=1)}
    if not path.exists() or all(before <= after for before, after in pairwise(filter(None, _ranks(path, rank)))):
        return
    temporary = path.with_name(path.name + ".tmp")
    with ExitStack() as stack:
        sorted_lines = stack.enter_context(temporary.open("wb"))
        in_order = (
            line
            for place in rank.values()
            for line, of in zip(stack.enter_context(path.open("rb")), _ranks(path, rank), strict=True)
            if of == place
        )
        there = zip(stack.enter_context(path.open("rb")), _ranks(path, rank), strict=True)
        sorted_lines.writelines(next(in_order) if of else line for line, of in there)
        sorted_lines.flush()
        os.fsync(sorted_lines.fileno())
    temporary.replace(path)


def _ranks(path: Path, rank: Mapping[str, int]) -> Iterator[int]:
    for values in read_lines(path, "run"):
        yield rank.get(str(values.get("stage")), 0)


class _StageThread(threading.Thread):
    """A running command. It ends with a `summary` or a `failure`."""

    def __init__(self, stage: StageConfig, run_one: RunOne, hold: Hold) -> None:
        super().__init__(name=stage.command, daemon=True)
        self.stage, self._run_one, self._hold = stage, run_one, hold
        self.summary: Summary | None = None
        self.failure: BaseException | None = None
        self.start()

    def wait(self, until_opened: bool = False) -> None:
        """Wait until the command has ended, or until its files can be read. Ctrl-C interrupts the wait."""
        while self.is_alive() and not (until_opened and self.stage.command in self._hold.opened):
            self.join(_SECONDS_BETWEEN_LOOKS)

    def run(self) -> None:
        """Run the command, and keep what it raises."""
        try:
            self.summary = self._run_one(self.stage, self._hold)
        except BaseException as failure:
            self.failure = failure
            self._hold.stopping.set()
