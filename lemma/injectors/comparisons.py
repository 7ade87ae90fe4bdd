"""The words with which a question compares two amounts: `5 years older than Bob`, `4 times as many hens as cows`.

A comparison that is read the wrong way is a misread question, and no wrong operator: `question_misinterpretation_error`
makes it, and `operator_error` leaves it alone.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from lemma.arithmetic.numbers import Number, Value
from lemma.injectors.quoting import clause_around

MORE = "more|older|taller|longer|heavier|higher|larger|bigger|greater|faster|farther|further|warmer|hotter|wider|deeper"
LESS = r"less|fewer|younger|shorter|lighter|lower|smaller|cheaper|slower|colder|cooler|narrower"
DIRECTION = f"(?:{MORE}|{LESS})"
_MULTIPLES = {
    2: r"[Tt]wice|[Dd]ouble|[Hh]alf|two times", 3: "[Tt]riple|[Tt]hrice|three times", 4: "four times", 5: "five times"
}  # fmt: skip
_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = r"(?: (?!(?:and|but|while)\b)[A-Za-z']+)"
_CLAUSE_END = r"(?=[.,;?!]|$| (?:and|but|while)\b)"
# "5 more apples than Bob has", up to the end of the clause if that is near.
_COMPARED_BY = re.compile(
    rf"(?:(?<![\d.,$])\$?(?P<number>\d+(?:\.\d+)?)|\b(?P<word>{'|'.join(_NUMBER_WORDS)}))(?: [a-z]+)? "
    rf"(?P<direction>{DIRECTION}){_WORDS}{{0,6}}? than"
    rf"(?:{_WORDS}{{1,5}}?{_CLAUSE_END}|{_WORDS}{{1,2}})"
)
_OF_OTHER = (
    r"(?:the (?:number|age|size|amount|price|cost|weight|length|height|speed|value) of|as|that|what|his|her|their)"
    rf"(?:{_WORDS}{{1,6}}?{_CLAUSE_END}|{_WORDS}{{1,4}})"
)
_OF_OTHER_FOUND = re.compile(_OF_OTHER)
_HALF = re.compile(r"[Hh]alf")
_IS_MORE = re.compile(rf"(?:{MORE})\b")


class Comparison(NamedTuple):
    """A comparison of a question. It is `plain` if its own words name the operation that has to be done: "5 more than
    Ann, who has 3" is 3 + 5. Nobody turns that around; "Tom, who has 8, has 5 more than Ann" tempts to 8 + 5.
    """

    words: str
    plain: bool

    def quoted(self, question: str) -> str | None:
        """The clause around it, if that can be quoted."""
        start = question.index(self.words)
        return clause_around(question, start, start + len(self.words))


def comparison(question: str, operand: Number, operator: str) -> Comparison | None:
    """How a question compares two amounts by a number that an operation has; None if it does not, or the number may be
    another one.
    """
    number = re.escape(_written(operand.face))
    if operator in "+-":
        face = operand.face
        word = _NUMBER_WORDS[face - 1] if isinstance(face, int) and 0 < face <= len(_NUMBER_WORDS) else ""
        matches = _COMPARED_BY.finditer(question)
        found = next((match for match in matches if match["word"] == word != "" or _is(match["number"], face)), None)
        elsewhere = "" if found is None else question[: found.start()] + question[found.end() :]
        again = rf"(?<![\d.,]){number}(?!\d|[.,]\d)" + (rf"|\b{word}\b" if word else "")
        if found is None or re.search(again, elsewhere):
            return None
        return Comparison(found.group(), (_IS_MORE.match(found["direction"]) is not None) == (operator == "+"))
    times = _MULTIPLES.get(operand.face, "") if isinstance(operand.face, int) else ""
    factor = rf"(?:{times}|{number} times)" if times else rf"(?<![\d.,]){number} times"
    # A pattern for each number takes long to compile.
    named = times or f"{_written(operand.face)} times" in question
    found = re.search(rf"{factor} {_OF_OTHER}", question) if named and _OF_OTHER_FOUND.search(question) else None
    if found is None:
        return None
    elsewhere = question[: found.start()] + question[found.end() :]
    # "Twice as many pens as hats and twice as many caps as pens": it may be either.
    if re.search(rf"(?<![\d.,]){number}(?!\d|[.,]\d)", elsewhere) or re.search(factor, elsewhere):
        return None
    return Comparison(found.group(), (_HALF.match(found.group()) is None) == (operator == "*"))


def compares_by_factor(question: str, face: Value) -> bool:
    """Whether a question says that something is so many times something else, and not how often it happens:
    `two times older than Chris`, `twice the amount`, but not `twice a week`.
    """
    words = [_MULTIPLES[face].replace("|[Hh]alf", "")] if isinstance(face, int) and face in _MULTIPLES else []
    if f"{_written(face)} times" in question:
        words.append(rf"(?<![\d.,]){re.escape(_written(face))} times")
    often = r"(?! (?:an?|per|each|every|daily|in)\b|[.,;?])"
    return words != [] and re.search(rf"\b(?:{'|'.join(words)})\b{often}", question) is not None


def _is(written: str | None, face: Value) -> bool:
    return written is not None and Fraction(written) == face


def _written(face: Value) -> str:
    return f"{face}" if isinstance(face, int) else f"{float(face):g}"
