"""Equations read from a step's text: what is one, what it says, whether it holds, and what must be left alone."""

import json
import os
import re
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest
from arithmetic_stories import exact
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, evaluate, leaves, nodes, to_text
from lemma.arithmetic.parser import read_expression

DATA = Path(os.environ.get("LEMMA_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))

TRUE = [
    ("She sold 48/2 = 24 clips.", "48/2", "24"),
    ("5 * 7 = $35", "5 * 7", "35"),
    ("0.2 x 50 = 10", "0.2 x 50", "10"),
    ("5 x $3 = $15", "5 x $3", "15"),
    ("12 inches x 2 = 24 inches", "12 inches x 2", "24"),
    ("4 x 4 x 4 = 64", "4 x 4 x 4", "64"),
    ("8 × 2 = 16", "8 × 2", "16"),
    ("8 · 2 = 16", "8 · 2", "16"),
    ("8 ∗ 2 = 16", "8 ∗ 2", "16"),
    ("8 ÷ 2 = 4", "8 ÷ 2", "4"),
    ("8 − 2 = 6", "8 − 2", "6"),
    # As models write: who is meant, what is worked out said once more, and a box that makes no formula.
    ("In all: 6 (only dairy) + 3 (only peanuts) + 3 (both) = 12.", "6 (only dairy) + 3 (only peanuts) + 3", "12"),
    ("Cal's marbles = 56 * 2. Cal's marbles = 112.", "56 * 2", "112"),
    ("Total cost = $40 + $20\nTotal cost = $60", "40 + $20", "60"),
    ("Per person = 60 / 3. Therefore, Per person = 20.", "60 / 3", "20"),
    ("The total amount is $6 + $5 + $3, which equals $14.", "6 + $5 + $3", "14"),
    (r"She pays 3 * $12 = \boxed{$36}.", "3 * $12", "36"),
    ("8 – 2 = 6", "8 – 2", "6"),
    ("6 times 7 = 42", "6 times 7", "42"),
    ("6 plus 7 minus 3 = 10", "6 plus 7 minus 3", "10"),
    ("28 divided by 2 equals 14", "28 divided by 2", "14"),
    ("3 multiplied by 4 is equal to 12", "3 multiplied by 4", "12"),
    ("5 + 3 ≈ 8", "5 + 3", "8"),
    ("20% of 50 = 10", "20% of 50", "10"),
    ("25 percent of 80 is equal to 20", "25 percent of 80", "20"),
    ("20% * 50 = 10", "20% * 50", "10"),
    ("35% + 15% = 50%", "35% + 15%", "50"),
    ("5/20 = 25%", "5/20", "25"),
    ("1/2 of 10 = 5", "1/2 of 10", "5"),
    ("3/4 * 100 = 75", "3/4 * 100", "75"),
    ("1 1/2 + 1/2 = 2 cups", "1 1/2 + 1/2", "2"),
    ("1/4 + 1/4 = 1/2", "1/4 + 1/4", "1/2"),
    ("There are 8 black + 10 green = 18 socks", "8 black + 10", "18"),
    ("5 apples/day * 3 days = 15 apples", "5 apples/day * 3", "15"),
    ("60 miles/hour * 2 hours = 120 miles", "60 miles/hour * 2", "120"),
    ("He ran 3 miles + 4 = 7 miles", "3 miles + 4", "7"),
    ("He pays $1,200.50 + $99.50 = $1,300", "1,200.50 + $99.50", "1,300"),
    ("1,000,000 / 4 = 250,000", "1,000,000 / 4", "250,000"),
    ("€5 + €3 = €8", "5 + €3", "8"),
    ("£5 * 2 = £10", "5 * 2", "10"),
    ("$10-$3=$7 left", "10-$3", "7"),
    ("$5 - $2.50 = $2.50", "5 - $2.50", "2.50"),
    ("$.50 * 10 = $5", ".50 * 10", "5"),
    ("1.5 * 2 = 3.0", "1.5 * 2", "3.0"),
    ("-8 + 10 = 2", "-8 + 10", "2"),
    ("5 - 8 = -3", "5 - 8", "-3"),
    ("(3 + 5) * 2 = 16", "(3 + 5) * 2", "16"),
    ("[3 + 5] * 2 = 16", "[3 + 5] * 2", "16"),
    ("2(3 + 5) = 16", "2(3 + 5)", "16"),
    ("(5 + 3) / 2 = 4 hours", "(5 + 3) / 2", "4"),
    ("4 + 5 * 2 = 14", "4 + 5 * 2", "14"),
    ("10 - 2 - 3 = 5", "10 - 2 - 3", "5"),
    ("64 / 4 / 2 = 8", "64 / 4 / 2", "8"),
    ("2^3 = 8", "2^3", "8"),
    ("2^3^2 = 512", "2^3^2", "512"),
    ("10 = 5 * 2", "5 * 2", "10"),
    ("3 * 12 = 36 (3 dozen)", "3 * 12", "36"),
    ("٣ + 2 = 5", "٣ + 2", "5"),
    (r"$120\cdot30\cdot\frac{1}{100}=36$", r"120\cdot30\cdot\frac{1}{100}", "36"),
    (r"\frac{1}{2} \times 8 = \boxed{4}", r"\frac{1}{2} \times 8", "4"),
    (r"\left(3+5\right)\cdot 2=16", r"\left(3+5\right)\cdot 2", "16"),
    (r"$2^{10} = 1024$", "2^{10}", "1024"),
    (r"10{,}000 + 5 = 10{,}005", "10{,}000 + 5", "10{,}005"),
    (r"$\$5\times3=\$15$", r"5\times3", "15"),
    (r"$5\% \cdot 200 = 10$", r"5\% \cdot 200", "10"),
    (r"\[3+4=7.\]", "3+4", "7"),
    (r"$12 \div 4 = 3$", r"12 \div 4", "3"),
    (r"$3 + 4 &= 7$", "3 + 4", "7"),
    (r"$\frac{3}{4}-\frac{1}{4}=\frac{1}{2}$", r"\frac{3}{4}-\frac{1}{4}", r"\frac{1}{2}"),
]


@pytest.mark.parametrize(("text", "expression", "result"), TRUE)
def test_an_equation_is_read_and_holds(text, expression, result):
    (equation,) = read_step(text).equations
    stated = equation.result
    assert (text[equation.start : equation.end], text[stated.start : stated.end]) == (expression, result)
    assert equation.holds
    assert not read_step(text).unread


@pytest.mark.parametrize(("text", "expression", "result"), [row for row in TRUE if "\\" not in row[0]])
def test_the_same_equation_with_another_result_is_false(text, expression, result):
    wrong = text.replace(result, "977" + ("%" if "%" in result else ""), 1) if text.startswith(result + " =") else (
        text[: text.rindex(result)] + "977" + text[text.rindex(result) + len(result) :]
    )  # fmt: skip
    assert not any(equation.holds for equation in read_step(wrong).equations)


SEVERAL = [
    ("2 + 2 = 4, 3 + 3 = 6", [("2 + 2", True), ("3 + 3", True)]),
    ("2+2=4 and 3+3=7.", [("2+2", True), ("3+3", False)]),
    ("So 5 + 4 = 3 * 3 = 9", [("5 + 4", True), ("3 * 3", True)]),
    ("2 * 3 + 4 = 6 + 4 = 10", [("2 * 3 + 4", True), ("6 + 4", True)]),
    ("5 + 3 = 8 = 8", [("5 + 3", True)]),
    ("The area of 2 rooms = 2 * 48 = 96", [("2 * 48", True)]),
    # A running line is no equation that holds, whatever was meant.
    ("5 * 7 = 35 / 2 = 17.5", [("5 * 7", False), ("35 / 2", True)]),
    ("10=2 = $12.00", [("10", False), ("2", False)]),
]


@pytest.mark.parametrize(("text", "equations"), SEVERAL)
def test_chains_and_several_equations_in_a_step(text, equations):
    read = read_step(text).equations
    assert [(text[equation.start : equation.end], equation.holds) for equation in read] == equations


@pytest.mark.parametrize("text", [text for text, _ in SEVERAL[2:]])
def test_chains_are_marked_as_such(text):
    assert all(equation.chained for equation in read_step(text).equations)


JUDGED = [
    ("100 / 3 = 33.33", True, True, False),
    ("100 / 3 = 33", True, True, False),
    ("2 / 3 = 0.67", True, True, False),
    ("2 / 3 = 0.66", True, True, False),
    ("2 / 3 = 0.68", False, False, False),
    ("2/3 = 66.67%", True, True, False),
    ("10 / 3 ≈ 3.3", True, True, False),
    ("5 / 20 * 100 = 25%", True, False, True),
    ("50 + 50=100%", True, False, True),
    ("1 / 8 = 0.13", True, True, False),
    ("1 / 4 = 0.3", False, False, False),  # nothing had to be rounded
    ("1 / 4 = 0", False, False, False),
    ("7 / 2 = 3", False, False, False),
    ("7 / 0 = 0", None, False, False),
    ("2^99 = 5", None, False, False),
    ("4 + 5 * 2 = 18", False, False, False),
    ("100 - 20% = 80", False, False, False),
    ("((1)/(2))/((1)*(2)) = 1", False, False, False),
    ("((1)/(1))/(2) = 2", False, False, False),
    ("(3 / 1)/4 = 12", False, False, False),
    ("(6 / 3) / (4) = 8", False, False, False),
]


@pytest.mark.parametrize(("text", "holds", "rounded", "bare_percent"), JUDGED)
def test_rounding_and_percent_signs(text, holds, rounded, bare_percent):
    (equation,) = read_step(text).equations
    assert (equation.holds, equation.rounded, equation.bare_percent) == (holds, rounded, bare_percent)


NO_EQUATION = [
    "Cal's marbles = 56 * 2. Carl's marbles = 112.",
    "The first total = 56. The first total = 112.",
    "1 foot = 12 inches",
    "3 dozen = 36",
    "x = 60",
    "x + 3 = 7",
    "2x + 3 = 17",
    "5k + 3 = 8",
    "a_1 + 2 = 3",
    "v2 + 3 = 5",
    "1st + 2 = 3",
    "1e3 + 2 = 1002",
    "1.2.3 + 4 = 5",
    "the first number + 12 = 40",
    "the ratio is 3:4",
    "the time is 10:30 - 2 = 8",
    "the bus leaves at 2:10",
    "3-4 hours",
    "on 12/25/2020",
    "2 apples and 3 apples = 5 apples",
    "20% of the 50 apples = 10 apples",
    "half of 10 = 5",
    "2 + 3 = five",
    "5! = 120",
    "3 * 5² = 75",
    "|5 - 8| = 3",
    r"\sqrt{16} = 4",
    r"\sqrt16 = 4",
    r"\frac14 = 1",
    "50 cents * 2 = $1",
    "$0.25 * 2 = 50 cents",
    "3 / 1/4 = 12",
    "(1 + 2) / 1/4 = 12",
    "3 + = 5",
    "= 5",
    "5 =",
    "5 + 3",
    "-",
    "1" * 40 + " + 1 = 2",
    "",
]


@pytest.mark.parametrize("text", NO_EQUATION)
def test_what_is_no_equation_is_not_read_as_one(text):
    assert read_step(text).equations == ()


UNREAD = [
    ("2x + 3 = 17", [0]),
    ("5! = 120", [3]),
    ("3 * 5² = 75", [0]),
    ("|5 - 8| = 3", [8]),
    (r"\sqrt{16} = 4", [10]),
    (r"\sqrt16 = 4", [5]),
    (r"\frac14 = 1", [0]),
    ("3 + 4=7.5 - .5", [0]),
    ("x = 60", []),
    ("1 foot = 12 inches", []),
    ("5 + 3 = 8", []),
]


@pytest.mark.parametrize(("text", "places"), UNREAD)
def test_equals_signs_that_cannot_be_followed_are_known(text, places):
    assert list(read_step(text).unread) == places


def test_numbers_outside_of_equations_are_mentions():
    step = read_step("Together they have 5+3+2=10 apples (5 from Ann, $1,200 and 20%).")
    assert [(number.face, number.currency, number.percent) for number in step.mentions] == [
        (5, False, False),
        (1200, True, False),
        (20, False, True),
    ]


EVALUATED = [
    ("2 + 3 * 4", 14, "2+3*4"),
    ("(2 + 3) * 4", 20, "(2+3)*4"),
    ("8 - (3 + 2)", 3, "8-(3+2)"),
    ("8 - (3 - 2)", 7, "8-(3-2)"),
    ("8 / (4 / 2)", 4, "8/(4/2)"),
    ("8 / 4 / 2", 1, "8/4/2"),
    ("2^3^2", 512, "2^3^2"),
    ("(2^3)^2", 64, "(2^3)^2"),
    ("2^(1 + 1)", 4, "2^(1+1)"),
    (r"\frac{1 + 2}{4} + 1", Fraction(7, 4), "(1+2)/4+1"),
    ("20% of 50 apples", 10, "0.2*50"),
]


@pytest.mark.parametrize(("text", "value", "written"), EVALUATED)
def test_expressions_have_the_precedence_of_school(text, value, written):
    tree, values = read_expression(text)
    names = [str(value) if isinstance(value, int) else str(float(value)) for value in values]
    assert (evaluate(tree, values), to_text(tree, names)) == (value, written)
    again, _ = read_expression(written)
    assert evaluate(again, values) == value


@pytest.mark.parametrize("text", ["", "apples", "3 +", "+ 3", "3 = 3", "(3", "3)", "3 4", "3 * x * (", "= 3"])
def test_a_text_that_is_more_or_less_than_an_expression_is_none(text):
    assert read_expression(text) is None


@pytest.mark.parametrize(
    ("tree", "values"),
    [
        (Binary("/", 0, 1), [1, 0]),
        (Binary("^", 0, 1), [2, 21]),
        (Binary("^", 0, 1), [2, Fraction(1, 2)]),
        (Binary("^", 0, 1), [0, -1]),
        (Binary("*", 0, 0), [10**60]),
    ],
)
def test_what_has_no_value_is_refused(tree, values):
    with pytest.raises(ArithmeticRefusal):
        evaluate(tree, values)


def test_nodes_and_leaves_come_in_order():
    tree = Binary("-", Binary("*", 0, 1), Binary("+", 2, 3))
    assert leaves(tree) == [0, 1, 2, 3]
    assert [node.operator for node in nodes(tree)] == ["*", "+", "-"]


SIGNS = {"+": ["+", " + ", " plus "], "-": ["-", " - ", " − ", " minus "], "*": ["*", " * ", " x ", " × ", " times "],
         "/": ["/", " / ", " ÷ ", " divided by "]}  # fmt: skip


@st.composite
def expressions(draw, depth=2):
    """A text, and the same as Python would write it."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        number = str(draw(st.integers(1, 999)))
        return number, number
    left, plain_left = draw(expressions(depth=depth - 1))
    right, plain_right = draw(expressions(depth=depth - 1))
    operator = draw(st.sampled_from("+-*/"))
    sign = draw(st.sampled_from(SIGNS[operator]))
    return f"({left}){sign}({right})", f"({plain_left}){operator}({plain_right})"


@given(expressions(), st.integers(0, 10**6))
def test_any_expression_is_judged_as_fractions_judge_it(expression, other):
    text, plain = expression
    try:
        value = exact(plain)
    except ZeroDivisionError:
        return
    equations = read_step(f"So {text} = {other} now.").equations
    if plain.isdigit():
        assert all(equation.holds is (value == other) for equation in equations)
        return
    (equation,) = equations
    if equation.rounded:
        assert value.denominator > 1 and abs(value - other) < 1
    else:
        assert equation.holds is (value == other)


NOTE = re.compile(r"<<([\d+\-*/().]+)=([\d.]+)>>")


@pytest.mark.skipif(not (DATA / "gsm8k_train.jsonl").exists(), reason=f"no gsm8k_train.jsonl in {DATA}")
def test_no_true_equation_of_real_solutions_is_called_false():
    checked = 0
    with (DATA / "gsm8k_train.jsonl").open(encoding="utf-8") as file:
        for line in islice(file, 1000):
            for step in json.loads(line)["answer"].splitlines():
                notes = NOTE.findall(step)
                if len(notes) != 1 or not re.search(r"\d[^\d.]", notes[0][0]):
                    continue
                told, _ = notes[0]
                numbers = sorted(map(Fraction, re.findall(r"\d+\.?\d*|\.\d+", told)))
                for equation in read_step(NOTE.sub("", step)).equations:
                    if sorted(operand.face for operand in equation.operands) == numbers and not equation.chained:
                        checked += 1
                        assert equation.holds is (exact(told) == equation.result.face) or equation.rounded, step
    assert checked > 1500


@pytest.mark.parametrize(
    "text",
    [
        "Multiply 5 by 12, which equals 60.",
        "She doubles the $10, which equals $20.",
        "Balance = $20. He spends $5. Balance = $15.",
        "Total = 8 + 2. Total = 10 + 5 = 15.",
        "Cost = 3 * 4 in May. Cost = 15 in June.",
        "25 (cents) * 2 = $0.50",
        "20 (percent) * 50 = 10",
        "2 (dozen) * 5 = 120",
        "3 (squared) + 2 = 11",
        "So 2 (x - y) = 10.",
        r"She has $3+5=8$. The answer is \boxed{8}.",
    ],
)
def test_what_only_looks_like_a_remark_or_a_result_makes_no_equation_false(text):
    assert all(equation.holds is not False for equation in read_step(text).equations)
