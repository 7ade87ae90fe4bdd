r"""Scalar expressions: a tree, and the reading of one from tokens. Reading computes nothing.

The grammar is that of school mathematics, in LaTeX or in plain text: `2\sqrt{3}`, `sqrt(3)*2`, `3x^2y`, `\frac12`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from lemma.grading.tokens import Token

# Deeper trees and longer answers are not what people write, and recursion has to end.
MAX_DEPTH = 40


class UnreadableError(ValueError):
    """The text is not in the grammar; another reader may still be able to read it."""


class Num(NamedTuple):
    """A rational number."""

    value: Fraction


class Sym(NamedTuple):
    """A variable or a constant, such as `x`, `a_{1}`, `pi`, `e`, `i`, `infinity`."""

    name: str


class Call(NamedTuple):
    """An operation or a function: `add`, `mul`, `div`, `pow`, `neg`, `root`, `sin`, ..."""

    head: str
    args: tuple[Expr, ...]


Expr = Num | Sym | Call

TRIGONOMETRIC = frozenset(["sin", "cos", "tan", "cot", "sec", "csc"])
CONSTANTS = frozenset(["pi", "e", "i", "infinity"])
_OPENING = {"(": ")", "[": "]", "{": "}", "|": "|", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil"}
_BRACKETS = {"|": "abs", "\\lfloor": "floor", "\\lceil": "ceil"}
_TWO = Num(Fraction(2))


class ExpressionReader:
    """Recursive descent over tokens; raises `UnreadableError` for whatever is not a scalar expression."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._bars = 0

    def read(self) -> Expr:
        """The expression that all tokens make."""
        expression = self._sum()
        if self._at != len(self._tokens):
            raise UnreadableError(f"unexpected {self._tokens[self._at].text!r}")
        return expression

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token is not None and token.text == text and token.kind != "text":
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise UnreadableError(f"expected {text!r}")

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply")

    def _sum(self) -> Expr:
        self._enter()
        left = self._signed_product()
        while (token := self._peek()) is not None and token.text in ("+", "-", "\\pm", "\\mp"):
            self._at += 1
            heads = {"+": "add", "-": "sub", "\\pm": "pm", "\\mp": "mp"}
            left = Call(heads[token.text], (left, self._signed_product()))
        self._depth -= 1
        return left

    def _signed_product(self) -> Expr:
        signs: list[str] = []
        while (token := self._peek()) is not None and token.text in ("+", "-", "\\pm", "\\mp"):
            signs.append(token.text)
            self._at += 1
            if len(signs) > 3:
                raise UnreadableError("too many signs")
        product = self._product()
        for sign in reversed(signs):
            if sign == "-":
                product = Num(-product.value) if isinstance(product, Num) else Call("neg", (product,))
            elif sign != "+":
                product = Call("pm" if sign == "\\pm" else "mp", (Num(Fraction(0)), product))
        return product

    def _product(self) -> Expr:
        left = self._power()
        while (token := self._peek()) is not None:
            if token.text in ("*", "\\times", "\\cdot"):
                self._at += 1
                left = Call("mul", (left, self._factor()))
            elif token.text in ("/", "\\div"):
                self._at += 1
                left = Call("div", (left, self._factor()))
            elif self._begins_atom(token):
                left = Call("mul", (left, self._power()))
            else:
                break
        return left

    def _factor(self) -> Expr:
        if self._take("-"):
            return Call("neg", (self._power(),))
        self._take("+")
        return self._power()

    def _begins_atom(self, token: Token) -> bool:
        if token.kind == "number":
            # Nobody writes 23 as `2 3`, and `x1` has an index.
            return self._tokens[self._at - 1].kind not in ("number", "symbol")
        if token.kind in ("symbol", "function"):
            return True
        if token.text == "|":
            return self._bars == 0
        return token.kind == "open" or token.text in ("\\frac", "\\binom")

    def _power(self) -> Expr:
        base = self._atom()
        while self._take("!"):
            base = Call("factorial", (base,))
        if self._take("^"):
            base = Call("pow", (base, self._exponent()))
            while self._take("!"):
                base = Call("factorial", (base,))
        if self._take("\\degree"):
            base = Call("mul", (base, Call("div", (Sym("pi"), Num(Fraction(180))))))
        return base

    def _exponent(self) -> Expr:
        self._enter()
        if self._take("-"):
            exponent: Expr = Call("neg", (self._exponent(),))
        else:
            exponent = self._power()
        self._depth -= 1
        return exponent

    def _atom(self) -> Expr:
        token = self._peek()
        if token is None:
            raise UnreadableError("ends too early")
        self._at += 1
        if token.kind == "number":
            return Num(token.value)
        if token.kind == "symbol":
            return Sym(token.text + self._subscript())
        if token.kind == "function":
            self._enter()
            call = self._application(token.text)
            self._depth -= 1
            return call
        if token.text in ("\\frac", "\\binom"):
            self._enter()
            head = "div" if token.text == "\\frac" else "binomial"
            call = Call(head, (self._argument(), self._argument()))
            self._depth -= 1
            return call
        if token.text in _OPENING:
            # Inside of bars, the next bar closes.
            bars, self._bars = self._bars, 1 if token.text == "|" else 0
            content = self._sum()
            self._expect(_OPENING[token.text])
            self._bars = bars
            return Call(_BRACKETS[token.text], (content,)) if token.text in _BRACKETS else content
        raise UnreadableError(f"unexpected {token.text!r}")

    def _subscript(self) -> str:
        """`_1`, `_{n+1}` or `'` after a name, as a part of the name."""
        mark = "'" if self._take("'") else ""
        if not self._take("_"):
            return mark
        if not self._take("{"):
            token = self._peek()
            if token is None:
                raise UnreadableError("a subscript is missing")
            self._at += 1
            return f"{mark}_{token.text}"
        start = self._at
        while not self._take("}"):
            if self._at == len(self._tokens):
                raise UnreadableError("a subscript does not end")
            self._at += 1
        return mark + "_" + "".join(token.text for token in self._tokens[start : self._at - 1])

    def _argument(self) -> Expr:
        """What LaTeX takes as one argument: a group, or a single digit or symbol."""
        token = self._peek()
        if token is None:
            raise UnreadableError("an argument is missing")
        return self._atom()

    def _application(self, name: str) -> Expr:
        if name in ("sqrt", "cbrt"):
            index: Expr = Num(Fraction(3)) if name == "cbrt" else _TWO
            if self._take("["):
                index = self._sum()
                self._expect("]")
            return Call("root", (self._argument(), index))
        power: Expr | None = None
        base: Expr | None = None
        while (token := self._peek()) is not None and token.text in ("^", "_"):
            self._at += 1
            if token.text == "^":
                power = self._exponent()
            else:
                base = self._argument()
        argument = self._function_argument()
        if power == Num(Fraction(-1)) and name in TRIGONOMETRIC:
            name, power = f"arc{name}", None
        call = Call(name, (argument,) if base is None else (argument, base))
        return call if power is None else Call("pow", (call, power))

    def _function_argument(self) -> Expr:
        r"""`\sin 2x` takes the product 2x; `\sin(x) y` only what is in parentheses."""
        token = self._peek()
        if token is not None and token.kind == "open":
            return self._power()
        factors = self._power()
        while (token := self._peek()) is not None and token.kind in ("number", "symbol"):
            factors = Call("mul", (factors, self._power()))
        return factors


def branches(expression: Expr) -> list[Expr]:
    r"""The values of an expression with `\pm`: the upper signs, then the lower; itself if it has none."""
    if not _has_sign_choice(expression):
        return [expression]
    return [_choose(expression, upper=True), _choose(expression, upper=False)]


def _has_sign_choice(expression: Expr) -> bool:
    if not isinstance(expression, Call):
        return False
    return expression.head in ("pm", "mp") or any(map(_has_sign_choice, expression.args))


def _choose(expression: Expr, *, upper: bool) -> Expr:
    if not isinstance(expression, Call):
        return expression
    args = tuple(_choose(argument, upper=upper) for argument in expression.args)
    if expression.head in ("pm", "mp"):
        return Call("add" if upper == (expression.head == "pm") else "sub", args)
    return Call(expression.head, args)


def symbols(expression: Expr) -> frozenset[str]:
    """The names of variables in an expression, constants left out."""
    if isinstance(expression, Sym):
        return frozenset() if expression.name in CONSTANTS else frozenset([expression.name])
    if isinstance(expression, Call):
        return frozenset().union(*map(symbols, expression.args))
    return frozenset()
