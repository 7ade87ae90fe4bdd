"""The answer that only the words of its step explain, worked out wrongly: `Their average is $64$` of 39 and 89."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.arithmetic.carrying import ChainChange, edit_of, is_plausible
from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.derived import by_words
from lemma.arithmetic.numbers import Value, normal
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import in_latex, is_written, write
from lemma.injectors.formulas.misworked import CALCULATION, FRACTIONS, KINDS, Slip, products, sums
from lemma.injectors.formulas.places import Proposed

_NEAR = 2  # steps between the numbers and the words
_NAMES = {operator.add: "sum", operator.sub: "difference", operator.mul: "product", operator.truediv: "quotient"}
_ARRAY = re.compile(r"\b(\d{1,3})\$?[- ]by[- ]\$?(\d{1,3})\b")
_LIST = re.compile(r"\d, \d+,")


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """Wrong numbers in the last box, by a slip of a type in the operation that the words name."""
    index = solution.answer.chain
    chain = solution.chains[index]
    formula, right = chain.sides[0].formula, chain.sides[0].value
    if kind not in KINDS or len(chain.sides) > 1 or formula is None or right is None or not is_written(formula.tree):
        return
    step, text = chain.step, solution.steps[chain.step]
    near = solution.items[: next(place for place, item in enumerate(solution.items) if item is chain)]
    said = [one for item in near if step - _NEAR <= item.step for one in solution.said(item) if one != right]
    found = by_words(right, text, said, solution.given) if not _LIST.search(text) else None
    if found is None and (array := _ARRAY.search(f"{solution.steps[step - 1] if step else ''} {text}")) is not None:
        one, other = Surd(int(array[1])), Surd(int(array[2]))
        found = (operator.mul, one, other) if one * other == right else None
    if found is None or right in solution.results_before(index):
        return
    named, one, other = found
    first, second = one.rational, other.rational
    if first is None or second is None:
        return
    name = _NAMES.get(named, "average")
    for slip in slips(name, first, second):
        written = write(slip.value, formula.tree, text)
        if slip.kind == kind and written is not None and is_plausible(right, slip.value, solution.question):
            shown = [in_latex(number) for number in (one, other)]
            told = f"The {name} of ${shown[0]}$ and ${shown[1]}$ is ${text[formula.tree.start : formula.tree.end]}$"
            edits = (edit_of(text, formula.tree, written),)
            change = ChainChange(index, 0, {formula.tree: slip.value}, edits, result=True, stated=True)
            yield Proposed(change, f"{told}, not ${written}$: {slip.reason}.")


def slips(name: str, first: Value, second: Value) -> Iterator[Slip]:
    left, right = Fraction(first), Fraction(second)
    if name == "average":
        for slip in sums("+", left, right):
            if slip.kind == CALCULATION:
                yield Slip(slip.value / Surd(2), f"the sum is ${normal(left + right)}$ ({slip.reason})")
    elif name in ("sum", "difference"):
        yield from sums("+" if name == "sum" else "-", left, right)
    elif name == "product":
        yield from products("*", left, right)
    else:  # nobody reduces one part only of a fraction that is not written
        yield from (slip for slip in products("/", left, right) if slip.kind != FRACTIONS)
