"""Rule f: what was changed at the error step is what this type of error changes, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import zip_longest

from label_checking.equations import Equation
from label_checking.expressions import Number
from label_checking.latex.letter_rules import LETTER_TYPES
from label_checking.reading import (
    Finding,
    Reading,
    forms,
    number_pairs,
    question_values,
    result_of,
    sides_of,
    stated_values,
    wrong_pair,
)

# How many of one unit make another, in everyday problems.
CONVERSION_FACTORS = frozenset({
    *map(Fraction, (3, 4, 7, 8, 10, 12, 16, 24, 25, 28, 30, 31, 32, 36, 52, 60, 100, 128, 144, 168, 360, 365, 366)),
    *map(Fraction, (1000, 1440, 1760, 2000, 3600, 5280, 10_000, 1_000_000)),
})  # fmt: skip


def change_fits_its_type(reading: Reading) -> Iterator[Finding]:
    """f. What was changed at the error step is what this type of error changes, and nothing else."""
    rule = TYPE_RULES.get(reading.record.error_type)
    if rule is None:
        yield Finding("f: no rule for this type", reading.record.error_type)
        return
    detail = rule(reading)
    if detail is not None:
        error_text = reading.record.steps[reading.record.located_step]
        yield Finding(f"f: {reading.record.error_type}: {detail}", error_text)


def _differences(right: Iterable[Number], now: Iterable[Number]) -> set[tuple[Fraction, Fraction]] | None:
    """Pairs (right, now) that differ, place by place; None where there are not equally many."""
    differing: set[tuple[Fraction, Fraction]] = set()
    for one, other in zip_longest(right, now):
        if one is None or other is None:
            return None
        if one.amount != other.amount:
            differing.add((one.value, other.value))
    return differing


def _changed_value(reading: Reading) -> tuple[Fraction, Fraction] | str:
    """The one value that is changed at the error step, or what is wrong instead."""
    pair = wrong_pair(reading)
    if pair is None:
        if reading.partner is None or reading.error.equations:
            return "its equations do not line up with the reference's"
        pairs = number_pairs(reading.error, reading.partner)
        differing = {(right.value, now.value) for right, now in pairs if forms(right) != forms(now)}
        return (
            next(iter(differing)) if len(differing) == 1 else "without an equation, not exactly one number is changed"
        )
    right, now = pair
    if right.left.operators != now.left.operators:
        return "an operator is changed"
    operands = _differences(right.left.operands, now.left.operands)
    if operands is None or len(operands) != 1:
        return "not exactly one operand is changed"
    return next(iter(operands))


def _operator_rule(reading: Reading) -> str | None:
    pair = wrong_pair(reading)
    if pair is None:
        return "its equations do not line up with the reference's"
    right, now = pair
    if _differences(right.left.operands, now.left.operands) != set():
        return "an operand is changed"
    return None if right.left.operators != now.left.operators else "no operator is changed"


def _context_value_rule(reading: Reading) -> str | None:
    changed = _changed_value(reading)
    if isinstance(changed, str):
        return changed
    given = question_values(reading.record.question)
    return None if {changed[0], changed[0] / 100, changed[0] * 100} & given else "the value is none of the question's"


def _previous_value_rule(reading: Reading) -> str | None:
    changed = _changed_value(reading)
    if isinstance(changed, str):
        return changed
    earlier = set().union(*(stated_values(step) for step in reading.steps[: reading.record.located_step]))
    for equation in reading.error.equations[: reading.wrong or 0]:
        earlier |= sides_of(equation)
    is_stated = {changed[0], changed[0] / 100, changed[0] * 100} & earlier
    return None if is_stated else "the value was not stated before"


def _counting_rule(reading: Reading) -> str | None:
    pair = wrong_pair(reading)
    if pair is not None:
        right, now = (_amounts(side.left.operands) for side in pair)
        if now - right + (right - now) == Counter({Fraction(1): 1}):
            return None  # the other end of a span
    changed = _changed_value(reading)
    if isinstance(changed, str):
        return changed
    is_count = changed[0].denominator == changed[1].denominator == 1
    return None if is_count and abs(changed[0] - changed[1]) == 1 else "the count is not off by one"


def _unit_conversion_rule(reading: Reading) -> str | None:
    pair = wrong_pair(reading)
    if pair is None:
        changed = number_pairs(reading.error, reading.partner) if reading.partner is not None else []
        differing = {(right.value, now.value) for right, now in changed if forms(right) != forms(now)}
        return None if len(differing) == 1 else "its equations do not line up with the reference's"
    right, now = pair
    operands = _differences(right.left.operands, now.left.operands)
    if operands is None:
        return _dropped_factor(right, now)
    if right.left.operators == now.left.operators:
        is_factor = len(operands) == 1 and _is_factor(next(iter(operands))[0])
        return None if is_factor else "not exactly one conversion factor is changed"
    signs = zip(right.left.operators, now.left.operators, strict=False)
    turned = [(place, pair) for place, pair in enumerate(signs) if pair[0] != pair[1]]
    if operands or len(turned) != 1 or set(turned[0][1]) != {"*", "/"}:
        return "more than one operator beside a conversion factor is changed"
    beside = right.left.operands[turned[0][0] : turned[0][0] + 2]
    is_beside = any(_is_factor(number.value) for number in beside)
    return None if is_beside else "the operator stands beside no conversion factor"


def _is_factor(value: Fraction) -> bool:
    return value in CONVERSION_FACTORS or (value != 0 and 1 / value in CONVERSION_FACTORS)


def _dropped_factor(right: Equation, now: Equation) -> str | None:
    """A conversion left out, or one too many: the operands of one side are the other's and a factor."""
    longer, shorter = sorted(
        ([number.amount for number in side.left.operands] for side in (right, now)), key=len, reverse=True
    )
    for value in shorter:
        if value not in longer:
            return "more than a conversion factor is changed"
        longer.remove(value)
    return None if len(longer) == 1 and _is_factor(longer[0]) else "more than a conversion factor is changed"


def _missing_step_rule(reading: Reading) -> str | None:
    if len(reading.steps) > len(reading.reference):
        return "it has more steps than the reference"
    if len(reading.steps) == len(reading.reference):
        return _left_out_rule(reading)
    if reading.partner is None:
        return "its error step stands for none of the reference's"
    if not reading.error.equations:
        is_changed = _amounts(reading.error.numbers) - _amounts(reading.partner.numbers)
        return None if is_changed else "its error step says what the reference's does"
    own = _amounts(number for equation in reading.error.equations for number in equation.left.operands)
    theirs = _amounts(number for equation in reading.partner.equations for number in equation.left.operands)
    return None if own - theirs else "its error step uses the reference's operands"


def _misreading_rule(reading: Reading) -> str | None:
    """A solution that ends with what an earlier step computes says so in the words of the reference's last step."""
    ends = reading.record.located_step == len(reading.steps) - 1 and len(reading.steps) < len(reading.reference)
    if not ends or not reading.error.equations:
        return None
    earlier = [step.equations for step in reading.reference[:-1]]
    own = [(equation.left.shape, _amounts(equation.left.operands)) for equation in reading.error.equations]
    theirs = [[(equation.left.shape, _amounts(equation.left.operands)) for equation in step] for step in earlier]
    return None if own in theirs else "it ends with an equation that no earlier step of the reference has"


def _left_out_rule(reading: Reading) -> str | None:
    """A part of one calculation is gone: its other operands stay, or the step states one of them alone."""
    error, partner = reading.error, reading.partner
    if partner is None:
        return "its error step stands for none of the reference's"
    pair = wrong_pair(reading)
    if pair is not None:
        gone, new = _amounts(pair[0].left.operands), _amounts(pair[1].left.operands)
        return None if new < gone else "its operands are not a part of the reference's"
    if len(error.equations) != len(partner.equations) - 1:
        return "its equations do not line up with the reference's"
    operands = {number.amount for equation in partner.equations for number in equation.left.operands}
    results = {result_of(equation).amount for equation in partner.equations}
    stated = {number.amount for number in error.numbers}
    return None if stated & operands and not results <= stated else "it states no operand in place of the result"


def _amounts(numbers: Iterable[Number]) -> Counter[Fraction]:
    return Counter(number.amount for number in numbers)


def _anything_else(reading: Reading) -> str | None:
    """A false result, another formula or concept, a statement: rule c, or the rules for letters, have seen it."""
    return None


TYPE_RULES: dict[str, Callable[[Reading], str | None]] = {
    "calculation_error": _anything_else,
    "operator_error": _operator_rule,
    "context_value_error": _context_value_rule,
    "previous_step_value_error": _previous_value_rule,
    "counting_error": _counting_rule,
    "unit_conversion_error": _unit_conversion_rule,
    "missing_step": _missing_step_rule,
    "formula_confusion_error": _anything_else,
    "confusing_concept_error": _anything_else,
    "question_misinterpretation_error": _misreading_rule,
    "hallucination": _anything_else,
    "contradictory_step": _anything_else,
    **dict.fromkeys(LETTER_TYPES, _anything_else),
}
