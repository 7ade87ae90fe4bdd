"""Words for numbers: `twenty-five`, `two and a half`, `a dozen`, `three quarters`, `1.5 million`.

>>> replace_number_words("two hundred and five dollars")
'205 dollars'
"""

from __future__ import annotations

import re
from fractions import Fraction

_UNIT_NAMES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
_TEN_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINAL_NAMES = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth twentieth
"""
_UNITS = {word: value for value, word in enumerate(_UNIT_NAMES.split())}
_TENS = {word: 10 * value for value, word in enumerate(_TEN_NAMES.split(), start=2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DOZEN = {"dozen": 12, "dozens": 12}
_ORDINALS = {word: value for value, word in enumerate(_ORDINAL_NAMES.split(), start=1)}
_PARTS = {
    **{word: Fraction(1, value) for word, value in _ORDINALS.items() if value > 2},
    "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    "hundredth": Fraction(1, 100),
    "thousandth": Fraction(1, 1000),
}
_SMALL = {**_UNITS, **_TENS}
_SMALL_WORD = "|".join(sorted(_SMALL, key=len, reverse=True))
_PART_WORD = "|".join(["halves", *(rf"{word}s?" for word in _PARTS)])
_SCALE_WORD = "hundred|thousand|million|billion|trillion"
_CHUNK = rf"(?:{_SMALL_WORD})(?:[\s-]+(?:{_SMALL_WORD}))?"
_CARDINAL = re.compile(
    rf"(?<![A-Za-z\\])(?:{_CHUNK}|an?(?=[\s-]+(?:{_SCALE_WORD})))(?:[\s-]+(?:{_SCALE_WORD})(?:\s+(?:and\s+)?{_CHUNK})?)*\b",
    re.IGNORECASE,
)
_FRACTION = re.compile(rf"(?<![\w/.])(\d+|an?)[\s-]+({_PART_WORD})\b(?!\s+(?:place|row|day|grade))", re.IGNORECASE)
_HALF = re.compile(r"^\s*half\s*$", re.IGNORECASE)
_AND_A_PART = re.compile(r"(?<![\w/.])(\d+)\s+and\s+(?:an?\s+)?(\d+/\d+)")
# A number is not read again from each of its commas, which would take quadratic time.
_SCALED = re.compile(
    rf"(?<![\w/])(?<!\d,)(\d[\d,]*(?:\.\d+)?|an?)[\s-]+({_SCALE_WORD}|dozens?)\b(?:\s+of\b)?", re.IGNORECASE
)
_ABBREVIATED_PRICE = re.compile(r"([$€£]\s?\d[\d,]*(?:\.\d+)?)\s?([kKMB])\b")
_ABBREVIATIONS = {"k": "thousand", "K": "thousand", "M": "million", "B": "billion"}
_ORDINAL_NUMBER = re.compile(r"(?<![\w.])(\d+)(?:st|nd|rd|th)\b", re.IGNORECASE)
_ORDINAL_WORD = re.compile(rf"^\s*(?:the\s+)?({'|'.join(_ORDINALS)})\s*$", re.IGNORECASE)
_ANY = re.compile(
    rf"\b(?:{_SMALL_WORD}|{_SCALE_WORD}|dozens?|{_PART_WORD}|{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th))\b",
    re.IGNORECASE,
)


def replace_number_words(text: str) -> str:
    """`text` with every number in words written in digits."""
    text = _ABBREVIATED_PRICE.sub(lambda match: f"{match.group(1)} {_ABBREVIATIONS[match.group(2)]}", text)
    if not _ANY.search(text):
        return text
    text = _CARDINAL.sub(lambda match: str(_cardinal(match.group())), text)
    text = _FRACTION.sub(_fraction, text)
    text = _HALF.sub("1/2", text)
    text = _AND_A_PART.sub(r"\1 \2", text)
    text = _SCALED.sub(_scaled, text)
    text = _ORDINAL_WORD.sub(lambda match: str(_ORDINALS[match.group(1).lower()]), text)
    return _ORDINAL_NUMBER.sub(r"\1", text)


def _cardinal(words: str) -> int:
    total = current = 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _SMALL:
            current += _SMALL[word]
        elif word in ("a", "an"):
            current += 1
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total += max(current, 1) * _SCALES[word]
            current = 0
    return total + current


def _fraction(match: re.Match[str]) -> str:
    count = 1 if match.group(1).lower() in ("a", "an") else int(match.group(1))
    word = match.group(2).lower()
    part = _PARTS["half" if word == "halves" else word if word in _PARTS else word.removesuffix("s")]
    return f"{count}/{part.denominator}"


def _scaled(match: re.Match[str]) -> str:
    word = match.group(2).lower()
    scale = {**_SCALES, **_DOZEN, "hundred": 100}[word]
    count = match.group(1).replace(",", "")
    value = Fraction(1) if count.lower() in ("a", "an") else Fraction(count)
    value *= scale
    return str(value.numerator) if value.denominator == 1 else str(float(value))
