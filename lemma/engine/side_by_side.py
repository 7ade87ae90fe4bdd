"""Run stages side by side, so that each problem flows from one to the next as soon as it is ready.

A stage that reads the lines of the one before it, in their order, starts when that one has opened its files, and ends
after it: the files come out byte for byte as if one had followed the other. A stage that needs all lines first, as
`augment` needs the whole distribution of the student's errors, waits for those before it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from lemma.cli import run_before, stage_function
from lemma.config import (
    AnalyzeConfig,
    AugmentConfig,
    CorrectConfig,
    EndpointConfig,
    SampleConfig,
    SmoothConfig,
    StageConfig,
)
from lemma.engine.summary import StageSummary, print_summary
from lemma.exceptions import StoppedError
from lemma.rundir.journal import REJECTED, RunDirectory
from lemma.rundir.lines import read_lines
from lemma.rundir.sharing import Hold

# Which stages read, line by line, what which others make.
READS_FROM: dict[type[StageConfig], tuple[type[StageConfig], ...]] = {
    AnalyzeConfig: (SampleConfig,),
    CorrectConfig: (AnalyzeConfig, AugmentConfig),
    SmoothConfig: (CorrectConfig,),
}
# A model in this process takes the whole machine, so nothing runs beside it.
_IN_PROCESS = ("vllm", "transformers")
_SECONDS_BETWEEN_LOOKS = 0.05


def flowing_groups(stages: Sequence[StageConfig]) -> Iterator[list[StageConfig]]:
    """Stages that can run side by side, in order; most groups hold one."""
    group: list[StageConfig] = []
    for stage in stages:
        if group and not _flows(group[-1], stage):
            yield group
            group = []
        group.append(stage)
    if group:
        yield group


def _flows(before: StageConfig, stage: StageConfig) -> bool:
    reads = type(before) in READS_FROM.get(type(stage), ())
    return reads and before.run == stage.run and not any(map(_holds_a_model, (before, stage)))


def _holds_a_model(stage: StageConfig) -> bool:
    return isinstance(stage, EndpointConfig) and stage.backend in _IN_PROCESS


def run_side_by_side(stages: Sequence[StageConfig], console: Console) -> None:
    """Run stages that flow into each other, and print their summaries in order.

    When one fails, the others keep what they have, and its error is raised.
    """
    run_before(stages[0], console)
    with RunDirectory(stages[0].run).hold() as hold:
        threads = _run(stages, hold, console)
        sort_rejected(stages[0].run, [stage.command for stage in stages])
    for thread in threads:
        if thread.summary is not None:
            print_summary(thread.summary)
    failures = [thread.failure for thread in threads if thread.failure is not None]
    for failure in sorted(failures, key=lambda failure: isinstance(failure, StoppedError)):
        raise failure


def _run(stages: Sequence[StageConfig], hold: Hold, console: Console) -> list[_StageThread]:
    threads: list[_StageThread] = []
    try:
        for stage in stages:
            if not hold.stopping.is_set():
                threads.append(_StageThread(stage, console, hold))
                threads[-1].wait_until_opened()
        for thread in threads:
            thread.wait()
    except KeyboardInterrupt:
        _stop(threads, hold, console)
        raise
    return threads


def _stop(threads: Sequence[_StageThread], hold: Hold, console: Console) -> None:
    hold.stopping.set()
    console.print("stopping as soon as the calls under way are answered; Ctrl-C again stops at once")
    try:
        for thread in threads:
            thread.wait()
    except KeyboardInterrupt:
        os._exit(130)  # a kill loses no more than what is under way


def sort_rejected(run: Path, commands: Sequence[str]) -> None:
    """Put the rejections of stages that ran side by side into the order of the stages."""
    path = run / REJECTED
    rank = {command: place for place, command in enumerate(commands, start=1)}
    if not path.exists() or _is_sorted(_ranks(path, rank)):
        return
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as sorted_lines:
        for place in range(len(commands) + 1):
            with path.open("rb") as file:
                lines = zip(file, _ranks(path, rank), strict=True)
                sorted_lines.writelines(line for line, of in lines if of == place)
        sorted_lines.flush()
        os.fsync(sorted_lines.fileno())
    temporary.replace(path)


def _ranks(path: Path, rank: Mapping[str, int]) -> Iterator[int]:
    for values in read_lines(path, "run"):
        yield rank.get(str(values.get("stage")), 0)


def _is_sorted(values: Iterable[int]) -> bool:
    return all(before <= after for before, after in pairwise(values))


class _StageThread(threading.Thread):
    """A stage at work. `summary` or `failure` is what came of it."""

    def __init__(self, stage: StageConfig, console: Console, hold: Hold) -> None:
        super().__init__(name=stage.command, daemon=True)
        self.stage, self._console, self._hold = stage, console, hold
        self.summary: StageSummary | None = None
        self.failure: BaseException | None = None
        self.start()

    def wait(self) -> None:
        """Until it has ended; Ctrl-C gets through."""
        while self.is_alive():
            self.join(_SECONDS_BETWEEN_LOOKS)

    def wait_until_opened(self) -> None:
        """Until what it makes can be read, or it has ended."""
        while self.is_alive() and not self._hold.has_opened(self.stage.command):
            self.join(_SECONDS_BETWEEN_LOOKS)

    def run(self) -> None:
        """Run the stage; what it raises is kept."""
        try:
            self.summary = stage_function(self.stage)(self.stage, self._console)
        except BaseException as failure:
            self.failure = failure
            self._hold.stopping.set()
