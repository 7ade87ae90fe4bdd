"""Signs in the formulas of a step: whether they hold, by themselves and with the values that letters have."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lemma.locating.formula_parser import UnreadableError
from lemma.locating.formulas import Relation, read_relations
from lemma.locating.signs.reading import Reading
from lemma.locating.signs.values import numbers_of, rounded

_LONG_SIDE = 3  # characters: an expression, not only a letter
_COUNTS = ("holds", "identical", "fits_reference")
_FLAGS = (
    *(
        "false_formula",
        "false_instance",
        "not_identical",
        "not_identical_product",
        "fails_reference",
        "contradicts_value",
    ),
    *("loses_solution", "root_of_reference", "root_of_nothing"),
)


@dataclass
class _Known:
    """What is known before a formula: the letters of the reference, its numbers, and what the steps have said."""

    of_reference: dict[str, complex]
    numbers: frozenset[float]
    bound: dict[str, complex] = field(default_factory=dict)  # the values of letters so far
    roots: dict[str, tuple[complex, ...]] = field(default_factory=dict)  # of the last equation in a letter
    sides: set[str] = field(default_factory=set)  # of equations with letters


def formula_signs(reading: Reading) -> Iterator[dict[str, float]]:
    """The signs of each step."""
    of_reference = _bindings(read_relations(reading.question), *map(read_relations, reading.reference_steps))
    numbers = numbers_of(reading.gold_answer).union(*map(numbers_of, reading.reference_steps))
    known = _Known(of_reference, numbers)
    for text in reading.texts:
        signs = dict.fromkeys((*_COUNTS, *_FLAGS), 0.0)
        for relation in read_relations(text):
            for name in _signs_of(relation, known):
                signs[name] = signs[name] + 1 if name in _COUNTS else 1.0
        yield signs | {name: math.log1p(signs[name]) for name in _COUNTS}


def _signs_of(relation: Relation, known: _Known) -> Iterator[str]:
    identity = relation.is_identity()
    if not relation.letters:
        # Of `2x = 7`, `2 * 3 = 7` is an instance: no wrong calculation, but what comes of a wrong value of x.
        # Not so of `2x = 2 * 3 = 7`, where the side that is known stands in the same chain.
        sides = (relation.right.text,) if relation.place else (relation.left.text, relation.right.text)
        instance = not known.sides.isdisjoint(sides)
        yield "holds" if identity else "false_instance" if instance else "false_formula"
        return
    if relation.binding() is None:
        known.sides.update((relation.left.text, relation.right.text))
    if identity:
        yield "identical"
        return
    left, right = relation.left, relation.right
    if identity is False and relation.place > 0 and left.letters == right.letters:
        yield "not_identical"
    expanded = left.letters == right.letters and min(len(left.text), len(right.text)) > _LONG_SIDE
    if identity is False and relation.place == 0 and expanded:
        yield "not_identical_product"
    fits = relation.holds(known.of_reference)
    if fits is not None:
        yield "fits_reference" if fits else "fails_reference"
    binding = relation.binding()
    if binding is not None:
        known.bound[binding[0]] = binding[1]
    elif relation.holds(known.bound) is False:
        yield "contradicts_value"
    if len(relation.letters) == 1:
        yield from _signs_of_roots(relation, next(iter(relation.letters)), known)


def _signs_of_roots(relation: Relation, letter: str, known: _Known) -> Iterator[str]:
    """Signs in the solutions of an equation, compared with the numbers of the reference and the equation before."""
    found, before = roots_of(relation, letter), known.roots.get(letter)
    if not found:
        return
    known.roots[letter] = found
    yield "root_of_reference" if any(rounded(root) in known.numbers for root in found) else "root_of_nothing"
    pairs = [(one, other) for one in found for other in before or ()]
    if before is not None and not any(abs(one - other) <= 1e-6 * max(1.0, abs(one)) for one, other in pairs):
        yield "loses_solution"


def roots_of(relation: Relation, letter: str) -> tuple[complex, ...]:
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
