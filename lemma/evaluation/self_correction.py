"""Suite `self-correction`: how often a reflection occurs, where, and what it does to the answer.

The first attempt ends at the first reflection; an output without one is its own first and second attempt. Whether an
attempt is right comes from the answer stated by then, else from its steps if they can be proved; outputs for which it
remains unknown are left out. SCoRe's figures (arXiv 2409.12917, section 3) are taken over the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemma.evaluation.figures import Figure, Part, Rows, fact, greedy, share_of
from lemma.evaluation.metrics import change
from lemma.evaluation.outputs import GREEDY, Condition, GradedOutput

PLAIN: tuple[Condition, ...] = ("plain",)
_KNOWN = ("right", "wrong", "none")


def reflects(row: GradedOutput) -> bool:
    """Whether an output contains a reflection."""
    return row.reflection_start is not None


def attempts(row: GradedOutput) -> tuple[bool, bool] | None:
    """Whether the first attempt and the last were right; None if either is unknown."""
    first = row.before if reflects(row) else row.grade
    if first not in _KNOWN or row.grade not in _KNOWN:
        return None
    return first == "right", row.grade == "right"


def effect(row: GradedOutput) -> str | None:
    """What the reflection of an output did; None if there is no reflection."""
    if not reflects(row):
        return None
    states = attempts(row)
    if states is None:
        return "unknown"
    if states[0] != states[1]:
        return "wrong to right" if states[1] else "right to wrong"
    return "wrong to other wrong" if not states[0] and row.same_answer is False else "no change"


def _has_effect(wanted: str) -> Part:
    return greedy(lambda row: None if (found := effect(row)) is None else float(found == wanted))


def _of_attempts(counts: Sequence[tuple[bool, bool]]) -> Part:
    """Whether the two attempts of an output are among these (first right, last right)."""
    return greedy(lambda row: None if (states := attempts(row)) is None else float(states in counts))


def _delta_terms(rows: Rows) -> Sequence[float]:
    states = [found for row in rows if row.sample == GREEDY and (found := attempts(row)) is not None]
    return states.count((False, True)), states.count((True, False)), len(states)


def _tokens(with_reflection: bool) -> Part:
    return greedy(lambda row: row.tokens if reflects(row) == with_reflection else None)


_GAINED, _LOST, _KEPT = (False, True), (True, False), (True, True)
FIGURES: tuple[Figure, ...] = (
    share_of("reflection_rate", "outputs with a reflection", PLAIN, greedy(reflects), by=("steps",)),
    share_of(
        "reflection_position",
        "position of the reflection (0: start, 1: end)",
        PLAIN,
        greedy(lambda row: row.reflection_start and row.reflection_start / len(row.output)),
        percent=False,
    ),
    share_of("wrong_to_right", "wrong to right", PLAIN, _has_effect("wrong to right")),
    share_of("right_to_wrong", "right to wrong", PLAIN, _has_effect("right to wrong")),
    share_of("wrong_to_other_wrong", "wrong to other wrong", PLAIN, _has_effect("wrong to other wrong")),
    share_of("no_change", "no change", PLAIN, _has_effect("no change")),
    share_of("effect_unknown", "effect unknown", PLAIN, _has_effect("unknown")),
    share_of("accuracy_t1", "acc@t1", PLAIN, _of_attempts([_LOST, _KEPT])),
    share_of("accuracy_t2", "acc@t2", PLAIN, _of_attempts([_GAINED, _KEPT])),
    Figure("delta", "delta (acc@t2 - acc@t1)", PLAIN, _delta_terms, lambda sums: change(*np.moveaxis(sums, -1, 0)), 3),
    share_of("delta_i_to_c", "delta i->c", PLAIN, _of_attempts([_GAINED])),
    share_of("delta_c_to_i", "delta c->i", PLAIN, _of_attempts([_LOST])),
    share_of("false_reflections", "false reflections on right prefixes", ("right_prefix",), fact("recognized")),
    share_of("tokens_with_reflection", "tokens, outputs with a reflection", PLAIN, _tokens(True), percent=False),
    share_of("tokens_without_reflection", "tokens, outputs without one", PLAIN, _tokens(False), percent=False),
)
