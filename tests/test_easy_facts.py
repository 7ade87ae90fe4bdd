"""A grown solver does not get an easy fact wrong: slips there are made only if nothing harder is there, or for many."""

import pytest

from lemma.injectors.easy_facts import is_easy_difference, is_easy_product, is_easy_sum
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
