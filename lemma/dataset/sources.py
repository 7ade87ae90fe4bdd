"""What `build-sft` reads: erroneous solutions, their corrections, rewrites of these, and right solutions.

Only ids and file offsets are held in memory; the records stay on disk and are read again, mostly in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

import orjson

from lemma.dataset.entries import Errors, Place, SolutionEntry, Solutions
from lemma.exceptions import RunDirectoryError
from lemma.records import Strategy
from lemma.run_files import CORRECTIONS, CRITIQUES, ERRONEOUS, PROBLEMS, SMOOTHED, SOLUTIONS
from lemma.rundir.ids import IdMap, IdSet
from lemma.rundir.lines import placed_lines, stage_input, text_field
from lemma.trajectories.right_solutions import is_proven

_FILES = (PROBLEMS, SOLUTIONS, ERRONEOUS, CORRECTIONS, CRITIQUES, SMOOTHED)


class Sources:
    """The records of a run directory. Use it as a context manager. `problems` counts them by their source.

    Rewrites of `lemma smooth` are ignored unless `smoothed`. Raises RunDirectoryError if a file is missing or a line is
    not a record, or if corrections or rewrites belong to records that are gone.
    """

    def __init__(self, run: Path, strategies: Collection[Strategy], smoothed: bool) -> None:
        self._run = run
        self._open = ExitStack()
        self._files: dict[str, IO[bytes]] = {}
        self.error_types: set[str] = set()
        self.errors = Errors()
        self.problems: Counter[str] = Counter()
        self._smoothed_at: dict[int, int] = {}
        first_of = self._read_errors()
        self._read_corrections(strategies, smoothed)
        self._read_critiques()
        self.solutions = self._read_solutions(first_of)
        self.own_solutions = self._read_own_solutions()

    def _read_errors(self) -> IdMap:
        """Note the erroneous solutions. Returns the offset of each problem's first one with a reference."""
        first_of = IdMap()
        path = ERRONEOUS.path(self._run)
        for offset, number, values in placed_lines(path, ERRONEOUS.made_by[0]):
            record_id, problem_id, kind = (
                text_field(values, name, path, number) for name in ("id", "problem_id", "error_type")
            )
            located, own = values.get("error_step") is not None, values.get("origin") == "student"
            explained = bool(str(values.get("explanation") or "").strip())
            self.errors.add(record_id, problem_id, offset, located=located, explained=explained, own=own)
            self.error_types.add(kind)
            if values.get("reference_steps"):
                first_of.setdefault(problem_id, offset)
        return first_of

    def _read_corrections(self, strategies: Collection[Strategy], smoothed: bool) -> None:
        """Note the corrections by the selected strategies, and the offset of each one's rewrite."""
        path = SMOOTHED.path(self._run)
        lines = placed_lines(path, SMOOTHED.made_by[0]) if smoothed and path.exists() else ()
        rewrites = {text_field(values, "correction_id", path, number): offset for offset, number, values in lines}
        self.errors.correct(self._corrections(strategies, rewrites))
        if rewrites:
            raise RunDirectoryError(
                f"{SMOOTHED.path(self._run)} rewrites corrections that are not in {CORRECTIONS.name} any more, such as "
                f"{next(iter(rewrites))}. Run `lemma smooth --fresh` to rewrite the current ones, or give --no-smoothed"
            )

    def _corrections(self, strategies: Collection[Strategy], rewrites: dict[str, int]) -> Iterator[tuple[int, int]]:
        """The number of the error that a correction belongs to, and its offset. Takes what is found off `rewrites`."""
        numbers = IdMap()
        for number in range(len(self.errors)):
            numbers[self.errors.ids[number]] = number
        path = CORRECTIONS.path(self._run)
        for offset, number, values in placed_lines(path, CORRECTIONS.made_by[0]):
            erroneous_id = text_field(values, "erroneous_id", path, number)
            of = numbers.get(erroneous_id)
            if of is None or self.errors.ids[of] != erroneous_id:
                raise RunDirectoryError(
                    f"{path}, line {number}: corrects a solution that is not in {ERRONEOUS.name}. Run `lemma correct "
                    "--fresh` to correct the current ones"
                )
            rewrite = rewrites.pop(text_field(values, "id", path, number), None)
            if values.get("strategy") in strategies:
                if rewrite is not None:
                    self._smoothed_at[offset] = rewrite
                yield of, offset

    def _read_critiques(self) -> None:
        """Note how much each critique helps, if they were tested. One that could not be tested does not help."""
        path = CRITIQUES.path(self._run)
        if not path.exists():
            return
        gains: dict[str, float] = {}
        for _, number, values in placed_lines(path, CRITIQUES.made_by[0]):
            gain = values.get("gain")
            if not isinstance(gain, int | float):
                raise RunDirectoryError(f"{path}, line {number}: gain: not a number; run `lemma critique --fresh`")
            gains[text_field(values, "erroneous_id", path, number)] = float(gain)
        self.errors.gains = gains

    def _read_solutions(self, first_of: IdMap) -> Solutions:
        """The problems' solutions, in their order, then those of problems that only errors know."""
        solutions, seen = Solutions(PROBLEMS.name, ERRONEOUS.name), IdSet()
        path = PROBLEMS.path(self._run)
        for offset, number, values in placed_lines(path, PROBLEMS.made_by[0]) if path.exists() else ():
            problem_id = text_field(values, "id", path, number)
            self.problems[text_field(values, "source", path, number)] += 1
            first = None if problem_id in seen else first_of.get(problem_id)
            seen.add(problem_id)
            if first is None:
                solutions.add(problem_id, PROBLEMS.name, offset)
            else:
                solutions.add(problem_id, ERRONEOUS.name, first)
        for problem_id, offset in self.errors.places():
            if problem_id not in seen and first_of.get(problem_id) == offset:
                solutions.add(problem_id, ERRONEOUS.name, offset)
        return solutions

    def _read_own_solutions(self) -> Solutions:
        """The student's right solutions of problems that it got wrong at other times."""
        wrong = IdMap()
        for problem_id, offset in self.errors.own_places():
            wrong[problem_id] = offset
        path = SOLUTIONS.path(self._run)
        lines = placed_lines(path, SOLUTIONS.made_by[0]) if wrong and path.exists() else ()
        found = Solutions(SOLUTIONS.name, ERRONEOUS.name)
        for offset, number, values in lines:
            problem_id = text_field(values, "problem_id", path, number)
            asked = wrong.get(problem_id)
            if values.get("verdict") == "equal" and values.get("steps") and asked is not None:
                found.add(problem_id, SOLUTIONS.name, offset, asked)
        return found

    def __enter__(self) -> Self:
        existing = (file for file in _FILES if file.path(self._run).exists())
        self._files = {file.name: self._open.enter_context(file.path(self._run).open("rb")) for file in existing}
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def line(self, place: Place) -> bytes:
        """A record as it is in its file."""
        file = self._files[place.file]
        file.seek(place.offset)
        return file.readline()

    def right_solution(self, entry: SolutionEntry) -> bytes:
        """A right solution as one line for a worker to read: one of the student's own comes with its question."""
        line = self.line(entry.place)
        if entry.question is None:
            return line
        asked = self.values(entry.question)
        return orjson.dumps({**orjson.loads(line), "question": asked.get("question")})

    def is_proven(self, entry: SolutionEntry) -> bool:
        """Whether a right solution of the student's own is right for the reasons that the reference gives."""
        own, wrong = self.values(entry.place), self.values(entry.question or entry.place)
        question, gold = (str(wrong.get(name)) for name in ("question", "gold_answer"))
        reference, steps = (
            tuple(map(str, values or ())) for values in (wrong.get("reference_steps"), own.get("steps"))
        )
        return is_proven(question, gold, reference, steps)

    def lines(self, file: str, offsets: Iterable[int]) -> tuple[bytes, ...]:
        """Records of one file."""
        return tuple(self.line(Place(file, offset)) for offset in offsets)

    def smoothed(self, correction: int) -> bytes | None:
        """The rewrite of a correction's trajectory, by the correction's offset; None if there is none."""
        at = self._smoothed_at.get(correction)
        return None if at is None else self.line(Place(SMOOTHED.name, at))

    def values(self, place: Place) -> dict[str, Any]:
        """A record, parsed but not checked."""
        values: dict[str, Any] = orjson.loads(self.line(place))
        return values


def source_fingerprints(run: Path, smoothed: bool) -> dict[str, str]:
    """Fingerprints of the records that will be read. Raises RunDirectoryError if a file is missing."""
    found: dict[str, str] = {}
    for file in _FILES if smoothed else _FILES[:-1]:
        if file in (ERRONEOUS, CORRECTIONS) or file.path(run).exists():
            found |= stage_input(file.path(run), file.made_by[0])
    return found
