"""Suite `self-correction`: how often a reflection occurs, where, and what it does to the answer.

The first attempt ends where the first reflection begins; an output without one is its own first and second attempt.
Its state is told from the answer stated by then, else from its steps where they can be proved, else it is unknown and
the output is left out of what needs it. SCoRe's figures (arXiv 2409.12917, section 3) are taken over the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from lemma.evaluation.figures import Figure, Part, Rows, greedy, share_of
from lemma.evaluation.metrics import change
from lemma.evaluation.outputs import GREEDY, Condition, GradedOutput

PLAIN: tuple[Condition, ...] = ("plain",)
_KNOWN = ("right", "wrong", "none")


def reflects(row: GradedOutput) -> bool:
    """Whether an output holds a reflection."""
    return row.reflection_start is not None


def attempts(row: GradedOutput) -> tuple[bool, bool] | None:
    """Whether the first attempt and the last were right; None where that is not known of either."""
    first = row.before if reflects(row) else row.grade
    if first not in _KNOWN or row.grade not in _KNOWN:
        return None
    return first == "right", row.grade == "right"


def effect(row: GradedOutput) -> str | None:
    """What the reflection of an output did; None where there is none."""
    if not reflects(row):
        return None
    states = attempts(row)
    if states is None:
        return "unknown"
    if states[0] != states[1]:
        return "wrong to right" if states[1] else "right to wrong"
    return "wrong to other wrong" if not states[0] and row.same_answer is False else "no change"


def _has_effect(wanted: str) -> Part:
    def part(row: GradedOutput) -> float | None:
        found = effect(row)
        return None if found is None else float(found == wanted)

    return greedy(part)


def _attempt(place: int) -> Part:
    def part(row: GradedOutput) -> float | None:
        states = attempts(row)
        return None if states is None else float(states[place])

    return greedy(part)


def _moved(first: bool, last: bool) -> Part:
    def part(row: GradedOutput) -> float | None:
        states = attempts(row)
        return None if states is None else float(states == (first, last))

    return greedy(part)


def _delta(rows: Rows) -> Sequence[float]:
    states = [found for row in rows if row.sample == GREEDY and (found := attempts(row)) is not None]
    return states.count((False, True)), states.count((True, False)), len(states)


def _place(row: GradedOutput) -> float | None:
    return None if row.reflection_start is None else row.reflection_start / max(1, len(row.output))


def _tokens(with_reflection: bool) -> Part:
    return greedy(lambda row: row.tokens if reflects(row) == with_reflection else None)


FIGURES: tuple[Figure, ...] = (
    share_of("outputs with a reflection", PLAIN, greedy(reflects), by=("steps",)),
    share_of("place of the reflection (0 start, 1 end)", PLAIN, greedy(_place), percent=False),
    share_of("wrong to right", PLAIN, _has_effect("wrong to right")),
    share_of("right to wrong", PLAIN, _has_effect("right to wrong")),
    share_of("wrong to other wrong", PLAIN, _has_effect("wrong to other wrong")),
    share_of("no change", PLAIN, _has_effect("no change")),
    share_of("effect unknown", PLAIN, _has_effect("unknown")),
    share_of("acc@t1", PLAIN, _attempt(0)),
    share_of("acc@t2", PLAIN, _attempt(1)),
    Figure("delta", PLAIN, _delta, lambda totals: change(totals[..., 0], totals[..., 1], totals[..., 2]), 3),
    share_of("delta i->c", PLAIN, _moved(False, True)),
    share_of("delta c->i", PLAIN, _moved(True, False)),
    share_of("false reflections on right prefixes", ("right_prefix",), lambda row: row.facts.get("recognised")),
    share_of("tokens, outputs with a reflection", PLAIN, _tokens(True), percent=False),
    share_of("tokens, outputs without one", PLAIN, _tokens(False), percent=False),
)
