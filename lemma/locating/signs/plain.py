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
_IN_BRACKETS = re.compile(r" ?\((?=[^()]*[A-Za-z]{3})[^()\d=+*/]*\)")
_PRODUCT = re.compile(r"(?<=\d)\((?=\$?\d)|(?<=\d\))\((?=\$?\d)")
_AREA = re.compile(r"\b(cm|mm|m|km|ft|feet|in|inches|units?|meters?|centimeters?)\s?(?:\^\{?[23]\}?|²|³)")
_TIMES = re.compile(r"(?<=\d) times (?=\$?\d)")
_SAID = re.compile(
    r"(?<=\d)(\)?)(?:,? which (?:is|equals|gives(?: us)?)|,? (?:to get|for a total of|is equal to|equals|giving)) "
    r"(?=-?\$?\d)"
)
_OR = re.compile(r"([-+*/] ?\$?\d[\d.,]{0,12}\)?),? or (?=-?\$?\d)")  # not "1 or 2", which is no equation
_BULLET = re.compile(r"^[ \t]*[-*•] +", re.MULTILINE)
_IN_LABEL = "_'’ "
_FILLERS = frozenset(
    ("which", "this", "so", "we", "get", "gives", "give", "simplifies", "to", "us", "that", "then", "therefore", "and")
)
_NUMBER_FIRST = re.compile(r"\s*[-$(]*\d")
_OPERATOR = re.compile(r"[-+*/×÷]")
_FORMULA_END = re.compile(r"[A-Za-z]{3} ?[-+*/] ?\$?\d[\d.]{0,9}$")  # Ann's age + 6 = 31 + 6
_NOT_IN_LABEL = re.compile(r"[=.:;]")
_SENTENCE_ENDS = (". ", ": ", "; ", "\n")
_LONGEST_LABEL, _LONGEST_SIDE = 80, 160
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
    text = _DELIMITERS.sub(" ", _BULLET.sub("", text))
    text = _PRODUCT.sub(" * (", _IN_BRACKETS.sub("", text))
    text = _OR.sub(r"\1 = ", _SAID.sub(r"\1 = ", _TIMES.sub(" * ", text)))
    text = _AREA.sub(r"\1", text)
    text = re.sub(r"[ \t]+", " ", text)
    sides = _without_repeated_labels(text.split("="))
    return _without_labels(sides).strip()


def _without_repeated_labels(sides: list[str]) -> list[str]:
    """`x = 83 / 43`, newline, `x = 1.93` as `x = 83 / 43 = 1.93`. The sides are what stands between equals signs."""
    labels = list(map(_words_at_end, sides))
    sides = list(sides)
    for here in range(1, len(sides) - 1):
        label, again = labels[here - 1], labels[here]
        side = sides[here][: len(sides[here]) - len(again)]
        first, second = label.lower().split(), again.lower().split()
        same = 0
        while same < min(len(first), len(second)) and first[-1 - same] == second[-1 - same]:
            same += 1
        fits = same and _FILLERS.issuperset(second[: len(second) - same]) and len(side) <= _LONGEST_SIDE
        if fits and re.search(r"\d", side) and _NUMBER_FIRST.match(sides[here + 1]):
            words = side.strip().split("\n", 1)[0].split()
            while words and words[-1].strip(".,:;").lower() in _FILLERS:
                words.pop()
            sides[here] = f" {' '.join(words).rstrip('.,:; ')} "
    return sides


def _words_at_end(side: str) -> str:
    start = len(side.rstrip())
    first = max(0, len(side) - _LONGEST_LABEL)
    while start > first and (side[start - 1].isalpha() or side[start - 1] in _IN_LABEL):
        start -= 1
    return "" if start > 0 and side[start - 1].isdigit() else side[start:].lstrip(_IN_LABEL)  # 5x is no label


def _without_labels(sides: list[str]) -> str:
    """`Area of 6 cubes = 6 * 24 = 144` without its label, which would be read as a part of the expression."""
    text = ""
    for here, side in enumerate(sides):
        text += side
        if here == len(sides) - 1:
            break
        start = max(text.rfind(end) + len(end) if end in text else 0 for end in (*_SENTENCE_ENDS, "="))
        label = text[start:].strip()
        computed = here + 2 < len(sides) and _NUMBER_FIRST.match(sides[here + 1]) and _OPERATOR.search(sides[here + 1])
        named = 1 < len(label) <= _LONGEST_LABEL and label[0].isalpha()
        named = named and (label[-1].isalpha() or label[-1] == ")" or _FORMULA_END.search(label) is not None)
        if computed and named and not _NOT_IN_LABEL.search(label):
            text = text[:start]
        else:
            text += "="
    return text
