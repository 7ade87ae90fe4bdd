"""Errors in the formulas of a LaTeX solution, for the types that `lemma.injectors` makes in plain arithmetic.

`proposals` yields what can be changed, by type; `carried` carries a proposal through and proves what comes out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from lemma.arithmetic.carrying import ChainChange
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
from lemma.injectors.formulas.boxes import WrongBox
from lemma.injectors.formulas.fitting import is_easy_fact
from lemma.injectors.formulas.places import Place, Proposed, places
from lemma.injectors.formulas.shortened import shortened

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


# Errors that are made in an operation, wherever the reference goes on from there.
_OF_SHORTENED = frozenset((
    "operator_error", "missing_step", "formula_confusion_error", "sign_error", "exponent_law_error", "fraction_error",
    "inverse_operation_error", "distribution_error", "cross_term_error", "confusing_concept_error",
))  # fmt: skip
# Whoever has just copied a formula does not lose a whole factor of it.
_TWO_SLIPS = re.compile(r"each base was multiplied")
_LOSES_OPERATION = re.compile(r"The step leaves out the (?:square root|division)")


def proposals(solution: ChainSolution, injector: str, rng: random.Random) -> Iterator[Proposed]:
    """What the injector of a type can change in the formulas of a solution, in random order; then what it can change in
    a solution that reaches the answer sooner.
    """
    yield from _proposals(solution, injector, rng)
    for shorter in shortened(solution) if injector in _OF_SHORTENED else ():
        for one in _proposals(shorter, injector, rng):
            if isinstance(one.change, WrongBox) or _TWO_SLIPS.search(one.explanation):
                continue
            if injector == "missing_step" and not _LOSES_OPERATION.match(one.explanation):
                continue
            # What is written in the place of `(21 + 19)^2` is seen to be wrong only beside it.
            if injector == "cross_term_error" and not (isinstance(one.change, ChainChange) and one.change.result):
                continue
            yield replace(one, solution=shorter)


def _proposals(solution: ChainSolution, injector: str, rng: random.Random) -> list[Proposed]:
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
    return found


__all__ = ["Proposed", "proposals"]
