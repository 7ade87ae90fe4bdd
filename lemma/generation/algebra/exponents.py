"""Powers that are multiplied, divided and raised."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import LETTERS, Exercise, said


def draw(rng: random.Random, _largest: int) -> Exercise:
    """A power of a power, times or over another one."""
    name = rng.choice(LETTERS)
    first, second, third = rng.randint(2, 6), rng.randint(2, 4), rng.randint(2, 7)
    raised = first * second
    if rng.random() < 0.5:
        whole, middle, result = (
            rf"({name}^{first})^{second} \cdot {name}^{third}",
            rf"{power(name, raised)} \cdot {name}^{third}",
            raised + third,
        )
    else:
        if raised - third < 2:
            return draw(rng, _largest)
        whole, middle, result = (
            rf"\frac{{({name}^{first})^{second}}}{{{name}^{third}}}",
            rf"\frac{{{power(name, raised)}}}{{{name}^{third}}}",
            raised - third,
        )
    answer = power(name, result)
    steps = (
        said(rng, "First raise the power:", "A power of a power gives", "We have")
        + f" $({name}^{first})^{second} = {power(name, raised)}$.",
        said(rng, "So", "Therefore,", "This means that") + f" ${whole} = {middle} = \\boxed{{{answer}}}$.",
    )
    asked = said(
        rng, f"Simplify ${whole}$.", f"Write ${whole}$ as a power of ${name}$.", f"Express ${whole}$ as one power."
    )
    return Exercise(asked, steps, answer)


def power(name: str, exponent: int) -> str:
    return f"{name}^{exponent}" if exponent < 10 else f"{name}^{{{exponent}}}"
