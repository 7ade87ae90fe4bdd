"""Numbers as they stand in a text: what they are worth, and how another value is written in their place."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.numbers import (
    FRACTION,
    INTEGER,
    LATEX_FRACTION,
    MIXED,
    NumberStyle,
    decimals_needed,
    divide,
    find_numbers,
    han_numbers,
    normal,
    parse_mixed,
    parse_plain,
    render,
    round_half_up,
    truncate,
)

WRITTEN = [
    ("7", 7),
    ("0", 0),
    ("1200", 1200),
    ("1,200", 1200),
    ("1,234,567", 1234567),
    ("10{,}000", 10000),
    (r"10,\!000", 10000),
    (r"10\,000", 10000),
    ("1,200.50", Fraction(2401, 2)),
    ("0.5", Fraction(1, 2)),
    (".5", Fraction(1, 2)),
    ("3.0", 3),
    ("3.00", 3),
    ("0.125", Fraction(1, 8)),
    ("999999999999999999999999999999", 10**30 - 1),
]


@pytest.mark.parametrize(("text", "value"), WRITTEN)
def test_a_plain_number_is_read_exactly_and_written_as_it_stood(text, value):
    face, style = parse_plain(text)
    assert face == value
    assert render(face, style) == text


MIXED_NUMBERS = [
    ("1 1/2", Fraction(3, 2)),
    ("12 3/4", Fraction(51, 4)),
    ("1 2/1", None),  # no fraction below one
    ("1 0/2", None),
    ("1 3/3", None),
    ("1 1/0", None),
    ("9" * 20 + " 1/" + "9" * 20, None),
]


@pytest.mark.parametrize(("text", "value"), MIXED_NUMBERS)
def test_mixed_numbers(text, value):
    parsed = parse_mixed(text)
    assert (parsed and parsed[0]) == value
    if value is not None:
        assert render(*parsed) == text


FOUND = [
    ("It costs $1,200.50 now.", ["1,200.50"]),
    ("5,100 and 6,20 and 1,2345", ["5,100", "6", "20", "1", "2345"]),
    ("1 1/2 cups, 3/4 of 20%", ["1 1/2", "3", "4", "20"]),
    ("at 2:10 on 12/25/2020", ["2", "10", "12", "25", "2020"]),
    ("v1.2.3", ["1.2", ".3"]),
    ("none at all", []),
    ("", []),
    ("1" * 31 + " 7", ["7"]),  # no quantity has so many digits
    ("٣ and ３", ["٣", "３"]),
]


@pytest.mark.parametrize(("text", "numbers"), FOUND)
def test_numbers_are_found_in_the_order_of_the_text(text, numbers):
    assert [text[number.start : number.end] for number in find_numbers(text)] == numbers


RENDERED = [
    (1300, NumberStyle(decimals=2, separator=","), "1,300.00"),
    (Fraction(1, 3), INTEGER, None),
    (Fraction(7, 2), INTEGER, "3.5"),
    (Fraction(7, 2), NumberStyle(decimals=2), "3.50"),
    (Fraction(7, 2), NumberStyle(FRACTION), "7/2"),
    (Fraction(7, 2), NumberStyle(LATEX_FRACTION), r"\frac{7}{2}"),
    (Fraction(-7, 2), NumberStyle(LATEX_FRACTION), r"-\frac{7}{2}"),
    (Fraction(7, 2), NumberStyle(MIXED), "3 1/2"),
    (Fraction(-7, 2), NumberStyle(MIXED), "-3 1/2"),
    (Fraction(1, 2), NumberStyle(MIXED), "1/2"),
    (4, NumberStyle(FRACTION), "4"),
    (4, NumberStyle(MIXED), "4"),
    (Fraction(1, 4), NumberStyle(decimals=1, leading_zero=False), ".25"),
    (Fraction(-1, 4), NumberStyle(decimals=1), "-0.25"),
    (1234567, NumberStyle(separator="{,}"), "1{,}234{,}567"),
    (-1234, NumberStyle(separator=","), "-1,234"),
]


@pytest.mark.parametrize(("value", "style", "text"), RENDERED)
def test_a_value_takes_the_format_of_the_number_it_replaces(value, style, text):
    assert render(value, style) == text


ROUNDED = [
    (Fraction(5, 2), 0, 3, 2),
    (Fraction(-5, 2), 0, -3, -2),
    (Fraction(2, 3), 2, Fraction(67, 100), Fraction(66, 100)),
    (Fraction(1, 8), 2, Fraction(13, 100), Fraction(12, 100)),
    (7, 2, 7, 7),
]


@pytest.mark.parametrize(("value", "decimals", "rounded", "cut"), ROUNDED)
def test_rounding_as_in_school(value, decimals, rounded, cut):
    assert (round_half_up(value, decimals), truncate(value, decimals)) == (rounded, cut)


@pytest.mark.parametrize(
    ("value", "digits"),
    [(3, 0), (Fraction(1, 2), 1), (Fraction(1, 8), 3), (Fraction(1, 3), None), (Fraction(1, 7), None)],
)
def test_digits_that_write_a_value_exactly(value, digits):
    assert decimals_needed(value) == digits


def test_the_quotient_of_two_numbers_is_exact():
    assert (divide(6, 3), divide(7, 2), divide(Fraction(1, 2), Fraction(1, 4))) == (2, Fraction(7, 2), 2)
    assert isinstance(divide(Fraction(4), 2), int)
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)


DECIMALS = st.builds(
    lambda digits, places: normal(Fraction(digits, 10**places)), st.integers(0, 10**12), st.integers(0, 6)
)
PLAIN_STYLES = st.builds(
    NumberStyle,
    decimals=st.integers(0, 6),
    separator=st.sampled_from(["", ",", "{,}", r",\!", r"\,"]),
    leading_zero=st.booleans(),
)


@given(DECIMALS, PLAIN_STYLES)
def test_what_is_written_is_read_back(value, style):
    text = render(value, style)
    (number,) = find_numbers(text)
    assert (number.start, number.end, number.face) == (0, len(text), value)


@given(DECIMALS, PLAIN_STYLES)
def test_writing_what_was_read_gives_the_same_text(value, style):
    text = render(value, style)
    assert render(*parse_plain(text)) == text


@given(st.fractions(min_value=0, max_value=10**6, max_denominator=999))
def test_mixed_numbers_are_read_back(value):
    text = render(normal(value), NumberStyle(MIXED))
    if " " in text:
        assert parse_mixed(text) == (value, NumberStyle(MIXED))
    elif value.denominator != 1:
        assert text == f"{value.numerator}/{value.denominator}"
    else:
        assert text == str(value.numerator)


@given(st.text(max_size=200))
def test_no_text_breaks_the_search_for_numbers(text):
    for number in find_numbers(text):
        assert text[number.start].isdecimal() or text[number.start] == "."
        assert isinstance(number.face, int) or number.face.denominator > 1


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("一百六十元", [160]),
        ("两千零五人", [2005]),
        ("十二个, 三十", [12, 30]),
        ("一六〇", [160]),
        ("三万五千", [35000]),
        ("元", []),
    ],
)
def test_numbers_in_chinese_characters(text, numbers):
    assert han_numbers(text) == numbers
