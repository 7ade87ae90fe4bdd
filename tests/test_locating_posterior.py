"""Posteriors, and the weights that make them."""

from __future__ import annotations

import numpy as np
import pytest

from lemma.locating.choice import COLUMNS, SHARPNESS, Weights, shipped_model
from lemma.locating.posterior import Posterior
from lemma.locating.signs import SIGNS


def test_the_best_and_its_confidence() -> None:
    assert Posterior((0.2, 0.5), 0.3).best() == 1
    assert Posterior((0.2, 0.3), 0.5).best() is None
    assert Posterior((0.2, 0.3), 0.5).best_step() == 1
    assert Posterior((0.2, 0.3), 0.5).confidence == 0.5
    assert Posterior((0.4, 0.4), 0.2).best() == 0


@pytest.mark.parametrize(
    ("steps", "none"), [((), 1.0), ((0.5, 0.6), 0.0), ((-0.1, 0.6), 0.5), ((0.5,), 0.4), ((float("nan"),), 0.5)]
)
def test_what_is_no_posterior(steps: tuple[float, ...], none: float) -> None:
    with pytest.raises(ValueError, match=r"step|between|sum"):
        Posterior(steps, none)


def test_without_weights_all_alternatives_are_equal() -> None:
    signs = np.zeros((3, len(SIGNS)))
    posterior = Weights.from_names({}, dict.fromkeys(SHARPNESS, 1.0)).posterior(
        signs, is_formal=False, answer_is_right=False
    )
    assert posterior.steps == pytest.approx((0.25, 0.25, 0.25))


def test_the_shipped_weights_name_signs_that_there_are() -> None:
    model = shipped_model()
    assert 0.5 < model.formal_threshold <= model.threshold < 1
    for weights in (model.with_reference, model.without_reference):
        assert len(weights.values) == len(COLUMNS)
        assert np.abs(weights.values).max() < 20


def test_an_unknown_sign_is_an_error() -> None:
    with pytest.raises(KeyError):
        Weights.from_names({"no such sign": 1.0}, 1.0)
