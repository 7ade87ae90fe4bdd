"""Formulas with letters: what is read of a text, and whether it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.locating.formulas import read_relations, value_of
from lemma.locating.signs import Reading
from lemma.locating.signs.formulas import formula_signs

TRUE = [
    r"\(1/3 \times 18 = 6\)",
    r"\[ 2 \text{ checks/month} \times 12 \text{ months/year} = 24 \text{ checks/year} \]",
    "36 book slots ÷ 2 = 18 books. So there are 18.",
    "So 7995 (total cookies) - 2595 (rainbow cookies) = 5400.",
    "$5 + $6 = $11 and $1,200/4 = 300 dollars",
    r"$\binom{5}{2} = \frac{5!}{2!3!} = 10$",
    r"$\sqrt{16} + \sqrt[3]{27} = 7$",
    r"$\frac12 + 1\frac{1}{2} = 2$",
    r"$|3 - 5| = 2$ and $\left\lfloor \frac{7}{2} \right\rfloor = 3$",
    r"$(1 + i)(1 - i) = 2$",
    r"$10 / 3 = 3.33$ and $\pi \approx 3.14$",
    "4/12 * 100 = 33.33%",
    r"$2^{3^2} = 512$",
    r"$\log_2 8 = 3$",
]
FALSE = [
    "2/5 * 4000 = 800 gallons",
    "So 7995 (total cookies) - 2595 (rainbow cookies) = 4500.",
    r"\[ n = 1 \cdot 3^3 + 2 \cdot 3^2 + 2 \cdot 3 + 2 = 107 \]",
    r"$\sqrt{2} = \frac{\sqrt{6}}{2}$",
]
NOT_READ = [
    r"706 ÷ 7 = 101 with a remainder of 1",
    r"\[225 \div 17 = 13 \text{ remainder } 4,\]",
    r"$1222_3 = 53$",
    "20% of $100,000 = 0.20 * $100,000 is too much",
    "So, 5 quarters = 5 * 25 cents",
    r"$7 \equiv 1 \pmod{3} = 1$",
    "3 knacks = 4 knocks",
    r"$x = 3 \pm 2$",
    r"- $21 \neq 3$",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_holds(text: str) -> None:
    verdicts = [relation.holds({}) for relation in read_relations(text)]
    assert True in verdicts
    assert False not in verdicts


@pytest.mark.parametrize("text", FALSE)
def test_what_does_not_hold(text: str) -> None:
    assert False in [relation.holds({}) for relation in read_relations(text)]


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_not_read_is_not_called_false(text: str) -> None:
    assert False not in [relation.holds({}) for relation in read_relations(text)]


def test_letters_have_values() -> None:
    first, second, third = read_relations("$x = 4$, $3x + 10 = 3(4) + 10 = 23$")
    assert first.binding() == ("x", 4)
    assert second.holds({"x": 4}) is True
    assert second.holds({}) is None
    assert third.holds({}) is False


def test_identities() -> None:
    right, wrong = read_relations(r"$(x+1)^2 = x^2 + 2x + 1$ and $(x+1)^2 = x^2 + 1$")
    assert right.is_identity() is True
    assert wrong.is_identity() is False


def test_a_bullet_is_no_minus() -> None:
    assert [relation.holds({}) for relation in read_relations("Powers:\n- \\(3^1 = 3\\)\n- \\(3^2 = 9\\)")] == [
        True,
        True,
    ]


def test_a_chain_may_go_on_in_the_next_line() -> None:
    relations = read_relations("\\[\\begin{aligned} a &= 3 + 4 \\\\ &= 8 \\end{aligned}\\]")
    assert [relation.holds({}) for relation in relations] == [None, False]


@pytest.mark.parametrize(("formula", "value"), [(r"\frac{3}{4}", 0.75), ("2x", None), ("12", 12), ("1/0", None)])
def test_the_value_of_an_answer(formula: str, value: float | None) -> None:
    assert value_of(formula) == value


@given(st.text(alphabet="0123456789xy+-*/^=()[]{}\\fracsqt$ .,!|_", max_size=60))
def test_nothing_breaks(text: str) -> None:
    for relation in read_relations(text):
        relation.holds({"x": 1.5, "y": -2.0})
        relation.is_identity()
        relation.binding()


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ((r"\(2x + 1 = 7\)", r"\(2 \cdot 4 + 1 = 7\)"), "false_instance"),  # a wrong value of x was put in
        ((r"\( 4x - 13 = 4(40) - 13 = 157 \)",), "false_formula"),  # a wrong calculation
    ],
)
def test_a_wrong_value_put_in_is_no_wrong_calculation(steps: tuple[str, ...], name: str) -> None:
    *_, last = formula_signs(Reading("What is x?", "3", (), steps))
    assert {sign for sign in ("false_instance", "false_formula") if last[sign]} == {name}
