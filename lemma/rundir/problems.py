"""Find a problem of a run directory by its id, without holding the problems in memory: only where each stands.

>>> problems = StoredProblems(run / "problems.jsonl", "sample")
>>> problems.get("03340381d5765854").question
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from lemma.exceptions import RunDirectoryError
from lemma.records import Problem
from lemma.rundir.lines import LineIndex


class StoredProblems:
    """The problems of a `problems.jsonl`, also of one that is still growing."""

    def __init__(self, path: Path, stage_before: str) -> None:
        """Read the file once. Raises RunDirectoryError naming the stage that makes it when it is not there."""
        self._path, self._lines = path, LineIndex(path, stage_before, "id")

    def get(self, problem_id: str) -> Problem | None:
        """The problem with an id, or None."""
        line = self._lines.find(problem_id)
        if line is None:
            return None
        try:
            return Problem.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise RunDirectoryError(f"{self._path}, problem {problem_id}: {where}: {first['msg']}") from None
