"""Answers: whether two are the same, and what a solution says its answer is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import permutations

from label_checking.latex.chains import read_step
from label_checking.latex.sides import Side, normalized, read_side
from label_checking.latex.text import boxes, numbers_in
from label_checking.latex.values import same

_ANSWER = re.compile(r"\banswer\s*(?:is|:|=)|####|答案?\s*(?:[:：]|是|为|應|应)?|الجواب|Answer", re.IGNORECASE)
_NAME = re.compile(r"^\s*(?:[a-zA-Z](?:_\{?\w+\}?)?|[A-Z]{1,3})\s*(?:=|\\in(?![a-zA-Z]))\s*(?=\S)")
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@lru_cache(maxsize=65536)
def _spelling(answer: str) -> str:
    """One spelling for the same answer in LaTeX."""
    answer = re.sub(
        r"\\(?:text(?:bf|rm|it)?|mbox|mathrm)\s*\{([^{}]*)\}", r"\1", answer.strip().strip("$").rstrip(".").strip()
    )
    answer = _NAME.sub("", normalized(answer))
    answer = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", answer)
    answer = re.sub(r"(\d),(?=\d{3}(?!\d))", r"\1", answer) if "(" not in answer else answer
    return re.sub(r"\s+", "", answer)


@lru_cache(maxsize=65536)
def _side(answer: str) -> Side:
    text = _NAME.sub("", answer.strip().strip("$").rstrip(".").strip())
    side = read_side(text)
    if not side.is_number:
        # A number with its unit in words: `12 square feet`, `$5 each`, `160元`.
        found = re.fullmatch(
            r"(?:[A-Za-z ]*[^\w\s\\]?\s*)?\\?\$?\s*(-?[\d,]*\.?\d+(?:/\d+)?)\s*(?:\\?%)?\s*[^\W\d]*(?: [^\W\d]+)*\.?",
            text,
        )
        side = read_side(found[1]) if found and re.search(r"\w{2}|[^\x00-\x7f]", text[found.end(1) :]) else side
    return side if side.is_number else read_side(text, letters=True)


@lru_cache(maxsize=65536)
def same_answer(one: str, other: str) -> bool:
    """Whether two answers are equal as LaTeX, as numbers, as expressions in letters, or entry by entry."""
    if _spelling(one) == _spelling(other):
        return True
    left, right = _side(one), _side(other)
    if left.is_number and right.is_number:
        try:
            return any(same(a, b) for a in left.values for b in right.values)
        except (TypeError, ValueError, NotImplementedError):
            return False
    lists = _entries(one), _entries(other)
    if len(lists[0]) != len(lists[1]) or len(lists[0]) < 2 or _brackets(one) != _brackets(other):
        return False
    # The order says something in `(1, 2)`, and nothing in `1, 2`.
    orders = [lists[1]] if _brackets(one) else permutations(lists[1]) if len(lists[0]) <= 6 else ()
    return any(all(map(same_answer, lists[0], order)) for order in orders)


def _brackets(answer: str) -> str:
    """The brackets of a pair or an interval: `(2, 3]` is not `(2, 3)`."""
    inner = re.sub(r"\\(?:left|right)(?![a-zA-Z])|\s|[$.]+$", "", _NAME.sub("", answer.strip().strip("$")))
    return inner[:1] + inner[-1:] if inner[:1] in ("(", "[") else ""


def _entries(answer: str) -> list[str]:
    """The entries of a list or tuple."""
    inner = re.sub(r"\\(?:left|right)(?![a-zA-Z])", "", answer).strip().strip("$").strip()
    inner = (
        inner[1:-1]
        if inner[:1] in ("(", "[") and inner[-1:] in (")", "]")
        else inner.replace("\\{", "").replace("\\}", "")
    )
    parts, depth = [""], 0
    for character in inner:
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def value_of(answer: str) -> Fraction | None:
    """An answer as a rational number, None if it is none."""
    return next((value for value in _side(answer).values if isinstance(value, Fraction)), None)


def last_box(steps: Sequence[str]) -> str | None:
    """The last box of a solution, None if it has no box."""
    found = [box for step in steps for box in boxes(step)]
    return found[-1] if found else None


def answer_sentences(step: str) -> list[str]:
    """What stands behind `the answer is`, `答：` and their like, each to the end of its sentence."""
    return [re.split(r"[。\n]|\.(?!\d)", step[match.end() :])[0] for match in _ANSWER.finditer(step)]


def states(text: str, answer: str) -> bool:
    """Whether a text shows an answer: as a side of an equation, a number in digits or words, or letter by letter."""
    if _spelling(answer) in _spelling(text):
        return True
    value = value_of(answer)
    if value is not None and {value, value / 100, value * 100 if "%" in text else value} & numbers_in(text):
        return True
    sides = (side for chain in read_step(text).chains for side in chain.sides)
    return any(same_answer(answer, side.text) for side in sides if side.is_number)
