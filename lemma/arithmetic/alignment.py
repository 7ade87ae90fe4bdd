"""Find the first wrong step of a solution: recompute every equation, and align what it computes with the reference.

    >>> first_wrong_step(
    ...     "He has 9 eggs. He eats 3 eggs.", ("9 - 3 = <<9-3=6>>6 eggs are left.",), 6, ("He has 9 + 3 = 12 eggs.",)
    ... )
    Finding(step=0, reason='other_operator', equation='9 + 3 = 12', error_type='operator_error')

A step is right when what it computes is, as a function of the numbers of the problem (`fingerprints`), something that
the reference computes, or when something right is made of it later. An equation that is false is wrong for sure. Of the
others, some have no counterpart and do no harm: a rate or a rest that the problem's own numbers give. What was computed
on the way to a wrong answer and has no counterpart is the error. Where no equation is at fault, it is the step that
takes an intermediate result for the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, product
from typing import Literal

from lemma.arithmetic.constants import known_constants
from lemma.arithmetic.equations import Equation, read_step
from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, evaluate, nodes
from lemma.arithmetic.fingerprints import (
    Terms,
    computed,
    expand,
    fingerprint,
    partial_products,
    partial_sums,
    without_common_factor,
)
from lemma.arithmetic.numbers import WORD_VALUES, Number, Value, divide, find_numbers
from lemma.steps import ANNOTATION

Reason = Literal[
    "false_equation", "other_operator", "wrong_answer", "not_in_reference", "unreadable_equation", "stated_answer"
]

_MOST_ALTERNATIVES = 3
_MOST_COMBINATIONS = 64
_UNIT_FACTORS: frozenset[Value] = frozenset({7, 12, 16, 24, 36, 52, 60, 100, 365, 1000, 2000, 3600, 5280})
_COUNTED: frozenset[Value] = frozenset({1, 2, 100})  # of these one need not speak
_ANSWER_LINE = re.compile(r"^\W*(?:####|(?:(?:so|thus|therefore|hence),? )?(?:the )?(?:final )?answer)", re.IGNORECASE)
_BARE_ANSWER = re.compile(r"^\W*(?:####|the (?:final )?answer|answer)", re.IGNORECASE)
_STEP_NUMBER = re.compile(r"^Step \d+: ?")
_NEGATIVE_RESULT = re.compile(r"(=\s*)-(\s*\$?\d)")
_CENTS = re.compile(r"\bcents?\b|¢|%|percent", re.IGNORECASE)
_TIMES = re.compile(r"(?<=[\w)%]) [x×] (?=[$(\d])")
_UNKNOWN = re.compile(r"(?<![A-Za-z])\d*[xyz](?![A-Za-z])")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Finding:
    """The first wrong step (counted from 0), why it is held to be wrong, and the equation at fault, if one is.

    `error_type` is None where the numbers don't tell it.
    """

    step: int
    reason: Reason
    equation: str = ""
    error_type: str | None = None


def first_wrong_step(
    question: str, reference_steps: Sequence[str], gold: Value | None, steps: Sequence[str]
) -> Finding:
    """The first wrong step of a solution whose final answer is wrong: there is always one.

    `gold` is None where the answer is no number.
    """
    texts = [_STEP_NUMBER.sub("", step) for step in steps]
    reference = _Reference(question, reference_steps, gold)
    solution = _Solution(texts, reference)
    return solution.false_equation() or solution.first_without_counterpart() or solution.where_the_answer_is_stated()


def _question_values(text: str) -> frozenset[Value]:
    values: set[Value] = set()
    for number in find_numbers(text):
        values |= {number.face, number.value, divide(number.face, 100)}
    values |= {divide(int(top), int(low)) for top, low in re.findall(r"(\d{1,9})/(\d{1,9})", text) if int(low)}
    for word in re.findall(r"[A-Za-z]+", text):
        values.update(WORD_VALUES.get(word.lower(), ()))
    return frozenset(values)


class _Reference:
    """What the reference computes: results and partial results, and what could come of doing it in another order."""

    def __init__(self, question: str, steps: Sequence[str], gold: Value | None) -> None:
        self.question = question
        self.given = _question_values(question)
        self.sentences = [_question_values(sentence) | {1, 100} for sentence in _SENTENCE.split(question)]
        self.constants = known_constants((question, *steps))
        self.of_value: dict[Value, set[int]] = {}
        self.equations: set[tuple[int, ...]] = set()
        self.results: set[int] = set()
        self.reordered: set[int] = set()
        self.terms: set[int] = set()
        self.products: set[int] = set()
        self.by_operands: dict[frozenset[int], set[int]] = {}
        self.by_operator: dict[str, set[frozenset[int]]] = {}
        self._expanded: dict[int, Terms] = {}
        for step in steps:
            for equation in _equations_of_reference(step):
                self._add(equation)
        # A number of the question, worked out in whatever way, is no sign of having followed the reference.
        self.given_fingerprints = {fingerprint(value) for value in self.given} | {1}
        self.results -= self.given_fingerprints
        self.reordered -= self.given_fingerprints
        if gold is not None:
            self.of_value.setdefault(gold, set())

    def _add(self, equation: Equation) -> None:
        for leaves in _leaves_of([self._alternatives(operand) for operand in equation.operands]):
            result = computed(equation.tree, leaves)
            for value in (equation.result.value, equation.result.face):
                self.of_value.setdefault(value, set()).add(result)
            self.results.update(computed(operation, leaves) for operation in nodes(equation.tree))
            for operation in nodes(equation.tree):
                operands = frozenset((computed(operation.left, leaves), computed(operation.right, leaves)))
                self.by_operands.setdefault(operands, set()).add(computed(operation, leaves))
                self.by_operator.setdefault(operation.operator, set()).add(operands)
            self.equations.add((*sorted(leaves), result))
            self._add_orders(equation, leaves, result)

    def _add_orders(self, equation: Equation, leaves: Sequence[int], result: int) -> None:
        flat = expand(equation.tree, [[(leaf,)] for leaf in leaves])
        if flat:
            self.results.update(partial_sums(flat))
            self.reordered.update(partial_products(flat), without_common_factor(flat))
        whole = expand(equation.tree, [self._expanded.get(leaf, [(leaf,)]) for leaf in leaves])
        if whole:
            self.terms.update(value for term in whole for value in partial_sums([term]))
            self.products.update(partial_products(whole))
            self.reordered.update(partial_sums(whole), partial_products(whole), without_common_factor(whole))
            self._expanded.setdefault(result, whole)

    def _alternatives(self, operand: Number) -> list[int]:
        known = self.of_value.get(operand.value, set()) | self.of_value.get(operand.face, set())
        if not known or operand.value in self.given:
            known = known | {fingerprint(operand.value)}
        return sorted(known)[:_MOST_ALTERNATIVES]


def _equations_of_reference(step: str) -> Iterator[Equation]:
    notes = (match.group()[2:-2] for match in ANNOTATION.finditer(step))
    seen = set()
    for text in (*notes, ANNOTATION.sub("", step)):
        for equation in read_step(text).equations:
            key = (tuple(sorted(map(str, equation.operand_values()))), equation.result.value)
            if equation.holds is not False and key not in seen:
                seen.add(key)
                yield equation


def _leaves_of(alternatives: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    return list(islice(product(*alternatives), _MOST_COMBINATIONS))


@dataclass
class _Computation:
    """One equation of the solution. `parents` are the computations that its operands come from; `origins` the numbers
    that it starts from.
    """

    step: int
    text: str
    equation: Equation
    parents: frozenset[int]
    origins: frozenset[Value]
    leaves: list[tuple[int, ...]]
    children: list[_Computation] = field(default_factory=list)
    leads_to_right: bool = False
    leads_to_answer: bool = False
    is_answer: bool = False

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
        return self.text[self.equation.start : self.equation.result.end]

    def copies_an_operand(self) -> bool:
        """Whether nothing is gained, as in `5 * 1 = 5`."""
        return any(computed(self.equation.tree, leaves) in leaves for leaves in self.leaves)


class _Solution:
    """The student's computations, linked by their values."""

    def __init__(self, texts: Sequence[str], reference: _Reference) -> None:
        self.texts, self.reference = texts, reference
        self.answer = next((numbers[-1].face for text in reversed(texts) if (numbers := find_numbers(text))), None)
        self.computations: list[_Computation] = []
        self._of_value: dict[Value, list[int]] = {}
        for step, text in enumerate(texts):
            for equation in _equations_of_student(text):
                self._add(step, text, equation)
        self._look_ahead()

    def _add(self, step: int, text: str, equation: Equation) -> None:
        parents: set[int] = set()
        origins: set[Value] = set()
        alternatives = []
        for operand in equation.operands:
            sources = [*self._of_value.get(operand.value, ()), *self._of_value.get(operand.face, ())]
            parents.update(sources)
            if sources:
                origins |= self.computations[sources[-1]].origins
            else:
                origins.add(operand.value if operand.value in self.reference.given else operand.face)
            alternatives.append(self._alternatives(operand, sources))
        index = len(self.computations)
        self.computations.append(
            _Computation(step, text, equation, frozenset(parents), frozenset(origins), _leaves_of(alternatives))
        )
        for value in {equation.result.value, equation.result.face}:
            self._of_value.setdefault(value, []).append(index)

    def _alternatives(self, operand: Number, sources: Iterable[int]) -> list[int]:
        known = {value for source in sources for value in self.computations[source].fingerprints}
        if self._is_given(operand):
            known.add(fingerprint(operand.value))
        elif not known:
            of_value = self.reference.of_value
            known = of_value.get(operand.value) or of_value.get(operand.face) or {fingerprint(operand.value)}
        return sorted(known)[: _MOST_ALTERNATIVES + 1]

    def _is_given(self, operand: Number) -> bool:
        return operand.value in self.reference.given or operand.face in self.reference.given

    def _look_ahead(self) -> None:
        for computation in self.computations:
            for parent in computation.parents:
                self.computations[parent].children.append(computation)
        for computation in reversed(self.computations):
            result = computation.equation.result.face
            rounded = not isinstance(result, int) and self.answer is not None and abs(result - self.answer) < 1
            computation.is_answer = result == self.answer or rounded
            computation.leads_to_answer = computation.is_answer or any(
                child.leads_to_answer for child in computation.children
            )
            computation.leads_to_right = any(
                (self._has_counterpart(child) or child.leads_to_right) and child.equation.holds is not False
                for child in computation.children
            )

    def _has_counterpart(self, computation: _Computation) -> bool:
        return not computation.fingerprints.isdisjoint(self.reference.results) or any(
            (*sorted(leaves), computed(computation.equation.tree, leaves)) in self.reference.equations
            for leaves in computation.leaves
        )

    def false_equation(self) -> Finding | None:
        """The first equation that is not true. It outweighs all that only lacks a counterpart."""
        for computation in self.computations:
            if computation.equation.holds is False and not self._mixes_dollars_and_cents(computation):
                return Finding(computation.step, "false_equation", computation.shown, "calculation_error")
        return None

    def _mixes_dollars_and_cents(self, computation: _Computation) -> bool:
        equation = computation.equation
        if not _CENTS.search(computation.text + self.reference.question) or not equation.result.value:
            return False
        try:
            ratio = divide(evaluate(equation.tree, equation.operand_values()), equation.result.value)
        except ArithmeticRefusal:
            return False
        return ratio == 100 or ratio * 100 == 1

    def first_without_counterpart(self) -> Finding | None:
        """The first computation on the way to the answer that the reference has no place for."""
        answer_is_computed = any(computation.is_answer for computation in self.computations)
        for computation in self.computations:
            reason = self._fault(computation, answer_is_computed)
            if reason is not None:
                return Finding(computation.step, reason, computation.shown, self._type_of(computation, reason))
        return None

    def _fault(self, computation: _Computation, answer_is_computed: bool) -> Reason | None:
        has_counterpart = self._has_counterpart(computation)
        if not has_counterpart and self._uses_other_operator(computation):
            return "other_operator"
        copied_answer = computation.is_answer and computation.copies_an_operand()
        if (has_counterpart and not copied_answer) or computation.leads_to_right:
            return None
        if computation.is_answer:
            return "wrong_answer"
        used = computation.leads_to_answer if answer_is_computed else bool(computation.children)
        if not used or computation.copies_an_operand() or self._converts(computation) or self._is_fact(computation):
            return None
        return "not_in_reference"

    def _uses_other_operator(self, computation: _Computation) -> bool:
        """Whether the reference combines the same two quantities, differently."""
        if len(computation.equation.operands) != 2:
            return False
        if computation.operator not in "*/" and not computation.fingerprints.isdisjoint(self.reference.reordered):
            return False
        for leaves in computation.leaves:
            results = self.reference.by_operands.get(frozenset(leaves))
            if results and leaves[0] != leaves[1] and computed(computation.equation.tree, leaves) not in results:
                return True
        return False

    def _converts(self, computation: _Computation) -> bool:
        """Whether it only changes the unit: minutes to hours, dozens to pieces."""
        return (
            computation.operator in ("*", "/")
            and len(computation.equation.operands) == 2
            and all(map(self._is_explained, computation.equation.operands))
            and any(
                operand.face in _UNIT_FACTORS & self.reference.constants for operand in computation.equation.operands
            )
        )

    def _is_fact(self, computation: _Computation) -> bool:
        """Whether the problem's own numbers give it, even if the reference has no use for it."""
        given = all(
            self._is_given(operand) or (operand.face in _COUNTED and not computation.parents)
            for operand in computation.equation.operands
        )
        if not given:
            return False
        reference, found = self.reference, computation.fingerprints
        is_term = not found.isdisjoint(reference.terms)
        if computation.operator in ("*", "/") and not found.isdisjoint(reference.products):
            return computation.operator == "*" and is_term
        if computation.operator in ("*", "/") and self._replaced_operand(computation) is not None:
            return False
        told_together = any(computation.origins <= sentence for sentence in reference.sentences)
        return computation.operator != "*" or told_together or is_term

    def _type_of(self, computation: _Computation, reason: Reason) -> str | None:
        if reason == "other_operator":
            return "operator_error"
        if not computation.fingerprints.isdisjoint(self.reference.reordered):
            return "missing_step"
        replaced = self._replaced_operand(computation)
        if replaced is not None:
            return (
                "context_value_error" if replaced in self.reference.given_fingerprints else "previous_step_value_error"
            )
        explained = all(map(self._is_explained, computation.equation.operands))
        return None if explained else "hallucination"

    def _is_explained(self, operand: Number) -> bool:
        known = (self._of_value, self.reference.of_value, self.reference.constants, _COUNTED)
        return self._is_given(operand) or any(operand.value in values or operand.face in values for values in known)

    def _replaced_operand(self, computation: _Computation) -> int | None:
        """The reference's operand that another stands for, in an operation that is the same otherwise."""
        if len(computation.equation.operands) != 2:
            return None
        for leaves in computation.leaves:
            for operands in self.reference.by_operator.get(computation.operator, ()):
                if len(operands & set(leaves)) == 1 and len(operands) == 2:
                    return next(iter(operands - set(leaves)))
        return None

    def where_the_answer_is_stated(self) -> Finding:
        """The step that takes something else for the answer: an equation that can't be read, or the last to say it."""
        body = [step for step, text in enumerate(self.texts) if not _ANSWER_LINE.match(text)]
        right = (computation.step for computation in self.computations if self._has_counterpart(computation))
        last_right = max(right, default=-1)
        for step in body:
            text = self.texts[step]
            if step > last_right and (read_step(text).unread or ("=" in text and _names_unknown(text))):
                return Finding(step, "unreadable_equation")
        saying = [step for step in body if any(number.face == self.answer for number in find_numbers(self.texts[step]))]
        stops_early = self.answer is not None and bool(self.reference.of_value.get(self.answer))
        step = (saying or body or [len(self.texts) - 1])[-1]
        following = self.texts[step + 1 : step + 2]
        if step == last_right and following and not _BARE_ANSWER.match(following[0]):
            step += 1  # what it computes is right; to call it the answer is not
        return Finding(step, "stated_answer", error_type="question_misinterpretation_error" if stops_early else None)


def _equations_of_student(text: str) -> Iterator[Equation]:
    """The equations of a step. `3 - 24 = -21` is read as 21, and holds when the sign does."""
    positive = _NEGATIVE_RESULT.sub(r"\1 \2", text)
    for equation in read_step(positive).equations:
        if _names_unknown(positive[equation.start : equation.result.end + 1]):
            continue
        yield equation if positive == text else _judged_with_sign(equation)


def _names_unknown(text: str) -> bool:
    """Whether it is algebra, such as `2x * 0.6`, whose numbers are no quantities by themselves."""
    return _UNKNOWN.search(_TIMES.sub(" * ", text)) is not None


def _judged_with_sign(equation: Equation) -> Equation:
    try:
        value = evaluate(equation.tree, equation.operand_values())
    except ArithmeticRefusal:
        return equation
    return replace(equation, holds=True) if value == -equation.result.value else equation
