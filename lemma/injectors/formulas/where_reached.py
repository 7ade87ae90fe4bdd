r"""Where a smallest or largest value is reached, in place of that value: `Equality occurs when $x = 3$, so the minimum
value is $\boxed{3}$.`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.carrying import is_plausible
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.chains import Chain, Words
from lemma.arithmetic.latex import plain_formula
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail, in_last_box

KIND = "question_misinterpretation_error"
_EXTREME = re.compile(
    r"\b(?P<which>maximum|minimum|largest|smallest|greatest|least)(?: possible)? value\b", re.IGNORECASE
)
_ASKS_PLACE = re.compile(
    r"\b(?:value|values) of (?:the )?\$[a-z]\$ (?:that|for which|at which|when|where|such)|\bfor (?:what|which)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\b(?:when|at|for|if|setting|letting|taking)\s{0,3}\$?\s{0,3}$", re.IGNORECASE)
_REACHED = re.compile(
    r"\b(?:equality|occurs?|achiev\w+|attain\w+|reach\w+|maximi[sz]ed|minimi[sz]ed|maximum|minimum)\b", re.IGNORECASE
)
_EQUALITY = re.compile(r"\bequality\b", re.IGNORECASE)


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The value of the letter at which an extreme value is reached, in the box of that value."""
    asked = _EXTREME.search(solution.question) if kind == KIND else None
    index, step = solution.answer.chain, solution.answer.step
    chain, text = solution.chains[index], solution.steps[step]
    right = chain.sides[-1].value
    box = in_last_box(solution)
    if asked is None or _ASKS_PLACE.search(solution.question) or right is None or chain.in_tuple or box is None:
        return
    if len(chain.sides) > 1 and any(side.value is not None for side in chain.sides[:-1]):
        return  # the step works the value out
    for place in range(len(solution.items) - 1):
        words, found = solution.items[place : place + 2]
        if not (isinstance(words, Words) and isinstance(found, Chain)) or not step - 1 <= found.step <= step:
            continue
        if found is chain:
            return
        before = solution.steps[words.step][words.start : words.end]
        sentence = before.rpartition(". ")[2]
        letters = _letters(found)
        wrong, last = found.sides[-1].value, found.sides[-1]
        if not letters or wrong is None or last.formula is None or not is_written(last.formula.tree):
            continue
        # Of a step before, only `equality` tells that it is the last bound that is reached.
        reached = _REACHED if found.step == step else _EQUALITY
        if not _WHEN.search(before) or not reached.search(sentence) or wrong in (right, 0):
            continue
        if any(re.search(rf"value of \${re.escape(letter)}\$", solution.question) for letter in letters):
            continue  # the letter is what is asked for
        if not is_plausible(right, wrong, solution.question) or right in _said_from(solution, place + 1):
            continue  # whoever has just read the value beside it does not take this one
        shown = plain_formula(solution.steps[found.step][last.start : last.end])
        of = (
            f"${letters[0]}$"
            if len(letters) == 1
            else f"{', '.join(f'${one}$' for one in letters[:-1])} and ${letters[-1]}$"
        )
        why = (
            f"The problem asks for the {asked['which'].lower()} value, which is ${text[slice(*box)]}$, "
            f"and the step gives ${shown}$, the value of {of} at which it is reached."
        )
        edits = ((step, Edit(*box, shown)),)
        yield Proposed(WrongTail(index, edits, is_misread=True), why)


def _said_from(solution: ChainSolution, place: int) -> set[Surd]:
    """The numbers between an item and the box."""
    found: set[Surd] = set()
    for item in solution.items[place:]:
        if item is solution.chains[solution.answer.chain]:
            break
        found |= set(solution.said(item))
    return found


def _letters(chain: Chain) -> list[str]:
    """The letters that a chain calls equal to its last side; none if it says anything else."""
    if len(chain.sides) < 2 or set(chain.relations) != {"="} or chain.in_tuple:
        return []
    trees = [side.formula.tree if side.formula is not None else None for side in chain.sides[:-1]]
    names = [tree.name for tree in trees if tree is not None and tree.op == "letter"]
    return names if len(names) == len(trees) else []
