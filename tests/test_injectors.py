"""Each injector: the wrong step it makes of a right one, in what words it says so, and when it makes nothing."""

import contextlib
import os
import random
import re
from collections import Counter
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest

from lemma.algebra.carrying import Slip
from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import read_solution
from lemma.arithmetic.numbers import find_numbers, normal
from lemma.exceptions import ConfigError, Refusal
from lemma.grading.verdict import exact_value
from lemma.injectors import injector as find_injector
from lemma.injectors.algebra import AlgebraInjector, Cut
from lemma.injectors.drafts import Injected, attempts
from lemma.injectors.proof import prove
from lemma.injectors.proposal import Conclusion
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions, final_text
from lemma.problems.loading import open_problems
from lemma.records import Problem
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.error_types import load_taxonomy

DATA = Path(os.environ.get("LEMMA_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
# The injectors of algebra have tests of their own: tests/test_algebra_injectors.py.
INJECTORS = sorted(
    {
        kind.injector
        for kind in load_taxonomy()
        if kind.injector and not isinstance(find_injector(kind.injector), AlgebraInjector)
    }
)


def wrong_steps(injector, question, steps, gold, seed=0):
    """The wrong step and the explanation of everything that an injector makes of a solution."""
    graph = read_solution(question, steps, gold)
    made = attempts(graph, injector, injector, random.Random(seed))
    return {error.steps[error.error_step]: error.explanation for error in made if isinstance(error, Injected)}


BAGS = ("Tom fills 5 bags with 7 apples each and eats 4. How many are left?",
        ("Tom buys 5 * 7 = 35 apples.", "He eats some, so 35 - 4 = 31."), 31)  # fmt: skip
CHAIN = ("5 bags of 7 apples, 4 are eaten, each of the rest costs $2.",
         ("5 * 7 = 35 apples", "35 - 4 = 31 apples", "31 * 2 = $62"), 62)  # fmt: skip
SHOP = ("He sells for $40 what cost $15, and does so 3 times.",
        ("His profit is $40 - $15 = $25.", "In all he has 25 * 3 = $75."), 75)  # fmt: skip


def alone(text, gold, question="q"):
    return question, (text,), gold


TIMED = alone("He runs 3 * 60 = 180 minutes.", 180, "He runs 3 hours. How many minutes?")
FIELD = alone("The area is 12 * 8 = 96 square feet.", 96, "A garden of 12 by 8")
EGGS = alone("He has 5 boxes * 7 eggs = 35 eggs.", 35, "Tom has 5 boxes of 7 eggs each.")
FRIENDS = alone(
    "They have 4 * 15 = 60 stickers in all.", 60, "Ravi, Ola, June and Tim bring 15 stickers each. How many?"
)
SUM = alone("5 + 7 + 3 = 15", 15, "5, 7 and 3")

MADE = [
    ("calculation_error", alone("185 + 234 = 419", 419), "185 + 234 = 429",
     "185 + 234 is 419, not 429: in the tens, 8 + 3 is 11, but 12 was used."),
    ("calculation_error", alone("$4.50 + $2.75 = $7.25", Fraction(29, 4)), "$4.50 + $2.75 = $6.25",
     "$4.50 + $2.75 is $7.25, not $6.25: the 1 that is carried is dropped."),
    ("calculation_error", alone("160 + 227 = 387", 387), "160 + 227 = 487",
     "160 + 227 is 387, not 487: a 1 is carried, although 6 + 2 is only 8."),
    ("calculation_error", alone("235 - 113 = 122", 122), "235 - 113 = 112",
     "235 - 113 is 122, not 112: a 1 is borrowed, although 5 is not less than 3."),
    ("calculation_error", alone("18 * 4 = 72", 72), "18 * 4 = 62",
     "18 * 4 is 72, not 62: 3 has to be carried to the tens, but 2 was."),
    ("calculation_error", alone("83 - 47 = 36", 36), "83 - 47 = 35",
     "83 - 47 is 36, not 35: in the ones, 13 - 7 is 6, but 5 was used."),
    ("calculation_error", alone("35 * 0.4 = 14", 14), "35 * 0.4 = 12",
     "35 * 0.4 is 14, not 12: in 35 times 4, the 2 that is carried is dropped."),
    ("calculation_error", alone("40 * 12 = 480", 480), "40 * 12 = 360",
     "40 * 12 is 480, not 360: 4 times 12 is 48, and 36 is 3 times 12."),
    ("calculation_error", alone("130 / 2 = 65", 65), "130 / 2 = 60",
     "130 / 2 is 65, not 60: the 1 left over in the tens is dropped."),
    ("calculation_error", alone("960 + 1200 + 1000 = 3160", 3160), "960 + 1200 + 1000 = 2200",
     "960 + 1200 + 1000 is 3160, not 2200: 960 is passed over."),
    ("calculation_error", alone("30 + 400 + 20 = 450", 450), "30 + 400 + 20 = 720",
     "30 + 400 + 20 is 450, not 720: 30 is written one place too far to the left."),
    ("calculation_error", alone("2 * 3 + 4 * 5 = 26", 26), "2 * 3 + 4 * 5 = 31",
     "2 * 3 + 4 * 5 is 26, not 31: 4 * 5 is 20, and the step worked with 25 (25 is 5 times 5)."),
    ("calculation_error", alone("46 * 38 = 1748", 1748), "46 * 38 = 1708",
     "46 * 38 is 1748, not 1708: in 46 times 8, the 4 that is carried is dropped."),
    ("calculation_error", alone("46 * 38 = 1748", 1748), "46 * 38 = 368",
     "46 * 38 is 1748, not 368: the partial product of 46 and 30 is left out."),
    ("calculation_error", alone("47 + 38 = 85 cats", 85), "47 + 38 = 75 cats",
     "47 + 38 is 85, not 75: the 1 that is carried is dropped."),
    ("calculation_error", alone("83 - 47 = 36", 36), "83 - 47 = 46",
     "83 - 47 is 36, not 46: the 1 that is borrowed is not taken away."),
    ("calculation_error", alone("83 - 47 = 36", 36), "83 - 47 = 44",
     "83 - 47 is 36, not 44: in one place the upper digit is taken from the lower one."),
    ("calculation_error", alone("12 - 7 = 5", 5), "12 - 7 = 6", "12 - 7 is 5, not 6: 6 + 7 is 13, not 12."),
    ("calculation_error", alone("7 * 8 = 56", 56), "7 * 8 = 64", "7 * 8 is 56, not 64: 64 is 8 times 8."),
    ("calculation_error", alone("46 * 8 = 368", 368), "46 * 8 = 328",
     "46 * 8 is 368, not 328: the 4 that is carried is dropped."),
    ("calculation_error", alone("12 * 23 = 276", 276), "12 * 23 = 60",
     "12 * 23 is 276, not 60: the second partial product is not shifted."),
    ("calculation_error", alone("30 * 4 = 120", 120), "30 * 4 = 1200",
     "30 * 4 is 120, not 1200: there is one zero too many."),
    ("calculation_error", alone("816 / 8 = 102", 102), "816 / 8 = 12",
     "816 / 8 is 102, not 12: a zero of the quotient is lost."),
    ("calculation_error", alone("0.5 * 3 = $1.50", Fraction(3, 2)), "0.5 * 3 = $15.00",
     "0.5 * 3 is $1.50, not $15.00: the decimal point is shifted."),
    ("calculation_error", alone("2 + 3 * 4 = 14", 14), "2 + 3 * 4 = 20",
     "2 + 3 * 4 is 14, not 20: it was worked out from left to right, whatever binds more strongly."),
    ("calculation_error", ("q", ("6x = 72", "x = 12"), 12), "x = 11",
     "6x = 72 gives 12, not 11: 11 times 6 is 66, not 72."),
    ("operator_error", alone("Tom is 35 - 4 = 31.", 31, "Tom is 4 years younger than Ann, who is 35."),
     "Tom is 35 + 4 = 39.", "The step adds where it should have subtracted: not 35 + 4, but 35 - 4 = 31."),
    ("operator_error", alone("48 divided by 2 is equal to 24", 24, "48, twice as many"), "48 * 2 is equal to 96",
     "The step multiplies where it should have divided: not 48 * 2, but 48 divided by 2 = 24."),
    ("operator_error", alone(r"$6 \times 4 = \boxed{24}$", 24), r"$6 + 4 = \boxed{10}$",
     r"The step adds where it should have multiplied: not $6 + 4$, but $6 \times 4 = 24$."),
    ("operator_error", alone("5x3 = 15", 15, "3 times the 5 of Ann"), "5+3 = 8",
     "The step adds where it should have multiplied: not 5+3, but 5x3 = 15."),
    ("context_value_error", BAGS, "Tom buys 5 * 4 = 20 apples.",
     'The step takes 4 ("eats 4") instead of 7, the number of apples each: it should be 5 * 7 = 35.'),
    ("context_value_error", alone("It is $5 * 3 = $15.", 15, "One pen is $5, 4 pens are $12."), "It is $12 * 3 = $36.",
     'The step takes $12 ("pens are $12") instead of $5 ("pen is $5"): it should be $5 * 3 = $15.'),
    ("context_value_error", ("$40 for a hat, $30 for a cap", ("It is $40 * 2 = $80.", "It is $30 + $80 = $110."), 110),
     "It is $40 + $80 = $120.",
     'The step takes $40 ("$40 for a hat") instead of $30 ("$30 for a cap"): it should be $30 + $80 = $110.'),
    ("previous_step_value_error", ("5 of 7 and 3", ("5 * 7 = 35", "35 + 3 = 38", "38 + 7 = 45"), 45), "35 + 7 = 42",
     "The step takes 35, the result from step 1, instead of 38, the result from step 2: it should be 38 + 7 = 45."),
    ("previous_step_value_error", CHAIN, "35 * 2 = $70", None),
    ("context_value_error", ("He spent $200 on blue ties that cost $40 each, $20 less than red ones.",
                             ("A red one costs $40 + $20 = $60.",), 60), "A red one costs $200 + $20 = $220.",
     'The step takes $200 ("He spent $200 on blue ties") instead of $40 ("cost $40 each"): it should be $40 + $20 = '
     "$60."),
    ("context_value_error", alone("It takes 30 / 3 = 10 hours.", 10, "He walks 30 km at 3 km/hour, not at 6 km/hour."),
     "It takes 30 / 6 = 5 hours.",
     'The step takes 6 ("not at 6 km/hour") instead of 3 ("km at 3 km/hour"): it should be 30 / 3 = 10.'),
    ("context_value_error", ("12 of 3 pens, 8 kits", ("12 * 3 = 36 pens", "36 + 8 = 44"), 44), "36 + 12 = 48", None),
    ("context_value_error", alone("5 * 7 = 35", 35, "5 boys with 7 red pens and 8 blue pens"), "5 * 8 = 40",
     "The step takes 8, the number of blue pens, instead of 7, the number of red pens: it should be 5 * 7 = 35."),
    ("previous_step_value_error", ("Bob has 8 pens more than Ann, who has 12 pens. Joe has twice as many.",
                                   ("12 + 8 = 20 pens", "2 * 20 = 40 pens"), 40), "2 * 12 = 24 pens",
     'The step takes 12 ("who has 12 pens") instead of 20, the number of pens from step 1: it should be 2 * 20 = 40.'),
    ("counting_error", alone("The average is (2 + 2 + 8) / 3 = 4.", 4), "The average is (2 + 2 + 8) / 2 = 6.",
     "The step counts one too few: the sum has 3 terms, not 2, so it should be (2 + 2 + 8) / 3 = 4."),
    ("counting_error", FRIENDS, "They have 3 * 15 = 45 stickers in all.",
     "The step counts one too few: Ravi, Ola, June and Tim are 4, not 3, so it should be 4 * 15 = 60."),
    ("counting_error", alone("In 5 days he runs 5 * 8 = 40 miles.", 40, "He runs 8 miles from Monday to Friday."),
     "In 6 days he runs 6 * 8 = 48 miles.",
     "The step counts one too many: the days from Monday to Friday are 5, not 6, so it should be 5 * 8 = 40."),
    ("counting_error", alone("She read 35 - 20 = 15 pages.", 15, "She read from page 20 to page 35."),
     "She read 35 - 20 + 1 = 16 pages.",
     "The step counts both ends of the span from 20 to 35: it should be 35 - 20 = 15."),
    ("counting_error", alone("She read 35-20+1 = 16 pages.", 16, "She read from page 20 to page 35."),
     "She read 35-20 = 15 pages.",
     "The step leaves out one of the ends of the span from 20 to 35: it should be 35-20+1 = 16."),
    ("counting_error", alone("With Ann they are 3 girls + 1 girl + 2 boys = 6.", 6, "Ann invites 3 girls and 2 boys."),
     "With Ann they are 3 girls + 2 boys = 5.",
     "The step counts one too few, since it leaves out the 1: it should be 3 girls + 1 girl + 2 boys = 6."),
    ("counting_error", alone("It has 6 corners * 7 = 42 pins.", 42, "A hive has 7 pins at each corner."),
     "It has 5 corners * 7 = 35 pins.",
     "The step counts one too few: there are 6 corners, not 5, so it should be 6 corners * 7 = 42."),
    ("counting_error", alone(r"There are $7-(-3)+1=\boxed{11}$ integers in it.", 11, "From $-3$ to $7$"),
     r"There are $7-(-3)=\boxed{10}$ integers in it.",
     "The step counts the gaps and not the numbers, one too few: it should be $7-(-3)+1 = 11$."),
    ("counting_error", alone(r"The number of terms is $\frac{99-9}{3} + 1 = \boxed{31}$.", 31, "From $9$ to $99$"),
     r"The number of terms is $\frac{99-9}{3} = \boxed{30}$.",
     "The step counts the gaps and not the numbers, one too few: it should be $\\frac{99-9}{3} + 1 = 31$."),
    ("unit_conversion_error", alone("He runs 3 * 5 * 60 = 900 minutes.", 900, "He runs 3 hours 5 times a week."),
     "He runs 3 * 5 = 15 minutes.",
     "There are 60 minutes in an hour, and the step leaves the conversion out: it should be 3 * 5 * 60 = 900."),
    ("unit_conversion_error", TIMED, "He runs 3 * 100 = 300 minutes.",
     "There are 60 minutes in an hour, not 100: it should be 3 * 60 = 180."),
    ("unit_conversion_error", alone("He runs 900 / 60 = 15 hours.", 15, "He runs 900 minutes."),
     "He runs 900 / 100 = 9 hours.", None),
    ("unit_conversion_error", alone("That is 2 * 52 = 104 weeks.", 104, "2 years"), "That is 2 * 50 = 100 weeks.",
     "There are 52 weeks in a year, not 50: it should be 2 * 52 = 104."),
    ("unit_conversion_error", alone("It is 2 feet * 12 = 24 inches.", 24, "2 feet"), "It is 2 feet * 10 = 20 inches.",
     "There are 12 inches in a foot, not 10: it should be 2 feet * 12 = 24."),
    ("missing_step", CHAIN, "35 * 2 = $70",
     "The step 35 - 4 = 31 is missing, so 35 stands where 31 belongs: it should go on with 31 * 2 = $62."),
    ("missing_step", CHAIN, "7 - 4 = 3 apples",
     "The step 5 * 7 = 35 is missing, so 7 stands where 35 belongs: it should go on with 35 - 4 = 31."),
    ("missing_step", (SHOP[0], ("He makes $40 - $15 = $25.", "He has 25 * 3 = $75."), 75), "He has 40 * 3 = $120.",
     "The step $40 - $15 = $25 is missing, so $40 stands where $25 belongs: it should go on with 25 * 3 = $75."),
    ("missing_step", alone("It takes 5 * 7 * 2 = 70 eggs.", 70, "5 of 7 eggs, 2 times"), "It takes 5 * 7 = 35 eggs.",
     "The step leaves out the factor 2: it should be 5 * 7 * 2 = 70."),
    ("missing_step", alone("It takes 5 eggs + 7 eggs + 2 eggs = 14 eggs.", 14), "It takes 5 eggs + 7 eggs = 12 eggs.",
     "The step leaves out the 2: it should be 5 eggs + 7 eggs + 2 eggs = 14."),
    ("missing_step", alone("It is (8 - 2) * 4 = 24.", 24), "It is 8 * 4 = 32.", None),
    ("missing_step", alone("It is (8 - 2) * 4 = 24.", 24), "It is 8 - 2 = 6.", None),
    ("missing_step", ("He has 48 clips.", ("He has 48 clips.", "He sold 48 / 2 = 24 clips."), 24), "He sold 48 clips.",
     "The step leaves out the division by 2: it should be 48 / 2 = 24."),
    ("missing_step", BAGS, "Tom buys 7 apples.", None),
    ("missing_step", ("$4, $50", ("They cost 3 * $4 = $12.", "He gets $50 - $12 = $38 back."), 38), "He gets $12 back.",
     "The step leaves out the subtraction from $50: it should be $50 - $12 = $38."),
    ("missing_step", alone(r"$12\cdot 5\cdot 2 = \boxed{120}$", 120), r"$12\cdot 5 = \boxed{60}$",
     r"The step leaves out the factor 2: it should be $12\cdot 5\cdot 2 = 120$."),
    ("formula_confusion_error", FIELD, "The area is 2 * (12 + 8) = 40 square feet.",
     "The area is length times width; the step works out the perimeter, 2 * (12 + 8). It should be 12 * 8 = 96."),
    ("formula_confusion_error", alone("The perimeter is 2 * (12 + 8) = 40 feet.", 40),
     "The perimeter is 12 * 8 = 96 feet.",
     "The perimeter is the sum of all sides; the step works out the area, 12 * 8. It should be 2 * (12 + 8) = 40."),
    ("formula_confusion_error", alone("The fence is 4 + 9 + 4 + 9 = 26 feet.", 26), "The fence is 4 * 9 = 36 feet.",
     "The perimeter is the sum of all sides; the step works out the area, 4 * 9. It should be 4 + 9 + 4 + 9 = 26."),
    ("formula_confusion_error", alone("The average is (4 + 6 + 8) / 3 = 6.", 6), "The average is (4 + 6 + 8) = 18.",
     "An average is the sum divided by the count; the division by 3 is left out. It should be (4 + 6 + 8) / 3 = 6."),
    ("formula_confusion_error", alone("0.2 * 50 = 10", 10, "20% more than 50"), "1.2 * 50 = 60",
     "120% is the amount with the 20% on top of it, and the step needs 20% of it. It should be 0.2 * 50 = 10."),
    ("formula_confusion_error", alone("20% * 50 = 10", 10, "20% off, or a discount of 20%"), "80% * 50 = 40",
     "80% is what is left after 20% are taken off, and the step needs 20% of it. It should be 20% * 50 = 10."),
    ("formula_confusion_error", alone("A triangle of 6 * 4 / 2 = 12 square feet.", 12),
     "A triangle of 6 * 4 = 24 square feet.",
     "A triangle is half of base times height; the half is left out. It should be 6 * 4 / 2 = 12."),
    ("confusing_concept_error", SHOP, "In all he has 40 * 3 = $120.",
     "25 is the profit, $40 is what came in; the step confuses them. It should be 25 * 3 = $75."),
    ("confusing_concept_error", ("q", ("10 - 4 = 6 are left.", "6 * 2 = 12"), 12), "4 * 2 = 8",
     "6 is what is left, 4 is what was taken away; the step confuses them. It should be 6 * 2 = 12."),
    ("confusing_concept_error", ("4 shirts for $33 each, 2 hats for $9", ("4 * $33 = $132", "$132 + $9 = $141"), 141),
     "$33 + $9 = $42",
     "$132 is the amount for all 4 shirts, $33 is the amount for one of them; the step confuses them. It should be "
     "$132 + $9 = $141."),
    ("confusing_concept_error", ("Tom washes 4 cars a month, for $15. How much in a year?",
                                 ("He washes 4 * 12 = 48 cars.", "They bring 48 * 15 = $720."), 720),
     "They bring 4 * 15 = $60.",
     "48 is the number of cars for all 12 months, 4 is the number of cars for one of them; the step confuses them. "
     "It should be 48 * 15 = $720."),
    ("confusing_concept_error", ("Each school sent two teams of 5 players each, and 3 coaches.",
                                 ("It sent 2 * 5 = 10 players.", "It sent 10 players + 3 coaches = 13 people."), 13),
     "It sent 5 players + 3 coaches = 8 people.",
     "10 is the number of players for both teams, 5 is the number of players for one of them; the step confuses them. "
     "It should be 10 players + 3 coaches = 13."),
    ("confusing_concept_error", ("q", ("Of $40 $15 are off: 40 - 15 = 25.", "25 * 2 = 50"), 50), "40 * 2 = 80",
     "25 is the reduced price, 40 is the full price; the step confuses them. It should be 25 * 2 = 50."),
    ("question_misinterpretation_error",
     ("He has 9 cows and 4 times as many hens as cows. How many hens and cows does he have?",
      ("He has 9 * 4 = 36 hens.", "He has 36 + 9 = 45 hens and cows."), 45),
     "He has 9 * 4 = 36 hens and cows.", None),
    ("question_misinterpretation_error",
     ("Ann is 5 years older than Bob, who is 20. How old is Ann?", ("Ann is 20 + 5 = 25.",), 25), "Ann is 20 - 5 = 15.",
     'The problem says "5 years older than Bob", which the step takes the other way around: it should be 20 + 5 = 25.'),
    ("question_misinterpretation_error",
     ("He has 9 cows and 4 times as many hens. All have 2 legs. How many legs do the hens have?",
      ("He owns 9 * 4 = 36 hens.", "The hens have 36 * 2 = 72 hens' legs."), 72),
     "The hens have 9 * 4 = 36 hens' legs.",
     'The step answers with 9 * 4 = 36, that is, "He owns 36 hens". That is not yet the answer to the question: '
     '"How many legs do the hens have?".'),
    ("question_misinterpretation_error",
     ("He has 9 cows and 4 times as many hens as cows. How many hens?", ("He has 9 * 4 = 36 hens.",), 36),
     "He has 9 + 4 = 13 hens.",
     'The problem says "4 times as many hens as cows", which the step takes for 4 more: it should be 9 * 4 = 36.'),
    ("contradictory_step", ("Tom fills 5 bags with 14 apples each and eats 4 of them.",
                            ("Tom buys 5 * 14 = 70 apples.", "He has fun.",
                             "Of his 70 apples he eats 4, so 70 - 4 = 66."), 66),
     "Of his 80 apples he eats 4, so 80 - 4 = 76.",
     "Step 1 found 5 * 14 = 70, but this step says 80 for the same quantity and contradicts it: it should be "
     "70 - 4 = 66."),
    ("contradictory_step", ("2 hats at $18 and a cap at $14",
                            ("The hats cost 2 * $18 = $36.", "The hats cost $36, so he pays $36 + $14 = $50."), 50),
     "The hats cost $18, so he pays $18 + $14 = $32.", None),
    ("contradictory_step", ("Of 46 people 12 get off and 9 get on.",
                            ("Now there are 46 - 12 = 34 people.", "Then there are 34 + 9 = 43 people."), 43),
     "Then there are 46 + 9 = 55 people.",
     "Step 1 found 46 - 12 = 34, but this step goes back to 46 for the same quantity and contradicts it: it should be "
     "34 + 9 = 43."),
    ("contradictory_step", ("A $4 cap and an $8 hat for 6 people",
                            ("In all it is $4 + $8 = $12.00.", "The cost is $12.00, so each pays 12 / 6 = $2.00."), 2),
     "The cost is $8, so each pays 8 / 6 = $1.33.",
     "Step 1 found $4 + $8 = $12.00, but this step says $8 for the same quantity and contradicts it: it should be "
     "12 / 6 = $2.00."),
    ("hallucination", ("Ann has 6 pens, Bob 8 pens, and Joe 4 pens. How many have Ann and Bob?",
                       ("They have 6 + 8 = 14 pens.",), 14),
     "They have 6 + 4 + 8 = 18 pens.",
     'The step counts 4 ("Joe 4 pens") in, which the problem gives for something else: it should be 6 + 8 = 14.'),
    ("hallucination", ("He has a hat for $6 and a cap for $8. Joe has a tie for $5. What do they cost?",
                       ("They cost $6 + $8 = $14.",), 14),
     "They cost $6 + $5 + $8 = $19.", None),
    ("hallucination", ("6 men and 8 men board, 12 men stay, of 5 cars. How many board?",
                       ("There board 6 + 8 = 14 men.",), 14), "There board 6 + 12 + 8 = 26 men.", None),
]  # fmt: skip


@pytest.mark.parametrize(("injector", "problem", "wrong", "explanation"), MADE)
def test_the_wrong_step_and_why_it_is_wrong(injector, problem, wrong, explanation):
    made = {}
    for seed in range(30):
        made |= wrong_steps(injector, *problem, seed)
    pattern = wrong if isinstance(wrong, re.Pattern) else re.compile(re.escape(wrong))
    found = [said for text, said in made.items() if pattern.fullmatch(text)]
    assert found, made
    assert explanation is None or explanation in found


DOLPHINS = ("There are 4 dolphins that each require 3 hours, and 2 trainers.",
            ("All the dolphins take 4*3= 12 hours", "Each trainer has 12/2= 6 hours"), 6)  # fmt: skip
TOYS = ("The toys are buy one get one half off and cost $12.00 each.",
        ("The 2nd toy is 12*.5 = $6.00", "These 2 toys come to 12+6 = $18.00"), 18)  # fmt: skip
BOOKS = ("Ryan got 5 books of 2100 pages in all. He read them in a week. How many pages per day?",
         ("Ryan read 2100 / 7 = 300 pages a day.",), 300)  # fmt: skip
PETS = ("Of 36 pets 25% are dogs and 50% cats.", ("There are 36 x .25 = 9 dogs", "There are 36 x .5 = 18 cats"), 18)
TAILS = ("Each tail is 25% longer than the last, 16 cm.",
         ("It gains 25% * 16 = 4 cm", "That is 4 + 16 = 20 cm", "It gains 25% * 20 = 5 cm"), 5)  # fmt: skip
DRIVE = ("He drives 22 miles at 11 miles per hour.",
         ("Now divide the distance by the speed: 22 miles / 11 miles/hour = 2 hours",), 2)  # fmt: skip
BIRTHDAY = ("Jaden had 14 cars, bought 28 and got 12. He gave 3 away.",
            ("He had 14 + 28 = 42 cars.", "This increased to 42 + 12 = 54 cars."), 54)  # fmt: skip

NOTHING = [
    ("confusing_concept_error", DOLPHINS),
    ("confusing_concept_error", ("He earns $6 per hour, Jake thrice that.", ("3 * $6 = $18", "$18 * 8 = $144"), 144)),
    ("confusing_concept_error", ("Jake has 18 hours left. Greg has six hours less.",
                                 ("Greg has 18 - 6 = 12 hours left.", "Twice that is 12 * 2 = 24."), 24)),
    ("confusing_concept_error", ("10% discount for what is over $1000. He buys for $1400.",
                                 ("The discount is for 1400 - 1000 = $400.", "He saves 400 * .1 = $40."), 40)),
    ("confusing_concept_error", ("They got $10, $3 of it off the small ones.",
                                 ("They got 10 - 3 = $7 off the large ones.", "7 * 2 = 14"), 14)),
    ("previous_step_value_error", ("A room of 45 feet by 30 feet, and a hall of 900 sq ft",
                                   ("45 ft x 30 ft = 1350 sq ft", "1350 sq ft - 900 sq ft = 450"), 450)),
    ("confusing_concept_error", TOYS),
    ("confusing_concept_error", ("Each school sent 2 teams of 5 players each, and 2 coaches.",
                                 ("It sent 2 * 5 = 10 players.", "It sent 10 players + 3 = 13 people."), 13)),
    # Nothing says what the 4 are; and a week does not cost less than a day.
    ("confusing_concept_error", ("He pays $33 each for 4, and $9.", ("4 * $33 = $132", "$132 + $9 = $141"), 141)),
    ("confusing_concept_error", ("She pays $250 an hour, 6 hours a day, for 4 days.",
                                 ("She pays 250 * 6 = $1500.", "She pays 1500 * 4 = $6000."), 6000)),
    ("unit_conversion_error", BOOKS),
    ("unit_conversion_error", alone("Per month 80 * 30 = 2400 letters.", 2400, "80 letters a day, months of 30 days")),
    ("unit_conversion_error", alone("Per month 80 * 30 = 2400 letters.", 2400, "80 letters a day. In a month?")),
    ("formula_confusion_error", PETS),
    ("formula_confusion_error", alone("67 inches * 3 grams = 201 square inches", 201, "A patch of 6 inches by 5")),
    ("formula_confusion_error", alone("It has 5,000 * 4 = 20,000 square feet.", 20000, "Of 5,000 square feet")),
    ("formula_confusion_error", TAILS),
    ("formula_confusion_error", DRIVE),
    ("formula_confusion_error", alone("He tips 30*.3=$9", 9, "He tips 30% of $30.")),
    ("previous_step_value_error", BIRTHDAY),
    ("previous_step_value_error", ("5 bags of 50, 4 lost", ("50 * 50 = 2500", "2500 - 4 = 2496"), 2496)),
    ("previous_step_value_error", ("It is 2 times as long as wide.", ("2 * 3 = 6 feet", "6 + 8 = 14"), 14)),
    ("previous_step_value_error", ("9 of 9 pens and 7 more", ("9 - 9 = 0 pens", "0 + 7 = 7 pens"), 7)),
    ("operator_error", ("8 of 5, 6 of 5, twice", ("8 * 5 = 40", "6 * 5 = 30", "40 + 30 = 70 in all"), 70)),
    ("context_value_error", alone("It is 10 * 20 = 200.", 200, "10 vans of 20 boys each, 15 more than that")),
    ("contradictory_step", ("5 of 14, 4 fewer", ("He has 5 * 14 = 70.", "Of his 70 he eats 4, so 70 - 4 = 66."), 66)),
    ("calculation_error", alone("1 + 1 = 2", 2)),
    ("calculation_error", alone("3 / 2 = 1 1/2 cups", Fraction(3, 2))),
    ("operator_error", alone("1/2 * 8 = 4", 4)),
    ("operator_error", alone("20% of 50 = 10", 10)),
    ("context_value_error", alone("5 * 7 = 35", 35, "no number here")),
    ("context_value_error", alone("20% * 50 = 10", 10, "20% of the shelves with 30 books each")),
    ("context_value_error", alone("15% * 50 = 7.5", 7.5, "15 percent of 50, then 20 bags of 20 percent")),
    ("context_value_error", ("5 feet, 7 feet", ("5 * 7 = 35", "35 + 35 = 70"), 70)),
    ("previous_step_value_error", alone("5 * 7 = 35", 35, "5 of 7")),
    ("counting_error", EGGS),
    ("counting_error", alone(r"There are $7-3+1=\boxed{5}$ pens.", 5, "Of 7 pens 3 are sold and 1 is bought.")),
    ("counting_error", alone("12/3 = 4", 4, "Ann, Bea, and Joe share 12 pens.")),
    ("counting_error", alone("He runs 5 * 3 = 15 miles.", 15, "He runs five miles three times.")),
    ("counting_error", alone("They pay 6 * $5 = $30.", 30, "Ann and her five friends are six guests who pay $5.")),
    ("context_value_error", alone("5 feet * 7 = 35", 35, "5 feet")),
    ("context_value_error", alone("$5 * 7 = $35", 35, "$5")),
    ("operator_error", alone("He has 8 + 3 = 11 in total.", 11)),
    ("operator_error", alone("He still needs 917 - 500 = 417.", 417)),
    ("unit_conversion_error", alone("He has 3 * 60 = 180 cats.", 180, "3 sacks of 60 cats")),
    ("unit_conversion_error", alone("He runs 180 / 60 = 3 hours.", 3, "He runs 180 minutes.")),
    ("missing_step", alone("He pays 5 * 7 = 35 dollars, 7 for each of 5.", 35)),
    ("missing_step", alone("Twice 10 is 2 * 10 = 20 because 2 * 10 = 20.", 20)),
    ("missing_step", ("5 of 7", ("5 * 7 = 35", "35 + 5 = 40 and 35 + 7 = 42"), 42)),
    ("formula_confusion_error", alone("5 * 7 = 35", 35)),
    ("formula_confusion_error", alone("The fence is 4 * 2 + 5 = 13 feet long.", 13)),
    ("formula_confusion_error", alone("The area is $12 * 8 = $96.", 96)),
    ("confusing_concept_error", ("5 of 7 and 3", ("5 * 7 = 35", "35 + 3 = 38", "38 + 7 = 45"), 45)),
    ("confusing_concept_error", ("q", ("Together 10 + 4 = 14, of which 14 * 2 = 28 are new.",), 28)),
    ("question_misinterpretation_error", alone("5 + 7 = 12", 12, "5 and 7")),
    ("contradictory_step", alone("Tom buys 5 * 7 = 35 apples.", 35)),
    # Either "twice as many" may be meant.
    ("question_misinterpretation_error", ("2 sheets, twice as many cases as sheets, twice as many towels as cases.",
                                          ("There are 2 * 2 = 4 cases.", "Towels: 4 * 2 = 8."), 8)),
    # True of any 36 cookies, and of any 2 courses.
    ("contradictory_step", ("A dozen takes 2 cups. She makes 36 cookies today, 30 tomorrow.",
                            ("She makes a total of 36 + 30 = 66 cookies.",
                             "As a dozen is 12, 66 cookies are equal to 66 / 12 = 5.5 dozens."), Fraction(11, 2))),
    ("contradictory_step", ("3 courses of 400 bricks, then 2 more.",
                            ("There are 3 + 2 = 5 courses.", "The bricks for 5 courses are 5 * 400 = 2000."), 2000)),
    ("contradictory_step", BAGS),
    ("question_misinterpretation_error", CHAIN),
    ("hallucination", alone("5 * 7 = 35", 35)),
    ("hallucination", ("She took 50 photos, then 70 photos. She left out 40 photos. How many did she take?",
                       ("She took 50 photos on Monday + 70 = 120 photos.",), 120)),
    # What is counted already is no invention.
    ("hallucination", ("Of 200 loaves they sold 93 and 39. How many are left?",
                       ("They sold 93 + 39 = 132 loaves.", "It leaves 200 - 132 = 68 loaves."), 68)),
    ("hallucination", ("Ann has 6 pens, Bob 8 pens.", ("Adding those two is 6 pens + 8 pens = 14 pens.",), 14)),
    ("hallucination", ("Ann has 30 pens and Bob half as many.", ("Bob has 30 / 2 = 15 pens.",), 15)),
    ("hallucination", ("Ann has 30 pens and Bob 6 more.", ("Bob has 30 + 6 = 36 pens.",), 36)),
    ("hallucination", ("They have 5, 9 and 14 pens. How many in all?", ("They have 5+9+14 = 28 pens.",), 28)),
    ("hallucination", alone("5 / 20 = 25%", 25)),
]  # fmt: skip


@pytest.mark.parametrize(("injector", "problem"), NOTHING)
def test_nothing_is_made_where_nothing_can_be_shown(injector, problem):
    assert wrong_steps(injector, *problem) == {}


def test_every_injector_has_rows_of_both_kinds():
    made, nothing = Counter(injector for injector, *_ in MADE), Counter(injector for injector, _ in NOTHING)
    assert all(made[injector] >= 3 and nothing[injector] for injector in INJECTORS)


def graphs_of(problems):
    for problem in problems:
        gold = exact_value(problem.answer)
        with contextlib.suppress(Refusal):
            if gold is not None:
                yield read_solution(problem.question, split_steps(problem.solution), normal(gold))


@pytest.fixture(scope="module")
def graphs():
    problems = [*open_problems(None, "augment")]
    for name in ("gsm8k_train.jsonl", "math_500.jsonl"):
        if (DATA / name).exists():
            problems += islice(open_problems(str(DATA / name), "augment"), 200)
    rows = [read_solution(*problem) for _, problem, *_ in MADE]
    return [*rows, *graphs_of(problems)]


@pytest.mark.parametrize("injector", INJECTORS)
def test_the_contract_of_an_injector(injector, graphs):
    propose = find_injector(injector)
    proposed = 0
    for graph in graphs:
        first, again = (list(propose(graph, random.Random(7))) for _ in range(2))
        assert first == again
        assert len(first) < 1000
        for proposal in first:
            proposed += 1
            if isinstance(proposal, Slip | Cut):
                continue  # tests/test_algebra_injectors.py
            if isinstance(proposal, Conclusion):
                assert 0 <= proposal.step < len(graph.steps)
                about = graph.steps[: proposal.step + 1]
            else:
                about = (graph.steps[graph.step_of[proposal.change.equation]],)
            named = {number.face for number in find_numbers(proposal.explanation)}
            assert named & {number.face for text in about for number in find_numbers(text)}, proposal
            assert proposal.explanation[-1] == "."
            assert "\n" not in proposal.explanation
    assert proposed


UNPROVEN = [
    ("prefix_changed", "operator_error", ("Tom buys 5 + 7 = 12 apples.", "He eats some, so 12 - 4 = 8."), 1),
    ("error_step_unchanged", "operator_error", BAGS[1], 0),
    ("error_step_equation_false", "operator_error", ("Tom buys 5 + 7 = 13 apples.", "He eats some, so 13 - 4 = 9."), 0),
    ("calculation_not_false", "calculation_error", ("Tom buys 5 + 7 = 12 apples.", "He eats some, so 12 - 4 = 8."), 0),
    ("calculation_not_false", "calculation_error", ("Tom buys many apples.", "He eats some, so 35 - 4 = 31."), 0),
    ("calculation_operands_changed", "calculation_error", ("Tom buys 5 * 8 = 45 apples.", BAGS[1][1]), 0),
    ("later_equation_false", "calculation_error", ("Tom buys 5 * 7 = 45 apples.", "He eats some, so 45 - 4 = 31."), 0),
    ("later_equation_lost", "calculation_error", ("Tom buys 5 * 7 = 45 apples.", "He eats some, so 41."), 0),
    ("ambiguous_fraction", "operator_error", ("Tom buys 35 / 1/1 = 35 apples.", "He eats some, so 35 - 4 = 31."), 0),
]


@pytest.mark.parametrize(("reason", "injector", "steps", "error_step"), UNPROVEN)
def test_what_the_text_does_not_prove_is_refused_by_name(reason, injector, steps, error_step):
    with pytest.raises(Refusal) as refusal:
        prove(read_solution(*BAGS), injector, steps, error_step)
    assert refusal.value.reason == reason


def test_a_proof_reads_the_text_without_annotations():
    steps = ("Tom buys 5 + 7 = <<5+7=12>>12 apples.", "He eats some, so 12 - 4 = <<12-4=8>>8.")
    assert prove(read_solution(*BAGS), "operator_error", steps, 0) == tuple(map(without_annotations, steps))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package that brings an injector, as pip would install it."""
    (tmp_path / "zeros.py").write_text("def propose(graph, rng):\n    return iter(())\n")
    info = tmp_path / "zeros-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zeros\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[lemma.injectors]\nzero_error = zeros:propose\noperator_error = zeros:propose\n"
        "[lemma.other]\nx = zeros:propose\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    find_injector.cache_clear()
    yield
    find_injector.cache_clear()


def test_an_installed_package_brings_an_injector(installed):
    assert find_injector("zero_error").__module__ == "zeros"
    assert find_injector("operator_error").__module__ == "lemma.injectors.operator_error"


@pytest.mark.parametrize("name", ["zero_error", "proof", "proposal", "x", "lemma.injectors.operator_error", "", "../x"])
def test_a_name_without_an_injector_is_refused(name):
    with pytest.raises(ConfigError, match="no injector is named"):
        find_injector(name)


FALSE_WORDS = [
    ("Emily's hair is 6 inches longer than Logan's hair. If Logan's is 23 inches, what is Emily's?",
     ("Emily's hair is 23-6 = 17 inches long.",), 17),
    ("There are d drunks and 3 less than 7 times as many speeders, 45 in all.",
     ("8d - 3 = 45", "Adding 4 to both sides, we get 8d = 48", "Dividing both sides by 8, we get d = 6"), 6),
    ("Luigi bought four pizzas for $80. Each has 5 pieces.",
     ("4 pizzas at $80 per pizza is $80/4 = $20 per pizza.", "Each piece is $20/5 = $4."), 4),
    ("Reese is 57 inches tall, Daisy is 38 inches taller.",
     ("Daisy is 6 inches taller than Reese, so 57 inches + 38 inches = 95 inches.",), 95),
]  # fmt: skip


@pytest.mark.parametrize("problem", FALSE_WORDS)
def test_a_reference_that_is_false_in_words_is_refused_by_name(problem):
    graph = read_solution(*problem)
    made = list(attempts(graph, "calculation_error", "calculation_error", random.Random(0)))
    assert made and {getattr(error, "reason", None) for error in made} == {"reference_words_false"}


IMPLAUSIBLE = [
    ("calculation_error", ("50, 20, 37 of 8", ("She has $50 + $20 = $70.", "In all 37 * 8 = 296."), 296), "= $6"),
    ("contradictory_step", ("Of 12 flowers 3 are lost, he needs 30.",
                            ("He has 12 - 3 = 9 flowers.", "Of 30 he has 9 flowers, so 30 - 9 = 21."), 21), "30 - 3"),
    ("calculation_error", ("100 and 37 of 8", ("Half is 100 / 2 = 50.", "In all 37 * 8 = 296."), 296), "/ 2 = 49"),
    ("operator_error", alone("Beth is 30+5 = 35 years old.", 35, "Beth is 5 years older than Al, who is 30."), "30*5"),
    ("operator_error", alone("Leila gave 100/2 = $50.", 50, "Leila gave half of her $100."), "100*2"),
    ("missing_step", ("There are 9300 pennies. A stack has two thirds.",
                      ("A third is 9300/3 = 3100 pennies.", "It has 3100*2 = 6200 pennies."), 6200), "9300*2"),
    ("contradictory_step", ("A $4 cap and an $8 hat for 6 people. Round to the nearest integer.",
                            ("It is $4 + $8 = $12.00.", "The cost is $12.00, so each pays 12 / 6 = $2."), 2), "8 / 6"),
    ("missing_step", ("He spends $32 and $40, and gets $92.",
                      ("It is $32 + $40 = $72.", "He keeps $92 income - $72 total expenses = $20."), 20), "$32 t"),
    ("previous_step_value_error", ("Pay $300 and $200, and half as much again.",
                                   ("First: $300 + $200 = $500.", "The extra is $500 * .5 = $250.",
                                    "Add that number to it: $500 + $250 = $750."), 750), "$500 + $300"),
    # Skeins are not grandchildren, miles are not miles per hour, and nobody multiplies grams by grams.
    ("context_value_error", ("She knits for 3 grandchildren: 2 skeins for a hat, 4 skeins for a scarf.",
                             ("Each needs 2 skeins + 4 skeins = 6 skeins.", "So 6 * 3 = 18 skeins."), 18), "3 skeins"),
    ("previous_step_value_error", ("A path of 12 miles and back of 2 miles. He walks at 3 miles/hour.",
                                   ("Half is 12 / 2 = 6 miles.", "All of it is 6 miles + 2 miles = 8 miles."), 8),
     "3 miles +"),
    ("previous_step_value_error", ("He drives 1.5 hours at 80 mph and 15 miles more.",
                                   ("He goes 80 * 1.5 = 120 miles.", "So 120 + 15 = 135 miles."), 135), "80 + 15"),
    ("context_value_error", ("80 apples, half as heavy as a bar. A bar weighs 40g.",
                             ("They weigh 40 / 2 = 20 grams.", "All weigh 20 * 80 = 1600 grams."), 1600), "20 * 4"),
    # No fact says that a month has 4 weeks, and not 5.
    ("unit_conversion_error", alone("Per month 80 * 4 = 320 sheets.", 320, "80 sheets a week. In a month?"), "80 * 5"),
    ("unit_conversion_error", alone("He reads 2100 / 7 = 300 pages a day.", 300, "2100 pages in a week"), "*"),
    ("calculation_error", alone("There are 19 - 3 = 16 apples.", 16), "19 - 3 = 61"),
    ("calculation_error", alone("There are 19 - 3 = 16 apples.", 16), "19 - 3 = 26"),
    ("calculation_error", alone("There are 84 + 3 = 87 apples.", 87), "84 + 3 = 78 apples"),
    ("calculation_error", alone("There are 6 * 3 = 18 apples.", 18), "6 * 3 = 81"),
    ("calculation_error", alone("There are 90 * 3 = 270 apples.", 270), "90 * 3 = 27 apples"),
    ("calculation_error", alone("There are 40 * 12 = 480 apples.", 480), "= 479"),
    ("calculation_error", alone("There are 2 * 4 = 8 apples.", 8), "= 6"),
    ("context_value_error", alone("He has 10 bags * 9 = 90 eggs.", 90, "10 bags"), "11 bags"),
    ("operator_error", alone("They are 42 - 38 = 4 girls.", 4, "42 girls and boys, 38 boys"), "+"),
    ("operator_error", alone("Each gets 48 / 12 = 4.", 4, "12 times as many as 48"), "*"),
    ("missing_step", alone("He got 80 * 3/10 = 24 pens.", 24, "3/10 of 80 pens"), "80 * 3 ="),
    ("operator_error", alone("He earns 80 cars * $5 = $400.", 400), "+"),
    ("operator_error", alone("She pays $15 * 2 = $30.", 30), "+"),
    ("operator_error", alone("They need 12 bags + 10 bags = 22 bags.", 22), "*"),
    ("operator_error", alone("He has $36 / $9 = 4 apples.", 4), "*"),
    ("operator_error", alone("He still needs 917 - 500 = 417 dollars.", 417), "+"),
    ("operator_error", alone("In total there are 9 + 5 = 14.", 14), "-"),
    ("operator_error", alone("He saw double that, 4 * 3 = 12.", 12), "+"),
    ("operator_error", alone("The probability is 2/6 = 1/3.", Fraction(1, 3)), "*"),
    ("operator_error", alone(r"Which leaves $50-16 = \boxed{34}$ of them.", 34), "+"),
    ("operator_error", alone(r"She would have saved $800 - 250 = \boxed{550}$.", 550), "+"),
    ("operator_error", alone(r"The sum is $9+4 = \boxed{13}$ in all.", 13), "\\cdot"),
    ("operator_error", alone("Their product is 6 * 4 = 24.", 24), "+"),
    ("operator_error", alone("The difference is 20 - 4 = 16.", 16), "+"),
    ("operator_error", alone("Each of them has 6 * 4 = 24.", 24), "+"),
    ("operator_error", alone("He drives 60 / 6 = 10 miles per hour.", 10), "*"),
    ("operator_error", alone("He paid 3 * 20 = 60, three times as much.", 60), "+"),
    ("operator_error", alone(r"It is $2^2\cdot3^2\cdot5^2 = \boxed{900}$.", 900), "+"),
    ("operator_error", alone(r"There are $26\times 25\times 10\times 9 = \boxed{58500}$.", 58500), "+"),
    ("operator_error", alone("He has 2 + 1 + 2 + 5 = 10.", 10), "*"),
    ("operator_error", alone(r"It is $9 - 4 + 2 = \boxed{7}$.", 7), "9 + 4"),
    ("operator_error", ("q", (r"It is $180(n-2)/n$.", r"So $180(7-2)/9 = \boxed{100}$."), 100), "7+2"),
    ("operator_error", alone(r"As $4 \cdot 3 = 12$, $4 \cdot 3 - 5 = \boxed{7}$.", 7), "4 + 3 -"),
    ("operator_error", alone(r"Compute $9 - 4$: it is $9 - 4 = \boxed{5}$.", 5), "+"),
    ("operator_error", alone(r"It is $130+150-120 = \boxed{160}$.", 160), "\\cdot"),
    ("operator_error", ("q", (r"It is the whole minus the triangle.", r"So it is $12 - 2 = \boxed{10}$."), 10), "+"),
    ("operator_error", alone(r"As it is $3x-1$ at $x=4$, this is $3 \cdot 4 -1 = \boxed{11}$.", 11), "3 + 4"),
    ("operator_error", alone("After 6 miles he rowed 15 miles more: 6 + 15 = 21 miles.", 21), "*"),
    ("operator_error", alone("It was reduced to 300 - 40 = 260.", 260), "+"),
    ("operator_error", alone("3 * 5 = 15 square yards", 15), "+"),
    ("missing_step", alone("Ramped up three times, it is 3 * 7000 = 21000 more.", 21000, "3 of 7000"), "is 7000"),
    ("operator_error", alone(r"It is $1+201 = \boxed{202}$.", 202), "\\cdot"),
    ("context_value_error", ("Of 6 pens 2 are red, of 4 hats 3. What is the chance of red?",
                             ("The chance is 2 / 4 = 0.5.",), Fraction(1, 2)), "6 / 4"),
]  # fmt: skip


@pytest.mark.parametrize(("injector", "problem", "wrong"), IMPLAUSIBLE)
def test_what_nobody_would_write_is_refused(injector, problem, wrong):
    assert not [step for step in wrong_steps(injector, *problem) if wrong in step]


LIKELY = [
    ("operator_error", alone("There are 9 pens + 5 pens = 14 pens.", 14, "9 and 5 more than that"), "9 pens - 5 pens"),
    ("operator_error", alone("She pays $15 - $2 = $13.", 13, "It costs $15, and $2 less with a card."), "$15 + $2"),
    ("operator_error", alone(r"$12 \cdot 4+3 = \boxed{51}$", 51), r"12 \cdot 4-3"),
    ("operator_error", alone(r"$12+4 = \boxed{16}$ and $2 \cdot 1 = 2$", 16), r"12\cdot 4"),
    ("operator_error", alone(r"$12\cdot 4 = \boxed{48}$", 48), "12+4"),
    ("calculation_error", alone("There are 90 * 3 = 270 apples.", 270), "90 * 3 = 2700 apples"),
]


@pytest.mark.parametrize(("injector", "problem", "wrong"), LIKELY)
def test_what_a_student_would_write_is_made(injector, problem, wrong):
    made = [step for seed in range(20) for step in wrong_steps(injector, *problem, seed)]
    assert [step for step in made if wrong in step], made


def test_a_fraction_keeps_the_command_of_the_reference():
    made = wrong_steps("operator_error", *alone(r"$\dfrac{1}{2} + \frac{1}{4} = \boxed{\dfrac{3}{4}}$", Fraction(3, 4)))
    assert r"$\dfrac{1}{2} - \frac{1}{4} = \boxed{\dfrac{1}{4}}$" in made
    assert final_text(r"\dfrac{1}{2}", Fraction(1, 3)) == r"\dfrac{1}{3}"


def test_latex_without_a_sign_of_division_gets_none():
    assert not [step for step in wrong_steps("operator_error", *alone(r"$12 \cdot 4 = 48$", 48)) if "div" in step]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_several_errors_are_each_proven_and_told(most):
    text = "She has 5 * 7 = 35 pens.\nShe sells 9, so 35 - 9 = 26 are left.\nThey cost 26 * $3 = $78.\n#### 78"
    question = "Ann has 5 boxes of 7 pens, sells 9 of them, and the rest cost $3 each. What do they cost?"
    kinds = {"context_value_error": "context_value_error", "operator_error": "operator_error"}
    plan = InjectionPlan(dict.fromkeys(kinds, 1.0), kinds, 12, 0, errors_per_solution=most)
    problem = Problem.of(question, text)
    several = 0
    for record in erroneous_solutions(plan, problem).records:
        told = [int(step) for step in re.findall(r"Step (\d+) has an error of its own", record.explanation)]
        assert told == sorted(set(told)) and len(told) < most
        assert all(step > record.located_step + 1 for step in told)
        assert all(equation.holds for step in record.steps for equation in read_step(step).equations)
        assert record.final_answer != "78"
        several += bool(told)
    assert bool(several) == (most > 1)
