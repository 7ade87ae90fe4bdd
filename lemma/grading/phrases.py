"""Words beside a number that change what it says: `at least 18`, `not 18`, `18 squared`, `twice 18`, `18 crore`.

>>> spell_arithmetic("18 less than 20")
'((20)-(18))'
>>> split_modifier("at least 18 eggs")
('limit', '18 eggs')
"""

from __future__ import annotations

import re
from typing import Literal

Modifier = Literal["negation", "bound", "limit", "estimate"]

_APOSTROPHE = "['’]"
_NOT = (
    r"(?:(?:definitely|certainly|clearly|surely|obviously|it|that|this|is|are|was|be) ){0,3}"
    rf"(?:(?:(?:is|was|are|were|ca|could|would|should|might|must|do|does|did)n{_APOSTROPHE}t|cannot"
    r"|not|never|neither|no longer|anything but|other than|far from|different from|unequal to)"
    r" ?(?:(?:think|believe|say|be|been|equal|equals|to|it|is|the|answer|that|a|an|actually|necessarily|exactly"
    r"|really) ){0,6})"
)
_BOUND = (
    r"(?:(?:it |that )?(?:is |be |are )?(?:at least|at most|at the (?:most|least|minimum|maximum)"
    r"|no (?:more|less|fewer|greater|smaller|larger) than|not (?:more|less|fewer) than"
    r"|(?:strictly )?(?:more|less|fewer|greater|larger|smaller|bigger|higher|lower) than(?: or equal to)?"
    r"|up to|as (?:many|much|few|little) as|over|under|above"
    r"|below|beyond|exceed(?:s|ing)?|a (?:minimum|maximum) of|(?:minimum|maximum) of|between)) ?"
)
# With these, the number itself may be what was asked for: "at least 18 eggs" answers how many are needed.
_LIMIT = r"(?:at the|at least|at most|no |not |up to|as |(?:a )?m(?:in|ax)imum|.{0,20}or equal| or | and |\+)"
_ESTIMATE = r"(?:(?:nearly|almost|roughly|somewhere around|close to|near|just (?:over|under|about)|~|\\sim) ?)"
_LEADING = {
    "bound": re.compile(_BOUND, re.IGNORECASE),
    "negation": re.compile(_NOT, re.IGNORECASE),
    "estimate": re.compile(_ESTIMATE, re.IGNORECASE),
}
_WRONG = (
    r"(?:wrong|incorrect|false|impossible|invalid|too (?:small|large|big|many|few|much|little|low|high)|ruled out"
    r"|excluded)"
)
_REFUTED = (
    r"(?: (?:is|was|would be|seems|looks|must be|can only be) "
    rf"(?:(?:clearly|obviously|also|simply|definitely|certainly|not) ){{0,2}}{_WRONG}"
    rf"| (?:is|was|are|would|can|could|do|does|did)(?: not\b|n{_APOSTROPHE}t\b)| ?, which is {_WRONG}| cannot be\b"
    r"|\? No\b)"
)
_TRAILING = {
    "negation": re.compile(rf"({_REFUTED}.{{0,40}})$", re.IGNORECASE | re.DOTALL),
    "estimate": re.compile(r"( or so| or thereabouts|,? give or take.{0,20}|,? more or less)$", re.IGNORECASE),
    "bound": re.compile(
        r"( or (?:more|less|fewer|greater|above|below|over|under|higher|lower)| and (?:up|above|over)|\+)$", re.I
    ),
}
_MODIFIERS: tuple[Modifier, ...] = ("bound", "negation", "estimate")
_INCLUSIVE = re.compile(rf"(?:it |that )?(?:is |be |are )?{_LIMIT}", re.IGNORECASE)
REFUTED = re.compile(_REFUTED, re.IGNORECASE)

_NUMBER_BEGINS = re.compile(
    r"\s*(?:the |a |an |only |just )?(?:\\?[$€£(-]\s?){0,3}(?:\d|\.\d|\\frac|\\sqrt|\\boxed|\\pi)"
)

_N = r"(\$?-?\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,15})?(?:/\d{1,15})?)"
_ORDINAL_POWERS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_POWERS = {
    **{word: power for power, word in enumerate(_ORDINAL_POWERS.split(), start=1)},
    "1st": 1, "2nd": 2, "3rd": 3, **{f"{power}th": power for power in range(4, 21)},
}  # fmt: skip
_POWER_WORD = "|".join(_POWERS)
_SCALES = {"lakh": 10**5, "lac": 10**5, "crore": 10**7, "score": 20}
_SUM, _DIFFERENCE, _PRODUCT = "(({0})+({1}))", "(({0})-({1}))", "(({0})*({1}))"
_QUOTIENT, _POWER = "(({0})/({1}))", "(({0})^({1}))"
_REMAINDER, _CHOICE = "(({0})-({1})*\\lfloor ({0})/({1})\\rfloor )", "\\binom{{{0}}}{{{1}}}"
_BINARY = {
    "plus": _SUM, "added to": _SUM, "minus": _DIFFERENCE, "times": _PRODUCT, "multiplied by": _PRODUCT,
    "divided by": _QUOTIENT, "over": _QUOTIENT, "raised to the power of": _POWER, "raised to the": _POWER,
    "raised to": _POWER, "to the power of": _POWER, "to the power": _POWER, "mod": _REMAINDER, "modulo": _REMAINDER,
    "choose": _CHOICE,
}  # fmt: skip
_BINARY_WORD = "|".join(sorted(map(re.escape, _BINARY), key=len, reverse=True))
_PLUS_OR_MINUS = re.compile(r"\bplus or minus |\bplus/minus ", re.IGNORECASE)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (rf"(?<![\w.]){_N} (?:more than|greater than|added to) {_N}(?![\w.])", r"((\2)+(\1))"),
        (rf"(?<![\w.]){_N} (?:less|fewer) than {_N}(?![\w.])", r"((\2)-(\1))"),
        (rf"^(?:the )?(?:negative|opposite|additive inverse)(?: of)? {_N}(?![\w.])", r"(-(\1))"),
        (rf"^(?:minus|negative) {_N}(?![\w.])", r"-\1"),
        (rf"^(?:the )?(?:reciprocal|multiplicative inverse|inverse) of {_N}(?![\w.])", r"(1/(\1))"),
        (rf"^(?:the )?(?:square of) {_N}(?![\w.])|(?<![\w.]){_N} squared(?!\w)", r"((\1\2)^2)"),
        (rf"^(?:the )?(?:cube of) {_N}(?![\w.])|(?<![\w.]){_N} cubed(?!\w)", r"((\1\2)^3)"),
        (rf"^(?:the )?square root of {_N}(?![\w.])", r"(\\sqrt{\1})"),
        (rf"^(?:the )?cube root of {_N}(?![\w.])", r"(\\sqrt[3]{\1})"),
        (rf"^(?:twice|double|two times|the double of) {_N}(?![\w.])|(?<![\w.]){_N} doubled(?!\w)", r"(2*(\1\2))"),
        (rf"^(?:thrice|triple) {_N}(?![\w.])|(?<![\w.]){_N} tripled(?!\w)", r"(3*(\1\2))"),
        (rf"^(?:one )?half(?: of)? {_N}(?![\w.])|(?<![\w.]){_N} halved(?!\w)", r"((\1\2)/2)"),
        (rf"^(\d{{1,3}}/\d{{1,3}}) of {_N} *$", r"((\1)*(\2))"),
        (rf"(?<![\w.]){_N} (?:degrees )?below (?:zero|0)(?!\w)", r"(-\1)"),
    )
)
_NTH_POWER = re.compile(
    rf"(?<![\w.]){_N} (?:raised )?to the (?:({_POWER_WORD})(?!\w)|(\d{{1,2}})(?= power| *$))(?: power)?", re.IGNORECASE
)
_SCALED = re.compile(rf"(?<![\w.]){_N} (lakh|lac|crore|score(?= *$))s?(?!\w)", re.IGNORECASE)
# `$18 over 3 days` divides nothing.
_OPERATION = re.compile(rf"(?<![\w.]){_N} ((?!over){_BINARY_WORD}|over(?= \S+$)) {_N}(?![\w.])", re.IGNORECASE)
# The first is a fast test that most formulas fail.
_SPACED_WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,} | [a-zA-Z]{2}")
_HINT = re.compile(
    r"than|negative|opposite|inverse|minus|reciprocal|square|cube|twice|double|two times|thrice|triple|half|halved"
    r"|zero|power|\bto\b|lakh|lac\b|crore|score|gross|plus|added|times|by|over|raised|mod|choose",
    re.IGNORECASE,
)
# Nouns that no count of things ends in: what they say of the number is not known.
_DOUBTFUL_NOUNS = """
    plus minus squared cubed doubled tripled halved quadrupled mod modulo remainder choose raised power root factorial
    mil mill bn mn tn pair couple off reciprocal inverse wrong incorrect not isn divided multiplied th percentile
    rounded below except instead lakh crore score gross itself themselves ten hundred thousand million billion trillion
    googol ish odd exponent log negative base
"""
DOUBTFUL_NOUNS = frozenset(_DOUBTFUL_NOUNS.split())
_BEFORE = re.compile(
    rf"(?<![\w-])(?:{_BOUND}|{_NOT}|{_ESTIMATE}|(?:minus|negative|twice|double|triple|thrice|(?:one )?half(?: of)?"
    r"|(?:the )?(?:opposite|negative|reciprocal|inverse|square root|cube root|square|cube|double) of) "
    rf"|{_N} (?:more than|less than|fewer than|{_BINARY_WORD}) ?)(?:the |a |an |only |just )?[$*]{{0,2}}$",
    re.IGNORECASE,
)
_NEGATED_BEFORE = re.compile(rf"(?<![\w-]){_NOT}[\s$*(]{{0,4}}$", re.IGNORECASE)
_NEGATED_CLAUSE = re.compile(
    r"\b(?:not|never|doubt|unlikely|deny|denied|wrong|incorrect|cannot|neither|nor|nicht|keine?|pas|niet|não|non"
    rf"|no (?:es|son|hay|fue))\b|n{_APOSTROPHE}t\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"\b(?:so|but|then|thus|therefore|hence|because|since|which|leaving|leaves|and|if|who|have|has|costs?)\b",
    re.IGNORECASE,
)
_WINDOW = 80


def split_modifier(answer: str) -> tuple[Modifier, str] | None:
    """What an answer says about its number in words, and the answer without these words; None if it says nothing.

    A `limit` may be the number itself ("at least 18"); a `bound` is not ("more than 18").
    """
    for modifier in _MODIFIERS:
        leading = _LEADING[modifier].match(answer)
        if leading and _NUMBER_BEGINS.match(answer, leading.end()):
            return _limit_or(modifier, leading.group()), answer[leading.end() :].strip()
        trailing = _TRAILING[modifier].search(answer, max(0, len(answer) - _WINDOW))
        if trailing and trailing.start():
            return _limit_or(modifier, trailing.group()), answer[: trailing.start()].strip()
    return None


def _limit_or(modifier: Modifier, words: str) -> Modifier:
    return "limit" if modifier == "bound" and _INCLUSIVE.match(words) else modifier


def modifier_start(text: str, start: int, modifier: Modifier | None = None) -> int:
    """Where the words begin that stand directly before the number at `start` and change what it says; else `start`."""
    window = max(0, start - _WINDOW)
    before = (_NEGATED_BEFORE if modifier == "negation" else _BEFORE).search(text[window:start])
    return window + before.start() if before else start


def is_negated(text: str, start: int) -> bool:
    """Whether the clause up to `start` has a negation in it."""
    window = text[max(0, start - _WINDOW) : start]
    clause = window[max(map(window.rfind, ".,;:!?\n=")) + 1 :]
    negations = list(_NEGATED_CLAUSE.finditer(clause))
    return bool(negations) and _CLAUSE_END.search(clause, negations[-1].end()) is None


def spell_arithmetic(text: str) -> str:
    """An answer with arithmetic in words as a formula: `twice 18` as `(2*(18))`."""
    if not _SPACED_WORD.search(text) or not _HINT.search(text):
        return text
    text = _PLUS_OR_MINUS.sub(r"\\pm ", " ".join(text.split()))
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _NTH_POWER.sub(
        lambda match: f"(({match.group(1)})^{{{match.group(3) or _POWERS[match.group(2).lower()]}}})", text
    )
    text = _SCALED.sub(lambda match: f"({match.group(1)}*{_SCALES[match.group(2).lower()]})", text)
    return _OPERATION.sub(lambda match: _BINARY[match.group(2).lower()].format(match.group(1), match.group(3)), text)
