"""What an error of each type makes of an expression: every tree that is the given one with this error in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

from label_checking.latex.terms import MINUS, PointError, Tree, letters, negative, nodes, points, same, times, value

ONE: Tree = ("n", Fraction(1))


def _terms(node: Tree) -> list[Tree]:
    """The terms of a sum, also of one in brackets within it, with their signs."""
    if node[0] == "+":
        return [term for part in node[1:] for term in _terms(part)]
    if node[0] == "*" and node[1] == MINUS and len(node) == 3 and node[2][0] == "+":
        return [negative(term) for term in _terms(node[2])]
    return [node]


def _at_parts(node: Tree, change: Callable[[Tree], Iterator[Tree]]) -> Iterator[Tree]:
    """A change at any part of a tree, one at a time."""
    yield from change(node)
    for place, part in enumerate(node):
        if isinstance(part, tuple):
            for changed in _at_parts(part, change):
                yield (*node[:place], changed, *node[place + 1 :])


def _flipped(node: Tree) -> Iterator[Tree]:
    """One term counts with the other sign."""
    if node[0] == "+":
        for place in range(1, len(node)):
            yield (*node[:place], negative(node[place]), *node[place + 1 :])


def _undistributed(node: Tree) -> Iterator[Tree]:
    """In a product of one term and a sum, a term behind the first does not get the factor."""
    if node[0] != "*":
        return
    for place in range(1, len(node)):
        if node[place][0] != "+":
            continue
        others = [part for index, part in enumerate(node[1:], start=1) if index != place]
        factor: Tree = ("*", *others)
        terms = _terms(node[place])
        for index in range(1, len(terms)):
            shared = [times(factor, term) for term in (*terms[:index], *terms[index + 1 :])]
            yield ("+", *shared, terms[index])
            if MINUS in others and len(others) > 1:  # the minus sign reaches the term
                yield ("+", *shared, negative(terms[index]))


def _without_cross_term(node: Tree) -> Iterator[Tree]:
    """A sum of two terms is squared term by term."""
    square = ("n", Fraction(2))
    if node[0] == "^" and node[2] == square and node[1][0] == "+" and len(node[1]) == 3:
        yield ("+", ("^", node[1][1], square), ("^", node[1][2], square))


def _power_of(node: Tree) -> tuple[Tree, Tree]:
    return (node[1], node[2]) if node[0] == "^" else (node, ONE)


def _with_wrong_exponent(node: Tree) -> Iterator[Tree]:
    """The product in place of the sum of exponents, the sum in place of the product, the quotient of the difference."""
    if node[0] == "^" and node[1][0] == "^":
        yield ("^", node[1][1], ("+", node[1][2], node[2]))
    for pair in pairwise(node[1:]) if node[0] == "*" else ():
        (base, one), (other_base, other) = map(_power_of, pair)
        if base == other_base:
            rest = [part for part in node[1:] if part not in pair]
            yield ("*", *rest, ("^", base, times(one, other)))
    if node[0] == "/":
        (base, one), (other_base, other) = map(_power_of, node[1:])
        if base == other_base:
            yield ("^", base, ("/", one, other))


def _wrongly_canceled(node: Tree) -> Iterator[Tree]:
    """Only the first term of a numerator is divided, or a term is struck out of both."""
    if node[0] != "/":
        return
    top, bottom = _terms(node[1]), _terms(node[2])
    if len(top) > 1:
        yield ("+", ("/", top[0], node[2]), *top[1:])
        # A numerator of products: only the first is divided by the part that it shares with the denominator.
        for each in nodes(node[2]):
            if each != node[2] and node[2][0] == "*":
                rest = tuple(part for part in node[2][1:] if part != each) or (ONE,)
                yield ("/", ("+", ("/", top[0], each), *top[1:]), ("*", *rest))
    for place, one in enumerate(top):
        for index, other in enumerate(bottom):
            if len(top) + len(bottom) > 2 and same(one, other):
                yield ("/", _sum(top[:place] + top[place + 1 :]), _sum(bottom[:index] + bottom[index + 1 :]))


def _sum(terms: list[Tree]) -> Tree:
    return ("+", *terms) if len(terms) > 1 else terms[0] if terms else ONE


def _unlike_added(node: Tree) -> Iterator[Tree]:
    """A collected sum of a term in one letter (or root) and a number is one term with the sum of both numbers."""
    names = letters(node)
    if len(names) == 1 and node[0] in ("+", "*", "/"):
        name = next(iter(names))
        try:
            at = [value(node, {name: Fraction(place)}) for place in (0, 1, 2)]
        except (PointError, ArithmeticError, ValueError):
            return
        if all(isinstance(each, Fraction) for each in at) and at[2] - at[1] == at[1] - at[0] != 0:
            yield ("*", ("n", at[1]), ("v", name))
    if node[0] == "+":
        terms = _terms(node)
        kinds = {_kind(term) for term in terms}
        numbers = [_coefficient(term) for term in terms]
        if len(kinds) == 2 and ONE in kinds and None not in numbers:
            unit = next(kind for kind in kinds if kind != ONE)
            yield ("*", ("n", sum(each for each in numbers if each is not None)), unit)


def _kind(term: Tree) -> Tree:
    """A term without its number."""
    parts = _factors(term)
    rest = [part for part in parts if letters(part) or part[0] in ("^", "f")]
    rest = [part for part in rest if not (part[0] == "^" and part[1][0] == part[2][0] == "n")]
    return ONE if not rest else rest[0] if len(rest) == 1 else ("*", *rest)


def _factors(term: Tree) -> list[Tree]:
    if term[0] == "*":
        return [factor for part in term[1:] for factor in _factors(part)]
    if term[0] == "/":
        return [*_factors(term[1]), ("/", ONE, term[2])]
    return [term]


def _coefficient(term: Tree) -> Fraction | None:
    kind = _kind(term)
    try:
        point = next(points(letters(term), {}, 1))
        found = value(("/", term, kind), point)
    except (PointError, ArithmeticError, ValueError, StopIteration):
        return None
    if isinstance(found, Fraction):
        return found
    near = Fraction(str(found.real)).limit_denominator(10_000)
    return near if abs(found.real - near.numerator / found.real.__class__(near.denominator)) < 1e-12 else None


def _swapped(node: Tree) -> Iterator[Tree]:
    """The coordinates of a pair are swapped."""
    if node[0] == "t" and len(node) == 3:
        yield ("t", node[2], node[1])


def _upside_down(node: Tree) -> Iterator[Tree]:
    """The factor pi/180 or 180/pi is turned over."""
    if node[0] == "/" and {part[0] for part in node[1:]} == {"f", "n"} and ("f", "pi", ONE) in node:
        yield ("/", node[2], node[1])


_CHANGES: dict[str, Callable[[Tree], Iterator[Tree]]] = {
    "sign_error": _flipped,
    "distribution_error": _undistributed,
    "cross_term_error": _without_cross_term,
    "exponent_law_error": _with_wrong_exponent,
    "cancellation_error": _wrongly_canceled,
    "like_terms_error": _unlike_added,
    "coordinate_swap_error": _swapped,
    "unit_conversion_error": _upside_down,
}
MADE_BY_CHANGE = frozenset(_CHANGES)


def mutations(node: Tree, error_type: str) -> Iterator[Tree]:
    """Every tree that an error of a type makes of this one."""
    return _at_parts(node, _CHANGES[error_type])
