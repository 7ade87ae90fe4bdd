r"""Grading: is an answer right? The only door to everything that compares answers.

    >>> from lemma import verdict
    >>> verdict(r"\frac{1}{2}", "0.5")
    'equal'
    >>> verdict("18", "So she makes **$1800** a day.")
    'different'

There are three verdicts. What could not be checked is `unknown`, never wrong and never right. Numbers, units,
intervals, sets, tuples, matrices, equations and texts are compared exactly, here; only what is left goes to
math-verify, in processes of its own. Nothing in an answer is ever evaluated as code, and all of it works from any
thread, event loop, forked or spawned process.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from lemma.grading.extraction import find_answer, is_read_from_words
from lemma.grading.plain_numbers import compare_plain_numbers, read_plain_number

if TYPE_CHECKING:
    from lemma.records import Verdict

# Longer answers are compared only as they are written: no gold answer of any data set comes near.
_LONGEST_ANSWER = 1000
_LONGEST_FOR_MATH_VERIFY = 300
_CACHED_PAIRS = 1 << 15

# Towers of powers, large exponents and factorials: whoever evaluates them only gets killed for it.
_TOO_LARGE = re.compile(
    r"\^\s*[{(]?[^{}()]{0,20}\^|\^\s*[{(]?-?\d{3}|\d{3}[)}]*!|![)}]*!|\d{30}|(?:!|\\binom).*\^|\^.*(?:!|\\binom)"
)
_DEEPEST_FOR_MATH_VERIFY = 8
_WORD = re.compile(r"[A-Za-z]{2,}")
_TEXT_COMMANDS = frozenset(["text", "mbox", "textbf", "mathrm"])
_LETTERS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]")
_SPACES = re.compile(r"\s+")
# Words, several numbers side by side, bases and percents are what math-verify misreads.
_NOT_FOR_MATH_VERIFY = re.compile(
    r"(?<![\\A-Za-z])(?!d[a-z]\b)[A-Za-z]{2,}|(?<![\^_]\d)(?<=\d)\s+\d"
    r"|\d_|\d\.\d|(?<![\\A-Za-z])[A-Za-z]\d|[%$?@#&~]|[^ -~]|\.\.\.|\\(?:text|mbox|pmod|bmod|begin\{cases)"
)


def verdict(gold: str, text: str) -> Verdict:
    """Whether `text`, a bare answer or a whole solution, reaches the gold answer.

    Percent signs and units that only one side states are ignored; golds with more than six decimals may be off by half
    of their last digit; no other tolerance is given.
    """
    gold_number = read_plain_number(gold)
    if gold_number is not None:
        number = read_plain_number(text)
        if number is None:
            answer = find_answer(text)
            if answer is None:
                return "unknown"
            number = read_plain_number(answer)
            if number is None:
                return _compare_bounded(gold, answer)
        return compare_plain_numbers(gold_number, number)
    answer = find_answer(text)
    if answer is None:
        return "unknown"
    result = _compare_bounded(gold, answer)
    return "unknown" if result == "different" and _is_mentioned_elsewhere(gold, text, answer) else result


def _is_mentioned_elsewhere(gold: str, text: str, answer: str) -> bool:
    """Whether an answer in words was told from the rest of its sentence wrongly: "Evelyn is right" says Evelyn."""
    words = [word for word in _WORD.findall(gold) if word not in _TEXT_COMMANDS]
    if not words or any(map(str.isdigit, gold)) or len(text) > _LONGEST_ANSWER or not is_read_from_words(text, answer):
        return False
    return all(word.lower() in text.lower() for word in words)


def extract_answer(text: str) -> str | None:
    r"""The final answer that a text states, as it is written there; None where it states none.

    >>> extract_answer("He sold 6.\n#### 18")
    '18'
    """
    return find_answer(text)


def exact_value(text: str) -> Fraction | None:
    """The number an answer is, without its unit and percent sign as data sets write it (`25%` is 25); else None."""
    answer = find_answer(text)
    if answer is None or len(answer) > _LONGEST_ANSWER:
        return None
    number = read_plain_number(answer)
    if number is not None:
        return Fraction(number.numerator, number.denominator)
    from lemma.grading.comparison import rational_value
    from lemma.grading.reading import read_answer

    try:
        shape = read_answer(answer)
        return None if shape is None else rational_value(shape)
    except RecursionError:
        return None


def _compare_bounded(gold: str, answer: str) -> Verdict:
    if "\\boxed" in gold or "####" in gold:
        gold = find_answer(gold) or gold
    if max(len(gold), len(answer)) > _LONGEST_ANSWER:
        return "equal" if gold.strip() == answer.strip() else "unknown"
    return _compare(gold.strip(), answer.strip())


@lru_cache(maxsize=_CACHED_PAIRS)
def _compare(gold: str, answer: str) -> Verdict:
    # What most answers need not load: together these take longer to import than all numbers of a data set to compare.
    from lemma.grading.comparison import are_of_one_kind, compare
    from lemma.grading.reading import read_answer

    if not gold or not answer:
        return "unknown"
    if _SPACES.sub(" ", gold) == _SPACES.sub(" ", answer):
        return "equal"
    try:
        gold_shape, answer_shape = read_answer(gold), read_answer(answer)
        if gold_shape is None or answer_shape is None:
            return _second_opinion(gold, answer, trusted=("equal", "different"))
        result = compare(gold_shape, answer_shape)
        # Where the shapes differ, `unknown` is a doubt about what was meant, which no computation settles.
        is_computable = result == "unknown" and are_of_one_kind(gold_shape, answer_shape)
        return _second_opinion(gold, answer, trusted=("equal",)) if is_computable else result
    except RecursionError:
        return "unknown"


def _second_opinion(gold: str, answer: str, trusted: tuple[Verdict, ...]) -> Verdict:
    """math-verify's opinion on what the exact path could not decide, as far as it is to be trusted there."""
    from lemma.grading.math_verify_pool import ask_math_verify
    from lemma.grading.notation import normalize_notation

    left, right = normalize_notation(gold), normalize_notation(answer)
    if not left or not right or not (_is_mathematics(left) and _is_mathematics(right)):
        return "unknown"
    letters, other_letters = set(_LETTERS.findall(left)), set(_LETTERS.findall(right))
    if letters != other_letters and {letter.lower() for letter in letters} == {
        letter.lower() for letter in other_letters
    }:
        return "unknown"  # math-verify takes R and r for one variable; only who asked knows
    opinion = ask_math_verify(left, right)
    return opinion if opinion in trusted else "unknown"


def _is_mathematics(latex: str) -> bool:
    """Whether math-verify may be asked: an expression of reasonable size, without words."""
    if len(latex) > _LONGEST_FOR_MATH_VERIFY or _NOT_FOR_MATH_VERIFY.search(latex) or _TOO_LARGE.search(latex):
        return False
    depths = accumulate((char in "{([") - (char in "})]") for char in latex)
    return max(depths) <= _DEEPEST_FOR_MATH_VERIFY
