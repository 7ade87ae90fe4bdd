r"""A root that is written as a fraction first, `a = \frac{15}{3} = 5`, whose fraction comes out wrong.

The equation before has the root, so its factor and its constants tell the two numbers of the fraction apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import gcd
from typing import NamedTuple

from lemma.arithmetic.carrying import edit_of, is_plausible
from lemma.arithmetic.chain_solution import ChainSolution, named
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.formulas import Node
from lemma.arithmetic.latex import plain_formula
from lemma.arithmetic.propagation import Edit, apply_edits
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import in_latex, is_written, known_value, write
from lemma.injectors.formulas.ending_slips import INVERSE, kept_signs, linear_in, terms_in
from lemma.injectors.formulas.endings import equation_before
from lemma.injectors.formulas.misworked import SIGN
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail

_SIDES = 3
_NAMES = {
    SIGN: re.compile(r"\b(?:add\w*|subtract\w*|plus|minus|cancel\w*|mov\w+|(?:both|each) sides?)\b", re.IGNORECASE),
    INVERSE: re.compile(r"\b(?:divid\w+|division|quotient|ratio)\b", re.IGNORECASE),
}


class _Root(NamedTuple):
    """A chain `x = \\frac{15}{3} = 5`, and the linear equation that has its root, as factor and constant by side."""

    chain: Chain
    middle: Node
    result: Node
    left: tuple[Surd, Surd]
    right: tuple[Surd, Surd]
    shown: str
    may_move: tuple[bool, bool]
    """Whether the equation shows the constant, and the term with the letter, that changes sides."""


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The fraction of a root with the sum of two terms for their difference, or upside down; the root follows."""
    found = _root(solution) if kind in _NAMES else None
    if found is None:
        return
    step = solution.answer.step
    text = solution.steps[step]
    words = text[: found.chain.start].rpartition(". ")[2]
    if _NAMES[kind].search(words):
        return
    right = known_value(found.result)
    assert right is not None
    for above, below, reason in _signs(found) if kind == SIGN else _upside_down(found, right):
        size = Fraction(above, below) if below else None
        whole = Surd(size.numerator if size.denominator == 1 else size) if size is not None else None
        if whole is None or not above or gcd(above, below) == 1 or whole == right or (below > 0) != _is_positive(found):
            continue
        turned = (right.approximate or 0) > 0 > (whole.approximate or 0) and not solution.has_negatives
        written = [write(Surd(above), found.middle.parts[0], text), write(Surd(below), found.middle.parts[1], text)]
        written.append(write(whole, found.result, text))
        if None in written or turned or not is_plausible(right, whole, solution.question):
            continue
        node = found.middle
        middle = apply_edits(
            text[: node.end],
            [edit_of(text, part, new) for part, new in zip(node.parts, written[:2], strict=True) if new is not None],
        )
        edits = (
            (step, Edit(node.start, node.end, middle[node.start :])),
            (step, edit_of(text, found.result, written[2] or "")),
        )
        name = named(found.chain)[0]
        fraction = plain_formula(text[found.chain.sides[1].start : found.chain.sides[1].end])
        old = f"{fraction} = {plain_formula(text[found.result.start : found.result.end])}"
        told = f"${found.shown}$ gives ${name} = {old}$, not ${name} = \\frac{{{above}}}{{{below}}}$: {reason}."
        yield Proposed(WrongTail(solution.answer.chain, edits), told)


def _is_positive(found: _Root) -> bool:
    below = known_value(found.middle.parts[1])
    return below is not None and (below.approximate or 0) > 0


def _root(solution: ChainSolution) -> _Root | None:
    """The last chain of a solution, if it is a letter, a fraction of two whole numbers, and its value in the box."""
    index = solution.answer.chain
    chain = solution.chains[index]
    name, root = named(chain)
    trees = [side.formula.tree for side in chain.sides if side.formula is not None]
    if name is None or root is None or len(trees) != len(chain.sides) or len(trees) != _SIDES or chain.in_tuple:
        return None
    letter, middle, result = trees
    is_fraction = middle.op in ("frac", "/") and known_value(middle) == root and all(map(is_written, middle.parts))
    if (
        letter.op != "letter"
        or not is_fraction
        or not is_written(result)
        or solution.said_before(index, root) is not None
    ):
        return None
    found = equation_before(solution, index, name, root)
    if found is None or found[1]:
        return None
    (earlier, left, right), letters = found
    one, two = (linear_in(side, name, letters) for side in (left, right))
    if one is not None and two is not None and not one[0]:
        one, two, left, right = two, one, right, left
    above, below = (known_value(part) for part in middle.parts)
    if one is None or two is None or (above, below) not in _quotients(one, two):
        return None
    first, last = sorted((left, right), key=lambda side: side.start)
    terms, others = (terms_in(side, name, letters) for side in (left, right))
    moves = (one[1] in terms[0], len(others[1]) == 1 and others[1][0] == two[0])
    shown = plain_formula(solution.steps[solution.chains[earlier].step][first.start : last.end])
    return _Root(chain, middle, result, one, two, shown, moves)


def _quotients(left: tuple[Surd, Surd], right: tuple[Surd, Surd]) -> tuple[tuple[Surd, Surd], ...]:
    """What is divided by what to solve an equation, both of whose sides are a factor and a constant."""
    return ((right[1] - left[1], left[0] - right[0]), (left[1] - right[1], right[0] - left[0]))


def _signs(found: _Root) -> Iterator[tuple[int, int, str]]:
    """The fraction after a term changed sides and kept its sign."""
    (factor, constant), (other, result) = found.left, found.right
    turned = Surd(1 if known_value(found.middle.parts[1]) == factor - other else -1)
    for is_term, slip in kept_signs(found.left, found.right, ""):
        if not found.may_move[is_term]:
            continue
        above = (result - constant) if is_term else (result + constant)
        below = (factor + other) if is_term else (factor - other)
        first, second = (above * turned).rational, (below * turned).rational
        if isinstance(first, int) and isinstance(second, int) and slip.kind == SIGN:
            told = "the term with the letter" if is_term else f"the term ${in_latex(constant)}$"
            yield first, second, f"{told} was moved to the other side without changing its sign"


def _upside_down(found: _Root, right: Surd) -> Iterator[tuple[int, int, str]]:
    """The fraction the other way around."""
    above, below = (known_value(part) for part in found.middle.parts)
    if above is None or below is None or isinstance(right.rational, int):
        return
    if isinstance(above.rational, int) and isinstance(below.rational, int):
        told = f"it is ${in_latex(above)}$ divided by ${in_latex(below)}$, not the other way around"
        yield below.rational, above.rational, told
