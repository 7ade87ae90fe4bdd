"""Which errors and right solutions become records, which do not and why, and which go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lemma.dataset.mixing import RightSolutions, share_quota, spread_quota
from lemma.dataset.sources import ErrorEntry, SolutionEntry, Sources
from lemma.formats.kind import RecordKind
from lemma.problems.similarity import NearDuplicates, TestQuestions
from lemma.records import Rejection
from lemma.run_files import CORRECTIONS, ERRONEOUS

_STAGE = "build-sft"


@dataclass(frozen=True, slots=True)
class Bundle:
    """An erroneous solution with its corrections, and the right solutions that go beside it into each kind's file.

    All are lines of the run directory, for a worker to parse. `smoothed` has a rewrite, or None, for each correction.
    """

    id: str
    erroneous: bytes
    corrections: tuple[bytes, ...]
    smoothed: tuple[bytes | None, ...]
    solutions: Mapping[str, tuple[bytes, ...]]


@dataclass(frozen=True)
class Selection:
    """What goes into the records, in the order of the files, and what does not."""

    errors: tuple[ErrorEntry, ...]
    solutions: tuple[SolutionEntry, ...]
    rejections: tuple[Rejection, ...]

    def right_solutions(self, kind: RecordKind) -> Sequence[SolutionEntry]:
        """Those that a kind may use."""
        if kind.judges_steps:
            return [entry for entry in self.solutions if entry.place.file == ERRONEOUS.name]
        return self.solutions

    def __len__(self) -> int:
        return len(self.errors) + len(self.rejections)


def select(sources: Sources, tests: TestQuestions, near_duplicates: float) -> Selection:
    """Leave out what overlaps a test set, errors without a correction, and near-duplicates of earlier errors.

    A right solution is left out with all errors of its problem; only the errors are reported.
    """
    overlapping = {
        entry.problem_id: detail
        for entry in sources.solutions
        if (detail := tests.overlap(str(sources.values(entry.place).get("question")))) is not None
    }
    rejections, kept = [], []
    for entry in sources.errors:
        if entry.problem_id in overlapping:
            rejections.append(_rejection(entry, "overlaps_excluded", overlapping[entry.problem_id]))
        elif not entry.corrections:
            rejections.append(_rejection(entry, "no_correction", "none of the strategies that were asked for"))
        else:
            kept.append(entry)
    different = []
    seen = NearDuplicates(near_duplicates, lambda number: error_text(sources, kept[number]))
    for number, entry in enumerate(kept):
        earlier = seen.earlier(number)
        if earlier is None:
            different.append(entry)
        else:
            rejections.append(_rejection(entry, "near_duplicate", f"of {kept[earlier].id}"))
    solutions = tuple(entry for entry in sources.solutions if entry.problem_id not in overlapping)
    return Selection(tuple(different), solutions, tuple(rejections))


def _rejection(entry: ErrorEntry, reason: str, detail: str) -> Rejection:
    return Rejection(stage=_STAGE, id=entry.id, reason=reason, detail=detail)


def error_text(sources: Sources, entry: ErrorEntry) -> str:
    """All that two near-duplicates have in common. Whether it is a record at all is for the worker to find out."""
    values = sources.values(entry.place)
    return " ".join(str(values.get(name)) for name in ("question", "steps", "final_answer"))


def bundles(
    sources: Sources, selection: Selection, kinds: Mapping[str, RecordKind], cot_share: float, seed: int
) -> Iterator[Rejection | Bundle]:
    """The inputs of the stage, the same ones in the same order whenever it is run."""
    yield from selection.rejections
    beside = {
        name: _right_solutions(name, kind, selection, cot_share, seed)
        for name, kind in kinds.items()
        if _share(kind, cot_share)
    }
    for entry in selection.errors:
        solutions = {
            name: right.beside(len(entry.corrections) if kinds[name].each_correction else 1)
            for name, right in beside.items()
        }
        yield Bundle(
            entry.id,
            sources.line(entry.place),
            sources.lines(CORRECTIONS.name, entry.corrections),
            tuple(map(sources.smoothed, entry.corrections)),
            {name: tuple(sources.line(found.place) for found in entries) for name, entries in solutions.items()},
        )


def _right_solutions(
    name: str, kind: RecordKind, selection: Selection, cot_share: float, seed: int
) -> RightSolutions[SolutionEntry]:
    entries = selection.right_solutions(kind)
    if kind.right_solutions == "each":
        return RightSolutions(entries, spread_quota(len(entries), len(selection.errors)), seed, name)
    return RightSolutions(entries, share_quota(_share(kind, cot_share)), seed, name)


def _share(kind: RecordKind, cot_share: float) -> float:
    """The share of right solutions; 1 for a kind that takes each once."""
    return {"none": 0.0, "half": 0.5, "mixed": cot_share, "each": 1.0}[kind.right_solutions]
