"""The operands and the operator are right, the result is not.

Only slips that people make: those of written arithmetic (`written_arithmetic.py`), a term of a long sum passed over, a
shifted decimal point, a slip in a part of a long calculation, an ignored order of operations. If many are asked for,
also numbers near a hard product that are in no times table. Never a random number, and nothing in a calculation that
nobody gets wrong: that is refused as `no_believable_slip`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, Expression, evaluate, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import PLAIN, Value, decimals_needed, normal
from lemma.arithmetic.propagation import Change
from lemma.injectors.algebra import AlgebraInjector, NumbersAndLetters
from lemma.injectors.coefficients import wrong_coefficients
from lemma.injectors.cuts import replaced
from lemma.injectors.easy_facts import unlikely_if_easy, unlikely_in_easy_sum
from lemma.injectors.proposal import Proposal, Site, shuffled, sites
from lemma.injectors.written_arithmetic import (
    Slip,
    addition_slips,
    face,
    significant,
    subtraction_slips,
    without_decimals,
)
from lemma.injectors.written_products import division_slips, multiplication_slips

NO_SLIP = "no_believable_slip"
_MOST_DECIMALS = 4
_LARGEST_FACTOR = 11
_OFF = {1: "one", 2: "two"}


def in_numbers(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """Slips in the result of one equation."""
    # An unknown that the text solves for is a result too: "6x = 96, x = 16".
    # One that is named before its equation keeps its right value there.
    named = {(mention.number.face, mention.step) for mention in graph.mentions}
    solved = [
        Site(graph, index)
        for index, equation in enumerate(graph.equations)
        if equation.solves
        if not any(face == equation.result.face and step <= graph.step_of[index] for face, step in named)
    ]
    for site in (*sites(graph, rng), *solved):
        made = list(_slips_of(site, rng))
        yield from made or [Proposal(Change(site.index), f"Nobody gets {site.worked} wrong.", refused=NO_SLIP)]


def _slips_of(site: Site, rng: random.Random) -> Iterator[Proposal]:
    right, (lowest, highest) = site.equation.result.face, plausible(site)
    seen, style, currency = {right}, site.equation.result.style, site.equation.result.currency
    # Of two explanations of one number, the more usual one counts.
    for slip in sorted(shuffled(_slips(site), rng), key=lambda slip: -slip.weight):
        if slip.value in seen or not lowest < slip.value < highest or (slip.weight < 1 and site.graph.latex):
            continue
        # 6.75 is not taken for 6.00 or 6.30.
        if style.decimals and not currency and decimals_needed(slip.value) != style.decimals:
            continue
        if currency and style.decimals == 1 and isinstance(slip.value, int):
            continue  # $15 for $15.5 would be rounded
        seen.add(slip.value)
        told = f"{site.quoted(site.in_numbers)} is"
        if site.equation.solves:
            told = f"{site.quoted(site.equation.solves)} gives"
        # A column that is the whole calculation would only say it again.
        compact = slip.reason.replace(" ", "")
        off = abs(int(slip.value - right))
        is_circular = off in _OFF and f",{site.in_numbers} is {site.result}, but".replace(" ", "") in compact
        why = f"the step is off by {_OFF[off]}" if is_circular else slip.reason
        explanation = f"{told} {site.result}, not {site.shown(site.equation.result, slip.value)}: {why}."
        yield Proposal(Change(site.index, result=slip.value), explanation, slip.weight)


def plausible(site: Site) -> tuple[Value, Value]:
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
        if tree.operator == "*" and min(left, other) >= 1:
            lowest = max(left, other) - 1
    return lowest, highest


def _slips(site: Site) -> list[Slip]:
    """The wrong results that people get, each with how they get it."""
    equation, right = site.equation, site.equation.result.face
    if equation.result.style.form != PLAIN:
        return []  # the slips are those of written digits
    tree, values = equation.tree, equation.operand_values()
    operators = {node.operator for node in nodes(tree)}
    slips = _shifted_points(tree, values, right)
    if equation.result.percent and not equation.bare_percent:
        return slips
    if operators == {"+"}:
        terms = [values[leaf] for leaf in leaves(tree)]
        found = addition_slips(terms, right)
        slips += found if site.graph.latex else unlikely_in_easy_sum(found, terms, right)
    elif isinstance(tree, Binary) and isinstance(tree.left, int) and isinstance(tree.right, int):
        written = [equation.operands[leaf] for leaf in (tree.left, tree.right)]
        left, other = (site.text[number.start : number.end] + "%" * number.percent for number in written)
        if all(number.style.form == PLAIN for number in written):
            parts = (tree.operator, values[tree.left], values[tree.right], right)
            found = slips_of(*parts, (left, other))
            slips += found if site.graph.latex else unlikely_if_easy(found, *parts)
    elif operators <= {"*", "/"} and not site.graph.latex:
        slips += _slips_in_shares(site, tree, values, right)
    elif len(operators) > 1 and "(" not in site.expression and "^" not in operators:
        slips += _precedence_slips(tree, values)
    if len(values) > 2 and operators != {"+"}:
        slips += _slips_in_a_part(site, tree, values)
    return [*slips, *without_decimals(right)]


def _shifted_points(tree: Expression, values: Sequence[Value], right: Value) -> list[Slip]:
    """A decimal point shifted in the result, if an operand or the result is a decimal below 1."""
    if not isinstance(tree, Binary) or tree.operator not in "*/" or len(values) != 2:
        return []
    operands = [value for value in values if not isinstance(value, int)]
    is_small = any(0 < value < 1 for value in operands) or (tree.operator == "/" and 0 < right < 1)
    are_known = not {*values}.isdisjoint({Fraction(1, 2), Fraction(1, 4), Fraction(1, 10), 10, 100, 1000})
    if not is_small or are_known or any(decimals_needed(value, _MOST_DECIMALS) is None for value in operands):
        return []
    # 500 * .05 = 250, but not 500 * .2 = 1000, which is more than there was.
    shifted = [right * 10] if tree.operator == "/" or right * 10 < max(values) else []
    shifted += [normal(Fraction(right, 10))] if not isinstance(right, int) or (right % 10 == 0 and right > 10) else []
    sides = ((value, "right" if value > right else "left") for value in shifted)
    return [Slip(normal(value), f"the decimal point is one place too far to the {side}") for value, side in sides]


def _slips_in_a_part(site: Site, tree: Expression, values: Sequence[Value]) -> list[Slip]:
    """A slip in one operation of a longer calculation, with which the rest is worked out right."""
    slips: list[Slip] = []
    for node in nodes(tree):
        if site.is_written_fraction(node):
            continue
        # Of 1/2 * 30, nobody multiplies 5 by 3.
        if any(isinstance(part, Binary) and site.is_written_fraction(part) for part in (node.left, node.right)):
            continue
        try:
            left, right, result = (evaluate(part, values) for part in (node.left, node.right, node))
            found = slips_of(node.operator, left, right, result)
            found = found if site.graph.latex else unlikely_if_easy(found, node.operator, left, right, result)
            near = [
                (evaluate(replaced(tree, node, len(values)), [*values, slip.value]), slip)
                for slip in found
                if left > 0 < right and result < 2 * slip.value < 4 * result
            ]
        except ArithmeticRefusal:
            continue
        sign = {"*": "\\cdot", "/": "\\div"}.get(node.operator, node.operator) if site.graph.latex else node.operator
        part = f"{site.quoted(f'{face(left)} {sign} {face(right)}')} is {face(result)}"
        slips += [
            Slip(value, f"{part}, and the step worked with {face(slip.value)} ({slip.reason})", slip.weight)
            for value, slip in near
        ]
    return slips


def _slips_in_shares(site: Site, tree: Expression, values: Sequence[Value], right: Value) -> list[Slip]:
    """A slip in 3/4 * 360 = 270, which people work out as 360 / 4 and 3 * 90, or in 15/100 * 240, as 15 * 24."""
    above, below = _factors(tree, values)
    if len(below) != 1 or not all(isinstance(value, int) and value > 0 for value in (*above, *below)):
        return []
    divisor = int(below[0])
    if divisor in (10, 100, 1000) and len(above) == 2:
        one, other = (significant(int(value)) for value in above)
        parts = [("*", one, other)]
    elif len(above) == 2 and max(above) % divisor == 0 and min(above) < divisor:
        part = int(max(above)) // divisor
        parts = [("/", int(max(above)), divisor), *([("*", int(min(above)), part)] if min(above) > 1 else [])]
    else:
        return []
    slips = []
    for sign, one, other in parts:
        result = evaluate(Binary(sign, 0, 1), (one, other))
        for slip in unlikely_if_easy(slips_of(sign, one, other, result), sign, one, other, result):
            told = (
                f"{one} {sign} {other} is {face(result)}, and the step worked with {face(slip.value)} ({slip.reason})"
            )
            if 2 * slip.value > result > 0 and slip.value < 2 * result:
                slips.append(Slip(normal(Fraction(right) * slip.value / result), told, slip.weight))
    return slips


def _factors(tree: Expression, values: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """What is multiplied in a product of fractions, above the bars and below."""
    if isinstance(tree, int):
        return [values[tree]], []
    (above, below), (right_above, right_below) = _factors(tree.left, values), _factors(tree.right, values)
    if tree.operator == "/":
        right_above, right_below = right_below, right_above
    return above + right_above, below + right_below


def _precedence_slips(tree: Expression, values: Sequence[Value]) -> list[Slip]:
    """The value of the same numbers and operators worked strictly from left to right."""
    order = sorted(nodes(tree), key=lambda node: node.position)
    indices = leaves(tree)
    for node in order:
        left, right = node.left, node.right
        are_numbers = isinstance(left, int) and isinstance(right, int)
        if node.operator == "/" and are_numbers and evaluate(left, values) < evaluate(right, values):
            return []  # 1/2 is a fraction, which nobody takes apart
    running: Expression = indices[0]
    for node, leaf in zip(order, indices[1:], strict=True):
        running = Binary(node.operator, running, leaf)
    try:
        straight, exact = evaluate(running, values), evaluate(tree, values)
    except ArithmeticRefusal:
        return []
    # What binds more strongly stands behind a sum.
    first = next((node.operator for node in order[1:] if node.operator in "*/"), "*")
    name = {"*": "multiplication", "/": "division"}[first]
    reason = f"it was worked out from left to right, although the {name} comes first"
    return [] if straight == exact else [Slip(straight, reason)]


def slips_of(
    operator: str, left: Value, right: Value, result: Value, written: tuple[str, str] | None = None
) -> list[Slip]:
    """The slips in one operation, with its numbers as they are `written` in the text, if not plainly."""
    if operator == "+":
        return addition_slips((left, right), result)
    if operator == "-":
        return subtraction_slips(left, right, result)
    if operator == "*":
        return multiplication_slips(left, right, result, written or (face(left), face(right)))
    return division_slips(left, right, result) if operator == "/" else []


def digit_slips(operator: str, left: int, right: int) -> Iterator[tuple[Value, str]]:
    """The slips of written arithmetic in an operation with two whole numbers."""
    result = evaluate(Binary(operator, 0, 1), (left, right))
    lowest = max(left, right) if operator == "+" else 0
    for slip in slips_of(operator, left, right, result):
        if slip.weight == 1 and lowest < slip.value < result * _LARGEST_FACTOR:
            yield slip.value, slip.reason


propose = NumbersAndLetters(in_numbers, AlgebraInjector(wrong_coefficients))
