"""Values that are put into an expression."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import LETTERS, Exercise, bracketed, line, nonzero, number, said


def draw(rng: random.Random, largest: int) -> Exercise:
    """A linear equation for a letter, and a quadratic expression of it."""
    name = rng.choice(LETTERS)
    value = nonzero(rng, 6)
    slope, added = rng.randint(2, 6), nonzero(rng, min(largest, 15))
    a, b, c = rng.randint(1, 3), nonzero(rng, 6), nonzero(rng, 9)
    equation = f"{line({1: slope, 0: added}, name)} = {slope * value + added}"
    expression = line({2: a, 1: b, 0: c}, name)
    result = a * value * value + b * value + c
    front = "" if a == 1 else number(a)
    middle = f"{'+' if b > 0 else '-'} {'' if abs(b) == 1 else abs(b)}{bracketed(value)}"
    tail = f"{'+' if c > 0 else '-'} {abs(c)}"
    steps = (
        said(rng, "From the equation,", "First,", "Solve for the letter:")
        + f" ${line({1: slope}, name)} = {slope * value}$.",
        said(rng, "So", "Hence", "This gives") + f" ${name} = {value}$.",
        said(rng, "Put this in:", "Then", "Therefore,")
        + f" ${expression} = {front}{bracketed(value)}^2 {middle} {tail} = \\boxed{{{result}}}$.",
    )
    asked = said(
        rng,
        f"If ${equation}$, what is the value of ${expression}$?",
        f"Suppose ${equation}$. Find ${expression}$.",
        f"Given that ${equation}$, compute ${expression}$.",
    )
    return Exercise(asked, steps, number(result))
