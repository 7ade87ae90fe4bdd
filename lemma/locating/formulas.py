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

import cmath
import math
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

Environment = Mapping[str, complex]

_MOST_TOKENS = 80  # of one side; a longer one is not read
_LARGEST = 1e100
_MATH = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$(.+?)\$\$", re.DOTALL)
_DOLLARS = re.compile(r"\$(?!\s)([^$]*?)(?<![\s(])\$(?!\d)")
_NOT_READ = re.compile(
    r"\\(?:p?mod|bmod|equiv|sum|prod|int|lim|begin\{(?:p|b|v)?matrix|pm|mp|overline|dots|ldots|cdots)"
)
_NOISE = re.compile(
    r"\\(?:left|right|displaystyle|[bB]igg?[lr]?|[,;:!\s]|q?quad(?![a-zA-Z])|begin\{[a-z*]+\}|end\{[a-z*]+\})|[&~]"
    r"|\^\s*\{?\\circ\}?|\*\*"
)
_WORDS_IN_MATH = re.compile(r"\\(?:text|mathrm|textbf|mbox|operatorname)\s*\{[^{}]*\}")
_REMARK = re.compile(r"\((?=[^()]*[A-Za-z]{2})[^()\\=]*\)")  # 7995 (total cookies) - 2595 (rainbow cookies)
_REMAINDER = re.compile(r"\b(?:remain|rem\b|with\b|R\b)")
_BULLET = re.compile(r"(^|\n)\s*[-*•]\s")
_TOKEN = re.compile(
    r"""(?P<number>\d{1,3}(?:(?:,|\{,\}|,\\!)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    |(?P<break>\\\\|\\(?:implies|Rightarrow|Longrightarrow|rightarrow|to|iff|Leftrightarrow|le|leq|ge|geq|neq?|lt|gt|in|ne)(?![a-zA-Z])
        |[;:?<>≤≥≠\n]|,|\.(?!\d)|\\[()\[\]])
    |(?P<equals>=|≈|\\(?:approx|sim)(?![a-zA-Z])|(?<![A-Za-z])equals(?![A-Za-z]))
    |(?P<operator>\\(?:times|cdot|div|ast)(?![a-zA-Z])|[+*/×·÷−–^!%_|-])
    |(?P<open>[({\[]|\\\{)|(?P<close>[)}\]]|\\\})
    |(?P<command>\\[a-zA-Z]+)|(?P<word>[A-Za-z]{2,}|¤+)|(?P<letter>[A-Za-zπ])|(?P<skip>(?:[^\S\n]|[$£€])+|\\)|(?P<other>.)""",
    re.VERBOSE,
)
_SAME_OPERATOR = {
    "\\times": "*", "\\cdot": "*", "\\ast": "*", "×": "*", "·": "*",
    "\\div": "/", "÷": "/", "−": "-", "–": "-",
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "\\sin": cmath.sin, "\\cos": cmath.cos, "\\tan": cmath.tan, "\\ln": cmath.log, "\\exp": cmath.exp,
    "\\arctan": cmath.atan, "\\arcsin": cmath.asin, "\\arccos": cmath.acos,
}  # fmt: skip
_ROUNDING: dict[str, Callable[[float], int]] = {"\\lfloor": math.floor, "\\lceil": math.ceil}
_CONSTANTS: dict[str, complex] = {"\\pi": math.pi, "π": math.pi, "i": 1j, "e": math.e}
_GREEK = frozenset(("\\alpha", "\\beta", "\\gamma", "\\theta", "\\phi", "\\lambda", "\\mu", "\\omega", "\\ell"))
_ENDINGS = frozenset(("remainder", "rem", "with", "¤¤"))  # 706 / 7 = 100 remainder 6
_UNITS = frozenset(
    ("am", "pm", "km", "cm", "mm", "kg", "mg", "ml", "mL", "lb", "oz", "ft", "in", "hr", "hp", "th", "st", "nd", "rd")
)
_NAMES_OF_FUNCTIONS = frozenset("fghPQ")


class _Token(NamedTuple):
    kind: str
    text: str
    in_math: bool
    labelled: bool = False  # words stand behind it: `18 books`


class UnreadableError(ValueError):
    """A formula, or a value of it, that is not followed."""


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
    """All equalities of a text whose two sides can be read, in the order of the text."""
    found: list[Relation] = []
    for piece in _pieces(text):
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
    for piece in _pieces(f"\\({formula}\\)"):
        side = _prefix(piece.tokens, 0)
        if side is not None and side[1] == len(piece.tokens) and not side[0].letters:
            try:
                return side[0].at({})
            except UnreadableError:
                return None
    return None


class _Piece(NamedTuple):
    """Tokens without a word or a full stop between them, and whether a word stands before or behind."""

    tokens: list[_Token]
    after_word: bool
    before_word: str


def _pieces(text: str) -> Iterator[_Piece]:
    """The tokens of the text, cut wherever no formula goes on."""
    tokens: list[_Token] = []
    end = 0
    pattern = _MATH if "\\(" in text or "\\[" in text else _DOLLARS
    for match in pattern.finditer(text):
        tokens += _tokens(text[end : match.start()], in_math=False)
        tokens += _tokens(next(group for group in match.groups() if group is not None), in_math=True)
        end = match.end()
    tokens += _tokens(text[end:], in_math=False)
    piece: list[_Token] = []
    after_word = False
    kept = _without_units(tokens)
    for here, token in enumerate(kept):
        goes_on = token.text in ("\n", "\\\\") and here + 1 < len(kept) and kept[here + 1].kind == "equals"
        if token.kind in ("break", "word") and not goes_on:
            yield _Piece(piece, after_word, token.text if token.kind == "word" else "")
            piece, after_word = [], token.kind == "word"
        elif not goes_on:
            piece.append(token)
    yield _Piece(piece, after_word, "")


def _words_in_math(match: re.Match[str]) -> str:
    return " ¤¤ " if _REMAINDER.search(match.group()) else " ¤ "


def _tokens(text: str, in_math: bool) -> list[_Token]:
    if not text.strip() or _NOT_READ.search(text):
        return [_Token("break", "", in_math)]
    text = re.sub(r"\\boxed\s*", "", _NOISE.sub(" ", _WORDS_IN_MATH.sub(_words_in_math, text)))
    if not in_math:
        text = _BULLET.sub(r"\1 ¤ ", _REMARK.sub(" ", text))
    tokens = []
    for match in _TOKEN.finditer(text):
        kind, written = match.lastgroup or "other", match.group()
        if kind == "skip":
            continue
        if kind == "word" and "¤" not in written and (in_math or _is_coefficient(text, match)):
            tokens += [_Token("letter", letter, in_math) for letter in written]
            continue
        tokens.append(_Token(kind, _SAME_OPERATOR.get(written, written), in_math))
    return tokens


def _is_coefficient(text: str, word: re.Match[str]) -> bool:
    """Whether two letters behind a number are a product, as in `2xy`. Units have more letters, or a blank before."""
    return word.end() - word.start() == 2 and text[: word.start()][-1:].isdigit() and word.group() not in _UNITS


def _without_units(tokens: Sequence[_Token]) -> list[_Token]:
    """The tokens without the words between a number and what comes next in the formula: `18 books + 20 = 38`."""
    kept: list[_Token] = []
    position = 0
    while position < len(tokens):
        end = position
        while end < len(tokens) and tokens[end].kind == "word":
            end += 1
        after_number = bool(kept) and kept[-1].kind in ("number", "close")
        goes_on = end < len(tokens) and (tokens[end].kind == "equals" or tokens[end].text in ("+", "-", "*", "/"))
        if end > position and not (after_number and goes_on and end - position <= 4):
            kept.append(tokens[position])  # one word is enough to cut
        elif end > position:
            kept[-1] = kept[-1]._replace(labelled=True)
        position = max(end, position)
        if position < len(tokens) and tokens[position].kind != "word":
            kept.append(tokens[position])
            position += 1
    return kept


def _chain(piece: _Piece, equals: int) -> tuple[list[Relation], int]:
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


def _first_side(piece: _Piece, end: int) -> Side | None:
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
    return None if (truncated and piece.after_word) or (single and piece.tokens[end - 1].labelled) else found[0]


def _prefix(piece: Sequence[_Token], start: int) -> tuple[Side, int] | None:
    """The expression that begins here, and where it ends."""
    tokens = piece[start : start + _MOST_TOKENS]
    parser = _Parser(tokens)
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


_Value = Callable[[Environment], complex]


class _Parser:
    """Recursive descent; each method returns the value of what it read as a function of the letters."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self.tokens, self.position = list(tokens), 0
        self.letters: set[str] = set()

    def _next(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _take(self, *texts: str) -> str | None:
        token = self._next()
        if token is not None and token.text in texts:
            self.position += 1
            return token.text
        return None

    def expression(self) -> _Value:
        value = self._term()
        while (operator := self._take("+", "-")) is not None:
            value = _binary(operator, value, self._term())
        return value

    def _term(self) -> _Value:
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
            return self.tokens[self.position - 1].kind == "close"
        return token.kind in ("letter", "open") or (
            token.kind == "command" and token.text not in ("\\rfloor", "\\rceil")
        )

    def _signed(self) -> _Value:
        if self._take("-"):
            inner = self._signed()
            return lambda environment: -inner(environment)
        self._take("+")
        return self._power()

    def _power(self) -> _Value:
        value = self._atom()
        while (sign := self._take("!", "%")) is not None:
            value = _postfix(sign, value)
        if self._take("^"):
            value = _binary("^", value, self._argument())
            if self._take("!", "_"):
                raise UnreadableError
        return value

    def _argument(self) -> _Value:
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

    def _closed(self, *closing: str) -> _Value:
        value = self.expression()
        if self._take(*closing) is None:
            raise UnreadableError
        return value

    def _atom(self) -> _Value:
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

    def _number(self, token: _Token) -> _Value:
        if self._take("_"):
            raise UnreadableError  # a number in another base
        number = float(re.sub(r"[^\d.]", "", token.text))
        following = self._next()
        if following is not None and following.text in ("\\frac", "\\tfrac", "\\dfrac"):
            self.position += 1
            fraction = self._command("\\frac")
            return lambda environment: number + fraction(environment)  # 2\frac12 is two and a half
        return _constant(number)

    def _letter(self, name: str) -> _Value:
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

    def _command(self, name: str) -> _Value:
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

    def _function(self, name: str) -> _Value:
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


def _constant(number: complex) -> _Value:
    return lambda environment: number


def _binary(operator: str, left: _Value, right: _Value) -> _Value:
    if operator == "+":
        return lambda environment: left(environment) + right(environment)
    if operator == "-":
        return lambda environment: left(environment) - right(environment)
    if operator == "*":
        return lambda environment: left(environment) * right(environment)
    if operator == "/":
        return lambda environment: left(environment) / right(environment)
    return lambda environment: left(environment) ** right(environment)


def _postfix(sign: str, value: _Value) -> _Value:
    if sign == "%":
        return lambda environment: value(environment) / 100
    return lambda environment: complex(math.factorial(_natural(value(environment))))


def _natural(value: complex) -> int:
    whole = round(value.real)
    if abs(value - whole) > 1e-9 or not 0 <= whole <= 170:
        raise UnreadableError
    return whole
