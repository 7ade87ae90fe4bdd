"""The checker of labels: it reads what people read, and it can fail on every one of its rules."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import label_checker
import pytest
from label_checking.rules import check

from lemma.records import ErroneousSolution

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("LEMMA_DATA", ROOT.parent / "shared" / "data"))

APPLES = (
    "Tom buys 5 bags with 7 apples in each. He eats 4 apples and sells half of the rest for $2 each. How much is that?",
    "31",
    (
        "Tom buys 5 x 7 = 35 apples.",
        "After his meal there are 35 - 4 = 31 apples.",
        "He sells 31 / 2 * $2 = $31 worth of them.",
    ),
)
TRIP = (
    "A bus drives at 60 km per hour for 180 minutes, and then 20 km more. How far does it drive?",
    "200",
    (
        "The first part takes 180 / 60 = 3 hours.",
        "In that time it drives 60 * 3 = 180 km.",
        "Together that is 180 + 20 = 200 km.",
        "So the bus drives 200 km.",
    ),
)
YARD = (
    "A yard is 12 m long and 8 m wide. Grass costs $3 for each square metre. What does grass for all of it cost?",
    "288",
    ("The yard has 12 * 8 = 96 square metres.", "Grass for it costs 96 * $3 = $288."),
)
SHOP = (
    "A shop sells 40 hats at $15 each and pays $200 for rent. What is left?",
    "400",
    ("It sells hats for 40 * 15 = $600.", "After the rent $600 - $200 = $400 are left."),
)
COINS = (
    "Ben wants 15 coins and has 8 of them. Ann has 20 coins. How many are Ann's and those that Ben needs together?",
    "27",
    ("He needs 15 - 8 = 7 more.", "That is 7 + 20 coins, or 27 coins in all."),
)
WRONG: dict[str, tuple[tuple[str, str, tuple[str, ...]], str, int, str, str]] = {
    "calculation": (
        APPLES,
        "calculation_error",
        0,
        "Tom buys 5 x 7 = 45 apples.|After his meal there are 45 - 4 = 41 apples.|"
        "He sells 41 / 2 * $2 = $41 worth of them.",
        "41",
    ),
    "late calculation": (
        TRIP,
        "calculation_error",
        2,
        "The first part takes 180 / 60 = 3 hours.|In that time it drives 60 * 3 = 180 km.|"
        "Together that is 180 + 20 = 220 km.|So the bus drives 220 km.",
        "220",
    ),
    "operator": (
        APPLES,
        "operator_error",
        0,
        "Tom buys 5 + 7 = 12 apples.|After his meal there are 12 - 4 = 8 apples.|"
        "He sells 8 / 2 * $2 = $8 worth of them.",
        "8",
    ),
    "context value": (
        APPLES,
        "context_value_error",
        1,
        "Tom buys 5 x 7 = 35 apples.|After his meal there are 35 - 5 = 30 apples.|"
        "He sells 30 / 2 * $2 = $30 worth of them.",
        "30",
    ),
    "previous value": (
        TRIP,
        "previous_step_value_error",
        2,
        "The first part takes 180 / 60 = 3 hours.|In that time it drives 60 * 3 = 180 km.|"
        "Together that is 108 + 20 = 128 km.|So the bus drives 128 km.",
        "128",
    ),
    "counting": (
        APPLES,
        "counting_error",
        0,
        "Tom buys 6 x 7 = 42 apples.|After his meal there are 42 - 4 = 38 apples.|"
        "He sells 38 / 2 * $2 = $38 worth of them.",
        "38",
    ),
    "unit factor": (
        TRIP,
        "unit_conversion_error",
        0,
        "The first part takes 180 / 10 = 18 hours.|In that time it drives 60 * 18 = 1,080 km.|"
        "Together that is 1,080 + 20 = 1,100 km.|So the bus drives 1,100 km.",
        "1100",
    ),
    "unit direction": (
        TRIP,
        "unit_conversion_error",
        0,
        "The first part takes 180 * 60 = 10,800 hours.|In that time it drives 60 * 10,800 = 648,000 km.|"
        "Together that is 648,000 + 20 = 648,020 km.|So the bus drives 648,020 km.",
        "648020",
    ),
    "off by one and back": (
        COINS,
        "counting_error",
        0,
        "He needs 15 - 7 = 8 more.|That is 8 + 20 coins, or 28 coins in all.",
        "28",
    ),
    "missing step": (
        APPLES,
        "missing_step",
        1,
        "Tom buys 5 x 7 = 35 apples.|He sells 35 / 2 * $2 = $35 worth of them.",
        "35",
    ),
    "left out": (
        APPLES,
        "missing_step",
        2,
        "Tom buys 5 x 7 = 35 apples.|After his meal there are 35 - 4 = 31 apples.|"
        "He sells 31 * $2 = $62 worth of them.",
        "62",
    ),
    "left out alone": (
        APPLES,
        "missing_step",
        0,
        "Tom buys 7 apples.|After his meal there are 7 - 4 = 3 apples.|He sells 3 / 2 * $2 = $3 worth of them.",
        "3",
    ),
    "formula": (
        YARD,
        "formula_confusion_error",
        0,
        "The yard has 2 * (12 + 8) = 40 square metres.|Grass for it costs 40 * $3 = $120.",
        "120",
    ),
    "concept": (
        SHOP,
        "confusing_concept_error",
        1,
        "It sells hats for 40 * 15 = $600.|After the rent $600 are left.",
        "600",
    ),
    "misreading": (
        SHOP,
        "question_misinterpretation_error",
        1,
        "It sells hats for 40 * 15 = $600.|So the answer is $600.",
        "600",
    ),
    "hallucination": (
        SHOP,
        "hallucination",
        1,
        "It sells hats for 40 * 15 = $600.|With its savings it has $600 + $50 = $650.|"
        "After the rent $650 - $200 = $450 are left.",
        "450",
    ),
    "contradiction": (
        SHOP,
        "contradictory_step",
        1,
        "It sells hats for 40 * 15 = $600.|So it has $500 in all.|After the rent $500 - $200 = $300 are left.",
        "300",
    ),
}
EXPLANATIONS = {"calculation": "5 x 7 is 35, not 45.", "late calculation": "180 + 20 is 200, not 220."}


def good(name: str, **changes: Any) -> ErroneousSolution:
    """A record whose label is right, with some fields changed."""
    (question, answer, reference), error_type, error_step, steps, final_answer = WRONG[name]
    fields = {
        "id": name,
        "problem_id": f"problem of {name}",
        "question": question,
        "gold_answer": answer,
        "reference_steps": reference,
        "steps": tuple(steps.split("|")),
        "error_step": error_step,
        "error_type": error_type,
        "explanation": EXPLANATIONS.get(name, "That is not what the question says."),
        "final_answer": final_answer,
        "origin": "symbolic",
        "model": "by hand",
    }
    return ErroneousSolution.model_validate({**fields, **changes})


def edited(name: str, step: int, old: str, new: str, **changes: Any) -> ErroneousSolution:
    """A record with a piece of one step replaced."""
    steps = list(good(name).steps)
    assert old in steps[step]
    steps[step] = steps[step].replace(old, new)
    return good(name, steps=tuple(steps), **changes)


FALSE_REFERENCE = ("Tom buys 5 x 7 = 36 apples.", *APPLES[2][1:])
BAD: list[tuple[str, ErroneousSolution]] = [
    ("a: error_step is no step", good("calculation").model_copy(update={"error_step": 3})),
    ("a: error_step is no step", good("calculation").model_copy(update={"error_step": -1})),
    ("a: a step before the error is not the reference's", edited("context value", 0, "Tom", "He")),
    ("a: the error step is the reference's", good("calculation", steps=APPLES[2])),
    ("a: an equation before the error", edited("context value", 0, "= 35", "= 36", reference_steps=FALSE_REFERENCE)),
    ("b: the final answer equals gold's", good("calculation", final_answer="$31.00")),
    ("b: the final answer equals gold's", good("calculation", final_answer="\\frac{62}{2}")),
    ("b: the final answer is not stated at the end", good("calculation", final_answer="45")),
    ("b: the final answer is gold's", good("calculation", final_answer="x + y", gold_answer="x + y ")),
    ("c: a calculation error with no false", edited("calculation", 0, "5 x 7", "5 x 9")),
    ("c: a calculation error with 2 false", edited("calculation", 0, "apples", "apples, 2 + 2 = 5")),
    ("c: a calculation error changes more", edited("calculation", 0, "5 x 7", "5 x 8")),
    ("c: a calculation error changes more", edited("calculation", 0, "5 x 7", "5 + 7")),
    ("c: the false equation is none", edited("calculation", 0, "apples", "apples, 2 + 2 = 4")),
    ("c: the reference's equation is false", good("calculation", reference_steps=FALSE_REFERENCE)),
    ("c: an equation of the error step is false", edited("operator", 0, "= 12", "= 13")),
    ("c: the error step computes what", edited("operator", 0, "Tom buys 5 + 7 = 12", "He buys 5 x 7 = 35")),
    ("d: a later equation is false", edited("calculation", 1, "= 41", "= 43")),
    ("d: a later equation uses a right value", edited("calculation", 1, "45 - 4 = 41", "35 - 4 = 31")),
    ("d: a later equation uses a right value", edited("operator", 2, "8 / 2 * $2 = $8", "31 / 2 * $2 = $31")),
    ("d: an operand of a later equation is changed", edited("calculation", 1, "45 - 4 = 41", "45 - 5 = 40")),
    ("d: an operand of a later equation is changed", edited("hallucination", 2, "$200 = $450", "$205 = $445")),
    ("d: an operand of a later equation comes from", edited("calculation", 1, "- 4 = 41", "- 4 - 9 = 32")),
    ("d: a number still says", edited("late calculation", 3, "220", "200")),
    ("d: a number of a later step is changed", edited("late calculation", 3, "220", "230")),
    (
        "d: a number is changed in arithmetic that cannot be read",
        edited(
            "off by one and back",
            1,
            "coins, or 28 coins",
            "coins at x = 29",
            reference_steps=(COINS[2][0], "That is 7 + 20 coins at x = 27 in all."),
        ),
    ),
    ("d: a number of a later step is changed", edited("off by one and back", 1, "or 28 coins", "or 29 coins")),
    ("d: a number word still says", edited("operator", 1, "After his meal", "Of the thirty-five")),
    ("e: a whole number turns into a fraction", edited("calculation", 0, "= 45", "= 4.5")),
    ("e: a number turns negative", edited("operator", 0, "5 + 7 = 12", "5 - 7 = -2")),
    ("e: a share of more than 100 %", edited("calculation", 0, "apples", "apples, 120% of them")),
    ("e: a price with more than two decimals", edited("calculation", 2, "$41", "$41.125")),
    ("e: a result is rounded", edited("calculation", 2, "41 / 2 * $2 = $41", "41 / 2 = $20")),
    ("f: no rule for this type", good("calculation", error_type="nonsensical_output")),
    ("f: operator_error: an operand is changed", edited("operator", 0, "5 + 7 = 12", "5 + 8 = 13")),
    ("f: operator_error: its equations do not", edited("operator", 0, "5 + 7 = 12", "12")),
    ("f: context_value_error: an operator", edited("context value", 1, "35 - 5 = 30", "35 + 5 = 40")),
    ("f: context_value_error: not exactly one", edited("context value", 1, "35 - 5 = 30", "36 - 5 = 31")),
    ("f: context_value_error: the value is none", edited("context value", 1, "35 - 5 = 30", "36 - 4 = 32")),
    (
        "f: context_value_error: without an equation",
        edited("late calculation", 3, "bus", "car", error_type="context_value_error", error_step=3),
    ),
    ("f: previous_step_value_error: the value was", good("context value", error_type="previous_step_value_error")),
    ("f: counting_error: the count", edited("counting", 0, "6 x 7 = 42", "8 x 7 = 56")),
    ("f: unit_conversion_error: not exactly one", edited("unit factor", 0, "180 / 10 = 18", "190 / 60 = 3.17")),
    ("f: unit_conversion_error: more than one", edited("unit factor", 0, "180 / 10 = 18", "180 + 60 = 240")),
    ("f: unit_conversion_error: more than a", edited("unit factor", 0, "180 / 10 = 18", "190 * 7 * 2 = 2660")),
    ("f: unit_conversion_error: its equations", edited("unit factor", 0, "180 / 10 = 18", "18")),
    (
        "f: unit_conversion_error: the operator stands",
        edited(
            "unit factor",
            0,
            "180 / 10 = 18",
            "180 / 9 = 20",
            reference_steps=("The first part takes 180 * 9 = 1620 hours.", *TRIP[2][1:]),
        ),
    ),
    ("f: missing_step: its equations do not line up", good("calculation", error_type="missing_step")),
    ("f: missing_step: its operands are not", edited("left out", 2, "31 * $2 = $62", "32 * $2 = $64")),
    ("f: missing_step: it states no operand", edited("left out alone", 0, "7 apples", "8 apples")),
    ("f: missing_step: it has more steps", good("contradiction", error_type="missing_step")),
    ("f: missing_step: its error step uses", edited("missing step", 1, "35 / 2 * $2 = $35", "2 * $2 = $4")),
    ("h: no explanation", good("operator", explanation=" ")),
    ("h: the explanation does not name the right", good("calculation", explanation="It is not 45.")),
    ("h: the explanation does not name the false", good("calculation", explanation="It is 35.")),
]


@pytest.mark.parametrize("name", WRONG)
def test_a_good_record_breaks_no_rule(name: str) -> None:
    assert check(good(name)) == []


@pytest.mark.parametrize(("rule", "erroneous"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_record_breaks_the_rule(rule: str, erroneous: ErroneousSolution) -> None:
    broken = [finding.rule for finding in check(erroneous)]
    assert any(found.startswith(rule) for found in broken), broken


def corruptions() -> list[ErroneousSolution]:
    """Every good record with one number of one step, from the error on, made bigger by one."""
    found = []
    for name in WRONG:
        steps = good(name).steps
        for index in range(good(name).error_step, len(steps)):
            for match in re.finditer(r"\d[\d,]*", steps[index]):
                bigger = f"{int(match.group().replace(',', '')) + 1}"
                step = steps[index][: match.start()] + bigger + steps[index][match.end() :]
                changed = (*steps[:index], step, *steps[index + 1 :])
                found.append(good(name, steps=changed, id=f"{name}: {step}"))
    return found


@pytest.mark.parametrize("erroneous", corruptions(), ids=lambda erroneous: erroneous.id)
def test_one_number_changed_breaks_a_rule(erroneous: ErroneousSolution) -> None:
    assert check(erroneous)


@pytest.mark.parametrize(
    ("name", "error_type"),
    [
        ("calculation", "operator_error"),
        ("operator", "calculation_error"),
        ("operator", "counting_error"),
        ("context value", "operator_error"),
        ("unit factor", "counting_error"),
        ("missing step", "context_value_error"),
        ("hallucination", "missing_step"),
        ("counting", "unit_conversion_error"),
        ("formula", "context_value_error"),
    ],
)
def test_the_label_of_another_type_is_refused(name: str, error_type: str) -> None:
    assert check(good(name, error_type=error_type))


def run(folder: Path, records: list[ErroneousSolution], torn: bytes = b"") -> subprocess.CompletedProcess[str]:
    lines = [line.model_dump_json().encode() + b"\n" for line in records]
    (folder / "erroneous.jsonl").write_bytes(b"".join(lines) + torn)
    return command(folder)


def command(run_directory: Path) -> subprocess.CompletedProcess[str]:
    """The command, in this process."""
    words = ["label_checker.py", str(run_directory)]
    said, complaints = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(said), redirect_stderr(complaints):
        patched.setattr(sys, "argv", words)
        code = label_checker.main()
    return subprocess.CompletedProcess(words, code, said.getvalue(), complaints.getvalue())


def test_the_command_passes_good_records(tmp_path: Path) -> None:
    result = run(tmp_path, [good(name) for name in WRONG])
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{len(WRONG)}  checked" in result.stdout
    assert "0 exceptions of 0 kinds" in result.stdout


def test_the_command_names_what_is_wrong(tmp_path: Path) -> None:
    records = [good("calculation"), good("calculation"), good("operator", origin="teacher")]
    result = run(tmp_path, records, torn=b'{"id": "torn')
    assert result.returncode == 1
    for line in (
        "1 x a line is no erroneous solution",
        "1 x g: an id comes twice",
        "1 x g: a problem has the same",
        "1 of another",
    ):
        assert line in result.stdout


def test_nothing_checked_is_no_success(tmp_path: Path) -> None:
    assert run(tmp_path, []).returncode == 1
    absent = command(tmp_path / "elsewhere.jsonl")
    assert (absent.returncode, absent.stderr.count("\n")) == (2, 1)


def test_chunks_are_whole_lines(tmp_path: Path) -> None:
    lines = [b"%d" % number * 7 for number in range(200)]
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(lines))
    for size in (1, 10, 333, 10_000):
        parts = [path.read_bytes()[start:stop] for _, start, stop in label_checker.chunks(path, size)]
        assert b"".join(parts) == path.read_bytes()
        assert [line for part in parts for line in part.splitlines()] == lines
