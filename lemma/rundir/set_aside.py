"""What `--fresh` replaces is set aside, and goes only when its replacement is complete.

It lies in `.state/replaced-<command>/`. A fresh start that makes nothing, because the server is down for example, puts
it back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from lemma.run_files import MANIFEST, STATE
from lemma.rundir.disk import keep_lines_of
from lemma.rundir.lines import parse_line
from lemma.rundir.manifest import read_manifest, write_manifest


class Output(Protocol):
    """A file that a command appends to; see `lemma.rundir.journal.Output`."""

    @property
    def file(self) -> str: ...
    @property
    def input_of(self) -> Callable[[dict[str, Any]], str | None] | None: ...
    @property
    def shared(self) -> bool: ...


class Replaced:
    """The earlier output of one command."""

    def __init__(self, run: Path, command: str) -> None:
        self._run, self._command = run, command
        self._folder = run / STATE / f"replaced-{command}"

    def set_aside(self, state: Path, outputs: Sequence[Output]) -> None:
        """Take the command's state and lines out of the run directory. What was set aside before and never replaced
        stays: it is the last complete output.
        """
        if not self._folder.exists():
            temporary = self._folder.with_name(f"{self._folder.name}.tmp")
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            for path in (state, self._run / MANIFEST, *(self._run / output.file for output in outputs)):
                if path.exists():
                    shutil.copyfile(path, temporary / path.name)
            temporary.rename(self._folder)
        state.unlink(missing_ok=True)
        for output in outputs:
            path = self._run / output.file
            if not path.exists():
                continue
            if output.shared:  # all but broken lines stay; whose they were can't be told
                keep_lines_of(path, _id_of, set(), drop_broken=True)
            elif output.input_of is None:
                path.unlink()
            else:
                keep_lines_of(path, output.input_of, set(), drop_broken=True)

    def put_back(self, state: Path, outputs: Sequence[Output]) -> None:
        """Undo `set_aside`, if there is something to put back."""
        if not self._folder.exists():
            return
        for output in outputs:
            aside, path = self._folder / Path(output.file).name, self._run / output.file
            if not aside.exists() or output.shared:
                continue
            if output.input_of is None:
                shutil.copyfile(aside, path)
                continue
            own, others = _split(aside, output.input_of)
            if path.read_bytes() == others:
                shutil.copyfile(aside, path)
            else:  # another command has written to the file since: its lines stay first
                with path.open("ab") as file:
                    file.write(own)
        if (self._folder / state.name).exists():
            shutil.copyfile(self._folder / state.name, state)
        # Only this command's entry: others may have run since.
        write_manifest(self._run, self._command, read_manifest(self._folder).get(self._command))
        self.discard()

    def discard(self) -> None:
        """Remove what was set aside; after a kill it is there as a whole or not at all."""
        if self._folder.exists():
            going = self._folder.with_name(f"{self._folder.name}.tmp")
            shutil.rmtree(going, ignore_errors=True)
            self._folder.rename(going)
            shutil.rmtree(going, ignore_errors=True)


def _id_of(line: dict[str, Any]) -> str | None:
    """As for lines of other commands, if there is an id."""
    return None if isinstance(line.get("id"), str) else ""


def _split(path: Path, input_of: Callable[[dict[str, Any]], str | None]) -> tuple[bytes, bytes]:
    """The lines of this command, and those of others."""
    lines = path.read_bytes().splitlines(keepends=True)
    own = [input_of(parse_line(line, path, number)) is not None for number, line in enumerate(lines, start=1)]
    pairs = list(zip(lines, own, strict=True))
    return b"".join(line for line, is_own in pairs if is_own), b"".join(line for line, is_own in pairs if not is_own)
