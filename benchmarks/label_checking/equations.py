"""Every equation that a reader sees in a step, recomputed exactly. An independent reading for the checker of labels.

    >>> [equation.holds for equation in read_step("5 * 7 = 35 / 2 = 17.5 apples").equations]
    [True, True]

What is no arithmetic (`Let x = 5`, `2b + 3 = 15`, `1 foot = 12 inches`) is no equation but `Step.other`; arithmetic
that could not be read is `Step.unread`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest

from label_checking.expressions import Expression, ExpressionParser, NotAnExpression, Number, singular
from label_checking.text import CONJUNCTIONS, NUMBER_WORDS, Token, as_one_equation, plain_text, tokens_of, without_box

# How much of each unit makes the same quantity, by dimension: 60 minutes are 1 hour.
UNIT_SIZES: dict[str, dict[str, Fraction]] = {
    "money": {"dollar": Fraction(100), "$": Fraction(100), "cent": Fraction(1), "¢": Fraction(1), "penny": Fraction(1),
              "pennie": Fraction(1), "nickel": Fraction(5), "dime": Fraction(10), "quarter": Fraction(25)},
    "time": {"second": Fraction(1), "sec": Fraction(1), "minute": Fraction(60), "min": Fraction(60),
             "hour": Fraction(3600), "hr": Fraction(3600), "day": Fraction(86400), "week": Fraction(604800),
             "wk": Fraction(604800)},
    "years": {"month": Fraction(1), "year": Fraction(12), "decade": Fraction(120), "century": Fraction(1200)},
    "weeks": {"week": Fraction(1), "month": Fraction(4), "year": Fraction(52)},
    "days": {"day": Fraction(1), "week": Fraction(7), "month": Fraction(30), "year": Fraction(365)},
    "feet": {"inch": Fraction(1), "inche": Fraction(1), "foot": Fraction(12), "feet": Fraction(12),
             "ft": Fraction(12), "yard": Fraction(36), "mile": Fraction(63360)},
    "metres": {"mm": Fraction(1), "millimeter": Fraction(1), "cm": Fraction(10), "centimeter": Fraction(10),
               "m": Fraction(1000), "meter": Fraction(1000), "km": Fraction(10**6), "kilometer": Fraction(10**6)},
    "pounds": {"ounce": Fraction(1), "oz": Fraction(1), "pound": Fraction(16), "lb": Fraction(16),
               "ton": Fraction(32000)},
    "grams": {"mg": Fraction(1), "milligram": Fraction(1), "g": Fraction(1000), "gram": Fraction(1000),
              "kg": Fraction(10**6), "kilogram": Fraction(10**6), "ton": Fraction(10**9), "tonne": Fraction(10**9)},
    "litres": {"ml": Fraction(1), "milliliter": Fraction(1), "mL": Fraction(1), "l": Fraction(1000),
               "liter": Fraction(1000), "L": Fraction(1000)},
    "gallons": {"ounce": Fraction(1), "oz": Fraction(1), "cup": Fraction(8), "pint": Fraction(16),
                "quart": Fraction(32), "gallon": Fraction(128)},
    "counts": {"dozen": Fraction(12), "": Fraction(1)},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = right`. What `left` comes to is `stated`: all of `right`, or its first number in `5 * 7 = 35 / 2`.

    `is_conversion` says that both sides are equal at best through their units, as in `90 minutes = 1.5 hours`.
    """

    left: Expression
    right: Expression
    stated: Expression
    holds: bool
    is_conversion: bool
    text: str

    @property
    def is_exact(self) -> bool:
        """Whether it holds without rounding."""
        return self.is_conversion or self.left.value == self.stated.value or self.left.plain == self.stated.plain


@dataclass(frozen=True, slots=True)
class Step:
    """What can be seen in one step.

    `template` is its text with `#` for every number written in digits; `computed` holds the values of all expressions.
    """

    equations: tuple[Equation, ...]
    numbers: tuple[Number, ...]
    template: str
    other: tuple[str, ...]
    unread: tuple[str, ...]
    computed: tuple[Fraction, ...]


def shows(exact: Fraction, shown: Fraction, decimals: int) -> bool:
    """Whether `shown`, to its decimals, is `exact`, or `exact` rounded (half up, half even) or cut off there."""
    if exact == shown:
        return True
    scaled, scale = exact * 10**decimals, 10**decimals
    if scaled.denominator == 1:
        return False
    magnitude = abs(scaled)
    candidates = {int(magnitude), int(magnitude + Fraction(1, 2)), round(magnitude)}
    return abs(shown) * scale in candidates and (shown >= 0) == (exact >= 0)


def _decimals(expression: Expression) -> int | None:
    """Decimals of a result that is one number; an expression as a result is exact or wrong."""
    return expression.operands[0].decimals if len(expression.operands) == 1 else None


def _equals(left: Expression, right: Expression) -> bool:
    decimals = _decimals(right)
    pairs = [(left.value, right.value, decimals)]
    if decimals is not None and right.operands[0].is_percent and left.value is not None and right.value is not None:
        pairs[0] = (left.value * 100, right.plain, decimals)
    shown_scaled = any(operand.is_percent or operand.scale > 1 for operand in right.operands)
    times_hundred_percent = any(operand.is_percent and operand.value == 100 for operand in left.operands)
    if shown_scaled or times_hundred_percent or not set(left.operators) & set("*/^"):
        pairs.append((left.plain, right.plain, decimals))
    for exact, shown, digits in pairs:
        if exact is None or shown is None:
            continue
        if exact == shown or (digits is not None and shows(exact, shown, digits)):
            return True
    return False


def _converts(left: Expression, right: Expression) -> bool:
    """Whether both sides are one quantity in two units of a dimension."""
    if left.value is None or right.value is None or len(right.operands) != 1:
        return False
    for sizes in UNIT_SIZES.values():
        from_units = [sizes[unit] for unit in left.units if unit in sizes] or ([sizes[""]] if "" in sizes else [])
        to_units = [sizes[unit] for unit in right.units if unit in sizes] or ([sizes[""]] if "" in sizes else [])
        for one in from_units:
            for other in to_units:
                if one != other and shows(left.value * one / other, right.value, right.operands[0].decimals):
                    return True
    return False


def _clause(tokens: list[Token], start: int, end: int) -> list[Token]:
    """The tokens since the last break before `end`."""
    for index in range(end - 1, start - 1, -1):
        if tokens[index].kind == "break":
            return tokens[index + 1 : end]
    return tokens[start:end]


def _left_of(tokens: list[Token], start: int, end: int) -> tuple[Expression, int] | None:
    """The longest expression that ends right before position `end`; None if there is none."""
    depth = 0
    for index in range(end - 1, start - 1, -1):
        depth += {")": 1, "(": -1}.get(tokens[index].kind, 0)
        if tokens[index].kind == "break" and depth <= 0:
            start = index + 1
            break
    for begin in range(start, end):
        parser = ExpressionParser(tokens, begin, end)
        try:
            expression = parser.parse()
        except NotAnExpression:
            continue
        if parser.position == end and not parser.is_share_of_words and not _hangs(tokens, begin, start):
            return expression, begin
    return None


def _hangs(tokens: list[Token], begin: int, start: int) -> bool:
    """Whether the expression that starts at `begin` is only the tail of something that could not be read."""
    if begin == start:
        return False
    before = tokens[begin - 1]
    return before.kind in ("operator", "variable", "%") or (before.kind == "number" and tokens[begin].kind == "(")


def _right_of(tokens: list[Token], start: int, end: int) -> Expression | None:
    """The longest expression that starts right after the sign, or after a few words there."""
    start = _skip_words(tokens, start, end)
    parser = ExpressionParser(tokens, start, end)
    try:
        expression = parser.parse()
    except NotAnExpression:
        return None
    follower = tokens[parser.position] if parser.position < end else None
    if follower is None:
        return expression
    after = tokens[parser.position + 1] if parser.position + 1 < end else None
    is_coefficient = follower.kind == "variable" and tokens[parser.position - 1].kind != "word"
    is_algebra = follower.kind == "operator" and after is not None and after.kind == "variable"
    return None if is_coefficient or is_algebra else expression


def _skip_words(tokens: list[Token], start: int, end: int) -> int:
    while start < end and tokens[start].kind == "word":
        start += 1
    return start


def _right_readings(tokens: list[Token], start: int, end: int) -> list[Expression]:
    """The right side as a whole, up to an `of` (`= 1/8 of 2 feet`), and its first number (`= 35 / 2 = 17.5`)."""
    whole = _right_of(tokens, start, end)
    if whole is None or not whole.operators:
        return [] if whole is None else [whole]
    first = _skip_words(tokens, start, end)
    shares = [index for index in range(first, end) if tokens[index].text == "of"]
    signs = [index for index in range(first + 1, end) if tokens[index].kind in ("operator", "(")]
    is_fraction = end == len(tokens) and bool(signs) and tokens[signs[0]].text == "/" and tokens[signs[0]].glued
    parts = (_right_of(tokens, first, stop) for stop in (*shares[:1], *([] if is_fraction else signs[:1])))
    return [whole, *(part for part in parts if part is not None)]


def _equation(tokens: list[Token], start: int, sign: int, end: int, text: str) -> Equation | str:
    """The equation at a sign, or why there is none: `other` or `unread`."""
    clause = _clause(tokens, start, sign)
    if not any(token.kind in ("number", "(") for token in clause):
        return "other"
    found, readings = _left_of(tokens, start, sign), _right_readings(tokens, sign + 1, end)
    if found is None or not readings:
        return "other" if any(token.kind == "variable" for token in (*clause, *tokens[sign:end])) else "unread"
    left, begin = found
    equal = next((reading for reading in readings if _equals(left, reading)), None)
    right = equal or next((reading for reading in readings if _converts(left, reading)), None)
    continues = begin == start > 0 and not any(token.text in CONJUNCTIONS for token in tokens[begin:sign])
    if right is None and not left.operators and not continues:
        return "other"
    shown = text[tokens[begin].start : tokens[end - 1].end]
    return Equation(left, readings[0], right or readings[-1], right is not None, equal is None, shown[:120])


def _stated(tokens: list[Token]) -> tuple[Number, ...]:
    numbers = []
    for token, after in zip_longest(tokens, tokens[1:]):
        if token.kind == "number":
            is_percent = after is not None and after.kind == "%"
            is_money = token.is_currency or (after is not None and singular(after.text) in UNIT_SIZES["money"])
            numbers.append(Number(token.value, token.scale, token.decimals, is_money, is_percent))
        elif token.kind == "word" and token.text in NUMBER_WORDS:
            numbers.append(Number(Fraction(NUMBER_WORDS[token.text]), is_word=True))
    return tuple(numbers)


def _computed(tokens: list[Token]) -> tuple[Fraction, ...]:
    """The value of every expression in the text, also where no equality is said: `the answer is 3/4`."""
    values = []
    position = 0
    while position < len(tokens):
        parser = ExpressionParser(tokens, position, len(tokens))
        try:
            expression = parser.parse() if tokens[position].kind in ("number", "(") else None
        except NotAnExpression:
            expression = None
        if expression is not None and expression.operators and expression.value is not None:
            values.append(expression.value)
        position = parser.position if expression is not None else position + 1
    return tuple(values)


def _template(text: str, tokens: list[Token]) -> str:
    pieces, position = [], 0
    for token in tokens:
        if token.kind == "number":
            pieces += [text[position : token.start], "#"]
            position = token.end
    return "".join([*pieces, text[position:]])


@lru_cache(maxsize=8192)
def read_step(text: str) -> Step:
    """All that can be seen in the text of one step."""
    text = without_box(text)
    is_latex = "\\" in text
    text = plain_text(text) if is_latex else plain_text(as_one_equation(text))
    tokens = tokens_of(text, is_latex)
    signs = [index for index, token in enumerate(tokens) if token.kind == "="]
    bounds = [-1, *signs, len(tokens)]
    equations: list[Equation] = []
    other: list[str] = []
    unread: list[str] = []
    for before, sign, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        found = _equation(tokens, before + 1, sign, after, text)
        if isinstance(found, Equation):
            equations.append(found)
        else:
            (other if found == "other" else unread).append(text[max(0, tokens[sign].start - 60) :][:100])
    return Step(
        tuple(equations), _stated(tokens), _template(text, tokens), tuple(other), tuple(unread), _computed(tokens)
    )
