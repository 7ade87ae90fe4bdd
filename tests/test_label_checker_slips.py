"""The checker of what explanations say of slips in calculations: it believes what is so, and no planted fault."""

from __future__ import annotations

import random
import re
from contextlib import suppress
from fractions import Fraction

import pytest
from label_checking.rules import check
from label_checking.slips import claims_hold

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, evaluate
from lemma.arithmetic.numbers import normal
from lemma.injectors.calculation_error import slips_of
from lemma.injectors.written_arithmetic import face, without_decimals
from lemma.records import ErroneousSolution

RIGHT = [
    "185 + 234 is 419, not 429: in the tens, 8 + 3 is 11, but 12 was used.",
    "$4.50 + $2.75 is $7.25, not $6.25: the 1 that is carried to the ones is dropped.",
    "36 + 27 + 8 is 71, not 72: in the ones, 6 + 7 + 8 is 21, but 22 was used.",
    "56 + 78 is 134, not 144: in the tens, 5 + 7 + the 1 carried is 13, but 14 was used.",
    "29 + 17 + 8 is 54, not 44: 2 has to be carried to the tens, but 1 was carried.",
    "160 + 227 is 387, not 487: a 1 is carried, although 6 + 2 is only 8.",
    "235 - 114 is 121, not 111: a 1 is borrowed, although 5 is not less than 4.",
    "1,800 - 1170 is 630, not 730: the 1 that is borrowed from the hundreds is not taken away.",
    "83 - 47 is 36, not 35: in the ones, 13 - 7 is 6, but 5 was used.",
    "83 - 47 is 36, not 44: in the ones, 3 is taken from 7 instead of 7 from 13.",
    "$10.25 - $3.50 is $6.75, not $13.35: in each column, the smaller digit is taken from the larger one.",
    "150 - 39 is 111, not 110: 40 is taken away in place of 39.",
    "47 + 39 is 86, not 87: 40 is added in place of 39.",
    "64 * 7 is 448, not 568: in the tens, the 2 carried is added to the 6 before multiplying, so 8 and not 6 is "
    "multiplied by 7.",
    "640 * 7 is 4480, not 5680: without the zero, 64 times 7 is 448; "
    "the 2 carried is added to the 6 before multiplying, so 8 and not 6 is multiplied by 7.",
    "247 + 138 is 385, not 395: the 1 that is carried to the tens is added twice.",
    "14 apples x 6 is 84, not 64: the 2 that is carried to the tens is dropped.",
    "7 * 8 is 56, not 54: 54 is 6 times 9.",
    "27 * 8 is 216, not 226: the tens digit is wrong.",
    "$27 * 8 is $216, not $215: the ones digit is wrong.",
    "4321 * 8 is 34,568, not 24,568: one digit is wrong.",
    "7 * 9 is 63, not 61: 61 is not in the times table of 7.",
    "6x = 72 gives 12, not 11: 11 times 6 is 66, not 72.",
    "46 * 38 is 1748, not 1380: 46 times 8 is left out.",
    "46 * 38 is 1748, not 1248: only 40 times 30 and 6 times 8 are added.",
    "12 * 23 is 276, not 60: the second partial product, 12 times 2, is not shifted to the tens.",
    "64 * 83 is 5312, not 5212: 64 times 3 is 192 and 64 times 80 is 5120; in their sum, "
    "the 1 that is carried to the hundreds is dropped.",
    "46 * 38 is 1748, not 1708: in 46 times 8, the 4 that is carried to the tens is dropped.",
    "46 * 38 is 1748, not 1740: in 46 times 8, 6 times 8 is 48, but 40 was used.",
    "30 * 2.5 is 75, not 72: without the zero and the decimal point, "
    "3 times 25 is 75; 5 times 3 is 15, but 12 was used.",
    "40 * 12 is 480, not 360: without the zero, 4 times 12 is 48, and 36 is 3 times 12.",
    "15% * 60 is 9, not 6: without the zero and the percent sign, 15 times 6 is 90; 5 times 6 is left out.",
    "30 * 4 is 120, not 1200: there is one zero too many.",
    "160 * 50 is 8000, not 800: there is one zero too few.",
    "816 / 8 is 102, not 12: a zero of the quotient is lost.",
    "0.3 * 8 is $2.40, not $0.24: the decimal point is one place too far to the left.",
    "400 / 16 is 25, not 20: the 8 left over in the tens is dropped.",
    "X*2 = $290 gives $145, not $140: the 1 left over in the tens is dropped.",
    "27 / 4 is 6.75, not 6: the remainder 3 is dropped.",
    "27 / 2 is 13.5, not 13.1: the remainder 1 is written behind the decimal point.",
    "3500 * .5 is 1750, not 1250: when 3500 is halved, the 1 left over in the thousands is dropped.",
    "105 / 7 is 15, not 14: in the ones, 35 divided by 7 is 5, but 4 was used.",
    "1.5 * 6 is 9, not 6: the .5 is ignored.",
    "$4.50 + $2.75 is $7.25, not $7.00: the .25 is dropped.",
    "15 + 23 + 30 is 68, not 45: 23 is passed over.",
    "30 + 15 + 40 is 85, not 100: 15 is added twice.",
    "34 + 400 + 52 is 486, not 792: 34 is written one place too far to the left.",
    "$14.50 + $2 is $16.50, not $14.70: the 2 is added to the tenths.",
    "1031 + 121 is 1152, not 1125: the digits 5 and 2 of 1152 changed places.",
    "8 + 4 is 12, not 11: the step is off by one.",
    "8 + 5 is 13, not 15: the step is off by two.",
    "2 + 3 * 4 is 14, not 20: it was worked out from left to right, although the multiplication comes first.",
    "6*$5*(10/100) is $3, not $3.50: 6 * 5 is 30, and the step worked with 35 (35 is 7 times 5).",
    "9+2(8) is 25, not 24: 9 + 16 is 25, and the step worked with 24 (in the ones, 9 + 6 is 15, but 14 was used).",
]
WRONG = [
    "8 + 4 is 12, not 11: somebody counts badly.",  # no form of those that are listed
    "185 + 234 is 419, not 429: in the ones, 8 + 3 is 11, but 12 was used.",
    "$4.50 + $2.75 is $7.25, not $6.25: the 1 that is carried to the tens is dropped.",
    "42 + 25 is 67, not 77: a 1 is carried, although 8 + 5 is only 13.",
    "83 - 47 is 36, not 46: the 1 that is borrowed from the hundreds is not taken away.",
    "83 - 47 is 36, not 44: in each column, the smaller digit is taken from the larger one.",
    "83 - 47 is 36, not 44: in the tens, 3 is taken from 7 instead of 7 from 13.",
    "12 * 23 is 276, not 50: the second partial product, 12 times 2, is not shifted to the tens.",
    "12 * 23 is 276, not 60: the second partial product, 12 times 3, is not shifted to the tens.",
    "64 * 7 is 448, not 568: in the tens, the 2 carried is added to the 6 before multiplying, so 8 and not 6 is "
    "multiplied by 6.",
    "46 * 38 is 1748, not 1708: in 46 times 7, the 4 that is carried to the tens is dropped.",
    "30 * 4 is 120, not 1200: there is one zero too few.",
    "160 * 50 is 8000, not 800: there is one zero too many.",
    "816 / 8 is 102, not 10: a zero of the quotient is lost.",
    "0.3 * 8 is $2.40, not $0.26: the decimal point is one place too far to the left.",
    "3500 * .5 is 1750, not 1250: when 3500 is divided by 4, the 1 left over in the thousands is dropped.",
    "15 + 23 + 30 is 68, not 45: 23 is added twice.",
    "8 + 4 is 12, not 11: the step is off by two.",
    "27 * 8 is 216, not 226: the ones digit is wrong.",
    "27 * 8 is 216, not 227: the tens digit is wrong.",
    "27 * 8 is 216, not 26: one digit is wrong.",
    "27 * 8 is 216, not 126: one digit is wrong.",
    "4 + 6 / 2 is 7, not 5: it was worked out from left to right, although the multiplication comes first.",
    "2 + 3 * 4 is 14, not 24: it was worked out from left to right, although the multiplication comes first.",
]
_IN_REASON = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.]*\d)")


@pytest.mark.parametrize("explanation", RIGHT)
def test_what_is_so_is_believed_and_no_other_number(explanation: str) -> None:
    assert claims_hold(explanation)
    # One number of the reason is one higher: 300 planted faults.
    start = explanation.index(": ") + 2
    for match in _IN_REASON.finditer(explanation, start):
        planted = f"{explanation[: match.start()]}{int(float(match.group())) + 1}{explanation[match.end() :]}"
        # "not less than" stays true of a larger number.
        assert claims_hold(planted) is False or "not less than" in explanation, planted


@pytest.mark.parametrize("explanation", WRONG)
def test_what_is_not_so_is_found(explanation: str) -> None:
    assert claims_hold(explanation) is False


def test_an_explanation_that_says_nothing_of_a_slip_is_not_judged() -> None:
    assert claims_hold("5 x 7 is 35, not 45.") is None


def test_the_checker_reads_the_explanations_of_calculation_errors() -> None:
    reference = ("Tom buys 5 x 7 = 35 apples.", "He eats 4, so 35 - 4 = 31.")
    record = ErroneousSolution(
        id="one", problem_id="p", question="5 bags of 7 apples, 4 are eaten. How many are left?", gold_answer="31",
        reference_steps=reference, steps=("Tom buys 5 x 7 = 30 apples.", "He eats 4, so 30 - 4 = 26."), error_step=0,
        error_type="calculation_error", explanation="5 x 7 is 35, not 30: 30 is 5 times 6.", final_answer="26",
        origin="symbolic", model="by hand",
    )  # fmt: skip
    assert check(record) == []
    false = record.model_copy(update={"explanation": "5 x 7 is 35, not 30: 30 is 4 times 6."})
    assert [finding.rule for finding in check(false)] == ["h: what the explanation says of the slip does not hold"]


def _numbers(rng: random.Random) -> int | Fraction:
    kinds = [
        rng.randrange(30),
        rng.randrange(1, 1000),
        rng.randrange(1, 100) * 10 ** rng.randrange(4),
        normal(Fraction(rng.randrange(1, 5000), 100)),
        rng.choice([1, 10, 98, 99, Fraction(1, 2), Fraction(1, 4), Fraction(1, 10)]),
    ]
    return rng.choice(kinds)


@pytest.mark.parametrize("sign", "+-*/")
def test_every_slip_that_is_made_is_what_it_is_said_to_be(sign: str) -> None:
    rng, found = random.Random(0), 0
    for _ in range(600):
        left, right = _numbers(rng), _numbers(rng)
        with suppress(ArithmeticRefusal):
            result = evaluate(Binary(sign, 0, 1), (left, right))
            for slip in (*slips_of(sign, left, right, result), *without_decimals(result)):
                told = f"{face(left)} {sign} {face(right)} is {face(result)}, not {face(slip.value)}: {slip.reason}."
                # What has no decimal form stands in no text.
                if slip.value > 0 and "/" not in told.replace(" / ", ""):
                    assert claims_hold(told), told
                    found += 1
    assert found > 60
