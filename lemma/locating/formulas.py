r"""Read and evaluate the formulas of a step, LaTeX or plain, with letters: what `arithmetic` does not follow.

    >>> [relation.left.text for relation in read_relations(r"So \(2x + 60 = 100\), and $x = \frac{40}{2} = 20$.")]
    ['2x+60', 'x', '\\frac{40}{2}']
    >>> [relation.holds({}) for relation in read_relations(r"\sqrt{16} + 3! = 10 = 9 + 2")]
    [True, False]

Values are floating-point complex numbers, so an equality is tested, not proved: two expressions with letters are called
identical if they agree at random points (Schwartz 1980). What cannot be read is skipped: a relation that is returned
was read from end to end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from lemma.locating.formula_parser import Environment, FormulaParser, UnreadableError
from lemma.locating.formula_tokens import Piece, Token, pieces

_MOST_TOKENS = 80  # of one side; a longer one is not read
_MOST_CHARACTERS = 10_000
_LARGEST = 1e100
_ENDINGS = frozenset(("remainder", "rem", "with", "¤¤"))  # 706 / 7 = 100 remainder 6


@dataclass(frozen=True)
class Side:
    """An expression as a function of its letters. `decimals` is set if it is a single number in digits."""

    text: str
    value: Callable[[Environment], complex]
    letters: frozenset[str]
    decimals: int | None

    def at(self, environment: Environment) -> complex:
        """Its value. Raises UnreadableError if it has none."""
        try:
            value = self.value(environment)
        except (ArithmeticError, ValueError, KeyError, OverflowError):
            raise UnreadableError(self.text) from None
        if not abs(value) < _LARGEST:
            raise UnreadableError(self.text)
        return value


@dataclass(frozen=True)
class Relation:
    """Two sides that a step calls equal. `place` counts the pairs of one chain: `a = b = c` has 0 and 1."""

    left: Side
    right: Side
    approximate: bool
    place: int

    @cached_property
    def letters(self) -> frozenset[str]:
        """The letters of both sides."""
        return self.left.letters | self.right.letters

    def holds(self, environment: Environment) -> bool | None:
        """Whether the sides have the same value; None if letters are left over or there is no value."""
        if not self.letters <= environment.keys():
            return None
        try:
            return self._close(self.left.at(environment), self.right.at(environment))
        except UnreadableError:
            return None

    def is_identity(self) -> bool | None:
        """Whether the sides agree whatever the letters stand for; None if there are no values."""
        verdicts = [self.holds(_random_values(self.letters, draw)) for draw in range(3)]
        known = [verdict for verdict in verdicts if verdict is not None]
        return all(known) if known else None

    def binding(self) -> tuple[str, complex] | None:
        """`x = 20` as a name and a value, also written the other way round."""
        for one, other in ((self.left, self.right), (self.right, self.left)):
            if not other.letters and len(one.letters) == 1 and one.text in one.letters:
                try:
                    return one.text, other.at({})
                except UnreadableError:
                    return None
        return None

    def _close(self, left: complex, right: complex) -> bool:
        # A factor of 100 lies between dollars and cents, and between a share and its percentage.
        for scale in (1, 100, 0.01):
            size = max(abs(left * scale), abs(right))
            allowed = size * (0.01 if self.approximate else 1e-9)
            for side in (self.left, self.right):
                if side.decimals:
                    allowed = max(allowed, 1.01 * 10.0**-side.decimals * max(scale, 1))  # rounded or cut
            if abs(left * scale - right) <= allowed:
                return True
        return False


@lru_cache(maxsize=65536)
def _random_values(letters: frozenset[str], draw: int) -> dict[str, complex]:
    source = random.Random(f"{sorted(letters)} {draw}")
    return {letter: source.uniform(1.1, 2.9) for letter in sorted(letters)}


@lru_cache(maxsize=65536)
def read_relations(text: str) -> tuple[Relation, ...]:
    """All equalities of a text whose two sides can be read, in the order of the text; none of an endless text."""
    if len(text) > _MOST_CHARACTERS:
        return ()
    found: list[Relation] = []
    for piece in pieces(text):
        start = 0
        while start < len(piece.tokens):
            if piece.tokens[start].kind != "equals":
                start += 1
                continue
            chain, start = _chain(piece, start)
            found.extend(chain)
    return tuple(found)


def values_of(text: str) -> tuple[complex, ...]:
    """The values of all sides without letters."""
    found = []
    for relation in read_relations(text):
        for side in (relation.left, relation.right):
            if not side.letters:
                try:
                    found.append(side.at({}))
                except UnreadableError:
                    continue
    return tuple(found)


def value_of(formula: str) -> complex | None:
    r"""The value of a formula without letters, such as `\frac{3}{4}`; None if it is not read or has letters."""
    side = side_of(formula)
    try:
        return None if side is None or side.letters else side.at({})
    except UnreadableError:
        return None


def side_of(formula: str) -> Side | None:
    """A formula on its own as an expression; None if it is not read from end to end."""
    read = [piece for piece in pieces(f"\\({formula}\\)") if piece.tokens]
    side = _prefix(read[0].tokens, 0) if len(read) == 1 else None
    return side[0] if side is not None and side[1] == len(read[0].tokens) else None


def _chain(piece: Piece, equals: int) -> tuple[list[Relation], int]:
    """The relations of a chain whose first equals sign is given, and where reading resumes."""
    tokens = piece.tokens
    left = _first_side(piece, equals)
    relations: list[Relation] = []
    place = 0
    while equals < len(tokens) and tokens[equals].kind == "equals":
        found = _prefix(tokens, equals + 1)
        if found is None:
            return relations, equals + 1
        right, end = found
        cut = end < len(tokens) and tokens[end].kind not in ("equals", "close", "open")
        if cut or (end == len(tokens) and piece.before_word in _ENDINGS):
            return relations, end
        if left is not None:
            relations.append(Relation(left, right, tokens[equals].text not in ("=", "equals"), place))
        left, equals, place = right, end, place + 1
    return relations, max(equals, 1)


def _first_side(piece: Piece, end: int) -> Side | None:
    """The expression that ends here and begins where the piece does. Behind words it has to have an operator: of `20%
    of $5 = 0.2 * 5` and `8 boxes = 8 * 20` the words are part.
    """
    start = end
    while start > 0 and piece.tokens[start - 1].kind != "equals":
        start -= 1
    found = _prefix(piece.tokens[:end], start)
    if found is None or found[1] != end or start:
        return None
    single = found[0].decimals is not None
    truncated = piece.tokens[0].text in ("+", "-", "*", "/") or single or piece.tokens[end].text == "equals"
    return None if (truncated and piece.after_word) or (single and piece.tokens[end - 1].labeled) else found[0]


def _prefix(piece: list[Token], start: int) -> tuple[Side, int] | None:
    """The expression that begins here, and where it ends."""
    tokens = piece[start : start + _MOST_TOKENS]
    parser = FormulaParser(tokens)
    try:
        value = parser.expression()
    except (UnreadableError, RecursionError):
        return None
    used = tokens[: parser.position]
    decimals = None
    if len(used) == 1 and used[0].kind == "number":
        decimals = len(used[0].text.partition(".")[2])
    elif len(used) == 2 and used[0].kind == "number" and used[1].text == "%":
        decimals = len(used[0].text.partition(".")[2]) + 2
    return Side("".join(token.text for token in used), value, frozenset(parser.letters), decimals), start + len(used)
