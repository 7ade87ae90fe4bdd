"""Find a problem of a run directory by its id, without holding the problems in memory: only where each stands.

>>> problems = StoredProblems.open(run / "problems.jsonl", "sample")
>>> problems["03340381d5765854"].question
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from lemma.exceptions import RunDirectoryError
from lemma.records import Problem
from lemma.store import placed_lines, text_field


@dataclass(frozen=True)
class StoredProblems:
    """An index of `problems.jsonl`: the first byte of each problem's line, by its id."""

    path: Path
    places: Mapping[str, int]

    @classmethod
    def open(cls, path: Path, stage_before: str) -> StoredProblems:
        """Read the file once. Raises RunDirectoryError naming the stage that makes it when it is not there."""
        lines = placed_lines(path, stage_before)
        return cls(path, {text_field(values, "id", path, number): offset for offset, number, values in lines})

    def get(self, problem_id: str) -> Problem | None:
        """The problem with an id, or None."""
        offset = self.places.get(problem_id)
        if offset is None:
            return None
        with self.path.open("rb") as file:
            file.seek(offset)
            line = file.readline()
        try:
            return Problem.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise RunDirectoryError(f"{self.path}, problem {problem_id}: {where}: {first['msg']}") from None
