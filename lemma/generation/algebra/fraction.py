"""Fractions with letters that are reduced."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import LETTERS, Exercise, line, nonzero, said


def draw(rng: random.Random, largest: int) -> Exercise:
    """A sum over a number, or a product over a factor."""
    name = rng.choice(LETTERS)
    return rng.choice((over_number, over_factor))(rng, name, min(largest, 9))


def asked(rng: random.Random, expression: str) -> str:
    return said(
        rng, f"Simplify ${expression}$.", f"Reduce ${expression}$ as far as possible.",
        f"Write ${expression}$ in its simplest form.",
    )  # fmt: skip


def over_number(rng: random.Random, name: str, largest: int) -> Exercise:
    """(a d x + b d) / d + c x."""
    d, a, b, c = rng.randint(2, 6), rng.randint(1, 6), nonzero(rng, largest), rng.randint(1, 9)
    whole = rf"\frac{{{line({1: a * d, 0: b * d}, name)}}}{{{d}}}"
    reduced, result = line({1: a, 0: b}, name), line({1: a + c, 0: b}, name)
    added = line({1: c}, name)
    steps = (
        said(rng, "The fraction reduces:", "First reduce the fraction:", "We have") + f" ${whole} = {reduced}$.",
        said(rng, "Therefore,", "With the last term,", "Altogether,")
        + f" ${whole} + {added} = {reduced} + {added} = \\boxed{{{result}}}$.",
    )
    return Exercise(asked(rng, f"{whole} + {added}"), steps, result)


def over_factor(rng: random.Random, name: str, largest: int) -> Exercise:
    """(x^2 + (a + b) x + a b) / (x^2 + (a + c) x + a c)."""
    a, b, c = nonzero(rng, largest), nonzero(rng, largest), nonzero(rng, largest)
    if len({a, b, c}) < 3 or 0 in (a + b, a + c):
        return over_factor(rng, name, largest)
    top, bottom = line({2: 1, 1: a + b, 0: a * b}, name), line({2: 1, 1: a + c, 0: a * c}, name)
    same, one, other = (line({1: 1, 0: value}, name) for value in (a, b, c))
    whole, result = rf"\frac{{{top}}}{{{bottom}}}", rf"\frac{{{one}}}{{{other}}}"
    steps = (
        said(rng, "Factor both parts:", "Factoring gives", "In factors, this is")
        + rf" ${whole} = \frac{{({same})({one})}}{{({same})({other})}}$.",
        said(rng, "The common factor cancels, which leaves", "So the result is", "This reduces to")
        + f" $\\boxed{{{result}}}$.",
    )
    return Exercise(asked(rng, whole), steps, result)
