"""The slips that people make in sums and differences: a dropped carry, a borrow that is not taken away, a term of a
long sum passed over. Those in products and quotients are in `written_products.py`.

>>> [slip.reason for slip in addition_slips((47, 38), 85) if slip.value == 75]
['the 1 that is carried to the tens is dropped']

A fact that nobody gets wrong is never the place of a slip: round tens, doubles such as 5 + 5, sums that make 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from lemma.arithmetic.numbers import INTEGER, Value, decimals_needed, normal, render
from lemma.injectors.proposal import ODD, SELDOM

_MOST_DECIMALS = 4
FEWEST = 3  # from here on, people are not sure of the times table
TEN = 10
LARGEST_DIGIT = 9
_NEARLY_TEN = 8
KNOWN_HALF = 25  # up to here, and for these with zeros behind, everybody knows the half and the double
_FARTHEST = 4  # times a difference
_COLUMNS = {
    -2: "hundredths", -1: "tenths", 0: "ones", 1: "tens", 2: "hundreds", 3: "thousands", 4: "ten thousands",
    5: "hundred thousands", 6: "millions", 7: "ten millions", 8: "hundred millions", 9: "billions",
}  # fmt: skip


class Slip(NamedTuple):
    """A wrong result, how one gets it, and how often people do: 1, `SELDOM`, or `ODD`."""

    value: Value
    reason: str
    weight: float = 1


def face(value: Value) -> str:
    """A value as it is written: `1.5` for 3/2."""
    return render(value, INTEGER) or str(value)


def column(place: int) -> str:
    """The name of a place: `tens` for 1, `tenths` for -1."""
    return _COLUMNS.get(place, "higher places")


def significant(value: int) -> int:
    """A whole number without the zeros at its end: 35 for 3500."""
    return int(str(value).rstrip("0") or 0)


def in_one_unit(values: Sequence[Value]) -> tuple[list[int], int] | None:
    """The values as whole numbers in one decimal unit, and how many decimals that unit has."""
    needed = [decimals_needed(value, _MOST_DECIMALS) for value in values]
    if any(count is None for count in needed):
        return None
    decimals = max(count or 0 for count in needed)
    return [int(value * 10**decimals) for value in values], decimals


def _misadded(right: Value, found: int, unit: Fraction, worked: str, weight: float) -> list[Slip]:
    """What comes out if a column of a written calculation is one too high or too low."""
    return [
        Slip(normal(right + off * unit), f"{worked} is {found}, but {found + off} was used", weight)
        for off in (1, -1)
        # Nobody writes a 10 into the column of a difference.
        if right + off * unit > 0 and found + off >= 0 and not found < TEN <= found + off
    ]


def addition_slips(terms: Sequence[Value], right: Value) -> list[Slip]:
    """The slips in a sum of two or more terms."""
    scaled = in_one_unit(terms)
    if scaled is None or any(term < 0 for term in scaled[0]):
        return []
    whole, decimals = scaled
    is_twice = len(whole) == 2 and whole[0] == whole[1]
    if is_twice and significant(whole[0]) <= KNOWN_HALF:
        return []  # two dozen
    zeros = min((len(str(term)) - len(str(term).rstrip("0")) for term in whole if term), default=0)
    slips, carry = list[Slip](), 0
    is_single = all(term < 10 ** (zeros + 1) for term in whole)
    weight = SELDOM if (is_single and zeros) or right in (100, 1000) else 1
    longest = max(len(str(term)) for term in whole)
    for place in range(longest):
        digits = [digit for term in whole if (digit := term // 10**place % 10)]
        total, unit = carry + sum(digits), Fraction(10**place, 10**decimals)
        added = " + ".join(map(str, digits)) + (f" + the {carry} carried" if carry else "")
        # If many are asked for, 9 + 2 will do as well.
        is_likely = len(digits) == 2 and min(digits) > 1 and digits[0] != digits[1] and total >= TEN
        if is_hard_sum(digits, carry) or is_likely:
            least = weight if is_hard_sum(digits, carry) else ODD
            found = _misadded(right, total, unit, f"in the {column(place - decimals)}, {added}", least)
            # A carry that is not added has another name.
            slips += [slip for slip in found if not carry or slip.value != normal(right - carry * unit)]
        carry, next_unit = total // 10, 10 * unit
        name = column(place + 1 - decimals)
        is_phantom = len(digits) == 2 and digits[0] != digits[1] and _NEARLY_TEN <= total < TEN
        if is_phantom and all(term >= 10 ** (place + 1) for term in whole):
            told = f"a 1 is carried, although {added} is only {total}"
            slips.append(Slip(right + normal(next_unit), told, SELDOM))
        if carry:
            slips.append(
                Slip(right - normal(carry * next_unit), f"the {carry} that is carried to the {name} is dropped", weight)
            )
            if place < longest - 1 and weight == 1 and right % 100:
                told = f"the {carry} that is carried to the {name} is added twice"
                slips.append(Slip(right + normal(carry * next_unit), told, SELDOM))
        if carry > 1:
            told = f"{carry} has to be carried to the {name}, but 1 was carried"
            slips.append(Slip(right - normal((carry - 1) * next_unit), told))
    if len(terms) > 2:
        return slips + _slips_of_terms(terms, whole, right)
    for term, other in ((whole[1], whole[0]), (whole[0], whole[1])):
        if (near := next_ten(term)) and other % 10 and other > 3:
            wrong = right + normal(Fraction(near - term, 10**decimals))
            slips.append(Slip(wrong, f"{_unscaled(near, decimals)} is added in place of {_unscaled(term, decimals)}"))
    return slips + _misaligned(terms, right)


def is_hard_sum(digits: Sequence[int], carry: int) -> bool:
    """Whether people get the sum of a column wrong: 8 + 7, but not 5 + 5, 9 + 2, or 3 + 4."""
    if len(digits) < 2 or sum(digits) + carry <= TEN:
        return False
    if len(digits) == 2:
        return min(digits) >= FEWEST and not (digits[0] == digits[1] <= 6)
    return sorted(digits)[-2] >= FEWEST and len(set(digits)) > 1


def _slips_of_terms(terms: Sequence[Value], whole: Sequence[int], right: Value) -> list[Slip]:
    """One of several terms passed over, taken twice, or written in the wrong place; not if it is small or round."""
    slips = []
    for term, digits in zip(terms, whole, strict=True):
        if terms.count(term) > 1 or significant(digits) <= TEN or term < TEN:
            if len(terms) > FEWEST and terms.count(term) == 1 and term >= FEWEST:
                slips.append(Slip(right - term, f"{face(term)} is passed over", SELDOM))
            continue
        slips.append(Slip(right - term, f"{face(term)} is passed over"))
        if 5 * term < 2 * right:
            slips.append(Slip(right + term, f"{face(term)} is added twice", SELDOM))
        if digits * 10 < 2 * max(whole):
            slips.append(Slip(right + 9 * term, f"{face(term)} is written one place too far to the left", ODD))
    return slips


def next_ten(number: int) -> int:
    """The round number that is easier to calculate with: 40 for 39, 100 for 98; 0 if none is near."""
    return number + 1 if number % 10 == LARGEST_DIGIT else number + 2 if number % 100 == 98 else 0


def _unscaled(whole: int, decimals: int) -> str:
    return face(normal(Fraction(whole, 10**decimals)))


def _misaligned(terms: Sequence[Value], right: Value) -> list[Slip]:
    """A whole number of one digit added to the last decimal: $12.50 + $3 = $12.53."""
    small = [term for term in terms if isinstance(term, int)]
    if len(small) != 1 or not 0 < small[0] < TEN:
        return []
    (decimal,) = (term for term in terms if not isinstance(term, int))
    decimals = decimals_needed(decimal, _MOST_DECIMALS) or 0
    wrong = normal(decimal + Fraction(small[0], 10**decimals))
    told = f"the {small[0]} is added to the {column(-decimals)}"
    return [Slip(wrong, told, SELDOM)] if -decimals in _COLUMNS and decimal > 1 and wrong != right else []


def subtraction_slips(left: Value, subtracted: Value, right: Value) -> list[Slip]:
    scaled = in_one_unit((left, subtracted))
    if scaled is None or left < subtracted or subtracted <= 0:
        return []
    (upper, lower), decimals = scaled
    if upper <= TEN or (upper == 2 * lower and significant(lower) <= KNOWN_HALF):
        return []
    are_tens = upper % 10 == lower % 10 == 0
    if are_tens and max(significant(upper), significant(lower)) < TEN:
        return []  # 100 - 30
    weight = SELDOM if are_tens and upper <= 200 else 1
    slips: list[Slip] = []
    borrow, reversed_digits, reversed_at = 0, 0, []
    if near := next_ten(lower):
        wrong = right - normal(Fraction(near - lower, 10**decimals))
        slips.append(Slip(wrong, f"{_unscaled(near, decimals)} is taken away in place of {_unscaled(lower, decimals)}"))
    for place in range(len(str(upper))):
        above, below = upper // 10**place % 10 - borrow, lower // 10**place % 10
        shown, name = above + borrow, column(place - decimals)
        reversed_digits += abs(shown - below) * 10**place
        is_borrowed_here, unit = above < below, Fraction(10**place, 10**decimals)
        if shown < below:
            reversed_at.append((name, shown, below))
        if 0 <= above - below <= 1 and below > 0 and lower >= 10 ** (place + 1):
            told = f"a 1 is borrowed, although {above} is not less than {below}"
            slips.append(Slip(right - normal(10 * unit), told, ODD if above == below else SELDOM))
        if is_borrowed_here:
            told = f"the 1 that is borrowed from the {column(place + 1 - decimals)} is not taken away"
            slips.append(Slip(right + normal(10 * unit), told))
            top = above + 10
            if is_hard_difference(top, below) or (below > 1 and top not in (2 * below, LARGEST_DIGIT)):
                least = weight if is_hard_difference(top, below) else ODD
                slips += _misadded(right, top - below, unit, f"in the {name}, {top} - {below}", least)
        borrow = int(is_borrowed_here)
    backwards = normal(Fraction(reversed_digits, 10**decimals))
    if (
        reversed_at and upper >= 20 and backwards < left and backwards < _FARTHEST * right
    ):  # 20 - 19 is not taken for 19
        name, above, below = reversed_at[0]
        told = f"in the {name}, {above} is taken from {below} instead of {below} from {above + 10}"
        if len(reversed_at) > 1:
            told = "in each column, the smaller digit is taken from the larger one"
        slips.append(Slip(backwards, told))
    return slips


def is_hard_difference(top: int, below: int) -> bool:
    """Whether people get a difference with a borrowed ten wrong: 13 - 7, but not 10 - 9 or 12 - 6."""
    known_ten = top == TEN and below in (5, 8, 9)
    return top >= TEN and below >= FEWEST and top - below >= 2 and not known_ten and top != 2 * below


def without_decimals(right: Value) -> list[Slip]:
    """A result of which only the whole part is written: 13 for 13.5."""
    if isinstance(right, int) or right <= 2 or decimals_needed(right, 2) is None:
        return []
    whole = right.numerator // right.denominator
    return [Slip(whole, f"the {face(right - whole).lstrip('0')} is dropped", SELDOM)]
