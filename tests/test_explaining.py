"""Explanations of wrong steps: what a person would say, or nothing."""

from __future__ import annotations

import pytest

from lemma.locating.explaining import explanation, false_equation


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("So he pays $42,000 * (1 + 0.1) = $55,400.", "$42,000 * (1 + 0.1) is $46,200, not $55,400."),
        ("14 fries + 7 fries = 50 fries", "14 fries + 7 fries is 21, not 50."),
        ("There are 15 / 4 = 3 women.", "15 / 4 is 3.75, not 3."),
        ("After a month 120 melons - 30% = 90 melons.", ""),  # may mean 84
        ("He has 10 / 3 = 4 boxes.", ""),  # no number that can be written out
        ("He has 3 + 4 = 7 boxes.", ""),
        ("He has many boxes.", ""),
    ],
)
def test_a_false_equation_says_what_it_should_be(step: str, said: str) -> None:
    assert false_equation(step) == said


def test_a_proven_type_says_what_it_means() -> None:
    assert explanation("operator_error", "5 + 3 = 8").startswith("5 + 3 is the wrong operation")
    assert explanation("operator_error", "50 - $3 = $47", "She has $50 - $3 = $47.").startswith("$50 - $3 is")
    assert explanation("missing_step", "60 - 20 = 40").startswith("60 - 20 skips")
    for unknown in (None, "unknown", "hallucination"):
        assert explanation(unknown, "5 + 3 = 8") == ""
    assert explanation("operator_error", "") == ""
