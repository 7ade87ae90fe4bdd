r"""Parse the arithmetic of a LaTeX formula in full, with exact values and the place of every part.

    >>> value(parse(r"\frac{1}{2}(3 + \sqrt{5})^2"))
    7 + 3√5
    >>> parse(r"3 + \ldots + 9")
    Traceback (most recent call last):
    lemma.arithmetic.formulas.Unreadable

A formula is read as a whole or not at all, so nothing that was passed over can change what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import comb, factorial

from lemma.arithmetic.numbers import FRAC, Value, parse_plain
from lemma.arithmetic.surds import NoValue, Surd, Unit

_MOST_DEPTH = 30
_LARGEST_FACTORIAL = 30
_HIGHEST_ROOT = 12
_NUMBER = re.compile(r"\d{1,3}(?:(?:,|\{,\}|\{,\}\\!|\\!,|,\\!)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_BLANK = re.compile(r"(?:\s|~|&|\\[,;:! ]|\\(?:left|right|[bB]igg?[lr]?|displaystyle)(?![a-zA-Z]))+")
_COMMAND = re.compile(r"\\[a-zA-Z]+")
_LARGER = re.compile(r"\\(?:left|[bB]igg?l?)\s*$")
_UNIT = re.compile(
    r"\\(?:text|mbox|mathrm|textrm|textnormal|textup)\s*\{\s*([^{}$]*?)\s*\}(?:\s*\^\s*(?:\{\s*)?[23](?:\s*\})?)?"
)
_DEGREES = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)")
_LETTER = re.compile(
    r"(?:[A-Za-z]|\\(?:alpha|beta|gamma|delta|epsilon|theta|lambda|mu|omega|phi|rho|sigma|tau|ell|angle)(?![a-zA-Z]))"
    r"(?:_(?:\w|\{[^{}]{1,8}\}))?'{0,2}"
)
_TIMES = ("\\cdot", "\\times", "*", "\\div", "/")
_FRACTIONS = (FRAC, "\\dfrac", "\\tfrac", "\\cfrac")
_WITH_ARGUMENTS = {
    **dict.fromkeys(_FRACTIONS, ("frac", 2)),
    "\\binom": ("binom", 2),
    "\\dbinom": ("binom", 2),
    "\\sqrt": ("sqrt", 1),
    "\\pi": ("pi", 0),
}
_BRACKETS = {"(": ")", "[": "]", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil", "|": "|", "\\{": "\\}"}
_TRIGONOMETRIC = ("\\sin", "\\cos", "\\tan", "\\cot", "\\sec", "\\csc")


class Unreadable(Exception):
    """A formula, or a part of one, that is not read."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A part of a formula: what is done (`+`, `frac`, `sqrt`, ...) to its parts, and the span of its text.

    Brackets around it do not belong to its span. `sign` is the place of its operator, if that is a sign of its own.
    """

    op: str
    parts: tuple[Node, ...]
    start: int
    end: int
    number: Surd | None = None
    name: str = ""
    sign: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """A tree and what stands around its numbers: units in order, and whether an angle is in degrees."""

    tree: Node
    units: tuple[str, ...]
    degrees: bool


def parse(text: str, complex_numbers: bool = False) -> Node:
    """The tree of a formula. Raises Unreadable if any part of it is not arithmetic with numbers and letters."""
    return read_formula(text, 0, len(text), complex_numbers).tree


def read_formula(text: str, start: int, end: int, complex_numbers: bool = False) -> Formula:
    """The formula between two places of a text, whose spans count from the beginning of the text.

    Raises Unreadable.
    """
    parser = _Parser(text, start, end, complex_numbers)
    tree = parser.sum(0)
    if parser.peek():
        raise Unreadable
    return Formula(tree, tuple(parser.units), parser.degrees)


class _Parser:
    def __init__(self, text: str, start: int, end: int, complex_numbers: bool) -> None:
        self.text, self.at, self.end, self.complex_numbers = text, start, end, complex_numbers
        self.last = start  # where the last part ends, with its closing bracket
        self.units: list[str] = []
        self.degrees = False
        self.inside: list[str] = []

    def peek(self) -> str:
        """The command or character that comes next, behind blanks; empty at the end."""
        blank = _BLANK.match(self.text, self.at, self.end)
        if blank is not None:
            self.at = blank.end()
        if self.at >= self.end:
            return ""
        command = _COMMAND.match(self.text, self.at, self.end)
        if command is not None:
            return command.group()
        return self.text[self.at : self.at + 1 + (self.text[self.at] == "\\")]

    def take(self, wanted: str) -> tuple[int, int]:
        """Pass what comes next. Raises Unreadable if it is something else."""
        if self.peek() != wanted:
            raise Unreadable
        start, self.at = self.at, self.at + len(wanted)
        return start, self.at

    def sum(self, depth: int) -> Node:
        if depth > _MOST_DEPTH:
            raise Unreadable
        begin = self._begin()
        left = self._signed(depth, self._product)
        while (symbol := self.peek()) in ("+", "-"):
            sign = self.take(symbol)
            right = self._product(depth)
            left = Node(symbol, (left, right), begin, self.last, sign=sign)
        return left

    def _begin(self) -> int:
        """Where the next part begins, with its opening bracket and what makes that larger."""
        self.peek()
        larger = _LARGER.search(self.text, max(0, self.at - len("\\biggl ")), self.at)
        return self.at if larger is None else larger.start()

    def _signed(self, depth: int, part: Callable[[int], Node]) -> Node:
        symbol = self.peek()
        if symbol not in ("-", "+"):
            return part(depth)
        sign = self.take(symbol)
        inner = part(depth)
        return inner if symbol == "+" else Node("neg", (inner,), sign[0], self.last, sign=sign)

    def _product(self, depth: int) -> Node:
        begin = self._begin()
        left = self._factor(depth)
        while True:
            symbol, here = self.peek(), self.at
            if symbol in _TIMES:
                sign = self.take(symbol)
                right = self._signed(depth, self._factor)
                op = "/" if symbol in ("/", "\\div") else "*"
                left = Node(op, (left, right), begin, self.last, sign=sign)
            elif self._begins_factor(symbol):
                # 2 3 is no product; (1 + 2i) 6 is one
                glued = self.text[here - 1] not in ")}" or left.op == "frac"
                if (symbol[0].isdigit() or symbol == ".") and glued:
                    raise Unreadable
                right = self._factor(depth)
                op = "mixed" if left.op == "num" and right.op == "frac" and _is_proper(left, right) else "*"
                left = Node(op, (left, right), begin, self.last, sign=None)
            else:
                return left

    def _begins_factor(self, symbol: str) -> bool:
        if not symbol or symbol in self.inside[-1:]:
            return False
        if symbol[0] == "\\":
            known = symbol in (
                "\\sqrt",
                "\\pi",
                "\\binom",
                "\\dbinom",
                "\\boxed",
                *_FRACTIONS,
                *_TRIGONOMETRIC,
                "\\log",
            )
            return known or symbol in _BRACKETS or _LETTER.match(self.text, self.at, self.end) is not None
        return symbol in "(.[{" or (symbol.isascii() and symbol.isalnum())

    def _factor(self, depth: int) -> Node:
        begin = self._begin()
        base = self._base(depth)
        while True:
            symbol = self.peek()
            if symbol == "!":
                base = Node("!", (base,), begin, self._passed(self.take("!")))
            elif symbol == "^":
                degrees = _DEGREES.match(self.text, self.at, self.end)
                if degrees is not None:
                    self.at = self.last = degrees.end()
                    self.degrees = True
                    continue
                self.take("^")
                if base.op == "^" and self.text[self.last - 1] != ")":
                    raise Unreadable
                exponent = self._argument(depth)
                base = Node("^", (base, exponent), begin, self.last)
            elif symbol == "\\%":
                base = Node("%", (base,), begin, self._passed(self.take("\\%")))
            elif (unit := _UNIT.match(self.text, self.at, self.end)) is not None:
                if not re.fullmatch(r"[A-Za-z][A-Za-z. /-]{0,24}", unit.group(1)):
                    raise Unreadable
                self.units.append(unit.group(1))
                self.at = unit.end()
            elif symbol == "\\degree":
                self.take(symbol)
                self.degrees = True
            else:
                return base

    def _passed(self, span: tuple[int, int]) -> int:
        self.last = span[1]
        return span[1]

    def _base(self, depth: int) -> Node:
        symbol, begin = self.peek(), self.at
        if symbol == "\\$":
            self.take(symbol)
            symbol, begin = self.peek(), self.at
        number = _NUMBER.match(self.text, self.at, self.end)
        if number is not None:
            return self._number(number)
        if symbol in _BRACKETS:
            return self._bracketed(symbol, depth)
        if symbol in ("\\boxed", "{"):
            self.at += len(symbol) * (symbol != "{")
            return self._argument(depth)
        if symbol in _TRIGONOMETRIC or symbol == "\\log":
            return self._function(symbol, depth)
        if symbol in _WITH_ARGUMENTS:
            return self._with_arguments(symbol, begin, depth)
        letter = _LETTER.match(self.text, self.at, self.end)
        if letter is None:
            raise Unreadable
        self.at = self.last = letter.end()
        name = letter.group()
        return Node("i" if name == "i" and self.complex_numbers else "letter", (), begin, self.at, name=name)

    def _number(self, match: re.Match[str]) -> Node:
        parsed = parse_plain(re.sub(r"[{}]|\\!", "", match.group()))
        following = self.text[match.end() : match.end() + 1]
        if parsed is None or following == "_" or (following == "." and self.text[match.end() :][1:2] == "."):
            raise Unreadable
        self.at = self.last = match.end()
        return Node("num", (), match.start(), match.end(), number=Surd(parsed[0]))

    def _bracketed(self, symbol: str, depth: int) -> Node:
        begin, _ = self.take(symbol)
        self.inside.append(_BRACKETS[symbol])
        inner = self.sum(depth + 1)
        self.inside.pop()
        _, self.last = self.take(_BRACKETS[symbol])
        if symbol in ("\\lfloor", "\\lceil", "|"):
            return Node({"|": "abs"}.get(symbol, symbol[1:]), (inner,), begin, self.last)
        return inner

    def _argument(self, depth: int) -> Node:
        """What stands in braces, or a single digit, letter or command: both halves of `\\frac12`."""
        symbol = self.peek()
        if symbol == "{":
            self.take("{")
            self.inside.append("}")
            inner = self.sum(depth + 1)
            if self.peek() == "\\choose":
                self.take("\\choose")
                inner = Node("binom", (inner, self.sum(depth + 1)), inner.start, self.last, name="\\choose")
            self.inside.pop()
            _, self.last = self.take("}")
            return inner
        if symbol.isdigit():
            begin, self.last = self.take(symbol)
            return Node("num", (), begin, self.last, number=Surd(int(symbol)))
        if symbol == "\\pi" or symbol in _FRACTIONS or symbol == "\\sqrt" or (symbol.isascii() and symbol.isalpha()):
            return self._base(depth + 1)
        raise Unreadable

    def _with_arguments(self, symbol: str, begin: int, depth: int) -> Node:
        """A fraction, a binomial, a root (also `\\sqrt[3]{8}`), or pi, which has none."""
        self.take(symbol)
        op, count = _WITH_ARGUMENTS[symbol]
        index: tuple[Node, ...] = ()
        if op == "sqrt" and self.peek() == "[":
            self.take("[")
            self.inside.append("]")
            op, index = "root", (self.sum(depth + 1),)
            self.inside.pop()
            self.take("]")
        parts = tuple(self._argument(depth) for _ in range(count))
        end = self.last if count else self._passed((begin, self.at))
        return Node(op, (*parts, *index), begin, end, name=symbol)

    def _function(self, symbol: str, depth: int) -> Node:
        begin, _ = self.take(symbol)
        base: tuple[Node, ...] = ()
        power: Node | None = None
        if symbol == "\\log" and self.peek() == "_":
            self.take("_")
            base = (self._argument(depth),)
        if self.peek() == "^":
            self.take("^")
            power = self._argument(depth)
        degrees, self.degrees = self.degrees, False
        inner = self._factor(depth + 1)
        if inner.op == "num" and self.peek() == "\\pi":
            raise Unreadable  # \sin 2\pi
        name = symbol + ("°" if self.degrees else "")
        self.degrees = degrees
        found = Node("function", (inner, *base), begin, self.last, name=name)
        return found if power is None else Node("^", (found, power), begin, self.last)


def _is_proper(whole: Node, fraction: Node) -> bool:
    """Whether `2\\frac34` may be read as a mixed number."""
    above, below = (part.number.rational if part.number is not None else None for part in fraction.parts)
    return isinstance(above, int) and isinstance(below, int) and 0 < above < below and whole.number is not None


def end_of(text: str, node: Node) -> int:
    """Where a part ends, with its sign of degrees."""
    degrees = _DEGREES.match(text, node.end)
    return node.end if degrees is None else degrees.end()


def value(tree: Node, letters: Mapping[str, Surd] | None = None, new: Mapping[Node, Surd | Node] | None = None) -> Surd:
    """The exact value, with the values of letters, and with some parts replaced. Raises NoValue if there is none."""
    if new and tree in new:
        replaced = new[tree]
        return replaced if isinstance(replaced, Surd) else value(replaced, letters, new)
    if tree.number is not None:
        return tree.number
    if tree.op == "letter":
        if letters is None or tree.name not in letters:
            raise NoValue
        return letters[tree.name]
    parts = [value(part, letters, new) for part in tree.parts]
    if tree.op == "function":
        return _of_angle(tree.name, parts[0]) if tree.name.startswith(_TRIGONOMETRIC) else _logarithm(parts)
    return _OPERATIONS[tree.op](parts)


def _whole(number: Surd) -> int:
    found = number.rational
    if not isinstance(found, int) or not 0 <= found <= _LARGEST_FACTORIAL:
        raise NoValue
    return found


def _rational(number: Surd) -> int | Fraction:
    found = number.rational
    if found is None:
        raise NoValue
    return found


def _root(radicand: Value, index: Value) -> Surd:
    """A cube root, or a higher one, that is a fraction."""
    if not isinstance(index, int) or not 2 <= index <= _HIGHEST_ROOT:
        raise NoValue
    sign = -1 if radicand < 0 and index % 2 else 1
    parts = [round(abs(part) ** (1 / index)) for part in (radicand.numerator, radicand.denominator)]
    root = Fraction(parts[0], parts[1] or 1) * sign
    if root**index != radicand:
        raise NoValue
    return Surd(root)


def _real(number: Surd) -> float:
    found = number.approximate
    if found is None:
        raise NoValue
    return found


_I = Surd.root(-1)
_PI = Surd({Unit(pi=1): Fraction(1)})
_OPERATIONS: dict[str, Callable[[list[Surd]], Surd]] = {
    "+": lambda parts: parts[0] + parts[1],
    "-": lambda parts: parts[0] - parts[1],
    "*": lambda parts: parts[0] * parts[1],
    "mixed": lambda parts: parts[0] + parts[1],
    "/": lambda parts: parts[0] / parts[1],
    "frac": lambda parts: parts[0] / parts[1],
    "^": lambda parts: parts[0].power(_rational(parts[1])),
    "neg": lambda parts: -parts[0],
    "sqrt": lambda parts: Surd.root(_rational(parts[0])),
    "root": lambda parts: _root(_rational(parts[0]), _rational(parts[1])),
    "!": lambda parts: Surd(factorial(_whole(parts[0]))),
    "binom": lambda parts: Surd(comb(_whole(parts[0]), _whole(parts[1]))),
    "%": lambda parts: parts[0] / Surd(100),
    "abs": lambda parts: parts[0] if _real(parts[0]) >= 0 else -parts[0],
    "lfloor": lambda parts: Surd(int(_real(parts[0]) // 1)),
    "lceil": lambda parts: Surd(int(-(-_real(parts[0]) // 1))),
    "pi": lambda _: _PI,
    "i": lambda _: _I,
}
_COSINES = {
    0: Surd(1),
    30: Surd.root(Fraction(3, 4)),
    45: Surd.root(Fraction(1, 2)),
    60: Surd(Fraction(1, 2)),
    90: Surd(0),
}


def _cosine(degrees: Fraction) -> Surd:
    angle = abs(degrees) % 360
    angle = min(angle, 360 - angle)
    sign = angle > 90
    found = _COSINES.get(int(180 - angle if sign else angle)) if angle.denominator == 1 else None
    if found is None:
        raise NoValue
    return -found if sign else found


def _of_angle(name: str, angle: Surd) -> Surd:
    degrees = Fraction(_rational(angle if name.endswith("°") else angle / _PI))
    degrees = degrees if name.endswith("°") else degrees * 180
    cosine, sine = _cosine(degrees), _cosine(90 - degrees)
    parts = {"sin": (sine,), "cos": (cosine,), "tan": (sine, cosine), "cot": (cosine, sine)}
    parts |= {"sec": (Surd(1), cosine), "csc": (Surd(1), sine)}
    found = parts[name[1:4]]
    return found[0] if len(found) == 1 else found[0] / found[1]


def _logarithm(parts: list[Surd]) -> Surd:
    """A logarithm that is a whole number, or a half or a third of one."""
    argument, base = _rational(parts[0]), _rational(parts[1]) if len(parts) > 1 else 10
    for divisor in (1, 2, 3):
        for exponent in range(-20, 21):
            if base > 0 and base != 1 and argument > 0 and Fraction(base) ** exponent == Fraction(argument) ** divisor:
                return Surd(Fraction(exponent, divisor))
    raise NoValue


def parts_of(tree: Node) -> Iterator[Node]:
    """A tree and all of its parts, the outer ones first."""
    yield tree
    for part in tree.parts:
        yield from parts_of(part)


def letters_of(tree: Node) -> set[str]:
    """The names of the letters in a formula."""
    return {part.name for part in parts_of(tree) if part.op == "letter"}
