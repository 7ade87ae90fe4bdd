"""Numbers as they stand in a text: exact value, and the format to write another value in their place.

    >>> number = find_numbers("It costs $1,200.50 now.")[0]
    >>> number.face
    Fraction(2401, 2)
    >>> render(1300, number.style)
    '1,300.00'

Values are `int` or `Fraction`, never `float`; an integral value is always an `int`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

Value = int | Fraction

# The ways in which a number is written: 1,200.50, 7/2, \\frac{7}{2}, 3 1/2.
PLAIN, FRACTION, LATEX_FRACTION, MIXED = "plain", "fraction", "latex fraction", "mixed"

FRAC = "\\frac"
_MAX_DIGITS = 30  # a longer run of digits is no quantity of a word problem

NUMBER_PATTERN = (
    r"(?P<mixed>\d+[ ]\d+/\d+(?![\d.]))"
    r"|(?P<plain>\d{1,3}(?:(?:,|\{,\}|,\\!|\\,)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
)
_PLAIN = re.compile(NUMBER_PATTERN)
_SEPARATOR = re.compile(r"\{,\}|,\\!|\\,|,")


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How a number is written. `decimals` counts the digits after the point; `separator` parts thousands, or is the
    command of a LaTeX fraction.
    """

    form: str = PLAIN
    decimals: int = 0
    separator: str = ""
    leading_zero: bool = True


INTEGER = NumberStyle()


class Number(NamedTuple):
    """A number in a text. `face` is what the digits say: 35 for `35%`. The span covers the digits alone."""

    start: int
    end: int
    face: Value
    style: NumberStyle
    percent: bool = False
    currency: bool = False

    @property
    def value(self) -> Value:
        """What it counts for in a computation: 7/20 for `35%`."""
        return divide(self.face, 100) if self.percent else self.face


def normal(value: Value) -> Value:
    """An integral fraction as an int."""
    return value.numerator if value.denominator == 1 else value


def divide(left: Value, right: Value) -> Value:
    """Exact quotient. Raises ZeroDivisionError."""
    if isinstance(left, int) and isinstance(right, int):
        quotient, rest = divmod(left, right)
        return Fraction(left, right) if rest else quotient
    return normal(Fraction(left) / right)


def parse_plain(text: str) -> tuple[Value, NumberStyle] | None:
    """Value and style of `1,200.50`, `.5`, `10{,}000`; None for a number too long to be a quantity."""
    found = _SEPARATOR.search(text)
    separator = found.group() if found else ""
    digits = text.replace(separator, "") if separator else text
    if len(digits) > _MAX_DIGITS:
        return None
    whole, point, decimals = digits.partition(".")
    if not point:
        return int(whole), NumberStyle(separator=separator) if separator else INTEGER
    value = normal(Fraction(int(whole + decimals), 10 ** len(decimals)))
    return value, NumberStyle(PLAIN, len(decimals), separator, bool(whole))


def parse_mixed(text: str) -> tuple[Value, NumberStyle] | None:
    """Value and style of `1 1/2`; None if the fraction part is not below one."""
    whole, _, fraction = text.partition(" ")
    numerator, _, denominator = fraction.partition("/")
    if len(text) > _MAX_DIGITS or not 0 < int(numerator) < int(denominator):
        return None
    return Fraction(int(whole) * int(denominator) + int(numerator), int(denominator)), NumberStyle(MIXED)


def find_numbers(text: str) -> list[Number]:
    """All numbers in digits, in the order of the text."""
    found = []
    for match in _PLAIN.finditer(text):
        parsed = parse_mixed(match.group()) if match.lastgroup == "mixed" else parse_plain(match.group())
        if parsed is not None:
            found.append(Number(match.start(), match.end(), *parsed))
    return found


def digits_begin(text: str) -> set[int]:
    """The places at which `find_numbers` may find a number."""
    return {match.start() for match in _PLAIN.finditer(text)}


def decimals_needed(value: Value, most: int = 12) -> int | None:
    """Digits after the point that write the value exactly; None if it takes more than `most`."""
    if isinstance(value, int):
        return 0
    scaled: Value = value
    for digits in range(1, most + 1):
        scaled = normal(Fraction(scaled) * 10)
        if isinstance(scaled, int):
            return digits
    return None


def round_half_up(value: Value, decimals: int) -> Value:
    """Rounded as in school, halves away from zero."""
    scaled = abs(value) * 10**decimals
    rounded = int(scaled + Fraction(1, 2))
    return normal(Fraction(rounded if value >= 0 else -rounded, 10**decimals))


def truncate(value: Value, decimals: int) -> Value:
    """Cut after some digits."""
    cut = int(abs(value) * 10**decimals)
    return normal(Fraction(cut if value >= 0 else -cut, 10**decimals))


def render(value: Value, style: NumberStyle) -> str | None:
    """Write a value in a style. None if the style can't hold it exactly.

    An integer style takes a decimal value as it is; a style with decimals keeps at least as many.
    """
    sign = "-" if value < 0 else ""
    if isinstance(value, Fraction) and style.form != PLAIN:
        numerator, denominator = abs(value.numerator), value.denominator
        if style.form == MIXED and numerator > denominator:
            return f"{sign}{numerator // denominator} {numerator % denominator}/{denominator}"
        if style.form == LATEX_FRACTION:
            return f"{sign}{style.separator or FRAC}{{{numerator}}}{{{denominator}}}"
        return f"{sign}{numerator}/{denominator}"
    needed = decimals_needed(value)
    return (
        None
        if needed is None
        else sign + _render_plain(value if value >= 0 else -value, max(needed, style.decimals), style)
    )


def _render_plain(value: Value, decimals: int, style: NumberStyle) -> str:
    digits = str(int(value * 10**decimals)).zfill(decimals + 1)
    whole, rest = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    if style.separator and style.form == PLAIN:
        whole = f"{int(whole):,}".replace(",", style.separator)
    if not style.leading_zero and whole == "0" and rest:
        whole = ""
    return whole + ("." + rest if rest else "")


# What a word of a question or a step can stand for in a computation.
WORD_VALUES: dict[str, tuple[Value, ...]] = {
    "one": (1,), "two": (2,), "three": (3,), "four": (4,), "five": (5,), "six": (6,), "seven": (7,), "eight": (8,),
    "nine": (9,), "ten": (10,), "eleven": (11,), "twelve": (12,), "thirteen": (13,), "fourteen": (14,),
    "fifteen": (15,), "sixteen": (16,), "seventeen": (17,), "eighteen": (18,), "nineteen": (19,), "twenty": (20,),
    "thirty": (30,), "forty": (40,), "fifty": (50,), "sixty": (60,), "seventy": (70,), "eighty": (80,),
    "ninety": (90,), "hundred": (100,), "thousand": (1000,), "million": (1000000,),
    "once": (1,), "twice": (2,), "thrice": (3,), "double": (2,), "doubled": (2,), "doubles": (2,), "triple": (3,),
    "triples": (3,), "tripled": (3,), "quadruple": (4,), "pair": (2,), "pairs": (2,), "couple": (2,), "both": (2,),
    "another": (1,), "half": (Fraction(1, 2), 2), "halves": (Fraction(1, 2), 2), "halved": (2,),
    "third": (Fraction(1, 3), 3), "thirds": (Fraction(1, 3), 3),
    "quarter": (Fraction(1, 4), 4), "quarters": (Fraction(1, 4), 4),
    "fourth": (Fraction(1, 4), 4), "fourths": (Fraction(1, 4), 4), "fifth": (Fraction(1, 5), 5),
    "fifths": (Fraction(1, 5), 5), "sixth": (Fraction(1, 6), 6), "seventh": (Fraction(1, 7), 7),
    "eighth": (Fraction(1, 8), 8), "ninth": (Fraction(1, 9), 9), "tenth": (Fraction(1, 10), 10),
    "dozen": (12,), "dozens": (12,), "score": (20,),
}  # fmt: skip


_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN = re.compile(f"[{''.join((*_HAN_DIGITS, *_HAN_UNITS))}万萬]+")


def han_numbers(text: str) -> list[int]:
    """The numbers that a Chinese or Japanese text writes in characters: `[160]` for `一百六十元`."""
    numbers = []
    for match in _HAN.finditer(text):
        total, section, digit = 0, 0, 0
        for character in match.group():
            if character in _HAN_DIGITS:
                digit = digit * 10 + _HAN_DIGITS[character]  # 一六〇 is read digit by digit
            elif character in _HAN_UNITS:
                section, digit = section + (digit or 1) * _HAN_UNITS[character], 0
            else:
                total, section, digit = (total + section + digit) * 10_000, 0, 0
        numbers.append(total + section + digit)
    return numbers
