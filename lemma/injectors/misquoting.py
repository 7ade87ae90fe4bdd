"""References that misquote their own question: `m + h = 80,000` where the question says 88,000."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from operator import ne

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.numbers import Number, Value, find_numbers

_FEWEST_DIGITS = 2
_MOST_KNOWN = 40
# Of a year, a month, a day, an hour, a circle: numbers that a solution needs and no question states.
_COMMON = frozenset(
    (10, 12, 16, 18, 20, 24, 26, 28, 29, 30, 31, 32, 36, 48, 50, 52, 60, 90, 100, 144, 180, 360, 365, 366)
)
_OPERATORS = ("=", "+", "-", "–", "*")
_LETTERS = re.compile(r"(?<![A-Za-z])[A-Za-z]\s?[=+*–-]|[=+*–-]\s?[A-Za-z](?![A-Za-z])|\d[A-Za-z](?![A-Za-z])")
_TOTAL = re.compile(r"(?<![\w*+/–-])(?<![*+/–-] )[A-Za-z](?: ?\+ ?[A-Za-z]){1,4} ?=$")
_COEFFICIENT = re.compile(r"[A-Za-z](?![A-Za-z])")
_YEARS = range(1900, 2100)
_NO_AMOUNT = ("/", ":", "*", "%", "#")  # beside a number
_FACTORS = tuple(map(Fraction, (2, 10, 12, 16, 24, 60, 100, 1000)))  # with which things are worked out in the head


def misquoted(question: str, steps: Sequence[str], answer: str) -> str | None:
    """The step of a reference with a number that nothing gives, and that differs by one digit from a number of the
    question; None if there is none, or if there is LaTeX.

    What two known numbers give by one operation is taken for worked out in the head, and so is what stands in a formula
    with letters, unless that restates a total: `m + h = 80,000`.
    """
    if any("\\" in text for text in (question, *steps)):
        return None
    given: set[Value] = {*(number.face for number in find_numbers(question)), *values_of_words(question)}
    asked = [str(face) for face in given if _is_long(face)]
    if not asked:
        return None
    results = [{one.result.face for one in read_step(text).equations} for text in steps]
    known = given.union(*results)
    for step, text in enumerate(steps):
        for number in find_numbers(text):
            if not _is_long(number.face) or number.face in known or number.face in _COMMON:
                continue
            face = str(number.face)
            if not any(len(one) == len(face) and sum(map(ne, one, face)) == 1 for one in asked):
                continue
            if face == answer or _is_in_formula(text, number):
                continue
            before = given.union(*results[: step + 1])
            scaled = {number.face * factor for factor in _FACTORS} | {number.face / factor for factor in _FACTORS}
            # Of very many numbers, some two would give it.
            pairs = permutations(before, 2) if len(before) <= _MOST_KNOWN else [(number.face, 0)]
            if scaled.isdisjoint(before) and not any(
                number.face in (one + other, one - other, one * other) or (other and number.face * other == one)
                for one, other in pairs
            ):
                return text
    return None


def _is_long(face: Value) -> bool:
    return isinstance(face, int) and len(str(face)) >= _FEWEST_DIGITS and face not in _YEARS


def _is_in_formula(text: str, number: Number) -> bool:
    """Whether a number is a part of a formula with letters, a date, or another number."""
    before, behind = text[: number.start].rstrip(" $"), text[number.end : number.end + 2].lstrip()[:1]
    if (
        _COEFFICIENT.match(text, number.end)
        or text[number.end : number.end + 1] in _NO_AMOUNT
        or text[number.start - 1 : number.start] in _NO_AMOUNT
    ):
        return True
    is_joined = before[-1:] in _OPERATORS or (behind != "" and behind in _OPERATORS)
    return before.endswith(",") or (is_joined and _LETTERS.search(text) is not None and not _TOTAL.search(before))
