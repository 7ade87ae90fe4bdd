"""Signs in the formulas of a step: whether they hold, by themselves and with the values that letters have."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from lemma.locating.formula_parser import UnreadableError
from lemma.locating.formulas import Relation, read_relations
from lemma.locating.signs.reading import Reading

_COUNTS = ("holds", "identical", "fits_reference")
_FLAGS = ("false_formula", "not_identical", "fails_reference", "contradicts_value", "loses_solution")


def formula_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    of_reference = _bindings(read_relations(reading.question), *map(read_relations, reading.reference_steps))
    bound: dict[str, complex] = {}  # the values of letters so far
    roots: dict[str, tuple[complex, ...]] = {}  # the solutions of the last equation in a letter
    for text in reading.texts:
        signs = dict.fromkeys((*_COUNTS, *_FLAGS), 0.0)
        for relation in read_relations(text):
            for name in _signs_of(relation, of_reference, bound, roots):
                signs[name] = signs[name] + 1 if name in _COUNTS else 1.0
        yield signs | {name: math.log1p(signs[name]) for name in _COUNTS}


def _signs_of(
    relation: Relation,
    of_reference: dict[str, complex],
    bound: dict[str, complex],
    roots: dict[str, tuple[complex, ...]],
) -> Iterator[str]:
    identity = relation.is_identity()
    if not relation.letters:
        yield "holds" if identity else "false_formula"
        return
    if identity:
        yield "identical"
        return
    if identity is False and relation.place > 0:
        yield "not_identical"
    fits = relation.holds(of_reference)
    if fits is not None:
        yield "fits_reference" if fits else "fails_reference"
    binding = relation.binding()
    if binding is not None:
        bound[binding[0]] = binding[1]
    elif relation.holds(bound) is False:
        yield "contradicts_value"
    if len(relation.letters) == 1:
        (letter,) = relation.letters
        found, before = _roots(relation, letter), roots.get(letter)
        if found:
            roots[letter] = found
            pairs = [(one, other) for one in found for other in before or ()]
            if before is not None and not any(abs(one - other) <= 1e-6 * max(1.0, abs(one)) for one, other in pairs):
                yield "loses_solution"


def _roots(relation: Relation, letter: str) -> tuple[complex, ...]:
    """The solutions of an equation in one letter, if it is linear or quadratic: fitted through three points, and right
    at two more.
    """
    try:
        at_zero, at_one, at_minus_one, *others = (
            relation.left.at({letter: x}) - relation.right.at({letter: x}) for x in (0.0, 1.0, -1.0, 2.0, 3.0)
        )
    except UnreadableError:
        return ()
    square, slope = (at_one + at_minus_one) / 2 - at_zero, (at_one - at_minus_one) / 2
    negligible = 1e-9 * (1 + max(map(abs, (at_zero, at_one, at_minus_one, *others))))
    for x, value in zip((2.0, 3.0), others, strict=True):
        if abs(square * x * x + slope * x + at_zero - value) > negligible:
            return ()
    if abs(square) > negligible:
        root = (slope * slope - 4 * square * at_zero) ** 0.5
        return ((-slope + root) / (2 * square), (-slope - root) / (2 * square))
    return (-at_zero / slope,) if abs(slope) > negligible else ()


def _bindings(*texts: Iterable[Relation]) -> dict[str, complex]:
    """The letters that have one value throughout."""
    found: dict[str, set[complex]] = {}
    for relations in texts:
        for relation in relations:
            binding = relation.binding()
            if binding is not None:
                found.setdefault(binding[0], set()).add(binding[1])
    return {letter: values.pop() for letter, values in found.items() if len(values) == 1}
