"""Ratios, scores and times of day: `3:45` may be any of them, so what it is compared with has to tell."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

from lemma.grading.answer_shapes import Moment, Quantity, Ratio
from lemma.grading.expressions import Call, Num
from lemma.grading.quantities import compare_expressions, compare_quantities, exact_number
from lemma.grading.units import find_unit

if TYPE_CHECKING:
    from lemma.records import Verdict

_TIME = (("time", 1),)


def compare_moments(gold: Moment, answer: Moment) -> Verdict:
    """Two times or two dates; a part that only one side states is ignored."""
    if gold.kind != answer.kind:
        return "different"
    pairs = zip(gold.parts, answer.parts, strict=True)
    return "equal" if all(one == other for one, other in pairs if None not in (one, other)) else "different"


def compare_with_clock(moment: Moment, ratio: Ratio) -> Verdict:
    """A time with am or pm against one without: `3:45 pm` is 15:45 and may be 3:45; `3:45 am` is not 15:45."""
    if moment.kind != "time":
        return "different"
    if ratio.clock is None:
        return "unknown"
    hours, minutes = ratio.clock
    # From 13:00 on, and from 0:00 to 0:59, the 24-hour clock leaves no doubt.
    has_no_half = 1 <= hours <= 12
    same_hour = moment.parts[0] == hours or (has_no_half and (moment.parts[0] or 0) % 12 == hours % 12)
    return "equal" if same_hour and moment.parts[1] == minutes else "different"


def compare_ratios(gold: Ratio, answer: Ratio) -> Verdict:
    """`2:3` is `4:6`, but `2:10` is not `4:20`, which are times."""
    if len(gold.terms) != len(answer.terms):
        return "different"
    if gold.clock and gold.clock == answer.clock:
        return "equal"
    values, others = ([exact_number(term.expression) for term in side.terms] for side in (gold, answer))
    if 0 in values or 0 in others:
        # `3:00` and `5:00` are times, and two ratios with a zero in the same place always have equal products.
        return "equal" if values == others else "different" if gold.clock else "unknown"
    pairs = [
        (_times(one, answer.terms[0]), _times(other, gold.terms[0]))
        for one, other in zip(gold.terms, answer.terms, strict=True)
    ]
    verdicts = {compare_expressions(one, other) for one, other in pairs}
    if verdicts != {"equal"}:
        return min(verdicts - {"equal"})  # one that differs is enough
    return _verdict_on_equal_ratios(gold.clock, answer.clock, [value or Fraction(1, 2) for value in others])


def _verdict_on_equal_ratios(
    gold: tuple[int, int] | None, answer: tuple[int, int] | None, terms: list[Fraction]
) -> Verdict:
    if gold is None:
        return "equal"
    # A quarter past one is not five past three. A ratio would have been given in lowest terms.
    is_time = gcd(*gold) > 1
    if answer is not None:
        return "different" if is_time else "unknown"
    in_lowest_terms = all(term.denominator == 1 for term in terms) and gcd(*(term.numerator for term in terms)) == 1
    return "unknown" if is_time and not in_lowest_terms else "equal"


def compare_ratio_with_quantity(ratio: Ratio, quantity: Quantity, *, ratio_is_gold: bool) -> Verdict:
    """`1:2` is one half, and `1:20` is 80 minutes or 80 seconds."""
    if len(ratio.terms) != 2:
        return "different"
    first, second = (term.expression for term in ratio.terms)
    if quantity.unit is not None and quantity.unit.dimensions == _TIME:
        total = Call("add", (first, Call("mul", (second, Num(Fraction(1, 60))))))
        durations = [Quantity(total, find_unit(larger)) for larger in ("hour", "minute")]
        return "equal" if any(compare_quantities(one, quantity) == "equal" for one in durations) else "different"
    quotient = Call("div", (first, second))
    verdict = compare_expressions(quotient, quantity.expression)
    value = exact_number(quotient)
    if verdict == "equal" and not ratio_is_gold and value is not None and value.denominator == 1:
        return "unknown"  # "18 to 1" may be a score or odds instead of the number that was asked for; 18:01 is a time
    return verdict


def _times(left: Quantity, right: Quantity) -> Call:
    return Call("mul", (left.expression, right.expression))
