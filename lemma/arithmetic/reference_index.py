"""What a reference solution computes: its results and partial results as fingerprints, and what the question gives.

>>> reference = Reference("Ann has 12 boxes of 8 pens.", ("She has 12*8 = <<12*8=96>>96 pens.",), 96)
>>> fingerprint(96) in reference.results, 12 in reference.given
(True, True)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product

from lemma.arithmetic.constants import known_constants
from lemma.arithmetic.equations import Equation, read_step
from lemma.arithmetic.expressions import nodes
from lemma.arithmetic.fingerprints import (
    MODULUS,
    Terms,
    computed,
    expand,
    fingerprint,
    inverse,
    partial_products,
    partial_sums,
    without_common_factor,
)
from lemma.arithmetic.numbers import WORD_VALUES, Number, Value, divide, find_numbers
from lemma.steps import ANNOTATION

_UNIT_FACTORS: frozenset[Value] = frozenset({7, 12, 16, 24, 36, 52, 60, 100, 365, 1000, 2000, 3600, 5280})

_UNITS = frozenset(map(fingerprint, _UNIT_FACTORS))
_MOST_ALTERNATIVES = 3
_MOST_COMBINATIONS = 64
_SPACED_THOUSANDS = re.compile(r"(?<=\$)\d{1,3}(?: \d{3})+(?!\d)")


class Reference:
    """What the reference computes: results and partial results, and what could come of doing it in another order.

    `results` are what its operations give, `reordered` what they would give in another order, `terms` whole products of
    what is added up.
    """

    def __init__(self, question: str, steps: Sequence[str], gold: Value | None) -> None:
        self.question = with_plain_thousands(question)
        self.given = _question_values(self.question)
        self.constants = known_constants((question, *steps))
        self.of_value: dict[Value, set[int]] = {}
        self.equations: set[tuple[int, ...]] = set()
        self.results: set[int] = set()
        self.reordered: set[int] = set()
        self.terms: set[int] = set()
        self.by_operands: dict[frozenset[int], set[int]] = {}
        self.operations: set[tuple[str, tuple[int, int], int]] = set()
        self.made_of: dict[int, set[int]] = {}
        self._sums: set[int] = set()
        self._expanded: dict[int, Terms] = {}
        for step in steps:
            for equation in _equations(with_plain_thousands(step)):
                self._add(equation)
        # A number of the question, worked out in whatever way, is no sign of having followed the reference.
        self.given_fingerprints = {fingerprint(value) for value in self.given} | {1}
        self.results -= self.given_fingerprints
        self.reordered -= self.given_fingerprints
        self.results |= set(self._in_other_units()) - self.given_fingerprints
        self.answers = self.of_value.setdefault(gold, set()) if gold is not None else set()

    def has(self, leaves: Sequence[int], result: int) -> bool:
        """Whether it computes this, or has the very equation."""
        return result in self.results or signature(leaves, result) in self.equations

    def _add(self, equation: Equation) -> None:
        for leaves in leaves_of([self._alternatives(operand) for operand in equation.operands]):
            result = computed(equation.tree, leaves)
            for value in (equation.result.value, equation.result.face):
                self.of_value.setdefault(value, set()).add(result)
            for operation in nodes(equation.tree):
                found = computed(operation, leaves)
                left, right = computed(operation.left, leaves), computed(operation.right, leaves)
                self.results.add(found)
                self.by_operands.setdefault(frozenset((left, right)), set()).add(found)
                self.operations.add((operation.operator, (left, right), found))
                self.made_of.setdefault(found, set()).update(_quantities(operation.operator, left, right))
                if operation.operator in ("+", "-"):
                    self._sums.add(found)
            self.equations.add(signature(leaves, result))
            self._add_orders(equation, leaves, result)

    def _add_orders(self, equation: Equation, leaves: Sequence[int], result: int) -> None:
        flat = expand(equation.tree, [[(leaf,)] for leaf in leaves])
        if flat:
            self.results.update(partial_sums(flat))
            self.reordered.update(partial_products(flat), without_common_factor(flat))
        whole = expand(equation.tree, [self._expanded.get(leaf, [(leaf,)]) for leaf in leaves])
        if whole:
            self.terms.update(value for term in whole for value in partial_sums([term]))
            self.reordered.update(partial_sums(whole), partial_products(whole), without_common_factor(whole))
            self._expanded.setdefault(result, whole)

    def _alternatives(self, operand: Number) -> list[int]:
        known = self.of_value.get(operand.value, set()) | self.of_value.get(operand.face, set())
        if not known or operand.value in self.given:
            known = known | {fingerprint(operand.value)}
        return sorted(known)[:_MOST_ALTERNATIVES]

    def _in_other_units(self) -> Iterator[int]:
        """Its sums in hours for minutes, and all in cents for dollars. In a product, a unit may be any factor."""
        for factor in _UNIT_FACTORS & self.constants:
            unit = fingerprint(factor)
            for result in self.results if factor == 100 else self._sums:
                yield result * unit % MODULUS
                yield result * inverse(unit) % MODULUS


def _quantities(operator: str, left: int, right: int) -> tuple[int, ...]:
    """What an operation works on: of a quotient, what is divided. None where it may only change the unit, or where the
    operands can't be told apart.
    """
    if left == right or not _UNITS.isdisjoint((left, right)):
        return ()
    return (left,) if operator in ("-", "/") else (left, right)


def with_plain_thousands(text: str) -> str:
    """The text with `$400 000` written `$400000`."""
    return _SPACED_THOUSANDS.sub(lambda match: match.group().replace(" ", ""), text)


def signature(leaves: Sequence[int], result: int) -> tuple[int, ...]:
    """An equation by what it computes from what, whatever the order. Factors of one don't count."""
    return (*sorted(leaf for leaf in leaves if leaf != 1), result)


def leaves_of(alternatives: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """The fingerprints that the operands of an equation may have, all together."""
    return list(islice(product(*alternatives), _MOST_COMBINATIONS))


def _question_values(text: str) -> frozenset[Value]:
    values: set[Value] = set()
    for number in find_numbers(text):
        values |= {number.face, number.value, divide(number.face, 100)}
    values |= {divide(int(top), int(low)) for top, low in re.findall(r"(\d{1,9})/(\d{1,9})", text) if int(low)}
    for word in re.findall(r"[A-Za-z]+", text):
        values.update(WORD_VALUES.get(word.lower(), ()))
    return frozenset(values)


def _equations(step: str) -> Iterator[Equation]:
    notes = (match.group()[2:-2] for match in ANNOTATION.finditer(step))
    seen = set()
    for text in (*notes, ANNOTATION.sub("", step)):
        for equation in read_step(text).equations:
            key = (tuple(sorted(map(str, equation.operand_values()))), equation.result.value)
            if equation.holds is not False and key not in seen:
                seen.add(key)
                yield equation
