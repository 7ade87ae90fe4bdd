"""What an operation on a statement leads to if the statement has changed: terms moved, divided, solved for a letter."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from lemma.algebra.polynomials import (
    ONE,
    Polynomial,
    Quotient,
    add,
    coefficients,
    constant,
    degree,
    letters,
    multiply,
    primitive,
    rational,
    rational_roots,
    scale,
    subtract,
)
from lemma.exceptions import Refusal

Sides = tuple[Quotient, ...]


def moved(
    here: Sides, factors: Sequence[Fraction], old: Sequence[Sides], new: Sequence[Sides]
) -> tuple[tuple[Quotient, Quotient], bool]:
    """Both sides of a statement that is a sum of others with terms moved, and whether its relation turns.

    What the reference cleared from a side is cleared again, and a letter that it isolated is isolated again.
    """
    left, right = (_whole(side) for side in here)
    old_left, old_right, old_total = _combined(factors, old)
    new_left, new_right, new_total = _combined(factors, new)
    if subtract(left, right) != old_total:
        return _solved(left, right, new_total)
    ratio = _isolating(left, right, new_total)
    turned = False
    if ratio is not None:
        new_left, new_right = scale(new_left, ratio), scale(new_right, ratio)
        turned = ratio < 0
    targets = []
    shift: Polynomial = {}
    for monomial in sorted({*left, *right, *old_left, *old_right, *new_left, *new_right}):
        was_left, was_right = old_left.get(monomial, Fraction(0)), old_right.get(monomial, Fraction(0))
        if was_left and monomial not in left:
            added = -new_left.get(monomial, Fraction(0))
        elif was_right and monomial not in right:
            added = -new_right.get(monomial, Fraction(0))
        elif monomial not in left and monomial not in old_left and monomial in new_left:
            added = -new_left[monomial] if monomial in right or monomial not in old_right else Fraction(0)
        else:
            added = left.get(monomial, Fraction(0)) - was_left
        if added:
            shift[monomial] = added
    for side in (new_left, new_right):
        targets.append(Quotient(add(side, shift), constant(1)))
    if ratio is not None and letters(targets[0].numerator) & letters(targets[1].numerator):
        raise Refusal("letter_not_isolated", "the letter that is solved for is left on both sides")
    return (targets[0], targets[1]), turned


def _whole(side: Quotient) -> Polynomial:
    value = rational(side.denominator)
    if not value:
        raise Refusal("not_a_polynomial")
    return scale(side.numerator, 1 / value)


def _combined(factors: Sequence[Fraction], statements: Sequence[Sides]) -> tuple[Polynomial, Polynomial, Polynomial]:
    """Both sides of the sum of statements times numbers, and left minus right."""
    if any(rational(side.denominator) is None for sides in statements for side in sides):
        # Multiplied out, as `difference_of` does: everything on the left.
        totals = [
            subtract(multiply(one.numerator, other.denominator), multiply(other.numerator, one.denominator))
            for one, other in statements
        ]
        total = reduce(add, (scale(one, factor) for one, factor in zip(totals, factors, strict=True)))
        return total, {}, total
    lefts, rights = (
        reduce(add, (scale(_whole(sides[place]), factor) for sides, factor in zip(statements, factors, strict=True)))
        for place in (0, 1)
    )
    return lefts, rights, subtract(lefts, rights)


def _isolating(left: Polynomial, right: Polynomial, total: Polynomial) -> Fraction | None:
    """What the changed statement has to be multiplied by so that a letter that stood alone stands alone again."""
    for one, other, sign in ((left, right, 1), (right, left, -1)):
        if len(one) == 1:
            ((monomial, value),) = one.items()
            if monomial != ONE and value == 1 and monomial not in other:
                found = total.get(monomial)
                if not found:
                    raise Refusal("letter_gone", "the letter that is solved for has no term any more")
                return sign / found
    return None


def _solved(left: Polynomial, right: Polynomial, total: Polynomial) -> tuple[tuple[Quotient, Quotient], bool]:
    """A letter and its value, if the statement is one and the changed one is linear in that letter alone."""
    names = letters(total)
    if len(names) != 1 or len(left) != 1 or rational(right) is None or letters(left) != names:
        raise Refusal("operation_unknown", "how this statement was made of the one before is not clear")
    name = next(iter(names))
    if degree(total, name) != 1 or left != {((name, 1),): Fraction(1)}:
        raise Refusal("operation_unknown", "how this statement was made of the one before is not clear")
    low, high = coefficients(total, name)
    slope = rational(high)
    if not slope or rational(low) is None:
        raise Refusal("letter_gone")
    return (Quotient(left, constant(1)), Quotient(scale(low, -1 / slope), constant(1))), slope < 0


def _sign(value: Fraction) -> int:
    return (value > 0) - (value < 0)


def root_in_place(here: Sides, old: Sides, new: Sides) -> tuple[Quotient, Quotient]:
    """The linear equation of the root that stands in the place of the reference's root, counted from the smallest."""
    left, right = (_whole(side) for side in here)
    total = subtract(left, right)
    name = next(iter(letters(total)))
    root = rational_roots(total, name)
    before, after = (sorted(set(rational_roots(_combined((Fraction(1),), [sides])[2], name))) for sides in (old, new))
    whole_degree = degree(_combined((Fraction(1),), [new])[2], name)
    if len(before) != len(after) or not root or whole_degree != degree(_combined((Fraction(1),), [old])[2], name):
        raise Refusal("other_roots", "the changed equation has not as many rational roots")
    found = after[before.index(root[0])]
    if [_sign(one) for one in before] != [_sign(one) for one in after]:
        raise Refusal("other_roots", "a root has another sign, so the case may be another")
    one = constant(1)
    if not right:
        linear = primitive({((name, 1),): Fraction(1), **({ONE: -found} if found else {})})
        return Quotient(linear if left[((name, 1),)] > 0 else scale(linear, -1), one), Quotient({}, one)
    if left == {((name, 1),): Fraction(1)}:
        return Quotient(left, one), Quotient(constant(found), one)
    raise Refusal("operation_unknown", "a root in an unknown form")
