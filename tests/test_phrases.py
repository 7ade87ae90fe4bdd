"""The reflection phrases as shipped, and how one is drawn."""

import random
import re
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.exceptions import ConfigError
from lemma.records import Strategy
from lemma.resources import data_folder
from lemma.taxonomy.error_types import FAMILIES, load_taxonomy
from lemma.trajectories.phrases import FOR_ANY_ERROR, STEP_SLOT, choose_phrase, load_phrases, read_phrases

STRATEGIES = get_args(Strategy)
TYPES = load_taxonomy().types
SHIPPED = [(strategy, phrase) for strategy in STRATEGIES for phrase in load_phrases(strategy).all]

# What only somebody who has seen the solution could say.
TELLTALE = re.compile(
    r"ground truth|reference|given answer|teacher|as given|answer key|official|\bgold\b", re.IGNORECASE
)

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
every_type = pytest.mark.parametrize("error_type", TYPES, ids=lambda error_type: error_type.id)
every_phrase = pytest.mark.parametrize(("strategy", "phrase"), SHIPPED, ids=lambda value: getattr(value, "id", value))


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def draw(phrases, error_type, mode, seed, step_number=3):
    rng = random.Random(seed)
    return choose_phrase(phrases, error_type.id, error_type.family, mode=mode, rng=rng, step_number=step_number)


@every_strategy
def test_there_are_enough_phrases_and_files(strategy):
    by_file = load_phrases(strategy).by_file
    injectable = {error_type.id for error_type in TYPES if error_type.injector}
    assert set(by_file) == {FOR_ANY_ERROR, *FAMILIES, *injectable}
    assert sum(map(len, by_file.values())) >= 40
    assert all(len(by_file[name]) >= 8 for name in (FOR_ANY_ERROR, *FAMILIES))
    assert all(len(by_file[name]) >= 5 for name in injectable)


def test_every_folder_is_a_strategy():
    assert {folder.name for folder in (data_folder("prompts") / "reflections").iterdir()} == set(STRATEGIES)


def test_no_phrase_stands_twice():
    assert [text for text, count in Counter(plain(phrase.text) for _, phrase in SHIPPED).items() if count > 1] == []


def test_ids_are_unique():
    for strategy in STRATEGIES:
        ids = [phrase.id for phrase in load_phrases(strategy).all]
        assert len(ids) == len(set(ids))


@every_phrase
def test_a_phrase_is_what_a_solver_would_say(strategy, phrase):
    assert not TELLTALE.search(phrase.text)
    assert not re.search(r"\d", phrase.text)
    assert phrase.text[-1] in ".:?!"
    assert len(phrase.text.split()) <= 30
    assert phrase.fill(3).count("3") == phrase.text.count(STEP_SLOT) <= 1


@every_strategy
def test_most_phrases_have_no_slot(strategy):
    phrases = load_phrases(strategy).all
    assert 0 < sum(STEP_SLOT in phrase.text for phrase in phrases) < len(phrases) / 5


@every_strategy
@every_type
def test_typed_phrases_fit_the_type(strategy, error_type):
    phrases = load_phrases(strategy)
    own = {phrase.fill(3) for name in (error_type.id, error_type.family) for phrase in phrases.by_file.get(name, ())}
    drawn = {draw(phrases, error_type, "typed", seed) for seed in range(400)}
    assert drawn == own


@every_strategy
def test_a_family_without_phrases_gets_those_for_any_error(strategy):
    phrases = load_phrases(strategy)
    assert phrases.fitting("a_type_of_ones_own", "a_family_of_ones_own") == phrases.by_file[FOR_ANY_ERROR]
    assert phrases.fitting("a_type_of_ones_own", "calc") == phrases.by_file["calc"]


@every_strategy
def test_random_phrases_come_from_everywhere(strategy):
    phrases = load_phrases(strategy)
    drawn = {draw(phrases, TYPES[0], "random", seed) for seed in range(3000)}
    assert drawn == {phrase.fill(3) for phrase in phrases.all}


@given(
    st.sampled_from(STRATEGIES),
    st.sampled_from(TYPES),
    st.sampled_from(["typed", "random"]),
    st.integers(),
    st.integers(1),
)
def test_the_same_seed_draws_the_same_phrase(strategy, error_type, mode, seed, step_number):
    phrases = load_phrases(strategy)
    first = draw(phrases, error_type, mode, seed, step_number)
    assert first == draw(phrases, error_type, mode, seed, step_number)
    assert STEP_SLOT not in first


def test_ids_stay_and_the_version_changes(tmp_path):
    versions, ids = set(), set()
    for texts in (["No.", "Wait."], ["Wait.", "No."], ["Wait."], ["Wait.", "No!"]):
        (tmp_path / "any.yaml").write_text(f"phrases: {texts}", encoding="utf-8")
        phrases = read_phrases(tuple(sorted(tmp_path.glob("*.yaml"))))
        assert [phrase.text for phrase in phrases.all] == texts
        ids.add(phrases.all[texts.index("Wait.")].id)
        versions.add(phrases.version)
    assert len(ids) == 1
    assert len(versions) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("phrases: []", r"any\.yaml: phrases"),
        ("phrases: [3]", r"any\.yaml: phrases\.0"),
        ("phrases: ['  ']", r"any\.yaml: phrases\.0"),
        ("- Wait.", r"any\.yaml: expected fields"),
        ("phrases: [Wait.]\nmore: [No.]", r"any\.yaml: more"),
        ("phrases: ['It is {right}.']", r"any\.yaml: phrases: 'It is \{right\}\.' has a slot other than \{step\}"),
        ("phrases: ['It is {step.']", "has a slot other than"),
        ("phrases: ['It is {{step}}.']", "has a slot other than"),
        ("phrases: [", "is not YAML"),
    ],
)
def test_files_that_are_refused(tmp_path, content, message):
    (tmp_path / "any.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_phrases(tuple(sorted(tmp_path.glob("*.yaml"))))


def test_phrases_for_any_error_must_be_there(tmp_path):
    (tmp_path / "calc.yaml").write_text("phrases: [Wait.]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"there is no any\.yaml"):
        read_phrases(tuple(sorted(tmp_path.glob("*.yaml"))))
