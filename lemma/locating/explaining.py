"""What is wrong with a step, in words that a person would use. Nothing is said beyond what is proven.

>>> false_equation("So 3 * 12 = 26 eggs are left.")
'3 * 12 is 36, not 26.'
>>> explanation("operator_error", "12 + 3 = 15")
'12 + 3 is the wrong operation for these numbers.'
"""

from __future__ import annotations

from lemma.arithmetic.equations import as_read, read_step
from lemma.arithmetic.expressions import ArithmeticRefusal, evaluate, nodes
from lemma.arithmetic.numbers import decimals_needed, normal

_MOST_DECIMALS = 4
_OF_TYPE = {
    "operator_error": "{} is the wrong operation for these numbers.",
    "missing_step": "{} skips a part of the work: one of its numbers still had to be worked out.",
    "context_value_error": "{} takes a wrong number from the problem.",
    "previous_step_value_error": "{} takes a number that no earlier step has found.",
}


def explanation(error_type: str | None, equation: str, step: str = "") -> str:
    """What an error of a proven type is about; empty if the type is not known, or says nothing of an equation."""
    expression = equation.rpartition("=")[0].strip()
    # The sign of an amount of money is not read as a part of the equation.
    expression = f"${expression}" if f"${expression}" in step else expression
    return _OF_TYPE[error_type].format(expression) if error_type in _OF_TYPE and expression else ""


def false_equation(step: str) -> str:
    """What the first false equation of a step should say; empty if there is none that can be written out."""
    for equation in read_step(step).equations:
        if equation.holds is not False or not equation.visible:
            continue
        signs = {node.operator for node in nodes(equation.tree)}
        if any(operand.percent for operand in equation.operands) and signs & {"+", "-"}:
            return ""  # `120 - 30%` may mean 84
        try:
            exact = normal(evaluate(equation.tree, equation.operand_values()))
        except ArithmeticRefusal:
            return ""
        # The unit of a percentage or an amount of money belongs to the number that is shown.
        result = equation.result
        decimals = decimals_needed(exact, _MOST_DECIMALS)
        if decimals is None or result.percent or exact == result.face:
            return ""
        sign = "$" if result.currency else ""
        left = " ".join(as_read(step)[equation.start : result.start].rpartition("=")[0].split())
        left = f"${left}" if step[: equation.start].endswith("$") else left
        if not left or "=" in left:
            return ""
        stated = step[result.start : result.end]
        right = f"{exact:,}" if isinstance(exact, int) else f"{float(exact):,.{decimals}f}"
        return f"{left} is {_with(sign, right)}, not {_with(sign, stated)}."
    return ""


def _with(currency: str, number: str) -> str:
    return f"-{currency}{number[1:]}" if number.startswith("-") else f"{currency}{number}"
