"""An equation in one letter is solved wrongly: a sign is kept, or the inverse operation is another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lemma.arithmetic.carrying import ChainChange, edit_of
from lemma.arithmetic.chain_solution import ChainSolution, linear, literals_of, named, satisfies
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.numbers import normal
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import in_latex, is_written, write
from lemma.injectors.conditions import names_operation
from lemma.injectors.formulas.misworked import likely_digit_slips
from lemma.injectors.formulas.places import Proposed

Slip = tuple[Surd, str]
_DIVIDES = re.compile(r"\bdivi(?:d\w*|sion)\b", re.IGNORECASE)
_LARGEST = 12  # nobody forgets to divide by 24
_EASY = 12  # nobody gets smaller quotients wrong


def propose(solution: ChainSolution, injector: str) -> Iterator[Proposed]:
    """A wrong root of an equation that the chain before states: a number is miscalculated (`calculation_error`), a term
    changes sides and keeps its sign (`sign_error`), or the last division is left out (`missing_step`).
    """
    find = _SLIPS[injector]
    for index, equation in solution.solved.items():
        chain, other = solution.chains[index], solution.chains[equation]
        name, root = named(chain)
        place = 0 if chain.sides[0].value is not None else len(chain.sides) - 1
        tree = chain.sides[place].formula
        if name is None or root is None or tree is None or len(chain.sides) != 2 or not is_written(tree.tree):
            continue
        text, seen = solution.steps[chain.step], {root}
        shown = " ".join(solution.steps[other.step][other.start : other.sides[-1].end].replace("&", "").split())
        if injector == "sign_error" and names_operation(solution.steps, chain.step):
            continue
        if solution.said_before(index, root):
            continue
        if injector == "missing_step" and _DIVIDES.search(solution.steps[chain.step]):
            continue  # the step says that it divides
        for wrong, reason in find(solution, equation, name, root):
            written = write(wrong, tree.tree, text) if wrong not in seen else None
            seen.add(wrong)
            if written is None or satisfies(other, name, wrong) is not False:
                continue
            edit = edit_of(text, tree.tree, written)
            change = ChainChange(index, place, {tree.tree: wrong}, (edit,), result=True, equation=equation)
            right = text[tree.tree.start : tree.tree.end]
            told = f"${shown}$ gives ${name} = {right}$, not ${name} = {written}$: {reason}."
            if injector == "missing_step":
                told = f"{reason}: ${shown}$ gives {collected(other, name)}${name} = {right}$."
            yield Proposed(change, told)


def collected(equation: Chain, name: str) -> str:
    """The equation `7a = 392` that another one comes to, for an explanation; empty if it is that equation."""
    parts = [linear(side, name) if side.formula is not None else None for side in equation.sides]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        return ""
    factor, constant, other, result = *parts[0], *parts[1]
    if (not constant and not other) or (not factor and not result):
        return ""
    try:
        left, right = factor - other, result - constant
    except NoValue:
        return ""
    return f"${'' if left == 1 else _text(left)}{name} = {_text(right)}$, and so "


def _linear(solution: ChainSolution, equation: int, name: str) -> tuple[Surd, Surd, Surd, Surd] | None:
    """Factor and constant of the side with the letter, and of the other one; None if one of them is not linear."""
    one, two = (linear(side, name) for side in solution.chains[equation].sides)
    if one is None or two is None:
        return None
    return (*one, *two) if one[0] else (*two, *one)


def _miscalculated(solution: ChainSolution, equation: int, name: str, root: Surd) -> Iterator[Slip]:
    """Wrong roots that people find by a slip in numbers."""
    parts = _linear(solution, equation, name)
    if parts is None:
        return
    factor, constant, other, result = parts
    try:
        if constant and not other and factor != 1:
            yield result / factor - constant, f"only ${_text(result)}$ was divided by ${_text(factor)}$"
        if not constant and not other:
            yield from _quotients(result, factor)
    except NoValue:
        return


def _kept_signs(solution: ChainSolution, equation: int, name: str, root: Surd) -> Iterator[Slip]:
    """Roots found by someone who takes a term to the other side as it is: `x = 15 + 7` for `x + 7 = 15`."""
    parts = _linear(solution, equation, name)
    if parts is None:
        return
    factor, constant, other, result = parts
    try:
        if constant and not other and _is_written(solution, equation, constant):
            yield (
                (result + constant) / factor,
                f"the term ${_text(constant)}$ was moved to the other side without changing its sign",
            )
        if other and factor + other:
            yield (
                (result - constant) / (factor + other),
                f"the term with ${name}$ was moved to the other side without changing its sign",
            )
    except NoValue:
        return


def _is_written(solution: ChainSolution, equation: int, number: Surd) -> bool:
    """Whether an equation has a number as it is, and not only as the sum of several."""
    chain = solution.chains[equation]
    found = [one.value for side in chain.sides for one in literals_of(side, solution.steps[chain.step])]
    return number in found or -number in found


def _not_divided(solution: ChainSolution, equation: int, name: str, root: Surd) -> Iterator[Slip]:
    """`6x = 96`, so `x = 96`."""
    parts = _linear(solution, equation, name)
    if parts is None:
        return
    factor, constant, other, result = parts
    if isinstance(factor.rational, int) and 1 < factor.rational <= _LARGEST and not other and not constant:
        yield result, f"The step leaves out the division by ${_text(factor)}$"


def _text(number: Surd) -> str:
    return in_latex(number) or str(number)


def _quotients(result: Surd, factor: Surd) -> Iterator[Slip]:
    """The root of `6x = 96`."""
    if factor == 1:
        return
    whole, many = factor.rational, result.rational
    units = set(factor.terms) | set(result.terms)
    if len(units) == 1:  # 45\\pi by 9\\pi
        unit = units.pop()
        whole, many = normal(factor.terms[unit]), normal(result.terms[unit])
    if isinstance(whole, int) and isinstance(many, int):
        if whole < 0:
            yield -(result / factor), f"both sides are divided by ${whole}$, which is negative"
        elif whole > 1 and many > 0 and many % whole == 0:
            slips = likely_digit_slips("/", many, whole) if many > _EASY * whole else ()
            yield from ((Surd(normal(wrong)), reason) for wrong, reason in slips)


_SLIPS: dict[str, Callable[[ChainSolution, int, str, Surd], Iterator[Slip]]] = {
    "calculation_error": _miscalculated,
    "sign_error": _kept_signs,
    "missing_step": _not_divided,
}
