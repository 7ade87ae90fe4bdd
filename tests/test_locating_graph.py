"""The first wrong step, without a model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from first_error import read_marked
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.fingerprints import computed, fingerprint
from lemma.exceptions import DataError
from lemma.grading.verdict import exact_value
from lemma.locating.graph import first_wrong_step
from lemma.steps import split_steps

ROOT = Path(__file__).resolve().parent.parent
QUESTION = (
    "Ann has 12 boxes with 8 pens each. She gives 20 pens away and sells a quarter of the rest. How many are left?"
)
REFERENCE = (
    "She has 12*8 = <<12*8=96>>96 pens.",
    "She keeps 96-20 = <<96-20=76>>76 pens.",
    "She sells 76/4 = <<76/4=19>>19 pens.",
    "So 76-19 = <<76-19=57>>57 are left.",
)


@pytest.mark.parametrize(
    ("steps", "first_wrong", "error_type"),
    [
        (("12 * 8 = 98", "98 - 20 = 78", "78 / 4 = 19.5", "78 - 19.5 = 58.5"), 0, "calculation_error"),
        (("12 * 8 = 96", "96 - 20 = 76", "76 / 4 = 18", "76 - 18 = 58"), 2, "calculation_error"),
        (("12 * 8 = 96", "96 + 20 = 116", "116 / 4 = 29", "116 - 29 = 87"), 1, "operator_error"),
        (("12 * 8 = 96", "96 - 8 = 88", "88 / 4 = 22", "88 - 22 = 66"), 1, "context_value_error"),
        (("8 * 20 = 160", "160 - 20 = 140", "140 / 4 = 35", "140 - 35 = 105"), 0, "context_value_error"),
        # What else is wrong keeps the type from being proved; of a number from nowhere, nobody knows where it is from.
        (("12 + 8 = 20", "20 - 20 = 0", "There are 0 left."), 0, None),
        (("12 * 8 = 96", "96 - 20 = 76", "96 / 4 = 24", "76 - 24 = 52"), 2, None),
        (("12 * 8 = 96", "96 - 33 = 63", "63 / 4 = 15.75", "63 - 15.75 = 47.25"), 1, None),
        (("12 * 8 = 96", "96 - 20 = 76", "76 / 4 = 19", "So 19 pens are left."), 3, None),
        # Another order, and a step that is not needed, are no errors.
        (("20 pens are given away.", "8 * 12 = 96", "96 - 20 = 76", "76 * 3/4 = 58"), 3, "calculation_error"),
        (
            ("Half a box is 8 / 2 = 4 pens.", "12 * 8 = 96", "96 - 20 = 76", "76 / 4 = 20", "76 - 20 = 56"),
            3,
            "calculation_error",
        ),
        (("Step 1: 12 * 8 = 96", "Step 2: 96 - 20 = 76", "Step 3: 76 - 96 = -20", "#### 20"), 2, None),
        # An error of reasoning comes first where one of arithmetic follows; a calculator's last digits are no error.
        (("12 * 8 = 96", "96 + 20 = 116", "116 / 4 = 28", "116 - 28 = 88"), 1, "operator_error"),
        (("12 * 8 = 96", "96 - 20 = 76", "76 / 7 = 10.857142857142858", "76 + 4 = 80"), 3, None),
    ],
)
def test_known_errors(steps: tuple[str, ...], first_wrong: int, error_type: str | None) -> None:
    finding = first_wrong_step(QUESTION, REFERENCE, 57, steps)
    assert (finding.step, finding.error_type) == (first_wrong, error_type)


ROUTES = {
    "what a discount leaves": (
        "A coat costs $80. Jo gets 20% off and pays $5 for the bus. What does Jo spend?",
        ("80 * .2 = <<80*.2=16>>16", "80 - 16 = <<80-16=64>>64", "64 + 5 = <<64+5=69>>69"),
        69,
        ("80 * 0.8 = 64", "64 - 5 = 59"),
        1,
    ),
    "hours for minutes": (
        "Mia sings 2 hours and paints 90 minutes every day. How many minutes is that in 3 days?",
        ("2 * 60 = <<2*60=120>>120 minutes", "120 + 90 = <<120+90=210>>210", "210 * 3 = <<210*3=630>>630"),
        630,
        ("90 / 60 = 1.5", "2 + 1.5 = 3.5", "3.5 / 3 = 1.17"),
        2,
    ),
    "spaces in thousands": (
        "A house costs $350 000. The fee is 2%. What is the price with the fee?",
        ("350000 * 2/100 = <<350000*2/100=7000>>7000", "350000 + 7000 = <<350000+7000=357000>>357000"),
        357000,
        ("$350 000 x 2/100 = $7000", "$350 000 - $7000 = $343 000"),
        1,
    ),
    "a true rate that is not needed": (
        "Lea has 4 boxes. Each box holds 8 pens. She sells 3 boxes for $2 per pen. What does she get?",
        ("3 * 8 = <<3*8=24>>24 pens", "24 * 2 = <<24*2=48>>48"),
        48,
        ("She has 4 * 8 = 32 pens.", "She keeps 32 - 24 = 8 pens.", "8 * 2 = 16"),
        1,
    ),
    "a sum that stands for something else": (
        "Ida has 44 stamps. Max has 20 more stamps than Ida, and Ben has 6 stamps. How many have they?",
        ("44 + 20 = <<44+20=64>>64", "64 + 44 = <<64+44=108>>108", "108 + 6 = <<108+6=114>>114"),
        114,
        ("Max has 20 + 6 = 26 stamps.", "26 + 44 = 70", "70 + 6 = 76"),
        0,
    ),
    "a share of the wrong thing": (
        "Kim ate 1/4 of her figs and has 12 figs left. How many had she?",
        ("1 - 1/4 = 3/4", "12 / 3 = <<12/3=4>>4", "4 * 4 = <<4*4=16>>16"),
        16,
        ("1/4 * 12 = 3", "12 - 3 = 9"),
        0,
    ),
}


@pytest.mark.parametrize("name", ROUTES)
def test_right_by_another_way_and_harmless_or_not(name: str) -> None:
    question, reference, gold, steps, first_wrong = ROUTES[name]
    assert first_wrong_step(question, reference, gold, steps).step == first_wrong


PROVED = [
    (("40 - 10 = 30", "30 / 2 = 15"), ("40 / 2 = 20",), "missing_step"),
    (("40 - 10 = 30", "30 / 2 = 15"), ("40 - 10 = 30", "30 * 2 = 60"), "operator_error"),
    (("40 - 10 = 30", "30 / 2 = 15"), ("40 - 2 = 38", "38 / 2 = 19"), "context_value_error"),
    (("40 - 10 = 30", "30 / 2 = 15"), ("40 - 10 = 30", "33 / 2 = 16.5"), "previous_step_value_error"),
    # The operands change places, what is left out is a divisor, two things are wrong: not proved.
    (("40 - 10 = 30", "30 / 2 = 15"), ("40 - 10 = 30", "2 / 30 = 0.07"), None),
    (("40 / 10 = 4", "2 * 4 = 8"), ("2 * 10 = 20",), None),
    (("40 - 10 = 30", "30 / 2 = 15"), ("40 + 10 = 50", "50 * 2 = 100"), None),
    (("40 - 10 = 30", "30 / 2 = 15"), ("40 / 10 - 2 = 3",), None),
]


@pytest.mark.parametrize(("reference", "steps", "error_type"), PROVED)
def test_a_type_is_told_only_where_putting_it_right_gives_the_answer(
    reference: tuple[str, ...], steps: tuple[str, ...], error_type: str | None
) -> None:
    gold = int(reference[-1].split()[-1])
    finding = first_wrong_step("He has 40 eggs, 10 hens and 2 cats.", reference, gold, steps)
    assert finding.error_type == error_type


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6), st.text(max_size=80))
def test_there_is_always_a_step_and_nothing_breaks(steps: list[str], question: str) -> None:
    assert 0 <= first_wrong_step(question, REFERENCE, 57, steps).step < len(steps)


@given(st.integers(1, 1999), st.integers(1, 1999))
def test_products_keep_their_fingerprint_and_sums_do_not(left: int, right: int) -> None:
    leaves = (fingerprint(left), fingerprint(right))
    assert computed(Binary("*", 0, 1), leaves) == fingerprint(left * right)
    assert computed(Binary("+", 0, 1), leaves) != fingerprint(left + right)
    quotient = computed(Binary("/", 0, 1), leaves)
    assert computed(Binary("*", 0, 1), (quotient, leaves[1])) == leaves[0]


@pytest.fixture
def marked_by_people() -> Path:
    path = ROOT.parent / "shared/data/first_error_dev.jsonl"
    if not path.exists():
        pytest.skip("first_error_dev.jsonl is not at ../shared/data")
    return path


def test_real_students(marked_by_people: Path) -> None:
    command = [sys.executable, "benchmarks/first_error.py", str(marked_by_people)]
    out = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    last = re.fullmatch(r"first wrong step: (\d+\.\d) %", out.stdout.splitlines()[-1])
    assert last is not None
    assert float(last[1]) >= 75.0


MARKED = {"question": "Q", "reference_solution": "1+1 = 2\n#### 2", "steps": ["1+1 = 3"], "first_error_step": 1}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "Invalid JSON"),
        ("[]", "an object"),
        (json.dumps(MARKED | {"steps": []}), "steps: "),
        (json.dumps(MARKED | {"first_error_step": 0}), "first_error_step: "),
        (json.dumps(MARKED | {"first_error_step": 2}), "there are 1 steps"),
        ('{"question": "Q"}', "reference_solution: Field required"),
    ],
)
def test_a_line_that_is_no_marked_solution(line: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "marked.jsonl"
    path.write_text(f"{json.dumps(MARKED)}\n\n{line}\n")
    with pytest.raises(DataError) as caught:
        list(read_marked(path))
    assert f"{path}, line 3: " in str(caught.value)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_ends_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/first_error.py", str(tmp_path / "none.jsonl")]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_references_themselves_have_no_false_equation(marked_by_people: Path) -> None:
    """A reference with its last result changed is found wrong at the last step that has one."""
    found = 0
    rows = [json.loads(line) for line in marked_by_people.read_text().splitlines()]
    for row in rows:
        steps = split_steps(row["reference_solution"])
        gold = exact_value(row["reference_solution"])
        if gold is None or gold.denominator != 1:
            continue
        wrong = (*steps[:-1], f"So it is {gold.numerator} + 0 = {gold.numerator + 7}.")
        found += first_wrong_step(row["question"], steps, gold.numerator, wrong).step == len(steps) - 1
    assert found > 0.95 * len(rows)
