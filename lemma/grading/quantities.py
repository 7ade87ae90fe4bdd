"""Are two quantities the same? Numbers by rational arithmetic, expressions by normal forms, units by exact scales."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lemma.grading.algebra import UndecidedError, forms_equal, normal_form
from lemma.grading.answer_shapes import Quantity
from lemma.grading.expressions import Call, Expr, Num, Sym, symbols
from lemma.grading.numerics import provably_different, real_value
from lemma.grading.plain_numbers import within_rounding
from lemma.grading.units import SHORT_NAMES, Dimensions, Unit, find_unit, is_money, without_rate

if TYPE_CHECKING:
    from lemma.records import Verdict

_POUND_STERLING = find_unit("gbp")
_POUND_MASS = find_unit("pound")
_DEGREE = (("angle", 1),)
_RADIAN = (("radian", 1),)
# Kelvins of 0 degrees, and of a difference of one degree.
_TEMPERATURES: dict[Dimensions, tuple[Fraction, Fraction]] = {
    (("celsius", 1),): (Fraction("273.15"), Fraction(1)),
    (("fahrenheit", 1),): (Fraction("273.15") - Fraction(160, 9), Fraction(5, 9)),
    (("kelvin", 1),): (Fraction(0), Fraction(1)),
}


def compare_expressions(gold: Expr, answer: Expr) -> Verdict:
    """`equal` and `different` are proven here; `unknown` is what neither algebra nor a value could tell."""
    if gold == answer:
        return "equal"
    if _has_infinity(gold) or _has_infinity(answer):
        if symbols(gold) or symbols(answer):
            return "unknown"
        values = real_value(gold), real_value(answer)
        return "unknown" if None in values else "equal" if values[0] == values[1] else "different"
    try:
        left, right = normal_form(gold), normal_form(answer)
        equal = forms_equal(left, right)
    except UndecidedError:
        equal = None
    if equal is None:
        equal = False if provably_different(gold, answer) else None
    if equal is False and _differ_in_case_only(gold, answer):
        return "unknown"
    return "unknown" if equal is None else "equal" if equal else "different"


def _has_infinity(expression: Expr) -> bool:
    if isinstance(expression, Call):
        return any(map(_has_infinity, expression.args))
    return expression == Sym("infinity")


def _differ_in_case_only(gold: Expr, answer: Expr) -> bool:
    """Whether `3R^2` and `3r^2` would be equal if R and r were one: only the question can tell."""
    if symbols(gold) == symbols(answer):
        return False
    lowered_gold, lowered_answer = _lower(gold), _lower(answer)
    if symbols(lowered_gold) != symbols(lowered_answer):
        return False
    return compare_expressions(lowered_gold, lowered_answer) == "equal"


def _lower(expression: Expr) -> Expr:
    if isinstance(expression, Sym):
        return Sym(expression.name.lower())
    return Call(expression.head, tuple(map(_lower, expression.args))) if isinstance(expression, Call) else expression


def compare_quantities(gold: Quantity, answer: Quantity) -> Verdict:
    """Values and units together; a unit that only one side states is taken to be what the other meant."""
    if gold.base != answer.base:
        return _compare_bases(gold, answer)
    if gold.unit is not None and answer.unit is not None:
        return _compare_with_units(gold, answer, gold.unit, answer.unit)
    if gold.percent != answer.percent and (gold.unit or answer.unit):
        return "different"  # `3%` is not 3 cents
    verdict = _compare_values(gold, answer)
    if verdict == "different":
        return _compare_in_other_readings(gold, answer)
    if verdict == "equal" and gold.noun and (answer.noun or answer.unit):
        return verdict if set(gold.noun.split()) & set(answer.noun.split()) else "unknown"
    return verdict


def _compare_in_other_readings(gold: Quantity, answer: Quantity) -> Verdict:
    """What differs as it was read may be equal if a letter is a unit, or one side's unit was left out."""
    gold_unit, answer_unit = _with_letter_as_unit(gold), _with_letter_as_unit(answer)
    if (gold_unit is None) == (answer_unit is None):
        return _compare_with_one_unit(gold, answer)
    left, right = gold_unit or gold, answer_unit or answer
    if compare_quantities(left, right) != "equal":
        return "different"
    return "unknown" if left.unit is None or right.unit is None else "equal"


def _compare_bases(gold: Quantity, answer: Quantity) -> Verdict:
    """Numbers in different bases are different answers, except that base ten says what any of them is worth.

    A number whose base is not stated may have left it to the question.
    """
    if gold.base and answer.base:
        in_ten = 10 in (gold.base, answer.base)
        return compare_expressions(gold.expression, answer.expression) if in_ten else "different"
    based, plain = (gold, answer) if gold.base else (answer, gold)
    if based.base == 10:
        return _compare_values(gold, answer)
    if compare_expressions(gold.expression, answer.expression) == "equal":
        return "unknown"
    if not isinstance(based.expression, Num) or not isinstance(plain.expression, Num) or not based.base:
        return "different"
    number, digits = based.expression.value.numerator, ""
    while number:
        number, digit = divmod(number, based.base)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return "unknown" if based is gold and str(plain.expression.value) == (digits or "0") else "different"


def _with_letter_as_unit(quantity: Quantity) -> Quantity | None:
    """`3h` as three hours, which is also three times h."""
    expression = quantity.expression
    if quantity.unit is not None or not isinstance(expression, Call) or expression.head != "mul":
        return None
    number, letter = expression.args
    if not isinstance(number, Num) or not isinstance(letter, Sym) or letter.name not in SHORT_NAMES:
        return None
    return Quantity(number, find_unit(letter.name))


def _compare_with_units(gold: Quantity, answer: Quantity, gold_unit: Unit, answer_unit: Unit) -> Verdict:
    if {gold_unit, answer_unit} == {_POUND_STERLING, _POUND_MASS}:
        return _compare_values(gold, answer)
    if gold_unit.dimensions != answer_unit.dimensions and is_money(gold_unit) and is_money(answer_unit):
        only_one_rate = 1 in (len(gold_unit.dimensions), len(answer_unit.dimensions))
        if only_one_rate:
            gold_unit, answer_unit = without_rate(gold_unit), without_rate(answer_unit)
    if gold_unit.dimensions != answer_unit.dimensions:
        dimensions = {gold_unit.dimensions, answer_unit.dimensions}
        if _DEGREE in dimensions and dimensions & _TEMPERATURES.keys():
            return _compare_values(gold, answer)  # `100 degrees` may be of temperature
        convert = _in_kelvin if dimensions <= _TEMPERATURES.keys() else _in_radians
        if convert is _in_radians and dimensions != {_DEGREE, _RADIAN}:
            return "different"
        return compare_expressions(convert(gold), convert(answer))
    if gold_unit.scale == answer_unit.scale:
        return _compare_values(gold, answer)
    return compare_expressions(_scaled(gold.expression, gold_unit.scale), _scaled(answer.expression, answer_unit.scale))


def _scaled(expression: Expr, factor: Fraction) -> Expr:
    return Call("mul", (expression, Num(factor)))


def _in_kelvin(quantity: Quantity) -> Expr:
    assert quantity.unit is not None
    zero, degree = _TEMPERATURES[quantity.unit.dimensions]
    return Call("add", (_scaled(quantity.expression, degree), Num(zero)))


def _in_radians(quantity: Quantity) -> Expr:
    if quantity.unit is None or quantity.unit.dimensions != _DEGREE:
        return quantity.expression
    return Call("mul", (quantity.expression, Call("div", (Sym("pi"), Num(180 / quantity.unit.scale)))))


def _compare_with_one_unit(gold: Quantity, answer: Quantity) -> Verdict:
    r"""The numbers differ, and at most one side states a unit: `90^\circ` is still `\frac{\pi}{2}`."""
    unit = gold.unit or answer.unit
    if unit is not None and unit.dimensions == _DEGREE:
        return compare_expressions(_in_radians(gold), _in_radians(answer))
    if unit is not None and is_money(unit) and unit.scale != 1 and not (gold.noun or answer.noun):
        scaled = [_scaled(side.expression, unit.scale if side.unit else Fraction(1)) for side in (gold, answer)]
        # `50 cents` for `0.5`: right if the question asked for dollars, wrong if for cents.
        return "unknown" if compare_expressions(*scaled) == "equal" else "different"
    return "different"


def _compare_values(gold: Quantity, answer: Quantity) -> Verdict:
    verdict = compare_expressions(gold.expression, answer.expression)
    if verdict == "equal":
        return verdict
    if gold.percent != answer.percent:
        as_fraction = [
            _scaled(side.expression, Fraction(1, 100)) if side.percent else side.expression for side in (gold, answer)
        ]
        if compare_expressions(*as_fraction) == "equal":
            return "equal"
    if gold.decimals and isinstance(gold.expression, Num):
        value = exact_number(answer.expression)
        if value is not None and within_rounding(gold.expression.value, gold.decimals, value):
            return "equal"
    return verdict


def exact_number(expression: Expr) -> Fraction | None:
    """The value of an expression if it is a rational number."""
    if isinstance(expression, Num):
        return expression.value
    try:
        return normal_form(expression).rational()
    except UndecidedError:
        return None
