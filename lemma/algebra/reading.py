r"""Read formulas of a text: LaTeX between dollar signs, in displays and in `align`, or plain text around signs.

>>> chains = read_text(r"Then $2x + 3 = 11 \Rightarrow x = 4$.")
>>> [len(chain.sides) for chain in chains]
[2, 2]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lemma.algebra.parser import parse
from lemma.algebra.trees import Node
from lemma.exceptions import Refusal

_OPENING = re.compile(r"\\.|\$\$?")
_ENVIRONMENT = re.compile(r"\\begin\{(align\*?|aligned|eqnarray\*?|gather\*?|equation\*?)\}")
_TOKEN = re.compile(
    r"(?P<space>\s+|\\[,;:! ]|\\(?:left|right|big|Big|bigg|Bigg|displaystyle|limits)(?![A-Za-z])|&|~"
    r"|\\(?:begin|end)\{(?:align\*?|aligned|eqnarray\*?|gather\*?|gathered|equation\*?|cases|split)\})"
    r"|(?P<number>\d{1,3}(?:(?:,|\{,\}|,\\!)\d{3})+(?![\d,])|\d*\.\d+|\d+)"
    r"|(?P<stop>\.(?=[\s}$]|\\[\])\\]|$))"
    r"|(?P<row>\\\\(?:\[\d+[a-z]*\])?)"
    r"|(?P<arrow>\\(?:Rightarrow|implies|Longrightarrow|iff|Leftrightarrow|Longleftrightarrow)(?![A-Za-z])|⇒|=>)"
    r"|(?P<relation><=|>=|[=<>≤≥≠]|\\(?:leq?|geq?|neq?|lt|gt|leqslant|geqslant)(?![A-Za-z]))"
    r"|(?P<words>\\(?:text|mbox|textrm|mathrm|textbf)\s*\{[^{}]*\}|\\q?quad(?![A-Za-z]))"
    r"|(?P<command>\\[A-Za-z]+)|(?P<letter>[A-Za-z])|(?P<sign>[-+*/^(){}\[\]|!_,;.:'−·×÷√])|(?P<other>.)",
    re.DOTALL,
)
_RELATIONS = {
    "=": "=", "<": "<", ">": ">", "≤": "<=", "≥": ">=", "<=": "<=", ">=": ">=", "≠": "!=",
    r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=",
    r"\ne": "!=", r"\neq": "!=", r"\lt": "<", r"\gt": ">",
}  # fmt: skip
_MOST_TOKENS = 4000
_OPENS, _CLOSES = set("({["), set(")}]")


@dataclass(frozen=True, slots=True)
class Token:
    """A sign of a formula, and where it stands in the text."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a chain: its place in the text, and its tree; None if it is not read."""

    start: int
    end: int
    tree: Node | None
    boxed: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides with relations between them: `a = b < c`. A single side is an expression on its own."""

    sides: tuple[Side, ...]
    relations: tuple[str, ...]
    marks: tuple[tuple[int, int], ...] = ()
    """Where the relations stand."""

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.sides[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.sides[-1].end


def read_text(text: str) -> list[Chain]:
    """The chains of a text, in order. Raises Refusal if it is too long."""
    found: list[Chain] = []
    for start, end in formula_spans(text):
        found += read_formula(text, start, end)
    return found


def formula_spans(text: str) -> list[tuple[int, int]]:
    """Where the formulas of a text stand; without LaTeX, the stretches around signs of relation."""
    if "\\" not in text and "$" not in text:
        return list(_plain_spans(text))
    spans: list[tuple[int, int]] = []
    unclosed: set[str] = set()
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        at, begin = opening.end(), opening.end()
        closing = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}.get(opening.group())
        if closing is None and (environment := _ENVIRONMENT.match(text, opening.start())) is not None:
            begin, closing = environment.end(), rf"\end{{{environment[1]}}}"
        # A closing that is not there is looked for once, however often its opening comes.
        end = -1 if closing is None or closing in unclosed else text.find(closing, begin)
        if closing is not None and end < 0:
            unclosed.add(closing)
        if end > begin and closing is not None:
            spans.append((begin, end))
            at = end + len(closing)
    return spans


_STRETCH = re.compile(r"[\dA-Za-z+*/^()=<>≤≥ .−·×÷-]+")
_WORD = re.compile(r"(?<![A-Za-z])(?:[A-Za-z]{2,}|[AaI](?= [A-Za-z]))")


def _plain_spans(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of signs, numbers and single letters with a sign of relation; a word ends them."""
    for stretch in _STRETCH.finditer(text):
        begin = stretch.start()
        for end, following in [
            *(word.span() for word in _WORD.finditer(text, begin, stretch.end())),
            stretch.span()[1:] * 2,
        ]:
            written = text[begin:end]
            kept = written.strip(" .*/^")
            if len(re.split(r"[=<>≤≥]", kept)) > 1:
                start = begin + written.index(kept)
                yield start, start + len(kept)
            begin = following


def read_formula(text: str, start: int, end: int) -> list[Chain]:
    """The chains of one formula."""
    tokens = [
        Token(match.lastgroup or "", match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(text, start, end)
        if match.lastgroup != "space"
    ]
    if len(tokens) > _MOST_TOKENS:
        raise Refusal("too_large", "a formula of thousands of signs")
    tokens, boxes = _without_boxes(tokens)
    found: list[Chain] = []
    for segment, separator in _segments(tokens):
        sides, relations, marks = _sides(segment, boxes)
        if not sides:
            continue
        if found and separator in ("row", "arrow") and segment[0].kind == "relation":
            last = found[-1]
            found[-1] = Chain((*last.sides, *sides), (*last.relations, *relations), (*last.marks, *marks))
        elif segment[0].kind == "relation":
            # What it continues is not known: the first relation has no left side.
            found.append(
                Chain((Side(segment[0].start, segment[0].start, None), *sides), tuple(relations), tuple(marks))
            )
        else:
            found.append(Chain(tuple(sides), tuple(relations), tuple(marks)))
    return found


def _without_boxes(tokens: Sequence[Token]) -> tuple[list[Token], list[tuple[int, int]]]:
    r"""The tokens without `\boxed{` and its brace, and where the boxes stand."""
    kept: list[Token] = []
    boxes: list[tuple[int, int]] = []
    open_boxes: list[tuple[int, int]] = []
    depth, skip = 0, False
    for place, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        if token.text in (r"\boxed", r"\fbox") and place + 1 < len(tokens) and tokens[place + 1].text == "{":
            open_boxes.append((depth, token.start))
            skip = True
            continue
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            if open_boxes and open_boxes[-1][0] == depth:
                boxes.append((open_boxes.pop()[1], token.end))
                continue
            depth -= 1
        kept.append(token)
    return kept, boxes


def _segments(tokens: Sequence[Token]) -> Iterator[tuple[list[Token], str]]:
    """The tokens between commas, arrows, rows and words outside of brackets, each with what separates it from the one
    before.
    """
    segment: list[Token] = []
    separator, depth = "", 0
    for token in tokens:
        depth += (token.text in _OPENS) - (token.text in _CLOSES)
        ends = token.kind in ("row", "arrow", "words", "stop") or (depth <= 0 and token.text in (",", ";", ":"))
        if not ends:
            segment.append(token)
            continue
        if segment:
            yield segment, separator
            segment = []
            separator = token.kind
        elif token.kind in ("row", "arrow"):
            separator = token.kind
        depth = 0
    if segment:
        yield segment, separator


def _sides(
    segment: Sequence[Token], boxes: Sequence[tuple[int, int]]
) -> tuple[list[Side], list[str], list[tuple[int, int]]]:
    parts: list[list[Token]] = [[]]
    relations: list[str] = []
    marks: list[tuple[int, int]] = []
    for token in segment:
        if token.kind == "relation":
            relations.append(_RELATIONS[token.text])
            marks.append((token.start, token.end))
            parts.append([])
        else:
            parts[-1].append(token)
    if not parts[0]:
        parts = parts[1:]
    sides = []
    for part in parts:
        if not part:
            return [], [], []
        start, end = part[0].start, part[-1].end
        boxed = any(left <= start and end <= right for left, right in boxes)
        sides.append(Side(start, end, parse(part), boxed))
    return sides, relations, marks
