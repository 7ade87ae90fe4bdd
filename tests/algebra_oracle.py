"""Formulas of exercises as Python, evaluated with fractions: an oracle that shares no code with the package."""

import itertools
import re
from fractions import Fraction
from functools import cache

_RELATION = re.compile(r"\\(?:le|ge)(?![a-z])|<|>|=")
_COMPARES = {
    "=": lambda one, other: one == other, "<": lambda one, other: one < other, ">": lambda one, other: one > other,
    r"\le": lambda one, other: one <= other, r"\ge": lambda one, other: one >= other,
}  # fmt: skip


@cache
def python(formula: str) -> str:
    """A formula as a Python expression over `F`, `P` for pi, and its letters."""
    formula = re.sub(r"\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", r"\1", formula.strip())
    formula = re.sub(r"\\left|\\right", "", formula)
    formula = formula.replace(r"^\circ", r"*(\pi/180)").replace(r"\pi", "(P)").replace(r"\cdot", "*")
    while True:
        new = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", formula)
        new = re.sub(r"\^\{(\d+)\}", r"^\1", new)
        if new == formula:
            break
        formula = new
    formula = formula.replace("^", "**").replace("{", "(").replace("}", ")")
    formula = re.sub(r"(?<=[\da-z)])(?=[a-zP(])", "*", formula)
    formula = re.sub(r"(?<=\))\s*(?=[\da-z(])", "*", formula)
    return re.sub(r"(\d+)(?!\d)", r"F(\1)", formula).replace("**F(", "**int(")


def value(formula: str, point: dict[str, Fraction]):
    """The value at a point; of `(x, y)`, both values."""
    return eval(python(formula), {"F": Fraction, "int": int, "P": Fraction(355, 113), **point})


def formulas(text: str) -> list[str]:
    """The formulas of a text that compare something."""
    return [one for one in re.findall(r"\$([^$]+)\$", text) if _RELATION.search(one)]


def holds(formula: str, point: dict[str, Fraction]) -> bool:
    """Whether a chain of comparisons is true at a point."""
    formula = re.sub(r"\\boxed\{([^{}]*(?:=|<|>|\\le|\\ge)[^{}]*)\}", r"\1", formula)
    sides, relations = _RELATION.split(formula), _RELATION.findall(formula)
    values = [value(side, point) for side in sides]
    return all(
        _COMPARES[relation](one, other)
        for relation, (one, other) in zip(relations, itertools.pairwise(values), strict=True)
    )


def letters(text: str) -> list[str]:
    """The letters in the formulas of a text."""
    inside = " ".join(re.findall(r"\$([^$]+)\$", text))
    return sorted(set(re.findall(r"[a-z]", re.sub(r"\\[a-z]+", "", inside))))


def solutions(question: str) -> list[dict[str, Fraction]]:
    """The whole numbers that make all comparisons of a question true."""
    names, wanted = letters(question), formulas(question)
    numbers = range(-60, 61)
    if len(names) == 1:
        points = ({names[0]: Fraction(one)} for one in numbers)
        return [point for point in points if all(holds(formula, point) for formula in wanted)]
    found = []
    for one, other in itertools.product(range(-12, 13), repeat=2):
        point = {names[0]: Fraction(one), names[1]: Fraction(other)}
        if all(holds(formula, point) for formula in wanted):
            found.append(point)
    return found
