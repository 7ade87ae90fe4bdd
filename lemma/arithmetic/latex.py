r"""LaTeX around the arithmetic: are formulas and braces closed, and what is boxed.

>>> boxed(r"So there are $\boxed{\frac{3}{4}}$ of them.")
['\\frac{3}{4}']
>>> is_balanced("So there are 3$ handshakes.")
False
"""

from __future__ import annotations

import re
from collections.abc import Collection

# Drawing code of MATH, which is no arithmetic.
DRAWING = re.compile(r"\[asy\](?:(?!\[/?asy\]).)*\[/asy\]", re.DOTALL)
_DELIMITER = re.compile(
    r"(?P<escaped>\\[$%&#_{}\\ ,;:!])|(?P<dollars>\$\$?)|(?P<opens>\\[\[(]|\\begin\{[a-z*]+\})"
    r"|(?P<closes>\\[\])]|\\end\{[a-z*]+\})|(?P<brace>[{}])|(?P<command>\\[A-Za-z]+)"
)
_ALIGNMENT = re.compile(r"(?<!\\)[&$]|\\\\")
_SIZES = re.compile(r"\\(?:left|right)(?=\s*[()\[\]])")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
# A box around a number, with or without a unit, that is no part of a longer formula.
_BOXED_NUMBER = r"(?:\\?\$)?\s?\d[\d,.]{0,20}(?:\s?\\?%)?(?:\s[a-z]{1,20}){0,3}\s?"
_PLAIN_BOX = re.compile(
    rf"((?:\*\*)?\$\\boxed\s?\{{)({_BOXED_NUMBER})(\}}\$(?:\*\*)?)"
    rf"|((?:\*\*|(?<!\$))\\boxed\s?\{{)({_BOXED_NUMBER})(\}}(?:\*\*|(?!\$)))"
)
_OTHER_DOLLAR = re.compile(r"\$(?!\s?(?:\d|\.\d))|(?<=[\d)])\$")  # before no amount, so it opens or closes a formula
_CLOSED_BY = {"\\[": "\\]", "\\(": "\\)"}


def is_balanced(text: str, commands_outside: bool = True) -> bool:
    """Whether every formula, environment and brace of a text is closed. Without `commands_outside`, no LaTeX command
    may stand outside of a formula.
    """
    closing: list[str] = []
    formulas = 0  # how many of what is open are no braces
    for match in _DELIMITER.finditer(DRAWING.sub(" ", text)):
        kind, written = match.lastgroup, match.group()
        if kind == "command" and not formulas and not commands_outside:
            return False
        if kind == "opens":
            closing.append(_CLOSED_BY.get(written) or written.replace("begin", "end", 1))
            formulas += 1
        elif kind == "dollars" and not formulas:
            closing.append(written)
            formulas += 1
        elif written == "{":
            closing.append("}")
        elif kind in ("closes", "dollars") or written == "}":
            if not closing or closing.pop() != written:
                return False
            formulas -= written != "}"
    return not closing


def without_box(text: str) -> str:
    r"""A text with blanks in place of its LaTeX, if that is only a box around a plain answer, or escaped signs; any
    other text as it is.

    >>> without_box(r"So she has \boxed{$93} left.")
    'So she has        $93  left.'
    """
    if "\\" not in text:
        return text
    plain = _PLAIN_BOX.sub(_unboxed, text)
    plain = plain.replace("\\$", " $").replace("\\%", " %")
    return text if "\\" in plain or _OTHER_DOLLAR.search(plain) is not None else plain


def has_formulas(steps: Collection[str]) -> bool:
    """Whether a solution has formulas in LaTeX, and not only a box around its answer."""
    plain = [without_box(step) for step in steps if "\\" in step]
    return any("\\" in text for text in plain) or (
        bool(plain) and any(_OTHER_DOLLAR.search(step) is not None for step in steps if "\\" not in step)
    )


def _unboxed(box: re.Match[str]) -> str:
    opening, content, closing = (part for part in box.groups() if part is not None)
    return " " * len(opening) + content + " " * len(closing)


def plain_formula(text: str) -> str:
    r"""A formula in one line, without what only sets it: `x &= \left(2\right)` as `x = (2)`."""
    return " ".join(_ALIGNMENT.sub(" ", _SIZES.sub("", text)).split())


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
