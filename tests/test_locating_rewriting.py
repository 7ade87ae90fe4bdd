"""Equations that are not what they were made from, told from new facts by the words between them."""

from __future__ import annotations

import pytest

from lemma.locating.signs.reading import Reading
from lemma.locating.signs.rewriting import rewriting_signs

BROKEN = {
    "no common solution": ("Solve for $x$.", r"From \[(16 + x)(12) = 324,\] \[16 + x = 27,\] \[x = 8.\]"),
    "another sign": ("", r"Thus $x^2 - x + 1 = 2x^2 + 3y$, which simplifies to $x^2 - x + 3y + 1 = 0$."),
    "one other coefficient": ("", r"So \(R = (450 - 5n)(500 + 10n)\). Expanding gives \(R = 225000 + 4000n - 50n^2\)."),
    "turned the wrong way": ("", r"We have \(c = 2d\). Thus \(c = \frac{1}{2}d\)."),
    "part of a formula": (
        r"Find the roots of \(\frac{72x - 72}{x^2 + 4x} - 18 = 0\).",
        r"We rewrite the fraction as \(\frac{72x - 72}{x^2 + 4x} = \frac{72(x - 1)}{(x - 1)(x + 4)}\).",
    ),
    "nearly multiplied out": ("", r"We find \((x + 2)(x + 3) = x^2 + 6x + 6\)."),
    "remainder": ("", r"We see that \(195 \mod 19 = 1\)."),
    "congruence": ("", r"Now $327 \equiv 8 \pmod{17}$."),
    "divisible": ("", "Both 24 and 1199 are divisible by 3."),
}
SOUND = {
    "solved": ("Solve $3x + 3 = 18$.", r"So $3x = 15$, $x = 5$."),
    "a case": ("", r"If $x = 3$, there are 7. If $x = 4$, there are 8."),
    "another fact": ("", r"Ann has $a + b = 3$ pens, and Bob $2a + 5b = 9$."),
    "two systems": ("", r"There is one pair with $a + b = 3$. There are 16 pairs with $a + b = 33$."),
    "two roots": ("", r"From $x^2 = y^2$ we get $x = y$ or $x = -y$."),
    "two lines": ("", r"It is bounded by the line $y = x - 4$ and the line $y = 3x$."),
    "both sides multiplied": ("Let $\\frac{2xy}{x + y} = 20$.", r"Multiplying by $x + y$, $2xy = 20(x + y)$."),
    "remainder": ("", r"We see that \(39 \mod 19 = 1\), and \(40 \equiv 2 \pmod{19}\)."),
    "part of a remainder": ("", r"Here \(39 \mod 19 = 0 + 20 \mod 19\), and \(3 \cdot 7 \equiv 2 \pmod{19}\)."),
    "no formula": ("", "She has 3 apples."),
}


def is_broken(question: str, step: str) -> bool:
    (signs,) = rewriting_signs(Reading(question, "", (), (step,)))
    return bool(signs["broken"])


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rewriting_is_seen(name: str) -> None:
    assert is_broken(*BROKEN[name])


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_or_new_is_left_alone(name: str) -> None:
    assert not is_broken(*SOUND[name])


def test_the_step_before_counts() -> None:
    steps = (r"Thus $-x^2 - x + 1 = 2x^2 - 1$.", r"This simplifies to $0 = 3x^2 - x + 2$.")
    assert [signs["broken"] for signs in rewriting_signs(Reading("", "", (), steps))] == [0.0, 1.0]
