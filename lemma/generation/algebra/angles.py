"""Angles in degrees and radians, and the arcs that belong to them."""

from __future__ import annotations

import random
from fractions import Fraction

from lemma.generation.algebra.exercise import Exercise, said


def draw(rng: random.Random, largest: int) -> Exercise:
    """An arc of a circle, by its angle in degrees."""
    degrees, radius = (
        rng.choice((12, 15, 18, 20, 24, 30, 36, 40, 45, 60, 72, 75, 120, 135, 150)),
        rng.randint(2, largest),
    )
    angle = Fraction(degrees, 180)
    arc = angle * radius
    asked = said(
        rng,
        rf"A circle has radius ${radius}$. How long is the arc of an angle of ${degrees}^\circ$ at its center?",
        rf"Find the length of the arc that an angle of ${degrees}^\circ$ cuts from a circle of radius ${radius}$.",
    )
    answer = times_pi(arc)
    steps = (
        said(rng, "In radians, the angle is", "The angle in radians is", "First,")
        + rf" ${degrees}^\circ = {degrees} \cdot \frac{{\pi}}{{180}} = {times_pi(angle)}$.",
        said(rng, "The arc has length", "So the length is", "Hence the arc is")
        + rf" ${radius} \cdot {times_pi(angle)} = \boxed{{{answer}}}$.",
    )
    return Exercise(asked, steps, answer)


def times_pi(value: Fraction) -> str:
    """A multiple of pi: `\\frac{2\\pi}{3}`."""
    top = r"\pi" if value.numerator == 1 else rf"{value.numerator}\pi"
    return top if value.denominator == 1 else rf"\frac{{{top}}}{{{value.denominator}}}"
