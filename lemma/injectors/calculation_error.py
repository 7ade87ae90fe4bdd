"""The operands and the operator are right, the result is not.

Only slips that people make: a dropped carry, a borrow forgotten, a neighbour in the times table, a lost zero, a
shifted decimal point, a term of a long sum passed over or taken twice, a slip in a part of a long calculation, a
partial product left out, swapped digits, an ignored order of operations. Never a random number.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, Expression, evaluate, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import INTEGER, PLAIN, Value, decimals_needed, normal, render
from lemma.arithmetic.propagation import Change
from lemma.injectors.algebra import AlgebraInjector, NumbersAndLetters
from lemma.injectors.coefficients import wrong_coefficients
from lemma.injectors.cuts import replaced
from lemma.injectors.proposal import Proposal, Site, shuffled, sites, swapped_digits

Slip = tuple[Value, str]

_TIMES_TABLE = 12
_MOST_DECIMALS = 4
_LARGEST_FACTOR = 11
_TENS = 100  # nor the sums of tens, up to here
_TWICE = 20  # up to here, everybody knows the half and the double
_OFF = {1: "one", 2: "two"}
_COLUMNS, _FEWEST_IN_COLUMNS = ("ones", "tens", "hundreds", "thousands"), 5
_SWAPPED = 100  # nobody swaps the digits of a number that is said in one breath


def in_numbers(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """Slips in the result of one equation; in an easy one only if the solution has no other."""
    # An unknown that the text solves for is a result too: "6x = 96, x = 16".
    solved = [Site(graph, index) for index, equation in enumerate(graph.equations) if equation.solves]
    found = [*sites(graph, rng), *solved]
    hard = [proposal for site in found if not _is_easy(site) for proposal in _slips_of(site, rng)]
    yield from hard or (proposal for site in found if _is_easy(site) for proposal in _slips_of(site, rng))


def _slips_of(site: Site, rng: random.Random) -> Iterator[Proposal]:
    seen, (lowest, highest) = {site.equation.result.face}, _plausible(site)
    for wrong, reason in [*shuffled(_slips(site), rng), *shuffled(_column_slips(site), rng)]:
        if wrong not in seen and lowest < wrong < highest:
            seen.add(wrong)
            told = f"{site.quoted(site.expression)} is"
            if site.equation.solves:
                told = f"{site.quoted(site.equation.solves)} gives"
            explanation = f"{told} {site.result}, not {site.shown(site.equation.result, wrong)}: {reason}."
            yield Proposal(Change(site.index, result=wrong), explanation)


def _is_easy(site: Site) -> bool:
    """Whether nobody gets this wrong: half or twice a round number, ten times or a tenth of
    a whole one, and sums and differences of tens.
    """
    tree, operands = site.equation.tree, site.equation.operands
    if not (isinstance(tree, Binary) and isinstance(tree.left, int) and isinstance(tree.right, int)):
        return False
    left, right = (operands[leaf].face for leaf in (tree.left, tree.right))
    if tree.operator == "*" and Fraction(1, 10) in (left, right):
        return True
    if not isinstance(left, int) or not isinstance(right, int):
        return False
    if tree.operator in "+-":
        return left % 10 == right % 10 == 0 and max(left, right) <= _TENS
    pairs = ((left, right), (right, left)) if tree.operator == "*" else ((left, right),)
    if any(factor in (10, 100, 1000) and (tree.operator == "*" or many % factor == 0) for many, factor in pairs):
        return True
    return any(factor == 2 and (many <= _TWICE or many % 10 == 0) for many, factor in pairs)


def _plausible(site: Site) -> tuple[Value, Value]:
    """The bounds between which nobody sees at once that a result is wrong: 19 - 3 is not 61, 5 + 7 is not 4."""
    tree, right = site.equation.tree, site.equation.result.face
    lowest, highest = right - right, right * _LARGEST_FACTOR
    if len(site.equation.operands) > 2 and all(node.operator == "+" for node in nodes(tree)):
        lowest = max(lowest, *(operand.face for operand in site.equation.operands))
    if isinstance(tree, Binary) and isinstance(tree.left, int) and isinstance(tree.right, int):
        left, other = (site.equation.operands[leaf].face for leaf in (tree.left, tree.right))
        if tree.operator == "-" and other >= 0:
            highest = left
        if tree.operator == "+" and min(left, other) >= 0:
            lowest = max(left, other)
    return lowest, highest


def _slips(site: Site) -> list[Slip]:
    """The wrong results that people get, each with how they get it."""
    equation, right = site.equation, site.equation.result.face
    if equation.result.style.form != PLAIN:
        return []  # the slips are those of written digits
    slips: list[Slip] = []
    if not isinstance(right, int):
        slips += [(normal(right * factor), "the decimal point is shifted") for factor in (10, Fraction(1, 10))]
    tree, values = equation.tree, equation.operand_values()
    if equation.result.percent and not equation.bare_percent:
        return slips
    operators = {node.operator for node in nodes(tree)}
    if operators == {"+"}:
        slips += _addition_slips([values[leaf] for leaf in leaves(tree)], right)
    elif isinstance(tree, Binary) and isinstance(tree.left, int) and isinstance(tree.right, int):
        if tree.operator in _SLIPS:
            slips += _SLIPS[tree.operator](values[tree.left], values[tree.right], right)
    elif len(operators) > 1 and "(" not in site.expression and "^" not in operators:
        slips += _precedence_slips(tree, values)
    if len(values) > 2 and operators != {"+"}:
        slips += _slips_in_a_part(site, tree, values)
    # Two digits of a long number are swapped, which goes unseen if the value stays within twice the right one.
    swapped = [value for value in swapped_digits(right) if right <= 2 * value <= 4 * right and right > _SWAPPED]
    return slips or [(value, "two digits are swapped") for value in swapped]


def _column_slips(site: Site) -> list[Slip]:
    """One column of a written calculation comes out one or two too high or too low."""
    right = site.equation.result.face
    if site.graph.latex or site.equation.result.style.form != PLAIN or right < _FEWEST_IN_COLUMNS:
        return []
    return [
        (right + off * 10**place, f"the {column} come out {_OFF[abs(off)]} too {'high' if off > 0 else 'low'}")
        for place, column in enumerate(_COLUMNS[: len(str(int(right)))])
        for off in (1, -1, 2, -2)
        if right > 2 * abs(off) * 10**place
    ]


def _slips_in_a_part(site: Site, tree: Expression, values: Sequence[Value]) -> list[Slip]:
    """A slip in one operation of a longer calculation, with which the rest is worked out right."""
    slips: list[Slip] = []
    for node in nodes(tree):
        if node.operator not in _SLIPS or site.is_written_fraction(node):
            continue
        try:
            left, right, result = (evaluate(part, values) for part in (node.left, node.right, node))
            near = [
                (evaluate(replaced(tree, node, len(values)), [*values, wrong]), wrong, reason)
                for wrong, reason in _SLIPS[node.operator](left, right, result)
                if result < 2 * wrong < 4 * result and left > 0 < right
            ]
        except ArithmeticRefusal:
            continue
        sign = {"*": "\\cdot", "/": "\\div"}.get(node.operator, node.operator) if site.graph.latex else node.operator
        part = f"{site.quoted(f'{left} {sign} {right}')} is {result}"
        slips += [(value, f"{part}, and the step worked with {wrong} ({reason})") for value, wrong, reason in near]
    return slips


def _scaled(values: Sequence[Value]) -> tuple[list[int], int] | None:
    """The values as whole numbers in one decimal unit, and how many decimals that unit has."""
    needed = [decimals_needed(value, _MOST_DECIMALS) for value in values]
    if any(count is None for count in needed):
        return None
    decimals = max(count or 0 for count in needed)
    return [int(value * 10**decimals) for value in values], decimals


def _addition_slips(terms: Sequence[Value], right: Value) -> list[Slip]:
    scaled = _scaled(terms)
    if scaled is None or any(term < 0 for term in scaled[0]):
        return []
    whole, decimals = scaled
    slips: list[Slip] = []
    carry = 0
    for place in range(max(len(str(term)) for term in whole)):
        carry = (carry + sum(term // 10**place % 10 for term in whole)) // 10
        if carry:
            lost = normal(Fraction(carry * 10 ** (place + 1), 10**decimals))
            slips.append((right - lost, f"the {carry} that is carried is dropped"))
    for term, digits in zip(terms, whole, strict=True) if len(terms) > 2 else ():
        if terms.count(term) > 1:
            continue
        slips += [(right - term, f"{_face(term)} is passed over"), (right + term, f"{_face(term)} is added twice")]
        if digits * 10 < 2 * max(whole):
            slips.append((right + 9 * term, f"{_face(term)} is written one place too far to the left"))
    return slips


def _face(value: Value) -> str:
    return render(value, INTEGER) or str(value)


def _subtraction_slips(left: Value, subtracted: Value, right: Value) -> list[Slip]:
    scaled = _scaled((left, subtracted))
    if scaled is None or left < subtracted or subtracted < 0:
        return []
    (upper, lower), decimals = scaled
    slips: list[Slip] = []
    borrow = 0
    reversed_digits = 0
    for place in range(len(str(upper))):
        above, below = upper // 10**place % 10, lower // 10**place % 10
        reversed_digits += abs(above - below) * 10**place
        borrow = 1 if above - below - borrow < 0 else 0
        if borrow:
            gained = normal(Fraction(10 ** (place + 1), 10**decimals))
            slips.append((right + gained, "the 1 that is borrowed is not taken away"))
    backwards = normal(Fraction(reversed_digits, 10**decimals))
    if backwards < left:
        slips.append((backwards, "in one place the upper digit is taken from the lower one"))
    return slips


def _multiplication_slips(left: Value, factor: Value, right: Value) -> list[Slip]:
    if not (isinstance(left, int) and isinstance(factor, int)):
        return []
    slips: list[Slip] = []
    if max(left, factor) <= _TIMES_TABLE and min(left, factor) > 1:
        pairs = ((left - 1, factor), (left + 1, factor), (factor - 1, left), (factor + 1, left))
        slips += [(off * other, f"{off * other} is {off} times {other}") for off, other in pairs if off > 1]
    for many, digit in ((left, factor), (factor, left)):
        if many >= 10 and 1 < digit < 10:
            slips += _long_multiplication_slips(many, digit, right)
    if 0 in (left % 10, factor % 10):
        slips.append((right * 10, "there is one zero too many"))
        if isinstance(right, int) and right % 10 == 0:
            slips.append((right // 10, "there is one zero too few"))
    if min(left, factor) > 10 and factor % 10:
        # The tens of the second factor are written below its ones, not one place to the left.
        unshifted = left * (factor % 10) + left * (factor // 10)
        slips.append((unshifted, "the second partial product is not shifted"))
        for place, digit in enumerate(map(int, reversed(str(factor)))):
            if digit:
                part = digit * 10**place
                slips.append((right - left * part, f"the partial product of {left} and {part} is left out"))
            for wrong, reason in _long_multiplication_slips(left, digit, left * digit):
                slips.append((right + (wrong - left * digit) * 10**place, f"in {left} times {digit}, {reason}"))
    return slips


def _long_multiplication_slips(many: int, digit: int, right: Value) -> list[Slip]:
    columns = ("ones", "tens", "hundreds", "thousands")
    slips: list[Slip] = []
    carry = 0
    for place in range(len(str(many))):
        own = many // 10**place % 10
        product = own * digit
        carry = (product + carry) // 10
        if carry and place < len(str(many)) - 1:
            slips.append((right - carry * 10 ** (place + 1), f"the {carry} that is carried is dropped"))
        for off in (own - 1, own + 1):
            if own > 1 and 0 < off < 10:
                near = right + (off - own) * digit * 10**place
                column = columns[place] if place < len(columns) else "higher places"
                slips.append((near, f"in the {column}, {own} times {digit} is {product}, but {off * digit} was used"))
    return slips


def _division_slips(left: Value, divisor: Value, right: Value) -> list[Slip]:
    if not (isinstance(right, int) and isinstance(divisor, int) and isinstance(left, int) and divisor > 1):
        return []
    slips: list[Slip] = []
    if 1 < right <= _TIMES_TABLE:
        for off in (right - 1, right + 1):
            if off > 1:
                slips.append((off, f"{off} times {divisor} is {off * divisor}, not {left}"))
    digits = str(right)
    if "0" in digits[1:] and len(digits) > 1:
        place = digits.index("0", 1)
        slips.append((int(digits[:place] + digits[place + 1 :]), "a zero of the quotient is lost"))
    if right > _TIMES_TABLE:
        near = (right - 10, right + 10, right - 1, right + 1)
        slips += [(value, f"{value} times {divisor} is {value * divisor}") for value in near]
    return slips


def _precedence_slips(tree: Expression, values: Sequence[Value]) -> list[Slip]:
    """The value of the same numbers and operators worked strictly from left to right."""
    order = sorted(nodes(tree), key=lambda node: node.position)
    indices = leaves(tree)
    running: Expression = indices[0]
    for node, leaf in zip(order, indices[1:], strict=True):
        running = Binary(node.operator, running, leaf)
    try:
        straight, right = evaluate(running, values), evaluate(tree, values)
    except ArithmeticRefusal:
        return []
    reason = "it was worked out from left to right, whatever binds more strongly"
    return [] if straight == right else [(straight, reason)]


_SLIPS = {
    "-": _subtraction_slips,
    "*": _multiplication_slips,
    "/": _division_slips,
}


propose = NumbersAndLetters(in_numbers, AlgebraInjector(wrong_coefficients))
