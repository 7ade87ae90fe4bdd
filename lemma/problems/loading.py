"""Read solved problems from files or data sets. A bad row is rejected with its place; the rest is read.

    >>> source = open_problems("gsm8k_train.jsonl", "augment")
    >>> for item in source: ...      # Problem or Rejection, in the order of the file

The shapes of public data sets are known (`shapes/`, docs/data.md); `columns` names the places of anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from lemma.exceptions import ConfigError, DataError, Refusal
from lemma.problems.advice import no_usable_problem
from lemma.problems.parts import Sample
from lemma.problems.problem import ROLES, read_row
from lemma.problems.rows import FORMATS, has_format, is_local, places_in, read_rows, unreadable
from lemma.problems.streams import STDIN, standard_input
from lemma.records import Problem, Rejection, content_id
from lemma.resources import BUNDLED
from lemma.rundir.ids import IdSet
from lemma.rundir.lines import fingerprint

SAMPLE = BUNDLED / "sample.jsonl"


@dataclass(frozen=True)
class SourceRow:
    """A problem, the row it was read from, and the solutions by models in that row."""

    problem: Problem
    row: Mapping[str, Any]
    samples: tuple[Sample, ...] = ()
    """Solutions by models."""


@dataclass(frozen=True)
class ProblemSource:
    """Problems in the order of their file. It can be iterated again; only the ids are held in memory.

    `stage` goes into the rejections. A row is rejected if it has no worked solution and `solved` is set, or if it has
    no answer and `answered` is set. Only the first `limit` rows are read.
    """

    data: str
    stage: str
    columns: Mapping[str, str] = field(default_factory=dict)
    split: str = "train"
    solved: bool = True
    answered: bool = True
    config: str | None = None
    limit: int | None = None

    @property
    def name(self) -> str:
        """The source of the problems, in their records: the name of the file or folder, or the data set's id."""
        names = (Path(place).name if is_local(place) else place for place in places_in(self.data))
        return "standard input" if self.data == STDIN else ", ".join(names)

    def fingerprint(self) -> str:
        """Changes when the data changes."""
        if self.data == STDIN:
            return fingerprint(standard_input())
        found = [self._fingerprint(place) for place in places_in(self.data)]
        return found[0] if len(found) == 1 else content_id(*found)

    def _fingerprint(self, place: str) -> str:
        path = Path(place)
        if not is_local(place):
            return f"{place}:{self.split}" if self.config is None else f"{place}:{self.config}:{self.split}"
        try:
            if path.is_dir():
                files = sorted(file for file in path.rglob("*") if file.is_file())
                return content_id(self.split, *(f"{file.relative_to(path)} {fingerprint(file)}" for file in files))
            return fingerprint(path)
        except OSError as error:
            raise unreadable(place, error) from None

    def __iter__(self) -> Iterator[Problem | Rejection]:
        return (item if isinstance(item, Rejection) else item.problem for item in self.rows())

    def rows(self) -> Iterator[SourceRow | Rejection]:
        """Problems with the rows they were read from, for those who need another column.

        Raises DataError if the data cannot be read, or, at the end, if no row was usable.
        """
        seen = IdSet()
        columns: set[str] = set()
        reasons: Counter[str] = Counter()
        first_details: dict[str, str] = {}
        for place, row in islice(read_rows(self.data, self.split, self.config), self.limit):
            try:
                if isinstance(row, Refusal):
                    raise row
                columns.update(map(str, row))
                problem, samples = read_row(row, self.columns, self.name, solved=self.solved, answered=self.answered)
                if problem.id in seen:
                    raise Refusal("duplicate_problem", "the same question and solution appear earlier in the file")
                seen.add(problem.id)
                yield SourceRow(problem, row, samples)
            except Refusal as error:
                detail = f"{place}: {error}"
                reasons[error.reason] += 1
                first_details.setdefault(error.reason, detail)
                yield Rejection(stage=self.stage, id=content_id(self.name, place), reason=error.reason, detail=detail)
        if not seen:
            raise DataError(no_usable_problem(self.data, columns, reasons, first_details))


def bundled_sample() -> str:
    """The announcement of a command that reads the bundled sample because no data was given."""
    problems = SAMPLE.read_bytes().count(b"\n")
    return f"no data given: using the bundled sample of {problems} problems"


def open_problems(
    data: str | None,
    stage: str,
    columns: Mapping[str, str] | None = None,
    split: str = "train",
    solved: bool = True,
    *,
    answered: bool = True,
    config: str | None = None,
    limit: int | None = None,
) -> ProblemSource:
    """A source of problems; the bundled sample if `data` is None.

    Raises ConfigError if a column role is unknown, DataError if the file does not exist.
    """
    for role in columns or {}:
        if role not in ROLES:
            raise ConfigError(f"--columns {role}=...: {role!r} is unknown; map question, solution or answer")
    for place in places_in(data) if data else ():
        looks_like_a_path = has_format(Path(place)) or place.startswith((".", "/"))
        if place != STDIN and looks_like_a_path and not any(map(is_local, (place, *place.rsplit(":", 1)[:1]))):
            raise DataError(f"{place} does not exist; give a file that ends in {FORMATS}, or a Hugging Face id")
    return ProblemSource(str(data or SAMPLE), stage, columns or {}, split, solved, answered, config, limit)
