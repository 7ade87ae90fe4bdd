"""A run directory: the folder that holds what the commands of one run made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lemma.options import StageConfig
from lemma.rundir.disk import disk_errors
from lemma.rundir.journal import Journal, Output, identities
from lemma.rundir.lines import fingerprint
from lemma.rundir.locks import directory_lock
from lemma.rundir.manifest import read_manifest
from lemma.rundir.sharing import Hold


class RunDirectory:
    """A run directory, for one command: alone in it, or beside others with the `hold` that they share."""

    def __init__(self, path: Path, hold: Hold | None = None) -> None:
        self.path, self._hold = path, hold

    @contextmanager
    def open_stage(
        self, config: StageConfig, outputs: Sequence[Output], inputs: Mapping[str, str]
    ) -> Iterator[Journal]:
        """Open a command's journal, ready to resume where it stopped.

        `inputs` are fingerprints of what the command reads. Raises RunDirectoryError if the command was run here with
        other settings or inputs (unless `fresh`), another process is at work here, or the disk is full.
        """
        with self.hold() as hold, disk_errors(self.path):
            journal = Journal(self.path, config, outputs, inputs, hold)
            journal.open(config.fresh)
            try:
                yield journal
            finally:
                journal.close()

    @contextmanager
    def hold(self) -> Iterator[Hold]:
        """The shared hold, or a new one for as long as the directory is locked for this process alone."""
        if self._hold is not None:
            yield self._hold
            return
        with disk_errors(self.path), directory_lock(self.path):
            yield Hold()

    def is_as_recorded(self, inputs: Mapping[str, str]) -> bool:
        """Whether the files of this directory are those that a command recorded among its inputs."""
        made = identities(read_manifest(self.path))
        paths = {self.path / name: value for name, value in inputs.items()}
        return all(value in made or fingerprint(path) == value for path, value in paths.items() if path.is_file())
