"""Cut a step's text into the tokens of arithmetic and the words between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from lemma.arithmetic.numbers import (
    LATEX_FRACTION,
    NUMBER_PATTERN,
    Number,
    NumberStyle,
    divide,
    parse_mixed,
    parse_plain,
)

NUMBER, OPERATOR, EQUALS, OPEN, CLOSE, FRAC, WORD, MONEY, SKIP, OTHER = (
    "number", "operator", "equals", "open", "close", "frac", "word", "money", "skip", "other",
)  # fmt: skip

# Each kind in the order in which it is tried: what begins with a backslash, and what else it may be.
_PATTERNS = {
    OPERATOR: (
        r"\\(?:times|cdot|div|ast)(?![a-zA-Z]) | \^\s*\{?\s*\\circ\s*\}?",
        r"[+*/×·÷∗^−–＋－＊／-]"
        r"| (?<![A-Za-z])(?:divided[ ]by|multiplied[ ]by|times|plus|minus|of|[xX](?=\s*[\d($.\\]))(?![A-Za-z])",
    ),
    EQUALS: (
        r"\\approx(?![a-zA-Z])",
        r"= | ＝ | ≈ | (?<![A-Za-z])(?:equals|is[ ]equal[ ]to)(?![A-Za-z])",
    ),
    FRAC: (r"\\[dtc]?frac(?![a-zA-Z])", ""),
    MONEY: (r"\\\$ | (?<!\\)\\[\[\]()]", r"\$ | € | £ | ¥"),
    OPEN: (r"\\left\s*[\[(]", r"\( | \[ | （"),
    CLOSE: (r"\\right\s*[\])]", r"\) | \] | ）"),
    SKIP: (
        r"\\boxed\s*\{ | \\(?:text|mathrm|mbox|textbf)\s*\{[^{}]*\} | \\[,;:!\ ] | \\(?:quad|qquad)(?![a-zA-Z])"
        r"| \\%(?=\s*\})",
        r"[&~]",
    ),
    WORD: ("", r"[^\W\d]+(?:[.'’][^\W\d]\w*)*(?:\.(?=\s?[a-z/=+*×÷)-]))?"),
    OTHER: (r"\\(?:begin|end)\{[a-z*]+\} | \\\\ | \\[a-zA-Z]+", r"\S"),
}
_FRACTION = r"(?P<fraction>\\[dtc]?frac\s*(?:\d\s*\d|\d\s*\{\d+\}|\{\d+\}\s*\d))"
_DRAWING = r"(?P<drawing>\[asy\](?s:(?:(?!\[/?asy\]).)*)\[/asy\])"  # before the bracket that it begins with


def _token_pattern(latex: bool) -> re.Pattern[str]:
    """What a token is; a text without a backslash is cut faster without what begins with one."""
    kinds = [
        f"(?P<{kind}> {' | '.join(filter(None, (backslash if latex else '', plain)))} )"
        for kind, (backslash, plain) in _PATTERNS.items()
        if latex or plain
    ]
    fraction = [_FRACTION] if latex else []
    return re.compile(" | ".join((_DRAWING, NUMBER_PATTERN, *fraction, *kinds)), re.VERBOSE)


_LATEX_TOKEN, _PLAIN_TOKEN = _token_pattern(True), _token_pattern(False)
_FRAC = re.compile(r"\\[a-z]+")
_ARGUMENT = re.compile(r"(?<!\d)\d++(?=\})|\d")
_PERCENT = re.compile(r"\s?(?:\\?%|％|percent\b)")
# Ordinals, thousands (5k) and runs (1..9) are no quantities; in LaTeX, neither are factorials and other bases.
_NO_QUANTITY = re.compile(r"(?:st|nd|rd|th|k|K)\b|\.\.|…")
_NO_QUANTITY_IN_LATEX = re.compile(_NO_QUANTITY.pattern + r"|\s?!|_|\^\s?\{?\s?\\(?:text|mathrm|mbox|th)")
_MONEY_IN_LATEX = ("\\$", "€", "£", "¥")
_MONEY = ("$", *_MONEY_IN_LATEX)
_CLOCK = re.compile(r":\d\d(?!\d)")
# Scripts that put no blanks between words: a number may follow a letter directly.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]$")
_OPERATORS = {
    "\\times": "*", "\\cdot": "*", "\\div": "/", "\\ast": "*", "×": "*", "·": "*", "∗": "*", "÷": "/",
    "−": "-", "–": "-", "x": "*", "X": "*", "times": "*", "of": "*", "plus": "+", "minus": "-",
    "divided by": "/", "multiplied by": "*", "＋": "+", "－": "-", "＊": "*", "／": "/",
}  # fmt: skip


class Token(NamedTuple):
    """One token and its span. `text` is normalized for operators; `number` is set for numbers alone."""

    kind: str
    text: str
    start: int
    end: int
    number: Number | None = None


def tokenize(text: str, latex: bool = False) -> list[Token]:
    """The tokens of a text in order; blanks and drawings are dropped, nothing else.

    A text with a backslash, or marked as `latex` because others of its solution have one, writes money as `\\$5`; a
    bare `$` opens or closes a formula there.
    """
    tokens: list[Token] = []
    boxed: list[bool] = []
    latex = latex or "\\" in text
    pattern = _LATEX_TOKEN if "\\" in text else _PLAIN_TOKEN
    taken = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        kind, written = match.lastgroup or OTHER, match.group()
        if kind == "drawing" or start < taken:
            continue  # a percent sign that a number took in has been passed
        if kind in ("mixed", "plain", "fraction"):
            tokens.append(_number_token(text, match, tokens, latex))
            taken = tokens[-1].end
            continue
        if kind == OPERATOR:
            # Degrees are no operation, and in LaTeX an x is an unknown: "times" is \times.
            is_unknown = latex and written in "xX"
            kind = SKIP if "circ" in written else WORD if is_unknown else OPERATOR
            written = _OPERATORS.get(written, written) if kind == OPERATOR else written
        elif kind != WORD:
            if written.endswith("{"):
                boxed.append(kind == SKIP)
            elif written == "}" and boxed and boxed.pop():
                kind = SKIP  # it closes a \boxed{ and means as little
        tokens.append(Token(kind, written, start, end))
    return tokens


@lru_cache(maxsize=64)
def tokens_of_question(question: str, latex: bool) -> list[Token]:
    """The tokens of a question, which is looked at again and again."""
    return tokenize(question, latex)


def has_minus(tokens: Sequence[Token], place: int) -> bool:
    """Whether the number at a place of a question is negative: 5 in `(2, -5)` and `drops to -5 degrees`, but not in
    `8 - 5` and `pages 2-5`.
    """
    minus = tokens[place - 1] if place else None
    if minus is None or minus.kind != OPERATOR or minus.text != "-" or minus.end != tokens[place].start:
        return False
    before = tokens[place - 2] if place > 1 else None
    if before is None or before.kind in (EQUALS, OPERATOR, OPEN, FRAC, MONEY, SKIP):
        return True
    return before.kind not in (NUMBER, CLOSE) and before.end < minus.start


def _number_token(text: str, match: re.Match[str], before: list[Token], latex: bool) -> Token:
    start, end, written = match.start(), match.end(), match.group()
    if match.lastgroup == "fraction":  # \frac12 is one half
        above, below = map(int, _ARGUMENT.findall(written))
        parsed = (
            (divide(above, below), NumberStyle(LATEX_FRACTION, separator=_FRAC.findall(written)[0])) if below else None
        )
    else:
        parsed = parse_mixed(written) if match.lastgroup == "mixed" else parse_plain(written)
    no_quantity = _NO_QUANTITY_IN_LATEX if latex else _NO_QUANTITY
    if parsed is None or _glued(before, start) or _CLOCK.match(text, end) or no_quantity.match(text, end):
        return Token(OTHER, written, start, end)
    percent = _PERCENT.match(text, end)
    sign = before[-1] if before and before[-1].kind == MONEY and before[-1].end == start else None
    currency = sign is not None and sign.text in (_MONEY_IN_LATEX if latex else _MONEY)
    number = Number(start, end, *parsed, percent=percent is not None, currency=currency)
    return Token(NUMBER, written, start, percent.end() if percent else end, number)


def _glued(before: list[Token], start: int) -> bool:
    """Whether the digits continue something: `v2`, `x_1`, the minutes of `2:10`, the last part of `1.2.3`."""
    if not before or before[-1].end != start:
        return False
    last = before[-1]
    after_clock = last.text == ":" and len(before) > 1 and before[-2].kind == OTHER and before[-2].text.isdigit()
    after_word = last.kind == WORD and not UNSPACED.search(last.text)
    subscript = last.text == "_" or (last.text == "{" and len(before) > 1 and before[-2].text.endswith("_"))
    return after_word or last.kind == NUMBER or subscript or after_clock
