"""Parse arithmetic expressions from tokens: recursive descent with the precedence of school, units passed over.

>>> [side.start for side in read_sides(tokenize("48 / 2 clips = 24"), 0)[0]]
[0, 15]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lemma.arithmetic.expressions import Binary, Expression
from lemma.arithmetic.numbers import INTEGER, WORD_VALUES, Number, Value
from lemma.arithmetic.tokens import CLOSE, EQUALS, FRAC, MONEY, NUMBER, OPEN, OPERATOR, SKIP, WORD, Token, tokenize

# Bounds that no word problem comes near; they keep the work linear in the length of any text.
_MOST_UNIT_WORDS = 12
_MOST_SIGNS = 6
_MOST_DEPTH = 8
_MOST_NUMBERS = 64


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator as it stands in the text: a sign, or `\\frac` and its kind."""

    symbol: str
    start: int
    end: int

    @property
    def is_bar(self) -> bool:
        """Whether it is the bar of a fraction."""
        return self.symbol.endswith("frac")


@dataclass(slots=True)
class Side:
    """One side of an equation while it is being read. A `label` has words between it and the equals sign, a
    `worded` one is called equal in words.
    """

    tree: Expression
    numbers: list[Number]
    operators: list[Operator]
    start: int
    end: int
    label: bool
    worded: bool


class _NoExpression(Exception):
    """What is read here is not an expression; the parser backs out."""


def read_sides(tokens: Sequence[Token], position: int) -> tuple[list[Side], int]:
    """All sides of a chain of equals signs that starts here; one side if there is no equals sign."""
    sides: list[Side] = []
    while True:
        parser = _Parser(tokens, position)
        try:
            tree = parser.sum(0)
        except _NoExpression:
            return sides, max(position, 0) if sides else position + 1
        after = parser.skip_units(parser.position)
        label, worded = after > parser.position, after < len(tokens) and tokens[after].text[-1].isalpha()
        sides.append(Side(tree, parser.numbers, parser.operators, parser.first, parser.last, label, worded))
        if after < len(tokens) and tokens[after].kind == EQUALS:
            position = after + 1
        else:
            return sides, parser.position


_Part = Callable[[int], Expression]
_Test = Callable[[Token], bool]


class _Parser:
    """Recursive descent over tokens. Every path moves on or raises `_NoExpression`."""

    def __init__(self, tokens: Sequence[Token], position: int) -> None:
        self.tokens, self.position = tokens, position
        self.numbers: list[Number] = []
        self.operators: list[Operator] = []
        self.first, self.last = -1, -1
        self.behind_units: dict[int, int] = {}  # every level of precedence looks behind the same units

    def sum(self, depth: int) -> Expression:
        return self._chain(depth, ("+", "-"), self._product, self._product)

    def _product(self, depth: int) -> Expression:
        return self._chain(depth, ("*", "/"), self._power, self._power)

    def _power(self, depth: int) -> Expression:
        return self._chain(depth, ("^",), self._operand, self._power)  # 2^3^2 is 2^9

    def _chain(self, depth: int, wanted: tuple[str, ...], first: _Part, part: _Part) -> Expression:
        if depth > _MOST_DEPTH:
            raise _NoExpression
        left = first(depth)
        while True:
            here = (self.position, len(self.numbers), len(self.operators), self.last)
            symbol = self._operator(wanted)
            if symbol is None:
                return left
            try:
                left = Binary(symbol, left, part(depth), here[2])
            except _NoExpression:
                self.position, numbers, operators, self.last = here
                del self.numbers[numbers:], self.operators[operators:]
                return left

    def _operator(self, wanted: tuple[str, ...]) -> str | None:
        position = self.behind_units.get(self.position, -1)
        if position < 0:
            position = self.skip_units(self.position)
        token = self.tokens[position] if position < len(self.tokens) else None
        if token is None:
            return None
        if token.kind == OPERATOR and token.text in wanted:
            # "of" multiplies only straight after a percentage or a fraction: "20% of 50", not "a total of 50".
            share = position == self.position and (
                self.numbers[-1].percent
                or (bool(self.operators) and (self.operators[-1].symbol == "/" or self.operators[-1].is_bar))
                or self.numbers[-1].face < 1
            )
            if token.end - token.start != len("of") or share:
                self.operators.append(Operator(token.text, token.start, token.end))
                self.position = position + 1
                return token.text
        glued = self._at(self.position) if "*" in wanted else None
        if glued is not None and glued.kind == OPEN and glued.start == self.last:
            self.operators.append(Operator("*", glued.start, glued.start))
            return "*"
        return None

    def _operand(self, depth: int) -> Expression:
        end = self.position + _MOST_SIGNS
        while (token := self._at(self.position)) is not None and token.kind in (MONEY, SKIP) and self.position < end:
            self.position += 1
        if token is None or len(self.numbers) >= _MOST_NUMBERS:
            raise _NoExpression
        if self.first < 0:
            self.first = token.start
        if token.number is not None:
            return self._leaf(token, token.number)
        if token.text == "-":
            return self._negative_number(token)
        if token.kind == WORD:
            # "28 divided by two": a number word counts straight after an operator only.
            values = WORD_VALUES.get(token.text.lower(), ())
            if len(values) != 1 or not self.operators or self.operators[-1].end != self.tokens[self.position - 1].end:
                raise _NoExpression
            return self._leaf(token, Number(token.start, token.end, values[0], INTEGER))
        if token.kind == FRAC:
            slash = len(self.operators)
            self.operators.append(Operator(token.text, token.start, token.end))
            self.position += 1
            return Binary("/", self._group(depth + 1), self._group(depth + 1), slash)
        if token.kind == OPEN:
            self.position += 1
            inner = self.sum(depth + 1)
            self.position = self.skip_units(self.position)
            self._expect(lambda token: token.kind == CLOSE)
            return inner
        return self._group(depth)

    def _negative_number(self, sign: Token) -> int:
        """`-8`, if no number or word stands before it to be subtracted from."""
        token = self._at(self.position + 1)
        before = self._at(self.position - 1) if self.position else None
        if token is None or token.number is None or token.number.start != sign.end:
            raise _NoExpression
        after_word = before is not None and before.kind == WORD and len(before.text) > 1 and before.end < sign.start
        if before is not None and before.kind in (NUMBER, CLOSE, WORD) and not after_word:
            raise _NoExpression
        self.position += 1
        # The span goes past the digits alone, not past a percent sign.
        return self._leaf(token, token.number._replace(start=sign.start, face=-token.number.face), token.number.end)

    def _leaf(self, token: Token, number: Number, last: int = -1) -> int:
        self.position += 1
        self.last = last if last >= 0 else token.end
        self.numbers.append(number)
        return len(self.numbers) - 1

    def _group(self, depth: int) -> Expression:
        self._expect(lambda token: token.text == "{")
        inner = self.sum(depth + 1)
        self._expect(lambda token: token.text == "}")
        return inner

    def _expect(self, fits: _Test) -> None:
        token = self._at(self.position)
        if token is None or not fits(token):
            raise _NoExpression
        self.position += 1
        self.last = token.end

    def skip_units(self, position: int) -> int:
        """Past the words behind a number, if an operator, an equals sign or a bracket follows them; else unmoved."""
        if position in self.behind_units:
            return self.behind_units[position]
        here, end = position, position + _MOST_UNIT_WORDS
        while (token := self._at(here)) is not None and here <= end:
            if token.kind == OPERATOR:
                # Part of a unit: "/apple", or a word such as "times" or "x" that no number follows.
                following = self._at(here + 1)
                per = following is not None and following.kind == WORD and token.text in ("/", "-")
                if self._binds(here) if token.end - token.start > 1 else not per:
                    break
            elif token.kind not in (WORD, MONEY, SKIP):
                break
            here += 1
        token = self._at(here)
        follows = token is not None and (
            token.kind in (EQUALS, CLOSE) or (token.kind == OPERATOR and self._binds(here))
        )
        self.behind_units[position] = here if follows else position
        return self.behind_units[position]

    def _binds(self, position: int) -> bool:
        following = self._at(position + 1)
        if following is None:
            return False
        word = following.kind == WORD and len(WORD_VALUES.get(following.text.lower(), ())) == 1
        return word or following.kind in (NUMBER, OPEN, FRAC, MONEY, SKIP) or following.text == "{"

    def _at(self, position: int) -> Token | None:
        return self.tokens[position] if position < len(self.tokens) else None


def read_expression(text: str) -> tuple[Expression, list[Value]] | None:
    """An expression that takes up a whole text, and the values of its leaves; None for any other text."""
    parser = _Parser(tokenize(text), 0)
    try:
        tree = parser.sum(0)
    except _NoExpression:
        return None
    rest = parser.tokens[parser.position :]
    if any(token.kind not in (WORD, SKIP, MONEY) for token in rest):
        return None
    return tree, [number.value for number in parser.numbers]
