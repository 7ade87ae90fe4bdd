"""Numbers that everybody knows and no problem states: minutes in an hour, cents in a dollar.

Each stands with the words that call it up; without one of them in sight, 60 is just a number of unknown origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from lemma.arithmetic.numbers import Value

_WORDS: dict[Value, str] = {
    3: "yards? feet foot teaspoons? tablespoons? meals?",
    4: "quarts? gallons? quarters? weeks? months? squares? seasons? wheels? legs?",
    5: "nickels? weekdays? workdays? week weeks",
    6: "cube dice die hexagons?",
    7: "weeks? days? daily everyday",
    8: "ounces? cups? pints? octopus(?:es)? spiders?",
    10: "decades? dimes? mm cm millimeters? centimeters?",
    12: "years? months? monthly dozens? foot feet inch inches noon annually yearly",
    14: "weeks? fortnights? days?",
    16: "ounces? pounds? oz lbs? cups? gallons?",
    20: "nickels? score",
    24: "hours? days? daily",
    25: "quarters? cents",
    28: "days? weeks? months? february",
    29: "days? february leap",
    30: "days? months? half minutes? hours? april june september november",
    31: "days? months? january march may july august october december",
    36: "yards? inch inches",
    48: "hours? weeks?",
    50: "states? half cents? percent %",
    52: "weeks? years? cards? deck",
    60: "minutes? hours? seconds? mins? hrs? half",
    90: "degrees? angles? right",
    100: "percent percentage % cents? centuries century dollars? meters? cm pennies penny \\$",
    180: "degrees? angles? triangles? half",
    360: "degrees? circle",
    365: "years? days? yearly annually",
    366: "years? leap",
    1000: "kilograms? kilometers? km kg grams? meters? milliliters? ml liters? thousand tons? g",
    2000: "tons? pounds?",
    3600: "hours? seconds?",
    5280: "miles? feet",
    Fraction(1, 100): "cents? pennies penny",
    Fraction(1, 4): "quarters?",
    Fraction(1, 20): "nickels?",
    Fraction(1, 10): "dimes?",
}
_PATTERNS = {
    value: re.compile(rf"(?<![a-z])(?:{words.replace(' ', '|')})(?![a-z])", re.IGNORECASE)
    for value, words in _WORDS.items()
}
_ALWAYS: frozenset[Value] = frozenset({1})


def known_constants(texts: Iterable[str]) -> frozenset[Value]:
    """The constants that a problem's question and solution call up by their words."""
    text = "\n".join(texts)
    return _ALWAYS | {value for value, pattern in _PATTERNS.items() if pattern.search(text)}
