"""What no student would write is not made, and what a student would is, in problems that a teacher read."""

import random

import pytest

from lemma.arithmetic.graph import read_solution
from lemma.injectors.drafts import Injected, attempts

SHIRTS = (
    "Hannah bought 3 sweatshirts and 2 T-shirts. Each sweatshirt cost $15 and each T-shirt cost $10. What did she pay?",
    ("3 sweatshirts cost 3 x 15 = $45.", "2 T-shirts cost 2 x 10 = $20.", "She paid 45 + 20 = $65."),
    65,
)
APPLES = (
    "They made 15 candied apples for $2 each, and 12 candied grapes for $1. What do they earn?",
    ("The apples are 15 x $2 = $30.", "The grapes are 12 x $1 = $12.", "So they earn $30 + $12 = $42."),
    42,
)
OMELETS = (
    "It takes 3 minutes to chop a pepper, 5 minutes to cook an omelet, and 1 minute for its cheese. "
    "How long do four peppers and five omelets take?",
    ("An omelet takes 5 + 1 = 6 minutes.", "All take 5 omelets * 6 = 30 minutes.",
     "And 4 peppers * 3 = 12, so 30 + 12 = 42."),
    42,
)  # fmt: skip
BAGS = (
    "Ella has 4 bags with 20 apples each and six bags with 25 apples each. She sells 200 apples. How many are left?",
    ("4 bags have 4 x 20 = 80 apples.", "Six bags have 6 x 25 = 150 apples.", "She has 80 + 150 = 230 apples.",
     "So 230 - 200 = 30 apples are left."),
    30,
)  # fmt: skip
CLOVERS = (
    "In a field of 500 clovers, 20% have four leaves and 1/4 of these are purple. How many?",
    ("There are 500 / 5 = 100 four leaf clovers.", "There are 100 / 4 = 25 purple four leaf clovers."),
    25,
)
FOOD = (
    "A shop has salami for $4, brie for 3 times as much, olives for $2 and a loaf of bread for $3. What do all cost?",
    ("The brie costs 3 * $4 = $12.", "It is $4 + $12 + $2 = $18.", "With the bread it is $18 + $3 = $21."),
    21,
)
SISTER = ("She is 2 feet and 10 inches tall, in a room of 90 inches.",
          ("She is 2 ft * 12 in/ft + 10 = 34 inches.", "So 90 - 34 = 56 inches are above."), 56)  # fmt: skip
EXAM = (
    "A test has 80 questions. Of the first 40 she gets 36 right, of the others 38. How many questions are right?",
    ("She gets 36 + 38 = 74 questions right.",),
    74,
)
CAR = (
    "A car traveled 180 miles in 3 hours. How many miles will it travel in 2 hours at this speed?",
    ("Its speed is 180 miles / 3 hours = 60 miles per hour.", "In 2 hours it travels 60 * 2 = 120 miles."),
    120,
)
CLASS = (
    "Of 28 students, half have 5 notebooks each and half have 3 notebooks each. How many notebooks are there?",
    ("Half are 28 / 2 = 14 students.", "One half has 14 * 3 = 42 notebooks.",
     "The other half has 14 * 5 = 70 notebooks.", "In total there are 42 notebooks + 70 notebooks = 112 notebooks."),
    112,
)  # fmt: skip
PENS = ("There are 30 books and 50 more pens.", ("There are 50+30 = 80 pens.", "So 80 + 30 = 110 things."), 110)
DISCS = (
    "There are CDs for $100 and for $50. I bought 3 of each. What's the total amount of money I spent?",
    ("The first cost 3 * $100 = $300.", "The others cost 3 * $50 = $150.", "All CDs cost $300 + $150 = $450."),
    450,
)

SHELLS = (
    "Al has 16 more shells than Bo. Bo has 15 fewer than Cy. Cy has 40 shells. Dan, who is ill, has 19 more than Al.",
    ("Bo has 40 - 15 = 25 shells.", "Al has 25 + 16 = 41 shells."),
    41,
)

# An injector, a problem, and what the wrong step may not contain.
NEVER = [
    ("context_value_error", SHIRTS, "2 x 3 ="),  # the sweatshirts for the price of a T-shirt
    ("context_value_error", SHIRTS, "2 x 11 ="),  # one more than the problem says
    ("context_value_error", OMELETS, "3 omelets"),  # the 5 omelets are "five" in the problem, which has 5 minutes too
    ("previous_step_value_error", BAGS, "80 + 200"),  # what comes in only later
    ("previous_step_value_error", BAGS, "80 + 80"),  # the same twice
    ("operator_error", CLOVERS, "500 * 5"),  # more than all for a fifth
    ("operator_error", SHIRTS, "2 + 10"),  # shirts added to dollars
    ("missing_step", FOOD, "$12 + $3"),  # one of several terms for their sum
    ("missing_step", SISTER, "= 22"),  # the inches of a foot without the feet
    ("hallucination", EXAM, "80"),  # more than there is
    ("formula_confusion_error", CAR, "180 miles * 3"),
    ("confusing_concept_error", CLASS, "3 notebooks + 70"),
    ("calculation_error", PENS, "= 78"),
    ("question_misinterpretation_error", DISCS, "$3 *"),
    ("context_value_error", SHELLS, "25 + 19"),  # of somebody three sentences away, where a nearer number fits
]
# An injector, a problem, and what one of the wrong steps has to contain.
MADE = [
    ("context_value_error", SHIRTS, "2 x 15 ="),
    ("context_value_error", APPLES, "12 x $2"),
    ("context_value_error", SHELLS, "25 + 15"),
    ("missing_step", FOOD, "$4 + $12 ="),
    ("calculation_error", PENS, "80 + 30 = 1"),
]


def wrong_steps(injector: str, problem: tuple[str, tuple[str, ...], int]) -> set[str]:
    graph = read_solution(*problem)
    made = [one for seed in range(6) for one in attempts(graph, injector, injector, random.Random(seed))]
    return {one.steps[one.error_step] for one in made if isinstance(one, Injected)}


@pytest.mark.parametrize(("injector", "problem", "text"), NEVER)
def test_what_no_student_would_write_is_not_made(injector, problem, text):
    assert not [step for step in wrong_steps(injector, problem) if text in step]


@pytest.mark.parametrize(("injector", "problem", "text"), MADE)
def test_what_a_student_would_write_is_made(injector, problem, text):
    made = wrong_steps(injector, problem)
    assert [step for step in made if text in step], made
