"""Linear inequalities, with and without a sign that turns."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import LETTERS, Exercise, line, nonzero, said

_TURNED = {"<": ">", ">": "<", r"\le": r"\ge", r"\ge": r"\le"}


def draw(rng: random.Random, largest: int) -> Exercise:
    """a x + b < c x + d."""
    name, sign = rng.choice(LETTERS), rng.choice(sorted(_TURNED))
    bound, difference = nonzero(rng, min(largest, 12)), rng.choice((-1, -1, 1)) * rng.randint(2, 7)
    right = rng.choice((0, nonzero(rng, 6)))
    left, added = right + difference, nonzero(rng, largest)
    other = difference * bound + added
    if not left or not other:
        return draw(rng, largest)
    start = f"{line({1: left, 0: added}, name)} {sign} {line({1: right, 0: other}, name)}"
    turned = _TURNED[sign] if difference < 0 else sign
    steps = []
    if right:
        steps.append(
            said(rng, "Bring the letters to the left:", "Move the terms with the letter:", "First,")
            + f" ${line({1: difference, 0: added}, name)} {sign} {other}$."
        )
    steps.append(
        said(rng, "Then", "Moving the constant,", "Next,") + f" ${line({1: difference}, name)} {sign} {other - added}$."
    )
    answer = f"{name} {turned} {bound}"
    steps.append(said(rng, "Hence", "Therefore,", "So") + f" $\\boxed{{{answer}}}$.")
    asked = said(
        rng, f"Solve ${start}$ for ${name}$.", f"For which ${name}$ is ${start}$?", f"Solve the inequality ${start}$."
    )
    return Exercise(asked, tuple(steps), answer)
