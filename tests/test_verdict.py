from __future__ import annotations

import doctest
from decimal import Decimal
from fractions import Fraction

import pytest

import lemma.grading.verdict
from lemma import verdict
from lemma.cli import main
from lemma.grading.verdict import Number, exact_value, extract_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#### 18", "18"),
        ("The answer is: 18", "18"),
        (r"So \boxed{\frac{1}{2}} holds.", r"\frac{1}{2}"),
        (r"\boxed{3}, no: \boxed{4}", "4"),
        ("She has 9 * 2 = 18\nA: 18", "18"),
        ("Janet makes **$18** every day.", "$18"),
        ("", None),
        ("I do not know.", None),
    ],
)
def test_extraction(text: str, answer: str | None) -> None:
    assert extract_answer(text) == answer


@pytest.mark.parametrize(
    ("gold", "text", "expected"),
    [("18", "1800", "different"), ("1/2", "0.5", "equal"), ("18", "I do not know.", "unknown")],
)
def test_verdict(gold: str, text: str, expected: str) -> None:
    assert verdict(gold, text) == expected


def test_exact_value_is_a_fraction() -> None:
    assert exact_value("The answer is $1,250.50.") == Fraction(2501, 2)


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--gold", "1/2", "--answer", "So the answer is 0.5."]) == 0
    assert capsys.readouterr().out == "equal\ngold    1/2\nanswer  0.5\n"


def test_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--gold", "1/2"]) == 1
    assert capsys.readouterr().err == "lemma: verify needs --answer, as in: lemma verify 1/2 0.5\n"


@pytest.mark.parametrize("one", [18, 18.0, Fraction(36, 2), Decimal("18.0"), "18"])
@pytest.mark.parametrize("other", [18, 18.0, Fraction(18), Decimal("1.8E+1"), "The answer is 18."])
def test_numbers_are_answers_too(one: Number | str, other: Number | str) -> None:
    assert verdict(one, other) == "equal"
    assert verdict(Fraction(1, 3), other) == "different"


def test_what_is_neither_text_nor_a_number_is_refused() -> None:
    with pytest.raises(TypeError, match="not NoneType"):
        verdict(None, "18")  # type: ignore[arg-type]


def test_examples_of_the_docstrings_run() -> None:
    assert doctest.testmod(lemma.grading.verdict).failed == 0
