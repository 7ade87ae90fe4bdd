"""Rule d: what comes after the error follows from it, without a second error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from label_checking.equations import Equation, Step
from label_checking.expressions import Number
from label_checking.reading import (
    Finding,
    Reading,
    accounts,
    forms,
    number_pairs,
    question_values,
    result_of,
    stated_values,
    values_of,
)


@dataclass(slots=True)
class Ledger:
    """What a reader of the erroneous solution knows so far, and which right values the error has changed."""

    known: set[Fraction]
    changed: set[Fraction] = field(default_factory=set)
    replaced: dict[Fraction, set[Fraction]] = field(default_factory=dict)
    introduced: set[Fraction] = field(default_factory=set)

    def is_stale(self, number: Number) -> bool:
        """Whether a right value is to be found nowhere any more but in the reference."""
        return number.amount in self.changed and not self.known & forms(number)

    def replace(self, right: Number, now: Number, is_result: bool) -> None:
        """Note that `now` stands where the reference has `right`."""
        if forms(right) == forms(now):
            self.known |= forms(now)
            return
        for old in forms(right):
            self.replaced.setdefault(old, set()).update(forms(now))
        if is_result:
            self.changed |= forms(right)

    def may_become(self, right: Number, now: Number) -> bool:
        """Whether `now` in the place of `right` follows from an earlier change."""
        expected = self.introduced.union(*(self.replaced.get(old, set()) for old in forms(right)))
        return bool(forms(now) & expected)


def later_steps_follow(reading: Reading) -> Iterator[Finding]:
    """d. After the error each equation holds, and uses what this solution says, not what the reference knew."""
    at = reading.record.located_step
    earlier = (stated_values(step) for step in reading.steps[:at])
    ledger = Ledger(set(question_values(reading.record.question)).union(*earlier))
    _note_dropped_steps(reading, ledger)
    # What comes after a second error follows from it in turn, which this rule doesn't recompute.
    own = min((step for step, _ in accounts(reading.record)[1:]), default=len(reading.steps))
    for index in range(at, len(reading.steps)):
        if index > at:
            yield from _equations_hold(reading.steps[index], reading.partners[index])
        if index >= own:
            continue
        yield from _step_follows(reading, index, ledger)


def _equations_hold(step: Step, partner: Step | None) -> Iterator[Finding]:
    others = partner.equations if partner is not None else ()
    for place, equation in enumerate(step.equations):
        if equation.holds:
            continue
        as_in_reference = place < len(others) and not others[place].holds
        yield Finding("d: a later equation is false" + ", as in the reference" * as_in_reference, equation.text)


def _note_dropped_steps(reading: Reading, ledger: Ledger) -> None:
    """What only a dropped step computes is to be found nowhere; what stands in its place is in the error step."""
    at = reading.record.located_step
    for step in reading.reference[at : at + reading.shift]:
        for equation in step.equations:
            ledger.changed |= forms(result_of(equation))


def _step_follows(reading: Reading, index: int, ledger: Ledger) -> Iterator[Finding]:
    step, partner = reading.steps[index], reading.partners[index]
    is_error = index == reading.record.located_step
    lines_up = partner is not None and len(partner.equations) == len(step.equations)
    before = set(ledger.known)
    computed: set[Fraction] = set()
    for place, equation in enumerate(step.equations):
        other = partner.equations[place] if lines_up and partner is not None else None
        free = is_error and reading.wrong is not None and place <= reading.wrong
        if not free and not (is_error and not lines_up):
            yield from _operands_follow(equation, other, partner, ledger)
        if other is not None:
            _note_change(equation, other, ledger, is_error and place == reading.wrong)
        elif is_error:
            ledger.introduced |= forms(result_of(equation)) | values_of(equation.left.operands)
        computed |= forms(result_of(equation)) | (values_of(equation.left.operands) if free else set())
        ledger.known |= values_of(equation.left.operands) | values_of(equation.right.operands) | computed
    if is_error and (not lines_up or step.unread or step.other):
        _note_unpaired_error(step, partner, ledger)
    if is_error and partner is not None:
        for right, now in number_pairs(step, partner):
            ledger.replace(right, now, is_result=False)
    mentions = Ledger(before.union(computed, step.computed), ledger.changed, ledger.replaced, ledger.introduced)
    yield from _no_mention_is_stale(step, mentions, reading.record.steps[index])
    if partner is not None and not is_error:
        yield from _mentions_follow(step, partner, mentions, reading.record.steps[index])
    ledger.known |= stated_values(step)


def _note_change(equation: Equation, other: Equation, ledger: Ledger, is_error: bool) -> None:
    if is_error:
        for right, now in zip(other.left.operands, equation.left.operands, strict=False):
            ledger.replace(right, now, is_result=False)
    if len(other.right.operands) == len(equation.right.operands):
        for right, now in zip(other.right.operands, equation.right.operands, strict=True):
            ledger.replace(right, now, is_result=True)
    else:
        ledger.replace(result_of(other), result_of(equation), is_result=True)


def _note_unpaired_error(step: Step, partner: Step | None, ledger: Ledger) -> None:
    """An error step of another shape: the reference's results are gone, whatever it states is new."""
    ledger.introduced |= values_of(step.numbers)
    stated = stated_values(step)
    for equation in partner.equations if partner is not None else ():
        if not forms(result_of(equation)) & stated:
            ledger.changed |= forms(result_of(equation))


def _operands_follow(
    equation: Equation, other: Equation | None, partner: Step | None, ledger: Ledger
) -> Iterator[Finding]:
    if other is not None and len(other.left.operands) == len(equation.left.operands):
        for right, now in zip(other.left.operands, equation.left.operands, strict=True):
            detail = f"{float(right.value):g} -> {float(now.value):g} in: {equation.text}"
            if forms(right) == forms(now):
                if ledger.is_stale(now):
                    yield Finding("d: a later equation uses a right value that the error has changed", detail)
            elif not ledger.may_become(right, now):
                yield Finding("d: an operand of a later equation is changed for no reason", detail)
        return
    others = partner.equations if partner is not None else ()
    elsewhere = values_of(number for each in others for number in each.left.operands)
    for now in equation.left.operands:
        if ledger.known & forms(now):
            continue
        if ledger.is_stale(now):
            yield Finding("d: a later equation uses a right value that the error has changed", equation.text)
        elif not elsewhere & forms(now):
            yield Finding(
                "d: an operand of a later equation comes from nowhere", f"{float(now.value):g}: {equation.text}"
            )


def _no_mention_is_stale(step: Step, ledger: Ledger, text: str) -> Iterator[Finding]:
    # The 7 of a new 5/7 is not the 7 of the 7/10 that it replaces.
    fractions = [equation.right.operands for equation in step.equations if len(equation.right.operands) > 1]
    parts = {number.amount for operands in fractions for number in operands}
    for number in step.numbers:
        if ledger.is_stale(number) and number.value != 1 and number.amount not in parts:
            kind = "number word" if number.is_word else "number"
            yield Finding(f"d: a {kind} still says a right value that the error has changed", text)


def _mentions_follow(step: Step, partner: Step, ledger: Ledger, text: str) -> Iterator[Finding]:
    results = values_of(number for equation in step.equations for number in equation.right.operands)
    for right, now in number_pairs(step, partner):
        if forms(right) == forms(now) or ledger.may_become(right, now) or results & forms(now):
            continue
        detail = f"{float(right.value):g} -> {float(now.value):g} in: {text}"
        if step.other or step.unread:
            yield Finding("d: a number is changed in arithmetic that cannot be read", detail)
        elif not (forms(right) & set(partner.computed) and forms(now) & set(step.computed)):
            yield Finding("d: a number of a later step is changed for no reason", detail)
        ledger.replace(right, now, is_result=True)
