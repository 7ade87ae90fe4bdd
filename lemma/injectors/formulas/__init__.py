"""Errors in the formulas of a LaTeX solution, for the types that `lemma.injectors` makes in plain arithmetic.

`proposals` yields what can be changed, by type; `carried` carries a proposal through and proves what comes out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.injectors.formulas import (
    answers,
    boxes,
    counted,
    ending_slips,
    last_operation,
    lists,
    middle_sides,
    misworked,
    operands,
    operations,
    parts_misread,
    residues,
    rules,
    slips,
    solving,
    turned_factors,
    where_reached,
    worded,
)
from lemma.injectors.formulas.fitting import is_easy_fact
from lemma.injectors.formulas.places import Place, Proposed, places

_Propose = Callable[[Place], Iterator[Proposed]]
_BY_TYPE: dict[str, _Propose] = {
    "operator_error": operations.other_operator,
    "missing_step": operations.left_out,
    "formula_confusion_error": rules.propose,
    "confusing_concept_error": operations.other_concept,
    "context_value_error": operands.misquoted,
    "previous_step_value_error": operands.other_result,
    "contradictory_step": operands.contradicted,
    "counting_error": operands.miscounted,
    "cross_term_error": rules.no_cross_term,
}


_OF_ANSWERS = {
    "previous_step_value_error": (answers.other_result,),
    "question_misinterpretation_error": (answers.misread,),
    "contradictory_step": (answers.contradicted,),
    "counting_error": (answers.miscounted, counted.stated),
}


def proposals(solution: ChainSolution, injector: str, rng: random.Random) -> Iterator[Proposed]:
    """What the injector of a type can change in the formulas of a solution, in random order."""
    found: list[Proposed] = []
    if injector in misworked.KINDS:
        found += slips.propose(solution, injector)
    if injector in _BY_TYPE:
        found += (one for place in places(solution) if not place.is_proven for one in _BY_TYPE[injector](place))
    if injector in ("calculation_error", "sign_error", "missing_step"):
        found += solving.propose(solution, injector)
    found += ending_slips.propose(solution, injector)
    found += last_operation.propose(solution, injector)
    found += middle_sides.propose(solution, injector)
    found += parts_misread.propose(solution, injector)
    found += where_reached.propose(solution, injector)
    found += worded.propose(solution, injector)
    found += turned_factors.propose(solution, injector)
    found += (Proposed(change, why) for change, why in boxes.propose(solution, injector))
    found += (Proposed(change, why) for change, why in residues.propose(solution, injector))
    if injector == "counting_error":
        found += (Proposed(change, why) for change, why in lists.incomplete(solution))
    found += (one for propose in _OF_ANSWERS.get(injector, ()) for one in propose(solution))
    found = [one for one in found if not is_easy_fact(one.explanation)]
    rng.shuffle(found)
    yield from found


__all__ = ["Proposed", "proposals"]
