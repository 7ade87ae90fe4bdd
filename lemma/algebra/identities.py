r"""Does a solution call two formulas equal for all values of a letter, which they are not?

`\frac{x^2 + x}{x} = 1 + \frac{1}{x} < \frac{4}{3}` is such a slip of the reference. An equation that is to be solved, a
definition, or a formula with a value put in is none: only a link inside of a longer chain is judged, whose two sides
have the same letters, and only if nothing else that is said of these letters makes it true.
"""

from __future__ import annotations

from fractions import Fraction

from lemma.algebra.derivation import IDENTITY, STATEMENT, UNREAD, Derivation, difference_of
from lemma.algebra.polynomials import Polynomial, budget, degree
from lemma.algebra.trees import (
    CALL,
    DEGREE,
    DIFFERENCE,
    DIVISION,
    LETTER,
    NUMBER,
    PI,
    SUM,
    TUPLE,
    Node,
    different,
    names,
    quotient,
)
from lemma.exceptions import Refusal

_HIGHEST_DEGREE = 12


def false_identity(derivation: Derivation) -> str:
    """The first link of a chain that is no identity although it is used as one; empty if there is none."""
    for index, line in enumerate(derivation.lines):
        if line.step < 0 or len(line.chain.sides) < 3:
            continue
        for place, relation in enumerate(line.chain.relations):
            left, right = (side.tree for side in line.chain.sides[place : place + 2])
            if relation == "=" and left is not None and right is not None and is_claimed(left, right):
                try:
                    with budget.bounded():
                        is_false = different(left, right) and holds_for_all(derivation, index, place, left, right)
                except (Refusal, RecursionError):
                    continue
                if is_false:
                    sides = line.chain.sides[place : place + 2]
                    return derivation.source(index)[sides[0].start : sides[1].end]
    return ""


def is_claimed(left: Node, right: Node) -> bool:
    """Whether two sides have the same letters, and neither is just a letter or a number."""
    inside = names(left)
    plain = all(
        node.head != CALL and node.name not in (PI, DEGREE) and node.head != TUPLE
        for tree in (left, right)
        for node in tree.walk()
    )
    bare = any(tree.bare.head in (LETTER, NUMBER) for tree in (left, right))
    return bool(inside) and inside == names(right) and plain and not bare


def holds_for_all(derivation: Derivation, index: int, place: int, left: Node, right: Node) -> bool:
    """Whether nothing that is said of the letters could make two sides equal that are not so for all values."""
    inside = names(left)
    divided = len(inside) == 1 and is_divided(left, right)
    wanted = difference_of(quotient(left), quotient(right))
    for number, line in enumerate(derivation.lines):
        for at, relation in enumerate(line.chain.relations):
            if (number == index and at == place) or relation != "=":
                continue
            trees = [side.tree for side in line.chain.sides[at : at + 2]]
            if trees[0] is None or trees[1] is None:
                text = derivation.source(number)[line.chain.start : line.chain.end]
                if not divided and any(name.strip("\\") in text for name in inside):
                    return False
                continue
            said = names(trees[0]) | names(trees[1])
            if not said & inside:
                continue
            if said != inside or len(inside) > 1:
                is_said = line.kind in (STATEMENT, UNREAD) or (line.kind != IDENTITY and different(trees[0], trees[1]))
                if is_said and not divided:
                    return False
                continue
            other = difference_of(quotient(trees[0]), quotient(trees[1]))
            if other and shares_root(wanted, other, next(iter(inside))):
                return False
    return True


def is_divided(left: Node, right: Node) -> bool:
    """Whether one side is a sum divided by a product, and the other is a sum: what comes of dividing term by term."""
    for one, other in ((left.bare, right.bare), (right.bare, left.bare)):
        if one.head == DIVISION and {one.args[0].bare.head, other.head} <= {SUM, DIFFERENCE}:
            return one.args[1].bare.head not in (SUM, DIFFERENCE) and bool(names(one.args[1]))
    return False


def shares_root(one: Polynomial, other: Polynomial, name: str) -> bool:
    """Whether two polynomials in one letter have a common root, apart from 0; true if they are too large to tell."""
    if {found for polynomial in (one, other) for monomial in polynomial for found, _ in monomial} != {name}:
        return True  # also square roots, which are letters of their own
    first, second = (_coefficients(polynomial, name) for polynomial in (one, other))
    if max(len(first), len(second)) > _HIGHEST_DEGREE:
        return True
    while len(second) > 1:
        first, second = second, remainder(first, second)
    return not second and len(first) > 1


def _coefficients(polynomial: Polynomial, name: str) -> list[Fraction]:
    """The coefficients in one letter, the highest first, without factors of the letter itself."""
    found = [Fraction(0)] * (degree(polynomial, name) + 1)
    for monomial, size in polynomial.items():
        found[-1 - sum(power for _, power in monomial)] += size
    while len(found) > 1 and not found[-1]:
        found.pop()
    while len(found) > 1 and not found[0]:
        found.pop(0)
    return found


def remainder(first: list[Fraction], second: list[Fraction]) -> list[Fraction]:
    """What one polynomial leaves when it is divided by another, by their coefficients, the highest first."""
    rest = list(first)
    while len(rest) >= len(second):
        factor = rest[0] / second[0]
        rest = [one - factor * two for one, two in zip(rest, [*second, *[Fraction(0)] * len(rest)], strict=False)][1:]
    while rest and not rest[0]:
        rest.pop(0)
    return rest
