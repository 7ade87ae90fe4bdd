"""The slips that people make in products and quotients: a neighbor in the times table, a dropped carry, a partial
product left out, a lost zero, ignored decimals, a forgotten remainder.

>>> [slip.reason for slip in multiplication_slips(7, 8, 56, ("7", "8")) if slip.value == 54]
['54 is 6 times 9']

A fact that nobody gets wrong is never the place of a slip: a factor of 10, halves of even digits, 5 * 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from lemma.arithmetic.numbers import Value, normal
from lemma.injectors.proposal import ODD, SELDOM
from lemma.injectors.written_arithmetic import (
    FEWEST,
    KNOWN_HALF,
    LARGEST_DIGIT,
    TEN,
    Slip,
    addition_slips,
    column,
    face,
    in_one_unit,
    next_ten,
    significant,
)

_TIMES_TABLE = 12
_SMALLEST_PRODUCT = 15
_SURELY_HALVED = 40
_MOST_TRIED = 12
_HARDEST = 6
_KNOWN_QUOTIENT = 20  # up to here, everybody knows how often a number fits
_ROUND = frozenset((0, 1, 10, 100, 1000, Fraction(1, 10), Fraction(1, 100)))
_IN_TABLE = re.compile(r"\d+ is (?:\d+ times \d+|not in the times table of \d+)$")
_KNOWN_FACTS = frozenset({(2, 5), (5, 5), (11, 11), (12, 12)})
_KNOWN_PRODUCTS = _KNOWN_FACTS | {(3, 25), (4, 15), (4, 25), (4, 75), (4, 125), (8, 25), (8, 125)}


def is_hard_product(one: int, other: int) -> bool:
    """Whether people get a product of the times table wrong: 7 * 8, but not 5 * 5 or 4 * 10."""
    pair = (min(one, other), max(one, other))
    is_in_table = FEWEST <= pair[0] <= pair[1] <= _TIMES_TABLE and TEN not in pair
    return is_in_table and pair not in _KNOWN_FACTS and one != other and one * other >= _SMALLEST_PRODUCT


def is_hardest_product(one: int, other: int) -> bool:
    """Whether people are so unsure of a product that they take a number for it that is in no times table: 7 * 8."""
    return is_hard_product(one, other) and min(one, other) >= _HARDEST and max(one, other) < TEN


def _neighbors(one: int, other: int) -> Iterator[tuple[int, int]]:
    """The products of the times table that are taken for a hard one."""
    if not is_hard_product(one, other):
        return
    pairs = [(one - 1, other), (one + 1, other), (one, other - 1), (one, other + 1)]
    # 7 times 8 is not 54, which is 6 times 9.
    pairs += [pair for pair in ((one - 1, other + 1), (one + 1, other - 1)) if min(pair) >= 6 and max(pair) < TEN]
    for first, second in pairs:
        pair = (min(first, second), max(first, second))
        if 2 <= pair[0] <= pair[1] <= _TIMES_TABLE and pair not in _KNOWN_FACTS and TEN not in pair:
            yield first, second


def multiplication_slips(left: Value, factor: Value, right: Value, written: tuple[str, str]) -> list[Slip]:
    scaled = in_one_unit((left, factor))
    if scaled is None or min(left, factor) <= 0:
        return []
    if not {left, factor}.isdisjoint(_ROUND):
        are_long = max(left, factor) > TEN and left % 10 == factor % 10 == 0 and TEN not in (left, factor)
        return [Slip(right * 10, "there is one zero too many")] if are_long else []
    for part, divisor in ((Fraction(1, 2), 2), (Fraction(1, 4), 4)):  # nobody multiplies by .25
        if part in (left, factor):
            many = max(left, factor)
            told = f"when {face(many)} is {'halved' if divisor == 2 else 'divided by 4'}"
            found = division_slips(many, divisor, right) if isinstance(many, int) else []
            return [slip._replace(reason=f"{told}, {slip.reason}") for slip in found if slip.reason.endswith("dropped")]
    # 220 * 0.4 is worked out as 22 * 4, and the zeros and the decimal point are seen to at the end.
    many, digit = (significant(value) for value in scaled[0])
    slips = _whole_product_slips(many, digit)
    if {many, digit} != {left, factor}:
        aside = f"without {_left_aside(written)}, {many} times {digit} is {many * digit}"
        unit = Fraction(right) / (many * digit)
        slips = [
            Slip(
                normal(slip.value * unit),
                f"{aside}{', and' if _IN_TABLE.match(slip.reason) else ';'} {_placeless(slip.reason)}",
                slip.weight,
            )
            for slip in slips
        ]
        # 1.5 * 6 = 6 is no lost carry, and 4.99 * 3 = 15 needs no digits.
        natural = [*_ignored_decimals(left, factor, written), *_rounded_up(left, factor)]
        usual = {slip.value for slip in slips if slip.weight == 1}
        slips = [slip for slip in slips if slip.value not in {one.value for one in natural}]
        slips += [one._replace(weight=1) if one.value in usual else one for one in natural]
    # Zeros mislead if there are several to count, as in 30 * 20 and 50 * 4; nobody takes twice 30 for 600.
    if isinstance(left, int) and isinstance(factor, int) and isinstance(right, int) and 2 not in (left, factor):
        digits = significant(left) * significant(factor)
        has_zeros = 0 in (left % 10, factor % 10) and (left % 10 == factor % 10 or digits % 10 == 0)
    else:
        has_zeros = False
    if has_zeros:
        slips.append(Slip(right * 10, "there is one zero too many"))
        slips += [Slip(right // 10, "there is one zero too few")] if max(left, factor) * 10 < right else []
    return slips


def _left_aside(written: tuple[str, str]) -> str:
    """What digits are multiplied without: `the zeros and the decimal point` of 30 and 2.5."""
    digits = [text.rstrip("%").replace(",", "") for text in written]
    zeros = sum(len(text.replace(".", "")) - len(text.replace(".", "").rstrip("0")) for text in digits)
    parts = ["the zero" if zeros == 1 else "the zeros"] if zeros else []
    parts += ["the decimal point"] if any("." in text for text in digits) else []
    parts += ["the percent sign"] if any("%" in text for text in written) else []
    return " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts)


def _ignored_decimals(left: Value, factor: Value, written: tuple[str, str]) -> list[Slip]:
    """`1.5 * 6 = 6`: what stands behind the decimal point is ignored."""
    for one, other, text in ((left, factor, written[0]), (factor, left, written[1])):
        if (
            not isinstance(one, int)
            and isinstance(other, int)
            and one > 1
            and one % 1 <= Fraction(1, 2)
            and "." in text
        ):
            return [Slip(int(one) * other, f"the .{text.partition('.')[2]} is ignored", SELDOM)]
    return []


def _rounded_up(left: Value, factor: Value) -> list[Slip]:
    """`4.99 * 3 = 15`: a price is rounded, and what that adds is not taken away."""
    slips = []
    for one, other in ((left, factor), (factor, left)):
        scaled = in_one_unit((one,))
        if not isinstance(one, int) and scaled is not None and (near := next_ten(scaled[0][0])):
            round_one = normal(Fraction(near, 10 ** scaled[1]))
            wrong = normal(round_one * Fraction(other))
            if round_one > 1:
                slips.append(Slip(wrong, f"{face(wrong)} is {face(round_one)} times {face(other)}"))
    return slips


def _whole_product_slips(many: int, digit: int) -> list[Slip]:
    """The slips in a product of whole numbers without zeros at the end."""
    if (min(many, digit), max(many, digit)) in _KNOWN_PRODUCTS:
        return []
    product = many * digit
    slips: list[Slip] = []
    if max(many, digit) <= _TIMES_TABLE:
        for one, other in _neighbors(many, digit):
            slips.append(Slip(one * other, f"{one * other} is {one} times {other}"))
        if is_hardest_product(many, digit):
            slips += [
                Slip(product + off, f"{product + off} is not in the times table of {many}", ODD)
                for off in (-2, 2, -1, 1)
                if (product + off) % many
            ]
    for one, other in ((many, digit), (digit, many)):
        if (near := next_ten(one)) and one > LARGEST_DIGIT and other > 1:
            slips.append(Slip(near * other, f"{near * other} is {near} times {other}"))
        if one >= 10 and 1 < other < 10:
            slips += _long_multiplication_slips(one, other)
            small = one % 10
            if other >= FEWEST and small > 1 and _TIMES_TABLE < one < 100:
                slips.append(Slip(product - small * other, f"{small} times {other} is left out", ODD))
    if min(many, digit) > 10:
        slips += _partial_product_slips(many, digit)
    return slips


def _partial_product_slips(many: int, factor: int) -> list[Slip]:
    """The slips in a product of two numbers of several digits."""
    ones, tens = factor % 10, factor // 10
    slips = []
    if many < 100 > factor and many % 10 and ones:
        of_tens, of_ones = f"{many // 10 * 10} times {tens * 10}", f"{many % 10} times {ones}"
        apart = many // 10 * tens * 100 + many % 10 * ones
        slips.append(Slip(apart, f"only {of_tens} and {of_ones} are added"))
    # The tens of the second factor are written below its ones, not one place to the left.
    if ones and tens < TEN:
        if 3 * (ones + tens) > factor:
            told = f"the second partial product, {many} times {tens}, is not shifted to the tens"
            slips.append(Slip(many * ones + many * tens, told))
        sums = addition_slips((many * ones, many * tens * 10), many * factor)
        told = f"{many} times {ones} is {many * ones} and {many} times {10 * tens} is {10 * many * tens}"
        slips += [
            Slip(slip.value, f"{told}; in their sum, {slip.reason}") for slip in sums if slip.reason.endswith("dropped")
        ]
    for place, one in enumerate(map(int, reversed(str(factor)))):
        part = one * 10**place
        if one and 2 * part < factor:
            slips.append(Slip(many * (factor - part), f"{many} times {part} is left out"))
        for slip in _long_multiplication_slips(many, one) if one > 1 else ():
            if slip.weight != SELDOM:
                wrong = many * factor + (slip.value - many * one) * 10**place
                slips.append(Slip(wrong, f"in {many} times {one}, {_placeless(slip.reason)}", slip.weight))
    return slips


def _placeless(reason: str) -> str:
    """A reason without the name of the place that it begins with."""
    return reason.partition(", ")[2] if reason.startswith("in the ") else reason


def _long_multiplication_slips(many: int, digit: int) -> list[Slip]:
    right, carry = many * digit, 0
    slips: list[Slip] = []
    is_known = digit == 2 and (many <= _SURELY_HALVED or many % 10 == 5)  # twice 35
    for place in range(len(str(many))):
        own = many // 10**place % 10
        product, before = own * digit, carry
        carry = (product + carry) // 10
        name = column(place + 1)
        if carry and place < len(str(many)) - 1 and not is_known:
            slips.append(
                Slip(right - carry * 10 ** (place + 1), f"the {carry} that is carried to the {name} is dropped")
            )
            if carry > 1 and product % 10:
                told = f"{carry} has to be carried to the {name}, but {carry - 1} was carried"
                slips.append(Slip(right - 10 ** (place + 1), told, SELDOM))
        worked = f"in the {column(place)}, {own} times {digit} is {product}"
        for one, other in _neighbors(own, digit):
            # One digit is read in another row of the table, and the other is the one that stands there.
            if other == digit and one < TEN:
                wrong = right + (one * other - product) * 10**place
                slips.append(Slip(wrong, f"{worked}, but {one * other} was used"))
        if is_hardest_product(own, digit):
            slips += [
                Slip(right + off * 10**place, f"{worked}, but {product + off} was used", ODD)
                for off in (-2, 2, -1, 1)
            ]  # fmt: skip
        if own == 0 and place < len(str(many)) - 1:
            slips.append(Slip(right + digit * 10**place, f"{worked}, but {digit} was used"))
        # Nobody believes twice the product.
        if before and own and digit >= FEWEST and 2 * before * (digit - 1) * 10**place < right:
            told = (
                f"in the {column(place)}, the {before} carried is added to the {own} before multiplying, "
                f"so {own + before} and not {own} is multiplied by {digit}"
            )
            slips.append(Slip(right + before * (digit - 1) * 10**place, told, SELDOM))
    return slips


def division_slips(left: Value, divisor: Value, right: Value) -> list[Slip]:
    if not (isinstance(divisor, int) and isinstance(left, int)) or divisor in _ROUND or left <= 0 or divisor < 0:
        return []
    if not isinstance(right, int):
        # What is left over is forgotten, or written behind the decimal point: 27 / 2 is not 13.1.
        quotient, rest = divmod(left, divisor)
        point = Slip(normal(quotient + Fraction(rest, 10)), f"the remainder {rest} is written behind the decimal point")
        found = [Slip(quotient, f"the remainder {rest} is dropped"), *([point] if rest < TEN else [])]
        return found if quotient > 1 else []
    if divisor == 2 and (left <= _SURELY_HALVED or significant(left) <= KNOWN_HALF):
        return []
    factors = sorted((significant(divisor), significant(right)))
    if (factors[0], factors[1]) in _KNOWN_PRODUCTS or factors[0] == factors[1]:
        return []  # 100 / 4, 36 / 6
    slips: list[Slip] = []
    # 240 / 30 is as hard as 24 / 3, and 84 / 14 is found by trying.
    table, pair = significant(divisor), (min(divisor, right), max(divisor, right))
    is_tried = _TIMES_TABLE < divisor < 100 and divisor % 5 and FEWEST <= right <= _MOST_TRIED
    if left > _KNOWN_QUOTIENT and pair not in _KNOWN_FACTS and (is_hard_product(table, right) or is_tried):
        for off in (-1, 1):
            near = right + off
            if near > 1 and near != TEN and (is_tried or near <= _TIMES_TABLE) and (table, near) not in _KNOWN_FACTS:
                slips.append(Slip(near, f"{near} times {divisor} is {near * divisor}, not {left}"))
    is_round = right in (1, 10)
    if left % 10 == divisor % 10 == 0 and right > 1 and not is_round:
        slips.append(Slip(right * 10, "there is one zero too many"))
        slips += [Slip(right // 10, "there is one zero too few")] if right % 10 == 0 else []
    digits = str(right)
    if "0" in digits[1:] and not is_round:
        place = digits.index("0", 1)
        slips.append(Slip(int(digits[:place] + digits[place + 1 :]), "a zero of the quotient is lost"))
    if right > _TIMES_TABLE and not is_round:
        slips += _long_division_slips(left, divisor, right)
    return slips


def _long_division_slips(left: int, divisor: int, right: int) -> list[Slip]:
    slips: list[Slip] = []
    rest = 0
    for place in range(len(str(left)) - 1, -1, -1):
        piece = 10 * rest + left // 10**place % 10
        digit, rest = divmod(piece, divisor)
        if place and rest and digit and (left - rest * 10**place) % divisor == 0:
            over = f"the {rest} left over in the {column(place)} is dropped"
            slips.append(Slip((left - rest * 10**place) // divisor, over))
        if piece <= _KNOWN_QUOTIENT or not is_hard_product(divisor, digit):
            continue
        worked = f"in the {column(place)}, {piece} divided by {divisor} is {digit}"
        worked += f" with {rest} left over" if rest else ""
        slips += [
            Slip(right + off * 10**place, f"{worked}, but {digit + off} was used")
            for off in (-1, 1)
            if digit + off <= LARGEST_DIGIT and (divisor, digit + off) not in _KNOWN_FACTS
        ]
    return slips
