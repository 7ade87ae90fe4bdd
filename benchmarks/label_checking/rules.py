"""What must be true of an erroneous solution whose label is said to be proven. One function a rule.

The rules see a record's text alone and recompute it; they know nothing of how it was made. A finding's `rule` names
the broken rule in words that count well; `detail` is for the person who looks into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache

from label_checking.algebra import is_wrongly_solved
from label_checking.equations import Equation, Step, read_step
from label_checking.expressions import Number, read_value
from label_checking.following import later_steps_follow
from label_checking.reading import (
    Finding,
    Reading,
    accounts,
    forms,
    number_pairs,
    read,
    result_of,
    sides_of,
    signature_of,
    stated_values,
    wrong_pair,
)
from label_checking.slips import claims_hold
from label_checking.text import plain_text
from label_checking.type_rules import change_fits_its_type
from lemma.records import ErroneousSolution

_BOX = re.compile(r"\\boxed\s?\{([^{}]{1,80})\}")
_MEASURED = re.compile(
    r"(?<![\d.,])(\d{1,6}(?:,\d{3}){0,2}\.\d{1,2}) ?(?:more |extra |total )?(?:hour|minute|second|mile|feet|foot|inch|"
    r"yard|meter|centimeter|kilometer|km|cm|pound|lb|ounce|oz|gram|kilogram|kg|ton|gallon|liter|quart|acre|mph|"
    r"[a-z]{2,20} ?(?:/|per\b) ?[a-z])"
)


def check(record: ErroneousSolution) -> list[Finding]:
    """Every rule that a record breaks; an empty list for a record whose label is proven."""
    if not 0 <= record.located_step < len(record.steps):
        return [Finding("a: error_step is no step", f"error_step {record.located_step} of {len(record.steps)} steps")]
    reading = read(record)
    return [finding for rule in RULES for finding in rule(reading)]


def prefix_is_the_references(reading: Reading) -> Iterator[Finding]:
    """a. Up to the error the steps are the reference's and right; the error step is not the reference's."""
    record, at = reading.record, reading.record.located_step
    # Where "g" is the number of geese, 4g are no grams.
    letters = set(re.findall(r"\b[Ll]et ([a-z]) be\b| and let ([a-z]) be\b", " ".join(record.reference_steps)))
    named = "".join(letter for pair in letters for letter in pair)
    for index in range(at):
        if index >= len(record.reference_steps) or record.steps[index] != record.reference_steps[index]:
            yield Finding("a: a step before the error is not the reference's", record.steps[index])
        for equation in reading.steps[index].equations:
            is_algebra = bool(named) and re.search(rf"\d[{named}]\b", equation.text) is not None
            if not equation.holds and not is_algebra:
                yield Finding("a: an equation before the error is false, as in the reference", equation.text)
    if at < len(record.reference_steps) and record.steps[at] == record.reference_steps[at]:
        yield Finding("a: the error step is the reference's", record.steps[at])


def final_answer_is_wrong_and_stated(reading: Reading) -> Iterator[Finding]:
    """b. The final answer differs in value from gold, and the end of the text states it."""
    record = reading.record
    final, gold = _answer_values(record.final_answer), _answer_values(record.gold_answer)
    if not final or not gold:
        if record.final_answer.strip() == record.gold_answer.strip():
            yield Finding("b: the final answer is gold's", record.final_answer)
    elif final & gold:
        yield Finding("b: the final answer equals gold's", f"{record.final_answer} and {record.gold_answer}")
    boxes = {value for step in record.steps for content in _BOX.findall(step) for value in _answer_values(content)}
    if gold & boxes:
        yield Finding("b: a box of the wrong solution has gold's answer", record.steps[-1])
    stated = _stated_at_the_end(reading.steps)
    if not gold & _stated_at_the_end(reading.reference):
        stated |= _stated_where_the_reference_states(gold, reading)
    is_one_number = re.fullmatch(r"[\s$\\]*[\d.,]+[\s%\\]*", record.final_answer) is not None
    as_text = not is_one_number and plain_text(record.final_answer).strip() in plain_text(record.steps[-1])
    if not final & stated and not as_text:
        yield Finding("b: the final answer is not stated at the end", f"{record.final_answer} in: {record.steps[-1]}")


@lru_cache(maxsize=2048)
def _answer_values(answer: str) -> frozenset[Fraction]:
    expression = read_value(answer)
    values = () if expression is None else (expression.value, expression.plain)
    return frozenset(value for value in values if value is not None)


def _stated_at_the_end(steps: tuple[Step, ...]) -> set[Fraction]:
    """The numbers of the last step that has any, expressions such as 3/4 among them."""
    last = next((step for step in reversed(steps) if step.numbers), None)
    return set() if last is None else stated_values(last) | set(last.computed)


def _stated_where_the_reference_states(gold: frozenset[Fraction], reading: Reading) -> set[Fraction]:
    """Some reference solutions end with a remark after the answer; the answer stands where gold stands there."""
    pairs = zip(reading.steps, reading.partners, strict=True)
    return set().union(*(stated_values(step) for step, partner in pairs if partner and gold & stated_values(partner)))


def error_step_is_wrong_as_its_type_says(reading: Reading) -> Iterator[Finding]:
    """c. A calculation error is one false result; any other error holds, but is not what the reference computes."""
    record, error, partner = reading.record, reading.error, reading.partner
    false = [equation for equation in error.equations if not equation.holds]
    if record.error_type == "calculation_error":
        if false or not is_wrongly_solved(record.steps, record.reference_steps, record.located_step):
            yield from _one_false_result(error, partner, false)
        return
    for equation in false:
        yield Finding("c: an equation of the error step is false", equation.text)
    stops = record.error_type == "question_misinterpretation_error" and record.located_step == len(record.steps) - 1
    if partner is not None and error.equations and _computes(error) == _computes(partner) and not stops:
        yield Finding("c: the error step computes what the reference does", record.steps[record.located_step])


def _computes(step: Step) -> list[tuple[tuple[Fraction, ...], str]]:
    return [signature_of(equation) for equation in step.equations]


def _one_false_result(error: Step, partner: Step | None, false: list[Equation]) -> Iterator[Finding]:
    if len(false) != 1:
        texts = " | ".join(equation.text for equation in error.equations)
        yield Finding(f"c: a calculation error with {len(false) or 'no'} false equations", texts)
        return
    if partner is None or len(partner.equations) != len(error.equations):
        yield Finding("c: the false equation is none of the reference's", false[0].text)
        return
    for right, now in zip(partner.equations, error.equations, strict=True):
        if now.holds:
            continue
        if signature_of(right) != signature_of(now):
            yield Finding("c: a calculation error changes more than its result", f"{right.text} -> {now.text}")
        if not right.holds:
            yield Finding("c: the reference's equation is false", right.text)


def numbers_stay_plausible(reading: Reading) -> Iterator[Finding]:
    """e. Counts stay whole, nothing turns negative, no share exceeds 100 %, prices keep their decimals."""
    at, texts = reading.record.located_step, reading.record.steps
    pairs = [
        pair
        for step, partner in zip(reading.steps[at:], reading.partners[at:], strict=True)
        if partner is not None
        for pair in (*number_pairs(step, partner), *_result_pairs(step, partner))
    ]
    measured = {Fraction(number.replace(",", "")) for text in texts[at:] for number in _MEASURED.findall(text)}
    for right, now in pairs:
        if now.value in measured:
            continue
        is_money = right.is_currency or now.is_currency
        if right.value.denominator == 1 and not right.decimals and now.value.denominator > 1 and not is_money:
            yield Finding(
                "e: a whole number turns into a fraction", f"{right.value} -> {float(now.value):g}: {texts[at]}"
            )
            break
    before, after = [n for s in reading.reference for n in s.numbers], [n for s in reading.steps for n in s.numbers]
    if _is_below_zero(reading.steps) and not _is_below_zero(reading.reference):
        yield Finding("e: a number turns negative", " / ".join(texts[at:]))
    shares = [max((n.value for n in numbers if n.is_percent), default=Fraction(0)) for numbers in (before, after)]
    if shares[0] <= 100 < shares[1]:
        yield Finding("e: a share of more than 100 %", f"{float(shares[1]):g} %: {texts[at]}")
    prices = [max((n.decimals for n in numbers if n.is_currency), default=0) for numbers in (before, after)]
    if prices[1] > max(2, prices[0]):
        yield Finding("e: a price with more than two decimals", " / ".join(texts[at:]))


def _result_pairs(step: Step, partner: Step) -> list[tuple[Number, Number]]:
    """Results in pairs where the words differ; their unit tells money from counts."""
    if len(step.equations) != len(partner.equations) or step.template == partner.template:
        return []
    return [
        (result_of(right), result_of(now))
        for right, now in zip(partner.equations, step.equations, strict=True)
        if not {"dollar", "cent", "$"} & (now.stated.units | right.stated.units)
    ]


def _is_below_zero(steps: tuple[Step, ...]) -> bool:
    return any(side < 0 for step in steps for equation in step.equations for side in sides_of(equation))


def results_are_written_out(reading: Reading) -> Iterator[Finding]:
    """e. Nobody writes 42 * .25 = 10 where 10.5 fits as well: rounded are thirds and fractions of cents."""
    at = reading.record.located_step
    for step, partner in zip(reading.steps[at:], reading.partners[at:], strict=True):
        if partner is None or len(partner.equations) != len(step.equations):
            continue
        for right, now in zip(partner.equations, step.equations, strict=True):
            if not right.is_exact or not now.holds or now.is_exact or now.left.value is None:
                continue
            if (now.left.value * 100).denominator == 1 and result_of(now).decimals < 2:
                yield Finding("e: a result is rounded that could be written out", now.text)


def explanation_names_the_fault(reading: Reading) -> Iterator[Finding]:
    """h. There is an explanation; for a calculation error it holds the false and the right result, and says how it came
    about.
    """
    record = reading.record
    if not record.explanation.strip():
        yield Finding("h: no explanation", record.id)
    pair = wrong_pair(reading)
    if record.error_type == "calculation_error" and claims_hold(accounts(record)[0][1]) is False:
        yield Finding("h: what the explanation says of the slip does not hold", record.explanation)
    if record.error_type != "calculation_error" or pair is None:
        return
    said = stated_values(read_step(record.explanation))
    for name, equation in zip(("right", "false"), pair, strict=True):
        if not forms(result_of(equation)) & said:
            yield Finding(
                f"h: the explanation does not name the {name} result", f"{equation.text}: {record.explanation}"
            )


RULES: tuple[Callable[[Reading], Iterator[Finding]], ...] = (
    prefix_is_the_references,
    final_answer_is_wrong_and_stated,
    error_step_is_wrong_as_its_type_says,
    later_steps_follow,
    numbers_stay_plausible,
    results_are_written_out,
    change_fits_its_type,
    explanation_names_the_fault,
)
