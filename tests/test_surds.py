"""Exact values: roots, pi and i, in sums, products and quotients, held against floating point."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma.arithmetic.formulas import Unreadable, parse, value
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import follow, is_written, write

VALUES = {
    r"\frac{1}{2}(3 + \sqrt{5})^2": "7 + 3√5",
    r"\frac12\cdot 3!": "3",
    r"\binom{7}{2}": "21",
    r"2\frac34": "11/4",
    r"-\left( -\frac{3}{2} \right)^2": "-9/4",
    r"180^\circ - 72^{\circ}": "108",
    r"\sin^2 60^\circ": "3/4",
    r"\cos \frac{\pi}{3}": "1/2",
    r"\tan 135^\circ": "-1",
    r"(5\text{ cm})(3\text{ cm})": "15",
    r"4\sqrt3 + \sqrt{12}": "6√3",
    r"\frac{1}{1+\sqrt{2}}": "-1 + √2",
    r"\$12(0.06)": "18/25",
    r"1{,}000 + 10,\!080": "11080",
    r"\sqrt{25}\pi": "5π",
    r"\lfloor\frac{28}{3}\rfloor": "9",
    r"25\% \cdot 80": "20",
    r"\log_2 8": "3",
    r"|3-5|": "2",
    r"\sqrt[3]{\frac{1}{27}}": "1/3",
    r"\sqrt[4]{2^4}": "2",
    r"2^{-3}": "1/8",
    r"(1+2i)6-3i": "6 + 9i",
    r"\boxed{5}": "5",
}
UNREADABLE = (
    r"3 + \ldots + 9",
    "2 3",
    "2^3^2",
    "12_{5}",
    "3 +",
    "(3",
    r"5 \pm 2",
    "0.333...",
    r"\begin{pmatrix} 1 \end{pmatrix}",
    r"7\text{ times 3}",
    "",
)


@pytest.mark.parametrize(("formula", "expected"), VALUES.items())
def test_values(formula: str, expected: str) -> None:
    assert repr(value(parse(formula, complex_numbers=True))) == expected


@pytest.mark.parametrize("formula", UNREADABLE)
def test_what_is_not_read_in_full_is_not_read(formula: str) -> None:
    with pytest.raises(Unreadable):
        parse(formula)


@pytest.mark.parametrize(
    "formula", [r"\frac{1}{0}", r"2^{99}", r"\cos 10^\circ", r"\sqrt{\pi}", r"200!", "x", r"0^{-1}", r"\sqrt[3]{9}"]
)
def test_no_value(formula: str) -> None:
    with pytest.raises((NoValue, ZeroDivisionError)):
        value(parse(formula))


small = st.integers(-12, 12)
surds = st.builds(
    lambda a, b, c, d: Surd(Fraction(a, c)) + Surd(Fraction(b, c)) * Surd.root(d),
    small,
    small,
    st.integers(1, 9),
    st.integers(1, 40),
)


@settings(max_examples=150, deadline=None)
@given(surds, surds)
def test_arithmetic_is_that_of_real_numbers(one: Surd, other: Surd) -> None:
    left, right = one.approximate, other.approximate
    assert left is not None and right is not None
    results = [(one + other, left + right), (one - other, left - right), (one * other, left * right)]
    if abs(right) > 1e-9 and len(other.terms) < 3:
        results.append((one / other, left / right))
    for exact, expected in results:
        found = exact.approximate
        assert found is not None and math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-7)


@settings(max_examples=100, deadline=None)
@given(surds)
def test_what_is_written_is_read_as_the_same(number: Surd) -> None:
    text = write(number, parse("1"), "1")
    assert text is not None
    assert value(parse(text)) == number
    assert is_written(parse(text)) or number.terms == {}


@pytest.mark.parametrize(
    ("formula", "new", "expected"),
    [
        ("5", Surd(12), "12"),
        (r"10,\!080", Surd(8080), r"8,\!080"),
        (r"\dfrac{3}{4}", Surd(Fraction(7, 3)), r"\dfrac{7}{3}"),
        (r"3/4", Surd(Fraction(7, 3)), "7/3"),
        (r"2\sqrt{3}", Surd.root(50), r"5\sqrt{2}"),
        ("1.50", Surd(Fraction(9, 4)), "2.25"),
        ("1.50", Surd(Fraction(1, 3)), None),
        (r"\frac{3}{15}", Surd(Fraction(2, 5)), r"\frac{6}{15}"),
        (r"-\frac{3}{8}", Surd(Fraction(-3, 16)), r"-\frac{3}{16}"),
    ],
)
def test_a_value_is_written_as_the_one_before(formula: str, new: Surd, expected: str | None) -> None:
    assert write(new, parse(formula), formula) == expected


FOLLOWS = {
    ("(9+81)/2", "90/2"): {"90": "9+81", "2": "2"},
    ("2+3+4+5", "5+9"): {"5": "2+3", "9": "4+5"},
    (r"4^2+6\cdot5+1", "16+30+1"): {"16": "4^2", "30": r"6\cdot5", "1": "1"},
    (r"2\cdot3\cdot 5", r"6\cdot 5"): {"6": r"2\cdot3", "5": "5"},
    ("2x+1", r"2\cdot 6+1"): {"2": "2", "6": "x", "1": "1"},
    (r"\frac{1}{5}+\frac{2}{3}", r"\frac{3}{15}+\frac{10}{15}"): {
        r"\frac{3}{15}": r"\frac{1}{5}",
        r"\frac{10}{15}": r"\frac{2}{3}",
    },
    (r"\frac{3}{15}+\frac{10}{15}", r"\frac{3+10}{15}"): {"3": "3", "10": "10", "15": "15"},
    (r"96 \cdot 216", "144^2"): None,
    (r"\frac{12}{\frac{3}{2}}", r"\frac{2}{3}\times 12"): None,
}


@pytest.mark.parametrize(("sides", "expected"), FOLLOWS.items())
def test_how_a_side_follows(sides: tuple[str, str], expected: dict[str, str] | None) -> None:
    before, after = sides
    link = follow(parse(before), parse(after), {"x": Surd(6)})
    found = None
    if link is not None:
        found = {after[new.start : new.end]: before[old.start : old.end] for new, old in link.sources.items()}
    assert found == expected
