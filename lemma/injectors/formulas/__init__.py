"""Errors in the formulas of a LaTeX solution, for the types that `lemma.injectors` makes in plain arithmetic.

`proposals` yields what can be changed, by type; `carried` carries a proposal through and proves what comes out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.injectors.formulas import (
    addition_formulas,
    answers,
    boxes,
    conversions,
    count_rules,
    counted,
    ending_slips,
    lists,
    misworked,
    operands,
    operations,
    repeated_values,
    residues,
    rules,
    similar_figures,
    slips,
    solving,
    trig_ratios,
    turned_factors,
    worded,
)
from lemma.injectors.formulas.fitting import is_easy_fact
from lemma.injectors.formulas.places import Place, Proposed, places


def _miscounted(place: Place) -> Iterator[Proposed]:
    yield from operands.miscounted(place)
    yield from rules.by_rules(place, count_rules.COUNTED)


_Propose = Callable[[Place], Iterator[Proposed]]
_BY_TYPE: dict[str, _Propose] = {
    "operator_error": operations.other_operator,
    "missing_step": operations.left_out,
    "formula_confusion_error": rules.propose,
    "confusing_concept_error": operations.other_concept,
    "context_value_error": operands.misquoted,
    "previous_step_value_error": operands.other_result,
    "contradictory_step": operands.contradicted,
    "counting_error": _miscounted,
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
    if injector == "formula_confusion_error":
        expanded = (place for place in places(solution) if place.is_proven)  # behind a number in another base
        found += (one for place in expanded for one in rules.by_rules(place, count_rules.EXPANSIONS))
    if injector in ("calculation_error", "sign_error", "missing_step"):
        found += solving.propose(solution, injector)
    found += ending_slips.propose(solution, injector)
    found += worded.propose(solution, injector)
    found += addition_formulas.propose(solution, injector)
    found += trig_ratios.propose(solution, injector)
    found += repeated_values.propose(solution, injector)
    found += similar_figures.propose(solution, injector)
    found += turned_factors.propose(solution, injector)
    found += (Proposed(change, why) for change, why in boxes.propose(solution, injector))
    found += (Proposed(change, why) for change, why in residues.propose(solution, injector))
    found += (Proposed(change, why) for change, why in conversions.propose(solution, injector))
    if injector == "counting_error":
        found += (Proposed(change, why) for change, why in lists.incomplete(solution))
    found += (one for propose in _OF_ANSWERS.get(injector, ()) for one in propose(solution))
    found = [one for one in found if not is_easy_fact(one.explanation)]
    rng.shuffle(found)
    yield from found


__all__ = ["Proposed", "proposals"]
