"""What the checker of labels reads in a text: equations, and whether they hold."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_checking.equations import read_step, shows

DATA = Path(os.environ.get("LEMMA_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))

READ: list[tuple[str, list[tuple[float | Fraction | None, bool]]]] = [
    ("Natalia sold 48/2 = 24 clips in May.", [(24, True)]),
    ("Working 50 minutes, she earned 0.2 x 50 = $10.", [(10, True)]),
    ("There are 8 black + 10 green + 9 orange = 27 jelly beans.", [(27, True)]),
    ("10 cars are parked, 10 x 4 wheels each car = 40 wheels total.", [(40, True)]),
    ("1/2*$500=$250", [(250, True)]),
    ("15% * 80 = 12", [(12, True)]),
    ("15% * 80 = 1200", [(12, False)]),
    ("20% of the 50 kids = 10", [(10, True)]),
    ("20/80 = 25%, and 100% - 25% = 75%", [(0.25, True), (0.75, True)]),
    ("7 kittens / 20 kittens * 100% = 35%", [(Fraction(7, 20), True)]),
    ("(3+5)*2 = 16", [(16, True)]),
    ("The rest is 7(3)=21", [(21, True)]),
    ("5 * 7 = 35 / 2 = 17.5", [(35, True), (17.5, True)]),
    ("5 * 7 = 36 / 2 = 18", [(35, False), (18, True)]),
    ("2 + 3 = 5 + 4 = 9", [(5, True), (9, True)]),
    ("2*3+4 = 6+4 = 10 = 11", [(10, True), (10, True), (10, False)]),
    ("He pays $1,200.50 × 2 = $2,401.00", [(2401, True)]),
    ("9 ÷ 3 – 1 = 2", [(2, True)]),
    (".5 + .25 = .75", [(0.75, True)]),
    ("$2/apple * 3 apples = $6", [(6, True)]),
    ("It is 6 ft. * 4 ft. = 24 sq. ft.", [(24, True)]),
    ("2 1/2 * 4 = 10", [(10, True)]),
    ("14 / 1/4 = 56", [(56, True)]),
    ("$120\\cdot30\\cdot\\frac{1}{100}=36$", [(36, True)]),
    ("10{,}000 \\times 2 = \\boxed{20{,}000}", [(20000, True)]),
    ("$4\\frac{5}{8} = 4 + \\frac58$", [(4.625, True)]),
    ("2^{3} + (-1)^3 = 7", [(7, True)]),
    ("\\begin{align*}2 + 3 &= 5\\\\ &= 6\\end{align*}", [(5, True), (5, False)]),
    ("40 * 30 seconds = 20 minutes", [(1200, True)]),
    ("3 * $2 million = $6 million", [(6_000_000, True)]),
    ("75% sank because 100 - 25 = 76", [(75, False)]),
    ("20 - 25 = -5", [(-5, True)]),
    ("So 3 - 5 = 2", [(-2, False)]),
    ("5 / 0 = 5", [(None, False)]),
    ("12 times 3 equals 36, or 12 inches x the length of 3 inches = 36", [(36, True), (36, True)]),
    ("She has %20*50=$1000, that is $2k / 2 = $1k", [(1000, True), (1000, True)]),
    ("900 ml / 15 ml/g = 60 g", [(60, True)]),
    ("1/4 of an item x 100 = 25", [(25, True)]),
    ("12 bottles/dozen * 5 - 4 bottles = 56 bottles", [(56, True)]),
    ("1/4 of his money = 20 and 2 * Dexter = 16", []),
    ("400 m / 80 s = 5 m/s, and 5 L + 2 L = 7 L, at 10 a.m. - 2 hours = 8 a.m.", [(5, True), (7, True), (8, True)]),
    ("8 plus six equals 14, so 2L + 11 = 35", [(14, True)]),
    ("6 (only dairy) + 3 (only peanuts) = 12", [(9, False)]),
    ("Per week = Days * meals. Per week = 7 * 9. Per week = 63.", [(63, True)]),
    ("Per person = 60 / 3. Therefore, Per person = 30.", [(20, False)]),
    ("It is $6 + $5, which equals $11.", [(11, True)]),
    ("Multiply 5 by 12, which equals 60.", []),
    ("Balance = $20. He spends $5. Balance = $15.", []),
    ("Total = 8 + 2. Total = 10 + 5 = 15.", [(15, True)]),
    ("It is 3 * $12 = \\boxed{\\$36}.", [(36, True)]),
    ("2 - 1/2 = 1/2 cups", [(1.5, False)]),
    ("Let x = 5, and 2x + 3 = 13, so 10b = 180", []),
    ("1 foot = 13 inches", []),
    ("She left at 8:00 - 0:30 = 7:30", []),
    ("\\sqrt{16} + 1 = 5", []),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_equations_of_a_text(text: str, expected: list[tuple[float | Fraction | None, bool]]) -> None:
    assert [(equation.left.value, equation.holds) for equation in read_step(text).equations] == expected


@pytest.mark.parametrize(
    ("exact", "shown", "decimals", "holds"),
    [
        ("100/3", "33.33", 2, True),
        ("100/3", "33", 0, True),
        ("100/3", "33.4", 1, False),
        ("200/3", "66.66", 2, True),
        ("200/3", "66.67", 2, True),
        ("200/3", "66.68", 2, False),
        ("5/2", "2", 0, True),
        ("5/2", "3", 0, True),
        ("5/2", "2.4", 1, False),
        ("5/2", "4", 0, False),
        ("-5/2", "-3", 0, True),
        ("-5/2", "3", 0, False),
        ("7", "8", 0, False),
    ],
)
def test_rounded_results(exact: str, shown: str, decimals: int, holds: bool) -> None:
    assert shows(Fraction(exact), Fraction(shown), decimals) is holds


@given(st.text(alphabet="0123456789+-*/=()%$.,xX ½\\{}^of fracand\n", max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert len(read_step(text).equations) <= text.count("=")


@given(st.integers(1, 999), st.sampled_from("+-*/"), st.integers(1, 999), st.integers(1, 50))
def test_an_equation_holds_for_its_own_result_only(left: int, sign: str, right: int, slip: int) -> None:
    operations: dict[str, Callable[[int, int], int]] = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}
    first, result = (left * right, left) if sign == "/" else (left, operations[sign](left, right))
    assert read_step(f"He has {first} {sign} {right} = {result} apples.").equations[0].holds
    assert not read_step(f"He has {first} {sign} {right} = {result + slip} apples.").equations[0].holds


def test_reference_solutions_are_read() -> None:
    path = DATA / "gsm8k_train.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    lines = path.read_text(encoding="utf-8").splitlines()[:1500]
    answers = [json.loads(line)["answer"].split("####")[0] for line in lines]
    steps = [read_step(re.sub(r"<<.*?>>", "", line)) for answer in answers for line in answer.splitlines()]
    equations = [equation for step in steps for equation in step.equations]
    assert len(equations) / (len(equations) + sum(len(step.unread) for step in steps)) > 0.99
    assert sum(equation.holds for equation in equations) / len(equations) > 0.99
