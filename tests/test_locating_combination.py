"""What several methods say, as one posterior; and the student's confidence, word by word."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.exceptions import Refusal
from lemma.locating import confidence
from lemma.locating.combination import combined, fitted_combination, threshold
from lemma.locating.posterior import Posterior
from lemma.models.scoring import Score, Turn

FLAT = Posterior((0.245,) * 4, 0.02)
METHODS = ("graph", "rollouts", "judge", "confidence")


def sure_of(step: int, share: float = 0.8) -> Posterior:
    rest = (0.98 - share) / 3
    return Posterior(tuple(share if number == step else rest for number in range(4)), 0.02)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_alone_is_used_as_it_is(method: str) -> None:
    assert combined({method: sure_of(2)}) == sure_of(2)


@pytest.mark.parametrize(("one", "other"), [("graph", "rollouts"), ("judge", "graph"), ("rollouts", "judge")])
def test_methods_that_agree_are_surer_together(one: str, other: str) -> None:
    together = combined({one: sure_of(1, 0.6), other: sure_of(1, 0.6)})
    assert together.best() == 1
    assert together.confidence > 0.6


@pytest.mark.parametrize("method", METHODS)
def test_one_that_knows_nothing_adds_nothing(method: str) -> None:
    others = [other for other in METHODS if other != method]
    for other in others:
        alone, weight = combined({other: sure_of(3)}), fitted_combination()["weights"][other]
        both = combined({other: sure_of(3), method: FLAT})
        assert both.best() == 3
        if weight == 1:
            assert both.steps == pytest.approx(alone.steps)


@given(st.lists(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), min_size=2, max_size=4))
def test_the_order_of_methods_does_not_count(drawn: Sequence[Sequence[float]]) -> None:
    posteriors = {}
    for method, shares in zip(METHODS, drawn, strict=False):
        total = sum(shares)
        posteriors[method] = Posterior(tuple(share / total for share in shares[:3]), shares[3] / total)
    backwards = dict(reversed(posteriors.items()))
    assert combined(posteriors).steps == pytest.approx(combined(backwards).steps)


def test_posteriors_of_different_solutions_do_not_combine() -> None:
    with pytest.raises(ValueError, match="one solution"):
        combined({"graph": FLAT, "judge": Posterior((0.5, 0.5), 0.0)})
    with pytest.raises(ValueError, match="one solution"):
        combined({})


def test_every_set_of_methods_has_a_threshold() -> None:
    assert all(0 <= threshold(frozenset([method])) <= 1 for method in METHODS)
    assert 0 < threshold(frozenset(METHODS[:2])) <= 1


class Unsure:
    """A scorer that finds each word as likely as `words` says, by the word; others are almost certain."""

    name = "unsure"

    def __init__(self, **words: float) -> None:
        self._words = words

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        return [[self._score(text) for text in turn.continuations] for turn in turns]

    def _score(self, text: str) -> Score:
        words = text.split()
        return Score(sum(math.log(self._words.get(word, 0.99)) for word in words), len(words))


STEPS = ("Ann has 12 pens.", "Bob takes 5 of them.", "So 8 are left.", "Ann sells half.")


def test_beginnings_are_one_word_longer_each() -> None:
    turns = confidence.turns("How many?", STEPS)
    assert turns[2].before == "Ann has 12 pens.\nBob takes 5 of them.\n"
    assert turns[2].candidates == ("So", "So 8", "So 8 are", "So 8 are left.")


@pytest.mark.parametrize(("word", "step"), [("Bob", 1), ("8", 2), ("half.", 3)])
def test_the_least_sure_word_tells_the_step(word: str, step: int) -> None:
    assert confidence.locate("How many?", STEPS, Unsure(**{word: 0.01})).best() == step


def test_nothing_said_is_refused() -> None:
    for steps in ((), ("", "A step.")):
        with pytest.raises(Refusal):
            confidence.locate("How many?", steps, Unsure())


def test_impossible_words_have_finite_signs() -> None:
    signs = confidence.signs([[Score(-1e9, 1)], [Score(0.0, 1), Score(0.5, 2)]])
    assert np.isfinite(signs).all()
