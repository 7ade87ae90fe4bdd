"""The exact value of one side of an equation in LaTeX, by recursive descent over its characters.

    >>> read_side(r"2\\frac{3}{4} \\cdot 8").values[0]
    Fraction(22, 1)

LaTeX is ambiguous: `2\\frac{3}{4}` is a mixed number or a product, `1/2(3)` is 3/2 or 1/6, `20\\%` is 0.2 or 20 of a
unit. A side holds every reading. What has letters (`f(3) + 1`) or is not known is no value, and says so.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Literal

import sympy  # type: ignore[import-untyped, unused-ignore]

from label_checking.latex.values import (
    LettersError,
    UnreadError,
    Value,
    add,
    binomial,
    divide,
    factorial,
    function,
    multiply,
    power,
    same,
    shows,
)

Status = Literal["number", "letters", "unread"]
# Every unit is a character of its own, so that `1 \\text{ foot} = 12 \\text{ inches}` shows two of them.
UNITS = range(0xE000, 0xF8FF)
_SPACES = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|phantom\{[^{}]*\}|hspace\{[^{}]*\}|mspace\{[^{}]*\}"
    r"|color\{[^{}]*\}|textcolor\{[^{}]*\}|nonumber|strut)(?![a-zA-Z])|\\[,;:! ]|~|\\(?=\s)"
)
_SAME = [
    (re.compile(r"\\[dtc]frac(?![a-zA-Z])"), r"\\frac"),
    (re.compile(r"\\[dt]binom(?![a-zA-Z])"), r"\\binom"),
    (re.compile(r"\\cancelto\s*\{[^{}]*\}"), ""),
    (re.compile(r"\\(?:f?boxed|fbox|[bx]?cancel|mathbf|textbf|bold|mathrm|underline)(?![a-zA-Z])\s*(?=\{)"), ""),
    (re.compile(r"\\(?:cdot|times|ast)(?![a-zA-Z])|[×·]"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])"), "÷"),
    (re.compile(r"\\over(?![a-zA-Z])"), "¦"),
    (re.compile(r"\^\s*\{\s*\\circ\s*\}|\^\s*\\circ(?![a-zA-Z])|\\degrees?(?![a-zA-Z])"), "°"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\{([^{}]*)\\choose(?![a-zA-Z])([^{}]*)\}"), r"\\binom{\1}{\2}"),
    (re.compile(r"\\pi(?![a-zA-Z])"), "π"),
    (re.compile(r"\\l(floor|ceil)(?![a-zA-Z])"), r"\\open\1 "),
    (re.compile(r"\\[lr]vert(?![a-zA-Z])"), "|"),
    (re.compile(r"\\[lr]brack(?![a-zA-Z])"), ""),
]  # fmt: skip
_UNIT_TEXT = re.compile(
    r"\\(?:text(?:rm|it)?|mbox|mathrm|hbox|rm)\s*\{[\s\d]*[A-Za-z][A-Za-z.\s/()-]*(?:\^\{?\d\}?)?\s*\}(?:\s*\^\s*\{?[23]\}?)?"
)
_REPEATING = re.compile(r"(?P<whole>\d*)\.(?P<fixed>\d*)\\(?:overline|bar)\s*\{?(?P<period>\d+)\}?")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+")
_POWER_FOLLOWS = re.compile(r"\d+(?:\.\d+)?\s*\^")
_TRIGONOMETRIC = ("sin", "cos", "tan", "sec", "csc", "cot")
_FUNCTIONS = (*_TRIGONOMETRIC, "arcsin", "arccos", "arctan", "ln", "log")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equation: its readings as values, how many operations it has, the decimals of a bare number."""

    text: str
    status: Status
    values: tuple[Value, ...] = ()
    operations: int = 0
    decimals: int = 0

    @property
    def is_number(self) -> bool:
        """Whether it has an exact value."""
        return self.status == "number"


def unit_mark(words: str) -> str:
    """One character for a unit: the same for `cm`, `cm^2` and `square cm`, another for `inches`."""
    found = re.findall(r"[^\W\d_]+", re.sub(r"\\[a-z]+|\b(?:square|sq|cubic|cu|per)\b", " ", words))
    return _mark(found[-1].lower()) if found else _mark("")


def _mark(word: str) -> str:
    stem = {"feet": "foot", "ft": "foot", "inches": "inch", "in": "inch"}.get(word, word.rstrip("s"))
    return chr(UNITS.start + zlib.crc32(stem.encode()) % len(UNITS))


_MEASURES = frozenset(
    _mark(word)
    for word in re.findall(
        r"\w+",
        "inch foot yard mile mm cm m km millimeter centimeter meter kilometer second sec minute min hour hr day week "
        "month year dollar cent penny nickel dime mg g kg milligram gram kilogram pound lb ounce oz ton l ml liter "
        "milliliter gallon quart pint cup degree radian rad mph dozen",
    )
)


def measures(text: str) -> frozenset[str]:
    """The units of a side that can be converted into one another, as marks: not `apples`."""
    money = {"$"} if "\\$" in text else set()
    return frozenset({character for character in normalized(text) if character in _MEASURES} | money)


def is_unit(character: str) -> bool:
    """Whether a character stands for a unit."""
    return bool(character) and ord(character) in UNITS


def repeating_decimals(text: str) -> str:
    """A text with `0.1\\overline{3}` written as the fraction that it is."""
    return _REPEATING.sub(_repeating, text)


def _repeating(match: re.Match[str]) -> str:
    whole, fixed, period = match["whole"] or "0", match["fixed"], match["period"]
    scale = 10 ** len(fixed)
    bottom = scale * (10 ** len(period) - 1)
    top = int(whole + fixed + period) - int(whole + fixed)
    return f"\\frac{{{top}}}{{{bottom}}}"


def normalized(text: str) -> str:
    """One spelling for what LaTeX spells in several ways; units become one mark."""
    text = re.sub(r"(?<=\d),\\!\s*(?=\d{3})|(?<=\d)\\,\s*(?=\d{3}(?!\d))", ",", text)
    text = _UNIT_TEXT.sub(lambda match: unit_mark(match.group()), text)
    text = repeating_decimals(text)
    text = _SPACES.sub(" ", text)
    for pattern, replacement in _SAME:
        text = pattern.sub(replacement, text)
    # Money: the sign is dropped before a number, unless a number stands before it (then it is an operator).
    return re.sub(r"(^|[-+*÷/(={\[¦])\s*\\?\$\s*(?=[\d.(\\-])", r"\1", text).strip()


class _Parser:
    def __init__(self, text: str, mixed: bool, tight: bool, percent: bool, letters: bool) -> None:
        self.text, self.at, self.operations = text, 0, 0
        self.mixed, self.tight, self.percent, self.letters = mixed, tight, percent, letters
        self.degrees = False

    def parse(self) -> Value:
        value = self._sum()
        if self._peek():
            raise UnreadError(self.text[self.at :])
        return value

    def _peek(self) -> str:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _take(self, wanted: str) -> bool:
        found = self._peek() == wanted
        self.at += found
        return found

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise UnreadError(f"no {wanted}")

    def _sum(self) -> Value:
        sign = -1 if self._take("-") else 1
        if sign == 1:
            self._take("+")
        value = multiply(Fraction(sign), self._term())
        while self._peek() in ("+", "-") and self._peek():
            sign = 1 if self._take("+") else -1
            self.at += sign == -1
            self.operations += 1
            value = add(value, multiply(Fraction(sign), self._term()))
        if self._take("¦"):
            self.operations += 1
            value = divide(value, self._sum())
        return value

    def _term(self) -> Value:
        value, literal = self._factor()
        while True:
            sign = self._peek()
            if sign and sign in "*/÷":
                self.at += 1
                self.operations += 1
                right, literal = self._signed_factor()
                if sign != "*" and self.tight:
                    while self._implied(literal):
                        following, literal = self._factor()
                        right = multiply(right, following)
                value = multiply(value, right) if sign == "*" else divide(value, right)
            elif self._implied(literal):
                self.operations += 1
                right, literal = self._factor()
                value = multiply(value, right)
            else:
                return value

    def _signed_factor(self) -> tuple[Value, bool]:
        if self._take("-"):
            value, literal = self._factor()
            return multiply(Fraction(-1), value), literal
        return self._factor()

    def _implied(self, after_literal: bool) -> bool:
        """Whether a factor follows without a sign. Two bare numbers side by side are no product (`3 4`)."""
        character = self._peek()
        if not character:
            return False
        if character.isdigit() or character == ".":
            if after_literal and not _POWER_FOLLOWS.match(self.text, self.at):
                raise UnreadError("two numbers side by side")
            return True
        if self.text.startswith(("\\rfloor", "\\rceil"), self.at):
            return False
        return character in "([{π\\" or character.isalpha()

    def _factor(self) -> tuple[Value, bool]:
        """A base and what stands behind it; whether it is a bare number."""
        literal = bool(_NUMBER.match(self.text, self.at)) if self._peek() else False
        value = self._number() if literal else self._base()
        while True:
            sign = self._peek()
            if sign == "^":
                self.at += 1
                self.operations += 1
                value = power(value, self._argument())
            elif sign == "!":
                self.at += 1
                self.operations += 1
                if self._peek() == "!":
                    raise UnreadError("double factorial")
                value = factorial(value)
            elif sign == "%":
                self.at += 1
                value = divide(value, Fraction(100)) if self.percent else value
            elif sign == "°":
                self.at += 1
                self.degrees = True
            elif is_unit(sign):
                self._unit()
            else:
                return value, literal
            literal = (sign in ("%", "°") or is_unit(sign)) and literal

    def _unit(self) -> None:
        """A unit and what it is per: `60 \\text{ km}/\\text{h}`."""
        self.at += 1
        place = self.at
        if self._take("/"):
            self.at = self.at + 1 if is_unit(self._peek()) else place

    def _number(self) -> Value:
        match = _NUMBER.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        if self._peek() == "_":
            return self._in_base(match.group())
        value = Fraction(match.group().replace(",", ""))
        if self.mixed and value.denominator == 1:
            return self._mixed(value)
        return value

    def _in_base(self, digits: str) -> Value:
        self.at += 1
        base = self._argument()
        if not isinstance(base, Fraction) or base.denominator != 1 or not 2 <= base <= 36 or "." in digits:
            raise UnreadError("subscript")
        try:
            return Fraction(int(digits.replace(",", ""), int(base)))
        except ValueError:
            raise UnreadError("no number in this base") from None

    def _mixed(self, whole: Fraction) -> Value:
        """A proper fraction right behind a whole number belongs to it."""
        self._peek()
        found = re.compile(r"\\frac\s*(?:\{\s*(\d+)\s*\}|(\d))\s*(?:\{\s*(\d+)\s*\}|(\d))|(\d+)/(\d+)(?![\d^])").match(
            self.text, self.at
        )
        parts = [int(part) for part in found.groups() if part] if found else []
        if found is None or parts[1] == 0 or parts[0] >= parts[1]:
            return whole
        self.at = found.end()
        self.operations += 1
        return whole + Fraction(parts[0], parts[1])

    def _base(self) -> Value:
        character = self._peek()
        closing = {"(": ")", "[": "]", "{": "}", "|": "|"}.get(character)
        if closing:
            self.at += 1
            value = self._sum()
            self._expect(closing)
            if character != "|":
                return value
            self.operations += 1
            return value if function("floor", value) >= 0 else multiply(Fraction(-1), value)
        if character == "π":
            self.at += 1
            return sympy.pi
        if character == "\\":
            return self._command()
        if character.isalpha() or is_unit(character):
            if not self.letters:
                raise LettersError(character)
            self.at += 1
            return sympy.Symbol(character)
        raise UnreadError(self.text[self.at :])

    def _argument(self) -> Value:
        """One argument as TeX takes it: a group, a command, or a single character (`\\frac43`)."""
        character = self._peek()
        if character == "{":
            return self._base()
        if character.isdigit():
            self.at += 1
            return Fraction(character)
        if character == "-":
            self.at += 1
            return multiply(Fraction(-1), self._argument())
        return self._base()

    def _command(self) -> Value:
        match = re.compile(r"\\([a-zA-Z]+)\s*").match(self.text, self.at)
        if match is None:
            raise UnreadError(self.text[self.at :])
        name = match.group(1)
        self.at = match.end()
        self.operations += 1
        if name == "frac":
            return divide(self._argument(), self._argument())
        if name == "binom":
            return binomial(self._argument(), self._argument())
        if name == "sqrt":
            return self._root()
        if name in ("openfloor", "openceil"):
            value = self._sum()
            closing = "\\r" + name.removeprefix("open")
            self._peek()
            if not self.text.startswith(closing, self.at):
                raise UnreadError("no end of floor")
            self.at += len(closing)
            return function(name.removeprefix("open"), value)
        if name in _FUNCTIONS:
            return self._function(name)
        if name in _GREEK:
            if self.letters:
                return sympy.Symbol(name)
            raise LettersError(name)
        raise UnreadError(name)

    def _root(self) -> Value:
        degree: Value = Fraction(2)
        if self._take("["):
            degree = self._sum()
            self._expect("]")
        return power(self._argument(), divide(Fraction(1), degree))

    def _function(self, name: str) -> Value:
        """`\\sin 30^\\circ`, `\\log_2 8`, `\\cos^2 \\frac{\\pi}{3}`."""
        base: Value = Fraction(10) if name == "log" else None
        exponent: Value = Fraction(1)
        if name == "log" and self._take("_"):
            base = self._argument()
        if self._take("^"):
            exponent = self._argument()
            if exponent == -1:
                raise UnreadError("inverse function")
        before, self.degrees = self.degrees, False
        argument, _ = self._factor()
        if self.degrees and name in _TRIGONOMETRIC:
            argument = divide(multiply(argument, sympy.pi), Fraction(180))
        self.degrees = before
        if base is not None:
            return power(divide(function("ln", argument), function("ln", base)), exponent)
        return power(function(name, argument), exponent)


_GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "theta", "phi", "varphi", "omega", "lambda", "mu", "sigma", "tau",
    "rho", "zeta", "angle", "triangle", "overline",
})  # fmt: skip


@lru_cache(maxsize=65536)
def read_side(text: str, letters: bool = False, stars: bool = True) -> Side:
    """All readings of a side. `letters` makes unknowns symbols; `stars=False` says that `*` is no product here."""
    plain = normalized(text)
    if not stars and re.search(r"(?<!\\)\*", text):
        return Side(text, "unread")
    mixed = [True, False] if re.search(r"\d\s*\\frac|\d\s+\d+/\d", plain) else [True]
    tight = [False, True] if re.search(r"[/÷]", plain) else [False]
    percent = [True, False] if "%" in plain else [True]
    values: list[Value] = []
    operations, status = 0, "unread"
    for options in product(mixed, tight, percent):
        parser = _Parser(plain, *options, letters)
        try:
            value = parser.parse()
        except LettersError:
            status = "letters"
            continue
        except (UnreadError, ArithmeticError, ValueError, TypeError, RecursionError, AttributeError):
            continue
        operations = max(operations, parser.operations)
        if not any(same(value, other) for other in values):
            values.append(value)
    if values:
        bare = re.fullmatch(r"-?\d*(?:,\d{3})*\.(\d+)[%°\ue000-\uf8ff ]*", plain)
        return Side(text, "number", tuple(values), operations, len(bare.group(1)) if bare else 0)
    if status == "unread" and re.search(r"[A-Za-z]", re.sub(r"\\[a-zA-Z]+", "", plain)):
        status = "letters"
    return Side(text, "letters" if status == "letters" else "unread")


def equal(left: Side, right: Side) -> bool:
    """Whether two sides are equal in one of their readings, or one is the other rounded to its decimals."""
    checks: list[Callable[[Value, Value], bool]] = [same]
    if right.decimals:
        checks.append(lambda exact, shown: shows(exact, shown, right.decimals))
    if left.decimals:
        checks.append(lambda shown, exact: shows(exact, shown, left.decimals))
    return any(check(a, b) for a in _in_radians(left, right) for b in _in_radians(right, left) for check in checks)


def _in_radians(side: Side, other: Side) -> tuple[Value, ...]:
    """`60^\\circ` beside `60 \\cdot \\frac{\\pi}{180}` is 60 times pi/180."""
    mine, its = normalized(side.text), normalized(other.text)
    if "°" not in mine or "°" in its or "π" not in its:
        return side.values
    return (*side.values, *(divide(multiply(each, sympy.pi), Fraction(180)) for each in side.values))
