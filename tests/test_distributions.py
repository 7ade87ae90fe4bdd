"""Weights of error types: the shipped figures, files of one's own, and what is refused."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.exceptions import ConfigError
from lemma.records import content_id
from lemma.taxonomy.distributions import Thinning, largest_mix, load_distribution, part_of, shipped_distributions
from lemma.taxonomy.error_types import load_taxonomy

TAXONOMY = load_taxonomy()
# arXiv 2503.17439; the ranges for MATH by their mid-points.
FIGURES = {
    "lemma-llama3-gsm8k": {
        "calculation_error": 24.5,
        "confusing_concept_error": 20.9,
        "formula_confusion_error": 6.3,
        "missing_step": 6.8,
        "question_misinterpretation_error": 41.6,
    },
    "lemma-llama3-math": {
        "calculation_error": (15 + 18) / 2,
        "confusing_concept_error": (7 + 13) / 2,
        "formula_confusion_error": (25 + 27) / 2,
        "missing_step": (2 + 4) / 2,
        "question_misinterpretation_error": (40 + 49) / 2,
    },
    "uniform": {error_type.id: 1.0 for error_type in TAXONOMY},
}


def test_every_shipped_distribution_is_checked_here():
    assert set(shipped_distributions()) == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_shipped_figures(name):
    weights = load_distribution(name, TAXONOMY)
    assert weights == FIGURES[name]
    assert list(weights) == sorted(weights)


@pytest.mark.parametrize(
    "content",
    [
        {"OP": 2, "calculation error": 0.5, "missing_step": 0},
        {"weights": {"OP": 2, "calculation error": 0.5, "missing_step": 0}, "source": "measured"},
    ],
)
def test_a_file_of_ones_own(tmp_path, content):
    path = tmp_path / "own.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    expected = {"calculation_error": 0.5, "missing_step": 0.0, "operator_error": 2.0}
    assert load_distribution(path, TAXONOMY) == load_distribution(str(path), TAXONOMY) == expected


@given(st.dictionaries(st.sampled_from([kind.id for kind in TAXONOMY]), st.floats(0, 1e300), min_size=1))
def test_weights_come_back_as_written(tmp_path_factory, weights):
    path = tmp_path_factory.mktemp("weights") / "own.json"
    path.write_text(json.dumps(weights), encoding="utf-8")
    if any(weights.values()):
        assert load_distribution(path, TAXONOMY) == weights
    else:
        with pytest.raises(ConfigError, match="none is above zero"):
            load_distribution(path, TAXONOMY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"calculation_error": -1}', r"weights\.calculation_error: Input should be greater"),
        ('{"calculation_error": NaN}', r"weights\.calculation_error: Input should be a finite"),
        ('{"calculation_error": Infinity}', r"weights\.calculation_error: Input should be a finite"),
        ('{"calculation_error": true}', r"weights\.calculation_error: Input should be a valid number"),
        ('{"calculation_error": "3"}', r"weights\.calculation_error: Input should be a valid number"),
        ('{"calculation_error": 1' + "0" * 400 + "}", r"weights\.calculation_error"),
        ('{"calculation_error": 0}', "none is above zero"),
        ("{}", "none is above zero"),
        ('{"weights": {}}', "none is above zero"),
        ('{"weights": 3}', "weights: Input should be a valid dictionary"),
        ("[1]", "weights: Input should be a valid dictionary"),
        ('{"calc_error": 1}', r"weights: there is no error type 'calc_error'"),
        ('{"CA": 1, "calculation_error": 1}', "already has a weight"),
        ("{", "cannot be read as JSON"),
        ("\udcff", "cannot be read as JSON"),
    ],
)
def test_what_is_refused(tmp_path, content, message):
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ConfigError, match=message) as caught:
        load_distribution(path, TAXONOMY)
    assert "bad.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lemma-llama3-gsm", "did you mean 'lemma-llama3-gsm8k'"),
        ("nowhere/own.json", "give a JSON file or a shipped one"),
        ("../sample", "give a JSON file or a shipped one"),
    ],
)
def test_an_unknown_name(name, message):
    with pytest.raises(ConfigError, match=message):
        load_distribution(name, TAXONOMY)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.integers(0, 5000)), min_size=1, max_size=12))
def test_the_largest_mix_meets_the_shares(types):
    """Every share is within 2 points, and no larger selection could be: some scarce type is used up."""
    weights = {f"t{number}": weight for number, (weight, _) in enumerate(types)}
    available = {f"t{number}": count for number, (_, count) in enumerate(types)}
    mix = largest_mix(weights, available)
    there = {kind: weight for kind, weight in weights.items() if available[kind]}
    assert mix.keys() == there.keys()
    assert all(count <= available[kind] for kind, count in mix.items())
    total = sum(mix.values())
    for kind, count in mix.items():
        # Few records can't be cut to size.
        assert abs(count - total * there[kind] / sum(there.values())) <= 0.02 * total + 1 + len(mix) / 2
    assert not mix or total == sum(available.values()) or any(mix[kind] >= available[kind] - 1 for kind in mix)


def test_thinning_keeps_as_many_as_the_mix_says():
    made = [
        (kind, content_id(kind, str(number))) for kind, count in (("a", 4000), ("b", 700)) for number in range(count)
    ]
    available = {kind: Counter(part_of(one) for other, one in made if other == kind) for kind in "ab"}
    thinning = Thinning.of({"a": 1, "b": 1}, available)
    kept = Counter(kind for kind, one in made if thinning.keeps(kind, one))
    assert kept["b"] == 700
    assert abs(kept["b"] / kept.total() - 0.5) < 0.02
    assert kept.total() > 1400


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        ({"a": 60, "b": 40, "c": 20, "d": 20, "e": 20}, {"a": 30, "b": 30, "c": 20, "d": 20, "e": 20}),
        ({"a": 5, "b": 5, "c": 5, "d": 5}, None),
        ({"a": 50, "b": 10}, {"a": 26, "b": 10}),
        ({"a": 50}, {"a": 30}),
        ({}, None),
    ],
)
def test_no_type_crowds_out_the_others(made, kept):
    """Without a distribution; most records are kept if there are too few types for that."""
    ids = [(kind, content_id(kind, str(number))) for kind, count in made.items() for number in range(count)]
    available = {kind: Counter(part_of(one) for other, one in ids if other == kind) for kind in made}
    thinning = Thinning.capped(available)
    if kept is None:
        assert thinning is None
    else:
        assert thinning is not None
        assert Counter(kind for kind, one in ids if thinning.keeps(kind, one)) == kept
