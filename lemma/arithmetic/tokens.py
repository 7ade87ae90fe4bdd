"""Cut a step's text into the tokens of arithmetic and the words between them."""

from __future__ import annotations

import re
from typing import NamedTuple

from lemma.arithmetic.numbers import NUMBER_PATTERN, Number, parse_mixed, parse_plain

NUMBER, OPERATOR, EQUALS, OPEN, CLOSE, FRAC, WORD, MONEY, SKIP, OTHER = (
    "number", "operator", "equals", "open", "close", "frac", "word", "money", "skip", "other",
)  # fmt: skip

_TOKEN = re.compile(
    NUMBER_PATTERN
    + r"""
    |(?P<operator> \\times(?![a-zA-Z]) | \\cdot(?![a-zA-Z]) | \\div(?![a-zA-Z]) | \\ast(?![a-zA-Z])
        | [+*/×·÷∗^−–-] | (?<![A-Za-z])(?:divided[ ]by|multiplied[ ]by|times|plus|minus|of|[xX](?=\s*[\d($.\\]))
          (?![A-Za-z]) )
    |(?P<equals> = | ≈ | \\approx(?![a-zA-Z]) | (?<![A-Za-z])(?:equals|is[ ]equal[ ]to)(?![A-Za-z]) )
    |(?P<frac> \\[dt]?frac(?![a-zA-Z]) )
    |(?P<open> \\left\s*\( | \\left\s*\[ | \( | \[ )
    |(?P<close> \\right\s*\) | \\right\s*\] | \) | \] )
    |(?P<skip> \[asy\](?s:.*?)\[/asy\] | \\boxed\s*\{ | \\(?:text|mathrm|mbox|textbf)\s*\{[^{}]*\}
        | \\[,;:!\ ] | \\(?:quad|qquad)(?![a-zA-Z]) | \\%(?=\s*\}) | [&~] )
    |(?P<money> \\?\$ | € | £ | ¥ )
    |(?P<word> [^\W\d]+(?:[.'’][^\W\d]\w*)*(?:\.(?=\s?[a-z/=+*×÷)-]))? )
    |(?P<other> \\[a-zA-Z]+ | \S )
    """,
    re.VERBOSE,
)
_PERCENT = re.compile(r"\s?(?:\\?%|percent\b)")
_NO_QUANTITY = re.compile(r"(?:st|nd|rd|th|k|K)\b|\.\.|…")
_CLOCK = re.compile(r":\d\d(?!\d)")
_OPERATORS = {
    "\\times": "*", "\\cdot": "*", "\\div": "/", "\\ast": "*", "×": "*", "·": "*", "∗": "*", "÷": "/",
    "−": "-", "–": "-", "x": "*", "X": "*", "times": "*", "of": "*", "plus": "+", "minus": "-",
    "divided by": "/", "multiplied by": "*",
}  # fmt: skip


class Token(NamedTuple):
    """One token and its span. `text` is normalized for operators; `number` is set for numbers alone."""

    kind: str
    text: str
    start: int
    end: int
    number: Number | None = None


def tokenize(text: str) -> list[Token]:
    """The tokens of a text in order; blanks are dropped, nothing else."""
    tokens: list[Token] = []
    boxed: list[bool] = []
    for match in _TOKEN.finditer(text):
        start, end, written = match.start(), match.end(), match.group()
        if tokens and start < tokens[-1].end:
            continue  # the percent sign that a number took in
        kind = match.lastgroup or OTHER
        if kind in ("mixed", "plain"):
            tokens.append(_number_token(text, match, tokens))
            continue
        if written.endswith("{"):
            boxed.append(kind == SKIP)
        elif written == "}" and boxed and boxed.pop():
            kind = SKIP  # it closes a \boxed{ and means as little
        tokens.append(Token(kind, _OPERATORS.get(written, written) if kind == OPERATOR else written, start, end))
    return tokens


def _number_token(text: str, match: re.Match[str], before: list[Token]) -> Token:
    start, end, written = match.start(), match.end(), match.group()
    parsed = parse_mixed(written) if match.lastgroup == "mixed" else parse_plain(written)
    if parsed is None or _glued(before, start) or _CLOCK.match(text, end) or _NO_QUANTITY.match(text, end):
        return Token(OTHER, written, start, end)
    percent = _PERCENT.match(text, end)
    sign = before[-1] if before and before[-1].kind == MONEY and before[-1].end == start else None
    # In LaTeX a bare dollar sign opens mathematics; money has a backslash.
    currency = sign is not None and (sign.text != "$" or "\\" not in text)
    number = Number(start, end, *parsed, percent=percent is not None, currency=currency)
    return Token(NUMBER, written, start, percent.end() if percent else end, number)


def _glued(before: list[Token], start: int) -> bool:
    """Whether the digits continue something: `v2`, `x_1`, the minutes of `2:10`, the last part of `1.2.3`."""
    if not before or before[-1].end != start:
        return False
    last = before[-1]
    after_clock = last.text == ":" and len(before) > 1 and before[-2].kind == OTHER and before[-2].text.isdigit()
    return last.kind in (WORD, NUMBER) or last.text == "_" or after_clock
