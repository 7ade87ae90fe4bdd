"""Plain numbers, read by one regular expression and compared by integers: the fast path of grading.

    >>> read_plain_number("$70,000.00")
    PlainNumber(numerator=70000, denominator=1, percent=False, currency='$', decimals=2)

Whatever else an answer may be goes through the full reader in `lemma.grading.reading`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lemma.records import Verdict

# Python refuses to convert longer digit strings (they cost quadratic time), and no answer needs them.
MAX_DIGITS = 4000
# A gold answer with more decimals than this was rounded by whoever wrote it (MAWPS, gsm_hard).
ROUNDED_DECIMALS = 6
# A gold answer with this many significant digits is a double that was printed, wrong in its last bits.
DOUBLE_DIGITS = 16
DOUBLE_NOISE = Fraction(1, 2**50)

# At most one space anywhere: several optional runs of spaces side by side would take cubic time on hostile text.
_PLAIN = re.compile(
    r"([-+]?)\s?(?:\\?(\$)\s?)?"
    r"(?:(\d{1,3}(?:,\d{3})+|\d+)?(?:\.(\d*))?(?:[eE]([-+]?\d{1,3}))?"
    r"|(\d+)\s?/\s?(\d+)"
    r"|\\[dt]?frac\{(\d+)\}\{(\d+)\})"
    r"\s?(\\?%)?\s?\.?"
)


class PlainNumber(NamedTuple):
    """A rational number in lowest terms, and how it was written."""

    numerator: int
    denominator: int
    percent: bool
    currency: str
    decimals: int


# Makes a named tuple in half the time that PlainNumber(...) takes.
_new = tuple.__new__


def read_plain_number(text: str) -> PlainNumber | None:
    """The number that is the whole of `text`, or None: digits, one sign, commas, a point, an exponent, a/b, % and $."""
    if text.isdigit() and text.isascii() and len(text) <= MAX_DIGITS:
        return _new(PlainNumber, (int(text), 1, False, "", 0))
    text = text.strip()
    match = _PLAIN.fullmatch(text) if len(text) <= MAX_DIGITS else None
    if match is None:
        return None
    sign, currency, whole, decimals, exponent, top, bottom, latex_top, latex_bottom, percent = match.groups("")
    if whole or decimals:
        numerator, denominator, written = _read_decimal(whole or "0", decimals, exponent)
    else:
        # Also the case of no digits at all, as in `$` or `.`.
        numerator, denominator, written = int(top or latex_top or 0), int(bottom or latex_bottom or 0), 0
        if not denominator:
            return None
        divisor = gcd(numerator, denominator)
        numerator, denominator = numerator // divisor, denominator // divisor
    values = (-numerator if sign == "-" else numerator, denominator, bool(percent), currency, written)
    return _new(PlainNumber, values)


def _read_decimal(whole: str, decimals: str, exponent: str) -> tuple[int, int, int]:
    """Numerator and denominator in lowest terms, and how many decimals were written."""
    digits = int(whole.replace(",", "") + decimals)
    scale = int(exponent or 0) - len(decimals)
    if scale >= 0:
        return digits * 10**scale, 1, 0 if exponent else len(decimals)
    divisor = gcd(digits, 10**-scale)
    return digits // divisor, 10**-scale // divisor, 0 if exponent else len(decimals)


def compare_plain_numbers(gold: PlainNumber, answer: PlainNumber) -> Verdict:
    """`equal` or `different`, by rational arithmetic.

    Where exactly one side has a percent sign, the same number or the same value will do: golds drop the sign.
    """
    if gold.numerator == answer.numerator and gold.denominator == answer.denominator:
        return "equal"
    if gold.percent != answer.percent and gold.currency == answer.currency:
        factor = 100 if gold.percent else Fraction(1, 100)
        if Fraction(gold.numerator, gold.denominator) == Fraction(answer.numerator, answer.denominator) * factor:
            return "equal"
    if gold.decimals > ROUNDED_DECIMALS:
        exact = Fraction(gold.numerator, gold.denominator)
        if within_rounding(exact, gold.decimals, Fraction(answer.numerator, answer.denominator)):
            return "equal"
    return "different"


def within_rounding(gold: Fraction, decimals: int, answer: Fraction) -> bool:
    """Whether `answer` rounds to `gold`, which was written with `decimals` decimals, too many to be exact.

    Half of the last digit written is allowed; a gold that is a printed double may also be wrong in its last bits
    (0.6666666666666666 stands for 2/3, and is off by more than half a digit).
    """
    if decimals <= ROUNDED_DECIMALS:
        return False
    distance = abs(gold - answer)
    if distance <= Fraction(1, 2 * 10**decimals):
        return True
    is_printed_double = abs(gold) * 10**decimals >= 10 ** (DOUBLE_DIGITS - 1)
    return is_printed_double and distance <= abs(gold) * DOUBLE_NOISE
