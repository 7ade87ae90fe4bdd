"""What was changed at the wrong step, as text: which number or which sign, and whether that is what the type says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from label_checking.latex.chains import Chain, read_step
from label_checking.latex.number_theory import true_of_numbers
from label_checking.latex.sides import Side, normalized
from label_checking.latex.text import numbers_in, where_given
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

_LITERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+")


def check_change(record: ErroneousSolution) -> tuple[list[Finding], bool]:
    """Findings on the change at the wrong step, and whether that change could be read.

    It is read if the wrong step and the reference's have equally many sides, and these types are told apart by text:
    one number, one sign, or one result.
    """
    pair = _first_change(record)
    if pair is None:
        return [], False
    right, now, is_result = pair
    return list(_by_type(record, right, now, is_result)), True


def _first_change(record: ErroneousSolution) -> tuple[Side, Side, bool] | None:
    """The first side that differs from the reference's, and whether it is the result of the side before it."""
    at = record.located_step
    if at >= len(record.reference_steps):
        return None
    right, now = (read_step(steps[at]).chains for steps in (record.reference_steps, record.steps))
    if [len(chain.sides) for chain in right] != [len(chain.sides) for chain in now]:
        return None
    for one, other in zip(right, now, strict=True):
        for place, (side, changed) in enumerate(zip(one.sides, other.sides, strict=True)):
            if _plain(side) != _plain(changed) and other.relations:
                return side, changed, place > 0 and bool(other.sides[place - 1].operations)
    return None


def _plain(side: Side) -> str:
    # `\\binom{14}{5}` has two numbers, and `\\frac{4}{5}` is one.
    text = re.sub(r"(\\binom\s*\{[^{}]*\})", r"\1;", normalized(side.text))
    return re.sub(r"[\s{}]", "", text)


def _by_type(record: ErroneousSolution, right: Side, now: Side, is_result: bool) -> Iterator[Finding]:
    texts = [_plain(side) for side in (right, now)]
    numbers = [_LITERAL.findall(text) for text in texts]
    signs = [_LITERAL.sub("#", text) for text in texts]
    differing = [pair for pair in zip(*numbers, strict=False) if pair[0] != pair[1]]
    name = f"error step: {record.error_type}:"
    detail = f"{right.text.strip()} -> {now.text.strip()}"[:200]
    if record.error_type == "operator_error":
        if is_result and not now.operations:
            yield Finding(f"{name} the result is changed and no sign", detail)
        elif sorted("".join(numbers[0])) != sorted("".join(numbers[1])):
            yield Finding(f"{name} a number is changed", detail)
    elif record.error_type in ("context_value_error", "previous_step_value_error", "counting_error"):
        if is_result and right.operations == 0 and now.operations == 0:
            yield Finding(f"{name} a result is changed and no operand", detail)
        elif record.error_type == "counting_error" and texts[0] == f"{texts[1]}+1":
            return  # the gaps of a span, and not its numbers: one too few
        elif true_of_numbers(record):
            return  # more terms are counted, as the explanation says
        elif _signs_only(signs[0]) != _signs_only(signs[1]):
            yield Finding(f"{name} a sign is changed", detail)
        elif len(set(differing)) > 1:
            yield Finding(f"{name} more than one number is changed", detail)
        elif record.error_type == "counting_error" and differing and not _is_one_off(differing[0]):
            yield Finding(f"{name} the count is not off by one", detail)
    elif record.error_type == "calculation_error" and not is_result and right.operations and right.is_number:
        yield Finding(f"{name} an operand or a sign is changed and no result", detail)


def _signs_only(shape: str) -> str:
    return re.sub(r"[()-]", "", shape)


def _is_one_off(pair: tuple[str, str]) -> bool:
    one, other = (Fraction(text.replace(",", "")) for text in pair)
    return abs(one - other) == 1


def still_uses(record: ErroneousSolution) -> Iterator[Finding]:
    """Later steps that go on with the result that the wrong step no longer has.

    Only a result that nothing else in the record shows is held against a later step, since any other may be meant.
    """
    at = record.located_step
    if len(record.steps) != len(record.reference_steps):
        return
    right, now = _results(record.reference_steps[at]), _results(record.steps[at])
    lost = {value for value in right - now if abs(value) > 12}
    before = "\n".join([*record.steps[: at + 1]])
    for value in lost:
        if value in numbers_in(before) or where_given(value, record.question) != "nowhere":
            continue
        for place in range(at + 1, len(record.steps)):
            operands = _operands(record.steps[place])
            if value in operands and value in _operands(record.reference_steps[place]):
                yield Finding("later step: it still uses the right value", f"{value}: {record.steps[place][:200]}")


def _results(step: str) -> set[Fraction]:
    last = (chain.sides[-1] for chain in read_step(step).chains if chain.relations)
    return {value for side in last for value in side.values if isinstance(value, Fraction)}


def _operands(step: str) -> set[Fraction]:
    """Numbers that an expression of the step computes with."""
    chains: tuple[Chain, ...] = read_step(step).chains
    computing = (side for chain in chains for side in chain.sides if side.is_number and side.operations)
    return {Fraction(text.replace(",", "")) for side in computing for text in _LITERAL.findall(_plain(side))}
