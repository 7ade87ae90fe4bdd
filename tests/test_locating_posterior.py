"""Posteriors, and the weights that make them."""

from __future__ import annotations

import numpy as np
import pytest

from lemma.locating.choice import COLUMNS, SHARPNESS, TRUST, Weights, shipped_model, with_confidence
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
    as_it_is = {name: float(name == "slope") for name in TRUST}
    posterior = Weights.from_names({}, dict.fromkeys(SHARPNESS, 1.0), as_it_is).posterior(
        signs, is_formal=False, answer_is_right=False
    )
    assert posterior.steps == pytest.approx((0.25, 0.25, 0.25))


@pytest.mark.parametrize("found", [(0.6, 0.3, 0.1), (0.3, 0.3, 0.4), (0.2, 0.5, 0.2, 0.1), (0.9, 0.1), (1.0, 0.0, 0.0)])
@pytest.mark.parametrize("wanted", [0.0, 0.2, 0.4, 0.55, 0.9, 1.0])
def test_a_changed_confidence_keeps_the_best_step(found: tuple[float, ...], wanted: float) -> None:
    made = with_confidence(np.array(found), wanted)
    assert made.sum() == pytest.approx(1)
    assert made.min() >= 0
    best = int(np.argmax(found[:-1]))
    assert made[best] == pytest.approx(made[:-1].max())
    # At least its equal share: one of two steps is not less probable than the other.
    assert made[best] == pytest.approx(max(wanted, min(found[best], (1 - found[-1]) / (len(found) - 1))))


def test_the_shipped_weights_name_signs_that_there_are() -> None:
    model = shipped_model()
    assert 0.5 < model.formal_threshold <= model.threshold < 1
    for weights in (model.with_reference, model.without_reference):
        assert len(weights.values) == len(COLUMNS)
        assert np.abs(weights.values).max() < 20


def test_an_unknown_sign_is_an_error() -> None:
    with pytest.raises(KeyError):
        Weights.from_names({"no such sign": 1.0}, {}, {})
