"""Run a command, and again, each time killed (SIGKILL) at another point: `killed_rounds REPORT POINTS -- run ...`.

A point is the folder, the command and what is counted there: `round-1 analyze 5` is the fifth answer that is stored,
`round-1 train 7` the seventh optimizer step, `round-1 correct 1` the first acknowledgment. The first run and the last
are not killed. Then, the first one's folder is called `whole`: a student is named by its path, so all runs share one.
The report tells, for each run, how it ended, and which answers were asked for although they had been stored before.
Each run is a fork of this process. The models compute with 64 bits: how 32 bits are rounded depends on the batch,
and what is in a batch on the kills.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import LlamaConfig

from lemma.cli import main
from lemma.models.backends.transformers import LocalTransformers
from lemma.models.protocol import Request
from lemma.rundir.journal import Journal
from lemma.rundir.responses import FILE, ResponseStore
from lemma.training import tiny_model
from lemma.training.progress import TrainingProgress

FOLDERS = ("start", "round-1", "round-2")
reached: Counter[str] = Counter()


def counting(original: Callable[..., Any], place: Callable[..., str], point: str) -> Callable[..., Any]:
    """The function, which kills this process once it has run as often as the point says."""
    name, _, times = point.rpartition(" ")

    def done(*args: Any) -> None:
        here = place(*args)
        reached[here] += 1
        if here == name and reached[here] == int(times):
            os.kill(os.getpid(), signal.SIGKILL)

    return lambda *args, **kwargs: (original(*args, **kwargs), done(*args))[0]


def folder_of(path: object) -> str:
    """The round in whose folder a file lies."""
    return next((part for part in Path(str(path)).parts if part in FOLDERS), "")


def run(words: list[str], point: str, asked: Path) -> None:
    """Run the command in this process, noting what the model is asked, until the point is reached."""
    answer = LocalTransformers.answer

    async def noted(self: LocalTransformers, request: Request) -> bytes:
        with asked.open("a") as file:
            file.write(f"{request.key()}\n")
        return await answer(self, request)

    LocalTransformers.answer = noted  # type: ignore[method-assign]
    load = LocalTransformers.__init__

    def exact(self: LocalTransformers, model: str) -> None:
        load(self, model)
        self._model = self._model.double()

    LocalTransformers.__init__ = exact  # type: ignore[method-assign]
    tiny_model.LlamaConfig = LlamaConfig  # type: ignore[misc]  # as shipped: a smaller one learns too little
    put = ResponseStore.put

    async def stored(self: ResponseStore, key: str, stage: str, *rest: Any, **options: Any) -> None:
        await put(self, key, stage, *rest, **options)
        counting(lambda: None, lambda: f"{folder_of(self._path)} {stage}", point)()

    ResponseStore.put = stored  # type: ignore[method-assign]
    TrainingProgress.on_step_end = counting(  # type: ignore[method-assign]
        TrainingProgress.on_step_end, lambda _, args, *__: f"{folder_of(args.output_dir)} train", point
    )
    Journal.append = counting(  # type: ignore[method-assign]
        Journal.append, lambda journal, *_: f"{folder_of(journal._path)} {journal.command} acknowledged", point
    )
    sys.exit(main(words))


def stored_keys(folder: Path) -> set[str]:
    """The requests whose answers are on disk, in all rounds."""
    found: set[str] = set()
    for path in folder.rglob(FILE):
        with sqlite3.connect(path) as connection:
            found.update(key for (key,) in connection.execute("SELECT key FROM responses"))
    return found


def kill_and_resume(arguments: list[str]) -> int:
    """Run the command once, and once more in as many parts as there are points, and write the report."""
    report, points, words = Path(arguments[0]), json.loads(arguments[1]), arguments[3:]
    folder, runs = Path(words[words.index("--run") + 1]), list[dict[str, Any]]()
    for number, point in enumerate(["none 0", *points, "none 0"]):
        before, asked = stored_keys(folder), report.with_suffix(f".{number}")
        asked.write_text("")
        child = os.fork()
        if not child:
            run(words, point, asked)
        _, status = os.waitpid(child, 0)
        keys = asked.read_text().split()
        runs.append(
            {
                "point": point,
                "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
                "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
                "asked": len(keys),
                "asked_again": len(before.intersection(keys)) + len(keys) - len(set(keys)),
            }
        )
        report.write_text(json.dumps(runs))
        if number == 0:
            folder.rename(folder.with_name("whole"))
    return 0
