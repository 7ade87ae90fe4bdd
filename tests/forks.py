"""Run commands that train in forks of one process: what trains is imported once, which takes longer than the training.

    with Forks() as forks:
        ended = forks.run("lemma train --run r", tmp_path)
        ended = forks.run("accelerate launch ... -m lemma train --run r", tmp_path, kill_at=tmp_path / "r/model/...")
        ended = forks.run("killed_rounds report.json '[]' -- run on-policy", tmp_path)

Commands run in the folder. The forks of `accelerate launch` are its processes. Under FSDP they shard on the CPU, with
gloo: accelerate shards only what runs on an accelerator, and here it is told that these processes do.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from lemma.cli import build_parser
from lemma.trajectories.detection import find_reflection

PATIENCE = 300.0  # seconds until what shall be killed has come so far


@dataclass(frozen=True)
class Ended:
    """How a command ended: the exit code, negative if it was killed, and what it wrote."""

    code: int
    said: str
    complaints: str


class Forks:
    """A process that has imported what trains, and runs commands in forks of itself, one at a time."""

    def __enter__(self) -> Forks:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__], env=environment, stdin=-1, stdout=-1, text=True
        )
        return self

    def run(self, command: str, folder: Path, kill_at: Path | None = None) -> Ended:
        """Run a command and what it starts, and kill them all (SIGKILL) as soon as a file is there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        files = [str(folder / name) for name in ("said.txt", "complaints.txt")]
        asked = {"command": command, "folder": str(folder), "files": files, "kill_at": kill_at and str(kill_at)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Ended(code, *(Path(file).read_text("utf-8") for file in files))

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._process:
            self._process.kill()


def import_what_trains() -> None:
    """Import, and read, what commands load only when they need it: the forks need not."""
    for name in ("training.objectives.sft", "training.models", "training.model_card", "injectors.symbolic"):
        importlib.import_module(f"lemma.{name}")
    for command in ("augment", "sample", "correct", "build_sft", "analyze", "eval", "run"):
        importlib.import_module(f"lemma.commands.{command}")
    importlib.import_module("matplotlib.pyplot")
    find_reflection("Wait, no.")
    build_parser()
    gc.freeze()


def serve() -> None:
    """Run what is asked for on standard input, line by line, and answer with exit codes."""
    importlib.import_module("killed_rounds")
    from training_data import small

    from lemma.training import tiny_model

    import_what_trains()
    tiny_model.LlamaConfig = small  # type: ignore[assignment,misc]
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            for number, file in enumerate(asked["files"], start=1):
                os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            os.chdir(asked["folder"])
            run(shlex.split(asked["command"]))
        sys.stdout.write(f"{awaited(child, asked['kill_at'])}\n")
        sys.stdout.flush()


def awaited(child: int, kill_at: str | None) -> int:
    """The exit code of a fork, which is killed when a file is there."""
    until = time.monotonic() + PATIENCE
    while kill_at:
        if Path(kill_at).exists() or time.monotonic() > until:
            fork = psutil.Process(child)
            for process in (fork, *fork.children(recursive=True)):
                process.kill()
            break
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(words: list[str]) -> None:
    """Run the command in this process, and end it."""
    from killed_rounds import kill_and_resume

    from lemma.cli import main

    program, *rest = words
    commands = {"lemma": main, "accelerate": launch, "killed_rounds": kill_and_resume}
    code = commands[program](rest)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def launch(arguments: list[str]) -> int:
    """`launch` of accelerate, whose processes are forks."""
    import torch.distributed.run
    from accelerate.commands.launch import launch_command, launch_command_parser

    configure = torch.distributed.run.config_from_args

    def with_forks(args: Any) -> tuple[Any, Any, list[str]]:
        config, _, words = configure(args)
        config.start_method = "fork"
        return config, launched, words[words.index("train") :]

    torch.distributed.run.config_from_args = with_forks
    launch_command(launch_command_parser().parse_args(arguments[1:]))
    return 0


def launched(*words: str) -> None:
    """What each process of `accelerate launch` does."""
    import torch.distributed
    from accelerate import PartialState
    from accelerate.state import DistributedType

    from lemma.cli import main

    if os.environ.get("ACCELERATE_USE_FSDP") == "true":
        os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
        torch.distributed.init_process_group("gloo")
        PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.MULTI_GPU)
    if code := main(list(words)):
        sys.exit(code)


if __name__ == "__main__":
    serve()
