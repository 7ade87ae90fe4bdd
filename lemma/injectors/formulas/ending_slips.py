"""What people get wrong in the last result of a solution: a value that is worked out, or the root of an equation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from lemma.arithmetic.chain_solution import ChainSolution, named
from lemma.arithmetic.chains import Chain, Side
from lemma.arithmetic.formulas import end_of, parts_of
from lemma.arithmetic.latex import plain_formula
from lemma.arithmetic.numbers import normal
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import known_value, write
from lemma.injectors.formulas.endings import Ending, WrongEnding, endings, holds, words_before
from lemma.injectors.formulas.misworked import CALCULATION, HALF, SIGN, Slip, likely_digit_slips, roots
from lemma.injectors.formulas.places import Place, Proposed
from lemma.injectors.formulas.slips import PLAIN, slips_of, with_values
from lemma.injectors.formulas.solving import collected

INVERSE, MISSING = "inverse_operation_error", "missing_step"
_DIVIDES = re.compile(r"\b(?:divid\w+|multipl\w+|cross)\b", re.IGNORECASE)
_MOVES = re.compile(r"\b(?:add\w*|subtract\w*|plus|minus|cancel\w*|(?:both|each) sides?)\b", re.IGNORECASE)
_HALVED = 5  # nobody takes half of 16 for its root
_EASY = 12  # nobody gets smaller quotients wrong
_MOST_LEFT = 40  # nobody takes 2 away from 290
_LARGE = 20  # nor smaller sums
_COMPUTED = 3  # sides of a chain that works something out
_ROOT = re.compile(r"\b(?:square|roots?)\b", re.IGNORECASE)


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """Wrong last results, by an error of a type."""
    if "endings" not in solution.memo:
        solution.memo["endings"] = list(all_of(solution))
    yield from (proposed for found, proposed in solution.memo["endings"] if found == kind)


def all_of(solution: ChainSolution) -> Iterator[tuple[str, Proposed]]:
    for ending in endings(solution):
        step = solution.chains[ending.chain].step
        text, seen = solution.steps[step], {known_value(ending.node)}
        if is_found_before(solution, ending):
            return  # whoever has just read the right value does not get it wrong
        end = end_of(text, ending.node)
        right = plain_formula(text[ending.node.start : end])
        for slip in worked_out(solution, ending) if ending.equation is None else solved(solution, ending):
            written = write(slip.value, ending.node, text) if slip.value not in seen else None
            seen.add(slip.value)
            if written is not None:
                why = explained(solution, ending, slip, right, f"{written}{text[ending.node.end : end]}")
                yield slip.kind, Proposed(WrongEnding(ending, slip.value), why)


def is_found_before(solution: ChainSolution, ending: Ending) -> bool:
    """Whether an earlier formula says the result already, other than by chance."""
    right = known_value(ending.node)
    if ending.equation is not None:
        return any(named(chain) == (ending.name, right) for chain in solution.chains[: ending.chain])
    assert right is not None
    small = isinstance(right.rational, int) and abs(right.rational) <= _EASY
    if small:
        return right in solution.results_before(ending.chain)
    return solution.said_before(ending.chain, right) is not None


def explained(solution: ChainSolution, ending: Ending, slip: Slip, right: str, written: str) -> str:
    letters = solution.letters_before(ending.chain)
    if ending.source is not None:
        assert ending.source.formula is not None
        text = solution.steps[solution.chains[source_chain(solution, ending)].step]
        source = plain_formula(text[ending.source.start : ending.source.end])
        told = with_values(ending.source.formula.tree, letters)
        return f"{told}${source}$ is ${right}$, not ${written}$: {slip.reason}."
    assert ending.equation is not None
    index, left, end = ending.equation
    shown = plain_formula(solution.steps[solution.chains[index].step][left.start : end.end])
    reached, told = "", ""
    if ending.letters:
        given = ", ".join(f"${name} = {_text(found)}$" for name, found in ending.letters.items())
        told, (shown, reached) = f"With {given} in ${shown}$, the equation ", with_numbers(ending, left, end)
    if slip.kind == MISSING:
        reached = reached or collected(Chain(0, (left, end), ("=",)), ending.name)
        return f"{slip.reason}: {told[:1].lower()}{told[1:]}${shown}$ gives {reached}${ending.name} = {right}$."
    return f"{told}${shown}$ gives ${ending.name} = {right}$, not ${ending.name} = {written}$: {slip.reason}."


def with_numbers(ending: Ending, left: Side, right: Side) -> tuple[str, str]:
    """An equation with the values of all letters but one, as a factor and a constant on each side, and what it comes
    to before its last division, for an explanation; nothing for the latter if that is the equation itself.
    """
    one, two = (linear_in(side, ending.name, ending.letters) for side in (left, right))
    assert one is not None and two is not None
    shown = " = ".join(_with_constant(*side, ending.name) for side in (one, two))
    last = f"{_with_factor(one[0] - two[0], ending.name)} = {_text(two[1] - one[1])}"
    if not one[0]:
        last = f"{_with_factor(two[0], ending.name)} = {_text(one[1] - two[1])}"
    is_reached = last in (shown, " = ".join(reversed(shown.split(" = "))))
    return shown, "" if is_reached else f"${last}$, and so "


def _with_constant(factor: Surd, constant: Surd, name: str) -> str:
    if not factor or not constant:
        return _with_factor(factor, name) if factor else _text(constant)
    is_less = (constant.approximate or 0) < 0
    return f"{_with_factor(factor, name)} {'-' if is_less else '+'} {_text(-constant if is_less else constant)}"


def source_chain(solution: ChainSolution, ending: Ending) -> int:
    """The chain that has the formula of which the result comes: its own, or one before it, maybe in another step."""
    places = range(ending.chain, -1, -1)
    return next(at for at in places if any(side is ending.source for side in solution.chains[at].sides))


def worked_out(solution: ChainSolution, ending: Ending) -> Iterator[Slip]:
    assert ending.source is not None and ending.source.formula is not None
    index = source_chain(solution, ending)
    letters = solution.letters_before(ending.chain)
    place = Place(solution, index, max(0, len(solution.chains[index].sides) - 2))
    tree = ending.source.formula.tree
    if not tree.parts:
        return
    yield from slips_of(place, tree, letters)


def solved(solution: ChainSolution, ending: Ending) -> Iterator[Slip]:
    """Wrong roots of the equation before, by what people do to solve it."""
    assert ending.equation is not None
    _, left, right = ending.equation
    one, two = (linear_in(side, ending.name, ending.letters) for side in (left, right))
    words = words_before(solution, ending)
    if (one is None or two is None) and ending.letters:
        return
    if one is None or two is None:
        yield from zero_of_product(ending, left, right)
        yield from half_of_square(ending, left, right)
        if len(solution.chains[ending.equation[0]].sides) >= _COMPUTED and not _ROOT.search(words):
            yield from square_kept(ending, left, right)
        return
    if not one[0]:
        one, two, left, right = two, one, right, left
    (factor, constant), (other, result) = one, two
    terms, others = (terms_in(side, ending.name, ending.letters) for side in (left, right))
    if ending.letters and any(one and one not in shown[0] for one, shown in ((constant, terms), (result, others))):
        return  # the equation has to be multiplied out first
    shows, moves = constant in terms[0], len(others[1]) == 1 and others[1][0] == other
    try:
        is_named = _MOVES.search(words) is not None
        if not is_named:
            for term, slip in kept_signs((factor, constant), (other, result), ending.name):
                if (shows and not term) or (moves and term):
                    yield slip
        if not other:
            named = "divided" if _DIVIDES.search(words) else "moved" if is_named else ""
            yield from not_undone(factor, constant, result, named)
        if constant and not other and factor != 1 and shows:
            told = f"only ${_text(result)}$ was divided by ${_text(factor)}$"
            yield Slip(result / factor - constant, told, CALCULATION)
        if factor - other == Surd(1) and constant:
            yield from sums(result, constant)
        yield from quotients(factor - other, result - constant)
    except NoValue:
        return


def terms_in(side: Side, name: str, letters: Mapping[str, Surd]) -> tuple[list[Surd], list[Surd]]:
    """The numbers that stand as terms in a side, and the factors of its terms with a letter, as they are written; other
    `letters` stand for numbers.
    """
    numbers: list[Surd] = []
    factors: list[Surd] = []
    assert side.formula is not None
    waiting = [(side.formula.tree, Surd(1))]
    while waiting:
        node, sign = waiting.pop()
        if node.op in ("+", "-"):
            waiting += [(node.parts[0], sign), (node.parts[1], sign if node.op == "+" else -sign)]
        elif node.op == "neg":
            waiting.append((node.parts[0], -sign))
        elif (found := known_value(node, letters)) is not None:
            numbers.append(sign * found)
        elif known_value(node, {**letters, name: Surd(0)}) == Surd(0):
            at = known_value(node, {**letters, name: Surd(1)})
            factors += [sign * at] if at is not None else []
    return numbers, factors


def linear_in(side: Side, name: str, letters: Mapping[str, Surd]) -> tuple[Surd, Surd] | None:
    """Factor and constant of a side that is linear in a letter, with the values of its other letters; None if it is
    not linear.
    """
    assert side.formula is not None
    found = [known_value(side.formula.tree, {**letters, name: Surd(at)}) for at in (0, 1, 2, 5)]
    constant, first, second, last = found
    if constant is None or first is None or second is None or last is None:
        return None
    factor = first - constant
    is_linear = second == constant + factor * Surd(2) and last == constant + factor * Surd(5)
    return (factor, constant) if is_linear else None


def kept_signs(left: tuple[Surd, Surd], right: tuple[Surd, Surd], name: str) -> Iterator[tuple[bool, Slip]]:
    """A term goes to the other side as it is, or a minus sign gets lost. Both sides are a factor and a constant. Each
    slip comes with whether it is the term with the letter that moves.
    """
    (factor, constant), (other, result) = left, right
    told = f"the term ${_text(constant)}$ was moved to the other side without changing its sign"
    if other and factor != other:
        told += f", which gives ${_with_factor(factor - other, name)} = {_text(result + constant)}$"
    if constant and factor != other:
        yield False, Slip((result + constant) / (factor - other), told, SIGN)
    if other and factor + other:
        told = f"the term with ${name}$ was moved to the other side without changing its sign"
        if constant:
            told += f", which gives ${_with_factor(factor + other, name)} = {_text(result - constant)}$"
        yield True, Slip((result - constant) / (factor + other), told, SIGN)


def sums(result: Surd, constant: Surd) -> Iterator[Slip]:
    """The number that changes sides is added up or taken away wrongly."""
    whole, moved = result.rational, constant.rational
    if isinstance(whole, int) and isinstance(moved, int) and whole > 0 and max(whole, abs(moved)) > _LARGE:
        for wrong, reason in likely_digit_slips("-" if moved > 0 else "+", whole, abs(moved)) if whole > moved else ():
            yield Slip(Surd(normal(wrong)), reason, CALCULATION)


def not_undone(factor: Surd, constant: Surd, result: Surd, named: str) -> Iterator[Slip]:
    """The factor of the letter is undone by something else than a division, or not at all. What the words name is done,
    if not always the right way around.
    """
    rest = result - constant
    shares_unit = factor.rational is None and len(factor.terms) == 1 and factor.terms.keys() == rest.terms.keys()
    if shares_unit:
        unit = Surd({one: Fraction(1) for one in factor.terms})  # as in 9 pi h = 45 pi
        factor, rest = factor / unit, rest / unit
    size = factor.rational
    if size is None or size in (1, -1, 0):
        return
    after = f"when ${_text(constant)}$ is on the other side, " if constant else ""
    if named:
        if named == "divided" and isinstance(size, int) and not constant:
            yield from _upside_down(factor, rest)
        return
    if isinstance(size, int):
        if 1 < size <= _EASY:  # nobody forgets to divide by 24
            yield Slip(rest, f"The step leaves out the division by ${size}$", MISSING)
        if not constant:
            if rest.rational is not None and 0 < size < rest.rational < _MOST_LEFT and not shares_unit:
                told = f"${size}$ is taken away, but it is a factor, by which both sides have to be divided"
                yield Slip(rest - factor, told, INVERSE)
            yield from _upside_down(factor, rest)
    elif Fraction(size).numerator == 1:
        below = Fraction(size).denominator
        told = f"{after}both sides have to be multiplied by ${below}$, and not divided by it"
        yield Slip(rest * factor, told, INVERSE)
    else:
        told = f"{after}both sides have to be divided by ${_text(factor)}$, and not multiplied by it"
        yield Slip(rest * factor, told, INVERSE)


def _upside_down(factor: Surd, rest: Surd) -> Iterator[Slip]:
    """A quotient that is no whole number, the other way around."""
    if rest.rational is not None and not isinstance((rest / factor).rational, int):
        told = f"it is ${_text(rest)}$ divided by ${_text(factor)}$, not the other way around"
        yield Slip(factor / rest, told, INVERSE)


def quotients(factor: Surd, rest: Surd) -> Iterator[Slip]:
    whole, many = factor.rational, rest.rational
    if isinstance(whole, int) and isinstance(many, int) and whole > 1 and many > _EASY * whole and many % whole == 0:
        for wrong, reason in likely_digit_slips("/", many, whole):
            yield Slip(Surd(normal(wrong)), reason, CALCULATION)


def half_of_square(ending: Ending, left: Side, right: Side) -> Iterator[Slip]:
    """`x^2 = 64` has the root 8, not 32."""
    square, number = (left, right) if right.value is not None else (right, left)
    tree = square.formula.tree if square.formula is not None else None
    size, root = number.value, known_value(ending.node)
    if tree is None or size is None or root is None or tree.op != "^" or tree.parts[1].number != 2:
        return
    is_square = tree.parts[0].op == "letter" and root * root == size and isinstance(size.rational, int)
    if not is_square:
        return
    whole = size.rational
    assert isinstance(whole, int)
    if whole % 2 == 0 and whole > _HALVED**2 and (root.rational is None or root.rational > _HALVED):
        yield Slip(size / Surd(2), HALF, INVERSE)
    if root.rational is None:  # `x^2 = 18` has the root 3 root 2, not 9 root 2
        yield from roots(whole)


def square_kept(ending: Ending, left: Side, right: Side) -> Iterator[Slip]:
    """`d^2 = 3^2 + 4^2 = 25` has the root 5, not 25: whoever has worked out the square takes it for the result."""
    tree, size = left.formula.tree if left.formula is not None else None, right.value
    root = known_value(ending.node)
    if tree is None or size is None or root is None or tree.op != "^" or tree.parts[1].number != 2:
        return
    if tree.parts[0].op == "letter" and root * root == size and size != root:
        yield Slip(size, "The step leaves out the square root", MISSING)


def zero_of_product(ending: Ending, left: Side, right: Side) -> Iterator[Slip]:
    """`x(x - 5) = 0` has the root 5, not -5."""
    root, name = known_value(ending.node), ending.name
    product, zero = (left, right) if right.value == Surd(0) else (right, left)
    if zero.value != Surd(0) or product.formula is None or root is None or not root:
        return
    if holds(left, right, {name: -root}) is not False:
        return
    for part in parts_of(product.formula.tree):
        side = Side(part.start, part.end, None, None)
        if part.op in ("+", "-") and known_value(part, {name: root}) == Surd(0) and side.end > side.start:
            values = [known_value(part, {name: Surd(at)}) for at in (0, 1, 2)]
            if None not in values and values[2] - values[1] == values[1] - values[0]:  # type: ignore[operator]
                told = f"the factor with ${name}$ is zero for ${_text(root)}$, and its sign was turned"
                yield Slip(-root, told, SIGN)
                return


def _with_factor(factor: Surd, name: str) -> str:
    shown = "" if factor == 1 else "-" if factor == -1 else _text(factor)
    return f"{shown}{name}"


def _text(number: Surd) -> str:
    return write(number, PLAIN, "") or str(number)
