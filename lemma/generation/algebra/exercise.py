"""What a family of exercises makes, and how it writes polynomials and numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LETTERS = ("x", "y", "t", "n", "a", "z", "m", "k")


@dataclass(frozen=True)
class Exercise:
    """A question, a solution whose last step has the answer in a box, and the answer."""

    question: str
    steps: tuple[str, ...]
    answer: str

    @property
    def operations(self) -> int:
        """How many steps there are."""
        return len(self.steps)


def number(value: Fraction | int) -> str:
    r"""A number in LaTeX: `-\frac{3}{2}`."""
    value = Fraction(value)
    sign = "-" if value < 0 else ""
    if value.denominator == 1:
        return f"{sign}{abs(value.numerator)}"
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def bracketed(value: Fraction | int) -> str:
    """A number that something is multiplied by: `(-3)`."""
    return f"({number(value)})"


def total(terms: Sequence[tuple[Fraction | int, str]]) -> str:
    """A sum of coefficients and letters; what is zero is left out: `2x - y + 3`."""
    text = ""
    for value, name in terms:
        if not value:
            continue
        size = "" if abs(value) == 1 and name else number(abs(Fraction(value)))
        sign = "-" if value < 0 else "+"
        text += f" {sign} {size}{name}" if text else f"{'-' if value < 0 else ''}{size}{name}"
    return text or "0"


def line(values: Mapping[int, Fraction | int], name: str) -> str:
    """A polynomial in one letter by its powers, the highest first: `x^2 + 5x + 6`."""
    powers = {0: "", 1: name}
    return total([(values[power], powers.get(power, f"{name}^{power}")) for power in sorted(values, reverse=True)])


def nonzero(rng: random.Random, largest: int) -> int:
    """A whole number other than 0, between -largest and largest."""
    return rng.choice((-1, 1)) * rng.randint(1, largest)


def said(rng: random.Random, *ways: str) -> str:
    """One of several ways to say something."""
    return rng.choice(ways)
