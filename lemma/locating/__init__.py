"""Find the first wrong step of a solution, one method per file.

A method is a function from a question, its gold answer, the reference steps if there are any, and the steps of a
solution to a `Posterior`: how probable it is of each step that it is the first wrong one, and that no step is wrong. It
raises `Refusal` if it can't say anything. Probabilities are calibrated on labeled solutions (docs/locating.md), so a
caller abstains by a threshold instead of trusting a guess.

    graph       what the numbers and formulas say; no model
    rollouts    from which prefixes the student itself still reaches the gold answer
    judge       what a language model says

`labels` reads data sets whose first wrong steps are known.
"""

from collections.abc import Sequence
from typing import Protocol

from lemma.locating.posterior import Posterior


class Method(Protocol):
    """What the functions `locate` of this folder have in common."""

    def __call__(
        self, question: str, gold_answer: str, reference_steps: Sequence[str] | None, steps: Sequence[str]
    ) -> Posterior:
        """The probabilities of the steps. Raises Refusal if the method can't say anything."""
        ...
