"""Write an equation of a text again with another expression, in the signs and the spacing of the text.

>>> graph = read_solution("Ann buys 3 pens for $5.", ("She pays $5 x 3 = $15.",), 15)
>>> formula = read_formula(graph, 0)
>>> with_expression(graph, 0, written(formula.tree, formula.signs))
'She pays $5 x 3 = $15.'

What has units between its numbers can't be written again: "2 rubies * $1200/ruby" is no "$1200 + $1200/ruby".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from lemma.arithmetic.equations import Equation
from lemma.arithmetic.expressions import Binary, Expression, to_text
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import INTEGER, Number, Value, divide, normal, render
from lemma.trajectories.rearranging.wording import says_operation

_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
_UNTIL_EQUALS = re.compile(r"(?:\s*\b[^\W\d]+\b\.?)*?(?=\s*(?:=|≈|equals\b|is equal to\b))")
_WORDED = re.compile(r"[A-Za-z]{2,}")
_CURRENCY = "$€£¥"


@dataclass(frozen=True, slots=True)
class Atom:
    """A number as it is written, with its currency or percent sign: `$5`, `20%`, `1/2`."""

    text: str
    value: Value
    percent: bool = False
    currency: str = ""

    @property
    def is_share(self) -> bool:
        """Whether it is a written fraction, which needs brackets behind a division."""
        return "/" in self.text


@dataclass(frozen=True, slots=True)
class Operation:
    """Two parts of an expression and the operator between them."""

    operator: str
    left: Part
    right: Part


Part = Atom | Operation


@dataclass(frozen=True, slots=True)
class Formula:
    """The expression of an equation, and how its text writes each operator, with the blanks around it."""

    tree: Part
    signs: dict[str, str]


def value_of(part: Part) -> Value:
    """The exact value of an expression. Raises ZeroDivisionError."""
    if isinstance(part, Atom):
        return part.value
    left, right = value_of(part.left), value_of(part.right)
    if part.operator == "+":
        return normal(left + right)
    if part.operator == "-":
        return normal(left - right)
    return normal(left * right) if part.operator == "*" else divide(left, right)


def atoms(part: Part) -> list[Atom]:
    """The numbers of an expression from left to right."""
    return [part] if isinstance(part, Atom) else [*atoms(part.left), *atoms(part.right)]


def read_formula(graph: SolutionGraph, index: int) -> Formula | None:
    """The expression of an equation; None if it can't be written again: powers, fraction bars, negative numbers,
    and words around it that say what is done ("divide that amount by ...").
    """
    equation, text = graph.equations[index], graph.steps[graph.step_of[index]]
    if says_operation(text):
        return None
    if equation.chained or not equation.visible or equation.solves or equation.rounded or equation.bare_percent:
        return None
    if _has_units(text, equation):
        return None
    tree = _part(graph, text, equation, equation.tree)
    return None if tree is None else Formula(tree, _signs(graph, equation, text))


def _has_units(text: str, equation: Equation) -> bool:
    """Whether an expression has words beside its numbers and operators, such as "4 teachers * 2 lessons each"."""
    equals = text.find("=", equation.end, max(equation.end, equation.result.start))
    shown = list(text[: max(equation.end, equals)])
    for number in equation.operands:
        shown[number.start : number.end] = " " * (number.end - number.start)
    for sign in equation.operators:
        shown[sign.start : sign.end] = " " * (sign.end - sign.start)
    return any(map(str.isalpha, shown[equation.start :]))


def _part(graph: SolutionGraph, text: str, equation: Equation, tree: Expression) -> Part | None:
    if isinstance(tree, int):
        return _atom(text, equation.operands[tree])
    if tree.operator not in _RANK or equation.operators[tree.position].is_bar:
        return None
    left, right = (_part(graph, text, equation, side) for side in (tree.left, tree.right))
    if left is None or right is None:
        return None
    sign = equation.operators[tree.position]
    if tree.operator == "/" and isinstance(right, Atom) and text[sign.start - 1].isdigit() and text[sign.end].isdigit():
        if isinstance(left, Atom) and len(equation.operands) > 2:
            return _share(left, right)  # 1/2 of 20
        if isinstance(left, Operation) and left.operator == "*" and isinstance(left.right, Atom):
            share = _share(left.right, right)  # 20 x 3/4, and 20*3/4 if the question says three quarters
            position = tree.left.position if isinstance(tree.left, Binary) else 0
            apart = text[equation.operators[position].start - 1].isspace()
            if share is not None and (apart or (share.value < 1 and share.value in graph.question_values)):
                return Operation("*", left.left, share)
    return Operation(tree.operator, left, right)


def _atom(text: str, number: Number) -> Atom | None:
    before = text[number.start - 1 : number.start] if number.currency else ""
    if number.face < 0 or (number.currency and before not in _CURRENCY):  # -8, or \$5
        return None
    written = before + text[number.start : number.end] + ("%" if number.percent else "")
    return Atom(written, number.value, number.percent, before)


def _share(above: Atom, below: Atom) -> Atom | None:
    """A fraction of two plain numbers as one number."""
    if any(one.percent or one.currency or one.is_share for one in (above, below)) or not below.value:
        return None
    return Atom(f"{above.text}/{below.text}", divide(above.value, below.value))


def _signs(graph: SolutionGraph, equation: Equation, text: str) -> dict[str, str]:
    """How the text writes each operator: as in this equation, else as in another one of the solution."""
    signs: dict[str, str] = {}
    others = (one for one in range(len(graph.equations)) if graph.equations[one] is not equation)
    for one, written in ((equation, text), *((graph.equations[at], graph.steps[graph.step_of[at]]) for at in others)):
        for operator in one.operators if one.visible else ():
            sign = written[operator.start : operator.end]
            if sign and not operator.is_bar and not _WORDED.fullmatch(sign):
                signs.setdefault(operator.symbol, sign)
    spaced = any(text[operator.start - 1].isspace() for operator in equation.operators)
    plain = {"+": "+", "-": "-", "*": "*", "/": "/"} | signs
    # Letters and commands run into the numbers without blanks.
    return {name: f" {sign} " if spaced or not sign.isascii() or sign.isalpha() else sign
            for name, sign in plain.items()}  # fmt: skip


def written(part: Part, signs: dict[str, str], outer: int = 0) -> str:
    """An expression as text, with the brackets that it needs."""
    if isinstance(part, Atom):
        return part.text
    rank = _RANK[part.operator]
    left = written(part.left, signs, rank)
    right = written(part.right, signs, rank + (part.operator in "-/"))
    if isinstance(part.right, Atom) and part.right.is_share and part.operator == "/":
        right = f"({right})"
    inner = left + signs[part.operator] + right
    return f"({inner})" if rank < outer else inner


def with_expression(graph: SolutionGraph, index: int, expression: str) -> str:
    """The step of an equation with another expression in its place. Units behind the last number are left out."""
    equation, text = graph.equations[index], graph.steps[graph.step_of[index]]
    start, end = equation.start, equation.end
    if text[start - 1 : start] in _CURRENCY and equation.operands[0].start == start:
        start -= start > 0
    if equation.result.start > end:
        units = _UNTIL_EQUALS.match(text, end)
        end = units.end() if units is not None else end
    return text[:start] + expression + text[end:]


def number_like(operands: Part, value: Value) -> Atom | None:
    """A result as it is written in the text, in the currency of its operands; None if it takes many digits."""
    found = atoms(operands)
    text = render(value, INTEGER)
    if text is None or value <= 0 or (isinstance(value, Fraction) and len(text.partition(".")[2]) > 2):
        return None
    divided = (
        isinstance(operands, Operation) and operands.operator == "/" and len([one for one in found if one.currency]) > 1
    )
    sign = "" if divided else next((one.currency for one in found if one.currency), "")
    if sign and isinstance(value, Fraction):
        text = f"{float(value):.2f}"
    return Atom(sign + text, value, currency=sign)


def annotated(graph: SolutionGraph, old: SolutionGraph) -> tuple[str, ...]:
    """The steps with GSM8K's annotations: those of another solution if a step stands there word for word, else made
    from the equations.
    """
    known = dict(zip(old.steps, old.written, strict=True))
    made = list(graph.steps)
    for equation, step in reversed(list(zip(graph.equations, graph.step_of, strict=True))):
        values = [render(value, INTEGER) for value in (*equation.operand_values(), equation.result.value)]
        if equation.visible and equation.result.start > equation.end and None not in values:
            *names, result = map(str, values)
            start = equation.result.start
            made[step] = f"{made[step][:start]}<<{to_text(equation.tree, names)}={result}>>{made[step][start:]}"
    return tuple(known.get(shown, written) for shown, written in zip(graph.steps, made, strict=True))
