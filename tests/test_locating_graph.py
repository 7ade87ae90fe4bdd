"""The first wrong step, without a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.fingerprints import computed, fingerprint
from lemma.exceptions import Refusal
from lemma.locating.graph import first_wrong_step, locate
from lemma.locating.signs import SIGNS, Reading, signs_of_steps
from lemma.locating.signs.plain import plain

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
        # An error of reasoning comes first if one of arithmetic follows.
        (("12 * 8 = 96", "96 + 20 = 116", "116 / 4 = 28", "116 - 28 = 88"), 1, "operator_error"),
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
    "spaces in thousands": (
        "A house costs $350 000. The fee is 2%. What is the price with the fee?",
        ("350000 * 2/100 = <<350000*2/100=7000>>7000", "350000 + 7000 = <<350000+7000=357000>>357000"),
        357000,
        ("$350 000 x 2/100 = $7000", "$350 000 - $7000 = $343 000"),
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


def test_the_probabilities_cover_all_steps_and_none() -> None:
    steps = ("12 * 8 = 96", "96 + 20 = 116", "116 / 4 = 29", "116 - 29 = 87")
    posterior = locate(QUESTION, "57", REFERENCE, steps)
    assert len(posterior.steps) == len(steps)
    assert posterior.best() == 1
    finding = first_wrong_step(QUESTION, REFERENCE, 57, steps)
    assert finding.posterior == posterior
    assert finding.confidence == posterior.steps[1] > 0.5


def test_a_right_solution_has_no_wrong_step() -> None:
    steps = ("12 * 8 = 96", "96 - 20 = 76", "76 / 4 = 19", "76 - 19 = 57")
    right = locate(QUESTION, "57", REFERENCE, steps, answer_is_right=True)
    assert right.best() is None
    unknown = locate(QUESTION, "57", REFERENCE, steps, answer_is_right=None)
    assert locate(QUESTION, "57", REFERENCE, steps).none < unknown.none < right.none


def test_a_false_equation_is_found_without_a_reference() -> None:
    steps = ("12 * 8 = 96", "96 - 20 = 74", "74 / 2 = 37", "The answer is 37.")
    assert locate(QUESTION, "57", None, steps).best() == 1


def test_a_false_formula_is_found() -> None:
    steps = (r"We have $x^2 = 49$.", r"So $x = \sqrt{49} = 8$.", r"Hence $2x = 16$. The answer is $\boxed{16}$.")
    reference = (r"Since $x^2 = 49$ and $x > 0$, $x = 7$.", r"So $2x = \boxed{14}$.")
    question = r"If $x^2 = 49$ and $x > 0$, what is $2x$?"
    assert locate(question, "14", reference, steps).best() == 1


def signs(question: str, reference: tuple[str, ...], steps: tuple[str, ...]) -> list[dict[str, float]]:
    rows = signs_of_steps(Reading(question, "", reference, steps))
    return [dict(zip(SIGNS, row, strict=True)) for row in rows]


def test_what_nothing_before_leads_to_and_what_the_reference_has_in_other_letters() -> None:
    reference = ("We need $t^2 - 6t + 8 = 0$.", "So $(t - 2)(t - 4) = 0$.")
    steps = ("Then $2x^2 - 12x + 16 = 0$.", "So $x^2 - 6x + 8 = 0$.", "So $x^2 - 6x + 9 = 0$, and $3x + y$ is even.")
    first, second, third = signs("Solve it.", reference, steps)
    assert (first["equation_of_reference"], first["strange_equation"], first["unreasoned_relation"]) == (1, 0, 0)
    assert (second["equation_of_reference"], second["unreasoned_equation"]) == (0, 0)  # said before
    assert (third["strange_equation"], third["unreasoned_relation"], third["strange_expression"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("steps", "false"),
    [
        (("So $900 - 4y = 640$.",), (0,)),  # not 900 - 4
        (("It ends in 1 or 3.", "We get 24 - 12 = 12, or 12 - 4 or 9 pens."), (0, 1)),
        ((r"\[2250 \div 360 = 6 \text{ rotations with } 90 \text{ degrees remaining}\]",), (0,)),
        (("It is $-300 - 3 = -303$.",), (0,)),
        (("5J = 80. Divide both sides by 5: J = 16.",), (0,)),
        (("- 2 pens\n- \\(\\frac{4}{2} = 2\\)",), (0,)),
        (("Area = 5 * 3 = 15, so Age = Ann's age + 6 = 31 + 6 = 38",), (1,)),
        (("Total = 9 + 2 + 6\nTotal = 11 + 6\nTotal = 18",), (1,)),
        # With a wrong value put in, an equation is false that is no wrong calculation.
        (("We have $3x = 12$.", "With x = 5, $3 * 5 = 12$."), (0, 0)),
    ],
)
def test_which_equations_are_called_false(steps: tuple[str, ...], false: tuple[float, ...]) -> None:
    assert tuple(one["false"] for one in signs("", (), steps)) == false


@pytest.mark.parametrize("steps", [(), ("", "  "), ("a",) * 201, ("a" * 50_000,)])
def test_what_is_no_solution_is_refused(steps: tuple[str, ...]) -> None:
    with pytest.raises(Refusal):
        locate(QUESTION, "57", REFERENCE, steps)


def test_the_equation_is_one_of_the_located_step() -> None:
    steps = ("12 * 8 = 96", "96 + 20 = 116", "116 - 29 = 87")
    finding = first_wrong_step(QUESTION, REFERENCE, 57, steps)
    assert finding.equation == steps[finding.step]


def test_a_long_solution_takes_no_long_time() -> None:
    steps = [f"{number} + {number + 1} = {2 * number + 1} and {number} * 3 = {3 * number}" for number in range(2, 150)]
    assert 0 <= first_wrong_step(QUESTION, REFERENCE, 57, steps).step < len(steps)


@pytest.mark.parametrize(
    ("question", "reference", "gold"),
    [
        (QUESTION, REFERENCE, 57),
        ("He has 9 eggs. He eats 3 eggs.", ("9 - 3 = <<9-3=6>>6 eggs are left.",), 6),
        ("Ann buys 7 pens for $3 and a bag for $12.", ("7*3 = <<7*3=21>>21", "21+12 = <<21+12=33>>33"), 33),
    ],
)
def test_a_reference_whose_last_result_is_changed_is_wrong_there(
    question: str, reference: tuple[str, ...], gold: int
) -> None:
    wrong = (*reference[:-1], f"So it is {gold} + 0 = {gold + 7}.")
    assert first_wrong_step(question, reference, gold, wrong).step == len(reference) - 1


REPAIRED = [
    ("operator", ("12 * 8 = 96", "96 + 20 = 116", "116 / 4 = 29", "116 - 29 = 87"), 1, "repaired_by_operator"),
    ("operand", ("12 * 8 = 96", "96 - 12 = 84", "84 / 4 = 21", "84 - 21 = 63"), 1, "repaired_by_operand"),
    ("a missing operation", ("12 * 8 = 96", "96 / 4 = 24", "96 - 24 = 72"), 0, "repaired_by_operation"),
    ("a result of the reference", ("12 + 8 = 20", "20 - 20 = 0", "0 / 4 = 0"), 0, None),
    ("a result", ("12 * 8 = 86", "86 - 20 = 66", "66 / 4 = 16.5", "66 - 16.5 = 49.5"), 0, "repaired_by_reference"),
]


@pytest.mark.parametrize(("name", "steps", "step", "sign"), REPAIRED)
def test_an_edit_that_leads_to_the_gold_answer_is_a_sign(
    name: str, steps: tuple[str, ...], step: int, sign: str | None
) -> None:
    signs = dict(zip(SIGNS, signs_of_steps(Reading(QUESTION, "57", REFERENCE, steps))[step], strict=True))
    found = {key for key in SIGNS if key.startswith("repaired") and signs[key]}
    assert sign in found if sign else not found & {"repaired_by_reference"}, name


PLAINER = [
    ("x = 83 / 43\nx = 1.93", "x = 83 / 43 = 1.93"),
    ("L = 16 + 10, which gives L = 26", "L = 16 + 10 = 26"),
    ("people is 10 + 1 (Yoongi) + 1 (Jungkook) = 12.", "people is 10 + 1 + 1 = 12."),
    ("Area of 6 small cubes = 6 * 24 = 144 cm^2", "6 * 24 = 144 cm"),
    ("It is 5 times 6, which is 30", "It is 5 * 6 = 30"),
    # Nothing is joined that is not the same label, and nothing without an equation is touched.
    ("x = 83 / 43\ny = 1.93", "x = 83 / 43\ny = 1.93"),
    ("He has (as said) 5 \\text{pens}.", "He has (as said) 5 \\text{pens}."),
]


@pytest.mark.parametrize(("text", "expected"), PLAINER)
def test_plainer_texts(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text(alphabet="ab12=+*().,\n \\{}$", max_size=200))
def test_any_text_can_be_made_plainer(text: str) -> None:
    assert isinstance(plain(text), str)


def test_a_type_is_proved_by_the_text_itself_alone() -> None:
    steps = ("12 * 8 = 96", "Left = 96 + 20. So, left are 116.", "116 / 4 = 29", "116 - 29 = 87")
    finding = first_wrong_step(QUESTION, REFERENCE, 57, steps)
    assert (finding.step, finding.error_type) == (1, None)
