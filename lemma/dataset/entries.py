"""What `build-sft` remembers of each record: where it stands, and a few facts, in some ten bytes each.

Entries are made when they are asked for, so that a million errors take 50 MB.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, pairwise
from typing import Generic, NamedTuple, TypeVar, overload

from lemma.records import Rejection
from lemma.run_files import ERRONEOUS
from lemma.rundir.ids import IdList

Entry = TypeVar("Entry")


class Place(NamedTuple):
    """A record's file, and its first byte there."""

    file: str
    offset: int


class ErrorEntry(NamedTuple):
    """An erroneous solution, and the offsets of its corrections by the selected strategies.

    It is `own` if the student made it, and `located` if its first wrong step is known.
    """

    id: str
    problem_id: str
    offset: int
    located: bool
    explained: bool
    own: bool
    corrections: tuple[int, ...] = ()
    gain: float | None = None
    """How much its critique helps the student; None if critiques were not tested."""

    @property
    def place(self) -> Place:
        return Place(ERRONEOUS.name, self.offset)


class SolutionEntry(NamedTuple):
    """A right solution: the reference of an erroneous one, so that both read alike, else the problem's own.

    One of the student's own needs the `question` as well.
    """

    problem_id: str
    place: Place
    question: Place | None = None


class Compact(Sequence[Entry], Generic[Entry]):
    """A sequence whose entries are made when they are asked for, by `entry`."""

    def entry(self, number: int) -> Entry:
        """The entry with this number, from 0."""
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(index, slice):
            return [self.entry(number) for number in range(*index.indices(len(self)))]
        return self.entry(range(len(self))[index])

    def __iter__(self) -> Iterator[Entry]:
        return map(self.entry, range(len(self)))


class Errors(Compact[ErrorEntry]):
    """The erroneous solutions of a run, in the order of their file."""

    def __init__(self) -> None:
        self.ids, self.problem_ids = IdList(), IdList()
        self._offsets, self._facts = array("Q"), bytearray()
        self._corrected, self._corrections = array("Q"), array("Q")
        self.gains: dict[str, float] | None = None

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, record_id: str, problem_id: str, offset: int, *, located: bool, explained: bool, own: bool) -> None:
        """Add the next one."""
        self.ids.append(record_id)
        self.problem_ids.append(problem_id)
        self._offsets.append(offset)
        self._facts.append(4 * explained + 2 * located + own)

    def correct(self, corrections: Iterable[tuple[int, int]]) -> None:
        """Note the corrections, each as the number of its error and its offset."""
        for number, offset in corrections:
            self._corrected.append(number)
            self._corrections.append(offset)
        if any(after < before for before, after in pairwise(self._corrected)):
            order = sorted(range(len(self._corrected)), key=self._corrected.__getitem__)
            self._corrections = array("Q", (self._corrections[place] for place in order))
            self._corrected = array("Q", (self._corrected[place] for place in order))

    def places(self) -> Iterator[tuple[str, int]]:
        """The problem and the offset of each."""
        return zip(map(self.problem_ids.__getitem__, range(len(self))), self._offsets, strict=True)

    def own_places(self) -> Iterator[tuple[str, int]]:
        """The problem and the offset of each that the student made."""
        return compress(self.places(), (facts & 1 for facts in self._facts))

    def entry(self, number: int) -> ErrorEntry:
        """The error with this number."""
        start = bisect_left(self._corrected, number)
        end = bisect_right(self._corrected, number, start)
        record_id, facts = self.ids[number], self._facts[number]
        return ErrorEntry(
            record_id,
            self.problem_ids[number],
            self._offsets[number],
            bool(facts & 2),
            bool(facts & 4),
            bool(facts & 1),
            tuple(self._corrections[start:end]),
            None if self.gains is None else self.gains.get(record_id, 0.0),
        )


class Solutions(Compact[SolutionEntry]):
    """Right solutions, in order. `files` are those that they may be in; their questions are in the last one."""

    def __init__(self, *files: str) -> None:
        self._files = files
        self._problem_ids = IdList()
        self._in, self._offsets, self._questions = bytearray(), array("Q"), array("Q")

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, problem_id: str, file: str, offset: int, question: int | None = None) -> None:
        """Add the next one."""
        self._problem_ids.append(problem_id)
        self._in.append(self._files.index(file))
        self._offsets.append(offset)
        if question is not None:
            self._questions.append(question)

    def entry(self, number: int) -> SolutionEntry:
        """The solution with this number."""
        place = Place(self._files[self._in[number]], self._offsets[number])
        question = Place(self._files[-1], self._questions[number]) if self._questions else None
        return SolutionEntry(self._problem_ids[number], place, question)


class Chosen(Compact[Entry]):
    """Some entries of a sequence, by their numbers, in this order."""

    def __init__(self, of: Sequence[Entry], numbers: Iterable[int]) -> None:
        self._of, self.numbers = of, array("Q", numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def entry(self, number: int) -> Entry:
        """The entry in this place."""
        return self._of[self.numbers[number]]


class Rejections(Compact[Rejection]):
    """Why errors are left out: the number of an error, the reason, and a detail or the number of another error."""

    def __init__(self, errors: Errors, found: Sequence[tuple[int, str, str | int]]) -> None:
        self._errors, self._found = errors, found

    def __len__(self) -> int:
        return len(self._found)

    def entry(self, number: int) -> Rejection:
        """The rejection with this number."""
        of, reason, said = self._found[number]
        detail = said if isinstance(said, str) else f"of {self._errors.ids[said]}"
        return Rejection(stage="build-sft", id=self._errors.ids[of], reason=reason, detail=detail)
