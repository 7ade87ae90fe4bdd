"""An equation in one letter is solved wrongly: a sign is kept, or the inverse operation is another one."""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.carrying import ChainChange, brackets
from lemma.arithmetic.chain_solution import ChainSolution, linear, named, satisfies
from lemma.arithmetic.formulas import Node
from lemma.arithmetic.numbers import FRAC, normal
from lemma.arithmetic.propagation import Edit
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import is_written, write
from lemma.injectors.calculation_error import digit_slips
from lemma.injectors.formulas.places import Proposed

Slip = tuple[Surd, str]
_EASY = 12  # nobody gets smaller quotients wrong
_PLAIN = Node("frac", (), 0, 0, name=FRAC)


def propose(solution: ChainSolution, left_out: bool = False) -> Iterator[Proposed]:
    """A wrong root of an equation that the chain before states; or one for which the last division is left out."""
    for index, equation in solution.solved.items():
        chain, other = solution.chains[index], solution.chains[equation]
        name, root = named(chain)
        place = 0 if chain.sides[0].value is not None else len(chain.sides) - 1
        tree = chain.sides[place].formula
        if name is None or root is None or tree is None or len(chain.sides) != 2 or not is_written(tree.tree):
            continue
        text, seen = solution.steps[chain.step], {root}
        shown = " ".join(solution.steps[other.step][other.start : other.sides[-1].end].replace("&", "").split())
        found = _not_divided(solution, equation, name) if left_out else _slips(solution, equation, name, root)
        for wrong, reason in found:
            written = write(wrong, tree.tree, text) if wrong not in seen else None
            seen.add(wrong)
            if written is None or satisfies(other, name, wrong) is not False:
                continue
            edit = Edit(tree.tree.start, tree.tree.end, brackets(text, tree.tree, written))
            change = ChainChange(index, place, {tree.tree: wrong}, (edit,), result=True, equation=equation)
            right = text[tree.tree.start : tree.tree.end]
            told = f"${shown}$ gives ${name} = {right}$, not ${name} = {written}$: {reason}."
            if left_out:
                told = f"{reason}: ${shown}$ gives ${name} = {right}$."
            yield Proposed(change, told)


def _slips(solution: ChainSolution, equation: int, name: str, root: Surd) -> Iterator[Slip]:
    """Wrong roots that people find."""
    left, right = solution.chains[equation].sides
    one, two = linear(left, name), linear(right, name)
    if one is None or two is None:
        pure = left.formula is not None and left.formula.tree.op == "^" and left.formula.tree.parts[0].op == "letter"
        if pure and right.value is not None and right.value == root * root:
            yield right.value / Surd(2), "half of the square was taken and not its root"
        return
    (factor, constant), (other, result) = one, two
    if not factor:
        factor, constant, other, result = other, result, factor, constant
    try:
        if constant and not other:
            done, due = ("added", "subtracted") if (constant.approximate or 0) > 0 else ("subtracted", "added")
            number = constant if done == "added" else -constant
            yield (result + constant) / factor, f"${_text(number)}$ was {done} and not {due}"
            if factor != 1:
                yield result / factor - constant, f"only ${_text(result)}$ was divided by ${_text(factor)}$"
        if other and factor + other:
            yield (result - constant) / (factor + other), "the sign of the term with the letter was kept"
        if not constant and not other:
            yield from _quotients(result, factor)
    except NoValue:
        return


def _not_divided(solution: ChainSolution, equation: int, name: str) -> Iterator[Slip]:
    """`6x = 96`, so `x = 96`."""
    one, two = (linear(side, name) for side in solution.chains[equation].sides)
    if one is None or two is None:
        return
    (factor, constant), (other, result) = one, two
    if not factor:
        factor, constant, other, result = other, result, factor, constant
    if isinstance(factor.rational, int) and factor != 1 and not other and not constant:
        yield result, f"The step leaves out the division by ${_text(factor)}$"


def _text(number: Surd) -> str:
    return write(number, _PLAIN, "") or str(number)


def _quotients(result: Surd, factor: Surd) -> Iterator[Slip]:
    """The root of `6x = 96`."""
    if factor == 1:
        return
    yield result - factor, f"${_text(factor)}$ was subtracted and not divided by"
    whole, many = factor.rational, result.rational
    units = set(factor.terms) | set(result.terms)
    if len(units) == 1:  # 45\\pi by 9\\pi
        unit = units.pop()
        whole, many = normal(factor.terms[unit]), normal(result.terms[unit])
    if isinstance(whole, int) and isinstance(many, int):
        if whole < 0:
            yield -(result / factor), "the sign is wrong"
        elif whole > 1 and many > 0 and many % whole == 0:
            slips = digit_slips("/", many, whole) if many > _EASY * whole else ()
            yield from ((Surd(normal(wrong)), reason) for wrong, reason in slips)
    elif whole is not None and not isinstance(whole, int):
        yield result * factor, f"it was multiplied by ${_text(factor)}$ and not divided"
    elif result:
        yield factor / result, "the division was done the other way around"
