"""Whether a wrong number is one that nobody would believe who looks at it: a phrase may then say so.

>>> is_implausible(erroneous)  # "So 84 - 30 = 114 are left."
True
"""

from __future__ import annotations

import re

from lemma.arithmetic.equations import Equation, read_step
from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.numbers import find_numbers
from lemma.arithmetic.propagation import PROBABILITY
from lemma.records import ErroneousSolution

# What is counted in whole numbers, by the word behind the number.
_COUNTED = re.compile(
    r"\A\s+(?:people|children|students|boys|girls|men|women|friends|players|apples|eggs|books|cars|dogs|cats|"
    r"tickets|balls|cards|marbles|coins|boxes|bags|cookies|pencils|pens|chairs|tables|animals|chickens|fish|birds|trees|"
    r"flowers|stickers|toys|shirts|bottles|houses|rooms|teams|games|customers|workers|employees)\b"
)
_TOTAL = re.compile(r"\b(?:total of|out of)\s+(\d{1,9})(?![\d.,]\d)\s+([a-z]+)")
_NOUN = re.compile(r"\s+([a-z]+)")
_ALL_OF_IT = 100


def is_implausible(erroneous: ErroneousSolution) -> bool:
    """Whether a result of the wrong step is out of the question by its size or sign.

    That is a difference above what it is taken from, a sum below a part of it, a negative or broken count, a
    probability above 1, a share above 100 %, or a part larger than the total that the question states.
    """
    if erroneous.error_step is None:
        return False
    reading = read_step(erroneous.steps[erroneous.error_step])
    return any(
        _is_out_of_range(erroneous.question, reading.text, equation) or _misses_its_operands(equation)
        for equation in reading.equations
    )


def _is_out_of_range(question: str, text: str, equation: Equation) -> bool:
    result, behind = equation.result, text[equation.result.end :]
    noun = _NOUN.match(behind)
    totals = [int(total) for total, counted in _TOTAL.findall(question) if noun and noun.group(1) == counted]
    # "a shipment of 1000 kg, and a total of 300 kg was sold": a part has a total as well.
    totals = [total for total in totals if all(number.face <= total for number in find_numbers(question))]
    return (
        (result.face < 0 and "-" not in question and all(operand.face >= 0 for operand in equation.operands))
        or (not isinstance(result.face, int) and not result.currency and _COUNTED.match(behind) is not None)
        or (PROBABILITY.search(text) is not None and result.value > 1)
        or (result.percent and result.face > _ALL_OF_IT and behind.lstrip("% ").startswith("of "))
        or any(result.face > total for total in totals)
    )


def _misses_its_operands(equation: Equation) -> bool:
    """Whether a false result lies far on the wrong side of what it is made from: 84 - 30 = 114, but not 99 + 1 = 98."""
    tree, result = equation.tree, equation.result
    if equation.holds or not isinstance(tree, Binary):
        return False
    if not isinstance(tree.left, int) or not isinstance(tree.right, int):
        return False
    left, right = (equation.operands[leaf].value for leaf in (tree.left, tree.right))
    if min(left, right) < 1 or tree.operator not in "+-*/":
        return False
    if tree.operator in "-/":
        return result.value * 4 > left * 5
    return result.value * 5 < max(left, right) * 4
