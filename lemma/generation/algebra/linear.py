"""Linear equations: terms on both sides, with and without brackets."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import LETTERS, Exercise, line, nonzero, number, said, total


def draw(rng: random.Random, largest: int) -> Exercise:
    """An equation with a whole solution."""
    name, root = rng.choice(LETTERS), nonzero(rng, min(largest, 12))
    if rng.random() < 0.5:
        return both_sides(rng, name, root, largest)
    return brackets(rng, name, root, largest)


def asked(rng: random.Random, equation: str, name: str) -> str:
    return said(
        rng,
        f"Solve for ${name}$: ${equation}$.",
        f"Find the value of ${name}$ for which ${equation}$.",
        f"What value of ${name}$ makes ${equation}$ true?",
        f"If ${equation}$, what is ${name}$?",
    )


def both_sides(rng: random.Random, name: str, root: int, largest: int) -> Exercise:
    """a x + b = c x + d."""
    right = rng.choice((0, nonzero(rng, 6)))
    difference = rng.randint(2, 7)
    left = right + difference
    added = nonzero(rng, largest)
    other = difference * root + added
    if left == 0 or other == 0:
        return draw(rng, largest)
    equation = f"{line({1: left, 0: added}, name)} = {line({1: right, 0: other}, name)}"
    steps = []
    if right:
        steps.append(
            said(rng, "Collect the terms on either side", "Move the terms with the letter to the left",
                 "Gather like terms")
            + f": ${total([(left, name), (-right, name)])} = {total([(other, ''), (-added, '')])}$."
        )  # fmt: skip
    else:
        steps.append(
            said(rng, "Isolate the term with the letter", "Move the constant to the right", "First, this gives")
            + f": ${line({1: left}, name)} = {total([(other, ''), (-added, '')])}$."
        )
    steps.append(
        said(rng, "So", "This simplifies to", "That is,") + f" ${line({1: difference}, name)} = {difference * root}$."
    )
    steps.append(
        said(rng, f"Dividing by {difference} gives", "Hence", "Therefore,")
        + f" ${name} = \\frac{{{difference * root}}}{{{difference}}} = \\boxed{{{root}}}$."
    )
    return Exercise(asked(rng, equation, name), tuple(steps), number(root))


def brackets(rng: random.Random, name: str, root: int, largest: int) -> Exercise:
    """a (x + b) + c = d."""
    factor, inside, added = rng.choice((1, -1)) * rng.randint(2, 7), nonzero(rng, 9), nonzero(rng, largest)
    result = factor * (root + inside) + added
    equation = f"{factor}({line({1: 1, 0: inside}, name)}) {'+' if added > 0 else '-'} {abs(added)} = {result}"
    constant = factor * inside + added
    if constant == 0 or result == 0:
        return draw(rng, largest)
    steps = (
        said(rng, "Multiply out", "Expand the brackets", "Distributing,")
        + f": ${total([(factor, name), (factor * inside, ''), (added, '')])} = {result}$.".replace(",:", ","),
        said(rng, "Combine the constants", "Then", "So") + f" ${line({1: factor, 0: constant}, name)} = {result}$.",
        said(rng, "It follows that", "Hence", "This leads to") + f" ${line({1: factor}, name)} = {result - constant}$.",
        said(rng, "Finally,", "So", "Therefore,") + f" ${name} = \\boxed{{{root}}}$.",
    )
    return Exercise(asked(rng, equation, name), tuple(step.replace(",:", ",") for step in steps), number(root))
