"""Find the first wrong step of a solution without a model, from its numbers and formulas.

    >>> finding = first_wrong_step(
    ...     "He has 9 eggs. He eats 3 eggs.", ("9 - 3 = <<9-3=6>>6 eggs are left.",), 6, ("He has 9 + 3 = 12 eggs.",)
    ... )
    >>> finding.step, finding.reason, finding.equation, finding.error_type
    (0, 'other_operator', '9 + 3 = 12', 'operator_error')

What the steps compute is aligned with what the reference computes, as functions of the numbers of the problem
(`arithmetic.fingerprints`). That and other `signs` are weighed; weights and calibration come from labeled solutions
(docs/locating.md). `confidence` is the probability that the step is right; below `threshold(...)`, better abstain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lemma.arithmetic.computations import Computation
from lemma.arithmetic.equations import read_step
from lemma.arithmetic.error_types import type_of_error
from lemma.arithmetic.numbers import Value
from lemma.exceptions import Refusal
from lemma.locating.choice import shipped_model
from lemma.locating.formulas import read_relations
from lemma.locating.posterior import Posterior
from lemma.locating.signs import Reading, signs_of_steps

Reason = Literal[
    "false_equation", "other_operator", "wrong_answer", "not_in_reference", "unreadable_equation", "in_words"
]

_MOST_STEPS = 200
_MOST_CHARACTERS = 40_000


@dataclass(frozen=True)
class Finding:
    """The most probable first wrong step (counted from 0), what is wrong with it, and the equation at fault, if one is.

    `error_type` is None if the numbers do not prove it. `confidence` is the probability of the step, which is told by
    default if it is at least `least`.
    """

    step: int
    reason: Reason
    equation: str = ""
    error_type: str | None = None
    confidence: float = 0.0
    posterior: Posterior | None = None
    least: float = 1.0


def locate(
    question: str,
    gold_answer: str,
    reference_steps: Sequence[str] | None,
    steps: Sequence[str],
    answer_is_right: bool | None = False,
) -> Posterior:
    """The probability of each step to be the first wrong one.

    `answer_is_right` says whether the final answer was graded as right; None if it was not graded. Raises Refusal if
    there are no steps, or more text than is followed.
    """
    if not any(step.strip() for step in steps):
        raise Refusal("empty_solution", "there are no solution steps")
    length = len(question) + sum(map(len, steps))
    if len(steps) > _MOST_STEPS or length > _MOST_CHARACTERS:
        detail = f"{len(steps)} steps, {length} characters; at most {_MOST_STEPS} and {_MOST_CHARACTERS} are read"
        raise Refusal("solution_too_long", detail)
    reading = Reading(question, gold_answer, tuple(reference_steps or ()), tuple(steps))
    return _posterior(reading, answer_is_right)


def first_wrong_step(
    question: str, reference_steps: Sequence[str], gold: Value | None, steps: Sequence[str]
) -> Finding:
    """The most probable first wrong step of a solution whose final answer is wrong: there is always one.

    `gold` is None if the answer is no number.
    """
    reading = Reading(question, "" if gold is None else str(gold), tuple(reference_steps), tuple(steps))
    posterior = _posterior(reading, answer_is_right=False)
    step = posterior.best_step()
    reason, computation = _fault(reading, step)
    equation, error_type = "", None
    if computation is not None:
        equation, error_type = computation.shown, type_of_error(reading.literal_solution, computation)
    least = shipped_model().least(reading.is_formal)
    return Finding(step, reason, equation, error_type, posterior.steps[step], posterior, least)


def threshold(question: str, reference_steps: Sequence[str] | None) -> float:
    """From which confidence a step is told by default, for this kind of problem."""
    return shipped_model().least(Reading(question, "", tuple(reference_steps or ()), ()).is_formal)


def _posterior(reading: Reading, answer_is_right: bool | None) -> Posterior:
    model = shipped_model()
    weights = model.with_reference if reading.reference_steps else model.without_reference
    return weights.posterior(signs_of_steps(reading), reading.is_formal, answer_is_right)


def _fault(reading: Reading, step: int) -> tuple[Reason, Computation | None]:
    """What is wrong with a step, the surest fault first, and the computation at fault, if one is."""
    solution = reading.literal_solution
    computations = [one for one in solution.computations if one.step == step]
    for computation in computations:
        if solution.is_false(computation):
            return "false_equation", computation
    alone = [one for one in computations if not solution.has_counterpart(one)]
    for computation in alone:
        if solution.uses_other_operator(computation):
            return "other_operator", computation
    if alone:
        proved = (one for one in alone if type_of_error(solution, one) is not None)
        computation = next(proved, alone[0])
        return ("wrong_answer" if computation.is_answer else "not_in_reference"), computation
    text = reading.texts[step]
    if any(relation.holds({}) is False for relation in read_relations(text)):
        return "false_equation", None
    return ("unreadable_equation" if read_step(text).unread else "in_words"), None
