"""What an error of each type makes of an expression: every tree that is the given one with this error in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise

from label_checking.latex.terms import MINUS, PointError, Tree, letters, negative, nodes, points, same, times, value

ONE: Tree = ("n", Fraction(1))
TWO: Tree = ("n", Fraction(2))
MAX_RADICAND = 10**6


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
    """One term counts with the other sign, one coordinate has it, or i squared is taken for 1."""
    if node[0] in ("+", "t"):
        for place in range(1, len(node)):
            yield (*node[:place], negative(node[place]), *node[place + 1 :])
    for last in range(3, len(node)) if node[0] == "+" else ():  # the sum so far, of which the sign is lost
        yield ("+", *(negative(part) for part in node[1:last]), *node[last:])
    if node[0] in ("*", "/", "^"):
        yield negative(node)
    if node[0] == "*":
        yield from _square_of_i(node)


def _square_of_i(node: Tree) -> Iterator[Tree]:
    """The product of two complex numbers, with i squared taken for 1."""
    parts: list[complex] = []
    for factor in node[1:]:
        try:
            found = value(factor, {})
        except (PointError, ArithmeticError, ValueError, KeyError):
            return
        parts.append(complex(float(found.real), float(found.imag)))
    if len(parts) == 2 and parts[0].imag and parts[1].imag:
        lost = Fraction(str(parts[0].imag)) * Fraction(str(parts[1].imag))
        yield ("+", node, ("n", 2 * lost.limit_denominator(10_000)))


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
    if node[0] == "+" and len(node) == 3:  # a^2 - b^2 as the square of the difference
        first, last = node[1:]
        is_less = last[0] == "*" and last[1] == MINUS and len(last) == 3
        if is_less and all(part[0] == "^" and part[2] == square for part in (first, last[2])):
            yield ("^", ("+", first[1], negative(last[2][1])), square)
    yield from _square_of_digits(node)


def _power_of(node: Tree) -> tuple[Tree, Tree]:
    return (node[1], node[2]) if node[0] == "^" else (node, ONE)


def _with_wrong_exponent(node: Tree) -> Iterator[Tree]:
    """The product in place of the sum of exponents, the sum in place of the product, the quotient of the difference."""
    if node[0] == "^" and node[1][0] == "^":
        yield ("^", node[1][1], ("+", node[1][2], node[2]))
    if node[0] == "^" and node[1][0] == "*" and node[1][1][0] == "n" and letters(node[1]):  # (2n)^2 as 2n^2
        yield times(node[1][1], ("^", ("*", *node[1][2:]) if len(node[1]) > 3 else node[1][2], node[2]))
    for pair in pairwise(node[1:]) if node[0] == "*" else ():
        (base, one), (other_base, other) = map(_power_of, pair)
        if base == other_base:
            rest = [part for part in node[1:] if part not in pair]
            yield ("*", *rest, ("^", base, times(one, other)))
    if node[0] == "/":
        (base, one), (other_base, other) = map(_power_of, node[1:])
        if base == other_base:
            yield ("^", base, ("/", one, other))
    yield from _wrong_power(node)


def _wrong_power(node: Tree) -> Iterator[Tree]:
    """A power that is a product, a minus sign of an exponent ignored, half of a number for its root, and the like."""
    if node[0] != "^":
        return
    base, exponent = node[1:]
    found = constant(exponent)
    if found is None:
        return
    if found.denominator == 1:
        yield times(base, exponent)
        if found < 0:
            yield ("^", base, negative(exponent))
        if base[0] == "/":
            yield ("/", ("^", base[1], exponent), base[2])
    elif found == Fraction(1, 2):
        if base[0] == "^" and base[2] == TWO:
            yield base  # the root was not taken
        yield ("/", base, TWO)
        yield from _rooted(base)


def _rooted(radicand: Tree) -> Iterator[Tree]:
    """A root of a sum term by term, and one from which a square is taken out without its own root."""
    half: Tree = ("/", ONE, TWO)
    if radicand[0] == "+":
        yield ("+", *(_root_of(term, half) for term in _terms(radicand)))
    size = constant(radicand)
    if size is not None and size.denominator == 1 and 1 < size < MAX_RADICAND:
        outside = next(each for each in range(int(size**0.5) + 1, 0, -1) if size % (each * each) == 0)
        yield times(("n", Fraction(outside**2)), ("^", ("n", size / outside**2), half))


def _root_of(term: Tree, half: Tree) -> Tree:
    if term[0] == "*" and term[1] == MINUS:
        return negative(_root_of(("*", *term[2:]) if len(term) > 3 else term[2], half))
    if term[0] == "n" and term[1] < 0:
        return negative(("^", negative(term), half))
    return ("^", term, half)


def constant(node: Tree) -> Fraction | None:
    """The value of a tree that is a fraction."""
    if letters(node):
        return None
    try:
        found = value(node, {})
    except (PointError, ArithmeticError, ValueError, KeyError):
        return None
    return found if isinstance(found, Fraction) else None


def _square_of_digits(node: Tree) -> Iterator[Tree]:
    """The square of a number with two digits, without twice the product of tens and ones."""
    size = constant(node[1]) if node[0] == "^" and node[2] == TWO else None
    if size is not None and size.denominator == 1 and 10 < size < 100:
        tens, ones = divmod(int(size), 10)
        yield ("n", Fraction(100 * tens**2 + ones**2))


def _broken_fraction(node: Tree) -> Iterator[Tree]:
    """Fractions added part by part, only one part of a fraction changed, or a fraction turned over."""
    for place in range(1, len(node) - 1) if node[0] == "+" else ():
        for wrong in _added_by_parts(*(_fraction_of(part) for part in node[place : place + 2])):
            rest = (*node[1:place], wrong, *node[place + 2 :])
            yield ("+", *rest) if len(rest) > 1 else wrong
    if node[0] == "*":
        for one, other in pairwise(node[1:]):
            parts = _fraction_of(one), _fraction_of(other)
            if parts[0] is not None and parts[1] is not None and parts[0][1] == parts[1][1]:
                left = [part for part in node[1:] if part not in (one, other)]
                yield ("*", *left, ("n", parts[0][0] * parts[1][0] / parts[0][1]))
        yield from _half_multiplied(node)
    if node[0] != "/":
        return
    top, bottom = node[1:]
    yield ("/", bottom, top)
    below = constant(bottom)
    for factor in range(2, 200) if below is not None and below.denominator == 1 else ():
        if below is not None and below % factor == 0:
            yield ("/", ("/", top, ("n", Fraction(factor))), bottom)
            yield ("/", top, ("/", bottom, ("n", Fraction(factor))))
    for each in nodes(bottom):
        if each[0] == "^" and constant(each[2]) == Fraction(1, 2):
            yield ("/", top, times(bottom, each))


def _half_multiplied(node: Tree) -> Iterator[Tree]:
    """A product in which only the numerator or only the denominator of a fraction is used."""
    for part in node[1:]:
        size = _fraction_of(part)
        if size is not None and size[1] > 1:
            left = [each for each in node[1:] if each is not part]
            yield ("*", *left, ("n", size[0]))
            yield ("/", ("*", *left) if len(left) > 1 else left[0], ("n", size[1]))


def _fraction_of(part: Tree) -> tuple[Fraction, Fraction] | None:
    size = constant(part)
    return None if size is None else (Fraction(size.numerator), Fraction(size.denominator))


def _added_by_parts(one: tuple[Fraction, Fraction] | None, other: tuple[Fraction, Fraction] | None) -> Iterator[Tree]:
    if one is None or other is None:
        return
    for bottom in (one[1] + other[1], max(one[1], other[1]), 2 * one[1]):
        yield ("n", (one[0] + other[0]) / bottom)


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
    "fraction_error": _broken_fraction,
    "like_terms_error": _unlike_added,
    "coordinate_swap_error": _swapped,
    "unit_conversion_error": _upside_down,
}
MADE_BY_CHANGE = frozenset(_CHANGES)


def mutations(node: Tree, error_type: str) -> Iterator[Tree]:
    """Every tree that an error of a type makes of this one."""
    yield from _at_parts(node, _CHANGES[error_type])
    if error_type == "exponent_law_error":
        yield _without_powers(node)


def _without_powers(node: Tree) -> Tree:
    """Each base times its exponent in place of its power."""
    parts = [_without_powers(part) if isinstance(part, tuple) else part for part in node]
    return times(*parts[1:]) if node[0] == "^" and constant(node[2]) is not None else tuple(parts)
