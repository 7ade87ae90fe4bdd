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
from itertools import pairwise

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, Expression, evaluate
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
from lemma.arithmetic.tokens import CLOSE, EQUALS, FRAC, MONEY, NUMBER, OPEN, OPERATOR, WORD, Token, tokenize

_LONGEST_STEP = 10_000  # characters; the longest solutions of MATH, all their steps together, have a third of this
_BEGINNERS = frozenset((NUMBER, OPEN, FRAC, MONEY))
_PRONOUNS = frozenset(("he", "she", "they", "it", "who", "which"))
_DETERMINERS = frozenset(("the", "his", "her", "their", "its", "those", "these", "this", "that"))
_SHARE_OF_WORDS = re.compile(r"(?:%|percent) of (?![\d$(])")
_CENTS = re.compile(r"\bcents?\b|¢")


@dataclass(frozen=True, slots=True)
class Equation:
    """An expression and its stated result. Leaves of `tree` index `operands`; positions of it index `operators`.

    Where the text does not show the expression, `visible` is false, and its operands have no place (`start` is -1);
    where it solves an equation of algebra, `solves` is that. `start` and `end` span the expression, without the equals
    sign and the result.

    `holds` is None where the equation can't be judged. `rounded` says that the result is the exact value to the digits
    shown; `bare_percent` that the percent sign of the result names the unit of a value that is already in percent
    (`5 / 20 * 100 = 25%`). `chained` equations have more sides than an expression and a result.
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
        """What the operands count for."""
        return [operand.value for operand in self.operands]


@dataclass(frozen=True, slots=True)
class StepReading:
    """A step's text, its equations, the numbers outside of them, and where equals signs stand that can't be read."""

    text: str
    equations: tuple[Equation, ...]
    mentions: tuple[Number, ...]
    unread: tuple[int, ...]


@lru_cache(maxsize=65536)
def read_step(text: str) -> StepReading:
    """Read one step. Never fails: what is no equation is left to `mentions` and `unread`, and so is an endless text."""
    if len(text) > _LONGEST_STEP:
        return StepReading(text, (), (), (0,))
    tokens = tokenize(text)
    equations: list[Equation] = []
    mentions: list[Number] = []
    unread: list[int] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        begins = token.kind in _BEGINNERS or token.text == "-"
        if not begins and token.kind != EQUALS:
            position += 1
            continue
        sides, after = read_sides(tokens, position) if begins else ([], position)
        if len(sides) > 1 and any(isinstance(side.tree, Binary) for side in sides):
            read = _equations_of(sides)
            if _continues_share(tokens, position):
                read = [replace(found, holds=None) for found in read]
            elif _continues_words(tokens, position) or (
                not _all_hold(read) and _is_loose(text, tokens, position, after, read)
            ):
                read = []
            passed = tokens[position : after + 1]
            equations.extend(replace(found, chained=True) if _is_doubtful(text, passed) else found for found in read)
            if not read:
                unread.append(token.start)
                mentions.extend(number for side in sides for number in _mentioned(side))
        elif _starts_afresh(tokens, position) and _is_false_equality(text, sides):
            equations.extend(_equation(side, sides[-1].numbers[0], chained=True) for side in sides[:-1])
        else:
            mentions.extend(number for side in sides for number in _mentioned(side))
            unread.extend(_unread_equals(tokens, position, after, sides))
        position = max(after, position + 1)
    return StepReading(text, tuple(equations), tuple(mentions), tuple(unread))


def _continues_words(tokens: Sequence[Token], position: int) -> bool:
    """Whether the expression began in words: `the first number + 12 = 40`, `x - 2 = 8`."""
    before = tokens[position - 1] if position else None
    return before is not None and before.kind == OPERATOR and before.end - before.start == 1


def _continues_share(tokens: Sequence[Token], position: int) -> bool:
    """Whether the expression is under a share in words: `10% of the $400 + $30 = $70`."""
    before = tokens[max(0, position - 3) : position]
    if len(before) < 3 or before[2].kind != WORD or before[2].text not in _DETERMINERS:
        return False
    return before[1].text == "*" and before[1].end - before[1].start == len("of") and before[0].kind == NUMBER


def _is_loose(text: str, tokens: Sequence[Token], position: int, after: int, read: Sequence[Equation]) -> bool:
    """Whether what does not hold here is more likely misread than false: letters that stand for numbers, LaTeX that
    goes on, words such as `equals` that may not mean an equation.
    """
    passed = tokens[position : after + 1]
    nested = any(_divides_by_fraction(equation) for equation in read if not equation.chained)
    if nested or _CENTS.search(text, passed[0].start, passed[-1].end):
        return True  # $0.25 * 2 = 50 cents, 3 / 1/4 = 12
    letters = _has_letters(passed)
    words = all(token.text[0].isalpha() for token in passed if token.kind == EQUALS)
    return letters or words or ("\\" in text and not _stands_alone(tokens, position, after))


def _stands_alone(tokens: Sequence[Token], position: int, after: int) -> bool:
    """Whether a formula begins and ends with the equation: nothing around it was left unread."""
    before = tokens[position - 1] if position else None
    behind = tokens[after] if after < len(tokens) else None
    opens = before is None or before.kind in (MONEY, WORD) or before.text in ".,;:"
    return opens and (behind is None or behind.kind == MONEY or behind.text in (".", ",", ";", "\\]"))


def _divides_by_fraction(equation: Equation) -> bool:
    """Whether an equation holds when the fraction behind a division is taken as one number: `3 / 1/4 = 12`."""
    tree, values = equation.tree, equation.operand_values()
    if not (isinstance(tree, Binary) and isinstance(tree.left, Binary) and tree.operator == tree.left.operator == "/"):
        return False
    nested = Binary("/", tree.left.left, Binary("/", tree.left.right, tree.right))
    return judge(nested, values, equation.result)[0] is True


def _has_letters(passed: Sequence[Token]) -> bool:
    """Whether single letters stand here that are no words of English: `2a + 15`, `6r`, but not `half of a cup`."""
    return any(
        token.kind == WORD and len(token.text) == 1 and (token.text not in "aAI" or before.end == token.start)
        for before, token in zip((*passed[:1], *passed), passed, strict=False)
    )


def _is_doubtful(text: str, passed: Sequence[Token]) -> bool:
    """Whether an equation holds, but another reader might see something else in it: `6r + 24`, `8 times six`,
    `45% of people + 8%`, `11 a.m. - 2 hours`.
    """
    number_word = any(
        token.kind == WORD and len(WORD_VALUES.get(token.text.lower(), ())) == 1 and before.kind == OPERATOR
        for before, token in pairwise(passed)
    )
    clause = any(token.kind == WORD and (token.text.lower() in _PRONOUNS or "." in token.text) for token in passed)
    share = _SHARE_OF_WORDS.search(text, passed[0].start, passed[-1].end)
    return number_word or clause or share is not None or _has_letters(passed)


def _all_hold(equations: Sequence[Equation]) -> bool:
    return all(equation.holds for equation in equations)


def _starts_afresh(tokens: Sequence[Token], position: int) -> bool:
    before = tokens[position - 1] if position else None
    return before is None or (before.kind == WORD and len(before.text) > 1) or before.text in ".,;"


def _is_false_equality(text: str, sides: Sequence[Side]) -> bool:
    """Whether two different bare numbers are called equal: `10=2 = $12.00`, but not `1 foot = 12 inches`."""
    if len(sides) < 2 or "\\" in text or any(side.label for side in sides) or not sides[-1].numbers:
        return False
    tail = text[sides[-1].end :].lstrip()
    bare = not tail or not tail[0].isalpha()
    return bare and any(side.numbers[0].value != sides[-1].numbers[0].value for side in sides[:-1])


def _unread_equals(tokens: Sequence[Token], position: int, after: int, sides: list[Side]) -> list[int]:
    # `x = 60` names a value; `1 foot = 12 inches` states a fact; `2x + 3 = 17` is algebra that we can't follow.
    if len(sides) > 1:
        return [tokens[position].start] if _is_argument(tokens, position) else []
    passed = tokens[position : max(after, position + 1)]
    return [token.start for token in passed if token.kind == EQUALS and not _names_a_value(tokens, position)]


def _is_argument(tokens: Sequence[Token], position: int) -> bool:
    """Whether a command of LaTeX takes up the number: `\\sqrt 16 = 4`, `\\frac14 = 0.25`."""
    before = tokens[position - 1].text if position else ""
    return before.startswith("\\") and before[-1].isalpha() and not before.startswith(("\\quad", "\\qquad"))


def _names_a_value(tokens: Sequence[Token], position: int) -> bool:
    before = tokens[position - 1] if position else None
    letter = before is not None and before.kind == OPERATOR and before.text == "*" and before.end - before.start == 1
    if before is None or not (before.kind == WORD or letter):
        return False
    return position < 2 or tokens[position - 2].kind not in (NUMBER, OPERATOR, CLOSE)


def _equations_of(sides: list[Side]) -> list[Equation]:
    """The equations of a chain; none where no side is a number. `a + b = 5 + 4 = 9` is two, with the same result."""
    labelled = len(sides) > 2 and (sides[0].worded or (isinstance(sides[0].tree, int) and sides[0].label))
    if labelled:
        sides = sides[1:]  # "The area of 2 rooms = 2 * 48 = 96"
    result = _stated(sides[-1])
    worked, others = sides[:-1], [side for side in sides[:-1] if isinstance(side.tree, int)]
    if result is None or len(others) == len(worked):
        result, worked, others = _stated(sides[0]), sides[1:], []
    if result is None:
        return []
    chained = len(sides) > 2 or labelled
    running = any(side.numbers[0].value != result.value for side in others)
    equations = [_equation(side, result, chained) for side in worked if isinstance(side.tree, Binary)]
    # 5 * 7 = 35 / 2 = 17.5 and the like is a running line, not an equation.
    return [replace(equation, holds=None) for equation in equations] if running else equations


def _stated(side: Side) -> Number | None:
    """The number that a side is, where it is one: plain, or a fraction of two plain ones."""
    if isinstance(side.tree, int):
        return side.numbers[0]
    if len(side.numbers) != 2:
        return None
    numerator, denominator = side.numbers
    integers = isinstance(numerator.face, int) and isinstance(denominator.face, int)
    if not (integers and denominator.face) or numerator.percent or denominator.percent:
        return None
    value = divide(numerator.face, denominator.face)
    if side.operators[0].symbol == "\\frac":
        return Number(side.operators[0].start, side.end, value, NumberStyle(LATEX_FRACTION))
    if side.operators[0].symbol == "/" and denominator.start - numerator.end == 1:
        return Number(numerator.start, denominator.end, value, NumberStyle(FRACTION))
    return None


def _mentioned(side: Side) -> Sequence[Number]:
    """The numbers that a side mentions where it is no part of an equation: `5/4` is one number, `5 + 4` are two."""
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
    """Whether a number is the exact value rounded or cut to the digits it shows, and had to be."""
    needed = decimals_needed(exact)
    decimals = shown.style.decimals
    if shown.style.form != PLAIN or (needed is not None and needed <= max(decimals, 2)):
        return False
    return shown.face in (round_half_up(exact, decimals), truncate(exact, decimals))
