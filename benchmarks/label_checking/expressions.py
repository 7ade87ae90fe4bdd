"""One arithmetic expression with units between its operands, parsed and evaluated exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from operator import add, mul, sub, truediv

from label_checking.text import CLAUSE_WORDS, DETERMINERS, Token, plain_text, tokens_of

MAX_EXPONENT = 64


class NotAnExpression(ValueError):
    """The tokens are not one arithmetic expression."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as shown: `$1,200.50` has the value 2401/2 and two decimals; that of 15% is 15, of 2 million 2."""

    value: Fraction
    scale: int = 1
    decimals: int = 0
    is_currency: bool = False
    is_percent: bool = False
    is_word: bool = False

    @property
    def amount(self) -> Fraction:
        """What it stands for in arithmetic: 3/20 for 15%, 2,000,000 for 2 million."""
        if self.scale == 1 and not self.is_percent:
            return self.value
        return self.value * self.scale / (100 if self.is_percent else 1)


@dataclass(frozen=True, slots=True)
class Expression:
    """Operands in order, operators between them, and the shape with its parentheses: `(#+#)*#`.

    `value` takes 15% as 3/20 and 2 million as 2,000,000, `plain` takes them as 15 and 2; either is None where the
    arithmetic has no value (division by zero).
    """

    operands: tuple[Number, ...]
    operators: tuple[str, ...]
    shape: str
    value: Fraction | None
    plain: Fraction | None
    units: frozenset[str]


class ExpressionParser:
    """Recursive descent over tokens; words after a number are its unit, words after an operator are skipped."""

    def __init__(self, tokens: list[Token], start: int, end: int) -> None:
        self.tokens, self.position, self.end = tokens, start, end
        self.operands: list[Number] = []
        self.operators: list[str] = []
        self.shape: list[str] = []
        self.units: set[str] = set()
        self.is_share_of_words = False

    def parse(self) -> Expression:
        value, plain = self._sum()
        return Expression(
            tuple(self.operands), tuple(self.operators), "".join(self.shape), value, plain, frozenset(self.units)
        )

    def _peek(self, ahead: int = 0) -> Token | None:
        index = self.position + ahead
        return self.tokens[index] if index < self.end else None

    def _operator(self, allowed: str) -> str | None:
        token = self._peek()
        if token is None or token.kind != "operator" or token.text not in allowed or not self._operand_follows():
            return None
        self.position += 1
        return token.text

    def _operand_follows(self) -> bool:
        ahead = 1
        while (token := self._peek(ahead)) is not None and token.kind == "word":
            ahead += 1
        if token is not None and token.kind == "operator" and token.text == "-":
            token = self._peek(ahead + 1)
        return token is not None and token.kind in ("number", "(")

    def _note(self, operator: str) -> None:
        self.operators.append(operator)
        self.shape.append(operator)

    def _sum(self) -> tuple[Fraction | None, Fraction | None]:
        total = self._product()
        while operator := self._operator("+-"):
            self._note(operator)
            total = _combine(operator, total, self._product())
        return total

    def _product(self) -> tuple[Fraction | None, Fraction | None]:
        product = self._power()
        while operator := self._operator("*/") or self._implied_product():
            self._note(operator)
            product = _combine(operator, product, self._power())
        return product

    def _implied_product(self) -> str | None:
        """`7(3)`, `(2)(3)`, `(1/2) 10`, and `of` after a percentage or a fraction."""
        token, before = self._peek(), self.tokens[self.position - 1]
        if token is None:
            return None
        if self._multiplying_of(token):
            self.position += 1
            return "*"
        opens = token.kind == "(" and (token.glued or before.kind == ")") and before.kind in ("number", ")", "%")
        return "*" if opens or (token.kind == "number" and before.kind == ")") else None

    def _multiplying_of(self, token: Token) -> bool:
        """`20% of the 50`: after a percentage or a fraction, with at most a determiner before the number."""
        if not self._share_of(token):
            return False
        follower = self._peek(1)
        if follower is not None and follower.text in DETERMINERS:
            follower = self._peek(2)
        return follower is not None and follower.kind in ("number", "(")

    def _share_of(self, token: Token) -> bool:
        if token.text != "of" or not self.operands or self.tokens[self.position - 1].kind not in ("number", "%", ")"):
            return False
        last = self.operands[-1]
        return last.is_percent or last.value.denominator > 1 or (bool(self.operators) and self.operators[-1] == "/")

    def _power(self) -> tuple[Fraction | None, Fraction | None]:
        negative = self._unary_minus()
        base = self._atom()
        if self._operator("^"):
            self._note("^")
            base = _combine("^", base, self._power())
        return (_negated(base[0]), _negated(base[1])) if negative else base

    def _unary_minus(self) -> bool:
        token = self._peek()
        if token is not None and token.kind == "operator" and token.text == "-":
            self.position += 1
            self.shape.append("-")
            return True
        return False

    def _atom(self) -> tuple[Fraction | None, Fraction | None]:
        while (token := self._peek()) is not None and token.kind == "word" and self.operators:
            self.position += 1
        if self._is_divisor_fraction():
            return self._divisor_fraction()
        if token is None or token.kind not in ("number", "("):
            raise NotAnExpression
        self.position += 1
        if token.kind == "number":
            return self._number(token)
        self.shape.append("(")
        value, plain = self._sum()
        closing = self._peek()
        if closing is None or closing.kind != ")":
            raise NotAnExpression
        self.position += 1
        self.shape.append(")")
        percent = self._percent_sign()
        self._unit()
        return (value / 100 if percent and value is not None else value), plain

    def _number(self, token: Token) -> tuple[Fraction, Fraction]:
        number = Number(token.value, token.scale, token.decimals, token.is_currency, self._percent_sign())
        self.operands.append(number)
        self.shape.append("#%" if number.is_percent else "#")
        if token.is_currency:
            self.units.add("$")
        self._unit()
        return number.amount, number.value

    def _is_divisor_fraction(self) -> bool:
        """`14 / 1/4`: a proper fraction written tightly after a slash with a space is one divisor."""
        top, slash, bottom = self._peek(), self._peek(1), self._peek(2)
        if top is None or slash is None or bottom is None or not self.operators or self.operators[-1] != "/":
            return False
        tight = slash.text == "/" and slash.glued and bottom.glued and bottom.kind == top.kind == "number"
        return tight and not top.glued and 0 < top.value < bottom.value

    def _divisor_fraction(self) -> tuple[Fraction, Fraction]:
        top, _, bottom = self.tokens[self.position : self.position + 3]
        self.position += 3
        self.operands += [Number(top.value), Number(bottom.value)]
        self.operators.append("/")
        self.shape.append("(#/#)")
        self._unit()
        return top.value / bottom.value, top.value / bottom.value

    def _percent_sign(self) -> bool:
        token = self._peek()
        if token is None or token.kind != "%":
            return False
        self.position += 1
        return True

    def _unit(self) -> None:
        """Skip a unit: words, `/hour`, `cm^2`, a remark in parentheses. An `of` that multiplies is left standing."""
        has_unit = False
        while (token := self._peek()) is not None:
            follower = self._peek(1)
            if self._multiplying_of(token) or token.text in CLAUSE_WORDS:
                return
            if token.text == "and" and follower is not None and follower.kind == "operator":
                return
            if token.kind == "word":
                is_one_thing = follower is not None and follower.text in ("a", "an")
                self.is_share_of_words |= self._share_of(token) and not is_one_thing
                self.units.add(singular(token.text))
                length = 1
            elif self._rate_or_square(token, has_unit):
                length = 2
            elif token.kind != "(" or token.glued or not (length := self._remark_length()):
                return
            has_unit = True
            self.position += length

    def _rate_or_square(self, token: Token, has_unit: bool) -> bool:
        follower = self._peek(1)
        is_rate = token.text == "/" and follower is not None and follower.kind == "word" and not self._measured()
        return is_rate or (token.text == "^" and follower is not None and has_unit)

    def _measured(self) -> bool:
        """Whether only a determiner stands between a slash and its number: `60 / the 5 children`."""
        word, number = self._peek(1), self._peek(2)
        return word is not None and word.text in DETERMINERS and number is not None and number.kind == "number"

    def _remark_length(self) -> int:
        first, ahead = self._peek(1), 1
        if first is None or first.kind != "word":
            return 0
        while (token := self._peek(ahead)) is not None and token.kind in ("word", "number", "%"):
            ahead += 1
        return ahead + 1 if token is not None and token.kind == ")" and ahead > 1 else 0


def _negated(value: Fraction | None) -> Fraction | None:
    return None if value is None else -value


def _combine(
    operator: str, left: tuple[Fraction | None, Fraction | None], right: tuple[Fraction | None, Fraction | None]
) -> tuple[Fraction | None, Fraction | None]:
    return _apply(operator, left[0], right[0]), _apply(operator, left[1], right[1])


def _apply(operator: str, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    if left is None or right is None or (operator == "/" and not right):
        return None
    return _OPERATIONS[operator](left, right)


def _raised(base: Fraction, exponent: Fraction) -> Fraction:
    too_big = abs(base) > 10**9 or (abs(base) != 1 and abs(exponent) > MAX_EXPONENT)
    if exponent.denominator != 1 or too_big or (base == 0 and exponent < 0):
        raise NotAnExpression
    return Fraction(base ** int(exponent))


_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
    "^": _raised,
}


def singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 2 else word


def read_value(text: str) -> Expression | None:
    """The text as one expression, such as a final answer; None where it is no more than partly one."""
    tokens = tokens_of(plain_text(text), "\\" in text)
    parser = ExpressionParser(tokens, 0, len(tokens))
    try:
        expression = parser.parse()
    except NotAnExpression:
        return None
    return expression if parser.position == len(tokens) else None
