r"""Read the formulas of a LaTeX solution as chains of sides that are called equal.

    >>> chains_of(r"So $x = (9 + 81)/2 = 90/2 = \boxed{45}.$", 0)[0].values
    (None, 45, 45, 45)

Everything in a solution is a side of a chain, a number in a sentence, or text. A chain breaks at commas, arrows and
words; the rows of an environment that begin with an equals sign continue it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lemma.arithmetic.formulas import Formula, Unreadable, letters_of, read_formula, value
from lemma.arithmetic.surds import NoValue, Surd

_REGION = re.compile(r"\[asy\]|\\begin\{(?P<env>[a-z]{1,20}\*?)\}|\$\$|\\\[|\\\(|(?<!\\)\$")
_CLOSED_BY = {"[asy]": "[/asy]", "$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_DOLLAR = re.compile(r"(?<!\\)\$")
_ALIGNED = (
    "align",
    "align*",
    "aligned",
    "gather",
    "gather*",
    "eqnarray",
    "eqnarray*",
    "equation",
    "equation*",
    "split",
)
_INNER = re.compile(r"\\(?:begin|end)\{(?:aligned|split|gathered)\}")
_MATRIX = re.compile(r"\\begin\{[pbvBV]?matrix\}(?:(?!\\begin|\\end).)*\\end\{[pbvBV]?matrix\}", re.DOTALL)
_COLUMN = re.compile(r"(?:\\left\s*)?\\begin\{[pb]matrix\}|\\end\{[pb]matrix\}(?:\s*\\right)?")
_ENTRY = re.compile(r"\\\\|&")
_UNREAD_INSIDE = re.compile(r"\\begin\{")
_CONNECTIVE = (
    r"\\(?:text|mbox|textrm|mathrm|textnormal)\s*\{[^{}]*?\b(?i:and|or|so|if|then|thus|since|therefore|for|where|when|because|but|"
    r"hence|which|implies|is|are|the|we|by)\b[^{}]*\}"
)
_BREAK = re.compile(
    rf"{_CONNECTIVE}|\\(?:q?quad|implies|iff|therefore|because|(?:[Ll]ong)?[Rr]ightarrow|[Ll]eftrightarrow|to|Longleftrightarrow)"
    r"(?![a-zA-Z])|;|,(?!(?:\\!)?\d{3}(?!\d))|(?<!\d),"
)
_RELATION = re.compile(
    r"=|\\(?:approx|equiv|leq?|geq?|lt|gt|neq?|in|sim|cong|pm|mp|mid|propto|ll|gg|parallel|perp|subset|cup|cap)(?![a-zA-Z])|[<>]"
)
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{\s*")
_OPENING = re.compile(r"(?:\\left\s*)?[(\[]\s*")
_CLOSING = re.compile(r"\s{0,3}(?:\\right\s{0,3})?[)\]]\s{0,3}$")
_COMMA = re.compile(r",(?!(?:\\!)?\d{3}(?!\d))")
_COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)", re.DOTALL)
_ROW = re.compile(r"\\\\(?:\[[^\]]*\])?")
_DIGITS = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_LONGEST = 12_000


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a chain: its span, its tree, and its value if it is a number; no tree if it could not be read."""

    start: int
    end: int
    formula: Formula | None
    value: Surd | None

    @property
    def letters(self) -> set[str]:
        """The letters in it."""
        return set() if self.formula is None else letters_of(self.formula.tree)


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides and the relations between them, all within one formula of a step. What is said of one place of a pair or
    a list is `in_tuple`.
    """

    step: int
    sides: tuple[Side, ...]
    relations: tuple[str, ...]
    in_tuple: bool = False

    @property
    def values(self) -> tuple[Surd | None, ...]:
        """The value of each side that is a number."""
        return tuple(side.value for side in self.sides)

    @property
    def start(self) -> int:
        """Where it begins in the text of its step."""
        return self.sides[0].start


@dataclass(frozen=True, slots=True)
class Words:
    """Text between formulas."""

    step: int
    start: int
    end: int


def chains_of(text: str, step: int, complex_numbers: bool = False) -> list[Chain]:
    """The chains of a step's text."""
    return [item for item in read_items(text, step, complex_numbers) if isinstance(item, Chain)]


def read_items(text: str, step: int, complex_numbers: bool = False) -> Iterator[Chain | Words]:
    """The chains of a step, and the words between its formulas, in the order of the text; no drawings."""
    if len(text) > _LONGEST:
        yield Chain(step, (Side(0, len(text), None, None),), ())
        return
    done = 0
    for start, first, last, end, name in _regions(text):
        if start > done:
            yield Words(step, done, start)
        done = end
        if name in _ALIGNED or not name:
            yield from _chains(text, first, last, step, complex_numbers)
        elif name != "[asy]":
            yield Chain(step, (Side(start, end, None, None),), ())
    if done < len(text):
        yield Words(step, done, len(text))


def read_chains(steps: Sequence[str], first: int, complex_numbers: bool = False) -> list[Chain]:
    """The chains of all steps from the first on."""
    items = (item for number in range(first, len(steps)) for item in read_items(steps[number], number, complex_numbers))
    return [item for item in items if isinstance(item, Chain)]


def _regions(text: str) -> Iterator[tuple[int, int, int, int, str]]:
    """Where formulas, environments and drawings begin and end, without and with their signs, and which of the two last
    they are. What is opened and not closed is text.
    """
    here = 0
    unclosed: set[str] = set()
    while (opening := _REGION.search(text, here)) is not None:
        here, sign, name = opening.end(), opening.group(), opening["env"]
        closing = _CLOSED_BY.get(sign, f"\\end{{{name}}}")
        if sign in unclosed:
            continue
        if sign == "$":
            found = _DOLLAR.search(text, here)
            last, end = found.span() if found is not None else (-1, -1)
        else:
            last = text.find(closing, here)
            end = last + len(closing)
        if last < 0:
            unclosed.add(sign)
            continue
        yield opening.start(), here, last, end, name or (sign if sign == "[asy]" else "")
        here = end


def _chains(text: str, start: int, end: int, step: int, complex_numbers: bool) -> Iterator[Chain]:
    """The chains of one formula."""
    inner = _INNER.sub(lambda match: " " * len(match.group()), text[start:end])
    text = text[:start] + inner + text[end:]
    if _UNREAD_INSIDE.search(_MATRIX.sub("", inner)):
        yield Chain(step, (Side(start, end, None, None),), ())
        return
    sides: list[Side] = []
    relations: list[str] = []
    for row_start, row_end, _ in _split(text, start, end, _ROW):
        for place, (begin, stop, _) in enumerate(_split(text, row_start, row_end, _BREAK)):
            pieces = list(_split(text, begin, stop, _RELATION))
            blank = not text[pieces[0][0] : pieces[0][1]].strip(" &\n\t~\\,;:!")
            continues = place == 0 and blank and len(pieces) > 1 and bool(sides)
            if not continues and sides:
                yield from _expanded(text, Chain(step, tuple(sides), tuple(relations)), complex_numbers)
                sides, relations = [], []
            for number, (first, last, relation) in enumerate(pieces):
                if number or continues:
                    relations.append(pieces[number - 1][2] if number else relation)
                if number == 0 and continues:
                    relations.pop()
                    continue
                if number == 0 and blank and len(pieces) == 1:
                    continue
                sides.append(_side(text, first, last, complex_numbers))
    if sides:
        yield from _expanded(text, Chain(step, tuple(sides), tuple(relations)), complex_numbers)


def _expanded(text: str, chain: Chain, complex_numbers: bool) -> Iterator[Chain]:
    """A chain of pairs or lists as one chain for each place: `(x, y) = (2 + 3, 4)` as `x = 2 + 3` and `y = 4`."""
    parts = [_components(text, side) if side.formula is None else [] for side in chain.sides]
    length = max(map(len, parts))
    tuples = [place for place, part in enumerate(parts) if part]
    if not tuples or any(len(part) not in (0, length) for part in parts) or set(chain.relations) - {"=", "\\in"}:
        yield chain
        return
    for place, side in enumerate(chain.sides):
        if not parts[place]:
            yield Chain(chain.step, (side,), ())
    for number in range(length):
        spans = [parts[place][number] for place in tuples]
        sides = tuple(_side(text, start, end, complex_numbers) for start, end, _ in spans)
        yield Chain(chain.step, sides, ("=",) * (len(sides) - 1), in_tuple=True)


def _components(text: str, side: Side) -> list[tuple[int, int, str]]:
    """The places of a pair, an interval or a list in a box; none for anything else."""
    start, end = side.start, side.end
    box = _BOX.match(text, start, end)
    if box is not None and text[end - 1] == "}":
        start, end = box.end(), end - 1
    column = _MATRIX.fullmatch(text[start:end].strip())
    if column is not None and "vmatrix" not in column.group():
        ends = [match.span() for match in _COLUMN.finditer(text, start, end)]
        pieces = _split(text, ends[0][1], ends[-1][0], _ENTRY) if len(ends) == 2 else []
        return [piece for piece in pieces if text[piece[0] : piece[1]].strip()]
    bracket = _OPENING.match(text, start, end)
    if bracket is not None:
        closing = _CLOSING.search(text, bracket.end(), end)
        if closing is None:
            return []
        start, end = bracket.end(), closing.start()
    elif box is None:
        return []
    pieces = _split(text, start, end, _COMMA)
    return pieces if len(pieces) > 1 else []


def _split(text: str, start: int, end: int, pattern: re.Pattern[str]) -> list[tuple[int, int, str]]:
    """The pieces between the matches outside of braces and brackets, each with the match behind it."""
    pieces, depth, here, begin = [], 0, start, start
    while here < end:
        match = pattern.match(text, here, end) if depth == 0 else None
        if match is not None and match.end() > here:
            pieces.append((begin, here, match.group()))
            here = begin = match.end()
            continue
        character = text[here]
        if character == "\\":
            command = _COMMAND.match(text, here, end)
            written = command.group() if command is not None else character
            depth += (written == "\\begin") - (written == "\\end")
            # \left( counts by its bracket, \{ as one
            depth += (written in ("\\{",)) - (written in ("\\}",))
            here += len(written)
            continue
        depth += (character in "{([") - (character in "})]")
        depth = max(depth, 0)
        here += 1
    return [*pieces, (begin, end, "")]


def _side(text: str, start: int, end: int, complex_numbers: bool) -> Side:
    while start < end and text[start] in " \n\t&~":
        start += 1
    while end > start and (text[end - 1] in " \n\t&~.,;:" or text[end - 2 : end] in ("\\ ", "\\,", "\\!")):
        end -= 2 if text[end - 2 : end] in ("\\ ", "\\,", "\\!", "\\;", "\\:") else 1
    try:
        formula = read_formula(text, start, end, complex_numbers)
    except Unreadable:
        return Side(start, end, None, None)
    try:
        return Side(start, end, formula, value(formula.tree))
    except (NoValue, ValueError, OverflowError):
        return Side(start, end, formula, None)
