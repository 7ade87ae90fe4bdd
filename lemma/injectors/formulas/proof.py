"""Carry a change in a formula through a solution, and prove what comes out by reading its text again from scratch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from lemma.arithmetic.carrying import ChainChange, StatedChange, carry
from lemma.arithmetic.chain_solution import ChainSolution, false_links, named, satisfies
from lemma.arithmetic.chains import Chain, read_chains
from lemma.arithmetic.latex import DRAWING, boxed, is_balanced
from lemma.arithmetic.writing import known_value
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value, verdict
from lemma.injectors.conditions import holds_number, refuse_against_question, refuse_beyond_bound, refuse_remarks
from lemma.injectors.formulas.boxes import WrongBox
from lemma.injectors.formulas.boxes import carried as carried_box
from lemma.injectors.formulas.congruences import WrongResidue
from lemma.injectors.formulas.congruences import carried as carried_residue
from lemma.injectors.formulas.endings import WrongEnding
from lemma.injectors.formulas.endings import carried as carried_ending
from lemma.injectors.formulas.lists import ShorterList
from lemma.injectors.formulas.lists import carried as carried_list
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail
from lemma.injectors.formulas.tails import carried as carried_tail

_BOX = re.compile(r"^\\boxed\{(.*)\}$")
_MODULUS = re.compile(
    r"remainder.{0,200}divided by \$?(?P<by>\d{1,9})|\\?(?:modulo|[pb]?mod)\b\s*[ {$~]*(?P<modulus>\d{1,9})", re.DOTALL
)

# How a change that reaches nothing but the end of a solution is carried out, by its class.
_AT_THE_END: dict[type, Callable[[ChainSolution, Any], tuple[tuple[str, ...], int, str]]] = {
    WrongEnding: carried_ending,
    WrongBox: carried_box,
    ShorterList: carried_list,
    WrongResidue: carried_residue,
    WrongTail: carried_tail,
}


def carried(solution: ChainSolution, proposed: Proposed) -> tuple[tuple[str, ...], int, str]:
    """The steps with the error, the error step and the wrong answer. Raises Refusal if the text does not prove them."""
    for kind, carried_to_the_end in _AT_THE_END.items():
        if isinstance(proposed.change, kind):
            made = carried_to_the_end(solution, proposed.change)
            is_misread = isinstance(proposed.change, WrongTail) and proposed.change.is_misread
            return _at_the_end(solution, made, proposed.explanation, is_misread)
    change = proposed.change
    assert isinstance(change, ChainChange | StatedChange)
    consequence = carry(solution, change)
    steps, step = consequence.steps, consequence.error_step
    old, new = set(consequence.changed), set(consequence.changed.values())
    if old & new:
        raise Refusal("right_value_again")
    for right, wrong in consequence.changed.items():
        refuse_beyond_bound(solution.question, right.rational, wrong.rational)
    _prove_equations(solution, change, steps, step)
    if not all(map(is_balanced, steps)) or not is_balanced(proposed.explanation, commands_outside=False):
        raise Refusal("unbalanced_latex")
    end = solution.answer.step + 1
    rest = enumerate(steps[end:], end)
    if any(text == solution.steps[number] and (holds_number(text) or DRAWING.search(text)) for number, text in rest):
        steps = steps[:end]  # a remark or a drawing behind the answer that would be false now
    first = change.literal.start if isinstance(change, StatedChange) else min(edit.start for edit in change.edits)
    refuse_remarks(solution.steps, steps, step, first)
    _refuse_answer(solution, steps, consequence.answer)
    return steps, step, consequence.answer


def _at_the_end(
    solution: ChainSolution, wrong: tuple[tuple[str, ...], int, str], explanation: str, is_misread: bool
) -> tuple[tuple[str, ...], int, str]:
    """A solution whose end is wrong, if its boxes are and its text and the explanation are well-formed."""
    steps, step, answer = wrong
    if not all(map(is_balanced, steps)) or not is_balanced(explanation, commands_outside=False):
        raise Refusal("unbalanced_latex")
    _refuse_answer(solution, steps, answer, is_misread)
    return steps, step, answer


def _refuse_answer(solution: ChainSolution, steps: Sequence[str], answer: str, is_misread: bool = False) -> None:
    """Raises Refusal if an answer breaks a condition of a question that was not misread, or if a box has one that is
    right.
    """
    _refuse_remainder(solution.question, answer)
    if not is_misread:
        refuse_against_question(solution.question, solution.gold, answer)
    for content in (content for text in steps for content in boxed(text)):
        found = verdict(solution.gold, content)
        if found != "different":
            raise Refusal("answer_not_different", f"{content} is {found} to {solution.gold}")


def _repeats(chain: Chain, steps: Sequence[str]) -> bool:
    """Whether two sides that stand beside each other say the same."""
    shown = ["".join(steps[chain.step][side.start : side.end].split()) for side in chain.sides]
    bare = [_BOX.sub(r"\1", text) for text in shown]
    return any(one == other for one, other in pairwise(bare))


def _said(chain: Chain, steps: Sequence[str]) -> str:
    return steps[chain.step][chain.start : chain.sides[-1].end]


def _is_said_twice(chain: Chain, now: Sequence[Chain], steps: Sequence[str]) -> bool:
    """Whether a step says an equation once more."""
    others = (one for one in now if one.step == chain.step and one is not chain and len(one.sides) > 1)
    return any(_said(one, steps) == _said(chain, steps) for one in others)


def _refuse_remainder(question: str, answer: str) -> None:
    """A remainder is smaller than what is divided by."""
    found, size = _MODULUS.search(question), exact_value(answer)
    if found is not None and size is not None and not 0 <= size < int(found["modulus"] or found["by"]):
        raise Refusal("implausible_value", f"a remainder of {answer}")


def _prove_equations(
    solution: ChainSolution, change: ChainChange | StatedChange, steps: Sequence[str], step: int
) -> None:
    """The chains are those of the solution, and all are true but the one that a calculation error makes false."""
    if tuple(steps[:step]) != solution.steps[:step]:
        raise Refusal("prefix_changed")
    if steps[step] == solution.steps[step]:
        raise Refusal("error_step_unchanged")
    false = []
    before = [chain for chain in solution.chains if step <= chain.step < len(steps)]
    now = read_chains(steps, step, solution.complex_numbers)
    if len(before) != len(now):
        raise Refusal("formula_lost")
    for index, (old, new) in enumerate(zip(before, now, strict=True)):
        if (old.step, old.relations) != (new.step, new.relations):
            raise Refusal("formula_lost")
        if [side.value is None for side in old.sides] != [side.value is None for side in new.sides]:
            raise Refusal("formula_lost")
        false += [(index, place) for place in false_links(new)]
        if _said(new, steps) != _said(old, solution.steps) and _is_said_twice(new, now, steps):
            raise Refusal("statement_repeated", _said(new, steps)[:200])
        if _repeats(new, steps) and not _repeats(old, solution.steps):
            raise Refusal("side_repeated", steps[new.step][new.start : new.sides[-1].end][:200])
    expected = [] if isinstance(change, StatedChange) else _false_links(solution, change, before, now)
    if false != expected:
        raise Refusal("equations_not_as_expected", steps[step][:200])


def _false_links(
    solution: ChainSolution, change: ChainChange, before: Sequence[Chain], now: Sequence[Chain]
) -> list[tuple[int, int]]:
    """Where a chain has to be false after a change: before a wrong result. Raises Refusal if that is not proven."""
    error = next(n for n, chain in enumerate(before) if chain is solution.chains[change.chain])
    follows = change.equation is None and not (change.with_letters or change.stated)
    if change.with_letters:
        left, right = now[error].sides[change.side - 1 : change.side + 1]
        letters = solution.letters_before(change.chain)
        if left.formula is None or known_value(left.formula.tree, letters) in (None, right.value):
            raise Refusal("equations_not_as_expected")
    if change.equation is not None:
        name, root = named(now[error])
        if name is None or root is None or satisfies(solution.chains[change.equation], name, root) is not False:
            raise Refusal("equations_not_as_expected")
    return [(error, change.side - 1)] if change.result and follows else []
