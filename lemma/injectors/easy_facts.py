"""Facts that a grown solver does not get wrong: sums of numbers with one digit, and the rows of 2, 5, 10, and 11 in the
times table, also with zeros behind them.

A slip in one of them is made only if many errors are asked for, or if the solution has nothing harder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from lemma.arithmetic.expressions import Binary, Expression, leaves, nodes
from lemma.arithmetic.numbers import Value
from lemma.injectors.proposal import ALONE, ODD, SELDOM
from lemma.injectors.written_arithmetic import KNOWN_HALF, TEN, Slip, in_one_unit, significant

_MOST_OFF = 2  # by which a slip changes the ones of a result; in other places, by 1
_KNOWN_TO = 20  # sums, differences, and products up to here
# Up to here, most people know sums of several terms, sums and differences with one digit, and products of digits; nor
# does anybody add 10 too much to 9 + 12.
_SMALL_SUM, _SMALL_SUM_OF_TWO, _SMALL_PRODUCT = 30, 50, 30
_TIMES_TABLE = 12
_KNOWN_ROWS = (2, 5, 11)
_KNOWN_PRODUCTS = frozenset({(3, 12), (3, 15), (4, 15)})
_OF_DIGITS = re.compile(r"\b([2-9]) times ([2-9]) is \d{1,3}, but \d{1,3} was used$")
_OF_QUOTIENT = re.compile(r"\b\d{1,3} divided by (\d{1,2}) is (\d), but \d was used$")
_EASY_DIGITS = ("2", "5")
_PASSED_OVER = "is passed over"


def is_easy_sum(terms: Sequence[Value]) -> bool:
    """Whether everybody knows a sum: 8 + 6, 2 + 6 + 3, 12 + 5, but not 18 + 7.

    >>> is_easy_sum((8, 6)), is_easy_sum((18, 7))
    (True, False)
    """
    scaled = in_one_unit(terms)
    return scaled is not None and (max(scaled[0]) < TEN or sum(scaled[0]) <= _KNOWN_TO)


def is_easy_difference(left: Value, right: Value) -> bool:
    """Whether everybody knows a difference: 15 - 7, but not 32 - 8."""
    scaled = in_one_unit((left, right))
    return scaled is not None and max(scaled[0]) <= _KNOWN_TO


def is_easy_product(left: Value, right: Value) -> bool:
    """Whether everybody knows a product, with or without zeros: 5 * 8, 4 * 50, 11 * 7, but not 7 * 8 or 45 * 5.

    >>> is_easy_product(4, 50), is_easy_product(7, 8)
    (True, False)
    """
    scaled = in_one_unit((left, right))
    if scaled is None:
        return False
    one, other = sorted(significant(value) for value in scaled[0])
    if one == 2:
        return other <= KNOWN_HALF
    in_row = one in _KNOWN_ROWS or other in _KNOWN_ROWS
    return (
        one <= 1
        or one * other <= _KNOWN_TO
        or (in_row and other <= _TIMES_TABLE and one < TEN)
        or (one, other) in _KNOWN_PRODUCTS
    )


def weight_of_sum(terms: Sequence[Value]) -> float:
    """How often people get a sum wrong: hardly ever an easy one, and 25 + 7 less often than 38 + 57."""
    scaled = in_one_unit(terms)
    if scaled is None:
        return 1
    total, smallest = sum(scaled[0]), min(scaled[0])
    is_small = total < _SMALL_SUM or (len(terms) == 2 and smallest < TEN and total < _SMALL_SUM_OF_TWO)
    return ODD if is_easy_sum(terms) else SELDOM if is_small else 1


def weight_of_difference(left: Value, right: Value) -> float:
    """How often people get a difference wrong: hardly ever an easy one, and 32 - 8 less often than 132 - 57."""
    scaled = in_one_unit((left, right))
    is_small = scaled is not None and scaled[0][1] < TEN and scaled[0][0] < _SMALL_SUM_OF_TWO
    return ODD if is_easy_difference(left, right) else SELDOM if is_small else 1


def weight_of_product(left: Value, right: Value) -> float:
    """How often people get a product wrong: hardly ever an easy one, and 4 * 6 less often than 7 * 8."""
    scaled = in_one_unit((left, right))
    one, other = sorted(significant(value) for value in scaled[0]) if scaled is not None else (TEN, TEN)
    is_small = other < TEN and one * other < _SMALL_PRODUCT
    return ODD if is_easy_product(left, right) else SELDOM if is_small else 1


def may_be_miscalculated(tree: Expression, values: Sequence[Value], result: int, place: int, off: int) -> bool:
    """Whether people may get the digit at a place of a result, 0 for the ones, wrong by so much: not in what most
    people know, not a zero at the end, in a sum or difference only where something is carried, and in a product no last
    digit that its factors rule out.

    >>> sums = Binary("+", 0, 1)
    >>> may_be_miscalculated(sums, (48, 36), 84, 1, -1), may_be_miscalculated(sums, (41, 38), 79, 0, 1)
    (True, False)
    """
    if _is_known(tree, values, result) or result % 10 ** (place + 1) == 0 or abs(off) > (1 if place else _MOST_OFF):
        return False
    signs = {node.operator for node in nodes(tree)}
    if signs == {"+"} or (signs == {"-"} and len(values) == 2):
        return place in _carried_places((values[leaves(tree)[1]], result) if signs == {"-"} else values)
    if signs == {"*"} and place == 0:
        return all(isinstance(value, int) and value % 5 and (value % 2 or off % 2 == 0) for value in values)
    return True


def _is_known(tree: Expression, values: Sequence[Value], result: int) -> bool:
    """Whether most people know the result of a calculation, or it has one digit."""
    signs = {node.operator for node in nodes(tree)}
    if signs == {"+"}:
        return weight_of_sum(values) < 1
    if result < TEN or (signs == {"*"} and result <= _SMALL_PRODUCT):
        return True
    if not isinstance(tree, Binary) or not isinstance(tree.left, int) or not isinstance(tree.right, int):
        return False
    left, right = values[tree.left], values[tree.right]
    if tree.operator == "-":
        return weight_of_difference(left, right) < 1
    factors = (right, result) if tree.operator == "/" else (left, right)
    product = left if tree.operator == "/" else result
    is_power_of_ten = isinstance(product, int) and significant(product) == 1  # 25 * 4
    return is_power_of_ten or weight_of_product(*factors) < 1


def _carried_places(terms: Sequence[Value]) -> set[int]:
    """The places of a sum into or out of which something is carried; none if a term is no whole number."""
    if not all(isinstance(term, int) and term >= 0 for term in terms):
        return set()
    carried, found = 0, set()
    columns = list(zip_longest(*(reversed(str(term)) for term in terms), fillvalue="0"))
    for place, column in enumerate(columns):
        total = carried + sum(map(int, column))
        if carried or total >= TEN:
            found.add(place)
        carried = total // TEN
    return found | {len(columns)} if carried else found


def unlikely_if_easy(slips: Iterable[Slip], operator: str, left: Value, right: Value, result: Value) -> list[Slip]:
    """The slips in one operation, of which those in a fact that everybody knows are made only if many are asked for,
    and those in one that most people know if there is nothing harder.
    """
    if operator == "+":
        return unlikely_in_easy_sum(slips, (left, right), result)
    if operator == "-":
        most = weight_of_difference(left, right)
        return [_at_most(slip, most) for slip in slips]
    most = weight_of_product(right, result) if operator == "/" else weight_of_product(left, right)
    made = []
    for slip in slips:
        is_odd = _is_in_easy_part(slip.reason) or _is_far_too_small(slip, result)
        made.append(_at_most(slip, ODD if is_odd else 1 if "zero too" in slip.reason else most))
    return made


def unlikely_in_easy_sum(slips: Iterable[Slip], terms: Sequence[Value], right: Value) -> list[Slip]:
    """The same for a sum of two or more terms. One of several terms is passed over in an easy sum, too, and a carry is
    not dropped if all are of one digit: 5 + 6 + 6 is not taken for 7.
    """
    most, has_one_digit = weight_of_sum(terms), all(isinstance(term, int) and term < TEN for term in terms)
    made = []
    for slip in slips:
        is_carried_twice = "carried" in slip.reason and "added twice" in slip.reason
        if _PASSED_OVER in slip.reason:
            made.append(slip)
        elif has_one_digit and "carried" in slip.reason:
            made.append(_at_most(slip, ALONE))
        else:
            made.append(_at_most(slip, ODD if is_carried_twice and right < _SMALL_SUM_OF_TWO else most))
    return made


def _is_in_easy_part(reason: str) -> bool:
    """Whether a slip is one in an easy fact within a longer calculation: `5 times 4 is 20, but 15 was used`."""
    found = _OF_DIGITS.search(reason) or _OF_QUOTIENT.search(reason)
    return found is not None and not {found[1], found[2]}.isdisjoint(_EASY_DIGITS)


def _is_far_too_small(slip: Slip, result: Value) -> bool:
    """Whether a partial product that is not shifted takes away too much: 125 * 14 is not taken for 625."""
    return "is not shifted" in slip.reason and 5 * slip.value < 2 * result


def _at_most(slip: Slip, weight: float) -> Slip:
    return slip if slip.weight <= weight else slip._replace(weight=weight)
