r"""A step in plainer notation, so that more of its equations are read: for signs, not for proofs.

>>> plain("Difference = 1515 - 1481. Difference = 34.")
'1515 - 1481 = 34.'
>>> plain(r"\[ \text{Cost of 2 pens} = 2 \times 4 = 8 \]")
'2 * 4 = 8'
"""

from __future__ import annotations

import re

_COMMAND_OF_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mbox|mathbf|textit)\s*\{([^{}]*)\}")
_DELIMITERS = re.compile(r"\\[\[\]()]|\\[ ,;!]|\$\$|\*\*|\\displaystyle|\\quad|\\left|\\right")
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{([^{}]*)\}")
_SYMBOLS = {"\\times": "*", "\\cdot": "*", "\\div": "/", "\\$": "$", "\\%": "%", "\\approx": "≈", "\\Rightarrow": ";"}
_IN_BRACKETS = re.compile(r"\s*\((?=[^()]*[A-Za-z]{3})[^()\d=+*/]*\)")
_PRODUCT = re.compile(r"(?<=\d)\((?=\$?\d)|(?<=\d\))\((?=\$?\d)")
_AREA = re.compile(r"\b(cm|mm|m|km|ft|feet|in|inches|units?|meters?|centimeters?)\s?(?:\^\{?[23]\}?|²|³)")
_TIMES = re.compile(r"(?<=\d) times (?=\$?\d)")
_SAID = re.compile(
    r"(?<=\d)(\)?)(?:,? which (?:is|equals|gives(?: us)?)|,? (?:to get|for a total of|is equal to|equals|giving|or)) "
    r"(?=-?\$?\d)"
)
_OPERATION = r"[-+*/×÷]"
_LABEL = r"[A-Za-z][A-Za-z_'’ ]{0,60}"
_AGAIN = re.compile(
    rf"(?P<label>\b{_LABEL}?)\s*=\s*(?P<side>[^=\n]{{0,80}}\d[^=\n]{{0,80}}?)"
    rf"[\s.,;]*(?:(?:which|this|so|we|get|gives|give|simplifies|to|us|that|then|therefore|and)\b[\s,:]*)*"
    rf"(?P=label)\s*=\s*(?=[-$(]*\d)",
    re.IGNORECASE,
)
_NAME_WITH_NUMBER = re.compile(
    rf"(?:(?<=^)|(?<=[.:;,\n] )|(?<=\n))\s*[A-Za-z][^=\n.:;]{{0,80}}?[A-Za-z)]\s*=\s*"
    rf"(?=[-$(]*\d[^=\n]{{0,120}}{_OPERATION}[^=\n]{{0,120}}=)"
)
_MOST_CHARACTERS = 4000


def plain(text: str) -> str:
    """The step without LaTeX around words, words in brackets, and labels between an expression and its value."""
    if "=" not in text and not _SAID.search(text):
        return text
    if len(text) > _MOST_CHARACTERS:
        return text
    text = _COMMAND_OF_TEXT.sub(r" \1 ", text)
    text = _BOXED.sub(r"\1", text)
    for command, symbol in _SYMBOLS.items():
        text = text.replace(command, symbol)
    text = _DELIMITERS.sub(" ", text)
    text = _PRODUCT.sub(" * (", _IN_BRACKETS.sub("", text))
    text = _SAID.sub(r"\1 = ", _TIMES.sub(" * ", text))
    text = _AREA.sub(r"\1", text)
    text = re.sub(r"[ \t]+", " ", text)
    for _ in range(2):
        text = _AGAIN.sub(r"\g<label> = \g<side> = ", text)
    return _NAME_WITH_NUMBER.sub(" ", text).strip()
