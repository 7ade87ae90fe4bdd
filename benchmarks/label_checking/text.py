"""The visible text of a step as tokens: numbers, operators, units. What `expressions` parses.

GSM8K prose and the LaTeX of MATH come out alike: `$120\\cdot30$`, `120 x 30` and `120*30` are one token sequence.
Part of the independent checker of labels, so it uses nothing of the package that makes those labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

TokenKind = Literal["number", "operator", "(", ")", "=", "%", "word", "variable", "break"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `value` and `decimals` mean something for numbers, `glued` says that no space stands before it."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: Fraction = Fraction(0)
    scale: int = 1
    decimals: int = 0
    is_currency: bool = False
    glued: bool = False


ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
NUMBER_WORDS: dict[str, int] = {
    **{word: value for value, word in enumerate(f"{ONES} eighteen nineteen".split())},
    **TENS,
    **{
        f"{ten}-{one}": tens + value
        for ten, tens in TENS.items()
        for value, one in enumerate(ONES.split()[:10])
        if value
    },
    "dozen": 12,
    "hundred": 100,
    "thousand": 1000,
}
SCALES = {"k": 10**3, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
# Words that end a unit and begin a new thought: in `dividing by 4 gives the price = 12` the 4 is no operand.
CLAUSE_WORDS = frozenset({
    "because", "so", "if", "then", "which", "gives", "equals", "since", "therefore", "thus", "hence", "leads",
})  # fmt: skip
CONJUNCTIONS = frozenset(["and", "or", "but", "while", "as", "with"])
ABBREVIATIONS = frozenset({
    "sq", "cu", "ft", "in", "yd", "mi", "lb", "lbs", "oz", "hr", "hrs", "min", "mins", "sec", "secs", "pt", "qt", "gal",
    "no", "vs",
})  # fmt: skip
DETERMINERS = frozenset({
    "the", "a", "an", "his", "her", "their", "its", "my", "our", "those", "these", "this", "that", "all",
})  # fmt: skip
# What a capital letter names, so that it is no variable: `150 miles for plain A + 50 miles for plain B`.
LABELLED = frozenset({
    "plain", "type", "team", "group", "store", "shop", "class", "block", "bus", "train", "worker", "company", "plan",
    "option", "section",
})  # fmt: skip
WORD_OPERATORS = {"times": "*", "plus": "+", "minus": "-", "multiplied by": "*", "divided by": "/"}
# Units that stand right after a digit; any other single letter there is a variable, as are the L and s of `2L + 9s`.
GLUED_UNITS = frozenset({
    "m", "g", "l", "L", "s", "lb", "lbs", "kg", "cm", "mm", "km", "oz", "ft", "in", "mg", "ml", "mL", "hr", "hrs",
    "min", "mins", "mph", "am", "pm", "-", "st", "nd", "rd", "th",
})  # fmt: skip

_OPERATORS = dict.fromkeys("*×·⋅∙", "*") | {"÷": "/", "/": "/", "+": "+", "^": "^"} | dict.fromkeys("-–−", "-")
_FRACTION_CHARACTERS = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅕": "1/5", "⅛": "1/8"}
_TOKEN = re.compile(
    r"""(?P<clock>\b\d{1,2}:[0-5]\d(?!\d))
    | (?P<currency>[$€£]\s*)?(?P<number>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+)
    | (?P<compare><=|>=|!=|==|≈|[<>])
    | (?P<equals>=)
    | (?P<command>\\[A-Za-z]+|(?<=[\d)])!)
    | (?P<prefix>(?<![\d)\s])%(?=\d)|(?<=\s)%(?=\d))
    | (?P<percent>%|(?i:percent)\b)
    | (?P<word>(?i:[ap]\.m\.)|[^\W\d_]+(?:&[^\W\d_]+)*(?:['’][^\W\d_]*)?(?:-[^\W\d_]{2,}(?:['’][^\W\d_]*)?)*|¢|°)
    | (?P<hyphen>(?<=[\w%)])-(?=[^\W\d_]{2,}))
    | (?P<operator>[*×·⋅∙÷/+^\-–−])
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<other>\S)""",
    re.VERBOSE,
)
_LATEX_SIMPLE = (
    (re.compile(r"<<[^<>]*>>"), ""),
    (re.compile(r"\\\\\s*&?\s*="), " ="),
    (re.compile(r"(\d)\s*\\[dt]?frac\{(\d+)\}\{(\d+)\}"), r"\1 \2/\3"),
    (re.compile(r"\{,\}|,?\\!"), lambda match: "," if "," in match.group() else ""),
    (re.compile(r"\\left|\\right|\\displaystyle|\\limits"), " "),
    (re.compile(r"\\(?:cdot|times|ast)(?![A-Za-z])"), " * "),
    (re.compile(r"\\div(?![A-Za-z])"), " / "),
    (re.compile(r"\\[,;: ]|\\q?quad|~"), " "),
    (re.compile(r"\\\\|\\(?:begin|end)\{[^}]*\}|\\(?:Long)?[rR]ightarrow|\\implies|\\to(?![a-z])"), " ; "),
    (re.compile(r"\\(?:boxed|fbox|textbf|text|mbox|mathrm|mathbf|emph)\s*(?=\{)"), " "),
    (re.compile(r"\^\s*\{?\\circ\}?"), "° "),
    (re.compile(r"\^\s*\{([^{}]*)\}"), r"^(\1)"),
    (re.compile(r"\\\$"), "$"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"(?<!\\)&"), " "),
)
_FRACTION = re.compile(r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")


_NO_AMOUNT = re.compile(r"\$(?! ?\.?\d)|[\d)]\$")
_BOXED_NUMBER = re.compile(
    r"(?P<formula>\$?)\\boxed\s?\{\s?(?P<number>(?:\\?\$)?\s?\d[^{}\\$=]{0,60}(?:\\%)?)\}(?P=formula)(?!\$)"
)
# A remark may name who or what is counted, but not change the number: cents, a dozen, a second number.
_WHO = re.compile(
    r"(?<=[\da-z]) \((?:only |both |all |the |from |for )?(?P<who>[A-Za-z]{2,}(?:['’-][a-z]+)*)(?: [a-z'-]{2,}){0,4}\)"
    r"(?= *[-+*/×÷=])"
)
_CHANGES = ("cent", "cents", "percent", "squared", "cubed", "half", "twice", "times")
_NO_PERSON = frozenset((*NUMBER_WORDS, *SCALES, *_CHANGES))
_PART = r"(?:[^=.\n]|\.\d)"
_AGAIN = re.compile(
    r"\b(?P<name>[A-Z][A-Za-z' -]{2,60}) ?= ?"
    rf"(?P<sum>{_PART}{{0,80}}?[-+*/×÷] ?\$?[\d(]{_PART}{{0,60}}?)[.,]?\s+"
    r"(?:(?:Therefore|Thus|Hence|So|Then),? )?(?P=name) ?= ?"
    r"(?=\$?\d[\d,.]*(?: [a-z]+)?(?:[^-+*/×÷=\d ]|\s|$))(?!\$?\d[\d,.]* ?[-+*/×÷=])"
)
_WHICH = re.compile(r"([-+*/×÷] ?\$?\d[\d.,]*\)?(?: [a-z]+)?), which equals (?=\$?\d)")


def without_box(text: str) -> str:
    """A text whose only LaTeX is a box around a number, without the box; any other text as it is. A dollar sign that
    does not stand before an amount opens or closes a formula.
    """
    plain = _BOXED_NUMBER.sub(r" \g<number> ", text).replace("\\$", "$").replace("\\%", "%")
    return text if "\\" in plain or _NO_AMOUNT.search(plain) is not None else plain


def as_one_equation(text: str) -> str:
    """A text in which a calculation and its result, each said to be the same thing, are one equation: `Total = 2 + 3.
    Total = 5.` becomes `Total = 2 + 3 = 5.` Remarks in brackets between the numbers are gone.
    """
    text = _WHICH.sub(r"\1 = ", text)
    if text.count("=") > 1:
        text = _AGAIN.sub(r"\g<name> = \g<sum> = ", text)
    if "(" not in text or "=" not in text:
        return text
    return _WHO.sub(lambda found: found[0] if found["who"].lower() in _NO_PERSON else "", text)


def plain_text(text: str) -> str:
    """LaTeX and typographic fractions as plain arithmetic: `\\frac{1}{2}` becomes `((1)/(2))`."""
    if "\\" in text or "<<" in text or "{,}" in text:
        for pattern, replacement in _LATEX_SIMPLE:
            text = pattern.sub(replacement, text)
        previous = ""
        while previous != text:
            previous = text
            text = _FRACTION.sub(lambda m: f"(({m[1] or m[2]})/({m[3] or m[4]}))", text)
    for character, fraction in _FRACTION_CHARACTERS.items():
        if character in text:
            text = text.replace(character, f" {fraction}")
    return text


def _raw_tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    previous_end = -1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        start, end, shown = match.start(), match.end(), match.group()
        glued = start == previous_end
        previous_end = end
        token = Token("break", shown, start, end, glued=glued)
        if kind == "number":
            digits = match["number"].replace(",", "")
            decimals = len(digits.partition(".")[2])
            token = replace(
                token, kind="number", value=Fraction(digits), decimals=decimals, is_currency=bool(match["currency"])
            )
        elif kind == "operator":
            token = replace(token, kind="operator", text=_OPERATORS[shown])
        elif kind == "word":
            token = replace(token, kind="word", text=shown.lower() if len(shown) > 1 else shown)
        elif kind == "hyphen":
            token = replace(token, kind="word")
        elif _says_nothing(kind, shown, tokens[-1] if glued and tokens else None):
            continue
        elif kind in ("clock", "command") or (kind == "other" and shown not in ".,;:?!"):
            token = replace(token, kind="variable")
        elif kind in ("equals", "percent", "open", "close"):
            signs: dict[str, TokenKind] = {"equals": "=", "percent": "%", "open": "(", "close": ")"}
            token = replace(token, kind=signs[kind])
        tokens.append(token)
    return tokens


def _says_nothing(kind: str | None, shown: str, before: Token | None) -> bool:
    """Quotes, stray currency signs, a percent sign before its number, the full stop of an abbreviation."""
    is_abbreviation = shown == "." and before is not None and before.text in ABBREVIATIONS
    return kind == "prefix" or (kind == "other" and (is_abbreviation or shown in "\"'“”’`*$€£"))


def _is_operand_start(token: Token | None) -> bool:
    return token is not None and (token.kind in ("number", "(") or token.text in NUMBER_WORDS)


def _is_operand_end(token: Token | None) -> bool:
    return token is not None and token.kind in ("number", "word", ")", "%")


def _is_factor(token: Token | None) -> bool:
    return token is not None and token.kind in ("number", ")")


def _letter(token: Token, before: Token | None, after: Token | None, is_latex: bool) -> Token:
    """A letter on its own: a multiplication sign, a unit glued to its number, an article, or a variable."""
    leads_on = _is_operand_start(after) or (after is not None and after.text in DETERMINERS)
    if token.text in "xX" and _is_operand_end(before) and leads_on:
        return replace(token, kind="operator", text="*")
    is_measure = before is not None and (_is_factor(before) or before.text in ("/", "sq", "cu"))
    is_unit = is_measure and token.text in GLUED_UNITS and not (token.text in "Ls" and (token.glued or is_latex))
    is_unit |= before is not None and before.text == "/" and token.text in "sh"
    is_article = token.text in "aAI" and not token.glued and after is not None and after.kind in ("word", "number")
    is_label = before is not None and before.text in LABELLED and token.text in "ABCD"
    return token if is_unit or is_article or is_label or token.text in "¢°" else replace(token, kind="variable")


def tokens_of(text: str, is_latex: bool = False) -> list[Token]:
    """The tokens of a step's plain text, each `x`, `times`, `million`, letter and mixed number resolved.

    In LaTeX a short word glued to a number is a product of variables (`3ab`), elsewhere a unit (`3rd`, `30ml`).
    """
    raw = _raw_tokens(text)
    tokens: list[Token] = []
    position = 0
    while position < len(raw):
        token, before = raw[position], tokens[-1] if tokens else None
        length = 1
        if token.kind == "number":
            token, length = _mixed_number(raw, position)
        elif (
            token.text in SCALES
            and before is not None
            and before.kind == "number"
            and (token.text != "k" or (token.glued and not is_latex))
        ):
            tokens[-1] = replace(before, scale=SCALES[token.text])
            position += 1
            continue
        elif token.kind == "word" and token.text != "-":
            token, length = _word(raw, position, before, is_latex)
        tokens.append(token)
        position += length
    return tokens


def _word(raw: list[Token], position: int, before: Token | None, is_latex: bool) -> tuple[Token, int]:
    """What a word is in its place, and how many raw tokens it takes."""
    token = raw[position]
    following = [*raw[position + 1 : position + 3], None, None]
    is_operand = before is not None and (before.kind == "=" or (before.kind == "operator" and not token.glued))
    if is_operand and token.text in NUMBER_WORDS:
        return replace(token, kind="number", value=Fraction(NUMBER_WORDS[token.text])), 1
    if token.text == "equals" and _is_operand_end(before) and _is_operand_start(following[0]):
        return replace(token, kind="="), 1
    if len(token.text) == 1:
        return _letter(token, before, following[0], is_latex), 1
    if is_latex and token.glued and len(token.text) < 4 and _is_factor(before):
        return (token if token.text in GLUED_UNITS else replace(token, kind="variable")), 1
    is_by = token.text in ("multiplied", "divided") and following[0] is not None and following[0].text == "by"
    phrase, length = (f"{token.text} by", 2) if is_by else (token.text, 1)
    if phrase in WORD_OPERATORS and _is_operand_end(before) and _is_operand_start(following[length - 1]):
        return replace(token, kind="operator", text=WORD_OPERATORS[phrase]), length
    return token, 1


def _mixed_number(raw: list[Token], position: int) -> tuple[Token, int]:
    """`2 1/2` as one number of four raw tokens, where the fraction is proper and written without spaces."""
    whole = raw[position]
    if position + 3 >= len(raw) or (position > 0 and raw[position - 1].text == "/"):
        return whole, 1
    top, slash, bottom = raw[position + 1 : position + 4]
    is_fraction = top.kind == bottom.kind == "number" and slash.text == "/" and slash.glued and bottom.glued
    is_separate = not top.glued and not top.is_currency
    if not is_fraction or not is_separate or whole.decimals or top.decimals or not 0 < top.value < bottom.value:
        return whole, 1
    value = whole.value + top.value / bottom.value
    return replace(whole, value=value, end=bottom.end, text=f"{whole.text} {top.text}/{bottom.text}"), 4
