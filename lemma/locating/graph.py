"""Find the first wrong step of a solution without a model.

>>> first_wrong_step(
...     "He has 9 eggs. He eats 3 eggs.", ("9 - 3 = <<9-3=6>>6 eggs are left.",), 6, ("He has 9 + 3 = 12 eggs.",)
... )
Finding(step=0, reason='other_operator', equation='9 + 3 = 12', error_type='operator_error')
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lemma.arithmetic.error_types import type_of_error
from lemma.arithmetic.numbers import Value
from lemma.arithmetic.reference_index import Reference, with_plain_thousands
from lemma.locating.faults import JudgedSolution, Reason
from lemma.steps import without_annotations

_STEP_NUMBER = re.compile(r"^Step \d+: ?")


@dataclass(frozen=True)
class Finding:
    """The first wrong step (counted from 0), why it is held to be wrong, and the equation at fault, if one is.

    `error_type` is None if the numbers do not prove it.
    """

    step: int
    reason: Reason
    equation: str = ""
    error_type: str | None = None


def first_wrong_step(
    question: str, reference_steps: Sequence[str], gold: Value | None, steps: Sequence[str]
) -> Finding:
    """The first wrong step of a solution whose final answer is wrong: there is always one.

    `gold` is None if the answer is no number.
    """
    texts = [with_plain_thousands(without_annotations(_STEP_NUMBER.sub("", step))) for step in steps]
    solution = JudgedSolution(texts, Reference(question, reference_steps, gold))
    fault = solution.fault()
    if fault.computation is None:
        return Finding(fault.step, fault.reason)
    return Finding(fault.step, fault.reason, fault.computation.shown, type_of_error(solution, fault.computation))
