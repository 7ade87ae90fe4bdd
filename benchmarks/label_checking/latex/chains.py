"""The equality chains of a step: `$2^2 + 1/2 = 4 + \\frac12 = 9/2$` has three sides and two equations.

A text becomes a row of pieces: formulas, and of the prose the numbers, signs and words. Words between a number and a
sign are its unit (`$50$ mph $\\times 2$ hours $= 100$ miles`); all others end an expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from label_checking.latex.sides import Side, equal, measures, read_side, repeating_decimals, unit_mark
from label_checking.latex.text import Part, parts_of

BREAK = "\x00"
DERIVED = "\x03"
OPAQUE = "\x02"
_RELATION = re.compile(
    r"=|[<>≈≠≤≥≡]|\\(?:leq?|leqslant|geq?|geqslant|neq?|approx|equiv|lt|gt|sim|simeq|cong|doteq|propto|in|mid|parallel)"
    r"(?![a-zA-Z])"
)
_ARROW = re.compile(
    r"\\(?:q?quad|[Rr]ightarrow|[Ll]ongrightarrow|Longleftrightarrow|[Ll]eftrightarrow|longrightarrow|implies|iff|to"
    r"|therefore|because|Longrightarrow|hfill|land|lor|wedge|vee|mapsto|newline|par|intertext\{[^{}]*\}"
    r"|tag\*?\{[^{}]*\}|label\{[^{}]*\})(?![a-zA-Z])|;"
)
_TABLE = re.compile(r"\\begin\{((?:[pbvBV]|small)?matrix|array|cases|tabular)\}.*?\\end\{\1\}", re.DOTALL)
_DOTS = re.compile(r"\\(?:[clvd]?dots[cbmio]?)(?![a-zA-Z])|\.\.\.|…")
_TEXT = re.compile(r"\\(?:text(?:rm|it|bf)?|mbox|mathrm|hbox)\s*\{([^{}]*)\}(?:\s*\^\s*\{?[23]\}?)?")
_PROSE = re.compile(
    r"(?P<mixed>\d+\s\d+/\d+(?![\d.]))|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+)|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)"
    r"|(?P<sign>[-+*/^=≟×÷−–!]|\\?%)|(?P<open>\()|(?P<close>\))|(?P<money>\\?\$)|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
_WORD_SIGNS = [
    (re.compile(r"\b(?:multiplied by|times)\b", re.I), " × "),
    (re.compile(r"\bdivided by\b", re.I), " ÷ "),
    (re.compile(r"\bplus\b", re.I), " + "),
    (re.compile(r"\bminus\b", re.I), " − "),
    (re.compile(r"\b(?:equals|is equal to)\b", re.I), " ≟ "),
]
_NO_UNIT = frozenset({
    "and", "or", "so", "then", "is", "are", "was", "gives", "give", "get", "we", "if", "when", "to", "but", "that",
    "which", "thus", "therefore", "hence", "implies", "as", "since", "because", "for", "from", "with", "where",
    "the", "a", "an", "in", "on", "at", "by", "into", "out", "it", "this", "have", "has", "had", "yields", "makes",
    "leaves", "let", "i.e", "let's",
})  # fmt: skip
_MODULAR = re.compile(r"\\[pb]?mod(?![a-zA-Z])|\bmod(?:ulo)?\b|\\equiv(?![a-zA-Z])|≡")
_ENDS_OPERAND = re.compile(r"[\w)}%°!|\]\ue000-\uf8ff]\s*$")
_STARTS_SIGN = re.compile(r"\s*(?:[-+*/×÷=]|\\(?:times|cdot|div)(?![a-zA-Z])|\\approx)")


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides, the relations between them, and the words before them in the same sentence."""

    sides: tuple[Side, ...]
    relations: tuple[str, ...]
    lead: str
    is_modular: bool


@dataclass(frozen=True, slots=True)
class Equation:
    """Two sides of a chain with nothing but equality between them, both read."""

    left: Side
    right: Side
    holds: bool
    chain_length: int

    @property
    def text(self) -> str:
        """As the step writes it."""
        return re.sub(r"\s*[\ue000-\uf8ff]", "", f"{self.left.text.strip()} = {self.right.text.strip()}")[:160]


@dataclass(frozen=True, slots=True)
class Reading:
    """A step as read: its chains and equations, and how its `=` signs were read."""

    chains: tuple[Chain, ...]
    equations: tuple[Equation, ...]
    read: int
    letters: int
    unread: int


@lru_cache(maxsize=65536)
def read_step(text: str, stars: bool = True) -> Reading:
    """All equality chains of a step. `stars=False`: the question gives `*` another meaning."""
    chains = tuple(_chains(text, stars))
    equations: list[Equation] = []
    counts = {"read": 0, "letters": 0, "unread": 0}
    for chain in chains:
        for (left, right), relation in zip(pairwise(chain.sides), chain.relations, strict=True):
            if relation != "=":
                continue
            if chain.is_modular:
                counts["unread"] += 1
            elif left.is_number and right.is_number:
                counts["read" if any(side.operations for side in chain.sides) else "unread"] += 1
            else:
                counts["letters" if "letters" in (left.status, right.status) else "unread"] += 1
        equations += [] if chain.is_modular else _equations(chain)
    return Reading(chains, tuple(equations), **counts)


def _equations(chain: Chain) -> Iterator[Equation]:
    """Each side with the nearest read side before it, across sides with letters, as long as only `=` is between."""
    before: Side | None = None
    has_operation = any(side.operations for side in chain.sides)
    for place, side in enumerate(chain.sides):
        if place and chain.relations[place - 1] != "=":
            before = None
        if not side.is_number:
            continue
        # `0 = -12` alone is a contradiction that the text means to show, no arithmetic.
        if before is not None and has_operation:
            holds = equal(before, side)
            if holds or not _converts(before, side):
                yield Equation(before, side, holds, len(chain.sides))
        before = side


def _converts(left: Side, right: Side) -> bool:
    """Whether two sides are in different units: `1 foot = 12 inches`, `\\$0.054 = 5.4 cents`."""
    units = measures(left.text), measures(right.text)
    return bool(units[0]) and bool(units[1]) and units[0] != units[1]


def _chains(text: str, stars: bool) -> Iterator[Chain]:
    for passage, lead in _passages(text):
        sides, relations = _split(passage)
        if not relations:
            if sides and re.search(r"[\d\\]", sides[0]):
                yield Chain((read_side(sides[0], stars=stars),), (), lead, bool(_MODULAR.search(passage)))
            continue
        read = tuple(read_side(side, stars=stars) for side in sides)
        yield Chain(read, tuple(relations), lead, bool(_MODULAR.search(passage)))


def _split(passage: str) -> tuple[list[str], list[str]]:
    """A passage at the relations that stand in no bracket."""
    sides, relations = [], []
    start = depth = position = 0
    while position < len(passage):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(passage[position], 0)
        match = _RELATION.match(passage, position) if depth <= 0 else None
        if match:
            sides.append(passage[start:position])
            relations.append(match.group())
            start = position = match.end()
        else:
            position += 1
    return [*sides, passage[start:]], relations


def _passages(text: str) -> Iterator[tuple[str, str]]:
    """The stretches between breaks, each with the words that lead up to it."""
    row = _join(list(_pieces(text)))
    words: list[str] = []
    for kind, piece in row:
        if kind == "words":
            words += piece.split()
        elif kind == "end":
            words = []
        else:
            for passage in piece.split(BREAK):
                if DERIVED in passage:
                    words.append("so")
                lead = " ".join(words).lower()
                if passage.replace(DERIVED, " ").strip():
                    yield passage.replace(DERIVED, " "), lead


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """(kind, text): formula, number, sign, word, letter, break, end."""
    for part in parts_of(text):
        if part.is_formula:
            yield "formula", _formula(part.text)
        else:
            yield from _prose(part)


def _formula(text: str) -> str:
    """A formula in one line, with a break wherever an expression ends."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    text = repeating_decimals(text)
    text = re.sub(r"(?<=\d),\\!\s*(?=\d{3})", ",", text)
    text = re.sub(
        r"\\begin\{(?:aligned|split|gathered|alignedat)\}|\\end\{(?:aligned|split|gathered|alignedat)\}", "", text
    )
    text = _TABLE.sub(OPAQUE, text)
    text = _DOTS.sub(OPAQUE, text)
    text = _boxed_relations(text)
    text = _TEXT.sub(_words_in_formula, text)
    text = re.sub(r"\\stackrel\s*\{[^{}]*\}\s*\{=\}|\\overset\s*\{[^{}]*\}\s*\{=\}", "=", text)
    lines = re.split(r"\\\\(?:\[[^\]]*\])?|\\cr(?![a-zA-Z])", text)
    joined = lines[0]
    for line in lines[1:]:
        first = line.replace("&", " ").lstrip()
        continues = _RELATION.match(first) or re.match(r"[+*]|\\(?:times|cdot|div)(?![a-zA-Z])", first)
        opens = re.search(r"(?:=|[-+*]|\\(?:times|cdot))[\s&]*$", joined)
        joined += (
            " " if continues or opens else OPAQUE if first.startswith("-") and not _RELATION.search(first) else BREAK
        ) + line
    # An alignment mark beside a relation or at the start of a line says nothing; any other separates two equations.
    text = re.sub(r"&\s*(?=\\?[=<>]|[-+*]|\\(?:cdot|times)|\\(?:le|ge|ne|approx|equiv))|(?<==)\s*&", " ", joined)
    text = re.sub(r"(^|\x00)(\s*)&", r"\1\2 ", _ARROW.sub(BREAK + DERIVED, text))
    return _at_commas(text)


def _boxed_relations(text: str) -> str:
    """`\\boxed{x = 4}` is an equation like any other."""
    return re.sub(r"\\f?boxed\s*\{([^{}]*=[^{}]*)\}", r" \1 ", text)


def _words_in_formula(match: re.Match[str]) -> str:
    words = re.findall(r"[A-Za-z]+", match[1])
    if not words:
        return f" {match[1]} "
    if match[1].strip().lower() == "th" or re.search(r"\d", match[1]) or _NO_UNIT & {word.lower() for word in words}:
        return BREAK
    return unit_mark(match.group()) if len(words) <= 3 else BREAK


def _at_commas(text: str) -> str:
    """Commas, full stops and `&` outside of brackets end an expression; those of `10,000` and `2.5` do not."""
    found, depth = [], 0
    for place, character in enumerate(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
        after = text[place + 1 : place + 2]
        before = text[place - 1 : place]
        if before == "\\" or depth > 0 or character not in ",.&?:":
            found.append(character)
        elif character == ":":
            found.append(OPAQUE)
        else:
            is_thousand = character == "," and before.isdigit() and re.match(r",\d{3}(?!\d)", text[place : place + 5])
            found.append(character if is_thousand or (character == "." and after.isdigit()) else BREAK)
    return "".join(found)


def _prose(part: Part) -> Iterator[tuple[str, str]]:
    text = part.text
    for pattern, sign in _WORD_SIGNS:
        text = pattern.sub(sign, text)
    opened = 0
    for match in _PROSE.finditer(text):
        kind, shown = match.lastgroup, match.group()
        after = text[match.end() : match.end() + 1]
        before = text[match.start() - 1 : match.start()]
        if kind in ("space", "money"):
            continue
        if kind in ("number", "mixed"):
            yield "number", re.sub(r"(\d+)/(\d+)", r"\\frac{\1}{\2}", shown)
        elif kind == "word":
            yield _word(shown, text[match.end() :])
        elif kind == "sign" and not (shown in "-–" and (after.isalpha() or before.isalpha())) and shown != "!":
            yield "sign", {"−": "-", "–": "-"}.get(shown, shown)
        elif kind == "open" and re.match(r"[\d\s.+*/×÷()−-]*\)", text[match.end() :]):
            opened += 1
            yield "sign", "("
        elif kind == "close" and opened:
            opened -= 1
            yield "sign", ")"
        elif shown in ".?!。！？" and not after.isdigit():
            yield "end", shown
        else:
            yield "break", shown


def _word(shown: str, after: str) -> tuple[str, str]:
    """A word in its place: the name of a function or unknown, a multiplication sign, or a word."""
    if after[:1] == "(" or (len(shown) == 1 and shown.isascii() and shown not in "aAIx"):
        return "letter", shown[-1]
    if shown == "x":
        return "sign", "×" if re.match(r"\s*[\d(.$]", after) else "x"
    return "word", shown


def _join(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pieces as stretches of expression text, with words between that are no units."""
    row: list[tuple[str, str]] = []
    text = ""
    position = 0
    while position < len(pieces):
        kind, shown = pieces[position]
        if kind == "word":
            end = position
            while end < len(pieces) and pieces[end][0] == "word":
                end += 1
            words = [piece[1] for piece in pieces[position:end]]
            follower = pieces[end] if end < len(pieces) else ("end", "")
            if _is_share(text, words, follower):
                text += " * "
            elif _is_unit(text, words, follower):
                text += unit_mark(words[-1])
            else:
                row += [("text", text), ("words", " ".join(words))]
                text = ""
            position = end
            continue
        if shown == "≟":
            # `40 calories is equal to 2%` speaks of two things; `99 plus 1 equals 100` is an equation.
            kind, shown = ("sign", "=") if re.search(r"\S\s*[-+*/×÷]", text) else ("break", shown)
        if kind in ("break", "end"):
            row += [("text", text), (kind, shown)]
            text = ""
        else:
            # A formula beside a formula or number without a sign between them is another expression.
            bare = kind in ("formula", "number") and _ENDS_OPERAND.search(text) and not _STARTS_SIGN.match(shown)
            if bare or (
                kind == "formula" and text and not _STARTS_SIGN.match(shown) and not re.search(r"[-+*/×÷=(]\s*$", text)
            ):
                row.append(("text", text))
                text = ""
            text += f" {shown}" if kind != "letter" else shown
        position += 1
    row.append(("text", text))
    return [(kind, shown) for kind, shown in row if shown.strip()]


def _is_unit(text: str, words: list[str], follower: tuple[str, str]) -> bool:
    follows = follower[0] in ("formula", "sign") and _STARTS_SIGN.match(follower[1])
    is_plain = not _NO_UNIT & {word.lower() for word in words}
    return bool(follows and is_plain and len(words) <= 3 and text and _ENDS_OPERAND.search(text))


def _is_share(text: str, words: list[str], follower: tuple[str, str]) -> bool:
    """`1/4 of 20`, `30% of $50$`."""
    is_of = [word.lower() for word in words] in (["of"], ["of", "the"])
    is_part = re.search(r"(?:%|\d\s*/\s*\d+|frac\s*\{?\d+\}?\s*\{?\d+\}?)\s*$", text)
    return bool(is_of and is_part and follower[0] in ("number", "formula"))
