"""Reflections are found where they stand, and nowhere else."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.problems.loading import open_problems
from lemma.trajectories.detection import find_reflection, find_reflections
from lemma.trajectories.phrases import load_phrases

DATA = Path(os.environ.get("LEMMA_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PHRASES = [phrase for strategy in ("fix", "restart") for phrase in load_phrases(strategy).all]

REFLECTIONS = [
    "Wait, that isn't right.",
    "Wait. Let me reconsider.",
    "But wait, the problem says 5.",
    "wait, no, she has 3.",
    "Wait a minute, he sold 4.",
    "Hold on, I misread the question.",
    "Hmm, this gives a negative number.",
    "Oops! It should be 12.",
    "Actually, that's wrong.",
    "No, that is incorrect.",
    "I made a mistake in step 2.",
    "I think I made an error above.",
    "I see that I made a calculation mistake.",
    "I realize there was an error.",
    "There is a mistake in the previous step.",
    "Let me re-check this.",
    "Let me recalculate the total.",
    "Let's double-check that.",
    "I should recompute the sum.",
    "Let me start over.",
    "Let me correct that.",
    "That doesn't look right.",
    "That can't be right, since 7 is odd.",
    "The previous step is wrong.",
    "Step 3 was incorrect.",
    "My earlier calculation is not correct.",
    "On second thought, he needs 4.",
    "Scratch that.",
    "I misread the problem.",
    "I forgot the first day.",
    "Something went wrong here.",
    "Correction: it is 8.",
    "So, wait, is it 8 or 9?",
]
NO_REFLECTIONS = [
    "They wait 5 minutes for the bus.",
    "Wait times add up to 12 minutes.",
    "The right answer is 5.",
    "That is right, so the answer is 5.",
    "The mistake cost him $5.",
    "He made 3 mistakes on the test, so 20 - 3 = 17.",
    "Actually, she bought 4 more, so 3 + 4 = 7.",
    "He holds on to 5 of them.",
    "Let me solve this step by step.",
    "Let's calculate the total first.",
    "She corrects 4 papers an hour.",
    "The wrong train took 2 hours.",
    "He starts again on Monday with 5.",
    "There are 5 errors on each page, so 5 * 4 = 20.",
    "We check 4 boxes, then double that.",
    "The angle is right, so a^2 + b^2 = c^2.",
    "First, find how much he has to go back: 5 - 3 = 2 miles.",
]


@pytest.mark.parametrize("sentence", REFLECTIONS)
def test_a_turn_is_found_at_its_first_character(sentence):
    before, after = "She has 3 + 4 = 8 pens.\n", "\nShe has 3 + 4 = 7 pens."
    turn = find_reflection(before + sentence + after)
    assert turn is not None
    assert turn.start == len(before)
    assert find_reflection(before + after) is None


@pytest.mark.parametrize("sentence", NO_REFLECTIONS)
def test_what_is_no_turn(sentence):
    assert find_reflection("She has 3 + 4 = 7 pens. " + sentence + "\nThe answer is 7") is None


def test_every_shipped_phrase_is_one_turn_from_its_first_character_to_its_last():
    before, after = "She has 3 + 4 = 8 pens.\n", "She has 3 + 4 = 7 pens.\nThe answer is 7"
    for phrase in PHRASES:
        text = f"{before}{phrase.fill(3)}\n{after}"
        turns = list(find_reflections(text))
        assert [(turn.start, text[turn.end :]) for turn in turns] == [(len(before), after)], phrase


def test_turns_in_one_breath_are_one_and_others_are_not():
    text = "3 + 4 = 8.\nWait, no. That is wrong. Let me redo it.\n3 + 4 = 9.\nHmm, I made a mistake.\n3 + 4 = 7."
    turns = [text[turn.start : turn.end].strip() for turn in find_reflections(text)]
    assert turns == ["Wait, no. That is wrong. Let me redo it.", "Hmm, I made a mistake."]


def test_the_worked_solutions_of_the_sample_hold_none():
    for problem in open_problems(None, "eval"):
        assert find_reflection(problem.solution) is None


@pytest.mark.parametrize("name", ["gsm8k_train.jsonl", "gsm8k_test.jsonl", "math_500.jsonl"])
def test_the_worked_solutions_of_the_field_hold_none(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not at {DATA}")
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        assert find_reflection(row.get("solution") or row["answer"]) is None


@given(st.text(alphabet="Wait, no.Hm stepis wrong\n", max_size=80))
def test_turns_are_in_order_and_apart(text):
    end = 0
    for turn in find_reflections(text):
        assert end <= turn.start < turn.end <= len(text)
        end = turn.end
