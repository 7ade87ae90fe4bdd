"""The computations of a student's solution, linked by their values, and what of the reference they match.

>>> reference = Reference("Ann has 12 boxes of 8 pens.", ("She has 12*8 = <<12*8=96>>96 pens.",), 96)
>>> solution = StudentSolution(("12 * 8 = 96", "96 / 8 = 12"), reference)
>>> [solution.has_counterpart(computation) for computation in solution.computations]
[True, False]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, permutations

from lemma.arithmetic.equations import Equation, as_read, read_step
from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, evaluate, nodes
from lemma.arithmetic.fingerprints import MODULUS, computed, fingerprint
from lemma.arithmetic.numbers import Number, Value, divide, find_numbers
from lemma.arithmetic.reference_index import Reference, leaves_of

_MOST_ALTERNATIVES = 5
_FLOATING_POINT = 10**9  # a calculator's last digits are off by less than one part in this number
_CENTS = re.compile(r"\bcents?\b|¢|%|percent", re.IGNORECASE)
_NEGATIVE_RESULT = re.compile(r"(=\s*)-(\s*\$?\d)")
_TIMES = re.compile(r"(?<=[\w)%]) [x×] (?=[$(\d])")
_UNKNOWN = re.compile(r"(?<![A-Za-z])[xyz](?![A-Za-z])")


@dataclass
class Computation:
    """One equation of the solution. `sources` are, for each operand, the computations that it may come from, `parents`
    all of them.
    """

    index: int
    step: int
    text: str
    equation: Equation
    sources: tuple[tuple[int, ...], ...]
    leaves: list[tuple[int, ...]]
    children: list[Computation] = field(default_factory=list)
    leads_to_right: bool = False
    leads_to_answer: bool = False
    is_answer: bool = False

    @cached_property
    def parents(self) -> frozenset[int]:
        """All computations that an operand may come from."""
        return frozenset(chain.from_iterable(self.sources))

    @cached_property
    def fingerprints(self) -> frozenset[int]:
        """What it computes, one for each origin that its operands may have."""
        return frozenset(computed(self.equation.tree, leaves) for leaves in self.leaves)

    @property
    def operator(self) -> str:
        """The outermost operator."""
        return self.equation.tree.operator if isinstance(self.equation.tree, Binary) else ""

    @property
    def shown(self) -> str:
        """The equation as it stands in the text."""
        return " ".join(as_read(self.text)[self.equation.start : self.equation.result.end].split())

    def copies_an_operand(self) -> bool:
        """Whether nothing is gained, as in `5 * 1 = 5`."""
        neutral = 1 if self.operator in ("*", "/") else 0
        return len(self.equation.operands) == 2 and any(
            operand.face == neutral and other.face == self.equation.result.face
            for operand, other in permutations(self.equation.operands)
        )


class StudentSolution:
    """The student's computations, linked by their values. `answer` is the last number of the solution."""

    def __init__(self, texts: Sequence[str], reference: Reference) -> None:
        self.texts, self.reference = texts, reference
        self.answer = next((numbers[-1].face for text in reversed(texts) if (numbers := find_numbers(text))), None)
        self.computations: list[Computation] = []
        self.of_value: dict[Value, list[int]] = {}
        for step, text in enumerate(texts):
            for equation in _equations(text):
                self._add(step, text, equation)
        self._look_ahead()

    def is_given(self, operand: Number) -> bool:
        """Whether the question says this number."""
        return operand.value in self.reference.given or operand.face in self.reference.given

    def has_counterpart(self, computation: Computation) -> bool:
        """Whether the reference computes the same."""
        return any(
            self.reference.has(leaves, computed(computation.equation.tree, leaves)) for leaves in computation.leaves
        )

    def is_false(self, computation: Computation) -> bool:
        """Whether the equation is false, not counting rounding, signs and cents."""
        equation = computation.equation
        if equation.holds is not False:
            return False
        try:
            exact = evaluate(equation.tree, equation.operand_values())
        except ArithmeticRefusal:
            return True
        stated = (equation.result.value, equation.result.face)
        if any(magnitude(exact - value) * _FLOATING_POINT <= magnitude(exact) for value in stated):
            return False
        taken_the_other_way = computation.operator == "-" and -exact in stated
        return not taken_the_other_way and not self._mixes_dollars_and_cents(computation, exact)

    def _mixes_dollars_and_cents(self, computation: Computation, exact: Value) -> bool:
        shown = computation.equation.result.value
        return bool(_CENTS.search(computation.text + self.reference.question)) and exact in (
            shown * 100,
            divide(shown, 100),
        )

    def uses_other_operator(self, computation: Computation) -> bool:
        """Whether the reference combines the same two quantities, differently."""
        if computation.operator not in "*/" and not computation.fingerprints.isdisjoint(self.reference.reordered):
            return False
        return any(
            self._is_other_operation(operation, leaves)
            for operation in nodes(computation.equation.tree)
            for leaves in computation.leaves
            if operation is computation.equation.tree or operation.operator != "/"  # 2/3 is a number
        )

    def _is_other_operation(self, operation: Binary, leaves: Sequence[int]) -> bool:
        left, right = computed(operation.left, leaves), computed(operation.right, leaves)
        results = self.reference.by_operands.get(frozenset((left, right)), set())
        return bool(results) and left != right and computed(operation, leaves) not in results

    def _add(self, step: int, text: str, equation: Equation) -> None:
        all_sources = []
        alternatives = []
        for operand in equation.operands:
            sources = [
                *self.of_value.get(magnitude(operand.value), ()),
                *self.of_value.get(magnitude(operand.face), ()),
            ]
            all_sources.append(tuple(sources))
            alternatives.append(self._alternatives(operand, sources))
        index = len(self.computations)
        self.computations.append(Computation(index, step, text, equation, tuple(all_sources), leaves_of(alternatives)))
        for value in {magnitude(equation.result.value), magnitude(equation.result.face)}:
            self.of_value.setdefault(value, []).append(index)

    def _alternatives(self, operand: Number, sources: Sequence[int]) -> list[int]:
        known = {value for source in sources for value in self.computations[source].fingerprints}
        if self.is_given(operand):
            known.add(fingerprint(operand.value))
        elif not known:
            of_value = self.reference.of_value
            known = of_value.get(operand.value) or of_value.get(operand.face) or {fingerprint(operand.value)}
        if not sources:
            known = known | set(self._what_a_share_leaves(operand))
        return sorted(known)[:_MOST_ALTERNATIVES]

    def _what_a_share_leaves(self, operand: Number) -> Iterator[int]:
        """`0.8` or `80` for a discount of 20%, as one less 0.2; `1.2` for a rise, as one and 0.2."""
        for whole, value in ((1, operand.value), (100, operand.face)):
            share = magnitude(value - whole)
            if 0 < share < whole and share in self.reference.given:
                sign = 1 if value > whole else -1
                yield (fingerprint(whole) + sign * fingerprint(share)) % MODULUS

    def _look_ahead(self) -> None:
        for computation in self.computations:
            for parent in computation.parents:
                self.computations[parent].children.append(computation)
        answers = self._answers()
        for computation in reversed(self.computations):
            computation.is_answer = computation.index in answers
            computation.leads_to_answer = computation.is_answer or any(
                child.leads_to_answer for child in computation.children
            )
            computation.leads_to_right = any(
                not child.copies_an_operand() and (child.leads_to_right or self.has_counterpart(child))
                for child in computation.children
            )

    def _answers(self) -> set[int]:
        """The computations whose result is the answer; where none is, those that it is rounded from."""
        if self.answer is None:
            return set()
        results = {computation.index: magnitude(computation.equation.result.face) for computation in self.computations}
        exact = {index for index, result in results.items() if result == self.answer}
        return exact or {
            index
            for index, result in results.items()
            if not isinstance(result, int) and magnitude(result - self.answer) < 1
        }


def _equations(text: str) -> Iterator[Equation]:
    """The equations of a step. `3 - 24 = -21` is read as 21, and holds when the sign does."""
    positive = _NEGATIVE_RESULT.sub(r"\1 \2", text)
    for equation in read_step(positive).equations:
        if names_unknown(positive[equation.start : equation.result.end + 1]):
            continue
        yield equation if positive == text else _judged_with_sign(equation)


def magnitude(value: Value) -> Value:
    """The value without its sign. A difference may be taken either way round."""
    return -value if value < 0 else value


def names_unknown(text: str) -> bool:
    """Whether it is algebra, such as `2x * 0.6`, whose numbers are no quantities by themselves."""
    return _UNKNOWN.search(_TIMES.sub(" * ", text)) is not None


def _judged_with_sign(equation: Equation) -> Equation:
    try:
        value = evaluate(equation.tree, equation.operand_values())
    except ArithmeticRefusal:
        return equation
    return replace(equation, holds=True) if value == -equation.result.value else equation
