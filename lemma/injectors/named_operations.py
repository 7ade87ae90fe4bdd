"""The operations on both sides that the words of later steps name: they are done with the numbers that stand there now.

`Adding 10 to both sides gives $2x = 22$` becomes `Adding 5 to both sides gives $2x = 17$` behind `$2x - 5 = 12$`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from lemma.exceptions import Refusal

_NAMED = re.compile(
    r"\b(?:[Aa]dd|[Ss]ubtract)(?:s|ing)? (?P<number>\d{1,9}(?:\.\d{1,9})?)(?= (?:to|from) (?:both|each) sides?\b)"
    r"|\b[Dd]ivid(?:e|es|ing) (?:both sides by |each side by |by )(?P<divisor>\d{1,9})(?![\d.,/]|\w)"
)


def renamed(steps: Sequence[str], first: int, changed: Mapping[Fraction, Fraction | None]) -> tuple[str, ...]:
    """The steps, in which those behind the wrong one name the numbers that changed as they are now.

    Raises Refusal if such a number is no whole number above 1 now, or is not known.
    """

    def now(match: re.Match[str]) -> str:
        old = match["number"] or match["divisor"]
        if Fraction(old) not in changed:
            return match.group()
        new = changed[Fraction(old)]
        if new is None or new.denominator != 1 or new < 2:
            raise Refusal("number_in_words", match.group())
        return match.group().replace(old, str(new.numerator))

    return tuple(_NAMED.sub(now, text) if step > first else text for step, text in enumerate(steps))
