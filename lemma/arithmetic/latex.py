r"""LaTeX around the arithmetic: are formulas and braces closed, what is boxed, and which numbers a formula works out.

>>> boxed(r"So there are $\boxed{\frac{3}{4}}$ of them.")
['\\frac{3}{4}']
>>> is_balanced("So there are 3$ handshakes.")
False
"""

from __future__ import annotations

import re

_DRAWING = re.compile(r"\[asy\](?:(?!\[/?asy\]).)*\[/asy\]", re.DOTALL)
_DELIMITER = re.compile(
    r"(?P<escaped>\\[$%&#_{}\\ ,;:!])|(?P<dollars>\$\$?)|(?P<opens>\\[\[(]|\\begin\{[a-z*]+\})"
    r"|(?P<closes>\\[\])]|\\end\{[a-z*]+\})|(?P<brace>[{}])|(?P<command>\\[A-Za-z]+)"
)
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_CLOSED_BY = {"\\[": "\\]", "\\(": "\\)"}

# The left side of the last equals sign before a number, with what may stand between that sign and the number.
_EQUALS = re.compile(r"(?:=|≈|\\approx(?![A-Za-z]))(?:\s|&|\\boxed\s*\{|\\?\$|\\[,;:!])*")
_OPENS = re.compile(
    r"(?<!\\)\$|\\\[|\\\(|\\(?:implies|Rightarrow|q?quad|begin\{[a-z*]+\}(?:\{[^{}]*\})?)|[;:]|,\s|\.\s|(?<![\\A-Za-z])[a-z]{2,}\b"
)
_TEXT = re.compile(r"\\(?:text|mathrm|mbox)\s*\{[^{}]*\}")
_ARITHMETIC = re.compile(
    r"(?:[\d\s+\-*/^!().,{}&−–×÷·]|\\(?:[dtc]?frac|d?binom|cdot|times|div|left|right|sqrt|boxed|circ)(?![A-Za-z])"
    r"|\\[,;:!%$]|\\\\)+"
)
_OPERATION = re.compile(r"[\d)}!]\s*(?:[-+*/^!−–×÷·]|\\(?:cdot|times|div)(?![A-Za-z]))|\\(?:d?binom|sqrt)")
_GOES_ON = re.compile(
    r"\s*(?:[-+*/^×÷=≡(_%!]|\\(?:cdot|times|[dtc]?frac|sqrt|pi|div|left|%|[bp]?mod|equiv|pm|choose)|[A-Za-z]\b(?!\s)|\{)"
)

_SOLVED = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|gives|yields|get|find|obtain|conclude)(?: that| us)?,?\s*\$"
    r"|\\(?:Rightarrow|implies)\s*)"
    r"(?:[A-Za-z]|[A-Z]{2,3})\s*=\s*(?:\\boxed\s*\{)?-?$",
    re.IGNORECASE,
)
_ASSUMES = re.compile(
    r"\b(?:if|let|suppose|assum\w+|sett?ing|set|when|case|try|consider|say|choos\w+|pick\w*|given|or|and|plug\w*|"
    r"substitut\w+|for example|instance)\b",
    re.IGNORECASE,
)


def is_balanced(text: str, commands_outside: bool = True) -> bool:
    """Whether every formula, environment and brace of a text is closed. Without `commands_outside`, no LaTeX command
    may stand outside of a formula.
    """
    closing: list[str] = []
    for match in _DELIMITER.finditer(_DRAWING.sub(" ", text)):
        kind, written = match.lastgroup, match.group()
        is_open = any(wanted != "}" for wanted in closing)
        if kind == "command" and not is_open and not commands_outside:
            return False
        if kind == "opens":
            closing.append(_CLOSED_BY.get(written) or written.replace("begin", "end", 1))
        elif kind == "dollars" and not is_open:
            closing.append(written)
        elif written == "{":
            closing.append("}")
        elif (kind in ("closes", "dollars") or written == "}") and (not closing or closing.pop() != written):
            return False
    return not closing


def boxed(text: str) -> list[str]:
    """What stands in the boxes of a text; the rest of the text for a box that is not closed."""
    found = []
    for match in _BOX.finditer(text):
        depth, end = 1, match.end()
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found.append(text[match.end() : end - 1 if depth == 0 else end])
    return found


def is_worked_out(text: str, start: int, end: int) -> bool:
    r"""Whether a number at a place of a formula is the value of arithmetic that stands before it: 21 in
    `x = \binom{7}{2} = 21`, but not in `x + y = 21`, in `x = 21`, or in `\frac{42}{2} = 21x`.
    """
    before = list(_EQUALS.finditer(text, 0, start))
    if not before or before[-1].end() != start or _GOES_ON.match(text, end):
        return False
    begin = before[-2].end() if len(before) > 1 else 0
    side = _TEXT.sub(" ", text[begin : before[-1].start()])
    *_, side = _OPENS.split(side)
    return _ARITHMETIC.fullmatch(side) is not None and _OPERATION.search(side) is not None


def is_solved_for(text: str, start: int, end: int) -> bool:
    """Whether a number at a place of a formula is the value of an unknown that the text concludes, as in `Solving gives
    $t = 3.$`, and not one that it assumes, is given, or has as one of several.
    """
    if _SOLVED.search(text, 0, start) is None or _GOES_ON.match(text, end):
        return False
    return _ASSUMES.search(text) is None
