"""Products and squares that are multiplied out and collected."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import LETTERS, Exercise, line, nonzero, said, total


def draw(rng: random.Random, largest: int) -> Exercise:
    """A sum of products."""
    name = rng.choice(LETTERS)
    return rng.choice((square, brackets, product))(rng, name, min(largest, 12))


def asked(rng: random.Random, expression: str) -> str:
    return said(
        rng,
        f"Expand and simplify ${expression}$.",
        f"Simplify ${expression}$.",
        f"Write ${expression}$ without brackets, in its simplest form.",
    )


def square(rng: random.Random, name: str, largest: int) -> Exercise:
    """(a x + b)^2 + c x."""
    a, b, c = rng.randint(1, 4), nonzero(rng, largest), nonzero(rng, largest)
    if c == -2 * a * b:
        c += 1
    if not c:
        c = 1
    inner = line({1: a, 0: b}, name)
    tail = total([(1, "P"), (c, name)])[2:]
    whole = f"({inner})^2 {tail}"
    opened = f"{line({2: a * a, 1: 2 * a * b, 0: b * b}, name)} {tail}"
    result = line({2: a * a, 1: 2 * a * b + c, 0: b * b}, name)
    steps = (
        said(rng, "Squaring the sum, we get", "First,", "The square is multiplied out:") + f" ${whole} = {opened}$.",
        said(rng, "Collecting like terms,", "Then", "So") + f" ${opened} = \\boxed{{{result}}}$.",
    )
    return Exercise(asked(rng, whole), steps, result)


def brackets(rng: random.Random, name: str, largest: int) -> Exercise:
    """a (b x + c) - (d x + e)."""
    a, b, c = rng.choice((-1, 1)) * rng.randint(2, 7), rng.randint(1, 6), nonzero(rng, largest)
    d, e = rng.randint(2, 6), nonzero(rng, largest)
    if a * b == d or a * c == e:
        return brackets(rng, name, largest)
    whole = f"{a}({line({1: b, 0: c}, name)}) - ({line({1: d, 0: e}, name)})"
    opened = total([(a * b, name), (a * c, ""), (-d, name), (-e, "")])
    result = line({1: a * b - d, 0: a * c - e}, name)
    steps = (
        said(rng, "Opening the brackets,", "Distribute:", "Without brackets,") + f" ${whole} = {opened}$.",
        said(rng, "Now", "Collecting like terms,", "It follows that") + f" ${opened} = \\boxed{{{result}}}$.",
    )
    return Exercise(asked(rng, whole), steps, result)


def product(rng: random.Random, name: str, largest: int) -> Exercise:
    """(x + a)(x + b) - x (x + c)."""
    a, b, c = nonzero(rng, largest), nonzero(rng, largest), nonzero(rng, largest)
    if a + b in (0, c) or a * b == 0:
        return product(rng, name, largest)
    whole = f"({line({1: 1, 0: a}, name)})({line({1: 1, 0: b}, name)}) - {name}({line({1: 1, 0: c}, name)})"
    square = f"{name}^2"
    opened = total([(1, square), (a + b, name), (a * b, ""), (-1, square), (-c, name)])
    result = line({1: a + b - c, 0: a * b}, name)
    steps = (
        said(rng, "Multiply out:", "Expanding both products,", "We have") + f" ${whole} = {opened}$.",
        said(rng, "The squares cancel, so", "This leaves", "Collecting terms,") + f" ${opened} = \\boxed{{{result}}}$.",
    )
    return Exercise(asked(rng, whole), steps, result)
