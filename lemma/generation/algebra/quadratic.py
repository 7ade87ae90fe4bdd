"""Quadratic equations that are solved by factoring: the solutions, their sum, or the larger one."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import LETTERS, Exercise, line, nonzero, number, said


def draw(rng: random.Random, largest: int) -> Exercise:
    """An equation with two different whole solutions, in any order of its terms."""
    name = rng.choice(LETTERS)
    bound = min(largest, 9)
    first, second = sorted((nonzero(rng, bound), nonzero(rng, bound)))
    if first in (second, -second):
        return draw(rng, largest)
    linear, constant = -(first + second), first * second
    moved = rng.choice((0, nonzero(rng, 7)))
    left = line({2: 1, 1: linear + moved, 0: constant}, name)
    right = line({1: moved}, name)
    factors = [line({1: 1, 0: -root}, name) for root in rng.sample((first, second), 2)]
    steps = []
    if moved:
        steps.append(
            said(rng, "Bring everything to one side", "Collect all terms on the left", "In standard form")
            + f": ${line({2: 1, 1: linear, 0: constant}, name)} = 0$."
        )
    steps.append(
        said(rng, "The left side factors:", "Factoring gives", "This can be written as")
        + f" $({factors[0]})({factors[1]}) = 0$."
    )
    steps.append(said(rng, "Hence", "Therefore,", "So") + f" ${name} = {first}$ or ${name} = {second}$.")
    asked, last = ask(rng, name, first, second)
    steps.append(last)
    question = f"{said(rng, 'Consider the equation', 'Take the equation', 'We are given')} ${left} = {right}$. {asked}"
    answer = steps[-1].split("boxed{")[1].split("}")[0]
    return Exercise(question, tuple(steps), answer)


def ask(rng: random.Random, name: str, first: int, second: int) -> tuple[str, str]:
    """What is asked, and the step that answers it."""
    total, product = first + second, first * second
    shown = number(second) if second > 0 else f"({number(second)})"
    return rng.choice((
        (f"Find the sum of all solutions for ${name}$.", f"Their sum is ${first} + {shown} = \\boxed{{{total}}}$."),
        (
            f"What is the product of the values of ${name}$?",
            f"The product of these is $({first})({second}) = \\boxed{{{product}}}$.",
        ),
        (f"Find the larger value of ${name}$.", f"The larger value is ${name} = \\boxed{{{second}}}$."),
        (f"Which value of ${name}$ is the smaller one?", f"The smaller value is ${name} = \\boxed{{{first}}}$."),
        (f"Find all ${name}$ with this property.", f"The answer is $\\boxed{{{first}, {second}}}$."),
        (f"What can ${name}$ be? List every value.", f"This gives $\\boxed{{{first}, {second}}}$."),
    ))  # fmt: skip
