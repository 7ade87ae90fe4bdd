"""What no injector may leave in a wrong solution: contradictions, and numbers that nobody would believe."""

import random
from fractions import Fraction

import pytest

from lemma.arithmetic.graph import read_solution
from lemma.injectors.drafts import Injected, attempts
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.records import Problem
from lemma.taxonomy.error_types import load_taxonomy

SIGNS = [
    (r"Of the vectors $\begin{pmatrix} -2 \\ 7 \end{pmatrix}$ and $(3, -5)$", {3, 7}),
    (r"The line $y = 8 - 5$ and $-\frac{1}{2}$", {8, 5}),
    ("The temperature drops to -5 degrees from 12 degrees", {12}),
    ("Of pages 20-35, 5 - 3 are read", {20, 35, 5, 3}),
    ("At -4 it is 4", set()),
]


@pytest.mark.parametrize(("question", "stated"), SIGNS)
def test_a_negative_number_does_not_give_its_absolute_value(question, stated):
    latex = (r"So $1 + 1 = \boxed{2}$.",) if "\\" in question else ("1 + 1 = 2",)
    assert read_solution(question, latex, 2).stated == stated


def made(injector, question, steps, gold):
    graph = read_solution(question, steps, gold)
    found = [one for seed in range(4) for one in attempts(graph, injector, injector, random.Random(seed))]
    errors = [error for error in found if isinstance(error, Injected)]
    return errors, {one.reason for one in found if not isinstance(one, Injected)}


DOTS = (r"Of $(-2, 9)$ and $3$, the product is $(-2)(3) = \boxed{-6}$.",)


def test_a_number_without_its_sign_is_not_taken():
    errors, _ = made("context_value_error", r"Multiply $-2$ and $3$ of $(-2, -7)$ and $9$", DOTS, -6)
    assert {error.final for error in errors} <= {-18, -4, -8}


LANES = ("There are 3 * 6 = 18 ways.", "Each of 6 cars has 18 + 2 = 20 lanes.")
ELSEWHERE = [
    ("context_value_error", ("6 cars on 3 lanes, 5 are closed, and 2 open", LANES, 20), "3 * 5"),
    ("context_value_error", ("6 cars on 3 lanes, 5 closed", ("3 * 6 = 18 ways", "18 - 6 = 12"), 12), "3 * 5"),
    ("context_value_error", ("6 cars, 5 vans on 3 lanes twice", ("3 * 6 = 18", "All six: 18 * 2 = 36"), 36), "3 * 5"),
    ("context_value_error",
     ("A tin has $42$ calories, $2\\%$ of all, and $41$ grams.",
      (r"If 42 calories is equal to $2\%=\frac{2}{100}=\frac{1}{50}$, it is: $$42\cdot 50=\boxed{2100}$$",), 2100),
     r"41\cdot 50"),
]  # fmt: skip


@pytest.mark.parametrize(("injector", "problem", "wrong"), ELSEWHERE)
def test_what_is_replaced_stands_nowhere_else(injector, problem, wrong):
    errors, reasons = made(injector, *problem)
    assert not [error for error in errors if wrong in error.steps[error.error_step]]
    assert "number_stands_elsewhere" in reasons


def test_a_price_is_not_the_same_number_as_a_count():
    steps = ("4 * $3 = $12", "2 * $4 = $8", "12 + 8 = 20")
    errors, _ = made("context_value_error", "4 pens for $3, 2 of the pens for $4", steps, 20)
    assert [error for error in errors if "2 * $3" in error.steps[0]]


BOOKS = (
    "Of 18 books 8 are new and 36 are sold.",
    ("Of the books, 8 / 18 = 4/9 of the books are new.",),
    Fraction(4, 9),
)
ABSURD = [
    ("context_value_error", BOOKS),
    ("context_value_error", ("What fraction of 12 pens is red if 8 pens are? 30 pens are new.",
                             ("It is 8 / 12 = 2/3.",), Fraction(2, 3))),
    ("context_value_error", ("Scores of 80, 84 and 94 by 3 children, 2 children won.",
                             ("The sum is 80 + 84 + 94 = 258.", "The average is 258 / 3 = 86."), 86)),
    ("operator_error", ("What is the units digit of the age, 3 less than 9?", ("It is 9 - 3 = 6.",), 6)),
    ("context_value_error", ("In a class of 50 students, 29 sing, 21 dance, 30 act.", ("29 + 21 = 50 students",), 50)),
]  # fmt: skip


@pytest.mark.parametrize(("injector", "problem"), ABSURD)
def test_nobody_believes_an_absurd_number(injector, problem):
    errors, reasons = made(injector, *problem)
    assert "absurd_result" in reasons
    for error in errors:
        assert not (0 < problem[2] < 1 < error.final)
        assert not (problem[2] == 86 and error.final > 94)
        assert not (problem[2] == 6 and not 0 <= error.final <= 9)
        assert not (problem[2] == 50 and error.final > 50)


def told(injector, question, steps, gold):
    return {error.explanation for error in made(injector, question, steps, gold)[0]}


CHOICES = ("3 hats, 2 caps, 4 pins", (r"There are $2\cdot 3\cdot 2\cdot 4 = \boxed{48}$ ways.",), 48)


def test_an_explanation_says_which_of_two_equal_numbers():
    explanations = told("missing_step", *CHOICES)
    assert [text for text in explanations if "leaves out one of the factors 2:" in text]
    assert [text for text in explanations if "the factor 4:" in text]


@pytest.mark.parametrize(
    ("equation", "gold", "reason"),
    [
        ("61 * 4 = 244", 244, "in the tens, 6 times 4 is 24, but 28 was used"),
        ("26 * 3 = 78", 78, "in the ones, 6 times 3 is 18, but 15 was used"),
        ("46 * 38 = 1748", 1748, "in 46 times 8, 6 times 8 is 48, but 40 was used"),
    ],
)
def test_a_slip_names_its_place(equation, gold, reason):
    assert [text for text in told("calculation_error", "q", (equation,), gold) if reason in text]


def test_a_number_that_an_unknown_stands_for_is_not_left_out():
    question, step = "Of $3x-1$ at $x=4$", r"When $x=4$ we have the value $3 \cdot 4 -1 =\boxed{11}$."
    errors, reasons = made("missing_step", question, (step,), 11)
    assert not [error for error in errors if "$3 -1" in error.steps[0]]
    assert "number_stands_elsewhere" in reasons


SAID = [
    ("missing_step",
     ("Bo has 40 of 46 crabs. Mo has 4 fewer crabs than Bo.",
      ("Mo has 4 fewer crabs than Bo: Mo has 46 - 6 - 4 = 36 crabs.", "So few."), 36),
     "46 - 6 ="),
]  # fmt: skip
LIGHT = (
    "The light on a lighthouse blinks 255 times in 5 minutes. How long will it take the light to blink 459 times?",
    ("It blinks 255 / 5 = 51 times per minute.", "It takes 459 / 51 = 9 minutes for it to blink 459 times."),
    9,
)
TIMES = ("Sara washes 12, 4 times as much as Al, 6 times as Bo.", ("It is 4 times as much, so 12 / 4 = 3.",), 3)


@pytest.mark.parametrize(("problem", "wrong"), [(LIGHT, "255 times"), (TIMES, "6 times")])
def test_a_step_does_not_come_out_true_of_another_number(problem, wrong):
    errors, _ = made("context_value_error", *problem)
    assert not [error for error in errors if wrong in error.steps[error.error_step]]


@pytest.mark.parametrize(("injector", "problem", "wrong"), SAID)
def test_what_the_step_says_in_words_is_not_contradicted(injector, problem, wrong):
    errors, reasons = made(injector, *problem)
    assert not [error for error in errors if wrong in error.steps[0]]
    assert reasons & {"number_stands_elsewhere", "factor_in_words"}


def test_a_part_is_not_larger_than_what_it_is_out_of():
    steps = ("Of 10 liters, 3 * 3 = 9 are juice.", "So 9 + 6 = 15 liters out of the 24 liters are water.")
    errors, _ = made("previous_step_value_error", "6 of 24 liters, 3 of 3, 10 of all", steps, 15)
    assert not [error for error in errors if error.final > 24]


def test_an_explanation_has_the_currency_of_the_problem():
    explanations = told("calculation_error", "12 pots at €25 each", ("They cost 12 * €25 = €300.",), 300)
    assert explanations
    assert not [text for text in explanations if "$" in text or "€" not in text]


def test_the_unit_of_a_result_may_stand_before_its_calculation():
    steps = ("It fell by 2 degrees because 80 - 78 = 2.", "She has 18 trees because 9 * 2 = 18.", "So 18 * 6 = 108.")
    explanations = told("previous_step_value_error", "From 80 degrees to 78 degrees, 9 trees each at 6", steps, 108)
    assert not [text for text in explanations if "takes 78" in text or "takes 80" in text]


@pytest.mark.parametrize(("per_problem", "rare"), [(4, False), (8, False), (60, True)])
def test_what_people_rarely_do_is_made_only_if_many_are_asked_for(per_problem, rare):
    text = "He has 7 * 8 = 56 pens.\nSo all of them cost 56 * 2 = 112 dollars.\n#### 112"
    problem = Problem.of("He buys 7 packs of 8 pens for 2 dollars each. What do they cost?", text)
    kinds = {kind.id: kind.injector for kind in load_taxonomy() if kind.injector}
    found = erroneous_solutions(InjectionPlan(dict.fromkeys(kinds, 1.0), kinds, per_problem, 0), problem).records
    assert found
    assert rare == any("times table" in record.explanation for record in found)
