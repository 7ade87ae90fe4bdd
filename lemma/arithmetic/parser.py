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
    """An operator as it stands in the text."""

    symbol: str
    start: int
    end: int


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
    """Control flow of the parser."""


def read_sides(tokens: Sequence[Token], position: int) -> tuple[list[Side], int]:
    """All sides of a chain of equals signs that starts here; one side where there is no equals sign."""
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
        position = self.skip_units(self.position)
        token = self._at(position)
        if token is not None and token.kind == OPERATOR and token.text in wanted and self._applies(position):
            self.operators.append(Operator(token.text, token.start, token.end))
            self.position = position + 1
            return token.text
        glued = self._at(self.position)
        if "*" in wanted and glued is not None and glued.kind == OPEN and glued.start == self.last:
            self.operators.append(Operator("*", glued.start, glued.start))
            return "*"
        return None

    def _applies(self, position: int) -> bool:
        """`of` multiplies only straight after a percentage or a fraction: `20% of 50`, not `a total of 50`."""
        if self.tokens[position].end - self.tokens[position].start != 2 or position != self.position:
            return self.tokens[position].end - self.tokens[position].start != 2
        fraction = bool(self.operators) and self.operators[-1].symbol in ("/", "\\frac")
        return self.numbers[-1].percent or fraction or self.numbers[-1].face < 1

    def _operand(self, depth: int) -> Expression:
        end = self.position + _MOST_SIGNS
        while (token := self._at(self.position)) is not None and token.kind in (MONEY, SKIP) and self.position < end:
            self.position += 1
        if token is None or len(self.numbers) >= _MOST_NUMBERS:
            raise _NoExpression
        if self.first < 0:
            self.first = token.start
        if token.kind == NUMBER and token.number is not None:
            self.position += 1
            self.last = token.end
            return self._leaf(token.number)
        if token.text == "-":
            return self._negative_number()
        if token.kind == WORD and self.operators and self.operators[-1].end == self.tokens[self.position - 1].end:
            return self._number_word(token)
        if token.kind == OPEN:
            return self._bracket(depth)
        if token.kind == FRAC:
            return self._latex_fraction(depth)
        if token.text == "{":
            return self._group(depth)
        raise _NoExpression

    def _negative_number(self) -> int:
        """`-8` where no number or word stands before it to be subtracted from."""
        sign, token = self._at(self.position), self._at(self.position + 1)
        before = self._at(self.position - 1) if self.position else None
        number = token.number if token is not None else None
        if sign is None or number is None or number.start != sign.end:
            raise _NoExpression
        after_word = before is not None and before.kind == WORD and len(before.text) > 1 and before.end < sign.start
        if before is not None and before.kind in (NUMBER, CLOSE, WORD) and not after_word:
            raise _NoExpression
        self.position += 2
        self.last = number.end
        return self._leaf(number._replace(start=sign.start, face=-number.face))

    def _number_word(self, token: Token) -> int:
        """`28 divided by two`: a number word counts straight after an operator only."""
        values = WORD_VALUES.get(token.text.lower(), ())
        if len(values) != 1:
            raise _NoExpression
        self.position += 1
        self.last = token.end
        return self._leaf(Number(token.start, token.end, values[0], INTEGER))

    def _leaf(self, number: Number) -> int:
        self.numbers.append(number)
        return len(self.numbers) - 1

    def _bracket(self, depth: int) -> Expression:
        self.position += 1
        inner = self.sum(depth + 1)
        self.position = self.skip_units(self.position)
        self._expect(lambda token: token.kind == CLOSE)
        return inner

    def _group(self, depth: int) -> Expression:
        self._expect(lambda token: token.text == "{")
        inner = self.sum(depth + 1)
        self._expect(lambda token: token.text == "}")
        return inner

    def _latex_fraction(self, depth: int) -> Expression:
        slash = len(self.operators)
        frac = self.tokens[self.position]
        self.operators.append(Operator("\\frac", frac.start, frac.end))
        self.position += 1
        return Binary("/", self._group(depth + 1), self._group(depth + 1), slash)

    def _expect(self, fits: _Test) -> None:
        token = self._at(self.position)
        if token is None or not fits(token):
            raise _NoExpression
        self.position += 1
        self.last = token.end

    def skip_units(self, position: int) -> int:
        """Past the words behind a number, if an operator, an equals sign or a bracket follows them; else unmoved."""
        here, end = position, position + _MOST_UNIT_WORDS
        while (token := self._at(here)) is not None and here <= end:
            if not (token.kind in (WORD, MONEY, SKIP) or (token.kind == OPERATOR and self._is_unit(here))):
                break
            here += 1
        token = self._at(here)
        follows = token is not None and (
            token.kind in (EQUALS, CLOSE) or (token.kind == OPERATOR and self._binds(here))
        )
        return here if follows and here > position else position

    def _is_unit(self, position: int) -> bool:
        """`/apple`, or a word such as `times` or `x` that no number follows: part of a unit, not an operator."""
        following = self._at(position + 1)
        if self.tokens[position].end - self.tokens[position].start > 1:
            return not self._binds(position)
        return following is not None and following.kind == WORD and self.tokens[position].text in ("/", "-")

    def _binds(self, position: int) -> bool:
        following = self._at(position + 1)
        if following is None:
            return False
        word = following.kind == WORD and len(WORD_VALUES.get(following.text.lower(), ())) == 1
        return word or following.kind in (NUMBER, OPEN, FRAC, MONEY, SKIP) or following.text == "{"

    def _at(self, position: int) -> Token | None:
        return self.tokens[position] if position < len(self.tokens) else None


def read_expression(text: str) -> tuple[Expression, list[Value]] | None:
    """An expression that takes up a whole text, and the values of its leaves; None where the text is anything else."""
    parser = _Parser(tokenize(text), 0)
    try:
        tree = parser.sum(0)
    except _NoExpression:
        return None
    rest = parser.tokens[parser.position :]
    if any(token.kind not in (WORD, SKIP, MONEY) for token in rest):
        return None
    return tree, [number.value for number in parser.numbers]
