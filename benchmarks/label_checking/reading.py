"""An erroneous solution read whole: every step parsed, and set against the step of the reference it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from label_checking.equations import Equation, Step, read_step
from label_checking.expressions import Number
from label_checking.text import NUMBER_WORDS
from lemma.records import ErroneousSolution

VALUES_OF_WORDS: dict[str, tuple[Fraction, ...]] = {
    "half": (Fraction(1, 2), Fraction(2)),
    "third": (Fraction(1, 3), Fraction(3)),
    "quarter": (Fraction(1, 4), Fraction(4), Fraction(25)),
    "fourth": (Fraction(1, 4), Fraction(4)),
    "fifth": (Fraction(1, 5), Fraction(5)),
    "sixth": (Fraction(1, 6), Fraction(6)),
    "eighth": (Fraction(1, 8), Fraction(8)),
    "tenth": (Fraction(1, 10), Fraction(10)),
    **{word: (Fraction(2),) for word in ("twice", "double", "pair", "couple", "both", "second", "doubled", "twin")},
    **{word: (Fraction(3),) for word in ("thrice", "triple", "tripled", "triplet")},
    **{word: (Fraction(4),) for word in ("quadruple", "quadrupled")},
    **{word: (Fraction(1),) for word in ("a", "an", "each", "every", "once", "single", "per", "another")},
    "dime": (Fraction(10), Fraction(1, 10)),
    "nickel": (Fraction(5), Fraction(1, 20)),
    "penny": (Fraction(1), Fraction(1, 100)),
    "percent": (Fraction(100),),
    "score": (Fraction(20),),
    **{word: (Fraction(value),) for word, value in NUMBER_WORDS.items()},
}


_OWN_ERROR = re.compile(r" Step (\d+) has an error of its own: ")


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule of one record."""

    rule: str
    detail: str


def accounts(record: ErroneousSolution) -> list[tuple[int, str]]:
    """The steps that the explanation calls wrong, each with what it says of that step; the labeled one comes first."""
    first, *others = _OWN_ERROR.split(record.explanation)
    later = [(int(step) - 1, said) for step, said in zip(others[::2], others[1::2], strict=True)]
    return [(record.located_step, first), *later]


@dataclass(frozen=True, slots=True)
class Reading:
    """A record with all of its steps read.

    From the error on, step `i` stands for the reference's step `i + shift`: more than 0 where steps were left out, less
    where some were added. `wrong` is the index of the first equation at fault in the error step.
    """

    record: ErroneousSolution
    reference: tuple[Step, ...]
    steps: tuple[Step, ...]
    partners: tuple[Step | None, ...]
    shift: int
    wrong: int | None

    @property
    def error(self) -> Step:
        return self.steps[self.record.located_step]

    @property
    def partner(self) -> Step | None:
        """The reference's step that the error step stands for; None for an inserted step."""
        return self.partners[self.record.located_step]


def forms(number: Number) -> set[Fraction]:
    """The values that one number may have elsewhere: 15% as 15 and as 3/20, 2 million as 2 and as 2,000,000."""
    return {number.value, number.amount}


def values_of(numbers: Iterable[Number]) -> set[Fraction]:
    """All values of all forms of some numbers."""
    return {value for number in numbers for value in forms(number)}


@lru_cache(maxsize=2048)
def question_values(question: str) -> frozenset[Fraction]:
    """Every value that a question gives, in digits or in words."""
    step = read_step(question)
    values = {Fraction(digits) for digits in re.findall(r"\d+(?:\.\d+)?", question)}  # also those of a ratio, 10:17
    values |= values_of(step.numbers) | {side for equation in step.equations for side in sides_of(equation)}
    for word in re.findall(r"[a-z]+(?:-[a-z]+)?", question.lower()):
        for part in {word, *word.split("-")}:
            values.update(VALUES_OF_WORDS.get(part.removesuffix("s"), VALUES_OF_WORDS.get(part, ())))
    return frozenset(values)


def sides_of(equation: Equation) -> set[Fraction]:
    """The values that an equation states; what a false one should state is not among them."""
    sides = (equation.stated.value, equation.right.value, equation.left.value if equation.holds else None)
    return {side for side in sides if side is not None}


def result_of(equation: Equation) -> Number:
    """What the left side comes to, as one number."""
    stated = equation.stated
    if len(stated.operands) == 1:
        operand = stated.operands[0]
        return operand if not stated.shape.startswith("-") else Number(-operand.value, operand.scale, operand.decimals)
    return Number(stated.value if stated.value is not None else Fraction(0))


def stated_values(step: Step) -> set[Fraction]:
    """Every value that a step states, and every value of a side of its equations."""
    return values_of(step.numbers) | {side for equation in step.equations for side in sides_of(equation)}


def _shift(record: ErroneousSolution, reference: tuple[Step, ...], steps: tuple[Step, ...]) -> int:
    """Which step of the reference a later step stands for, by the texts around the numbers."""
    at, surplus = record.located_step, len(reference) - len(steps)

    def agreement(shift: int) -> int:
        pairs = ((steps[index].template, index + shift) for index in range(at, len(steps)))
        return sum(0 <= place < len(reference) and template == reference[place].template for template, place in pairs)

    is_inserted = surplus < 0 and agreement(0) == 0
    is_shifted = record.error_type == "missing_step" or is_inserted or agreement(surplus) > agreement(0)
    return surplus if is_shifted else 0


def _partner(index: int, error_step: int, shift: int, reference: tuple[Step, ...]) -> Step | None:
    place = index if index < error_step else index + shift
    is_added = error_step <= index < error_step - shift
    return reference[place] if place < len(reference) and not is_added else None


def _first_wrong(error: Step, partner: Step | None, is_calculation: bool) -> int | None:
    if is_calculation:
        return next((index for index, equation in enumerate(error.equations) if not equation.holds), None)
    for index, equation in enumerate(error.equations):
        other = partner.equations[index] if partner is not None and index < len(partner.equations) else None
        if other is None or signature_of(equation) != signature_of(other):
            return index
    return None


def signature_of(equation: Equation) -> tuple[tuple[Fraction, ...], str]:
    """What an equation computes: its operands, and its operators with their parentheses."""
    return tuple(operand.amount for operand in equation.left.operands), equation.left.shape


def read(record: ErroneousSolution) -> Reading:
    """All steps of a record read, and set against the reference's."""
    reference = tuple(read_step(step) for step in record.reference_steps)
    steps = tuple(read_step(step) for step in record.steps)
    at, shift = record.located_step, _shift(record, reference, steps)
    partners = tuple(_partner(index, at, shift, reference) for index in range(len(steps)))
    wrong = _first_wrong(steps[at], partners[at], record.error_type == "calculation_error")
    return Reading(record, reference, steps, partners, shift, wrong)


def number_pairs(step: Step, partner: Step) -> list[tuple[Number, Number]]:
    """The numbers of two steps place by place; none where the words around them differ."""
    if step.template != partner.template or len(step.numbers) != len(partner.numbers):
        return []
    return list(zip(partner.numbers, step.numbers, strict=True))


def wrong_pair(reading: Reading) -> tuple[Equation, Equation] | None:
    """The reference's equation and the changed one, where the two steps line up."""
    error, partner, wrong = reading.error, reading.partner, reading.wrong
    if partner is None or wrong is None or len(error.equations) != len(partner.equations):
        return None
    return partner.equations[wrong], error.equations[wrong]
