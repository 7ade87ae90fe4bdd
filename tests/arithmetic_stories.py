"""Solutions made at random for property tests, and arithmetic that shares nothing with the package."""

from __future__ import annotations

import ast
import operator
import random
import re
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def exact(expression: str) -> Fraction:
    """The value of a Python expression of numbers, brackets and + - * /, worked out in fractions."""

    def walk(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant):
            return Fraction(str(ast.get_source_segment(expression, node)))
        if isinstance(node, ast.BinOp):
            return Fraction(OPERATIONS[type(node.op)](walk(node.left), walk(node.right)))
        raise SyntaxError(f"not arithmetic: {expression}")

    return walk(ast.parse(expression, mode="eval").body)


@dataclass(frozen=True)
class Step:
    """`left operator right = result`. An operand is ("given", index) or ("result", step)."""

    operator: str
    left: tuple[str, int]
    right: tuple[str, int]
    text: str


@dataclass(frozen=True)
class Story:
    """A made-up problem: the numbers that the question gives, and steps that each work one thing out."""

    question: str
    given: tuple[int, ...]
    steps: tuple[Step, ...]
    answer: str

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(step.text for step in self.steps)

    @property
    def solution(self) -> str:
        return "\n".join((*self.texts, f"#### {self.answer}"))


NOUNS = ("boxes", "marbles", "cards", "pencils", "stickers", "coins")
LEADS = ("He counts", "That makes", "This gives", "Now there are", "She gets", "Then they have")
SIGNS = {"+": "+", "-": "-", "*": "*x×", "/": "/÷"}
_PART = r"\$?(?<![\d,.])(\d[\d,]*(?:\.\d+)?)"
EQUATION = re.compile(rf"(?<![-+*/x×÷] )(?<![\d,.$]){_PART} ([-+*/x×÷]) {_PART} = {_PART}")


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Problems of one to six steps in whole numbers, no two of which are alike, each step built on the one before."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    length, money, blank = rng.randint(1, 6), rng.random() < 0.3, rng.random() < 0.9
    given: list[int] = []
    results: list[int] = []
    steps: list[Step] = []
    while len(steps) < length:
        new = rng.choice([number for number in range(3, 90) if number not in (*given, *results)])
        before = ("result", len(results) - 1) if results else ("given", 0)
        value = results[-1] if results else rng.randint(40, 400)
        if not results:
            given.append(value)
        possible = {"+": value + new, "-": value - new, "*": value * new, "/": value // new if value % new == 0 else 0}
        operator = rng.choice([sign for sign, result in possible.items() if 2 < result < 10**6] or ["+"])
        result = possible[operator]
        if result in (*given, *results, new):
            continue
        given.append(new)
        results.append(result)
        text = _text(rng, operator, (value, new, result), money)
        steps.append(Step(operator, before, ("given", len(given) - 1), text))
    told = ", ".join(f"{number} {rng.choice(NOUNS)}" for number in given)
    question = f"There are {told}. How much is it in the end?"
    return Story(question, tuple(given), tuple(steps), f"{results[-1]:,}" if blank else str(results[-1]))


def _text(rng: random.Random, operator: str, numbers: tuple[int, int, int], money: bool) -> str:
    sign, noun = rng.choice(SIGNS[operator]), rng.choice(NOUNS)
    currency, separator = ("$" if money else ""), rng.choice([",", ""])
    written = [f"{currency}{number:{separator}}" for number in numbers]
    return f"{rng.choice(LEADS)} {written[0]} {sign} {written[1]} = {written[2]}" + ("." if money else f" {noun}.")


def read_equation(text: str) -> tuple[Fraction, str, Fraction, Fraction] | None:
    """Left, operator, right and result of the one equation of a story's step."""
    found = EQUATION.findall(text)
    if len(found) != 1:
        return None
    left, sign, right, result = found[0]
    operator_ = next(operator for operator, signs in SIGNS.items() if sign in signs)
    values = (Fraction(number.replace(",", "")) for number in (left, right, result))
    left_value, right_value, result_value = values
    return left_value, operator_, right_value, result_value


def apply(left: Fraction, sign: str, right: Fraction) -> Fraction | None:
    """What an operation gives; None for a division by zero."""
    if sign == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[sign]
