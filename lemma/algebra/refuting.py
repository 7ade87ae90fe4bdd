"""Prove that a statement does not follow from others: find a point where they hold and it does not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

from lemma.algebra.polynomials import (
    Polynomial,
    Quotient,
    coefficients,
    constant,
    degree,
    divide_exactly,
    letters,
    rational,
    rational_roots,
    scale,
    substitute,
)

_MOST_DEPTH = 8


def refuted(premises: Sequence[Polynomial], claim: Polynomial) -> bool:
    """Whether there is a real point where all premises are zero and the claim is not. False if none was found.

    Raises Refusal if it would grow too large.
    """
    return _refuted([*premises], claim, random.Random(1), _MOST_DEPTH)


def _refuted(premises: list[Polynomial], claim: Polynomial, rng: random.Random, depth: int) -> bool:
    premises = [premise for premise in premises if premise]
    if depth == 0 or not claim or any(rational(premise) is not None for premise in premises):
        return False
    if any("#" in name for one in (*premises, claim) for monomial in one for name, _ in monomial):
        return False
    if not premises:
        free = sorted(letters(claim))
        points = ({name: constant(Fraction(rng.randint(2, 97), rng.randint(1, 9))) for name in free} for _ in range(3))
        return any(
            substitute(claim, {name: Quotient(value, constant(1)) for name, value in point.items()}).numerator
            for point in points
        )
    for place, premise in enumerate(premises):
        rest = premises[:place] + premises[place + 1 :]
        for name in sorted(letters(premise)):
            if degree(premise, name) != 1:
                continue
            low, high = coefficients(premise, name)
            slope = rational(high)
            if slope:
                value = {name: Quotient(scale(low, -1 / slope), constant(1))}
                others = [substitute(other, value).numerator for other in rest]
                return _refuted(others, substitute(claim, value).numerator, rng, depth - 1)
    for place, premise in enumerate(premises):
        if len(letters(premise)) == 1:
            return _at_roots(premise, premises[:place] + premises[place + 1 :], claim, rng, depth)
    # Fill in a letter at random; the rest may then be solved.
    name = min(letters(premises[0]))
    value = {name: Quotient(constant(rng.randint(2, 9)), constant(1))}
    others = [substitute(other, value).numerator for other in premises]
    return _refuted(others, substitute(claim, value).numerator, rng, depth - 1)


def _at_roots(premise: Polynomial, rest: list[Polynomial], claim: Polynomial, rng: random.Random, depth: int) -> bool:
    name = next(iter(letters(premise)))
    roots = rational_roots(premise, name)
    for root in dict.fromkeys(roots):
        value = {name: Quotient(constant(root), constant(1))}
        others = [substitute(other, value).numerator for other in rest]
        if _refuted(others, substitute(claim, value).numerator, rng, depth - 1):
            return True
    if roots or rest or degree(premise, name) != 2 or letters(claim) != {name}:
        return False
    # A quadratic without rational roots is irreducible: what it does not divide is not zero at its real roots.
    c, b, a = (rational(part) or Fraction(0) for part in coefficients(premise, name))
    return b * b - 4 * a * c >= 0 and divide_exactly(claim, premise) is None
