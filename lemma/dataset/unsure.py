"""Records about what the student was least sure of (`build-sft --unsure`).

A reflection is taught behind own wrong steps of which it was not sure, and its absence behind right ones of which it
was not sure either: of all own errors, those with the least probable wrong step are used, and the right solutions that
are mixed in are the student's own with the least probable steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from lemma.dataset.entries import SolutionEntry
from lemma.dataset.selection import Selection
from lemma.dataset.sources import Sources
from lemma.records import Rejection

# For each question with steps, the log-probability of the least probable word of each step.
Weigh = Callable[[Iterable[tuple[str, Sequence[str]]]], Iterator[list[float]]]


def least_sure(sources: Sources, selection: Selection, share: float, weigh: Weigh) -> Selection:
    """The selection with this share of the own errors and of the own right solutions. Other errors are left out."""
    errors = [entry for entry in selection.errors if entry.own and entry.located]
    read = (sources.values(entry.place) for entry in errors)
    wrong = ((one["question"], one["steps"][: one["error_step"] + 1]) for one in read)
    sureness = dict(zip((entry.id for entry in errors), (of_steps[-1] for of_steps in weigh(wrong)), strict=True))
    chosen = set(sorted(sureness, key=sureness.__getitem__)[: round(share * len(errors))])
    rejections = tuple(
        Rejection(
            stage="build-sft",
            id=entry.id,
            reason="surer_than_others" if entry.id in sureness else "sureness_unknown",
            detail=f"log-probability {sureness[entry.id]:.2f}" if entry.id in sureness else "not a located own error",
        )
        for entry in selection.errors
        if entry.id not in chosen
    )
    problems = {entry.problem_id for entry in selection.errors}
    right = [entry for entry in sources.own_solutions if entry.problem_id in problems]
    weighed = weigh(_question_and_steps(sources, entry) for entry in right)
    ranked = [entry for entry, _ in sorted(zip(right, map(min, weighed), strict=True), key=lambda pair: pair[1])]
    proven = filter(sources.is_proven, ranked[: round(share * len(ranked))])
    return replace(
        selection,
        errors=tuple(entry for entry in selection.errors if entry.id in chosen),
        rejections=(*selection.rejections, *rejections),
        unsure_solutions=tuple(proven),
    )


def _question_and_steps(sources: Sources, entry: SolutionEntry) -> tuple[str, Sequence[str]]:
    assert entry.question is not None
    return str(sources.values(entry.question)["question"]), sources.values(entry.place)["steps"]
