r"""Equations and inequalities: what value they state, and whether two of them say the same."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from lemma.grading.algebra import Form, UndecidedError, normal_form, proportional, subtract
from lemma.grading.answer_shapes import Answer, Collection, Quantity, Relation, Words
from lemma.grading.expressions import Call, Expr, Num, Sym, symbols

if TYPE_CHECKING:
    from lemma.records import Verdict

_EQUALITIES = frozenset(["=", "\\approx", "\\cong"])
_FLIPPED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le", "=": "=", "\\ne": "\\ne"}
_MINUS_ONE = (Num(Fraction(-1)), Call("neg", (Num(Fraction(1)),)))
_COORDINATES = frozenset("xyz")


def stated_value(relation: Relation) -> Answer | None:
    """What an equation gives as the value of something: 5 in `x = 5`, `5 = x` and `x = 10/2 = 5`; None if nothing."""
    if not _EQUALITIES.issuperset(relation.operators):
        return None
    first, last = relation.sides[0], relation.sides[-1]
    if is_label(last) and not is_label(first):
        return first
    if relation.operators[-1] == "\\approx" and not is_label(relation.sides[-2]):
        return relation.sides[-2]
    if isinstance(first, Collection) and isinstance(last, Collection) and _has_names_in_order(first):
        return last  # `(x, y) = (3, -1)`
    if is_label(first) or (isinstance(first, Quantity) and isinstance(last, Quantity) and _gives_value(first, last)):
        return last
    return None


def approximate_value(relation: Relation) -> Answer | None:
    r"""0.333 in `\frac{1}{3} \approx 0.333`, which states two values; None in any other relation."""
    both = len(relation.sides) > 1 and relation.operators[-1] == "\\approx" and not is_label(relation.sides[-2])
    return relation.sides[-1] if both else None


def _has_names_in_order(collection: Collection) -> bool:
    expressions = [item.expression for item in collection.items if isinstance(item, Quantity)]
    names = [expression.name for expression in expressions if isinstance(expression, Sym)]
    return len(names) == len(collection.items) and names == sorted(set(names))


def _gives_value(left: Quantity, right: Quantity) -> bool:
    """Whether `left = right` tells what left is (`2 + 3 = 5`, `a + b = 5`) and is not to be solved (`5x + 3 = 5`)."""
    if symbols(right.expression):
        return False
    if not symbols(left.expression):
        return True
    try:
        form = normal_form(left.expression)
    except UndecidedError:
        return False
    return () not in form.numerator and right.expression != Num(Fraction(0))


def is_label(answer: Answer) -> bool:
    """Whether a side is only a name: `x`, `f(x)`, `AB`, `a_1`, `Area`."""
    return isinstance(answer, Words) or (isinstance(answer, Quantity) and _is_name(answer.expression))


def _names_something(relation: Relation) -> bool:
    return is_label(relation.sides[0]) or is_label(relation.sides[-1])


def _is_name(expression: Expr) -> bool:
    if isinstance(expression, Sym):
        return bool(symbols(expression))
    if isinstance(expression, Call) and expression.head == "mul":
        name, argument = expression.args  # `AB`, or `f(3)`
        return _is_name(name) and (isinstance(argument, Num) or _is_name(argument))
    # The inverse of a function, `f^{-1}(x)`.
    return isinstance(expression, Call) and expression.head == "pow" and expression.args[1] in _MINUS_ONE


def compare_relations(gold: Relation, answer: Relation, compare: Callable[[Answer, Answer], Verdict]) -> Verdict:
    """Two equations or inequalities: the same value of the same name, or the same up to a factor."""
    same = _compare_as_equations(gold, answer)
    if same == "equal":
        return same
    left, right = stated_value(gold), stated_value(answer)
    if left is None or right is None or not (_names_something(gold) and _names_something(answer)):
        return same
    verdict = compare(left, right)
    first, other = gold.sides[0], answer.sides[0]
    same_name = first == other
    if isinstance(first, Quantity) and isinstance(other, Quantity):
        same_name = repr(first).lower() == repr(other).lower()
    return verdict if verdict != "equal" or same_name else _verdict_on_other_name(first, other)


_GRAPH = Quantity(Sym("y"))


def _verdict_on_other_name(gold: Answer, answer: Answer) -> Verdict:
    """`x = 5` and `y = 5` are two lines; `x = 5` and `n = 5` may be one answer under two names."""
    if _GRAPH in (gold, answer):
        # y is f(x).
        other = answer if gold == _GRAPH else gold
        if isinstance(other, Quantity) and isinstance(other.expression, Call):
            return "equal"
    names = [
        side.expression.name
        for side in (gold, answer)
        if isinstance(side, Quantity) and isinstance(side.expression, Sym)
    ]
    return "different" if len(names) == 2 and _COORDINATES.issuperset(names) else "unknown"


def _compare_as_equations(gold: Relation, answer: Relation) -> Verdict:
    """By the difference of the two sides, which may be multiplied by a number."""
    forms = [_difference(relation) for relation in (gold, answer)]
    left, right = forms
    if left is None or right is None:
        return "unknown"
    ratio = proportional(left, right)
    if ratio is None:
        return "different" if _is_polynomial(left) and _is_polynomial(right) else "unknown"
    operator = answer.operators[0] if ratio > 0 else _FLIPPED.get(answer.operators[0], "")
    return "equal" if operator == gold.operators[0] else "different"


def _difference(relation: Relation) -> Form | None:
    sides = [side.expression for side in relation.sides if isinstance(side, Quantity)]
    if len(sides) != 2 or len(relation.sides) != 2:
        return None
    try:
        return subtract(normal_form(sides[0]), normal_form(sides[1]))
    except UndecidedError:
        return None


def _is_polynomial(form: Form) -> bool:
    whole = all(exponent.denominator == 1 and exponent > 0 for term in form.numerator for _, exponent in term)
    return whole and form.transparent and len(form.denominator) == 1
