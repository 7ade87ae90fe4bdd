"""Which errors and right solutions become records, which do not and why, and which of them go together."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice

from lemma.dataset.entries import Chosen, ErrorEntry, Rejections, SolutionEntry
from lemma.dataset.mixing import RightSolutions, share_quota, spread_quota
from lemma.dataset.sources import Sources
from lemma.formats.kind import RecordKind
from lemma.problems.similarity import TestQuestions, near_duplicate_pairs
from lemma.records import Rejection
from lemma.run_files import CORRECTIONS, ERRONEOUS
from lemma.statistics import random_for


@dataclass(frozen=True, slots=True)
class Bundle:
    """An erroneous solution with its corrections, and the right solutions that go with it into each kind's file.

    All are lines of the run directory, for a worker to parse. `smoothed` has a rewrite, or None, per correction.
    """

    id: str
    erroneous: bytes
    corrections: tuple[bytes, ...]
    smoothed: tuple[bytes | None, ...]
    gain: float | None
    solutions: Mapping[str, tuple[bytes, ...]]
    others: tuple[bytes, ...] = ()
    """Other wrong solutions of the problem."""


@dataclass(frozen=True)
class Selection:
    """What goes into the records, in the order of the files, and what is rejected. `own_solutions` are proven."""

    errors: Sequence[ErrorEntry]
    solutions: Sequence[SolutionEntry]
    own_solutions: Sequence[SolutionEntry]
    rejections: Sequence[Rejection]
    unsure_solutions: tuple[SolutionEntry, ...] = ()
    """Own right solutions that are mixed in before all others, as the student was not sure of them."""

    def right_solutions(self, kind: RecordKind) -> Sequence[SolutionEntry]:
        """The right solutions that a kind may use."""
        if kind.judges_steps:
            entries = enumerate(self.solutions)
            return Chosen(self.solutions, (number for number, one in entries if one.place.file == ERRONEOUS.name))
        if kind.right_solutions == "mixed" and self.unsure_solutions:
            return self.unsure_solutions
        return self.solutions

    def __len__(self) -> int:
        return len(self.errors) + len(self.rejections)


def select(
    sources: Sources, tests: TestQuestions, near_duplicates: float, kinds: Mapping[str, RecordKind]
) -> Selection:
    """Leave out what overlaps a test set, errors without a correction, and near-duplicates of earlier errors.

    Of near-duplicates, the student's own error is kept. An error without a correction is kept if a kind needs none. A
    right solution is left out with all errors of its problem; only the errors are reported.
    """
    overlapping = {
        entry.problem_id: detail
        for entry in (sources.solutions if tests else ())
        if (detail := tests.overlap(str(sources.values(entry.place).get("question")))) is not None
    }
    rejected: list[tuple[int, str, str | int]] = []
    own, others, errors = array("Q"), array("Q"), sources.errors
    for number, entry in enumerate(errors):
        if entry.problem_id in overlapping:
            rejected.append((number, "overlaps_excluded", overlapping[entry.problem_id]))
        elif not entry.corrections and all(kind.needs for kind in kinds.values()):
            rejected.append((number, "no_correction", "none of the strategies that were asked for"))
        else:
            (own if entry.own else others).append(number)
    kept = own + others
    different = bytearray(b"\1") * len(errors)
    for number, _, _ in rejected:
        different[number] = 0
    pairs = near_duplicate_pairs(len(kept), lambda place: error_text(sources, errors[kept[place]]), near_duplicates)
    for place, earlier in pairs:
        rejected.append((kept[place], "near_duplicate", kept[earlier]))
        different[kept[place]] = 0
    proven: tuple[SolutionEntry, ...] = ()
    if any(kind.shows_solutions for kind in kinds.values()):
        # No more than there are errors of the student's own, in any order: to prove one takes a while.
        there = _not_of(overlapping, sources.own_solutions)
        order = array("Q", range(len(there)))
        random_for(0, "own right solutions").shuffle(order)
        wanted = sum(different[number] for number in own)
        proven = tuple(islice(filter(sources.is_proven, (there[number] for number in order)), wanted))
    return Selection(
        Chosen(errors, compress(range(len(errors)), different)),
        _not_of(overlapping, sources.solutions),
        proven,
        Rejections(errors, rejected),
    )


def _not_of(overlapping: Mapping[str, str], entries: Sequence[SolutionEntry]) -> Sequence[SolutionEntry]:
    """The solutions of other problems than these."""
    if not overlapping:
        return entries
    return Chosen(entries, (number for number, one in enumerate(entries) if one.problem_id not in overlapping))


def error_text(sources: Sources, entry: ErrorEntry) -> str:
    """The text by which near-duplicates are found. The line may still be invalid; a worker parses it."""
    values = sources.values(entry.place)
    return " ".join(str(values.get(name)) for name in ("question", "steps", "final_answer"))


def _records(kind: RecordKind, entry: ErrorEntry) -> int:
    """How many records of a kind an error makes."""
    if not kind.takes(entry.located, entry.explained, entry.gain) or (kind.needs and not entry.corrections):
        return 0
    return len(entry.corrections) if kind.each_correction else 1


def bundles(
    sources: Sources,
    selection: Selection,
    kinds: Mapping[str, RecordKind],
    *,
    cot_share: float,
    seed: int,
    others: int = 0,
) -> Iterator[Rejection | Bundle]:
    """The inputs of the command, the same ones in the same order on every run.

    Each error comes with at most this number of `others` of its problem, drawn by the seed.
    """
    yield from selection.rejections
    right: dict[str, RightSolutions[SolutionEntry]] = {}
    own: dict[str, RightSolutions[SolutionEntry]] = {}  # these go with the student's own errors
    for name, kind in kinds.items():
        share = {"none": 0.0, "half": 0.5, "mixed": cot_share, "each": 1.0}[kind.right_solutions]
        if share:
            available = selection.right_solutions(kind)
            # A share of 1 would take endlessly many: each right solution is used once instead.
            quota = share_quota(share) if share < 1 else spread_quota(len(available), len(selection.errors))
            right[name] = RightSolutions(available, quota, seed, name)
            if kind.shows_solutions and selection.own_solutions:
                own[name] = RightSolutions(selection.own_solutions, quota, seed, f"{name}, own")
    of_problem: dict[str, list[ErrorEntry]] = {}
    for entry in selection.errors if others else ():
        of_problem.setdefault(entry.problem_id, []).append(entry)
    for entry in selection.errors:
        beside = [other for other in of_problem.get(entry.problem_id, ()) if other.offset != entry.offset]
        if beside:
            random_for(seed, "others", entry.id).shuffle(beside)
        solutions = {
            name: (own.get(name, those) if entry.own else those).next_ones(_records(kinds[name], entry))
            for name, those in right.items()
        }
        yield Bundle(
            entry.id,
            sources.line(entry.place),
            sources.lines(CORRECTIONS.name, entry.corrections),
            tuple(map(sources.smoothed, entry.corrections)),
            entry.gain,
            {name: tuple(map(sources.right_solution, entries)) for name, entries in solutions.items()},
            tuple(sources.line(other.place) for other in beside[:others]),
        )
