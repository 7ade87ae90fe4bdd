"""The operands and the operator are right, the result is not.

Only slips that people make: a dropped carry, a borrow forgotten, a column that adds up to one too many, a neighbor in
the times table, a lost zero, a shifted decimal point, a term of a long sum passed over or taken twice, a slip in a part
of a long calculation, a partial product left out, an ignored order of operations. If many are asked for, also columns
that come out one or two too high or too low for no reason. Never a random number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, repeat

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, Expression, evaluate, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import INTEGER, PLAIN, Value, decimals_needed, normal, render
from lemma.arithmetic.propagation import Change
from lemma.injectors.algebra import AlgebraInjector, NumbersAndLetters
from lemma.injectors.coefficients import wrong_coefficients
from lemma.injectors.cuts import replaced
from lemma.injectors.proposal import LAST_RESORT, ODD, SELDOM, Proposal, Site, shuffled, sites

Slip = tuple[Value, str]

_TIMES_TABLE = 12
_MOST_DECIMALS = 4
_LARGEST_FACTOR = 11
_TENS = 100  # nor the sums of tens, up to here
_TWICE = 20  # up to here, everybody knows the half and the double
_FEWEST = 3  # from here on, people are not sure of the times table
_LARGEST_KNOWN = 9  # what two digits add up to without anybody getting it wrong, almost
_SMALLEST_PRODUCT = 9
_LARGEST_DIGIT = 9
_FARTHEST = 4  # times a difference
_SMALLEST_SUM = 6  # above which people get a sum of digits wrong
_OFF = {1: "one", 2: "two"}
_COLUMNS = {-2: "hundredths", -1: "tenths", 0: "ones", 1: "tens", 2: "hundreds", 3: "thousands"}


def in_numbers(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """Slips in the result of one equation; in an easy one only if the solution has no other."""
    # An unknown that the text solves for is a result too: "6x = 96, x = 16".
    # One that is named before its equation keeps its right value there.
    named = {(mention.number.face, mention.step) for mention in graph.mentions}
    solved = [
        Site(graph, index)
        for index, equation in enumerate(graph.equations)
        if equation.solves
        if not any(face == equation.result.face and step <= graph.step_of[index] for face, step in named)
    ]
    found = [*sites(graph, rng), *solved]
    hard = [proposal for site in found if not _is_easy(site) for proposal in _slips_of(site, rng)]
    hard += [_zero_slip(site) for site in found if _is_easy(site) and _has_zeros(site)]
    yield from hard or (proposal for site in found if _is_easy(site) for proposal in _slips_of(site, rng))


def _has_zeros(site: Site) -> bool:
    """Whether a product is found by counting zeros: 20 * 10."""
    tree, faces = site.equation.tree, [operand.face for operand in site.equation.operands]
    is_product = isinstance(tree, Binary) and tree.operator == "*" and len(faces) == 2 and not site.graph.latex
    whole = all(isinstance(face, int) for face in (*faces, site.equation.result.face))
    return is_product and whole and all(face % 10 == 0 for face in faces) and not site.equation.solves


def _zero_slip(site: Site) -> Proposal:
    wrong = site.equation.result.face * 10
    told = f"{site.expression}{site.unit} is {site.result}, not {site.shown(site.equation.result, wrong)}"
    return Proposal(Change(site.index, result=wrong), f"{told}: there is one zero too many.")


def _slips_of(site: Site, rng: random.Random) -> Iterator[Proposal]:
    seen, (lowest, highest) = {site.equation.result.face}, _plausible(site)
    often, seldom = (shuffled(_slips(site, careless and not site.graph.latex), rng) for careless in (False, True))
    easy, odd = _easy_slips(site), shuffled(_column_slips(site), rng)
    for weight, (wrong, reason) in chain(
        zip(repeat(1), often), zip(repeat(SELDOM), seldom), zip(repeat(LAST_RESORT), easy), zip(repeat(ODD), odd)
    ):
        if wrong not in seen and lowest < wrong < highest:
            seen.add(wrong)
            told = f"{site.quoted(site.expression + site.unit)} is"
            if site.equation.solves:
                told = f"{site.quoted(site.equation.solves)} gives"
            # A column that is the whole calculation would only say it again.
            compact = reason.replace(" ", "")
            circular = f",{site.expression} is {site.result}, but".replace(" ", "") in compact
            why = _reversed(site, wrong) if circular else reason
            explanation = f"{told} {site.result}, not {site.shown(site.equation.result, wrong)}: {why}."
            yield Proposal(Change(site.index, result=wrong), explanation, weight)


def _reversed(site: Site, wrong: Value) -> str:
    """Whose result a wrong sum or difference is: `6 is 13 - 7` for `12 - 7 = 6`."""
    left, right, *more = (number.face for number in site.equation.operands)
    off = wrong - site.equation.result.face
    if more:
        return f"the step miscounts by {off:+}"
    sign = site.equation.operators[0].symbol
    return f"{_face(wrong)} is {_face(left + off)} {'+' if sign == '+' else '-'} {_face(right)}"


def _is_easy(site: Site) -> bool:
    """Whether nobody gets this wrong: half or twice a round number, ten times or a tenth of
    a whole one, sums and differences of tens, and sums of two digits.
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
        # 8 + 7 is one of the sums of two digits that people get wrong.
        is_hard = tree.operator == "+" and left + right > 10 and left != right and min(left, right) > _FEWEST
        return (max(left, right) < 10 and not is_hard) or (left % 10 == right % 10 == 0 and max(left, right) <= _TENS)
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


def _slips(site: Site, careless: bool) -> list[Slip]:
    """The wrong results that people get, each with how they get it; if they are `careless`, in easy places as well."""
    equation, right = site.equation, site.equation.result.face
    if equation.result.style.form != PLAIN:
        return []  # the slips are those of written digits
    slips: list[Slip] = []
    tree, values = equation.tree, equation.operand_values()
    if not isinstance(right, int) and isinstance(tree, Binary) and tree.operator in "*/":
        slips += [(normal(right * factor), "the decimal point is shifted") for factor in (10, Fraction(1, 10))]
    elif isinstance(tree, Binary) and tree.operator == "*" and not all(isinstance(value, int) for value in values):
        # 500 * .05 = 250, but not 500 * .2 = 1000, which is more than there was.
        shifted = [right * 10] if right * 10 < max(values) else []
        shifted += [right // 10] if right % 10 == 0 and right > 10 else []
        is_written = all(decimals_needed(value, _MOST_DECIMALS) is not None for value in values)
        slips += [(value, "the decimal point is shifted") for value in shifted if is_written]
    if equation.result.percent and not equation.bare_percent:
        return slips
    operators = {node.operator for node in nodes(tree)}
    if operators == {"+"}:
        slips += _addition_slips([values[leaf] for leaf in leaves(tree)], right, careless)
    elif isinstance(tree, Binary) and isinstance(tree.left, int) and isinstance(tree.right, int):
        if tree.operator in _SLIPS:
            slips += _SLIPS[tree.operator](values[tree.left], values[tree.right], right, careless)
    elif len(operators) > 1 and "(" not in site.expression and "^" not in operators:
        slips += _precedence_slips(tree, values)
    if len(values) > 2 and operators != {"+"}:
        slips += _slips_in_a_part(site, tree, values)
    return slips


def _easy_slips(site: Site) -> list[Slip]:
    """One too many or too few, in what hardly anybody gets wrong."""
    right, operators = site.equation.result.face, [operator.symbol for operator in site.equation.operators]
    plain = site.equation.result.style.form == PLAIN and not site.equation.result.percent
    if site.graph.latex or operators not in (["+"], ["-"]) or not plain or not isinstance(right, int):
        return []
    if all(isinstance(operand.face, int) and operand.face % 10 == 0 for operand in site.equation.operands):
        return []  # nobody is off by one between round tens
    return [(wrong, _reversed(site, wrong)) for wrong in (right - 1, right + 1) if wrong > 1]


def _column_slips(site: Site) -> list[Slip]:
    """One column of a written calculation comes out one or two too high or too low, for no reason."""
    right = site.equation.result.face
    if site.graph.latex or site.equation.result.style.form != PLAIN or right < _SMALLEST_PRODUCT:
        return []
    return [
        (right + off * 10**place, f"the {_column(place)} come out {_OFF[abs(off)]} too {'high' if off > 0 else 'low'}")
        for place in range(min(len(str(int(right))), len(_COLUMNS) - 2))
        for off in (1, -1, 2, -2)
        if right > 2 * abs(off) * 10**place
    ]


def _slips_in_a_part(site: Site, tree: Expression, values: Sequence[Value]) -> list[Slip]:
    """A slip in one operation of a longer calculation, with which the rest is worked out right."""
    slips: list[Slip] = []
    for node in nodes(tree):
        if node.operator not in _SLIPS or site.is_written_fraction(node):
            continue
        # Of 1/2 * 30, nobody multiplies 5 by 3.
        if any(isinstance(part, Binary) and site.is_written_fraction(part) for part in (node.left, node.right)):
            continue
        try:
            left, right, result = (evaluate(part, values) for part in (node.left, node.right, node))
            near = [
                (evaluate(replaced(tree, node, len(values)), [*values, wrong]), wrong, reason)
                for wrong, reason in _SLIPS[node.operator](left, right, result, False)
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


def _addition_slips(terms: Sequence[Value], right: Value, careless: bool = False) -> list[Slip]:
    scaled = _scaled(terms)
    if scaled is None or any(term < 0 for term in scaled[0]):
        return []
    whole, decimals = scaled
    slips: list[Slip] = []
    carry, is_single = 0, _is_single(whole)
    for place in range(max(len(str(term)) for term in whole)):
        column = [term // 10**place % 10 for term in whole]
        total, unit = carry + sum(column), Fraction(10**place, 10**decimals)
        added = " + ".join(str(digit) for digit in column if digit) + (f" + the {carry} carried" if carry else "")
        is_sum = sum(digit > 0 for digit in column) > 1
        is_double = len(set(column)) == 1 and not carry and total <= _LARGEST_KNOWN
        if is_sum and not is_double and total > (_SMALLEST_SUM if careless and not is_single else _LARGEST_KNOWN):
            slips += _off_by_one(right, total, unit, f"in the {_column(place - decimals)}, {added}")
        carry = total // 10
        if careless and is_sum and not carry and sum(term >= 10 ** (place + 1) for term in whole) > 1:
            slips.append((right + normal(10 * unit), f"a 1 is carried, although {added} is only {total}"))
        if carry:
            slips.append((right - normal(carry * 10 * unit), f"the {carry} that is carried is dropped"))
    for term, digits in zip(terms, whole, strict=True) if len(terms) > 2 else ():
        if terms.count(term) > 1:
            continue
        slips += [(right - term, f"{_face(term)} is passed over"), (right + term, f"{_face(term)} is added twice")]
        if digits * 10 < 2 * max(whole):
            slips.append((right + 9 * term, f"{_face(term)} is written one place too far to the left"))
    return slips


def _is_single(terms: Sequence[int]) -> bool:
    """Whether the terms have a single digit each, but for zeros at the end that all of them have."""
    zeros = min(len(str(term)) - len(str(term).rstrip("0")) for term in terms)
    return all(term < 10 ** (zeros + 1) for term in terms)


def _off_by_one(right: Value, found: int, unit: Fraction, worked: str) -> list[Slip]:
    """What comes out if one column of a written calculation is one too high or too low."""
    return [
        (normal(right + off * unit), f"{worked} is {found}, but {found + off} was used")
        for off in (1, -1)
        if right + off * unit > 0
    ]


def _column(place: int) -> str:
    return _COLUMNS.get(place, "higher places")


def _face(value: Value) -> str:
    return render(value, INTEGER) or str(value)


def _subtraction_slips(left: Value, subtracted: Value, right: Value, careless: bool = False) -> list[Slip]:
    scaled = _scaled((left, subtracted))
    if scaled is None or left < subtracted or subtracted < 0:
        return []
    (upper, lower), decimals = scaled
    slips: list[Slip] = []
    borrow, is_single = 0, _is_single((upper, lower))
    reversed_digits = 0
    for place in range(len(str(upper))):
        above, below = upper // 10**place % 10 - borrow, lower // 10**place % 10
        reversed_digits += abs(above + borrow - below) * 10**place
        borrow, unit = 1 if above - below < 0 else 0, Fraction(10**place, 10**decimals)
        is_known = is_single or above == 2 * below or min(below, above - below) < _FEWEST
        if careless and above > below > 0 and not is_known:
            slips += _off_by_one(right, above - below, unit, f"in the {_column(place - decimals)}, {above} - {below}")
        if careless and above >= below > 0 and lower >= 10 ** (place + 1):
            slips.append((right - normal(10 * unit), f"a 1 is borrowed, although {above} is not less than {below}"))
        if borrow:
            slips.append((right + normal(10 * unit), "the 1 that is borrowed is not taken away"))
            worked = f"in the {_column(place - decimals)}, {above + 10} - {below}"
            near = _off_by_one(right, above + 10 - below, unit, worked)
            slips += near[above + 10 - below == _LARGEST_DIGIT :]  # nobody writes a 10 into a column
    backwards = normal(Fraction(reversed_digits, 10**decimals))
    if backwards < left and backwards < _FARTHEST * right:  # 20 - 19 is not taken for 19
        slips.append((backwards, "in one place the upper digit is taken from the lower one"))
    return slips


def _multiplication_slips(left: Value, factor: Value, right: Value, careless: bool = False) -> list[Slip]:
    scaled = _scaled((left, factor))
    if scaled is None or min(left, factor) <= 0:
        return []
    # 220 * 0.4 is worked out as 22 * 4, and the zeros and the decimal point are seen to at the end.
    many, digit = (int(str(value).rstrip("0")) for value in scaled[0])
    unit = Fraction(right) / (many * digit)
    slips: list[Slip] = []
    is_reduced = {many, digit} != {left, factor}
    if max(many, digit) <= _TIMES_TABLE and right >= _SMALLEST_PRODUCT:
        known = f"{many} times {digit} is {many * digit}, and " if is_reduced else ""
        for near, other in ((many, digit), (digit, many)):
            if near > _FEWEST <= other + careless:
                slips += [(off * other, f"{known}{off * other} is {off} times {other}") for off in (near - 1, near + 1)]
    for one, other in ((many, digit), (digit, many)):
        if one >= 10 and 1 < other < 10:
            slips += _long_multiplication_slips(one, other, careless)
    if min(many, digit) > 10:
        # The tens of the second factor are written below its ones, not one place to the left.
        unshifted = many * (digit % 10) + many * (digit // 10)
        slips.append((unshifted, "the second partial product is not shifted"))
        for place, one in enumerate(map(int, reversed(str(digit)))):
            if one:
                part = one * 10**place
                slips.append((many * (digit - part), f"the partial product of {many} and {part} is left out"))
            for wrong, reason in _long_multiplication_slips(many, one):
                slips.append((many * digit + (wrong - many * one) * 10**place, f"in {many} times {one}, {reason}"))
    if is_reduced:
        within = f"in {many} times {digit} = {many * digit}, "
        slips = [
            (normal(wrong * unit), reason if reason.startswith(f"{many} times") else within + reason)
            for wrong, reason in slips
        ]
    if isinstance(left, int) and isinstance(factor, int) and isinstance(right, int) and 0 in (left % 10, factor % 10):
        slips.append((right * 10, "there is one zero too many"))
        slips += [(right // 10, "there is one zero too few")] if max(left, factor) * 10 < right else []
    return slips


def _long_multiplication_slips(many: int, digit: int, careless: bool = False) -> list[Slip]:
    right, carry = many * digit, 0
    slips: list[Slip] = []
    for place in range(len(str(many))):
        own = many // 10**place % 10
        product = own * digit
        carry = (product + carry) // 10
        if carry and place < len(str(many)) - 1:
            slips.append((right - carry * 10 ** (place + 1), f"the {carry} that is carried is dropped"))
            for wrong in (carry - 1, carry + 1) if careless else ():
                if wrong:
                    near = right + (wrong - carry) * 10 ** (place + 1)
                    slips.append((near, f"{carry} has to be carried to the {_column(place + 1)}, but {wrong} was"))
        for off in (own - 1, own + 1):
            smallest = _SMALLEST_PRODUCT - careless
            if own >= _FEWEST <= digit + careless and product >= smallest and off < 10:
                near = right + (off - own) * digit * 10**place
                slips.append(
                    (near, f"in the {_column(place)}, {own} times {digit} is {product}, but {off * digit} was used")
                )
    return slips


def _division_slips(left: Value, divisor: Value, right: Value, _careless: bool = False) -> list[Slip]:
    if not (isinstance(right, int) and isinstance(divisor, int) and isinstance(left, int) and divisor > 1):
        return []
    slips: list[Slip] = []
    if 1 < right <= _TIMES_TABLE and right != 10 and _FEWEST <= divisor <= _TIMES_TABLE:
        for off in (right - 1, right + 1):
            if off > 1:
                slips.append((off, f"{off} times {divisor} is {off * divisor}, not {left}"))
    if left % 10 == divisor % 10 == 0 and right > 1:
        slips.append((right * 10, "there is one zero too many"))
        slips += [(right // 10, "there is one zero too few")] if right % 10 == 0 and right > 10 else []
    digits = str(right)
    if "0" in digits[1:] and len(digits) > 1:
        place = digits.index("0", 1)
        slips.append((int(digits[:place] + digits[place + 1 :]), "a zero of the quotient is lost"))
    if right > _TIMES_TABLE:
        rest = 0
        for place in range(len(str(left)) - 1, -1, -1):
            piece = 10 * rest + left // 10**place % 10
            digit, rest = divmod(piece, divisor)
            if place and rest and (left - rest * 10**place) % divisor == 0:
                over = f"the {rest} left over in the {_column(place)} is dropped"
                slips.append(((left - rest * 10**place) // divisor, over))
            if divisor <= _TIMES_TABLE and digit >= _FEWEST and (divisor >= _FEWEST or piece > _LARGEST_KNOWN):
                worked = f"in the {_column(place)}, {piece} divided by {divisor} is {digit}"
                worked += f" with {rest} left over" if rest else ""
                slips += [
                    (right + off * 10**place, f"{worked}, but {digit + off} was used")
                    for off in (-1, 1)
                    if digit + off <= _LARGEST_DIGIT
                ]
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


_SLIPS: dict[str, Callable[[Value, Value, Value, bool], list[Slip]]] = {
    "+": lambda left, right, result, careless: _addition_slips((left, right), result, careless),
    "-": _subtraction_slips,
    "*": _multiplication_slips,
    "/": _division_slips,
}


def digit_slips(operator: str, left: int, right: int) -> Iterator[Slip]:
    """The slips of written arithmetic in an operation with two whole numbers."""
    result = evaluate(Binary(operator, 0, 1), (left, right))
    slips = _SLIPS[operator](left, right, result, False)
    lowest = max(left, right) if operator == "+" else 0
    yield from ((wrong, reason) for wrong, reason in slips if lowest < wrong < result * _LARGEST_FACTOR)


propose = NumbersAndLetters(in_numbers, AlgebraInjector(wrong_coefficients))
