"""The surface of a LaTeX text: formulas and prose, what is unbalanced, boxes, and the numbers a question gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from label_checking.latex.sides import read_side

ASY = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL)
MATH_ENVIRONMENTS = "align|alignat|equation|gather|eqnarray|multline|displaymath|math|flalign"
_FORMULA = re.compile(
    r"(?P<display>(?<!\\)\$\$(?P<a>.*?)\$\$)"
    r"|(?P<inline>(?<!\\)\$(?P<b>(?:[^$\\]|\\.)*)\$)"
    r"|(?P<square>(?<!\\)\\\[(?P<c>.*?)\\\])"
    r"|(?P<round>(?<!\\)\\\((?P<d>.*?)\\\))"
    rf"|(?P<environment>\\begin\{{(?P<name>(?:{MATH_ENVIRONMENTS})\*?)\}}(?P<e>.*?)\\end\{{(?P=name)\}})",
    re.DOTALL,
)
_COMMAND = re.compile(r"\\[a-zA-Z]+|[\^_]\{|\\[,!;:](?=\S)|\w\^\w")
_PROSE_COMMANDS = re.compile(
    r"\\(?:text(?:bf|it|rm)?|emph|item|begin\{(?:itemize|enumerate|tabular|center)\}|end\{(?:itemize|enumerate|tabular|"
    r"center)\}|noindent|newline|par|dots|ldots|boxed|underline|label|tag|hspace|vspace|bigskip|medskip|smallskip|quad"
    r"|includegraphics|mbox|fbox|degree|pounds|textdollar)(?![a-zA-Z])"
)
NUMBER_WORDS = {
    word: Fraction(value)
    for value, words in {
        "0": "zero", "1": "one once single", "2": "two twice double doubled both pair second",
        "3": "three thrice triple third",
        "4": "four fourth quadruple", "5": "five fifth", "6": "six sixth", "7": "seven seventh", "8": "eight eighth",
        "9": "nine ninth", "10": "ten tenth", "11": "eleven", "12": "twelve dozen", "13": "thirteen", "14": "fourteen",
        "15": "fifteen", "16": "sixteen", "17": "seventeen", "18": "eighteen", "19": "nineteen", "20": "twenty",
        "30": "thirty", "40": "forty", "50": "fifty", "60": "sixty", "70": "seventy", "80": "eighty", "90": "ninety",
        "100": "hundred", "1000": "thousand", "1000000": "million", "1/2": "half halves", "1/3": "thirds",
        "1/4": "quarter quarters",
    }.items()
    for word in words.split()
}  # fmt: skip
_LITERAL = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+")
_SUBSCRIPT = re.compile(r"_\s*(?:\{[^{}]*\}|\\?\w)")
_FRACTION = re.compile(
    r"\\[dtc]?frac\s*(?:\{\s*-?\d+\s*\}|\d)\s*(?:\{\s*\d+\s*\}|\d)|(?<![\d.])\d+/\d+(?![\d.])|\d+\s*\\[dtc]?frac\s*"
    r"(?:\{\d+\}|\d)\s*(?:\{\d+\}|\d)|\\sqrt\s*(?:\{\d+\}|\d)|\d+\^\{?\d+\}?|\d+(?:\.\d+)?\s*\\?%"
)
_BOX = re.compile(r"\\(?:f?boxed|fbox|framebox)(?![a-zA-Z])\s*(?:\$\s*)?")


@dataclass(frozen=True, slots=True)
class Part:
    """A formula or the prose between two."""

    is_formula: bool
    text: str
    start: int


def parts_of(text: str) -> Iterator[Part]:
    """A text without its drawings as formulas and prose, in order. A `$` without a partner is prose."""
    text = ASY.sub(" ", text)
    position = 0
    for match in _FORMULA.finditer(text):
        if text[position : match.start()].strip():
            yield Part(False, text[position : match.start()], position)
        content = next(match[name] for name in "abcde" if match[name] is not None)
        yield Part(True, content, match.start())
        position = match.end()
    if text[position:].strip():
        yield Part(False, text[position:], position)


def unbalanced(text: str) -> Iterator[str]:
    """What has no partner in a text: `dollar`, `braces`, `environment`."""
    text = ASY.sub(" ", text)
    bare = re.sub(r"\\[\\${}%]", "", text)
    rest = _FORMULA.sub("", text)
    is_prose = any(_is_prose(match) for match in _FORMULA.finditer(text))
    if "$" in re.sub(r"\\\$", "", rest) or bare.count("$") % 2 or is_prose:
        yield "dollar"
    if not _nest(bare):
        yield "braces"
    left, right = (len(re.findall(rf"\\{side}(?![a-zA-Z])", text)) for side in ("left", "right"))
    begun, ended = (sorted(re.findall(rf"\\{side}\s*\{{([^{{}}]*)\}}", text)) for side in ("begin", "end"))
    displays = [len(re.findall(pattern, text)) for pattern in (r"(?<!\\)\\\[", r"(?<!\\)\\\]")]
    inlines = [len(re.findall(pattern, text)) for pattern in (r"(?<!\\)\\\(", r"(?<!\\)\\\)")]
    if left != right or begun != ended or displays[0] != displays[1] or inlines[0] != inlines[1]:
        yield "environment"


def _is_prose(formula: re.Match[str]) -> bool:
    """Whether a formula is a sentence: the `$` signs around it belong to other formulas (`3$ handshakes that $x`)."""
    if formula["b"] is None:
        return False
    bare = re.sub(
        r"\\(?:text|mbox|mathrm|operatorname|rm|textbf|textit|hbox)\w*\s*\{[^{}]*\}|\\[a-zA-Z]+", " ", formula["b"]
    )
    return bool(re.search(r"(?<![A-Za-z])[a-z]{3,}[,;.]?\s+[a-z]{2,}|\b(?:is|are|so|of)\s+[a-z]{3,}", bare))


def _nest(text: str) -> bool:
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


def raw_latex(text: str) -> str | None:
    """The first LaTeX command outside of formulas, None if there is none."""
    for part in parts_of(text):
        prose = "" if part.is_formula else _PROSE_COMMANDS.sub("", part.text)
        found = _COMMAND.search(prose)
        if found:
            return found.group()
    return None


def boxes(text: str) -> list[str]:
    """What stands in `\\boxed{}` and its like, in order; TeX also takes `\\boxed 4` and `\\boxed\\frac43`."""
    found = []
    for match in _BOX.finditer(text):
        if text[match.end() : match.end() + 1] != "{":
            argument = re.compile(r"\\[dtc]?frac\s*(?:\{[^{}]*\}|\d)\s*(?:\{[^{}]*\}|\d)|\\?.", re.DOTALL).match(
                text, match.end()
            )
            found.append(argument.group() if argument else "")
            continue
        depth = 0
        for place in range(match.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[place], 0) if text[place - 1] != "\\" else 0
            if depth == 0:
                found.append(text[match.end() + 1 : place].strip().strip("$").strip())
                break
    return found


def numbers_in(text: str) -> set[Fraction]:
    """The rational numbers that a text shows, in digits or words, each without and with its sign."""
    found: set[Fraction] = set()
    text = text.replace("{,}", ",")
    for match in _LITERAL.finditer(text):
        value = Fraction(match.group().replace(",", ""))
        found |= {value, *(Fraction(digits) for digits in match.group().split(",") if digits.isdigit())}
        if re.search(r"-\s*(?:\\?\$)?$", text[: match.start()]):
            found.add(-value)
    for match in _FRACTION.finditer(text):
        values = read_side(match.group()).values
        found |= {value for value in values if isinstance(value, Fraction)}
        found |= {
            -value for value in values if isinstance(value, Fraction) and text[: match.start()].rstrip().endswith("-")
        }
    words = re.findall(r"[a-z]+", text.lower())
    found |= {NUMBER_WORDS[word] for word in words if word in NUMBER_WORDS}
    compound = re.finditer(r"\b(\w+ty)-(\w+)\b", text.lower())
    found |= {
        NUMBER_WORDS[m[1]] + NUMBER_WORDS[m[2]] for m in compound if m[1] in NUMBER_WORDS and m[2] in NUMBER_WORDS
    }
    return found


def is_written(value: Fraction, text: str) -> bool:
    """Whether a text writes a number for itself, in digits or as a plain number word, and not as an exponent."""
    text = re.sub(r"\^\s*(?:\{[^{}]*\}|\d)", " ", _SUBSCRIPT.sub(" ", ASY.sub(" ", text)))
    loose = r"\b(?:one|once|single|twice|doubled?|both|pair|second|thrice|triple|third|hal(?:f|ves)|quarters?|fourth)\b"
    return value in numbers_in(re.sub(loose, " ", text, flags=re.IGNORECASE))


def where_given(value: Fraction, question: str) -> str:
    """Where a question has a number: `text`, only in a `subscript` or in `asy` code, or `nowhere`."""
    drawn_without = ASY.sub(" ", question)
    for place, text in (
        ("text", _SUBSCRIPT.sub(" ", drawn_without)),
        ("subscript", drawn_without),
        ("asy", question),
    ):
        if value in numbers_in(text):
            return place
    return "nowhere"
