"""The program `lemma` for tests that type it in a shell: each is a fork of a process that has imported what it needs.

    with Preloaded() as folder:
        subprocess.run([folder / "lemma", "show"])

To import it takes longer than most commands. What is typed gets a process of its own, with the words, folder,
environment and streams of the shell, and ends as `python -m lemma` does. What other packages bring is not loaded yet.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (
    "analyze",
    "augment",
    "build_sft",
    "correct",
    "merge",
    "report",
    "run",
    "sample",
    "show",
    "taxonomy",
    "verify",
)
KILLED = 137


class Preloaded:
    """A folder with a program `lemma` for the PATH, and the process that it asks. Without forks, it starts Python."""

    def __enter__(self) -> Path:
        folder = Path(tempfile.mkdtemp())  # short, as the address of a socket has to be
        self._folder, self._process = folder, None
        program = f"{shlex.quote(sys.executable)} -m lemma"
        if sys.platform == "linux":
            address = str(folder / "socket")
            program = shlex.join([sys.executable, "-S", "-I", __file__, address])
            self._process = subprocess.Popen(
                [sys.executable, __file__, address, "--serve"],
                env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=-1, start_new_session=True,
            )  # fmt: skip
            assert self._process.stdout is not None and self._process.stdout.readline(), "it could not start"
        (folder / "lemma").write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")
        (folder / "lemma").chmod(stat.S_IRWXU)
        return folder

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process is not None:
            with self._process:
                os.killpg(self._process.pid, 9)  # with all commands that are left
        shutil.rmtree(self._folder)


def ask(address: str, words: list[str]) -> int:
    """Let the process run the words with what this one has. Returns how the command ended."""
    asked = json.dumps([words, str(Path.cwd()), dict(os.environ)]).encode()
    with socket.socket(socket.AF_UNIX) as process:
        process.connect(address)
        socket.send_fds(process, [len(asked).to_bytes(8, "big")], [0, 1, 2])
        process.sendall(asked)
        return int(process.recv(8) or KILLED)


def serve(address: str) -> None:
    """Fork for each command that is asked for, without end. Only the command's process returns from here."""
    import gc
    import importlib
    import signal

    # Tests run side by side: unless asked for more, a command sees one core, and starts no workers.
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    importlib.import_module("lemma.options")
    os.sched_setaffinity(0, cores)
    for name in ("cli", "runner", "injectors.symbolic", *(f"commands.{command}" for command in COMMANDS)):
        importlib.import_module(f"lemma.{name}")
    importlib.import_module("rich.console")
    importlib.import_module("lemma.trajectories.detection").find_reflection("All phrases are read for this.")
    importlib.import_module("lemma.cli").build_parser()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen()
        os.write(1, b"ready\n")
        signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, os.WNOHANG))
        while True:
            asking, _ = door.accept()
            if not os.fork():
                break
            asking.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, files, *_ = socket.recv_fds(asking, 8, 3)
    with asking.makefile("rb") as stream:
        words, folder, environment = json.loads(stream.read(int.from_bytes(size, "big")))
    if command := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
        asking.sendall(str(code if code >= 0 else 128 - code).encode())
        os._exit(0)
    asking.close()
    become(words, folder, environment, files)


def become(words: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """Be as if started by the shell that asked."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", closefd=False) for number, mode in enumerate("rww")
    )
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = [folder, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    sys.argv = ["lemma", *words]


if __name__ == "__main__":
    if sys.argv[2:] != ["--serve"]:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
    import runpy

    serve(sys.argv[1])
    runpy.run_module("lemma", run_name="__main__", alter_sys=True)
