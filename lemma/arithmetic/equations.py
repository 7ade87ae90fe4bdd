"""Read the equations of a step's text: `5 * 7 = $35`, `20% of 50 = 10`, `$120\\cdot30\\cdot\\frac{1}{100}=36$`.

    >>> step = read_step("She sold 48 / 2 = 24 clips.")
    >>> step.equations[0].result.face, step.equations[0].holds
    (24, True)

Words between a number and the next operator are units (`8 black + 10 green = 18`) and count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, pairwise

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, Expression, evaluate
from lemma.arithmetic.latex import without_box
from lemma.arithmetic.numbers import (
    FRACTION,
    LATEX_FRACTION,
    PLAIN,
    WORD_VALUES,
    Number,
    NumberStyle,
    Value,
    decimals_needed,
    divide,
    round_half_up,
    truncate,
)
from lemma.arithmetic.parser import Operator, Side, read_sides
from lemma.arithmetic.tokens import (
    CLOSE,
    EQUALS,
    FRAC,
    MONEY,
    NUMBER,
    OPEN,
    OPERATOR,
    OTHER,
    SKIP,
    UNSPACED,
    WORD,
    Token,
    tokenize,
)

_LONGEST_STEP = 10_000  # characters; the longest solutions of MATH, all their steps together, have a third of this
_BEGINNERS = frozenset((NUMBER, OPEN, FRAC, MONEY))
_PRONOUNS = frozenset(("he", "she", "they", "it", "who", "which"))
_DETERMINERS = frozenset(("the", "his", "her", "their", "its", "those", "these", "this", "that"))
_SHARE_OF_WORDS = re.compile(r"(?:%|percent) of (?![\d$(])")
_CENTS = re.compile(r"\bcents?\b|¢")
_CONGRUENCE = re.compile(r"≡|\\(?:equiv|[bp]?mod)(?![a-zA-Z])|\bmod(?:ulo)?\b")
# What may stand between a formula and its surroundings, and is no part of it.
_LINKS = re.compile(
    r"[.,;:]|\\(?:q?quad|implies|iff|therefore|because|(?:[Ll]ong)?[Rr]ightarrow|to|left|(?:begin|end)\{.*)|\\\\"
)
_COMMAND = re.compile(r"\\[A-Za-z]")
# Remarks in brackets that a reader passes over, in 6 (only dairy) + 3 (both), but none that changes the number.
_NUMBER_WORDS = "|".join(word for word in WORD_VALUES if word != "both")
_CHANGES_NUMBER = (
    "cents?|percent|dozens?|billion|squared|cubed|thirds?|quarters?|times|pairs?|per|plus|minus|of|[A-Za-z]"
)
_REMARK = re.compile(
    rf"(?<=[\da-z]) \((?![^()]*\b(?:{_NUMBER_WORDS}|{_CHANGES_NUMBER})\b)[A-Za-z']+(?:[ -][A-Za-z']+){{0,5}}\)"
    r"(?=\s{0,99}[-+*/×÷=])"
)
# What is worked out, said once more before its result: Total = 56 * 2. Total = 112
_SIDE = r"(?:[^=.\n]|\.(?=\d)){0,60}?"
_SAID_AGAIN = re.compile(
    r"((?<![^.:;\n] )\b([A-Z][A-Za-z' -]{2,60})\s?=\s?"
    rf"{_SIDE}[-+*/×÷] ?\$?[\d(]{_SIDE}(?<=[\d)%])(?: [a-z]{{1,15}})?)"
    r"([.,]?\s+(?:(?:Therefore|Thus|Hence|So|Then),?\s)?\2)"
    r"(?=\s?=\s?\$?\d[\d,.]*+(?: [a-z]{1,15})?(?!\s?[-+*/×÷=]))"
)
_WHICH_EQUALS = re.compile(r"([-+*/×÷] ?\$?\d[\d.,]{0,12}\)?(?: [a-z]{1,15})?), which(?= equals -?\$?\d)")
_FUNCTION = re.compile(r"[fghpqFGHPQAVSTNC]")
_MOST_UNIT_WORDS = 2
_NEAR = 8  # tokens without meaning that may stand before the next one with


@dataclass(frozen=True, slots=True)
class Equation:
    """An expression and its stated result. Leaves of `tree` index `operands`; node positions index `operators`.

    `start` and `end` span the expression, without the equals sign and the result. If the text does not show the
    expression, `visible` is false and its operands have no place (`start` is -1). If it solves an equation of algebra,
    `solves` is that equation.

    `holds` is None if the equation can't be judged. `rounded` says that the result is the exact value to the digits
    shown; `bare_percent` that the percent sign of the result names the unit of a value that is already in percent
    (`5 / 20 * 100 = 25%`). `chained` equations have more sides than an expression and a result, or may be a part of
    something longer that was not read; they can be trusted, but not changed.
    """

    tree: Expression
    operands: tuple[Number, ...]
    operators: tuple[Operator, ...]
    result: Number
    start: int
    end: int
    holds: bool | None
    rounded: bool = False
    bare_percent: bool = False
    chained: bool = False
    visible: bool = True
    solves: str = ""

    def operand_values(self) -> list[Value]:
        """The value of each operand: 7/20 for `35%`."""
        return [operand.value for operand in self.operands]


@dataclass(frozen=True, slots=True)
class StepReading:
    """A step's text, its equations, the numbers outside of them, and where equals signs stand that can't be read."""

    text: str
    equations: tuple[Equation, ...]
    mentions: tuple[Number, ...]
    unread: tuple[int, ...]


def read_step(text: str, latex: bool = False) -> StepReading:
    """Read one step. Never fails: anything that is not an equation ends up in `mentions` and `unread`. A text of more
    than 10,000 characters is not read at all.

    A text with a backslash is read as LaTeX, unless that is only a box around its answer or an escaped sign. So is a
    text marked as `latex`, because others of its solution are.
    """
    return _read_once(text, latex or ("\\" in text and "\\" in without_box(text)))


@lru_cache(maxsize=65536)
def _read_once(text: str, latex: bool) -> StepReading:
    if len(text) > _LONGEST_STEP:
        return StepReading(text, (), (), (0,))
    plain = text if latex else as_read(text)
    reading = _StepReader(plain, latex).read()
    return reading if plain is text else replace(reading, text=text)


def as_read(text: str) -> str:
    """A text with blanks in place of what is passed over when it is read, so that every number keeps its place: a box
    around the answer and backslashes of signs, remarks in brackets within a calculation, and what is worked out, said
    once more before its result. A text that has other LaTeX stays as it is.

    >>> as_read("$100 (Carmen) + $25 = $125")
    '$100          + $25 = $125'
    >>> as_read("Cal's marbles = 56 * 2. Cal's marbles = 112.")
    "Cal's marbles = 56 * 2                = 112."
    """
    text = without_box(text)
    if "\\" in text or ("=" not in text and ", which equals" not in text):
        return text
    text = _WHICH_EQUALS.sub(r"\1       ", text)
    if text.count("=") > 1:
        text = _SAID_AGAIN.sub(lambda said: said[1] + " " * len(said[3]), text)
    return _REMARK.sub(lambda remark: " " * len(remark[0]), text) if "(" in text else text


class _StepReader:
    """Walks through the tokens of one step from left to right."""

    def __init__(self, text: str, latex: bool) -> None:
        self.text, self.latex = text, latex
        self.tokens = tokenize(text, latex)
        self.equations: list[Equation] = []
        self.mentions: list[Number] = []
        self.unread: list[int] = []
        self.is_modular = _CONGRUENCE.search(text) is not None

    def read(self) -> StepReading:
        tokens, position = self.tokens, 0
        while position < len(tokens):
            begins = tokens[position].kind in _BEGINNERS or tokens[position].text == "-"
            if not (begins or tokens[position].kind == EQUALS) or self._is_called(position):
                position += 1
                continue
            sides, after = read_sides(tokens, position) if begins else ([], position)
            if len(sides) > 1 and any(isinstance(side.tree, Binary) for side in sides):
                self._take_chain(sides, position, after)
            elif self._is_false_equality(sides, position):
                self.equations.extend(_equation(side, sides[-1].numbers[0], chained=True) for side in sides[:-1])
            else:
                self._take_mentions(sides, position, after)
            position = max(after, position + 1)
        return StepReading(self.text, tuple(self.equations), tuple(self.mentions), tuple(self.unread))

    def _is_called(self, position: int) -> bool:
        """Whether a bracket belongs to the letter or command before it, as in `f(3) + 1 = 3` and `\\sin(30)`: it holds
        an argument or stands beside an unknown factor, so no arithmetic begins here.
        """
        token, before = self.tokens[position], self._before(position)
        if token.kind != OPEN or before is None or before.kind not in (WORD, OTHER):
            return False
        if before.text[0] == "\\":
            return _COMMAND.match(before.text) is not None and not _LINKS.fullmatch(before.text)
        return before.text[-1].isalpha() and before.end == token.start and (self.latex or len(before.text) == 1)

    def _take_chain(self, sides: list[Side], position: int, after: int) -> None:
        """Take sides that are called equal, at least one of which has an operation."""
        read, before = _equations_of(sides), self._before(position)
        if self._is_under_share(position):
            read = [replace(found, holds=None) for found in read]
        elif before is not None and before.kind == OPERATOR and before.end - before.start == 1:
            read = []  # The expression began in words: "the first number + 12 = 40", "x - 2 = 8".
        elif not all(equation.holds for equation in read) and self._is_loose(position, after, read):
            read = []
        doubtful = bool(read) and self._is_doubtful(position, after)
        self.equations.extend(replace(found, chained=True) if doubtful else found for found in read)
        if not read:
            self.unread.append(self.tokens[position].start)
            self.mentions.extend(number for side in sides for number in _mentioned(side))

    def _passed(self, position: int, after: int) -> Sequence[Token]:
        """The tokens of what was read, and the next one, if it stands on the same line."""
        behind = self.tokens[after : after + 1]
        ends_line = bool(behind) and "\n" in self.text[self.tokens[after - 1].end : behind[0].start]
        return self.tokens[position : after + (not ends_line)]

    def _before(self, position: int) -> Token | None:
        return self.tokens[position - 1] if position else None

    def _is_under_share(self, position: int) -> bool:
        """Whether an expression is under a share in words: `10% of the $400 + $30 = $70`."""
        before = self.tokens[max(0, position - 3) : position]
        if len(before) < 3 or before[0].kind != NUMBER or before[2].kind != WORD:
            return False
        return before[1].text == "*" and before[1].end - before[1].start == 2 and before[2].text in _DETERMINERS

    def _take_mentions(self, sides: list[Side], position: int, after: int) -> None:
        """Take what is no equation. `x = 60` names a value; `1 foot = 12 inches` states a fact; `2x + 3 = 17` is
        algebra that can't be followed.
        """
        self.mentions.extend(number for side in sides for number in _mentioned(side))
        if len(sides) < 2:
            if not self._names_a_value(position):
                passed = self.tokens[position : max(after, position + 1)]
                self.unread.extend(token.start for token in passed if token.kind == EQUALS)
            return
        before = self._before(position) or self.tokens[position]
        # A LaTeX command takes up the number: \sqrt 16 = 4.
        taken = _COMMAND.match(before.text) is not None and not _LINKS.fullmatch(before.text)
        # A term stands before it (x + 1 = 3); or 343 is 1000, in another base or to a modulus.
        term = before.kind == OPERATOR
        unequal = len({number.value for side in sides for number in _mentioned(side)}) > 1
        if taken or (self.latex and (term or unequal)):
            self.unread.append(self.tokens[position].start)

    def _names_a_value(self, position: int) -> bool:
        """Whether a name stands before the equals sign, `f(2)` among them, and no arithmetic before the name."""
        before = self._before(position)
        while before is not None and before.kind == SKIP:
            position -= 1
            before = self._before(position)
        if before is not None and before.kind == CLOSE and position >= 4:
            function, opening, argument = self.tokens[position - 4 : position - 1]
            if opening.kind == OPEN and argument.kind in (NUMBER, WORD) and _FUNCTION.fullmatch(function.text):
                before, position = function, position - 3
        letter = before is not None and before.text == "*" and before.end - before.start == 1  # the unknown x
        if before is None or not (letter or before.kind == WORD):
            return False
        return position < 2 or self.tokens[position - 2].kind not in (NUMBER, OPERATOR, CLOSE)

    def _is_named(self, position: int) -> bool:
        """Whether only names stand before an equals sign in its formula: `\\angle A = x =`, but not `a + b =`."""
        if not self._names_a_value(position):
            return False
        for here in range(position - 1, -1, -1):
            token = self.tokens[here]
            if token.kind == EQUALS:
                return self._is_named(here)
            if token.kind == MONEY or _LINKS.fullmatch(token.text):
                return True
            if token.kind in (OPERATOR, FRAC, NUMBER) and not (token.kind == NUMBER and self._is_called(here - 1)):
                return False
        return True

    def _is_loose(self, position: int, after: int, read: Sequence[Equation]) -> bool:
        """Whether what does not hold here is more likely misread than false: letters that stand for numbers, LaTeX that
        goes on, words such as `equals` that may not mean an equation.
        """
        passed = self._passed(position, after)
        nested = any(self._divides_by_fraction(equation) for equation in read if not equation.chained)
        if nested or self.is_modular or _CENTS.search(self.text, passed[0].start, passed[-1].end):
            return True  # 3 / 1/4 = 12, 2^2 = 1 (mod 3), $0.25 * 2 = 50 cents
        if self._has_letters(passed) or (self.latex and not self._stands_alone(position, after)):
            return True
        worded = all(token.text[0].isalpha() for token in passed if token.kind == EQUALS)
        return not read or (worded and self._is_distant(passed, read[0].tree))

    def _is_distant(self, passed: Sequence[Token], tree: Expression) -> bool:
        """Whether `equals` may mean no equation: `3/4 is equal to $15`, `16 square feet, because four times four equals
        16`, but not `99.1 plus 4 equals 692`.
        """
        runs = [len(list(run)) for is_word, run in groupby(passed, lambda token: token.kind == WORD) if is_word]
        is_share = isinstance(tree, Binary) and tree.operator == "/"
        return is_share or max(runs, default=0) > _MOST_UNIT_WORDS or self._has_number_word(passed)

    def _stands_alone(self, position: int, after: int) -> bool:
        """Whether a formula begins and ends with the equation, or begins with the name of its value (`x = 5 + 7 = 12`):
        nothing around it was left unread that could belong to it.
        """
        tokens = self.tokens
        before = next((here for here in range(position - 1, -1, -1) if tokens[here].kind != SKIP), -1)
        named = before >= 0 and tokens[before].kind == EQUALS and self._is_named(before)
        if before >= 0 and not named and not self._is_boundary(before, position):
            return False
        behind = [here for here in range(after, min(after + _NEAR, len(tokens))) if tokens[here].kind != SKIP]
        # A new row may go on with an equals sign, and a side that was not read follows the last one.
        goes_on = len(behind) > 1 and tokens[behind[0]].text == "\\\\" and tokens[behind[1]].kind == EQUALS
        if goes_on or tokens[after - 1].kind == EQUALS:
            return False
        return not behind or self._is_boundary(behind[0], after - 1)

    def _is_boundary(self, here: int, beside: int) -> bool:
        """Whether a token is no part of the formula beside it."""
        token, other = self.tokens[here], self.tokens[beside]
        apart = token.end < other.start or other.end < token.start
        word = token.kind == WORD and len(token.text) > 1 and apart
        return word or token.kind == MONEY or _LINKS.fullmatch(token.text) is not None

    def _divides_by_fraction(self, equation: Equation) -> bool:
        """Whether an equation holds if the fraction behind a division is taken as one number: `3 / 1/4 = 12`. Brackets
        say what is meant: `(3 / 1)/4`.
        """
        tree, operands = equation.tree, equation.operands
        if not (isinstance(tree, Binary) and isinstance(tree.left, Binary) and isinstance(tree.right, int)):
            return False
        inner = tree.left
        if not inner.operator == tree.operator == "/" or not isinstance(inner.right, int):
            return False
        if self.text[operands[inner.right].end : operands[tree.right].start].strip() != "/":
            return False
        nested = Binary("/", inner.left, Binary("/", inner.right, tree.right))
        return judge(nested, equation.operand_values(), equation.result)[0] is True

    def _is_doubtful(self, position: int, after: int) -> bool:
        """Whether an equation holds, but another reader might see something else in it: `6r + 24`, `8 times six`,
        `45% of people + 8%`, `11 a.m. - 2 hours`, or a part of a longer formula, as in `\\binom{7}{2} = 42 / 2 = 21`.
        """
        passed = self._passed(position, after)
        clause = any(token.kind == WORD and (token.text.lower() in _PRONOUNS or "." in token.text) for token in passed)
        share = _SHARE_OF_WORDS.search(self.text, passed[0].start, passed[-1].end)
        if self._has_number_word(passed) or clause or share is not None or self._has_letters(passed):
            return True
        if self.is_modular or (self.latex and not self._stands_alone(position, after)):
            return True
        before = self._before(position)
        return before is not None and before.kind == EQUALS and not self._names_a_value(position - 1)

    def _has_number_word(self, passed: Sequence[Token]) -> bool:
        return any(
            token.kind == WORD and len(WORD_VALUES.get(token.text.lower(), ())) == 1 and before.kind == OPERATOR
            for before, token in pairwise(passed)
        )

    def _has_letters(self, passed: Sequence[Token]) -> bool:
        """Whether letters that are no words of English stand here: `2a + 15`, `6r`, but not `half of a cup`. In LaTeX,
        `2xy + 65` and `2 \\cdot AD` too: units are set as text there.
        """
        for before, token in zip((*passed[:1], *passed), passed, strict=False):
            glued = before.end == token.start
            if token.kind != WORD or UNSPACED.search(token.text):
                continue
            if len(token.text) == 1 and (token.text not in "aAI" or glued):
                return True
            if self.latex and (glued or len(token.text) < 3 or before.kind == OPERATOR):
                return True
        return False

    def _is_false_equality(self, sides: Sequence[Side], position: int) -> bool:
        """Whether two different bare numbers are called equal: `10=2 = $12.00`, but not `1 foot = 12 inches`."""
        before = self._before(position)
        afresh = before is None or (before.kind == WORD and len(before.text) > 1) or before.text in ".,;"
        if not afresh or len(sides) < 2 or self.latex or self.is_modular or not sides[-1].numbers:
            return False
        tail = self.text[sides[-1].end :].lstrip()
        if any(side.label for side in sides) or tail[:1].isalpha():
            return False
        return any(side.numbers[0].value != sides[-1].numbers[0].value for side in sides[:-1])


def _equations_of(sides: list[Side]) -> list[Equation]:
    """The equations of a chain; none if no side is a number. `a + b = 5 + 4 = 9` is two, with the same result."""
    labelled = len(sides) > 2 and (sides[0].worded or (isinstance(sides[0].tree, int) and sides[0].label))
    chained = len(sides) > 2
    if labelled:
        sides = sides[1:]  # "The area of 2 rooms = 2 * 48 = 96"
    result, worked = _stated(sides[-1]), sides[:-1]
    numbers = [side.numbers[0].value for side in worked if isinstance(side.tree, int)]
    if result is None or len(numbers) == len(worked):
        result, worked, numbers = _stated(sides[0]), sides[1:], []  # 10 = 5 * 2
    if result is None:
        return []
    equations = [_equation(side, result, chained) for side in worked if isinstance(side.tree, Binary)]
    # 5 * 7 = 35 / 2 = 17.5 and the like is a running line, not an equation.
    running = any(number != result.value for number in numbers)
    return [replace(equation, holds=None) for equation in equations] if running else equations


def _stated(side: Side) -> Number | None:
    """The number that a side is, if it is one: plain, or a fraction of two plain ones."""
    if isinstance(side.tree, int):
        return side.numbers[0]
    if len(side.numbers) != 2:
        return None
    numerator, denominator = side.numbers
    integers = isinstance(numerator.face, int) and isinstance(denominator.face, int)
    if not (integers and denominator.face) or numerator.percent or denominator.percent:
        return None
    value = divide(numerator.face, denominator.face)
    if side.operators[0].is_bar:
        return Number(
            side.operators[0].start, side.end, value, NumberStyle(LATEX_FRACTION, separator=side.operators[0].symbol)
        )
    if side.operators[0].symbol == "/" and denominator.start - numerator.end == 1:
        return Number(numerator.start, denominator.end, value, NumberStyle(FRACTION))
    return None


def _mentioned(side: Side) -> Sequence[Number]:
    """The numbers that a side mentions if it is no part of an equation: `5/4` is one number, `5 + 4` are two."""
    stated = _stated(side)
    return side.numbers if stated is None else (stated,)


def _equation(side: Side, result: Number, chained: bool) -> Equation:
    holds, rounded, bare = judge(side.tree, [number.value for number in side.numbers], result)
    operators = tuple(side.operators)
    return Equation(
        side.tree, tuple(side.numbers), operators, result, side.start, side.end, holds, rounded, bare, chained
    )


def judge(tree: Expression, values: Sequence[Value], result: Number) -> tuple[bool | None, bool, bool]:
    """Whether an expression has the stated result: (holds, rounded, bare_percent)."""
    try:
        exact = evaluate(tree, values)
    except ArithmeticRefusal:
        return None, False, False
    if exact == result.value:
        return True, False, False
    if result.percent and exact == result.face:
        return True, False, True
    for bare in (False, True) if result.percent else (False,):
        shown = divide(exact * 100, 1) if result.percent and not bare else exact
        if is_rounding(shown, result):
            return True, True, bare
    return False, False, False


def is_rounding(exact: Value, shown: Number) -> bool:
    """Whether a number is the exact value rounded or cut to the digits it shows, and had to be: `0.67` for 2/3."""
    needed = decimals_needed(exact)
    decimals = shown.style.decimals
    if shown.style.form != PLAIN or (needed is not None and needed <= max(decimals, 2)):
        return False
    return shown.face in (round_half_up(exact, decimals), truncate(exact, decimals))
