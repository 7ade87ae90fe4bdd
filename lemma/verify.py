r"""Grading: is an answer right? The only door to everything that compares answers.

    >>> from lemma import verdict
    >>> verdict(r"\frac{1}{2}", "0.5")
    'equal'
    >>> verdict("18", "So she makes **$1800** a day.")
    'different'

There are three verdicts. What could not be checked is `unknown`, never wrong and never right. Nothing in an answer is
ever evaluated as code, and all of it works from any thread, event loop, forked or spawned process.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lemma.answers.extraction import find_answer
from lemma.answers.plain_numbers import compare_plain_numbers, read_plain_number

if TYPE_CHECKING:
    from lemma.records import Verdict


def verdict(gold: str, text: str) -> Verdict:
    """Whether `text`, a bare answer or a whole solution, reaches the gold answer."""
    gold_number = read_plain_number(gold)
    if gold_number is None:
        return "unknown"
    number = read_plain_number(text)
    if number is None:
        answer = find_answer(text)
        number = None if answer is None else read_plain_number(answer)
    return "unknown" if number is None else compare_plain_numbers(gold_number, number)


def extract_answer(text: str) -> str | None:
    r"""The final answer that a text states, as it is written there; None where it states none.

    >>> extract_answer("He sold 6.\n#### 18")
    '18'
    """
    return find_answer(text)


def exact_value(text: str) -> Fraction | None:
    """The number an answer is, without its unit and percent sign as data sets write it (`25%` is 25); else None."""
    answer = find_answer(text)
    number = None if answer is None else read_plain_number(answer)
    return None if number is None else Fraction(number.numerator, number.denominator)
