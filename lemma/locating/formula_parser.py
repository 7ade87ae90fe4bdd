"""Read a formula as a function of its letters, by recursive descent.

>>> from lemma.locating.formula_tokens import pieces
>>> (piece,) = pieces("2x + 6/3")
>>> parser = FormulaParser(piece.tokens)
>>> value = parser.expression()
>>> value({"x": 4}), parser.letters
(10.0, {'x'})
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable, Mapping, Sequence

from lemma.locating.formula_tokens import Token

Environment = Mapping[str, complex]

_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "\\sin": cmath.sin, "\\cos": cmath.cos, "\\tan": cmath.tan, "\\ln": cmath.log, "\\exp": cmath.exp,
    "\\arctan": cmath.atan, "\\arcsin": cmath.asin, "\\arccos": cmath.acos,
}  # fmt: skip
_ROUNDING: dict[str, Callable[[float], int]] = {"\\lfloor": math.floor, "\\lceil": math.ceil}
_CONSTANTS: dict[str, complex] = {"\\pi": math.pi, "π": math.pi, "i": 1j, "e": math.e}
_GREEK = frozenset(("\\alpha", "\\beta", "\\gamma", "\\theta", "\\phi", "\\lambda", "\\mu", "\\omega", "\\ell"))
_NAMES_OF_FUNCTIONS = frozenset("fghPQ")


class UnreadableError(ValueError):
    """A formula, or a value of it, that is not followed."""


Value = Callable[[Environment], complex]


class FormulaParser:
    """Recursive descent; each method returns the value of what it read as a function of the letters."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens, self.position = list(tokens), 0
        self.letters: set[str] = set()

    def _next(self) -> Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _take(self, *texts: str) -> str | None:
        token = self._next()
        if token is not None and token.text in texts:
            self.position += 1
            return token.text
        return None

    def expression(self) -> Value:
        value = self._term()
        while (operator := self._take("+", "-")) is not None:
            value = _binary(operator, value, self._term())
        return value

    def _term(self) -> Value:
        value = self._signed()
        while True:
            operator = self._take("*", "/")
            if operator is not None:
                value = _binary(operator, value, self._signed())
            elif self._begins_factor():
                value = _binary("*", value, self._power())
            else:
                return value

    def _begins_factor(self) -> bool:
        token = self._next()
        if token is None or token.text == "|":
            return False
        if token.kind == "number":
            before = self.tokens[self.position - 1]
            return before.kind == "close" or before.text == "!"
        return token.kind in ("letter", "open") or (
            token.kind == "command" and token.text not in ("\\rfloor", "\\rceil")
        )

    def _signed(self) -> Value:
        if self._take("-"):
            inner = self._signed()
            return lambda environment: -inner(environment)
        self._take("+")
        return self._power()

    def _power(self) -> Value:
        value = self._atom()
        while (sign := self._take("!", "%")) is not None:
            value = _postfix(sign, value)
        if self._take("^"):
            value = _binary("^", value, self._argument())
            if self._take("!", "_"):
                raise UnreadableError
        return value

    def _argument(self) -> Value:
        """What a command applies to: a group in braces, or a single token (`\\frac12` has two)."""
        if self._take("{"):
            return self._closed("}")
        token = self._next()
        if token is not None and token.kind == "number" and len(token.text) > 1 and token.text.isdigit():
            digits = [token._replace(text=token.text[0]), token._replace(text=token.text[1:])]
            self.tokens[self.position : self.position + 1] = digits
        if self._take("-"):
            inner = self._argument()
            return lambda environment: -inner(environment)
        return self._atom()

    def _closed(self, *closing: str) -> Value:
        value = self.expression()
        if self._take(*closing) is None:
            raise UnreadableError
        return value

    def _atom(self) -> Value:
        token = self._next()
        if token is None:
            raise UnreadableError
        self.position += 1
        if token.kind == "number":
            return self._number(token)
        if token.kind == "letter" or token.text in _GREEK:
            return self._letter(token.text)
        if token.text in ("(", "[", "{", "\\{"):
            return self._closed({"(": ")", "[": "]", "{": "}", "\\{": "\\}"}[token.text])
        if token.text == "|":
            inner = self._closed("|")
            return lambda environment: complex(abs(inner(environment)))
        if token.kind == "command":
            return self._command(token.text)
        raise UnreadableError

    def _number(self, token: Token) -> Value:
        if self._take("_"):
            raise UnreadableError  # a number in another base
        number = float(re.sub(r"[^\d.]", "", token.text))
        following = self._next()
        if following is not None and following.text in ("\\frac", "\\tfrac", "\\dfrac"):
            self.position += 1
            fraction = self._command("\\frac")
            return lambda environment: number + fraction(environment)  # 2\frac12 is two and a half
        return _constant(number)

    def _letter(self, name: str) -> Value:
        if self._take("_"):
            before = self.position
            self._argument()
            index = (token.text for token in self.tokens[before : self.position] if token.kind in ("number", "letter"))
            name = f"{name}_{''.join(index)}"
        elif name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        following = self._next()
        if name in _NAMES_OF_FUNCTIONS and following is not None and following.text == "(":
            before = self.position
            self.position += 1
            self._closed(")")
            name += "".join(token.text for token in self.tokens[before : self.position])
        self.letters.add(name)
        return lambda environment: environment[name]

    def _command(self, name: str) -> Value:
        if name in ("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"):
            top, low = self._argument(), self._argument()
            return _binary("/", top, low)
        if name in ("\\binom", "\\dbinom", "\\tbinom"):
            top, low = self._argument(), self._argument()
            return lambda environment: complex(math.comb(_natural(top(environment)), _natural(low(environment))))
        if name == "\\sqrt":
            degree = self._closed("]") if self._take("[") else _constant(2)
            return _binary("^", self._argument(), _binary("/", _constant(1), degree))
        if name in _ROUNDING:
            rounded, inner = _ROUNDING[name], self._closed("\\rfloor", "\\rceil")
            return lambda environment: complex(rounded(inner(environment).real))
        return self._function(name)

    def _function(self, name: str) -> Value:
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        if name == "\\log" and self._take("_"):
            base, power = self._argument(), self._power()
            return lambda environment: cmath.log(power(environment)) / cmath.log(base(environment))
        if name not in _FUNCTIONS or self._take("^"):
            raise UnreadableError
        function, argument = _FUNCTIONS[name], self._power()
        # Degrees and radians can't be told apart, so nothing with a function in it is ever tested: it has a letter.
        self.letters.add(name)
        return lambda environment: function(argument(environment)) * environment[name]


def _constant(number: complex) -> Value:
    return lambda environment: number


def _binary(operator: str, left: Value, right: Value) -> Value:
    if operator == "+":
        return lambda environment: left(environment) + right(environment)
    if operator == "-":
        return lambda environment: left(environment) - right(environment)
    if operator == "*":
        return lambda environment: left(environment) * right(environment)
    if operator == "/":
        return lambda environment: left(environment) / right(environment)
    return lambda environment: left(environment) ** right(environment)


def _postfix(sign: str, value: Value) -> Value:
    if sign == "%":
        return lambda environment: value(environment) / 100
    return lambda environment: complex(math.factorial(_natural(value(environment))))


def _natural(value: complex) -> int:
    whole = round(value.real)
    if abs(value - whole) > 1e-9 or not 0 <= whole <= 170:
        raise UnreadableError
    return whole
