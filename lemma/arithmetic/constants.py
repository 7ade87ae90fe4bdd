"""Numbers that everybody knows and no problem states: minutes in an hour, cents in a dollar.

Each stands with the words that call it up; without one of them in sight, 60 is just a number of unknown origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from lemma.arithmetic.numbers import Value

_WORDS: dict[Value, str] = {
    3: "yard(s) feet foot teaspoon(s) tablespoon(s) meal(s)",
    4: "quart(s) gallon(s) quarter(s) week(s) month(s) square(s) season(s) wheel(s) leg(s)",
    5: "nickel(s) weekday(s) workday(s) week weeks",
    6: "cube dice die hexagon(s)",
    7: "week(s) day(s) daily everyday",
    8: "ounce(s) cup(s) pint(s) octopus(es) spider(s)",
    10: "decade(s) dime(s) mm cm millimeter(s) centimeter(s)",
    12: "year(s) month(s) monthly dozen(s) foot feet inch inches noon annually yearly",
    14: "week(s) fortnight(s) day(s)",
    16: "ounce(s) pound(s) oz lb(s) cup(s) gallon(s)",
    20: "nickel(s) score",
    24: "hour(s) day(s) daily",
    25: "quarter(s) cents",
    28: "day(s) week(s) month(s) february",
    29: "day(s) february leap",
    30: "day(s) month(s) half minute(s) hour(s) april june september november",
    31: "day(s) month(s) january march may july august october december",
    36: "yard(s) inch inches",
    48: "hour(s) week(s)",
    50: "state(s) half cent(s) percent %",
    52: "week(s) year(s) card(s) deck",
    60: "minute(s) hour(s) second(s) min(s) hr(s) half",
    90: "degree(s) angle(s) right",
    100: "percent percentage % cent(s) centuries century dollar(s) meter(s) cm pennies penny $",
    180: "degree(s) angle(s) triangle(s) half",
    360: "degree(s) circle",
    365: "year(s) day(s) yearly annually",
    366: "year(s) leap",
    1000: "kilogram(s) kilometer(s) km kg gram(s) meter(s) milliliter(s) ml liter(s) thousand ton(s) g",
    2000: "ton(s) pound(s)",
    3600: "hour(s) second(s)",
    5280: "mile(s) feet",
    Fraction(1, 100): "cent(s) pennies penny",
    Fraction(1, 4): "quarter(s)",
    Fraction(1, 20): "nickel(s)",
    Fraction(1, 10): "dime(s)",
}
_WORD = re.compile(r"[a-z]+")
_SIGN = re.compile(r"(?<![a-z])[$%](?![a-z])", re.IGNORECASE)
_ALWAYS: frozenset[Value] = frozenset({1})


def _forms(words: str) -> frozenset[str]:
    """The words and signs of a list, those with an ending in brackets without and with it: `yard(s)`."""
    plain = re.sub(r"\(\w+\)", "", words).split()
    return frozenset((*plain, *words.replace("(", "").replace(")", "").split()))


_CALLED_UP_BY = {value: _forms(words) for value, words in _WORDS.items()}


def known_constants(texts: Iterable[str]) -> frozenset[Value]:
    """The constants that a problem's question and solution call up by their words."""
    text = "\n".join(texts)
    said = {*_WORD.findall(text.lower()), *_SIGN.findall(text)}
    return _ALWAYS | {value for value, words in _CALLED_UP_BY.items() if not words.isdisjoint(said)}
