r"""Parse the tokens of one side of a formula into a tree. What is not known in full is not read at all: None.

Implied products, `\frac{a}{b}` and `\frac12`, powers, square roots, absolute names such as `AB`, functions such as
`f(x)` (kept whole), tuples, and `\pm`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from lemma.algebra.trees import (
    CALL,
    DEGREE,
    DIFFERENCE,
    DIVISION,
    EITHER,
    GROUP,
    LETTER,
    MINUS,
    NUMBER,
    POWER,
    PRODUCT,
    ROOT,
    SUM,
    TUPLE,
    Node,
)


class Token(Protocol):
    """What is needed of a token."""

    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


_PLUS, _MINUS = ("+",), ("-", "−")
_TIMES = ("*", "·", "×", r"\cdot", r"\times")
_OVER = ("/", "÷", r"\div")
_FRACTIONS = (r"\frac", r"\dfrac", r"\tfrac", r"\cfrac")
_GREEK = frozenset(
    rf"\{name}"
    for name in ("alpha", "beta", "gamma", "delta", "theta", "phi", "lambda", "mu", "omega", "rho", "sigma", "pi")
)
_FUNCTION_NAMES = frozenset("fghpqPQFGH")
_MOST_DEPTH = 25
_NOT_DIGITS = re.compile(r"[,{}\\!]")


class _UnreadError(Exception):
    pass


def parse(tokens: Sequence[Token]) -> Node | None:
    """The tree of a side, or None."""
    reader = _Reader(tokens)
    try:
        tree = reader.sum()
        return tree if reader.at == len(tokens) else None
    except _UnreadError:
        return None


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self.at = 0
        self._depth = 0

    def _text(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self._tokens[place].text if place < len(self._tokens) else ""

    def _take(self, *texts: str) -> Token:
        if self._text() not in texts:
            raise _UnreadError
        self.at += 1
        return self._tokens[self.at - 1]

    def sum(self) -> Node:
        """Terms with signs between them."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise _UnreadError
        left = self._signed()
        while self._text() in (*_PLUS, *_MINUS, r"\pm"):
            sign = self._take(*_PLUS, *_MINUS, r"\pm")
            right = self._product()
            head = EITHER if sign.text == r"\pm" else SUM if sign.text in _PLUS else DIFFERENCE
            left = Node(head, (left, right), start=left.start, end=right.end)
        self._depth -= 1
        return left

    def _signed(self) -> Node:
        if self._text() in (*_MINUS, r"\pm", *_PLUS):
            sign = self._take(*_MINUS, r"\pm", *_PLUS)
            inner = self._product()
            if sign.text in _PLUS:
                raise _UnreadError
            head = EITHER if sign.text == r"\pm" else MINUS
            return Node(head, (inner,), start=sign.start, end=inner.end)
        return self._product()

    def _product(self) -> Node:
        left = self._power()
        while True:
            text = self._text()
            if text in _TIMES or text in _OVER:
                self.at += 1
                right = self._signed() if self._text() in _MINUS else self._power()
                head = PRODUCT if text in _TIMES else DIVISION
            elif self._begins_factor():
                if left.head == NUMBER and self._tokens[self.at].kind == "number":
                    raise _UnreadError
                if left.head == NUMBER and text in _FRACTIONS and left.value.denominator == 1:
                    raise _UnreadError  # a mixed number, or a product
                if self._tokens[self.at].kind == "number" and self._tokens[self.at - 1].kind == "letter":
                    raise _UnreadError  # x2 is an index that got lost
                right, head = self._power(), PRODUCT
            else:
                return left
            left = Node(head, (left, right), start=left.start, end=right.end)

    def _begins_factor(self) -> bool:
        if self.at >= len(self._tokens):
            return False
        token = self._tokens[self.at]
        return (
            token.kind in ("number", "letter")
            or token.text in ("(", "[", "{", r"\sqrt", *_FRACTIONS)
            or token.text in _GREEK
        )

    def _power(self) -> Node:
        base = self._atom()
        if self._text() != "^":
            return base
        self._take("^")
        if self._text() == DEGREE or (self._text() == "{" and self._text(1) == DEGREE and self._text(2) == "}"):
            self.at += 1 if self._text() == DEGREE else 3
            end = self._tokens[self.at - 1].end
            sign = Node(LETTER, name=DEGREE, start=base.end, end=end)
            return Node(PRODUCT, (base, sign), start=base.start, end=end)
        exponent = self._argument()
        if self._text() in ("^", "'", "!"):
            raise _UnreadError
        return Node(POWER, (base, exponent), start=base.start, end=exponent.end)

    def _argument(self) -> Node:
        """What stands in braces, or the single sign in place of it."""
        if self._text() == "{":
            return self._group("{", "}")
        if self.at >= len(self._tokens):
            raise _UnreadError
        token = self._tokens[self.at]
        self.at += 1
        if token.kind == "number" and token.text.isdigit():
            if len(token.text) > 1:
                raise _UnreadError
            return Node(NUMBER, value=Fraction(int(token.text)), start=token.start, end=token.end)
        if token.kind == "letter" or token.text in _GREEK:
            return Node(LETTER, name=token.text, start=token.start, end=token.end)
        raise _UnreadError

    def _group(self, opening: str, closing: str) -> Node:
        start = self._take(opening).start
        inner = self.sum()
        end = self._take(closing).end
        return Node(GROUP, (inner,), name=opening, start=start, end=end)

    def _fraction(self) -> Node:
        start = self._take(*_FRACTIONS).start
        token = self._tokens[self.at] if self.at < len(self._tokens) else None
        if token is not None and token.kind == "number" and token.text.isdigit() and len(token.text) == 2:
            self.at += 1  # \frac12
            top, bottom = (
                Node(NUMBER, value=Fraction(int(digit)), start=token.start + place, end=token.start + place + 1)
                for place, digit in enumerate(token.text)
            )
        else:
            top, bottom = self._argument(), self._argument()
        return Node(DIVISION, (top, bottom), name="frac", start=start, end=bottom.end)

    def _atom(self) -> Node:
        if self.at >= len(self._tokens):
            raise _UnreadError
        token = self._tokens[self.at]
        if token.kind == "number":
            self.at += 1
            return Node(NUMBER, value=Fraction(_NOT_DIGITS.sub("", token.text)), start=token.start, end=token.end)
        if token.text in _FRACTIONS:
            return self._fraction()
        if token.text == r"\sqrt":
            start = self._take(r"\sqrt").start
            if self._text() == "[":
                raise _UnreadError
            inner = self._argument()
            return Node(ROOT, (inner,), start=start, end=inner.end)
        if token.text in ("(", "["):
            return self._brackets()
        if token.text == "{":
            return self._group("{", "}")
        if token.kind == "letter" or token.text in _GREEK:
            return self._name()
        raise _UnreadError

    def _brackets(self) -> Node:
        """A group, or a tuple with commas in it."""
        opening = self._take("(", "[")
        parts = [self.sum()]
        while self._text() == ",":
            self._take(",")
            parts.append(self.sum())
        if len(parts) == 1:
            closing = self._take(")" if opening.text == "(" else "]")
            return Node(GROUP, tuple(parts), name=opening.text, start=opening.start, end=closing.end)
        closing = self._take(")", "]")
        name = opening.text + closing.text
        return Node(TUPLE, tuple(parts), name=name, start=opening.start, end=closing.end)

    def _name(self) -> Node:
        """A letter with its index, a segment such as AB, or a function with its argument."""
        token = self._tokens[self.at]
        self.at += 1
        name, end = token.text, token.end
        while (
            name.isupper() and len(name) < 3 and self._text().isupper() and len(self._text()) == 1
            and self._tokens[self.at].start == end
        ):  # fmt: skip
            name, end = name + self._text(), self._tokens[self.at].end
            self.at += 1
        if self._text() == "_":
            self.at += 1
            index = self._argument()
            if index.bare.head not in (NUMBER, LETTER):
                raise _UnreadError
            name, end = f"{name}_{index.bare.name or index.bare.value}", index.end
        if self._text() in ("'", "!"):
            raise _UnreadError
        if self._text() == "(" and token.text in _FUNCTION_NAMES:
            begin = self.at
            inner = self._brackets()
            name += "".join(token.text for token in self._tokens[begin : self.at])  # f(x) is a name of its own
            return Node(CALL, name=name, start=token.start, end=inner.end)
        return Node(LETTER, name=name, start=token.start, end=end)
