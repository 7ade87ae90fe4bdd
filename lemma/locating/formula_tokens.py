"""Cut a text into the tokens of its formulas, LaTeX or plain, and drop the words that only name units.

>>> [token.text for piece in pieces("So 36 book slots / 2 = 18 books.") for token in piece.tokens]
['36', '/', '2', '=', '18']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_MATH = re.compile(r"\\\(((?:(?!\\\().)+?)\\\)|\\\[((?:(?!\\\[).)+?)\\\]|\$\$([^$]+)\$\$", re.DOTALL)
_DOLLARS = re.compile(r"\$(?!\s)([^$]*?)(?<![\s(])\$(?!\d)")
_NOT_READ = re.compile(
    r"\\(?:p?mod|bmod|equiv|sum|prod|int|lim|begin\{(?:p|b|v)?matrix|pm|mp|overline|dots|ldots|cdots)"
)
_NOISE = re.compile(
    r"\\(?:left|right|displaystyle|[bB]igg?[lr]?|[,;:!\s]|q?quad(?![a-zA-Z])|begin\{[a-z*]+\}|end\{[a-z*]+\})|[&~]"
    r"|\^\s*\{?\\circ\}?|\*\*"
)
_WORDS_IN_MATH = re.compile(r"\\(?:text|mathrm|textbf|mbox|operatorname)\s*\{[^{}]*\}")
_REMARK = re.compile(r"\((?=[^()]*[A-Za-z]{2})[^()\\=]*\)")  # 7995 (total cookies) - 2595 (rainbow cookies)
_REMAINDER = re.compile(r"\b(?:remain|rem\b|with\b|R\b)")
_BULLET = re.compile(r"(^|\n)[^\S\n]*[-*•]\s")
_TOKEN = re.compile(
    r"""(?P<number>\d{1,3}(?:(?:,|\{,\}|,\\!)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    |(?P<break>\\\\|\\(?:implies|Rightarrow|Longrightarrow|rightarrow|to|iff|Leftrightarrow|le|leq|ge|geq|neq?|lt|gt|in|ne)(?![a-zA-Z])
        |[;:?<>≤≥≠\n]|,|\.(?!\d)|\\[()\[\]])
    |(?P<equals>=|≈|\\(?:approx|sim)(?![a-zA-Z])|(?<![A-Za-z])equals(?![A-Za-z]))
    |(?P<operator>\\(?:times|cdot|div|ast)(?![a-zA-Z])|[+*/×·÷−–^!%_|-])
    |(?P<open>[({\[]|\\\{)|(?P<close>[)}\]]|\\\})
    |(?P<command>\\[a-zA-Z]+)|(?P<word>[A-Za-z]{2,}|¤+)|(?P<letter>[A-Za-zπ])|(?P<skip>(?:[^\S\n]|[$£€])+|\\)|(?P<other>.)""",
    re.VERBOSE,
)
_SAME_OPERATOR = {
    "\\times": "*", "\\cdot": "*", "\\ast": "*", "×": "*", "·": "*",
    "\\div": "/", "÷": "/", "−": "-", "–": "-",
}  # fmt: skip
_UNITS = frozenset(
    ("am", "pm", "km", "cm", "mm", "kg", "mg", "ml", "mL", "lb", "oz", "ft", "in", "hr", "hp", "th", "st", "nd", "rd")
)


class Token(NamedTuple):
    """One token. Words and marks that no formula has are tokens too."""

    kind: str
    text: str
    labeled: bool = False  # words stand behind it: `18 books`


class Piece(NamedTuple):
    """Tokens without a word or a full stop between them, and whether a word stands before or behind."""

    tokens: list[Token]
    after_word: bool
    before_word: str


def pieces(text: str) -> Iterator[Piece]:
    """The tokens of the text, cut wherever a formula ends."""
    tokens: list[Token] = []
    end = 0
    pattern = _MATH if "\\(" in text or "\\[" in text else _DOLLARS
    for match in pattern.finditer(text):
        tokens += _tokens(text[end : match.start()], in_math=False)
        tokens += _tokens(next(group for group in match.groups() if group is not None), in_math=True)
        end = match.end()
    tokens += _tokens(text[end:], in_math=False)
    piece: list[Token] = []
    after_word = False
    kept = _without_units(tokens)
    for here, token in enumerate(kept):
        goes_on = token.text in ("\n", "\\\\") and here + 1 < len(kept) and kept[here + 1].kind == "equals"
        if token.kind in ("break", "word") and not goes_on:
            yield Piece(piece, after_word, token.text if token.kind == "word" else "")
            piece, after_word = [], token.kind == "word"
        elif not goes_on:
            piece.append(token)
    yield Piece(piece, after_word, "")


def _tokens(text: str, in_math: bool) -> list[Token]:
    if not text.strip() or _NOT_READ.search(text):
        return [Token("break", "")]
    text = _WORDS_IN_MATH.sub(lambda words: " ¤¤ " if _REMAINDER.search(words.group()) else " ¤ ", text)
    text = re.sub(r"\\boxed\s*", "", _NOISE.sub(" ", text))
    if not in_math:
        text = _BULLET.sub(r"\1 ¤ ", _REMARK.sub(" ", text))
    tokens = []
    for match in _TOKEN.finditer(text):
        kind, written = match.lastgroup or "other", match.group()
        if kind == "skip":
            continue
        # Two letters after a number are a product, as in `2xy`. Units have more letters, or a blank before.
        after_digit = text[: match.start()][-1:].isdigit()
        is_product = after_digit and match.end() - match.start() == 2 and match.group() not in _UNITS
        if kind == "word" and "¤" not in written and (in_math or is_product):
            tokens += [Token("letter", letter) for letter in written]
            continue
        tokens.append(Token(kind, _SAME_OPERATOR.get(written, written)))
    return tokens


def _without_units(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without the words between a number and what comes next in the formula: `18 books + 20 = 38`."""
    kept: list[Token] = []
    position = 0
    while position < len(tokens):
        end = position
        while end < len(tokens) and tokens[end].kind == "word":
            end += 1
        after_number = bool(kept) and kept[-1].kind in ("number", "close")
        goes_on = end < len(tokens) and (tokens[end].kind == "equals" or tokens[end].text in ("+", "-", "*", "/"))
        if end > position and not (after_number and goes_on and end - position <= 4):
            kept.append(tokens[position])  # one word is enough to cut
        elif end > position:
            kept[-1] = kept[-1]._replace(labeled=True)
        position = max(end, position)
        if position < len(tokens) and tokens[position].kind != "word":
            kept.append(tokens[position])
            position += 1
    return kept
