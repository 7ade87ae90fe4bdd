"""Checks within trajectories: said only of what is known, each a span of its own, at one rate for right and wrong."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sft_data import CLIPS, FIX, RESTART

from lemma.records import ErroneousSolution, Segment
from lemma.trajectories.checks import DOUBTS, RIGHT, checked, known_lines, load_checks
from lemma.trajectories.detection import find_reflection
from lemma.trajectories.joining import join
from lemma.trajectories.languages import LANGUAGES

APRIL, BOTH = CLIPS.reference_steps


def of_student(**values: Any) -> ErroneousSolution:
    return CLIPS.model_copy(update={"origin": "student", "evidence": "graph", "confidence": 0.9, **values})


def test_what_a_proof_and_the_reference_say_is_known() -> None:
    wrong = CLIPS.steps[CLIPS.located_step]
    assert known_lines([CLIPS], FIX) == {APRIL: "right_step", BOTH: "right_step", wrong: "wrong_step"}


@pytest.mark.parametrize(
    ("step", "is_wrong"),
    [
        ("In both months she sold 48 + 24 = 62 clips.", True),  # false in itself
        ("In both months she sold 24 + 24 = 48 clips.", False),  # wrong, but by the graph's word alone
        ("She sold many.", False),
    ],
)
def test_an_own_error_is_called_wrong_only_if_it_is_false(step: str, is_wrong: bool) -> None:
    own = of_student(steps=(APRIL, step), error_step=1)
    assert known_lines([own], FIX).get(step) == ("wrong_calculation" if is_wrong else None)


@pytest.mark.parametrize(
    ("step", "is_right"),
    [
        ("Half of 48 is 48 / 2 = 24 clips.", True),
        ("She sold 48 * 0.5 = 24 clips in May.", True),
        ("She sold 30 - 6 = 24 clips in May.", False),
        ("She sold 24 clips in May.", False),
        ("She sold 48 / 2 = 24 clips, and 48 + 2 = 50 boxes.", False),
    ],
)
def test_a_step_in_own_words_is_right_if_it_computes_what_the_reference_does(step: str, is_right: bool) -> None:
    own = of_student(steps=(step, "Together 48 + 24 = 62."), error_step=1)
    assert known_lines([own], FIX).get(step) == ("right_calculation" if is_right else None)


def test_each_check_is_a_segment_and_the_rest_is_as_it_was() -> None:
    plain = join(CLIPS, FIX, "Wait, that isn't right.").segments
    made = checked(plain, known_lines([CLIPS], FIX), ["62"], 1.0, random.Random(0))
    kinds = [segment.kind for segment in made]
    assert kinds == ["prefix", "check", "error", "check", "reflection", "correction", "check", "correction"]
    assert "".join(s.text for s in made if s.kind != "check") == "".join(s.text for s in plain)
    right, wrong = ({phrase.text for phrase in load_checks().of(name)} for name in ("right_step", "wrong_step"))
    said = [segment.text for segment in made if segment.kind == "check"]
    assert all(text.endswith("\n") for text in said)
    assert [text.strip() in right for text in said] == [True, False, True]
    assert said[1].strip() in wrong
    assert checked(plain, known_lines([CLIPS], FIX), ["62"], 0.0, random.Random(0)) == plain


def test_the_answer_of_a_whole_wrong_solution_is_checked() -> None:
    own = of_student(error_step=None)
    plain = join(own, RESTART, "Let me start over.").segments
    made = checked(plain, known_lines([own], RESTART), [own.final_answer], 1.0, random.Random(0))
    assert [segment.kind for segment in made[:3]] == ["error", "check", "reflection"]
    assert made[1].text.strip() in {phrase.text for phrase in load_checks().of("wrong_answer")}


def test_right_and_wrong_steps_are_checked_alike() -> None:
    right = [Segment(kind="correction", text="1 + 1 = 2\nThe answer is 2")]
    wrong = [Segment(kind="error", text="1 + 1 = 3\n")]
    known, rng = {"1 + 1 = 2": "right_step", "1 + 1 = 3": "wrong_step"}, random.Random(0)
    counts = [sum(len(checked(parts, known, (), 0.3, rng)) > 1 for _ in range(2000)) for parts in (right, wrong)]
    assert all(540 < count < 660 for count in counts)


def test_phrases_exist_in_every_language_and_only_doubts_are_reflections() -> None:
    checks = load_checks()
    for language in (*LANGUAGES, "und"):
        found = {name: {phrase.text for phrase in checks.of(name, language)} for name in checks.by_file}
        assert all(found.values())
        rights, doubts = (
            frozenset.union(*map(frozenset, (found[name] for name in names))) for names in (RIGHT, DOUBTS)
        )
        assert not rights & doubts
        for kind in ("step", "calculation"):
            assert len(found[f"right_{kind}"]) == len(found[f"wrong_{kind}"])
        assert all(find_reflection(text) is None for text in rights)
        assert all(find_reflection(text) is not None for text in doubts)
