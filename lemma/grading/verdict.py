r"""Grading: is an answer right? All that other modules need to compare answers.

    >>> from lemma import verdict
    >>> verdict(r"\frac{1}{2}", "0.5")
    'equal'
    >>> verdict("18", "So she makes **$1800** a day.")
    'different'

There are three verdicts. An answer that could not be checked is `unknown`, never wrong and never right. Numbers, units,
intervals, sets, tuples, matrices, equations and texts are compared exactly by this package; only what is left goes to
math-verify, in separate processes. Nothing in an answer is ever evaluated as code. Grading works from any thread, event
loop, and forked or spawned process.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from lemma.grading.extraction import find_answer, is_read_from_words
from lemma.grading.languages import foreign_answer
from lemma.grading.number_words import replace_number_words
from lemma.grading.phrases import Modifier, split_modifier
from lemma.grading.plain_numbers import compare_plain_numbers, read_plain_number
from lemma.grading.responses import final_response

if TYPE_CHECKING:
    from lemma.records import Verdict

Number = int | float | Fraction | Decimal

# Longer answers are compared only as they are written. No gold answer of a known data set comes near this length.
_LONGEST_ANSWER = 1000
_LONGEST_FOR_MATH_VERIFY = 300
_CACHED_PAIRS = 1 << 15

# Towers of powers, large exponents and factorials: a worker that evaluates them runs out of time or memory.
_TOO_LARGE = re.compile(
    r"\^\s*[{(]?[^{}()]{0,20}\^|\^\s*[{(]?-?\d{3}|\d{3}[)}]*!|![)}]*!|\d{30}|(?:!|\\binom).*\^|\^.*(?:!|\\binom)"
)
_DEEPEST_FOR_MATH_VERIFY = 8
_WORD = re.compile(r"[A-Za-z]{2,}")
# What data sets write if there is no answer to compare with. `none` in lower case is the empty set.
_NO_GOLD_NAMES = """
    proof, proof problem, proof question, this is a proof problem, see proof, see the proof, see solution,
    see the solution, proof required, not found, notfound, not_found, not-found, answer not found, n/a, na, n.a, #n/a,
    null, nan, nil, tbd, todo, unknown, missing, unspecified, not specified, not stated, unavailable, not available,
    omitted, unanswered, not provided, not applicable, not given, none provided, no answer, no answer found,
    no answer given, no answer provided, no answer available, no final answer, no ground truth, no reference answer,
    answer not available, answer not provided, answer missing, invalid, -, --, ---, ?, ??, ???,
    略, 证明, 证明略, 见解析, 解析, 证明见解析, 无答案
"""
_NO_GOLD = frozenset(name.strip() for name in _NO_GOLD_NAMES.split(","))
_LONGEST_NO_GOLD = 60
# `Step-by-step answer: 6 * 7 is 42. The answer is 42.`
_LAST_SENTENCE = re.compile(r"(?:^|[.!?\u3002\n])\s*([^.!?\u3002\n]*\d[^!?\u3002\n]*)[.!\u3002]?\s*$")
_STATES_ANSWER = re.compile(r"\banswer\s*(?:is|:)", re.I)
_BOXED = re.compile(r"\\boxed\s*\{[^\n]{0,200}?\}(?![}\d])")
_TEXT_WRAPPERS = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|mathrm)\s*\{([^{}]*)\}")
_PROSE_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_FEWEST_WORDS_OF_PROSE = 3
_FOREIGN_LETTER = re.compile(r"[^\W\d_A-Za-z\u0370-\u03ff]")
_FEWEST_LETTERS_OF_PROSE = 6
_LONGEST_SENTENCE = 300
_NUMBERS = re.compile(r"\d[\d,]*(?:\.\d+)?")
# Nothing but thousands has two points or more; the Indian style has two digits in the groups before the last.
_GROUPED = re.compile(
    r"([-\u2212]?)([1-9]\d{0,2}(?:\.\d{3}){2,}|[1-9]\d?(?:,\d{2})+,\d{3}|[1-9]\d{0,2}(?:['\u2019_]\d{3})+)"
)
_THOUSANDS_WITH_POINTS = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3})+")
_THOUSANDS_WITH_COMMAS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+|\d+),(\d+)(?![\d.,]|\s*[,;])")
_YES_NO = re.compile(r"\s*(?:\\text\s*\{\s*)?(yes|no)\b(?:[\s.}]*$|[,;:]\s)", re.I)
_YES_NO_BEGINS = re.compile(r"[\s*]*(yes|no)\b[*]*(?:[,.;:!]|\s*$)", re.I)
_TEXT_COMMANDS = frozenset(["text", "mbox", "textbf", "mathrm"])
_UNIT_OR_WORD = re.compile(r"[^\W\d_]+|[€$£¥₹%]")
_DIGIT = re.compile(r"\d")
_WITH_COMPOUND_UNIT = re.compile(r"\s*(-?[\d.,]{1,20})\s(?=[^\n/]{0,20}/\s?\()[A-Za-z\u00b0\u03a9\u00b5(][^\d\n]{0,40}")
_CLOCK_IN_WORDS = re.compile(r"\b(?:half|quarter)\s+(?:past|to)\b", re.I)
# `Team A`, `Room 12`
_LABELLED = re.compile(
    r"(?!about|over|under|than|least|most|not|sin|cos|tan|cot|sec|csc|log|sqrt|exp|abs)"
    r"([A-Za-z]{3,20}) ([A-Z]|[1-9]\d{0,3})"
)
_NOT_A_DIGIT = re.compile(r"\D")
_LETTERS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]")
_SPACES = re.compile(r"\s+")
# math-verify misreads words, several numbers side by side, number bases and percents.
_NOT_FOR_MATH_VERIFY = re.compile(
    r"(?<![\\A-Za-z])(?!d[a-z]\b)[A-Za-z]{2,}|(?<![\^_]\d)(?<=\d)\s+\d"
    r"|\d_|\d\.\d|(?<![\\A-Za-z])[A-Za-z]\d|[%$?@#&~]|[^ -~]|\.\.\.|\\(?:text|mbox|pmod|bmod|begin\{cases)"
)


def verdict(gold: str | Number, text: str | Number) -> Verdict:
    r"""Grade an answer, or a whole solution that states one, against the gold answer.

        >>> verdict("18", "She sells 9 eggs for $2 each, so she makes 9 * 2 = $18.")
        'equal'
        >>> verdict(r"\frac{1}{3}", "0.33")
        'different'
        >>> verdict(18, "I do not know.")
        'unknown'

    `equal` and `different` are exact; whatever could not be decided is `unknown`. A percent sign or a unit that only
    one side states is ignored. A gold answer with more than six decimals was rounded, so half of its last digit is
    allowed; there is no other tolerance.

    Any text gets a verdict. Raises TypeError if an argument is neither text nor a number.
    """
    if type(gold) is not str or type(text) is not str:
        gold, text = _written(gold), _written(text)
    gold_number = read_plain_number(gold)
    if gold_number is None:
        return _compare_with_text(gold, text)
    number, answer = read_plain_number(text), text
    if number is None:
        found = find_answer(text)
        if found is None:
            return "unknown"
        number, answer = read_plain_number(found), found
        if number is None:
            if not _DIGIT.search(found) and foreign_answer(final_response(text) or ""):
                return "unknown"  # a number in words of another language
            result = _compare_bounded(gold, answer)
            return result if result == "equal" else _in_another_notation(gold, answer, text) or result
    result = compare_plain_numbers(gold_number, number)
    # A number with three decimals, `1.130`, may be 1130, and `2,750` may be 2.75.
    if result == "equal" or (number.decimals != 3 and not gold_number.decimals):
        return result
    return _in_another_notation(gold, answer, text) or result


def _compare_with_text(gold: str, text: str) -> Verdict:
    """`verdict` for a gold answer that is no plain number."""
    stated = _gold_answer(gold)
    if stated is None:
        return "unknown"
    if (wanted := _YES_NO.match(stated)) and (said := _YES_NO_BEGINS.match(final_response(text) or "")):
        return "equal" if wanted.group(1).lower() == said.group(1).lower() else "different"
    answer = stated if text.strip() == stated.strip() else find_answer(text)
    if answer is None:
        return "unknown"
    result = _compare_bounded(stated, answer)
    # `4.18 J/(g K)` and 4.18: a unit that was not read may be left out as any other.
    number = _WITH_COMPOUND_UNIT.fullmatch(stated)
    doubtful = number is not None and _compare_bounded(number.group(1), answer) == "equal"
    doubtful = doubtful or _is_mentioned_elsewhere(gold, text, answer)
    return "unknown" if result == "different" and doubtful else result


def _written(number: str | Number) -> str:
    """A number as an answer writes it: `18`, `0.5`, `1/3`, `1E+3`."""
    if isinstance(number, str):
        return number
    if not isinstance(number, int | float | Fraction | Decimal):
        raise TypeError(f"an answer is text or a number, not {type(number).__name__}")
    return str(number)


def _is_mentioned_elsewhere(gold: str, text: str, answer: str) -> bool:
    """Whether the wrong part of a sentence was taken for an answer in words: "Evelyn is right" says Evelyn."""
    words = [word for word in _WORD.findall(gold) if word not in _TEXT_COMMANDS]
    if not words or any(map(str.isdigit, gold)) or len(text) > _LONGEST_ANSWER or not is_read_from_words(text, answer):
        return False
    return all(word.lower() in text.lower() for word in words)


def extract_answer(text: str) -> str | None:
    r"""Find the final answer that a solution states, as it is written there; None if it states none.

        >>> extract_answer("He sold 6.\n#### 18")
        '18'
        >>> extract_answer(r"So the sum is $\boxed{\frac{1}{2}}$.")
        '\\frac{1}{2}'
        >>> print(extract_answer("I do not know."))
        None

    The last `\boxed` comes first, then the last `####`, the last "answer is", and last what stands at the end of the
    text. Raises no errors.
    """
    return find_answer(text)


def exact_value(text: str) -> Fraction | None:
    """The number that an answer states, or None if it states none. Units and percent signs are dropped: `25%` is 25."""
    answer = find_answer(text)
    if answer is None or len(answer) > _LONGEST_ANSWER:
        return None
    modified = split_modifier(answer)
    if modified and modified[0] in ("limit", "estimate"):
        answer = modified[1]
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


def is_no_gold_answer(gold: str) -> bool:
    """Whether a gold answer only says that there is none: `proof`, `notfound`, `N/A`, `None`."""
    if len(gold) > _LONGEST_NO_GOLD:
        return False
    name = _TEXT_WRAPPERS.sub(r"\1", gold).strip(" \t\n*\"'.!<>[]")
    return name in ("None", "NONE") or name.lower() in _NO_GOLD


def _gold_answer(gold: str) -> str | None:
    """The answer that a gold answer states; None for `N/A` and the like, and for a text that names several."""
    if is_no_gold_answer(gold):
        return None
    if "\\boxed" in gold or "####" in gold:
        return find_answer(gold) if len(set(_BOXED.findall(gold))) < 2 else None
    words, letters = _PROSE_WORD.findall(gold), _FOREIGN_LETTER.findall(gold)
    in_words = len(words) >= _FEWEST_WORDS_OF_PROSE or len(letters) >= _FEWEST_LETTERS_OF_PROSE
    if _YES_NO.match(gold) or not in_words or not any(map(str.isdigit, gold)):
        return gold
    last = _LAST_SENTENCE.search(gold[-_LONGEST_SENTENCE:])
    if len(set(_NUMBERS.findall(gold))) == 1:
        gold = find_answer(gold) or ""
    elif last and (_STATES_ANSWER.search(last.group(1)) or foreign_answer(last.group(1))):
        gold = find_answer(last.group(1)) or ""
    return gold or None


def _may_be_thousands(gold: str, answer: str) -> bool:
    """Whether `1.130` may be meant as 1130, as some languages write it."""
    answer = _UNIT_OR_WORD.sub("", answer).strip()
    for one, other in ((gold, answer), (answer, gold)):
        if _THOUSANDS_WITH_POINTS.fullmatch(one) and one.replace(".", "") == other.replace(",", ""):
            return "," not in other or one.endswith("000")
    return False


def _in_another_notation(gold: str, answer: str, text: str) -> Verdict | None:
    """The verdict if commas and points in an answer may be those of another language; None if they are not.

    `3,14` is a decimal in a sentence or a box. All alone it may also be a list of two numbers.
    """
    grouped = _GROUPED.search(answer)
    if grouped and not re.search(r"[\d.,]", answer[: grouped.start()] + answer[grouped.end() :]):
        plain = _NOT_A_DIGIT.sub("", grouped.group(2))
        return _compare_bounded(gold, answer[: grouped.start()] + grouped.group(1) + plain + answer[grouped.end() :])
    if _may_be_thousands(gold, answer):
        return "unknown"
    comma = _DECIMAL_COMMA.search(answer)
    if comma is None:
        return None
    whole, decimals = comma.group(1).replace(".", ""), comma.group(2)
    in_words = answer[: comma.start()] + f"{whole}.{decimals}" + answer[comma.end() :]
    if _compare_bounded(gold, in_words) != "equal":
        return None
    is_bare = answer.strip() == text.strip() and not _UNIT_OR_WORD.search(answer)
    if is_bare and _THOUSANDS_WITH_COMMAS.fullmatch(answer):
        return None
    is_decimal = "." in comma.group(1) or ("." in gold and (whole == "0" or not is_bare))
    return "equal" if is_decimal else "unknown"


def _compare_bounded(gold: str, answer: str) -> Verdict:
    if max(len(gold), len(answer)) > _LONGEST_ANSWER:
        return "equal" if gold.strip() == answer.strip() else "unknown"
    return _compare(gold.strip(), answer.strip())


@lru_cache(maxsize=_CACHED_PAIRS)
def _compare(gold: str, answer: str) -> Verdict:
    if not gold or not answer or _CLOCK_IN_WORDS.search(answer) or _CLOCK_IN_WORDS.search(gold):
        return "unknown"
    one, other = _LABELLED.fullmatch(gold), _LABELLED.fullmatch(answer)
    if one and other and one.group(1).lower() == other.group(1).lower() and one.group(2) != other.group(2):
        return "different"
    if _SPACES.sub(" ", gold) == _SPACES.sub(" ", answer):
        return "equal"
    if "~" in answer or "\\sim" in answer or answer.endswith("+") or _PROSE_WORD.search(answer):
        modified = split_modifier(replace_number_words(_TEXT_WRAPPERS.sub(r" \1 ", answer)).strip())
        if modified:
            return _compare_modified(gold, *modified)
    return _compare_shapes(gold, answer)


def _compare_shapes(gold: str, answer: str) -> Verdict:
    # Most answers do not need these modules. Importing them takes longer than comparing all numbers of a data set.
    from lemma.grading.comparison import are_of_one_kind, compare
    from lemma.grading.reading import read_answer

    try:
        gold_shape, answer_shape = read_answer(gold), read_answer(answer)
        if gold_shape is None or answer_shape is None:
            return _second_opinion(gold, answer, trusted=("equal", "different"))
        result = compare(gold_shape, answer_shape)
        # If the shapes differ, `unknown` is a doubt about what was meant, which no computation settles.
        is_computable = result == "unknown" and are_of_one_kind(gold_shape, answer_shape)
        return _second_opinion(gold, answer, trusted=("equal",)) if is_computable else result
    except RecursionError:
        return "unknown"


def _compare_modified(gold: str, modifier: Modifier, answer: str) -> Verdict:
    """`answer` is what is left of "not 18", "more than 18", "at least 18" or "nearly 18" without these words."""
    result = _compare(gold, answer)
    if modifier == "negation":
        return "different" if result == "equal" else "unknown"
    if any(mark in gold for mark in "<>≤≥[") or "\\" in gold or split_modifier(gold):
        return "unknown"  # the gold answer may be a bound too
    if result == "equal":
        return "different" if modifier == "bound" else "unknown"
    return result


def _second_opinion(gold: str, answer: str, trusted: tuple[Verdict, ...]) -> Verdict:
    """math-verify's opinion on what the exact path could not decide; `unknown` if it is none of those `trusted`."""
    from lemma.grading.math_verify_pool import ask_math_verify
    from lemma.grading.notation import normalize_notation

    left, right = normalize_notation(gold), normalize_notation(answer)
    if not left or not right or not (_is_mathematics(left) and _is_mathematics(right)):
        return "unknown"
    letters, other_letters = set(_LETTERS.findall(left)), set(_LETTERS.findall(right))
    if letters != other_letters and {letter.lower() for letter in letters} == {
        letter.lower() for letter in other_letters
    }:
        return "unknown"  # math-verify takes R and r for one variable; only the question can tell
    opinion = ask_math_verify(left, right)
    return opinion if opinion in trusted else "unknown"


def _is_mathematics(latex: str) -> bool:
    """Whether math-verify may be asked: an expression of reasonable size, without words."""
    if len(latex) > _LONGEST_FOR_MATH_VERIFY or _NOT_FOR_MATH_VERIFY.search(latex) or _TOO_LARGE.search(latex):
        return False
    depths = accumulate((char in "{([") - (char in "})]") for char in latex)
    return max(depths) <= _DEEPEST_FOR_MATH_VERIFY
