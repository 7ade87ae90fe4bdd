"""A grown solver does not get an easy fact wrong: slips there are made only if nothing harder is there, or for many."""

import pytest

from lemma.injectors.easy_facts import (
    is_easy_difference,
    is_easy_product,
    is_easy_sum,
    weight_of_difference,
    weight_of_product,
    weight_of_sum,
)
from lemma.injectors.proposal import ODD, SELDOM
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.records import Problem
from lemma.taxonomy.error_types import load_taxonomy

SUMS = [
    ((8, 6), True), ((2, 6, 3), True), ((12, 5), True), ((4, 5, 8, 3), True),
    ((18, 7), False), ((9, 12), False), ((12, 5, 5, 2), False), ((28, 57), False),
]  # fmt: skip
DIFFERENCES = [((12, 7), True), ((20, 3), True), ((32, 8), False), ((250, 28), False)]
PRODUCTS = [
    ((5, 8), True), ((4, 50), True), ((70, 5), True), ((5, 12), True), ((11, 7), True), ((2, 15), True),
    ((15, 3), True), ((3, 6), True), ((10, 47), True), ((30, 60), True), ((7, 8), False), ((45, 5), False),
    ((2, 47), False), ((8, 12), False), ((70, 60), False), ((11, 13), False), ((4, 8), False),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "easy"), SUMS)
def test_sums_that_everybody_knows(terms, easy):
    assert is_easy_sum(terms) is easy


@pytest.mark.parametrize(("numbers", "easy"), DIFFERENCES)
def test_differences_that_everybody_knows(numbers, easy):
    assert is_easy_difference(*numbers) is easy


@pytest.mark.parametrize(("factors", "easy"), PRODUCTS)
def test_products_that_everybody_knows(factors, easy):
    assert is_easy_product(*factors) is is_easy_product(*reversed(factors)) is easy


WEIGHTS = [
    (weight_of_sum((8, 6)), ODD), (weight_of_sum((25, 7)), SELDOM), (weight_of_sum((4, 15, 7)), SELDOM),
    (weight_of_sum((38, 57)), 1), (weight_of_sum((147, 301, 225)), 1),
    (weight_of_difference(13, 7), ODD), (weight_of_difference(32, 8), SELDOM), (weight_of_difference(250, 28), 1),
    (weight_of_product(5, 9), ODD), (weight_of_product(4, 6), SELDOM), (weight_of_product(30, 9), SELDOM),
    (weight_of_product(7, 8), 1), (weight_of_product(347, 8), 1),
]  # fmt: skip


@pytest.mark.parametrize(("weight", "expected"), WEIGHTS)
def test_the_harder_a_fact_the_more_often_it_is_wrong(weight, expected):
    assert weight == expected


NEVER = [
    ("She pays 5 + 6 + 6 = 17 dollars.", "= 7 dollars"),  # a carry in what is no written sum
    ("She pays 9 + 12 = 21 dollars.", "= 31 dollars"),
]


@pytest.mark.parametrize(("step", "wrong"), NEVER)
def test_a_slip_of_written_sums_in_one_that_nobody_writes(step, wrong):
    text = (
        f"{step}\nSo that is {step.split()[-2]} * 48 = {int(step.split()[-2]) * 48}.\n#### {int(step.split()[-2]) * 48}"
    )
    kinds = {"calculation_error": "calculation_error"}
    plan = InjectionPlan({"calculation_error": 1.0}, kinds, 8, 0)
    problem = Problem.of("She buys 5, 6, 6, 9, or 12 things. What does she pay 48 times?", text)
    assert not [one for one in erroneous_solutions(plan, problem).records if wrong in one.steps[0]]


HARDER = "He has 7 * 8 = 56 pens.\nAnn has 5 * 8 = 40 pens.\nTogether they have 56 + 40 = 96 pens.\n#### 96"
ONLY_EASY = "He has 5 * 8 = 40 pens.\n#### 40"


@pytest.mark.parametrize(
    ("text", "per_problem", "made"),
    [(HARDER, 4, False), (HARDER, 60, True), (ONLY_EASY, 4, True)],
)
def test_a_slip_in_an_easy_fact(text, per_problem, made):
    kinds = {"calculation_error": "calculation_error"}
    assert kinds.keys() <= {kind.id for kind in load_taxonomy()}
    problem = Problem.of("He has 7 or 5 packs of 8 pens. How many?", text)
    found = [
        error
        for seed in range(5)
        for error in erroneous_solutions(
            InjectionPlan({"calculation_error": 1.0}, kinds, per_problem, seed), problem
        ).records
    ]
    assert found
    assert any(error.explanation.startswith("5 * 8") for error in found) is made
    assert any("7 * 8" in error.explanation for error in found) is (text is HARDER)
