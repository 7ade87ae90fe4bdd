"""What must hold for all numbers and texts."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from lemma.grading.verdict import exact_value, extract_answer, verdict

_WHOLE = st.integers(-(10**12), 10**12)
_FRACTIONS = st.fractions(max_denominator=1000)
_VERDICTS = {"equal", "different", "unknown"}
# Where a worker process may have to start first.
_NO_HURRY = settings(max_examples=60, deadline=None)


def _decimal(number: int, places: int) -> str:
    sign, digits = "-" * (number < 0), str(abs(number)).rjust(places + 1, "0")
    return f"{sign}{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else f"{sign}{digits}"


@given(_WHOLE, _WHOLE)
def test_integers_are_equal_exactly_if_they_are(gold: int, answer: int) -> None:
    assert verdict(str(gold), f"{answer:,}") == ("equal" if gold == answer else "different")


@given(_WHOLE, st.integers(0, 6), _FRACTIONS)
def test_decimals_are_compared_with_fractions_exactly(digits: int, places: int, other: Fraction) -> None:
    gold = _decimal(digits, places)
    value = Fraction(digits, 10**places)
    assert verdict(gold, f"{value.numerator}/{value.denominator}" if value >= 0 else gold) == "equal"
    answer = (
        rf"\frac{{{other.numerator}}}{{{other.denominator}}}"
        if other >= 0
        else f"-{-other.numerator}/{other.denominator}"
    )
    assert verdict(gold, answer) == ("equal" if value == other else "different")


@given(st.integers(1, 10**9), st.sampled_from([10, 100, 1000]))
def test_no_bare_factor_is_equal(number: int, factor: int) -> None:
    assert verdict(str(number), str(number * factor)) == "different"
    assert verdict(str(number * factor), f"The answer is {number}.") == "different"


@given(_FRACTIONS)
def test_exact_value_reads_what_was_written(value: Fraction) -> None:
    assert exact_value(f"The answer is {value}.") == value


@given(st.integers(0, 999), st.integers(1, 998), st.integers(2, 999))
def test_mixed_numbers_are_sums(whole: int, top: int, bottom: int) -> None:
    top = top % bottom
    gold = Fraction(whole) + Fraction(top, bottom)
    if top:
        assert verdict(f"{gold.numerator}/{gold.denominator}", f"{whole} {top}/{bottom}") == "equal"


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=5, unique=True))
def test_order_counts_in_tuples_and_not_in_sets(numbers: list[int]) -> None:
    turned = [*numbers[1:], numbers[0]]
    inner, other = ", ".join(map(str, numbers)), ", ".join(map(str, turned))
    assert verdict(rf"\{{{inner}\}}", rf"\{{{other}\}}") == "equal"
    assert verdict(inner, other) == "equal"
    assert verdict(f"({inner})", f"({other})") == "different"
    assert verdict(rf"\{{{inner}\}}", f"({inner})") == "different"


_EXPRESSIONS = st.recursive(
    st.one_of(st.integers(0, 9).map(str), st.sampled_from(["x", "y", r"\pi", r"\sqrt{2}", "i"])),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}+{pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]})({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}-{pair[1]})"),
        inner.map(lambda base: f"({base})^{{2}}"),
    ),
    max_leaves=6,
)


@_NO_HURRY
@given(_EXPRESSIONS, _EXPRESSIONS)
def test_algebra_is_the_same_from_both_sides(one: str, other: str) -> None:
    assert verdict(f"{one}+{other}", f"{other}+{one}") == "equal"
    assert verdict(f"{one}+{other}+1", f"{other}+{one}") == "different"
    assert verdict(one, other) == verdict(other, one)


@_NO_HURRY
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gets_a_verdict(gold: str, text: str) -> None:
    assert verdict(gold, text) in _VERDICTS
    answer = extract_answer(text)
    assert answer is None or answer
