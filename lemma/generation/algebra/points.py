"""Points in the plane: midpoints, and the points of a line."""

from __future__ import annotations

import random

from lemma.generation.algebra.exercise import Exercise, line, nonzero, said


def draw(rng: random.Random, largest: int) -> Exercise:
    """A midpoint, or where a line meets another one."""
    return rng.choice((midpoint, meeting))(rng, min(largest, 9))


def midpoint(rng: random.Random, largest: int) -> Exercise:
    """((a + c) / 2, (b + d) / 2)."""
    first, second = (nonzero(rng, largest), nonzero(rng, largest)), (nonzero(rng, largest), nonzero(rng, largest))
    sums = [one + other for one, other in zip(first, second, strict=True)]
    if any(value % 2 for value in sums) or sums[0] == sums[1]:
        return midpoint(rng, largest)
    sums_written = [
        rf"\frac{{{one} {'+' if other > 0 else '-'} {abs(other)}}}{{2}}"
        for one, other in zip(first, second, strict=True)
    ]
    answer = f"({sums[0] // 2}, {sums[1] // 2})"
    asked = said(
        rng,
        f"Find the midpoint of the segment from ${first}$ to ${second}$.",
        f"What is the midpoint of the segment with ends ${first}$ and ${second}$?",
    )
    middle = rf"\left( {sums_written[0]}, {sums_written[1]} \right)"
    steps = (
        said(rng, "The midpoint has the means of the coordinates.", "Take the mean of each coordinate."),
        said(rng, "It is", "So it is", "This gives") + rf" ${middle} = \boxed{{{answer}}}$.",
    )
    return Exercise(asked, steps, answer)


def meeting(rng: random.Random, largest: int) -> Exercise:
    """y = a x + b and y = c x + d."""
    x, y = nonzero(rng, largest), nonzero(rng, largest)
    a, c = rng.sample([value for value in range(-5, 6) if value], 2)
    b, d = y - a * x, y - c * x
    if not b or not d or x == y or a == c:
        return meeting(rng, largest)
    one, other = line({1: a, 0: b}, "x"), line({1: c, 0: d}, "x")
    answer = f"({x}, {y})"
    asked = said(
        rng,
        f"The lines $y = {one}$ and $y = {other}$ meet at $(x, y)$. Find $(x, y)$.",
        f"At which point $(x, y)$ do the lines $y = {one}$ and $y = {other}$ cross?",
    )
    steps = (
        said(rng, "At that point,", "There,", "Set the two equal:") + f" ${one} = {other}$.",
        said(rng, "Then", "So", "Collect the terms:") + f" ${line({1: a - c}, 'x')} = {d - b}$.",
        said(rng, "Hence", "Therefore,", "This means") + f" $x = {x}$.",
        said(rng, "From the first line,", "Then", "It follows that")
        + f" $y = {x if a == 1 else line({1: a}, 'X').replace('X', f'({x})')} {'+' if b > 0 else '-'} {abs(b)} = {y}$.",
        said(rng, "So", "Thus", "Altogether,") + f" $(x, y) = \\boxed{{{answer}}}$.",
    )
    return Exercise(asked, steps, answer)
