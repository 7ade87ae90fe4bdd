"""The label checker on copied numbers and percentages taken for amounts: planted faults and right records."""

from __future__ import annotations

import pytest
from label_checker import check_record

from lemma.records import ErroneousSolution

QUESTION = (
    "They have 48 pens for $2.75 each, and sell half, with 20% off. They rent a shop for $1,500 and owe 144. "
    "2/5 of the 200 pupils like red."
)
SOLD = ("They sell 48 / 2 = 24 pens.", "They have 24 + 144 = 168 left.")
OFF = ("The pens are $50.", "They take off 50 * .2 = $10.", "So it is 50 - 10 = $40.")
# type, reference, wrong steps, wrong step, the answers, explanation
Case = tuple[str, tuple[str, ...], tuple[str, ...], int, str, str, str]
CASES: dict[str, Case] = {
    "second error": (
        "previous_step_value_error",
        ("They pay 83 * 2 = $166.", "So it is $78 + $166 = $244.", "After that it is $244 - $12 = $232."),
        ("They pay 83 * 2 = $166.", "So it is $78 + $165 = $243.", "After that it is $248 - $12 = $236."),
        1, "232", "236",
        "Step 1 found $166, but this step copies it as $165, with a 6 read as a 5: it should be $78 + $166 = $244. "
        "Step 3 has an error of its own: Step 2 found $243, but this step copies it as $248, with a 3 read as an 8: it "
        "should be $243 - $12 = $231.",
    ),
    "swapped": (
        "context_value_error", SOLD, ("They sell 84 / 2 = 42 pens.", "They have 42 + 144 = 186 left."), 0, "168", "186",
        'The problem says 48 ("They have 48 pens"), but this step copies it as 84, with two digits swapped: it should '
        "be 48 / 2 = 24.",
    ),
    "repeated": (
        "context_value_error", SOLD, ("They sell 48 / 2 = 24 pens.", "They have 24 + 114 = 138 left."), 1, "168", "138",
        'The problem says 144 ("owe 144"), but this step copies it as 114, with the wrong digit repeated: it should be '
        "24 + 144 = 168.",
    ),
    "result": (
        "previous_step_value_error", SOLD, ("They sell 48 / 2 = 24 pens.", "They have 42 + 144 = 186 left."), 1, "168",
        "186", "Step 1 found 24, but this step copies it as 42, with two digits swapped: it should be 24 + 144 = 168.",
    ),
    "zero": (
        "context_value_error", ("It is 1500 + 48 = 1548.",), ("It is 150 + 48 = 198.",), 0, "1548", "198",
        'The problem says 1500 ("They rent a shop for $1,500"), but this step copies it as 150, with a zero too few: '
        "it should be 1500 + 48 = 1548.",
    ),
    "cents": (
        "context_value_error", ("It is $2.75 * 48 = $132.",), ("It is $2.57 * 48 = $123.36.",), 0, "132", "123.36",
        'The problem says $2.75 ("They have 48 pens for $2.75 each"), but this step copies it as $2.57, with two '
        "digits swapped: it should be $2.75 * 48 = $132.",
    ),
    "read": (
        "context_value_error", ("They have 48 + 144 = 192.",), ("They have 43 + 144 = 187.",), 0, "192", "187",
        'The problem says 48 ("They have 48 pens"), but this step copies it as 43, with an 8 read as a 3: it should be '
        "48 + 144 = 192.",
    ),
    "equal": (
        "context_value_error", SOLD, ("They sell 48 / 2 = 24 pens.", "They have 24 + 14 = 38 left."), 1, "168", "38",
        'The problem says 144 ("owe 144"), but this step copies it as 14, with one of two equal digits left out: it '
        "should be 24 + 144 = 168.",
    ),
    "point": (
        "context_value_error", ("It is 2.75 * 48 = 132.",), ("It is 275 * 48 = 13200.",), 0, "132", "13200",
        "The problem says 2.75, but this step copies it as 275, with the decimal point left out: it should be "
        "2.75 * 48 = 132.",
    ),
    "rest": (
        "confusing_concept_error", ("2/5*200 = 80 like red.",), ("3/5*200 = 120 like red.",), 0, "80", "120",
        'The step needs 2/5 ("2/5 of the 200 pupils like red"), but takes 3/5, which is the rest: it should be '
        "2/5*200 = 80.",
    ),
    "letters": (
        "missing_step",
        ("Let g be the number of geese.", "2g + 80 - 4g = 70.", "2g = 10.", "So there are 10/2 = 5 geese.",
         "The sheep are 20 - 5 = 15."),
        ("Let g be the number of geese.", "2g + 80 - 4g = 70.", "2g = 10.", "The sheep are 20 - 10 = 10."), 3, "15",
        "10", "The step 10/2 = 5 was skipped, so 10 was used in place of 5: the next step should be 20 - 5 = 15.",
    ),
    "percentage": (
        "missing_step", OFF, ("The pens are $50.", "So it is 50 - 20 = $30."), 1, "40", "30",
        "The step 50 * .2 = $10 was skipped, so 20, which is a percentage and no amount, was used in place of $10: the "
        "next step should be 50 - 10 = $40.",
    ),
}  # fmt: skip
# name, what is put in place of what in the explanation, and the rule that finds it
FAULTS = [
    ("second error", "as $165", "as $155", "not copied as it says"),
    ("second error", "Step 2 found", "Step 3 found", "from no earlier step"),
    ("second error", "as $248", "as $249", "the copy is not in the error step"),
    ("second error", "with a 3 read as an 8", "with two digits swapped", "not copied as it says"),
    ("read", "an 8 read as a 3", "an 8 read as a 5", "not copied as it says"),
    ("read", "an 8 read as a 3", "the wrong digit repeated", "not copied as it says"),
    ("equal", "as 14,", "as 44,", "the copy is not in the error step"),
    ("equal", "one of two equal digits left out", "two digits swapped", "not copied as it says"),
    ("point", "the decimal point left out", "one of two equal digits left out", "not copied as it says"),
    ("rest", "takes 3/5", "takes 2/5", "a rest is not that of the part"),
    ("rest", "needs 2/5", "needs 2/6", "a rest is not that of the part"),
    ("rest", "which is the rest: it should", "which is the rest, so it should", "what is said of a rest is not read"),
    ("swapped", "says 48", "says 47", "not where it is said to be"),
    ("swapped", "as 84", "as 94", "the copy is not in the error step"),
    ("swapped", "with two digits swapped", "with the wrong digit repeated", "not copied as it says"),
    ("swapped", "copies it as 84,", "copies it as eighty,", "what is copied is not read"),
    ("repeated", "with the wrong digit repeated", "with two digits swapped", "not copied as it says"),
    ("repeated", "says 144", "says 1", "not where it is said to be"),
    ("result", "Step 1", "Step 2", "from no earlier step"),
    ("result", "found 24", "found 25", "not where it is said to be"),
    ("result", "as 42", "as 48", "the copy is another number of the problem"),
    ("zero", "too few", "too many", "not copied as it says"),
    ("zero", "as 150", "as 15", "not copied as it says"),
    ("cents", "as $2.57", "as $2.75", "the copy is not in the error step"),
    ("percentage", "so 20,", "so 50,", "a percentage is none of the question's"),
    ("percentage", "so 20,", "so 2,", "a percentage is not in the error step"),
]


def record(case: Case, old: str = "", new: str = "") -> ErroneousSolution:
    kind, right, wrong, place, gold, final, explanation = case
    assert old in explanation
    return ErroneousSolution(
        id="one", problem_id="one", question=QUESTION, gold_answer=gold, reference_steps=right, steps=wrong,
        error_step=place, error_type=kind, explanation=explanation.replace(old, new, 1) if old else explanation,
        final_answer=final, origin="symbolic", model=kind, evidence="proof", confidence=1,
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_right_records_raise_nothing(name: str) -> None:
    assert not check_record(record(CASES[name])).findings


@pytest.mark.parametrize(("name", "old", "new", "rule"), FAULTS)
def test_planted_faults_are_found(name: str, old: str, new: str, rule: str) -> None:
    found = check_record(record(CASES[name], old, new)).findings
    assert any(rule in finding.rule for finding in found), found
