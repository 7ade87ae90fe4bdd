r"""Wrong results of one operation with numbers, as people get them, and the type of error that each of them is.

>>> [(slip.value, slip.kind) for slip in misworked(parse(r"2^5"), [Surd(2), Surd(5)])][0]
(10, 'exponent_law_error')
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import factorial, gcd, isqrt
from typing import NamedTuple

from lemma.arithmetic.formulas import Node
from lemma.arithmetic.numbers import Value, normal
from lemma.arithmetic.surds import NoValue, Surd, Unit
from lemma.arithmetic.writing import known_value
from lemma.injectors.calculation_error import digit_slips

CALCULATION, SIGN, FRACTIONS, POWERS = "calculation_error", "sign_error", "fraction_error", "exponent_law_error"
CROSS_TERM, FORMULA = "cross_term_error", "formula_confusion_error"
KINDS = (CALCULATION, SIGN, FRACTIONS, POWERS, CROSS_TERM, FORMULA)
_LARGEST_BASE = 20
_EASY = 10
_KNOWN_AT_SIGHT = 12
HALF = "half of it was taken, and not the square root"
_HALVED, _HALVED_MOST = 5, 14  # nobody takes half of 16 for its root
_I = Unit(1, 0, 1)
_ADDED = re.compile(r"^in the \w+, (\d+) \+ (\d+) is (\d+), but")
_TIMES = re.compile(r"in the \w+, \d+ times \d+ is (\d+), but")
_DIVIDED = re.compile(r"(?:^|in the \w+, )(\d+) divided by (\d+) is")


class Slip(NamedTuple):
    """A wrong value, why it is wrong, and the type of the error."""

    value: Surd
    reason: str
    kind: str = CALCULATION


def misworked(node: Node, parts: list[Surd]) -> Iterator[Slip]:
    """Wrong values of an operation whose parts have these values. A digit is wrong only in numbers that are written."""
    yield from factor_passed_over(node, parts)
    rational = [part.rational for part in parts]
    first, second = (*rational, None, None)[:2]
    if node.op in ("+", "-", "*", "/", "frac", "^"):
        if first is None or second is None:
            yield from with_roots(node, parts)
            return
        left, right = Fraction(first), Fraction(second)
        reduced = any(
            part.op == "frac" and isinstance(one, int) for part, one in zip(node.parts, rational, strict=True)
        )
        if node.op in ("+", "-"):
            yield from _numerators(node)
        if node.op in ("+", "-") and reduced and not _whole(left, right):
            return  # the denominators that are written are not those of the values
        if node.op in ("+", "-"):
            yield from squares(node)
            if _whole(left, right) or all(map(_is_in_lowest_terms, node.parts, (left, right))):
                yield from _with_visible_digits(node, parts, sums(node.op, left, right))
        elif node.op == "^":
            yield from powers(left, right, node.parts[0].op in ("frac", "/"))
        else:
            yield from moved_point(node, left, right)
            yield from _with_visible_digits(node, parts, products(node.op, left, right))
            if node.op == "*" and all(map(_is_in_lowest_terms, node.parts, (left, right))):
                yield from _numerators_only(left, right)
                yield from _half_of_a_fraction(left, right)
    else:
        yield from of_one(node, parts)


def moved_point(node: Node, left: Fraction, right: Fraction) -> Iterator[Slip]:
    """A division by a power of ten that moves the decimal point too far, or not far enough."""
    below = node.parts[1]
    if node.op == "*" or below.op != "^" or below.parts[0].number != 10 or not left % 10:
        return
    places = len(str(right)) - 1
    for wrong in (places - 1, places + 1) if right.denominator == 1 and places > 2 else ():
        told = f"the decimal point moves by ${places}$ places, and was moved by ${wrong}$"
        yield Slip(Surd(normal(left / 10**wrong)), told)


def squares(node: Node) -> Iterator[Slip]:
    """`5^2 - 3^2` as the square of the difference."""
    if node.op != "-" or any(part.op != "^" or part.parts[1].number != 2 for part in node.parts):
        return
    first, second = (part.parts[0].number for part in node.parts)
    if first is not None and second is not None and first.rational is not None and second.rational is not None:
        left, right = Fraction(first.rational), Fraction(second.rational)
        if left != right:
            yield Slip(Surd(normal((left - right) ** 2)), "it is not the square of the difference", CROSS_TERM)


def of_one(node: Node, parts: list[Surd]) -> Iterator[Slip]:
    """Wrong roots, whole parts, binomial coefficients and factorials, and values without the minus sign in front."""
    size, *others = (part.rational for part in parts)
    if node.op == "sqrt" and isinstance(size, int):
        if node.parts[0].op != "^":
            yield from root_by_terms(node.parts[0])
            yield from roots(size)
        elif node.parts[0].parts[1].number == 2:
            yield Slip(Surd(size), "the root was not taken", POWERS)
    elif node.op in ("lfloor", "lceil", "abs") and size is not None:
        yield from rounded_or_taken(node, Fraction(size))
    elif node.op == "binom" and isinstance(size, int) and isinstance(others[0], int):
        yield from binomials(size, others[0])
    elif node.op == "!" and isinstance(size, int) and size > 3:
        yield Slip(Surd(factorial(size - 1)), "one factor was forgotten")
    elif node.op == "neg" and node.parts[0].op in ("*", "/", "frac", "^", "function", "sqrt") and size is not None:
        yield Slip(parts[0], "the minus sign in front is lost", SIGN)


def _numerators(node: Node) -> Iterator[Slip]:
    """The slips in the numerators of fractions that have the same denominator."""
    if any(part.op != "frac" or part.parts[0].op != "num" or part.parts[1].op != "num" for part in node.parts):
        return
    (left, below), (right, other) = ([part.number.rational for part in one.parts if part.number] for one in node.parts)
    if below != other or not all(isinstance(one, int) and one > 0 for one in (left, right, below)):
        return
    assert isinstance(left, int) and isinstance(right, int) and below is not None
    if max(left, right) > _EASY and (node.op == "+" or left > right):
        for wrong, reason in likely_digit_slips(node.op, left, right):
            if Fraction(wrong, below).denominator != below:
                continue
            told = (
                f"the numerators give ${left} {node.op} {right} = {left + right if node.op == '+' else left - right}$"
            )
            yield Slip(Surd(normal(Fraction(wrong) / below)), f"{told}, not ${wrong}$ ({reason})")


def _with_visible_digits(node: Node, parts: list[Surd], slips: Iterator[Slip]) -> Iterator[Slip]:
    """The slips without those in the digits of numbers that are not written, if they are not small either."""
    sizes = [part.rational for part in parts]
    are_visible = all(
        part.op == "num" or (isinstance(size, int) and 0 <= size <= _KNOWN_AT_SIGHT)
        for part, size in zip(node.parts, sizes, strict=True)
    )
    for slip in slips:
        if "is larger than" in slip.reason and any(part.op != "num" for part in node.parts):
            yield slip._replace(reason="what is taken away is larger, so the difference is negative")
        elif are_visible or slip.kind != CALCULATION:
            yield slip


def rounded_or_taken(node: Node, number: Fraction) -> Iterator[Slip]:
    """Whole parts and absolute values that are taken wrongly."""
    if node.op in ("lfloor", "lceil") and number.denominator != 1:
        way, wrong = ("down", -(-number // 1)) if node.op == "lfloor" else ("up", number // 1)
        if abs(number - wrong) <= Fraction(1, 2):  # to the nearest number, as most numbers are rounded
            yield Slip(Surd(int(wrong)), f"it has to be rounded {way}")
    elif node.op == "abs" and number < 0:
        yield Slip(Surd(normal(number)), "an absolute value is not negative", SIGN)


def binomials(of: int, taken: int) -> Iterator[Slip]:
    """`\\binom{8}{2}` without the division by the orders of what is taken."""
    if 2 <= taken <= 4 and of - taken > 1:
        product = " \\cdot ".join(str(of - place) for place in range(taken))
        wrong = factorial(of) // factorial(of - taken)
        yield Slip(Surd(wrong), f"the product ${product}$ was not divided by ${taken}!$", FORMULA)


def factor_passed_over(node: Node, parts: list[Surd]) -> Iterator[Slip]:
    """`\\frac{1}{2} \\cdot 3 \\cdot 5` without the fraction."""
    if node.op != "*" or node.parts[0].op != "*":
        return
    first = node.parts[0]
    while first.parts[0].op == "*":
        first = first.parts[0]
    front = known_value(first.parts[0])
    size = front.rational if front is not None else None
    if first.parts[0].op == "frac" and size is not None and Fraction(size).numerator == 1 and size != 1:
        told = f"the factor $\\frac{{1}}{{{Fraction(size).denominator}}}$ is passed over"
        yield Slip(parts[0] * parts[1] / Surd(size), told)


def _is_in_lowest_terms(part: Node, size: Fraction) -> bool:
    """Whether a part is a whole number, or a fraction whose numerator and denominator are those of its value."""
    if part.op == "num":
        return size.denominator == 1
    numbers = [one.number.rational if one.number is not None else None for one in part.parts]
    return part.op in ("frac", "/") and numbers == [size.numerator, size.denominator]


def _whole(*numbers: Fraction) -> bool:
    return all(number.denominator == 1 for number in numbers)


def _shown(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"\\frac{{{number.numerator}}}{{{number.denominator}}}"


def sums(op: str, left: Fraction, right: Fraction) -> Iterator[Slip]:
    result = left + right if op == "+" else left - right
    if left < 0 or right < 0 or result < 0:
        if result < 0 < left and op == "-":
            told = f"${_shown(right)}$ is larger than ${_shown(left)}$, so the difference is negative"
            yield Slip(Surd(normal(-result)), told, SIGN)
            if right >= 0 and _whole(left, right) and left > _EASY:
                for wrong, reason in likely_digit_slips("-", int(right), int(left)):
                    yield Slip(Surd(normal(-wrong)), f"in ${_shown(right)} - {_shown(left)}$, {reason}")
        elif right < 0 and op == "-":
            yield Slip(Surd(normal(left + right)), "taking away a negative number means adding", SIGN)
        return
    if not _whole(left, right):
        if left.denominator != right.denominator and 1 in (left.denominator, right.denominator):
            return  # nobody adds a whole number to a numerator
        if left.denominator != right.denominator:
            above = left.numerator + right.numerator * (1 if op == "+" else -1)
            below = left.denominator + right.denominator if op == "+" else max(left.denominator, right.denominator)
            if above > 0:
                told = "the numerators and the denominators were added one by one"
                if op == "-":
                    told = "the numerators were subtracted without a common denominator"
                yield Slip(Surd(normal(Fraction(above, below))), told, FRACTIONS)
        elif op == "+":
            above, below = left.numerator + right.numerator, 2 * left.denominator
            yield Slip(Surd(normal(Fraction(above, below))), "the denominators were added as well", FRACTIONS)
        return
    if max(left, right) > _EASY and min(left, right) > 0:
        yield from _digits(op, left, right)


def _digits(op: str, left: Fraction, right: Fraction) -> Iterator[Slip]:
    """The slips of written arithmetic."""
    yield from (Slip(Surd(normal(wrong)), reason) for wrong, reason in likely_digit_slips(op, int(left), int(right)))


def likely_digit_slips(op: str, left: int, right: int) -> Iterator[tuple[Value, str]]:
    """The slips of written arithmetic, without those in facts that everybody knows: 1 + 9, 5 + 5, 10 divided by 2."""
    for wrong, reason in digit_slips(op, left, right):
        added, divided = _ADDED.search(reason), _DIVIDED.search(reason)
        if added is not None and (int(added[3]) <= _EASY or added[1] == added[2]):
            continue
        if any(int(one) <= _EASY for one in _TIMES.findall(reason)):
            continue
        if divided is not None and (int(divided[1]) <= 2 * _EASY or int(divided[2]) == 2):
            continue
        yield wrong, reason


def products(op: str, left: Fraction, right: Fraction) -> Iterator[Slip]:
    """Slips in a product or a quotient."""
    if op != "*" and (right == 0 or (right.denominator == 1 and re.fullmatch("10+", str(right)) is not None)):
        return  # nobody divides by ten wrongly
    result = left * right if op == "*" else left / right
    if left < 0 or right < 0:
        numbers = (
            "two negative numbers is positive"
            if left < 0 and right < 0
            else "a positive and a negative number is negative"
        )
        told = f"a {'product' if op == '*' else 'quotient'} of {numbers}"
        if result:
            yield Slip(Surd(normal(-result)), told, SIGN)
    elif _whole(left, right):
        if op == "*" and (max(left, right) > _EASY or min(left, right) > _EASY // 2):
            yield from _digits(op, left, right)
        elif op == "*":
            return  # nobody gets 5 times 4 wrong
        elif _whole(result):
            yield from _digits("/", left, right) if max(right, result) > _EASY else ()
        elif result.denominator < right:
            yield from half_reduced(left, right)


def _numerators_only(left: Fraction, right: Fraction) -> Iterator[Slip]:
    """`\\frac{1}{3} \\cdot \\frac{2}{3}` as if it were a sum, with the denominator kept."""
    if left.denominator == right.denominator != 1:
        wrong = Fraction(left.numerator * right.numerator, left.denominator)
        yield Slip(Surd(normal(wrong)), "the denominators were not multiplied", FRACTIONS)


def _half_of_a_fraction(left: Fraction, right: Fraction) -> Iterator[Slip]:
    """`\\frac{2}{3} \\cdot 12` with only one part of the fraction."""
    part, whole = (left, right) if left.denominator > 1 else (right, left)
    if whole.denominator == 1 and part.denominator > 1 and part.numerator > 1 and 0 < whole != part.denominator:
        above, below = part.numerator, part.denominator
        if whole.numerator % below == 0:
            told = f"${whole.numerator}$ was divided by ${below}$, but not multiplied by ${above}$"
            yield Slip(Surd(whole.numerator // below), told, FRACTIONS)
        told = f"${whole.numerator}$ was multiplied by ${above}$, but not divided by ${below}$"
        yield Slip(Surd(whole.numerator * above), told, FRACTIONS)


def half_reduced(left: Fraction, right: Fraction) -> Iterator[Slip]:
    """A fraction of whole numbers of which only one part is divided by what both have in common."""
    result = left / right
    common = int(right / result.denominator)
    above = Fraction(result.numerator, int(right))
    yield Slip(Surd(normal(above)), f"only the numerator was divided by ${common}$", FRACTIONS)
    below = Fraction(int(left), result.denominator)
    yield Slip(Surd(normal(below)), f"only the denominator was divided by ${common}$", FRACTIONS)


def powers(base: Fraction, exponent: Fraction, is_fraction: bool) -> Iterator[Slip]:
    if exponent.denominator != 1 or not 2 <= exponent <= _LARGEST_BASE:
        if exponent < 0 and _whole(exponent) and base != 0 and exponent >= -_LARGEST_BASE:
            told = "the minus sign of the exponent is ignored"
            yield Slip(Surd(normal(base ** int(-exponent))), told, POWERS)
        return
    power = int(exponent)
    result = base**power
    if base < 0:
        told = (
            "an odd power of a negative number is negative"
            if power % 2
            else "an even power of a negative number is positive"
        )
        yield Slip(Surd(normal(-result)), told, SIGN)
    if abs(base) not in (0, 1) and (base != 2 or power > 2) and base % 10:
        yield Slip(Surd(normal(base * power)), "the base was multiplied by the exponent", POWERS)
    if power > 2 and abs(base) > 1:
        yield Slip(Surd(normal(base ** (power - 1))), "one factor was forgotten")
        if abs(base) == 2 and power > 4:
            yield Slip(Surd(normal(base ** (power + 1))), "there is one factor too many")
    if is_fraction and not _whole(base) and power == 2:
        squared = Fraction(base.numerator**2, base.denominator)
        yield Slip(Surd(normal(squared)), "only the numerator was squared", POWERS)
    if power == 2 and _whole(base) and 10 < base <= 99:
        tens, ones = divmod(int(base), 10)
        if ones:
            told = f"${10 * tens}$ and ${ones}$ were squared one by one, without twice their product"
            yield Slip(Surd(100 * tens * tens + ones * ones), told, CROSS_TERM)


def roots(radicand: int) -> Iterator[Slip]:
    root = Surd.root(radicand)
    whole = root.rational
    if isinstance(whole, int) and whole > 1:
        if _HALVED < whole <= _HALVED_MOST and radicand % 2 == 0:
            yield Slip(Surd(radicand // 2), HALF, POWERS)
        if whole > 5:
            yield Slip(Surd(whole + 1), f"the square of ${whole + 1}$ is ${(whole + 1) ** 2}$")
            yield Slip(Surd(whole - 1), f"the square of ${whole - 1}$ is ${(whole - 1) ** 2}$")
        return
    if len(root.terms) == 1:
        ((unit, factor),) = root.terms.items()
        if factor.denominator == 1 and factor > 1:
            outside = int(factor) ** 2
            told = f"${outside}$ was taken out of the root without taking its own root"
            yield Slip(Surd({unit: Fraction(outside)}), told, POWERS)


def root_by_terms(radicand: Node) -> Iterator[Slip]:
    """`\\sqrt{9 + 16}` is not `3 + 4`."""
    if radicand.op not in ("+", "-"):
        return
    squares = [part.number.rational if part.number is not None else None for part in radicand.parts]
    roots = [isqrt(one) for one in squares if isinstance(one, int) and one >= 0 and isqrt(one) ** 2 == one]
    if len(roots) == len(squares):
        wrong = roots[0] + roots[1] if radicand.op == "+" else roots[0] - roots[1]
        if wrong > 0:
            told = f"the root was taken of ${squares[0]}$ and ${squares[1]}$ one by one"
            yield Slip(Surd(wrong), told, POWERS)


def with_roots(node: Node, parts: list[Surd]) -> Iterator[Slip]:
    """Slips with square roots and with i."""
    above, below = parts
    try:
        if node.op == "*" and _I in above.terms and _I in below.terms:
            both = Surd({unit: factor for unit, factor in above.terms.items() if unit.imaginary}) * Surd(
                {unit: factor for unit, factor in below.terms.items() if unit.imaginary}
            )
            yield Slip(above * below - both - both, "$i^2$ is $-1$, and was taken for $1$", SIGN)
        elif node.op == "frac" and isinstance(below.rational, int) and len(above.terms) == 1:
            ((unit, factor),) = above.terms.items()
            common = gcd(int(factor), below.rational) if factor.denominator == 1 else 1
            if common > 1 and below.rational > 1:
                told = f"was divided by ${common}$"
                yield Slip(above / Surd(common * below.rational), f"only the numerator {told}", FRACTIONS)
                yield Slip(above * Surd(common) / below, f"only the denominator {told}", FRACTIONS)
        elif node.op == "frac" and above.rational is not None and len(below.terms) == 1:
            ((unit, factor),) = below.terms.items()
            if unit.radicand > 1 and not unit.pi and not unit.imaginary:
                root = write_root(unit.radicand)
                made = (
                    f"to get rid of the root, numerator and denominator have to be multiplied by {root}, and only the"
                )
                yield Slip(above / (below * Surd({unit: Fraction(1)})), f"{made} denominator was", FRACTIONS)
    except NoValue:
        return


def write_root(radicand: int) -> str:
    """A square root as a formula."""
    return rf"$\sqrt{{{radicand}}}$"
