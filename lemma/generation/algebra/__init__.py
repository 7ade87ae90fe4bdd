r"""Endless exercises in algebra, with solutions whose every step is true: one family of exercises per file.

A family is a function `draw(rng, largest)` that gives an exercise; its file's name is the family's name.

    >>> exercise = draw_exercise(random.Random(0), largest=20)
    >>> exercise.steps[-1].count(r"\boxed")
    1
"""

from __future__ import annotations

import random
from collections.abc import Callable

from lemma.generation.algebra import (
    angles,
    expanding,
    exponents,
    fraction,
    inequality,
    linear,
    points,
    quadratic,
    substitution,
    system,
)
from lemma.generation.algebra.exercise import Exercise

FAMILIES: dict[str, Callable[[random.Random, int], Exercise]] = {
    "angles": angles.draw,
    "expanding": expanding.draw,
    "exponents": exponents.draw,
    "fraction": fraction.draw,
    "inequality": inequality.draw,
    "linear": linear.draw,
    "points": points.draw,
    "quadratic": quadratic.draw,
    "substitution": substitution.draw,
    "system": system.draw,
}


def draw_exercise(rng: random.Random, largest: int) -> Exercise:
    """An exercise of a random family, its numbers not larger than `largest`."""
    return FAMILIES[rng.choice(sorted(FAMILIES))](rng, largest)
