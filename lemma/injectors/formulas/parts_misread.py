r"""The number itself is boxed, where the question asks for the sum of its parts: `\frac{3}{8}` for `m + n = 11`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution, named
from lemma.arithmetic.chains import Side
from lemma.arithmetic.derived import asked_sum, sums_of_parts
from lemma.arithmetic.latex import plain_formula
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written
from lemma.injectors.conditions import without_formulas
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail, in_last_box

KIND = "question_misinterpretation_error"
_SUM = re.compile(r"(?<![A-Za-z\\])[a-zA-Z]\s*\+\s*[a-zA-Z](?![A-Za-z])")
_SAYS = re.compile(r"\b(?:add\w*|sum\w*|plus|total\w*|integers?|whole)\b", re.IGNORECASE)


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The number whose parts the last step adds up, in the box."""
    asked = asked_sum(solution.question) if kind == KIND else ""
    index, step = solution.answer.chain, solution.answer.step
    chain, text = solution.chains[index], solution.steps[step]
    total = chain.sides[-1].value
    if not asked or total is None or None in chain.values or set(chain.relations) - {"="} or chain.in_tuple:
        return
    before = text[: chain.start]
    if _SUM.search(before) or _SAYS.search(without_formulas(f"{before}$" if before.count("$") % 2 else before)):
        return  # the step says what it adds up
    found = _source(solution, index, total)
    box = in_last_box(solution)
    if found is None or box is None:
        return
    at, side = found
    shown = plain_formula(solution.steps[at][side.start : side.end])
    edits = [(step, Edit(*box, shown))]
    if chain.start < solution.answer.start:
        edits.insert(0, (step, Edit(chain.start, solution.answer.start, "")))
    why = f"The problem asks for ${asked}$, which is ${text[slice(*box)]}$, and the step gives ${shown}$ itself."
    yield Proposed(WrongTail(index, tuple(edits), is_misread=True), why)


def _source(solution: ChainSolution, index: int, total: Surd) -> tuple[int, Side] | None:
    """The last place that says the only number whose parts have a sum, and its step; None if there are several such
    numbers, if it stands in a step before the last two, or if the parts are called by their letters behind it.
    """
    found: list[tuple[int, Side, Surd]] = []
    for chain in solution.chains[:index]:
        side = chain.sides[-1]
        name, _ = named(chain)
        if found and name is not None and side.value is not None and isinstance(side.value.rational, int):
            return None
        if side.formula is None or side.value is None or not is_written(side.formula.tree):
            continue
        if chain.in_tuple or set(chain.relations) - {"="}:
            continue
        if total.rational in sums_of_parts(side.value).values():
            found.append((chain.step, side, side.value))
    if not found or len({one for _, _, one in found}) > 1 or found[-1][0] < solution.answer.step - 1:
        return None
    return found[-1][:2]
