"""What the explanation of a slip in a calculation claims, computed, by "Slips in calculations" of docs/labels.md.

>>> claims_hold("8 x $14 is $112, not $104: in the ones, 4 times 8 is 32, but 24 was used.")
True
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations
from operator import add, mul, sub, truediv

_PLACES = {
    "hundredths": -2, "tenths": -1, "ones": 0, "tens": 1, "hundreds": 2, "thousands": 3, "ten thousands": 4,
    "hundred thousands": 5, "millions": 6, "ten millions": 7, "hundred millions": 8, "billions": 9,
}  # fmt: skip
_N = r"\d+(?:\.\d+)?"
_PLACE = r"(?P<place>[a-z]+(?: [a-z]+)?)"
_SAID = re.compile(
    r"(?:is|gives) (?P<right>[$€£¥]?[\d,]*\.?\d+%?), not (?P<wrong>[$€£¥]?[\d,]*\.?\d+%?): (?P<reason>.+)\.$"
)
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+")
_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {"+": add, "-": sub, "*": mul, "/": truediv}
_SIGNS = {"×": "*", "x": "*", "·": "*", "÷": "/", "–": "-", "−": "-"}
_LARGEST_DIGIT = 9


@dataclass(frozen=True)
class _Said:
    """The right and the wrong result of a calculation, and the numbers and signs in it."""

    right: Fraction
    wrong: Fraction
    numbers: tuple[Fraction, ...] = ()
    signs: tuple[str, ...] = ()
    calculation: str = ""

    @property
    def off(self) -> Fraction:
        return self.wrong - self.right


def claims_hold(explanation: str) -> bool | None:
    """Whether all that an explanation says of a slip is so; None if it says nothing of one. A form that is not listed
    counts as false.
    """
    match = _SAID.search(explanation)
    if match is None:
        return None
    said = explanation[: match.start()]
    signs = tuple(_SIGNS.get(sign, sign) for sign in re.findall(r"[-+*/x×·÷–−](?![a-wyz])", said))
    numbers = tuple(_value(number) for number in _NUMBER.findall(said))
    return _reason_holds(match["reason"], _Said(_value(match["right"]), _value(match["wrong"]), numbers, signs, said))


def _value(text: str) -> Fraction:
    return Fraction(text.strip("$€£¥%").replace(",", ""))


def _reason_holds(reason: str, said: _Said) -> bool:
    for pattern, rule in _FORMS:
        match = pattern.fullmatch(reason)
        if match is not None:
            return rule(match, said)
    return False


def _unit(match: re.Match[str]) -> Fraction:
    return Fraction(10) ** _PLACES[match["place"]] if match["place"] in _PLACES else Fraction(0)


def _is_power_of_ten(value: Fraction) -> bool:
    return value > 0 and re.fullmatch(r"10*|10*/1|1/10*", str(value)) is not None


def _fact(match: re.Match[str]) -> bool:
    """`8 + 9 + the 1 carried is 18`, `35 divided by 6 is 5 with 5 left over`."""
    fact, found = match["fact"], Fraction(match["found"])
    first, *more = (Fraction(number) for number in re.findall(_N, fact))
    if "divided by" in fact:
        return first == found * more[0] + Fraction(match["rest"] or 0) and Fraction(match["rest"] or 0) < more[0]
    if "times" in fact:
        return first * more[0] == found
    return (first - more[0] if " - " in fact else sum(more, first)) == found


def _other_fact(match: re.Match[str], said: _Said) -> bool:
    return _fact(match) and said.off == (Fraction(match["used"]) - Fraction(match["found"])) * _unit(match)


def _fact_of_a_part(match: re.Match[str], said: _Said) -> bool:
    """A fact whose place is not named: the difference, times a power of ten."""
    off = Fraction(match["used"]) - Fraction(match["found"])
    return _fact(match) and off != 0 and _is_power_of_ten(said.off / off)


def _in_columns(match: re.Match[str], said: _Said) -> bool:
    """The smaller digit is taken from the larger one in every column."""
    return any(_columns_fit(match, said.wrong, *pair) for pair in permutations(said.numbers, 2))


def _columns_fit(match: re.Match[str], result: Fraction, upper: Fraction, lower: Fraction) -> bool:
    decimals = max(len(str(float(number)).partition(".")[2].rstrip("0")) for number in (upper, lower))
    above, below = str(int(upper * 10**decimals)), str(int(lower * 10**decimals))
    pairs = [
        (int(one), int(other)) for one, other in zip(reversed(above), reversed(below.zfill(len(above))), strict=False)
    ]
    turned = [place for place, (one, other) in enumerate(pairs) if one < other]
    wrong = sum(abs(one - other) * 10**place for place, (one, other) in enumerate(pairs))
    if result * 10**decimals != wrong:
        return False
    if "from" not in match.groupdict():
        return len(turned) > 1
    place, one, other = _PLACES.get(match["place"], -99) + decimals, int(match["taken"]), int(match["from"])
    is_there = turned == [place] and pairs[place] == (one, other)
    return is_there and int(match["instead"]) == other and int(match["top"]) == one + 10


def _product(match: re.Match[str], said: _Said) -> bool:
    return said.wrong == Fraction(match["found"]) == Fraction(match["a"]) * Fraction(match["b"]) != said.right


def _quotient(match: re.Match[str], said: _Said) -> bool:
    quotient, divisor, product, due = (Fraction(match[name]) for name in "abcd")
    return quotient * divisor == product != due and said.wrong == quotient and due == said.right * divisor


def _apart(match: re.Match[str], said: _Said) -> bool:
    first, second, third, fourth = (Fraction(match[name]) for name in "abcd")
    return said.wrong == first * second + third * fourth and said.right == (first + third) * (second + fourth)


def _unshifted(match: re.Match[str], said: _Said) -> bool:
    pairs = [(int(one), int(other)) for one in _bare(said) for other in _bare(said) if one * other == said.right]
    return any(
        (one, other // 10) == (int(match["a"]), int(match["b"]))
        and said.wrong == one * (other % 10) + one * (other // 10)
        for one, other in pairs
    )


def _bare(said: _Said) -> set[Fraction]:
    """The numbers of a product without their zeros at the end and their decimal points."""
    return {Fraction(str(float(number)).replace(".", "").strip("0") or 0) for number in said.numbers}


def _in_a_sum(match: re.Match[str], said: _Said) -> bool:
    one, other, ones, first, tens, second = (Fraction(match[name]) for name in ("a", "e", "b", "c", "d", "f"))
    is_true = one == other and one * ones == first and one * tens == second and first + second == said.right
    return is_true and _reason_holds(match["reason"], said)


def _in_a_part(match: re.Match[str], said: _Said) -> bool:
    """The rest holds for a partial product: its own difference is that of the whole but for a power of ten."""
    product, rest = Fraction(match["a"]) * Fraction(match["b"]), match["reason"]
    if Fraction(match["a"]) not in _bare(said) | set(said.numbers) or match["b"] not in "".join(map(str, said.numbers)):
        return False
    return any(_reason_holds(rest, _Said(product, product + said.off / 10**power)) for power in range(5))


def _left_aside(match: re.Match[str], said: _Said) -> bool:
    one, other, found = (Fraction(match[name]) for name in "abc")
    if one * other != found or not _is_power_of_ten(said.right / found):
        return False
    return _reason_holds(match["reason"], _Said(found, said.wrong * found / said.right, (one, other), ("*",)))


def _added_before(match: re.Match[str], said: _Said) -> bool:
    """What is carried is added to a digit of one factor, which is then multiplied by the other, of one digit."""
    carried, digit = int(match["a"]), int(match["b"])
    units = [int(_unit(match))] if match["place"] else [10**place for place in range(1, 7)]
    pairs = [(int(one), int(other)) for one, other in permutations(_bare(said), 2) if one * other == said.right]
    return digit + carried == int(match["c"]) and any(
        other == int(match["d"])
        and one // unit % 10 == digit
        and one % unit * other // unit == carried
        and said.off == carried * (other - 1) * unit
        for one, other in pairs
        for unit in units
    )


def _dropped(match: re.Match[str], said: _Said) -> bool:
    """What is left over in a division: in a place, or at its end."""
    groups, rest = match.groupdict(), Fraction(match["rest"])
    pairs = list(permutations(said.numbers, 2))
    if groups.get("many"):
        pairs = [(Fraction(groups["many"]), Fraction(4 if groups["four"] else 2))]
    lost = rest * _unit(match) if groups.get("place") else rest
    is_whole = said.wrong.denominator == 1
    return is_whole and any(
        said.right * divisor == many == said.wrong * divisor + lost and rest < divisor for many, divisor in pairs
    )


def _behind_the_point(match: re.Match[str], said: _Said) -> bool:
    rest = Fraction(match["rest"])
    return any(
        divisor and many % divisor == rest and many // divisor == said.wrong - rest / 10
        for many, divisor in permutations(said.numbers, 2)
    )


def _ignored(match: re.Match[str], said: _Said) -> bool:
    part = Fraction("0" + match["part"])
    return any(said.off == -part * other for number in said.numbers if number % 1 == part for other in said.numbers)


def _term(factor: int) -> Callable[[re.Match[str], _Said], bool]:
    return lambda match, said: Fraction(match["a"]) in said.numbers and said.off == factor * Fraction(match["a"])


def _misplaced(match: re.Match[str], said: _Said) -> bool:
    term = Fraction(match["a"])
    return term in said.numbers and said.off == term * (_unit(match) - 1)


def _rounded(sign: int) -> Callable[[re.Match[str], _Said], bool]:
    return lambda match, said: (
        Fraction(match["b"]) in said.numbers and said.off == sign * (Fraction(match["a"]) - Fraction(match["b"]))
    )


def _swapped(match: re.Match[str], said: _Said) -> bool:
    right, wrong = str(said.right), str(said.wrong)
    pair = match["a"] + match["b"]
    swaps = {right[:at] + pair[::-1] + right[at + 2 :] for at in range(len(right)) if right[at : at + 2] == pair}
    return match["c"] == right and wrong in swaps


def _one_digit(match: re.Match[str], said: _Said) -> bool:
    right, wrong = str(said.right), str(said.wrong)
    places = [len(right) - 1 - at for at, (one, other) in enumerate(zip(right, wrong, strict=False)) if one != other]
    named = match.groupdict().get("place")
    return len(right) == len(wrong) and len(places) == 1 and (named is None or _PLACES[named] == places[0])


def _lost_zero(match: re.Match[str], said: _Said) -> bool:
    right = str(said.right)
    return str(said.wrong) in {right[:at] + right[at + 1 :] for at, digit in enumerate(right) if digit == "0"}


def _left_to_right(match: re.Match[str], said: _Said) -> bool:
    if len(said.signs) != len(said.numbers) - 1 or not {"*", "/"} & set(said.signs[1:]):
        return False
    value = said.numbers[0]
    for sign, number in zip(said.signs, said.numbers[1:], strict=True):
        value = _OPERATIONS[sign](value, number)
    return value == said.wrong and {"multiplication": "*", "division": "/"}[match["name"]] in said.signs[1:]


def _in_an_operation(match: re.Match[str], said: _Said) -> bool:
    left, right, found, used = (Fraction(match[name]) for name in ("a", "b", "c", "used"))
    sign = match["sign"]
    inner = replace(said, right=found, wrong=used, numbers=(left, right), signs=(sign,))
    # In a product, the whole is wrong by the same factor, but for the rounding of cents.
    is_product = "(" not in said.calculation and not {"+", "-"} & set(said.signs)
    if is_product and abs(said.wrong * found - said.right * used) > found / 100:
        return False
    return _OPERATIONS[sign](left, right) == found and _reason_holds(match["reason"], inner)


_FACT = rf"(?P<fact>{_N}(?: (?:\+|-|times|divided by) (?:{_N}|the {_N} carried)){{1,12}}) is (?P<found>{_N})"
_USED = rf"(?: with (?P<rest>\d+) left over)?, but (?P<used>{_N}) was used"
_FORMS: list[tuple[re.Pattern[str], Callable[[re.Match[str], _Said], bool]]] = [
    (re.compile(pattern), rule)
    for pattern, rule in (
        (rf"in the {_PLACE}, {_FACT}{_USED}", _other_fact),
        (rf"{_FACT}{_USED}", _fact_of_a_part),
        (
            rf"the (?P<a>\d+) that is carried to the {_PLACE} is dropped",
            lambda match, said: said.off == -int(match["a"]) * _unit(match),
        ),
        (
            rf"the (?P<a>\d+) that is carried to the {_PLACE} is added twice",
            lambda match, said: said.off == int(match["a"]) * _unit(match),
        ),
        (
            rf"(?:in the {_PLACE}, )?the (?P<a>\d) carried is added to the (?P<b>\d) before multiplying, so (?P<c>\d+) "
            r"and not (?P=b) is multiplied by (?P<d>\d)",
            _added_before,
        ),
        (
            rf"(?P<a>\d+) has to be carried to the {_PLACE}, but (?P<b>\d+) was carried",
            lambda match, said: said.off == (int(match["b"]) - int(match["a"])) * _unit(match) != 0,
        ),
        (
            rf"a 1 is carried, although {_FACT.replace(' is (?P<found>', ' is only (?P<found>')}(?P<rest>)",
            lambda match, said: _fact(match) and int(match["found"]) <= _LARGEST_DIGIT and _is_power_of_ten(said.off),
        ),
        (rf"the 1 that is borrowed from the {_PLACE} is not taken away", lambda match, said: said.off == _unit(match)),
        (
            r"a 1 is borrowed, although (?P<a>\d+) is not less than (?P<b>\d+)",
            lambda match, said: int(match["a"]) >= int(match["b"]) and _is_power_of_ten(-said.off),
        ),
        (
            rf"in the {_PLACE}, (?P<taken>\d) is taken from (?P<from>\d) instead of (?P<instead>\d) from (?P<top>\d+)",
            _in_columns,
        ),
        (r"in each column, the smaller digit is taken from the larger one", _in_columns),
        (rf"(?P<found>{_N}) is (?P<a>{_N}) times (?P<b>{_N})", _product),
        (
            r"(?P<a>\d+) is not in the times table of (?P<b>\d+)",
            lambda match, said: (
                said.wrong == int(match["a"]) and int(match["a"]) % int(match["b"]) != 0 == said.right % int(match["b"])
            ),
        ),
        (rf"(?P<a>{_N}) times (?P<b>{_N}) is (?P<c>{_N}), not (?P<d>{_N})", _quotient),
        (
            r"(?P<a>\d+) times (?P<b>\d+) is left out",
            lambda match, said: said.off == -int(match["a"]) * int(match["b"]),
        ),
        (r"only (?P<a>\d+) times (?P<b>\d+) and (?P<c>\d+) times (?P<d>\d+) are added", _apart),
        (r"the second partial product, (?P<a>\d+) times (?P<b>\d), is not shifted to the tens", _unshifted),
        (
            r"(?P<a>\d+) times (?P<b>\d+) is (?P<c>\d+) and (?P<e>\d+) times (?P<d>\d+) is (?P<f>\d+); in their sum, "
            r"(?P<reason>.+)",
            _in_a_sum,
        ),
        (r"in (?P<a>\d+) times (?P<b>\d), (?P<reason>.+)", _in_a_part),
        (
            r"without the (?:zeros?|decimal point|percent sign)"
            r"(?:(?:, | and )the (?:decimal point|percent sign)){0,2}, "
            r"(?P<a>\d+) times (?P<b>\d+) is (?P<c>\d+)(?:, and|;) (?P<reason>.+)",
            _left_aside,
        ),
        (r"there is one zero too many", lambda match, said: said.wrong == 10 * said.right),
        (r"there is one zero too few", lambda match, said: 10 * said.wrong == said.right),
        (r"a zero of the quotient is lost", _lost_zero),
        (r"the decimal point is one place too far to the right", lambda match, said: said.wrong == 10 * said.right),
        (r"the decimal point is one place too far to the left", lambda match, said: 10 * said.wrong == said.right),
        (rf"the (?P<rest>{_N}) left over in the {_PLACE} is dropped", _dropped),
        (r"the remainder (?P<rest>\d+) is dropped", _dropped),
        (
            rf"when (?P<many>{_N}) is (?:halved|(?P<four>divided by 4)), the (?:remainder )?(?P<rest>\d+)"
            rf"(?: left over in the {_PLACE})? is dropped",
            _dropped,
        ),
        (r"the remainder (?P<rest>\d+) is written behind the decimal point", _behind_the_point),
        (r"the (?P<part>\.\d+) is ignored", _ignored),
        (r"the (?P<part>\.\d+) is dropped", lambda match, said: said.off == -Fraction("0" + match["part"])),
        (rf"(?P<a>{_N}) is passed over", _term(-1)),
        (rf"(?P<a>{_N}) is added twice", _term(1)),
        (rf"(?P<a>{_N}) is written one place too far to the left", _term(9)),
        (rf"the (?P<a>\d) is added to the {_PLACE}", _misplaced),
        (rf"(?P<a>{_N}) is added in place of (?P<b>{_N})", _rounded(1)),
        (rf"(?P<a>{_N}) is taken away in place of (?P<b>{_N})", _rounded(-1)),
        (r"the digits (?P<a>\d) and (?P<b>\d) of (?P<c>\d+) changed places", _swapped),
        (r"the step is off by one", lambda match, said: abs(said.off) == 1),
        (r"the step is off by two", lambda match, said: abs(said.off) == 2),
        (r"the (?P<place>ones|tens|hundreds|thousands) digit is wrong", _one_digit),
        (r"one digit is wrong", _one_digit),
        (
            r"it was worked out from left to right, although the (?P<name>multiplication|division) comes first",
            _left_to_right,
        ),
        (
            rf"(?P<a>{_N}) (?P<sign>[-+*/]) (?P<b>{_N}) is (?P<c>{_N}), and the step worked with (?P<used>{_N}) "
            r"\((?P<reason>.+)\)",
            _in_an_operation,
        ),
    )
]
