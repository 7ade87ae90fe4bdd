r"""From a normalized answer to tokens: numbers, symbols, functions, words, brackets, operators.

Numbers are whole here: `1,234`, `3 1/2`, `3\frac{1}{2}`, `0.1\overline{6}`, `0.333...` and `1.5e-7` are one token each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

MAX_TOKENS = 400
_MAX_DIGITS = 400
_FUNCTION_NAMES = "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp abs floor ceil sqrt cbrt"
_FUNCTIONS = {
    **{name: name for name in _FUNCTION_NAMES.split()},
    **{"asin": "arcsin", "acos": "arccos", "atan": "arctan", "ceiling": "ceil", "cosec": "csc", "lg": "log"},
}
_CONSTANTS = {"pi": "pi", "infty": "infinity", "infinity": "infinity", "inf": "infinity", "oo": "infinity"}
_GREEK_NAMES = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon
    phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell hbar
"""
_GREEK = frozenset(_GREEK_NAMES.split())

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    |(?P<repeating>\d*\.\d*(?:\\(?:overline|bar|dot)\s*(?:\{\d+\}|\d)|\(\d+\)))
    |(?P<endless>\d*\.\d+\s*\.\.\.)
    |(?P<mixed>(?<![\d.,/])\d+(?:\s+(?:and\s+)?\d+\s*/\s*\d+(?![\d.,])
        |\s*\\frac\s*(?:\{\s*\d+\s*\}\s*\{\s*\d+\s*\}|\d\s*\d)))
    |(?P<based>(?:\(?[0-9][0-9A-Fa-f]*\)?|[A-F][0-9A-F]*(?=_\{?16))_(?:\{\s*(?:\d+|\\text\{\w+\})\s*\}|\d+)|0[xb][0-9A-Fa-f]+)
    |(?P<grouped>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:\ \d{3})+(?![\d/,]|\s*/)(?:\.\d+)?)
    |(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3}(?![\w]))?)
    |(?P<text>\\(?:text|mbox|textbf|textit|textrm|textsf|texttt|mathrm|rm|textnormal|operatorname)\s*\{(?P<words>[^{}]*)\})
    |(?P<blackboard>\\mathbb\s*\{?\s*(?P<field>[A-Z])\s*\}?)
    |(?P<matrix>\\(?P<side>begin|end)\s*\{(?P<environment>\w+)\*?\}(?:\{[lcr|]*\})?)
    |(?P<command>\\[A-Za-z]+)
    |(?P<row>\\\\)
    |(?P<setbrace>\\[{}])
    |(?P<word>[A-Za-z]+)
    |(?P<operator>\*\*|<=|>=|!=|:=|==|\|\||[-+*/^_=<>,;:!|&%$'"?@()\[\]{}]|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# `lastgroup` names the last group that closed, which may be one inside of the alternative that matched.
_GROUPS_INSIDE = {"words": "text", "field": "blackboard", "side": "matrix", "environment": "matrix"}
_DIGITS = re.compile(r"(?P<number>\d+)")
_ALIASES = {
    "**": "^", "<=": "\\le", ">=": "\\ge", "!=": "\\ne", ":=": "=", "==": "=", "\\lt": "<", "\\gt": ">", "\\mid": "|",
    "\\vert": "|", "\\lvert": "|", "\\rvert": "|", "\\colon": ":", "\\ast": "*", "\\land": "and", "\\wedge": "and",
    "\\lor": "or", "\\vee": "or", "\\approxeq": "\\approx", "\\sim": "\\approx", "\\simeq": "\\approx",
    "\\backslash": "\\setminus", "\\rightarrow": "\\to", "\\cdotp": "\\cdot", "\\bullet": "\\cdot",
    "\\infin": "\\infty", "\\div": "/",
}  # fmt: skip
_OPEN = frozenset(["(", "[", "{", "\\{", "\\langle", "\\lfloor", "\\lceil"])
_CLOSE = frozenset([")", "]", "}", "\\}", "\\rangle", "\\rfloor", "\\rceil"])


class Token(NamedTuple):
    """A piece of an answer. `kind` is number, based, symbol, function, word, text, open, close, matrix or operator."""

    kind: str
    text: str
    value: Fraction = Fraction(0)
    decimals: int = 0
    spaced: bool = False
    base: int = 10


class TooLongError(ValueError):
    """More tokens or digits than an answer has."""


def tokenize(text: str) -> list[Token]:
    """All tokens of a normalized answer."""
    tokens: list[Token] = []
    spaced = False
    depth = 0
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None, "the last alternative takes any character"
        kind = match.lastgroup or ""
        kind = _GROUPS_INSIDE.get(kind, kind)
        if kind == "space":
            spaced, position = True, match.end()
            continue
        if kind == "mixed":
            _, top, bottom = _mixed_parts(match.group())
            is_one_number = top < bottom
        else:
            is_one_number = not (kind == "grouped" and depth and "," in match.group())
        if not is_one_number:
            # In `(1,200)` the comma separates, and `2\frac{3}{2}` is a product: only the first digits are a number.
            match = _DIGITS.match(text, match.start())
            assert match is not None
            kind = "number"
        position = match.end()
        made = _make(kind, match, spaced)
        depth += sum((token.kind == "open") - (token.kind == "close") for token in made if token.text != "{")
        tokens.extend(made)
        spaced = False
        if len(tokens) > MAX_TOKENS:
            raise TooLongError("too many tokens")
    return tokens


def _make(kind: str, match: re.Match[str], spaced: bool) -> Sequence[Token]:
    text = match.group()
    if kind in _NUMBER_READERS:
        if len(text) > _MAX_DIGITS:
            raise TooLongError("too many digits")
        token = _NUMBER_READERS[kind](text)
        # Digits that are none in their base make a name; an ellipsis that could go on in any way makes nothing.
        unread = Token("symbol" if kind == "based" else "operator", text, spaced=spaced)
        return [token._replace(spaced=spaced) if token else unread]
    if kind == "text":
        words = match.group("words").strip(" ,")
        return [Token("operator" if words in ("or", "and") else "text", words, spaced=spaced)]
    if kind == "blackboard":
        return [Token("symbol", f"blackboard {match.group('field')}", spaced=spaced)]
    if kind == "matrix":
        return [Token("open" if match.group("side") == "begin" else "close", text.split("{")[1].rstrip("}*lcr|"))]
    return [_read_name(text, spaced) if kind == "word" else _read_operator(_ALIASES.get(text, text), spaced)]


def _read_name(text: str, spaced: bool) -> Token:
    lowered = text.lower()
    if known := _read_known(text, spaced) or _read_known(lowered, spaced):
        return known
    if lowered in ("or", "and"):
        return Token("operator", lowered, spaced=spaced)
    return Token("symbol" if len(text) == 1 else "word", text, spaced=spaced)


def _read_operator(text: str, spaced: bool) -> Token:
    name = text[1:] if text.startswith("\\") else ""
    if known := _read_known(name, spaced):
        return known
    if name in _GREEK:
        return Token("symbol", text, spaced=spaced)
    return Token("open" if text in _OPEN else "close" if text in _CLOSE else "operator", text, spaced=spaced)


def _read_known(name: str, spaced: bool) -> Token | None:
    """The function or constant of that name, or None."""
    if name in _FUNCTIONS:
        return Token("function", _FUNCTIONS[name], spaced=spaced)
    return Token("symbol", _CONSTANTS[name], spaced=spaced) if name in _CONSTANTS else None


def _read_decimal(text: str) -> Token:
    mantissa, _, exponent = text.replace(",", "").replace(" ", "").lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    value = Fraction(int(whole + decimals or "0")) * Fraction(10) ** (int(exponent or 0) - len(decimals))
    return Token("number", text, value, 0 if exponent else len(decimals))


def _read_mixed(text: str) -> Token:
    whole, top, bottom = _mixed_parts(text)
    return Token("number", text, whole + Fraction(top, bottom))


def _mixed_parts(text: str) -> tuple[int, int, int]:
    digits = [int(run) for run in re.findall(r"\d+", text)]
    if len(digits) == 2:  # `\frac34`: one digit each
        return digits[0], *divmod(digits[1], 10)
    return digits[0], digits[1], digits[2]


def _read_repeating(text: str) -> Token:
    head, block = re.fullmatch(r"([\d.]*)\D*(\d+)\D*", re.sub(r"\\[a-z]+\s*|[(){}]", "|", text)).groups()  # type: ignore[union-attr]
    whole, _, fixed = head.partition(".")
    start = Fraction(int(whole + fixed or "0"), 10 ** len(fixed))
    return Token("number", text, start + Fraction(int(block), (10 ** len(block) - 1) * 10 ** len(fixed)))


def _read_endless(text: str) -> Token | None:
    """`0.1666...`: the shortest block at the end that is written at least twice (three times if it is one digit)."""
    whole, _, decimals = text.rstrip(". ").partition(".")
    for length in range(1, len(decimals) // 2 + 1):
        block = decimals[-length:]
        times = 3 if length == 1 else 2
        if len(decimals) >= times * length and decimals.endswith(block * times):
            fixed = decimals
            while fixed.endswith(block):
                fixed = fixed[:-length]
            return _read_repeating(f"{whole}.{fixed}({block})")
    return None


_BASE_WORDS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_BASE_NAMES = {name: base for base, name in enumerate(_BASE_WORDS.split(), start=2)}


def _read_based(text: str) -> Token | None:
    if text[:2] in ("0x", "0b"):
        digits, base = text[2:], 16 if text[1] == "x" else 2
    else:
        digits, _, mark = text.partition("_")
        digits = digits.strip("()")
        mark = re.sub(r"\\text|[{}\s]", "", mark)
        base = int(mark) if mark.isdigit() else _BASE_NAMES.get(mark.lower(), 0)
    try:
        value = int(digits, base) if 2 <= base <= 36 else None
    except ValueError:
        value = None
    return None if value is None else Token("based", digits.upper().lstrip("0") or "0", Fraction(value), base=base)


_NUMBER_READERS = {
    "number": _read_decimal,
    "grouped": _read_decimal,
    "mixed": _read_mixed,
    "repeating": _read_repeating,
    "endless": _read_endless,
    "based": _read_based,
}
