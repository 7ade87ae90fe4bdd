"""Signs that a step still is on the way of the reference, and that an equation is false by itself."""

from __future__ import annotations

import pytest

from lemma.locating.signs import SIGNS, Reading, signs_of_steps
from lemma.locating.signs.claims import recomputations
from lemma.locating.signs.evidence import evidence_signs

HAS = {
    "gold, not worked out": ("Compute $113 + 276 - 39$.", "350", (), "This is $389 - 39$.", "gold_expression"),
    "gold in a fraction": ("", r"\frac{3}{4}", (), r"It is $\frac{6}{2 \cdot 4}$.", "rare_gold_expression"),
    "a result of the reference": ("", "9", ("So 4 * 12 = 48.",), "There are 50 - 2 = 48 left.", "reference_expression"),
    "a root of the reference": ("", "9", ("Then $x = 27$.",), "We have $16 + x = 43$.", "reference_root"),
    "false, and right before": ("", "48", (), "It has 4 * 12 = 46 pens.", "false_from_gold"),
    "false, from a result": ("", "9", ("So 4 * 12 = 48.",), "It has 50 - 2 = 46 pens.", "false_from_reference"),
    "no root any more": ("", "11", (), "From $16 + x = 27$, $x = 8$.", "loses_reference_root"),
    "two lines": ("", "8", (), "P2 = 14.68 / 1.835\nP2 = 7.5", "recomputed_wrong"),
    "two lines, right before": ("", "8", (), "P2 = 14.68 / 1.835\nP2 = 7.5", "false_from_gold"),
    "no values": ("", "6", (), r"We factor: $x^3 - 1 = (x + 1)(x^2 - x + 1)$.", "impossible"),
}
HAS_NOT = {
    "the gold answer itself": ("", "350", (), "The answer is 350.", "gold_expression"),
    "a number of the question": ("Of 48, 2 fall.", "9", ("48 / 2 = 24",), "It is 50 - 2.", "reference_expression"),
    "a small answer": ("", "6", (), "We get $2 + 4$.", "rare_gold_expression"),
    "true": ("", "48", (), "It has 4 * 12 = 48 pens.", "false_from_gold"),
    "false from elsewhere": ("", "9", ("So 4 * 12 = 48.",), "It has 5 * 12 = 61 pens.", "false_from_reference"),
    "another fact": ("", "11", (), "So $x = 11$. The other has $y = 3$.", "loses_reference_root"),
    "two values": ("", "8", (), r"If $n = 2$, fine. If $n = 3$, too.", "recomputed_wrong"),
    "rounded": ("", "8", (), "P2 = 14.68 / 1.8\nP2 ≈ 8.16", "recomputed_wrong"),
    "an equation to solve": ("", "6", (), "Solve $x^2 - 1 = 2x + 2$.", "impossible"),
}  # fmt: skip


def value(question: str, gold: str, reference: tuple[str, ...], step: str, sign: str) -> float:
    (signs,) = evidence_signs(Reading(question, gold, reference, (step,)))
    return signs[sign]


@pytest.mark.parametrize("name", HAS)
def test_a_sign_is_seen(name: str) -> None:
    assert value(*HAS[name]) == 1.0


@pytest.mark.parametrize("name", HAS_NOT)
def test_what_is_something_else_is_left_alone(name: str) -> None:
    assert value(*HAS_NOT[name]) == 0.0


def test_a_name_is_worked_out_in_the_next_step_and_not_later() -> None:
    steps = ("New Area = 3 * 4", "New Area = 11", "It is green.", "New Area = 10")
    pairs = [[(one.left.text, one.right.text) for one in step] for step in recomputations(steps)]
    assert pairs == [[], [("3*4", "11")], [], []]


def test_what_is_proven_counts_at_the_first_step() -> None:
    steps = ("She has 4 * 12 = 46 pens.", "So 50 - 2 = 46 are left.", "The answer is 46.")
    signs = signs_of_steps(Reading("Ann has 12 boxes.", "48", ("4 * 12 = 48",), steps))
    assert signs[:, SIGNS.index("first_proven")].tolist() == [1.0, 0.0, 0.0]
    assert signs[:, SIGNS.index("after_proven")].tolist() == [0.0, 1.0, 1.0]
    assert signs[:, SIGNS.index("gold_expression_later")].tolist() == [1.0, 0.0, 0.0]
