"""Suite `blind-spot`: the same error in the user's turn and in the model's own (arXiv 2507.02778).

In the user's turn the wrong prefix is shown as somebody's work, to be continued or corrected; in the model's own turn
it has just written it. The blind spot is the share of the accuracy that is lost from the one to the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from lemma.evaluation.figures import Figure, Rows, is_right, share_of
from lemma.evaluation.metrics import Array, blind_spot, share
from lemma.evaluation.outputs import Condition

PROMPT = "continue_wrong_solution"
_BOTH: tuple[Condition, ...] = ("user_turn", "injected")


def _terms(rows: Rows) -> Sequence[float]:
    sums = []
    for condition in _BOTH:
        known = [float(right) for row in rows if row.condition == condition and (right := is_right(row)) is not None]
        sums += [sum(known), float(len(known))]
    return sums


def _spot(totals: Array) -> Array:
    return blind_spot(share(totals[..., 0], totals[..., 1]), share(totals[..., 2], totals[..., 3]))


FIGURES: tuple[Figure, ...] = (
    share_of("right in the end, error in the user's turn", ("user_turn",), is_right, ("error type",)),
    share_of("right in the end, error in its own turn", ("injected",), is_right, ("error type",)),
    Figure("blind spot", _BOTH, _terms, _spot, 4),
)
