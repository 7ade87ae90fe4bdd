"""The first wrong step, without a model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.alignment import first_wrong_step
from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.fingerprints import computed, fingerprint
from lemma.steps import split_steps
from lemma.verify import exact_value

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
        (("12 + 8 = 20", "20 - 20 = 0", "There are 0 left."), 0, "operator_error"),
        (("12 * 8 = 96", "96 + 20 = 116", "116 / 4 = 29", "116 - 29 = 87"), 1, "operator_error"),
        (("12 * 8 = 96", "96 - 8 = 88", "88 / 4 = 22", "88 - 22 = 66"), 1, "context_value_error"),
        (("12 * 8 = 96", "96 - 20 = 76", "96 / 4 = 24", "76 - 24 = 52"), 2, "missing_step"),
        (("12 * 8 = 96", "96 - 33 = 63", "63 / 4 = 15.75", "63 - 15.75 = 47.25"), 1, "context_value_error"),
        (("12 * 8 = 96", "96 - 20 = 76", "76 / 4 = 19", "So 19 pens are left."), 3, "question_misinterpretation_error"),
        # Another order, and a step that is not needed, are no errors.
        (("20 pens are given away.", "8 * 12 = 96", "96 - 20 = 76", "76 * 3/4 = 58"), 3, "calculation_error"),
        (
            ("Half a box is 8 / 2 = 4 pens.", "12 * 8 = 96", "96 - 20 = 76", "76 / 4 = 20", "76 - 20 = 56"),
            3,
            "calculation_error",
        ),
        (("Step 1: 12 * 8 = 96", "Step 2: 96 - 20 = 76", "Step 3: 76 - 96 = -20", "#### 20"), 2, None),
    ],
)
def test_known_errors(steps: tuple[str, ...], first_wrong: int, error_type: str | None) -> None:
    finding = first_wrong_step(QUESTION, REFERENCE, 57, steps)
    assert finding.step == first_wrong
    if error_type is not None:
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
    last = out.stdout.splitlines()[-1]
    assert last.startswith("first wrong step: ")
    assert float(last.split()[-2]) >= 75.0


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
