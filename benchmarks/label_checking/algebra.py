"""Unknowns: `6x = 96` and then `x = 18`. The value is put into the equation before it, and nothing else is believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

_NUMBER = r"(?:\d[\d,]*\.?\d*|\.\d+)"
_VALUE = re.compile(rf"(?<![A-Za-z\d.*/+-])([A-Za-z])\s*=\s*\$?({_NUMBER})")


def is_wrongly_solved(steps: Sequence[str], reference: Sequence[str], at: int) -> bool:
    """Whether the step gives an unknown a value that does not solve the linear equation stated before it, where the
    reference's value does, and the two steps differ in nothing else.
    """
    if at >= len(reference):
        return False
    pairs = zip(_VALUE.finditer(steps[at]), _VALUE.finditer(reference[at]), strict=False)
    for now, right in pairs:
        if now.group(1) != right.group(1) or now.group(2) == right.group(2):
            continue
        solves = [
            _solves(now.group(1), text, [*reference[:at], reference[at][: right.start()]])
            for text in (right.group(2), now.group(2))
        ]
        return solves == [True, False]
    return False


def _solves(unknown: str, text: str, before: Sequence[str]) -> bool | None:
    """Whether a value solves the last linear equation in an unknown; None if there is none."""
    equation = re.compile(
        rf"(?<![A-Za-z\d.*/+-])(?:({_NUMBER})\s*\*?\s*)?{unknown}(?:\s*\*\s*({_NUMBER}))?(?:\s*([-+–])\s*\$?({_NUMBER}))?"
        rf"\s*=\s*\$?({_NUMBER})(?![\d.,]|\s*[-+*/]\s*[\d($]|\s*[-+*/]?\s*{unknown})"
    )
    for passage in reversed(before):
        found = [match for match in equation.finditer(passage) if match.group(1) or match.group(2) or match.group(4)]
        if found:
            factor, by, sign, term, total = found[-1].groups()
            scale = _fraction(factor or by or "1")
            shift = _fraction(term or "0") * (1 if sign == "+" else -1)
            return scale * _fraction(text) + shift == _fraction(total)
    return None


def _fraction(text: str) -> Fraction:
    return Fraction(text.replace(",", "").rstrip("."))
