"""Errors in the formulas of a LaTeX solution, for the types that `lemma.injectors` makes in plain arithmetic.

`proposals` yields what can be changed, by type; `carried` carries a proposal through and proves what comes out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.injectors.formulas import operands, operations, rules, slips
from lemma.injectors.formulas.places import Place, Proposed, places

_Propose = Callable[[Place], Iterator[Proposed]]
_BY_TYPE: dict[str, _Propose] = {
    "calculation_error": slips.propose,
    "operator_error": operations.other_operator,
    "missing_step": operations.left_out,
    "formula_confusion_error": rules.propose,
    "confusing_concept_error": operations.other_concept,
    "context_value_error": operands.misquoted,
    "previous_step_value_error": operands.other_result,
    "contradictory_step": operands.contradicted,
    "counting_error": operands.miscounted,
}


def proposals(solution: ChainSolution, injector: str, rng: random.Random) -> Iterator[Proposed]:
    """What the injector of a type can change in the formulas of a solution, in random order."""
    propose = _BY_TYPE.get(injector)
    if propose is None:
        return
    found = [proposed for place in places(solution) for proposed in propose(place)]
    rng.shuffle(found)
    yield from found


__all__ = ["Proposed", "proposals"]
