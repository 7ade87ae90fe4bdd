"""Suite `blind-spot`: the same error in the user's turn and in the model's own (arXiv 2507.02778).

In the user's turn the wrong prefix is shown as someone else's work, to be continued or corrected; in the model's own
turn the model has just written it. The blind spot is the share of the accuracy that is lost from the one to the other.
"""

from __future__ import annotations

from lemma.evaluation.figures import Figure, counts_of, is_right, of_shares, share_of, under
from lemma.evaluation.metrics import blind_spot
from lemma.evaluation.outputs import Condition

PROMPT = "continue_wrong_solution"
_USER: tuple[Condition, ...] = ("user_turn",)
_OWN: tuple[Condition, ...] = ("injected",)
FIGURES: tuple[Figure, ...] = (
    share_of("user_turn_right", "right in the end, error in the user's turn", _USER, is_right, ("error_type",)),
    share_of("own_turn_right", "right in the end, error in its own turn", _OWN, is_right, ("error_type",)),
    Figure(
        "blind_spot",
        "blind spot",
        (*_USER, *_OWN),
        counts_of(under(_USER, is_right), under(_OWN, is_right)),
        of_shares(blind_spot),
        4,
    ),
)
