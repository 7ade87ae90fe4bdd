r"""The last operation of a solution is left out: `\boxed{256}` for `256 - 1 = \boxed{255}`, if 256 was just found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.carrying import is_plausible
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.formulas import Node
from lemma.arithmetic.latex import plain_formula
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written, known_value
from lemma.injectors.conditions import without_formulas
from lemma.injectors.formulas.places import Place, Proposed, places
from lemma.injectors.formulas.tails import WrongTail, in_last_box

KIND = "missing_step"
# Words that say the operation, or what it is for.
_SAYS = re.compile(
    r"\b(?:add\w*|sum|subtract\w*|differences?|average\w*|mean|median|products?|totals?|altogether|multipl\w+|divid\w+|plus|"
    r"minus|times|combin\w+|half|halv\w+|twice|doubl\w+|tripl\w+|ratio|both|together|squar\w+|roots?|less|more|fewer|left|"
    r"leav\w+|remain\w*|rest|other|exclud\w+|includ\w+|remov\w+|complement\w*|discount\w*|opposite|each|every|per|extra|"
    r"account\w*|overcount\w*|symmetr\w+|power|cube\w*|percent\w*)\b",
    re.IGNORECASE,
)
_NEAR = 1  # steps between what was found and the last operation


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """What the last operation is done to, in the box."""
    place = (
        next((one for one in places(solution) if one.index == solution.answer.chain), None) if kind == KIND else None
    )
    if place is None or place.chain.in_tuple or place.is_proven or place.shows_formula or place.is_filled_in:
        return
    step, text, chain = solution.answer.step, place.text, place.chain
    right, box = chain.sides[-1].value, in_last_box(solution)
    before = text[: chain.start]
    sentence = without_formulas(f"{before}$" if before.count("$") % 2 else before).rpartition(". ")[2]
    if right is None or box is None or _SAYS.search(sentence) or chain.sides[-1].start > solution.answer.start:
        return
    found = _found_just_before(solution, place.index)
    for kept, told in _kept(place):
        wrong = known_value(kept)
        if wrong is None or wrong not in found or wrong == right or wrong in solution.given or not is_written(kept):
            continue
        turned = (right.approximate or 0) > 0 > (wrong.approximate or 0)
        whole = isinstance(right.rational, int) == isinstance(wrong.rational, int)
        if turned or not whole or not is_plausible(right, wrong, solution.question):
            continue
        shown = plain_formula(text[kept.start : kept.end])
        edits = [
            (step, Edit(place.side.start, solution.answer.start, "")),
            (step, Edit(*box, shown)),
        ]
        why = f"The step leaves out {told}: it should be {place.worked}."
        yield Proposed(WrongTail(place.index, tuple(edits)), why)


def _kept(place: Place) -> Iterator[tuple[Node, str]]:
    """What the first side of the last chain does something to, and what that is."""
    tree, given = place.tree, place.solution.given
    if tree.op == "sqrt":
        yield tree.parts[0], f"the square root of {place.part(tree.parts[0])}"
    if len(tree.parts) != 2:
        return
    first, second = tree.parts
    values = [known_value(part) for part in tree.parts]
    if None in values:
        return
    is_known = [_is_known(part, found, given) for part, found in zip(tree.parts, values, strict=True)]
    if tree.op == "-":
        yield first, f"the subtraction of {place.part(second)}"
        if values[0] == Surd(1) or is_known[0]:
            yield second, f"the subtraction from {place.part(first)}"
    elif tree.op in ("/", "frac") and is_known[1]:
        yield first, f"the division by {place.part(second)}"
    elif tree.op in ("+", "*"):
        does = "the term" if tree.op == "+" else "the factor"
        if is_known[1]:
            yield first, f"{does} {place.part(second)}"
        if is_known[0]:
            yield second, f"{does} {place.part(first)}"
    elif tree.op == "^" and values[1] in (Surd(2), Surd(3)):
        yield first, f"the exponent {place.part(second)}"


def _is_known(part: Node, found: Surd | None, given: frozenset[Surd]) -> bool:
    """Whether a number is given, or so small that it is a matter of course."""
    return part.op == "num" and (found in given or found in (Surd(1), Surd(2)))


def _found_just_before(solution: ChainSolution, index: int) -> set[Surd]:
    """The numbers that the solution says last before a chain: what its step says first, and the step before."""
    chain = solution.chains[index]
    found: set[Surd] = set()
    for item in solution.items:
        if item is chain:
            break
        if item.step >= chain.step - _NEAR:
            if isinstance(item, Chain):
                last = item.sides[-1]
                is_number = last.formula is not None and is_written(last.formula.tree) and last.value is not None
                found |= {last.value} if is_number and last.value is not None else set()
            else:
                found |= set(solution.said(item))
    return found
