"""Unknowns solved by a last step of algebra: `6x = 96` and then `x = 16`, or `x + 4 = 25` and then `x = 21`.

That step is a computation, and can be changed and checked like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lemma.arithmetic.numbers import Value, normal, parse_plain

# Bounded in length, so that long runs of digits cost no more than others.
_NUMBER = r"(?:(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,30})(?:\.\d{1,30})?|\.\d{1,30})"
_END = r"(?![\w%])(?!\s*[-+*/×÷^(]\s*[\w(.$])(?!\.\d)"
_STATEMENT = re.compile(
    r"(?<![\w.)\]+*/^-])(?<![-+*/×÷]\s)"
    rf"(?:(?P<factor>{_NUMBER})\s?\*?\s?(?P<after>[A-Za-z])|(?P<before>[A-Za-z])\s?\*\s?(?P<by>{_NUMBER})|(?P<alone>[A-Za-z]))"
    rf"(?:\s?(?P<sign>[-+–])\s?\$?(?P<term>{_NUMBER}))?\s*=\s*\$?(?P<value>{_NUMBER}){_END}"
)


@dataclass(frozen=True, slots=True)
class Solved:
    """An unknown and its stated value, the place of that value, and the equation before it, worked into a product."""

    step: int
    start: int
    unknown: str
    value: Value
    factor: Value
    product: Value
    equation: str

    @property
    def holds(self) -> bool:
        """Whether the value solves the equation."""
        return self.factor * self.value == self.product


def solved_unknowns(steps: Sequence[str]) -> Iterator[Solved]:
    """Every `x = 16` whose unknown stood in a linear equation in the statement before."""
    equations: dict[str, tuple[Value, Value, str]] = {}
    for step, text in enumerate(steps):
        for match in _STATEMENT.finditer(text):
            unknown = match["after"] or match["before"] or match["alone"]
            value, factor, term = _value(match["value"]), _value(match["factor"] or match["by"]), _value(match["term"])
            if value is None:
                continue
            if factor is not None or term is not None:
                product = value if term is None else normal(value - term if match["sign"] == "+" else value + term)
                equations[unknown] = (factor if factor is not None else 1, product, " ".join(match.group().split()))
            elif unknown in equations:
                yield Solved(step, match.start("value"), unknown, value, *equations.pop(unknown))


def _value(text: str | None) -> Value | None:
    parsed = parse_plain(text) if text else None
    return parsed[0] if parsed else None
