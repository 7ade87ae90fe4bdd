"""What is told of single outputs: grades, the state before a reflection, recovery, located steps."""

import random

import pytest

from lemma.evaluation.accuracy import votes
from lemma.evaluation.first_error import lema_step, located_step, location_facts
from lemma.evaluation.outputs import GradedOutput, first_wrong_step, grade, reflection_facts, state_of_steps
from lemma.evaluation.recovery import Prefix, forced, forced_facts, own_prefixes, recovery_facts
from lemma.evaluation.self_correction import attempts, effect
from lemma.records import Problem
from lemma.trajectories.detection import find_reflection

STORY = (
    "Ada has 5 pens. Ben has 3 more pens than Ada. Cal has 2 times as many pens as Ben. How many pens does Cal have?"
)
RIGHT = ("Ben has 5 + 3 = 8 pens.", "Cal has 8 * 2 = 16 pens.")
PROBLEM = Problem(id="p", question=STORY, solution="\n".join(RIGHT), answer="16", source="s")
OTHER = Problem(id="o", question="What do 5 pens at $2 cost?", solution="5 * 2 = $10", answer="10", source="s")


def output(condition="plain", **fields):
    values = {
        "id": "i",
        "problem_id": "p",
        "model": "m",
        "condition": condition,
        "sample": 0,
        "question": STORY,
        "gold": "16",
        "output": "",
        "answer": None,
        "grade": "none",
        "operations": 2,
    }
    return GradedOutput(**{**values, **fields})


def graded(text, problem=PROBLEM):
    answer, found = grade(problem.answer, text)
    return output(output=text, answer=answer, grade=found, **reflection_facts(problem, text))


@pytest.mark.parametrize(
    ("text", "finish_reason", "expected"),
    [
        ("Cal has 16.\nThe answer is 16", "stop", ("16", "right")),
        ("The answer is 17", "stop", ("17", "wrong")),
        ("I can't tell.", "stop", (None, "none")),
        ("", "stop", (None, "none")),
        ("Ben has 5 + 3 = 8 pens.\nCal has 8 * 2 = 16", "length", (None, "none")),
        ("The answer is 16.\nThe answer is 16", "length", ("16", "right")),
        ("The answer is x + y", "stop", ("x + y", "unknown")),
        # No answer in it at all: wrong, not unknown.
        ("I boxed it: \\boxed{}", "stop", (None, "none")),
        ("\\boxed{ }.", "stop", (None, "none")),
        ("I give up.\n####", "stop", (None, "none")),
        ("A: ", "stop", (None, "none")),
        ("The answer is", "stop", (None, "none")),
        ("The answer is unclear", "stop", (None, "none")),
        ("The answer is $$$", "stop", (None, "none")),
        ("The answer is:", "length", (None, "none")),
        # Something that could not be read.
        ("The answer is \\frac{", "stop", ("\\frac{", "unknown")),
        ("#### 1 2 3 4 5", "stop", ("1 2 3 4 5", "unknown")),
    ],
)
def test_grades(text, finish_reason, expected):
    answer, found = grade("16" if "x + y" not in text else "z^2 + \\text{a}", text, finish_reason)
    if "x + y" in text:
        assert found in ("unknown", "wrong")
        return
    assert (answer, found) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (RIGHT, "right"),
        (RIGHT[:1], "right"),
        ((), "right"),
        (("Ben has 5 + 3 = 9 pens.",), "wrong"),
        (("Ben has 5 - 3 = 2 pens.",), "wrong"),
        (("Let me think.",), "unknown"),
        (("Let me think.", "Ben has 5 + 3 = 9 pens."), "unknown"),
    ],
)
def test_the_state_of_steps_of_a_generated_problem_is_proved(steps, expected):
    assert state_of_steps(STORY, steps) == expected


@pytest.mark.parametrize(
    ("steps", "wrong", "expected"),
    [
        (("5 * 2 = $10",), None, "unknown"),
        (("5 * 2 = $11",), 0, "wrong"),
        (("They cost 5 + 2 = $7.", "7 * 2 = 15"), 1, "wrong"),
        (("They cost 5 + 2 = $7.",), None, "unknown"),
    ],
)
def test_elsewhere_only_a_false_equation_is_a_proof(steps, wrong, expected):
    assert first_wrong_step(OTHER.question, steps) == wrong
    assert state_of_steps(OTHER.question, steps) == expected


@pytest.mark.parametrize(
    ("text", "states", "change"),
    [
        ("Ben has 5 + 3 = 8 pens.\nCal has 8 * 2 = 16 pens.\nThe answer is 16", (True, True), None),
        ("The answer is 15", (False, False), None),
        (
            "Ben has 5 + 3 = 9 pens.\nWait, that isn't right.\nBen has 5 + 3 = 8 pens.\nThe answer is 16",
            (False, True),
            "wrong to right",
        ),
        (
            "Ben has 5 + 3 = 8 pens.\nWait, that isn't right.\nBen has 5 - 3 = 2 pens.\nThe answer is 4",
            (True, False),
            "right to wrong",
        ),
        ("The answer is 15.\nWait, that isn't right.\nThe answer is 16", (False, True), "wrong to right"),
        ("The answer is 16.\nHmm, let me double-check.\nThe answer is 15", (True, False), "right to wrong"),
        ("The answer is 15.\nHmm, let me double-check.\nThe answer is 15.0", (False, False), "no change"),
        ("The answer is 15.\nHmm, let me double-check.\nThe answer is 14", (False, False), "wrong to other wrong"),
        ("The answer is 16.\nHmm, let me double-check.\nThe answer is $16", (True, True), "no change"),
        ("I guess.\nHmm, let me double-check.\nThe answer is 16", None, "unknown"),
    ],
)
def test_attempts_before_and_after_the_reflection(text, states, change):
    row = graded(text)
    assert attempts(row) == states
    assert effect(row) == change


WRONG = Prefix("injected", ("Ben has 5 + 3 = 9 pens.",), "calculation_error", RIGHT[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cal has 9 * 2 = 18 pens.\nThe answer is 18", {"recognized": 0, "parroted": 0}),
        ("Ben has 5 + 3 = 9 pens.\nThe answer is 9", {"recognized": 0, "parroted": 1}),
        (
            "Wait, that isn't right.\nBen has 5 + 3 = 8 pens.\nThe answer is 16",
            {"recognized": 1, "parroted": 0, "corrected": 1},
        ),
        (
            "Wait, that isn't right.\nBen has 5 + 3 = 9 pens.\nThe answer is 18",
            {"recognized": 1, "parroted": 1, "corrected": 0},
        ),
        (
            "Wait, that isn't right.\nBen has 3 + 5 = 9 pens.\nThe answer is 18",
            {"recognized": 1, "parroted": 1, "corrected": 0},
        ),
        (
            "Cal has 9 * 2 = 18 pens.\nWait, that isn't right.\nBen has 5 + 3 = 8 pens.",
            {"recognized": 0, "parroted": 0},
        ),
        ("Wait, that isn't right.", {"recognized": 1, "parroted": 0, "corrected": 0}),
        ("", {"recognized": 0, "parroted": 0}),
    ],
)
def test_recovery_from_a_wrong_prefix(text, expected):
    assert recovery_facts(WRONG, text) == expected


def test_on_a_right_prefix_only_a_false_reflection_is_told():
    prefix = Prefix("right_prefix", RIGHT[:1])
    assert recovery_facts(prefix, "Wait, that isn't right.\nBen has 8 pens.") == {"recognized": 1}
    assert recovery_facts(prefix, RIGHT[1]) == {"recognized": 0}


def test_own_errors_are_first_wrong_steps_whatever_became_of_them():
    failed = "Ben has 5 + 3 = 9 pens.\nCal has 9 * 2 = 18 pens.\nThe answer is 18"
    repaired = "Ben has 5 + 3 = 8 pens.\nCal has 8 - 2 = 6 pens.\nWait, no.\nCal has 8 * 2 = 16 pens.\nThe answer is 16"
    right = "\n".join((*RIGHT, "The answer is 16"))
    found = list(own_prefixes(STORY, RIGHT, [failed, repaired, right, failed]))
    assert found == [
        Prefix("own", ("Ben has 5 + 3 = 9 pens.",), None, RIGHT[0]),
        Prefix("own", (RIGHT[0], "Cal has 8 - 2 = 6 pens."), None, RIGHT[1]),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("\\boxed{2}", 2), ("The answer is -1", -1), ("Step 0 is fine.\n\\boxed{1}", 1), ("All good.", None), ("", None)],
)
def test_located_steps(text, expected):
    assert located_step(text) == expected


@pytest.mark.parametrize(
    ("label", "found", "expected"),
    [
        (2, 2, {"label": 2, "located": 1, "says_wrong": 1}),
        (2, -1, {"label": 2, "located": 0, "says_wrong": 0}),
        (-1, -1, {"label": -1, "located": 1, "says_wrong": 0}),
        (-1, 0, {"label": -1, "located": 0, "says_wrong": 1}),
        (-1, None, {"label": -1, "located": 0, "says_wrong": 0}),
    ],
)
def test_location_facts(label, found, expected):
    assert location_facts(label, found) == expected


@pytest.mark.parametrize(("text", "expected"), [("Step 2.\nExplanation: Step 1 is fine.", 1), ("No idea.", None)])
def test_lema_counts_from_one(text, expected):
    assert lema_step(text) == expected


def test_votes_count_values_and_not_spellings():
    rows = [
        output(answer="16", grade="right"),
        output(answer="$16.00", grade="right"),
        output(answer="15", grade="wrong"),
        output(answer="15.0", grade="wrong"),
        output(answer=None, grade="none"),
    ]
    assert votes(rows) == [("16", True), ("16", True), ("= 15", False), ("= 15", False)]


@pytest.mark.parametrize(
    ("question", "steps", "output", "expected"),
    [
        (STORY, ("Ben has 5 + 3 = 9 pens.",), "Ben has 5 + 3 = 8 pens.\nThe answer is 8", (0, 1)),
        (STORY, ("Ben has 5 + 3 = 9 pens.",), "Ben has 5 + 3 = 9 pens.", (1, 0)),
        (STORY, ("Ben has 5 + 3 = 9 pens.",), "The answer is 8", (0, 0)),
        (STORY, ("Ben has 5 + 3 = 9 pens.",), "", (0, 0)),
        ("A problem of another kind?", ("2 + 3 = 6.",), "So 5.", (0, None)),
    ],
)
def test_what_follows_a_forced_reflection(
    question: str, steps: tuple[str, ...], output: str, expected: tuple[float, float | None]
) -> None:
    prefix = forced(Prefix("own", steps), random.Random(0))
    assert (prefix.condition, prefix.given[:-1]) == ("own_forced", steps)
    assert find_reflection(prefix.given[-1]) is not None
    facts = forced_facts(question, prefix, output)
    assert (facts["parroted"], facts.get("next_right")) == expected


def test_a_right_step_that_is_taken_back_is_told() -> None:
    prefix = forced(Prefix("right_prefix", RIGHT[:1]), random.Random(0))
    assert prefix.condition == "right_forced"
    assert forced_facts(STORY, prefix, RIGHT[0]) == {"parroted": 1, "next_right": 1}
    assert forced_facts(STORY, prefix, "Ben has 5 - 3 = 2 pens.") == {"parroted": 0, "next_right": 0}
