"""Rules that find fault with the computations of a solution, recomputing them and aligning them with the reference.

    >>> from lemma.arithmetic.reference_index import Reference
    >>> reference = Reference("He has 9 eggs. He eats 3 eggs.", ("9 - 3 = <<9-3=6>>6 eggs are left.",), 6)
    >>> fault = JudgedSolution(("He has 9 + 3 = 12 eggs.",), reference).fault()
    >>> fault.step, fault.reason
    (0, 'other_operator')

A computation is right if, as a function of the numbers of the problem (`fingerprints`), the reference computes the
same, or if a later computation that uses it is right. A false equation is wrong for sure, and so is one that combines
two quantities of the reference by another operator. Of the rest, some have no counterpart and do no harm: a rate or a
remainder that the problem's own numbers give. Anything else that leads to a wrong answer and has no counterpart is at
fault. If no equation is at fault, it is the step that states the answer.

These rules were written with the 111 marked solutions of MR-GSM8K in sight. They decide nothing: `graph` weighs them
among other signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from lemma.arithmetic.computations import Computation, StudentSolution, magnitude, names_unknown
from lemma.arithmetic.equations import read_step
from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, evaluate, nodes
from lemma.arithmetic.fingerprints import computed
from lemma.arithmetic.numbers import Number, Value, divide, find_numbers
from lemma.arithmetic.reference_index import UNIT_FACTORS

Reason = Literal[
    "false_equation", "other_operator", "wrong_answer", "not_in_reference", "unreadable_equation", "stated_answer"
]

_COUNTED: frozenset[Value] = frozenset({1, 2, 100})  # of these one need not speak
_FLOATING_POINT = 10**9  # a calculator's last digits are off by less than one part in so many
_ANSWER_LINE = re.compile(r"^\W*(?:####|(?:(?:so|thus|therefore|hence),? )?(?:the )?(?:final )?answer)", re.IGNORECASE)
_BARE_ANSWER = re.compile(r"^\W*(?:####|the (?:final )?answer|answer)", re.IGNORECASE)
_CENTS = re.compile(r"\bcents?\b|¢|%|percent", re.IGNORECASE)


class Fault(NamedTuple):
    """A step that a rule holds to be the first wrong one, and the computation at fault, if one is."""

    step: int
    reason: Reason
    computation: Computation | None = None


class JudgedSolution(StudentSolution):
    """The student's computations, and what is wrong with them."""

    def fault(self) -> Fault:
        """The step that the rules find, if the final answer is wrong: there is always one."""
        for computation in self.computations:
            reason = self.reason_against(computation)
            if reason in ("wrong_answer", "not_in_reference"):
                at_fault = self._stand_in(computation) or computation
                return Fault(at_fault.step, reason, at_fault)
            if reason is not None:
                return Fault(computation.step, reason, computation)
        return self._where_the_answer_is_stated()

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

    def reason_against(self, computation: Computation) -> Reason | None:
        """Why a computation is held to be wrong: it is false, or used on the way without a place in the reference."""
        if self.is_false(computation):
            return "false_equation"
        has_counterpart = self.has_counterpart(computation)
        if not has_counterpart and self._uses_other_operator(computation):
            return "other_operator"
        copied_answer = computation.is_answer and computation.copies_an_operand()
        if (has_counterpart and not copied_answer) or computation.leads_to_right:
            return None
        if computation.is_answer:
            return "wrong_answer"
        used = computation.leads_to_answer or computation.children
        if not used or computation.copies_an_operand() or self._converts(computation) or self._is_fact(computation):
            return None
        return "not_in_reference"

    def _stand_in(self, computation: Computation) -> Computation | None:
        """The fact among what is combined here that was meant for something else, if there is one: it stands where the
        reference has a result of its own, or what it is combined with is right, and it is not sure to be a fact.
        """
        parents = [self.computations[index] for index in sorted(computation.parents)]
        facts = [parent for parent in parents if not self.has_counterpart(parent) and self._is_fact(parent)]
        replacing = {
            magnitude(value)
            for operand in self._replacing_a_result(computation)
            for value in (operand.value, operand.face)
        }
        for fact in facts:
            if magnitude(fact.equation.result.face) in replacing:
                return fact
        with_right = any(map(self.has_counterpart, parents))
        unsure = (fact for fact in facts if not self._is_sure_fact(fact) and not fact.leads_to_right)
        return next(unsure, None) if with_right else None

    def _replacing_a_result(self, computation: Computation) -> Iterator[Number]:
        for operand, replaced in self._replaced_operands(computation):
            if replaced not in self.reference.given_fingerprints:
                yield operand

    def _is_sure_fact(self, computation: Computation) -> bool:
        return computation.operator == "-" or self._is_told_of_each(computation)

    def _is_told_of_each(self, computation: Computation) -> bool:
        """`She has 4 boxes. Each box holds 8 pens.`"""
        return computation.operator == "*" and any(computation.origins <= told for told in self.reference.told_of_each)

    def _uses_other_operator(self, computation: Computation) -> bool:
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

    def _converts(self, computation: Computation) -> bool:
        """Whether it only changes the unit: minutes to hours, dozens to pieces."""
        operands = computation.equation.operands
        factors = UNIT_FACTORS & (self.reference.constants - self.reference.in_digits)
        return (
            computation.operator in ("*", "/")
            and len(operands) == 2
            and all(map(self._is_explained, operands))
            and any(operand.face in factors and not self._is_result(operand, computation) for operand in operands)
        )

    def _is_result(self, operand: Number, computation: Computation) -> bool:
        return any(index < computation.index for index in self.of_value.get(magnitude(operand.face), ()))

    def _is_fact(self, computation: Computation) -> bool:
        """Whether the problem's own numbers give it, even if the reference has no use for it."""
        given = all(
            self.is_given(operand) or (operand.face in _COUNTED and not computation.parents)
            for operand in computation.equation.operands
        )
        if not given or self.follows_the_one_before(computation):
            return False
        if computation.operator in ("+", "-"):
            return self._is_sum_of_facts(computation)
        return self._is_product_of_facts(computation)

    def _is_sum_of_facts(self, computation: Computation) -> bool:
        reference = self.reference
        told_together = (
            reference.sentences if computation.operator == "+" else [*reference.sentences, *reference.neighbours]
        )
        return reference.is_part_of_a_sum(computation.fingerprints) or any(
            computation.origins <= told for told in told_together
        )

    def _is_product_of_facts(self, computation: Computation) -> bool:
        reference, found = self.reference, computation.fingerprints
        if computation.operator == "*" and _takes_a_share(computation):
            return False
        if self._is_told_of_each(computation):
            return True
        is_term = not found.isdisjoint(reference.terms)
        if not found.isdisjoint(reference.products):
            return computation.operator == "*" and is_term
        told = any(computation.origins <= numbers for numbers in reference.sentences)
        return (told or is_term) and not any(self._replaced_operands(computation))

    def _is_explained(self, operand: Number) -> bool:
        known = (self.of_value, self.reference.of_value, self.reference.constants, _COUNTED)
        return self.is_given(operand) or any(operand.value in values or operand.face in values for values in known)

    def _replaced_operands(self, computation: Computation) -> Iterator[tuple[Number, int]]:
        """Where an operation of the reference is the same but for one operand: what it is here, and what there."""
        if len(computation.equation.operands) != 2:
            return
        for leaves in computation.leaves:
            for operands in self.reference.by_operator.get(computation.operator, ()):
                if len(operands & set(leaves)) == 1 and len(operands) == 2:
                    (replaced,) = operands - set(leaves)
                    here = 0 if leaves[0] not in operands else 1
                    yield computation.equation.operands[here], replaced

    def _where_the_answer_is_stated(self) -> Fault:
        """The step that takes something else for the answer: an unreadable equation, or the last step to state it."""
        body = [step for step, text in enumerate(self.texts) if not _ANSWER_LINE.match(text)]
        right = (computation.step for computation in self.computations if self.has_counterpart(computation))
        last_right = max(right, default=-1)
        unreadable = next((step for step in body if step > last_right and self._is_unreadable(step)), None)
        if unreadable is not None:
            return Fault(unreadable, "unreadable_equation")
        stating = [step for step in body if self._states_answer(step)]
        step = (stating or body or [len(self.texts) - 1])[-1]
        following = self.texts[step + 1 : step + 2]
        if step == last_right and following and not _BARE_ANSWER.match(following[0]):
            step += 1  # what it computes is right; to call it the answer is not
        return Fault(step, "stated_answer")

    def _is_unreadable(self, step: int) -> bool:
        text = self.texts[step]
        return bool(read_step(text).unread) or ("=" in text and names_unknown(text))

    def _states_answer(self, step: int) -> bool:
        return any(number.face == self.answer for number in find_numbers(self.texts[step]))


def _takes_a_share(computation: Computation) -> bool:
    """Whether it takes a part of something, as in `1/5 * 40`: of what, is what students get wrong."""
    tree, values = computation.equation.tree, computation.equation.operand_values()
    if not isinstance(tree, Binary):
        return False
    try:
        left, right = evaluate(tree.left, values), evaluate(tree.right, values)
    except ArithmeticRefusal:
        return False
    return 0 < min(left, right) < 1 and max(left, right) != 100
