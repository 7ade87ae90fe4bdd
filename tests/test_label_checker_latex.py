"""The label checker on LaTeX: it finds every planted fault, and nothing in records that are right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import label_checker
import pytest
from label_checker import check_record
from label_checking.latex.answers import same_answer
from label_checking.latex.chains import read_step
from label_checking.latex.rules import check_latex
from label_checking.latex.sides import read_side
from latex_records import RIGHT, explained, question, reference, right, step

from lemma.records import ErroneousSolution

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("LEMMA_DATA", ROOT.parent / "shared" / "data"))

PAIRS_STEP = r"There are $\binom{7}{2} = \frac{7 \times 6}{2} = 21$ pairs of teams."
CHAIN = "error step: an equality chain breaks"
FALSE = "error step: an equation is false"
LATER = "later step: an equation is false"
HOLDS = "error step: a calculation error whose equations hold"
NOT_GOLD = "reference: its answer is not the gold one"
REFERENCE = "reference: an equation is false"
BOXED = "the gold answer stands in a box"
IS_GOLD = "answer: the final answer is the gold one"
LAST_BOX = "answer: the last box is not the final answer"
UNSTATED = "answer: the last step does not state the final answer"
STILL_GOLD = "answer: the answer sentence still states the gold answer"
DRAWN, SUBSCRIPT, NOWHERE = (
    f"explanation: a number said to be the question's stands {where}"
    for where in ("only in drawing code", "only in a subscript", "nowhere in it")
)
GIVEN, ASSUMED, UNSOLVED, PART, ABSENT = (
    f"explanation: what a step is said to have found {why}"
    for why in (
        "was given in the question",
        "was assumed",
        "is the right side of an equation still to be solved",
        "is only part of an expression there",
        "does not occur there",
    )
)
NOT_IN_STEP = "explanation: a number said to be in the wrong step is not there"
FALSE_CLAIM = "explanation: it states a false equation"


def chain(wrong: str, **changes: Any) -> ErroneousSolution:
    """An error step that is one chain, of a type that says that all of it holds."""
    fields = {"error_type": "missing_step", "explanation": "A step is missing.", "final_answer": "5"}
    return right("operator", steps=(PAIRS_STEP, rf"So $ {wrong} $. That makes $\boxed{{5}}$."), **{**fields, **changes})


def found(value: str, prefix: str, text: str = PAIRS_STEP) -> ErroneousSolution:
    """A record that says that its first step found a value."""
    explanation = f"${value}$ is what step 1 found, but the question asks for another quantity."
    steps = (prefix, rf"So the answer is $\boxed{{{value}}}$.")
    references = (prefix, r"Each pair plays $4$ games, so we get $\boxed{84}$.")
    return right("misread", reference_steps=references, steps=steps, final_answer=value, explanation=explanation)


FAULTS: list[tuple[str, ErroneousSolution]] = [
    # Chains that break at the changed link.
    (CHAIN, chain(r"\binom{7}{2} = \frac{7 \times 6}{2 + 1} = 14")),
    (CHAIN, chain(r"\frac14-(-\frac32)=\frac14\times\frac64=\frac38")),
    (FALSE, chain(r"2^3 3^5 4^3 5^8 = 2^3 3 2^6 5^8")),
    (CHAIN, chain(r"3!\times6!\times5!\times3! = 6\times720+120\times6 = 5040")),
    (FALSE, chain(r"\binom{30}{3}\binom{40}{4} = (4060)(91930)")),
    (FALSE, chain(r"\tfrac12 + \dfrac13 = \frac{2}{6}")),
    (FALSE, chain(r"2\frac{3}{4} + 1 = 4")),
    (FALSE, chain(r"\sqrt{8} + \sqrt2 = 4\sqrt2")),
    (FALSE, chain(r"10,\!000 - \$5,\!000 = \$15,\!000")),
    (FALSE, chain(r"20\% \cdot 50 = 11")),
    (FALSE, chain(r"90^\circ - 35^\circ = 65^\circ")),
    (FALSE, chain(r"7(3) + (-2)(4) = 12")),
    (FALSE, chain(r"5 \text{ cm} + 3 \text{ cm} = 9\text{ cm}")),
    (FALSE, chain(r"100 \div 5 \cdot 2 = 41")),
    (FALSE, chain(r"\left(\frac{2}{3}\right)^2 = \frac{4}{6}")),
    (FALSE, chain(r"\sin 30^\circ + 1 = 2")),
    (CHAIN, chain(r"f(2) = 3 \cdot 2 + 1 = 6")),
    (FALSE, chain(r"\frac{2}{3} = 0.68")),
    (FALSE, step("aligned", 1, "= \\boxed{15}", "= \\boxed{16}", final_answer="16")),
    # The right answer stands in the wrong solution.
    (f"prefix: {BOXED}", step("operator", 0, "pairs of", r"pairs, so $\boxed{84}$ games of")),
    (f"prefix: {BOXED}", step("operator", 0, "pairs of", r"pairs, so $\boxed{ 84 }$ games of")),
    (f"prefix: {BOXED}", step("operator", 0, "pairs of", r"pairs, so \fbox{84} games of")),
    (f"prefix: {BOXED}", step("fractions", 0, ".", r", or $\boxed{\frac 43}$.", gold_answer=r"\frac{4}{3}")),
    (f"prefix: {BOXED}", step("fractions", 0, ".", r", or $\boxed{ 4/3 }$.", gold_answer=r"\frac{4}{3}")),
    (f"prefix: {BOXED}", step("fractions", 0, ".", r", or $\boxed{x = \dfrac43}$.", gold_answer=r"\frac{4}{3}")),
    (f"error step: {BOXED}", step("operator", 1, "Each", r"As $\boxed{84}$ says, each")),
    (f"error step: {BOXED}", step("operator", 1, r"\boxed{25}", r"\boxed{84}")),
    (f"later step: {BOXED}", step("early", 1, "Each", r"As $\boxed{84}$ says, each")),
    # Numbers that the question does not give.
    (DRAWN, explained("context", "$7$", "$20$", question=right("given").question)),
    (DRAWN, explained("given", "takes $12$", "takes $9$")),
    (SUBSCRIPT, explained("terms", "takes $4$", "takes $20$")),
    (SUBSCRIPT, explained("terms", "takes $4$", "takes $21$")),
    (NOWHERE, explained("terms", "takes $4$", "takes $17$")),
    (
        NOWHERE,
        explained("context", "The step takes $7$ from the problem where $4$ belongs", "The problem says $9$, not $7$"),
    ),
    (
        "explanation: a number said to be invented stands",
        question("invented", "What", "There is a bonus of $50$. What"),
    ),
    # What a step is said to have found.
    (GIVEN, found("7", "There are $7$ teams, so we count pairs.")),
    (GIVEN, found("7", "Since $n = 7$, there are many pairs.")),
    (ASSUMED, found("-2", "Setting $x=-2$, we see that it vanishes.")),
    (ASSUMED, found("3", "If $b = 3$, then it does not work.")),
    (ASSUMED, found("11", "Let $x = 11$ be the width.")),
    (ASSUMED, found("14", "Suppose that the sum of the roots is $14$.")),
    (ASSUMED, found("-2", "In the case $x=-2$, nothing is left.")),
    (UNSOLVED, found("45", "Then $x + x + 7 + 2x + 14 = 45$.")),
    (UNSOLVED, found("27", "This gives $9x - 9y = 27$.")),
    (UNSOLVED, found("0", "So $x^2 - x - 1 = 0$.")),
    (UNSOLVED, found(r"\frac{25}{216}", r"So $\frac{25n(n-1)}{2 \cdot 6^n}=\frac{25}{216}$.")),
    (PART, found("54", "Subtracting yields $4cd = 54m$.")),
    (ABSENT, found("22", PAIRS_STEP)),
    ("explanation: it names a step that is no earlier", explained("misread", "step 1", "step 2")),
    # Signs without a partner.
    ("text: unbalanced dollar in a step", step("operator", 1, "$ games", " games")),
    ("text: unbalanced dollar in a step", step("operator", 1, "plays $4$ games", "plays 4$ games")),
    ("text: unbalanced dollar in a step", step("operator", 1, "$4$ games, so $", "4$ games that are played, so $$")),
    ("text: unbalanced braces in a step", step("operator", 1, r"\boxed{25}", r"\boxed{25}}")),
    ("text: unbalanced environment in a step", step("operator", 1, "$21 + 4", r"$\left(21 + 4")),
    ("text: unbalanced environment in a step", step("operator", 1, "Each", r"\begin{align*} Each")),
    ("text: unbalanced dollar in the explanation", explained("money", "$1000$", "$1000")),
    (
        "text: unbalanced braces in the explanation",
        explained("fractions", r"\frac74-2\frac{1}{4}", r"\frac74-2\frac{1}{4"),
    ),
    ("text: raw LaTeX in the explanation", explained("operator", r"$21 \cdot 4 = 84$", r"21 \cdot 4 = 84")),
    ("text: raw LaTeX in the explanation", explained("fractions", r"$\frac74-2\frac{1}{4}$", r"\frac74-2\frac{1}{4}")),
    # Answers.
    (LAST_BOX, step("operator", 1, r"\boxed{25}", r"\boxed{26}", error_type="calculation_error")),
    (LAST_BOX, right("operator", final_answer="26")),
    (UNSTATED, step("operator", 1, r"\boxed{25}", "25", final_answer="26")),
    (IS_GOLD, right("operator", final_answer="84.0")),
    (IS_GOLD, right("operator", final_answer=r"\frac{168}{2}")),
    (IS_GOLD, right("operator", gold_answer=r"3\sqrt{2}", final_answer=r"\sqrt{18}")),
    (IS_GOLD, right("operator", gold_answer=r"\dfrac{1}{2}", final_answer="0.5")),
    (IS_GOLD, right("operator", gold_answer="2x+3", final_answer="3+2x")),
    (IS_GOLD, right("operator", gold_answer=r"\left(1, \frac12\right)", final_answer="(1,0.5)")),
    (STILL_GOLD, step("chinese", 1, "售价是170元", "售价是150元")),
    (STILL_GOLD, step("chinese", 1, "答：售价是170元", "答案是150")),
    ("prefix: it already states the gold answer", step("operator", 0, "There", "The answer is 84. There")),
    # The reference and its gold answer.
    (REFERENCE, reference("operator", 0, "= 21", r"= 1 - 2 + 5 = \boxed{-6} = 21")),
    (REFERENCE, reference("words", 0, "592.9 plus", "593.9 plus")),
    (REFERENCE, reference("operator", 1, r"21 \cdot 4 = \boxed{84}", r"P(1) = 1 - 2 + 5 = \boxed{84}")),
    (NOT_GOLD, right("operator", gold_answer="85")),
    (
        "reference: the gold answer is one of several numbers",
        reference("operator", 1, r"so $21 \cdot 4 = \boxed{84}$ games are played.", "so $x = 3$ or $x = 84$."),
    ),
    (
        "reference: the gold answer is free text with several numbers",
        reference(
            "operator",
            1,
            r"so $21 \cdot 4 = \boxed{84}$ games are played.",
            "and 12 games take 84 hours.",
            gold_answer="12 games take 84 hours altogether",
        ),
    ),
    # The steps.
    ("prefix: it is not the reference's", right("operator", steps=("There are 21 pairs.", RIGHT["operator"][3][0]))),
    ("error step: it is the reference's", right("operator", steps=right("operator").reference_steps)),
    ("error step: it is a later step of the reference", right("terms", steps=(right("terms").reference_steps[1],))),
    # Calculation errors and the others.
    (HOLDS, step("calculation", 1, r"21 \cdot 4 = \boxed{74}", r"21 \cdot 4 = 70 + 14 = \boxed{84}")),
    (HOLDS, step("early", 0, "= 24", r"= \frac{42}{2}")),
    (HOLDS, step("calculation", 1, r"21 \cdot 4 = \boxed{74}", r"N = 21 \cdot 4 = 70 + 14 = \boxed{84}")),
    ("error step: a calculation error with several", step("calculation", 1, "games, so", "games, $2 + 2 = 5$, so")),
    ("error step: calculation_error: an operand", step("calculation", 1, r"21 \cdot 4", r"21 \cdot 5")),
    (FALSE, step("operator", 1, r"= \boxed{25}", r"= \boxed{26}", final_answer="26")),
    (LATER, step("early", 1, r"24 \cdot 4 = \boxed{96}", r"24 \cdot 4 = \boxed{94}", final_answer="94")),
    (LATER, step("early money", 2, r"15000 - 3000", r"15000 - 2000")),
    (
        "later step: it still uses the right value",
        step("early", 1, r"24 \cdot 4 = \boxed{96}", r"21 + 75 = \boxed{96}"),
    ),
    ("error step: operator_error: a number", step("operator", 1, r"21 + 4 = \boxed{25}", r"21 + 9 = \boxed{30}")),
    ("error step: operator_error: the result", step("operator", 1, r"21 + 4 =", r"21 \cdot 4 =")),
    (
        "error step: context_value_error: a sign",
        step("context", 1, r"21 \cdot 7 = \boxed{147}", r"21 + 7 = \boxed{28}"),
    ),
    ("error step: counting_error: the count", step("money", 2, "5000 - 1001 = ", "5000 - 1003 = ")),
    ("error step: context_value_error: more than", step("context", 1, r"21 \cdot 7 = ", r"11 \cdot 7 = ")),
    # Numbers and expressions of the explanation.
    (NOT_IN_STEP, explained("solve", "goes on with $9$", "goes on with $7$")),
    (NOT_IN_STEP, explained("calculation", "not $74$", "not $75$")),
    (ABSENT, explained("solve", "found $8$", "found $9$")),
    ("explanation: an expression said to be the wrong step's", explained("operator", "not $21 + 4$", "not $21 + 5$")),
    (
        "explanation: an expression said to be right",
        explained("operator", r"but $21 \cdot 4 = 84$", r"but $20 \cdot 4 = 80$"),
    ),
    (FALSE_CLAIM, explained("operator", "= 84$", "= 85$")),
    (FALSE_CLAIM, explained("calculation", "is $84$", "is $85$")),
    (FALSE_CLAIM, explained("calculation", "the tens are wrong", "$4$ times $20$ is $90$")),
    ("explanation: the counts do not differ", explained("money", "too many", "too few")),
    ("explanation: a number stands nowhere", explained("early money", "it away", "away, as 617 says")),
]


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 60
    assert len({rule for rule, _ in FAULTS}) >= 35


@pytest.mark.parametrize(("rule", "record"), FAULTS, ids=[f"{place} {rule}" for place, (rule, _) in enumerate(FAULTS)])
def test_a_planted_fault_is_found(rule: str, record: ErroneousSolution) -> None:
    broken = [finding.rule for finding in check_latex(record).findings]
    assert any(name.startswith(rule) for name in broken), broken


NEAR_MISSES: list[ErroneousSolution] = [
    *(right(name) for name in RIGHT),
    # Chains that hold, in all the ways of writing them.
    *(
        chain(text)
        for text in (
            r"\binom{7}{2} = \frac{7 \times 6}{2} = 21",
            r"\binom72 = {7 \choose 2} = 21",
            r"\frac14-(-\frac32)=\frac14+\frac64=\frac74",
            r"2^3 3^5 4^3 = 2^3 3^5 2^6",
            r"3!\times 2! = 6 \times 2 = 12",
            r"\tfrac12 + \dfrac13 = \frac{5}{6}",
            r"2\frac{3}{4} + 1 = 3\frac34 = \frac{15}{4}",
            r"2\frac{3}{4} = \frac{3}{2}",
            r"\sqrt{8} + \sqrt2 = 3\sqrt2",
            r"10,\!000 - \$5,\!000 = \$5,\!000",
            r"10{,}000 - 1 = 9{,}999",
            r"20\% \cdot 50 = 10",
            r"\frac{1}{5} = 20\%",
            r"90^\circ - 35^\circ = 55^{\circ}",
            r"7(3) + (-2)(4) = 13",
            r"5 \text{ cm} + 3 \text{ cm} = 8\text{ cm}",
            r"(5\text{ cm})(3\text{ cm})=15\text{ cm}^2",
            r"100 \div 5 \cdot 2 = 40",
            r"\left(\frac{2}{3}\right)^2 = \frac{4}{9}",
            r"\sin 30^\circ + 1 = \frac32",
            r"f(3) + 1 = 3",
            r"g(2) + g(3) = 4",
            r"\tau(30^4) = 125",
            r"2^2 = 1 \pmod 3",
            r"3^2 \equiv 2 \pmod{7}",
            r"\frac{2}{3} = 0.67",
            r"\frac{2}{3} \approx 0.7",
            r"\gcd(12, 8) = 4",
            r"1 + 2 + \cdots + 100 = 5050",
            r"\begin{pmatrix} 1 \\ 2 \end{pmatrix} = 3",
            r"2x + 65 = 105",
            r"5 < 2 + 4 = 6",
            r"4343_6 = 999",
            r"-2^2 = -4",
            r"|3 - 5| = 2",
            r"\left\lfloor \frac{199}{14} \right\rfloor = 14",
            r"\log_3 81 = 4",
            r"x = 3, 4 + 5 = 9",
            r"\frac{\cancelto{2}{8}}{\cancel{4}} = 2",
            r"2 \cdot 3 = 6 \Rightarrow 7 = 3 + 4",
        )
    ),
    # Boxes that hold another number, or the gold answer's digits only.
    step("operator", 0, "pairs of", r"pairs ($\boxed{21}$) of"),
    step("operator", 0, "pairs of", r"pairs (and $84$ games in all) of"),
    step("fractions", 0, ".", r", or $\boxed{\frac 34}$.", gold_answer="4"),
    # Numbers that the question gives, also in words, as a fraction or as money.
    question("context", "$7$ teams", "seven teams"),
    question("terms", "$4$ more", "four more"),
    question("terms", "What", "[asy] draw((4,6)); [/asy] What"),
    question("invented", "What", "[asy] draw((50,6)); [/asy] What"),
    question("invented", "twice", r"$x_{50}$ aside, twice"),
    # What a step found: computed from what was assumed or given, or the same number as one of the question.
    found("21", PAIRS_STEP),
    found("10", "Setting $x = 2$, we get $5x = 5 \\cdot 2 = 10$."),
    found("4", "We see that $x = 8 / 2 = 4$."),
    found("7", "So the number of teams is $3 + 4 = 7$."),
    found("60", "We have $3x = 180 \\Rightarrow x = 60$."),
    found("13", "The distance is $2c = 26,$ so $c = 13.$"),
    found("36", "So $x^2 - y^2 = 6^2 = 36$."),
    found(r"\frac{5}{18}", r"The probability is $\frac{10}{36} = \frac{5}{18}$."),
    found("12.25", r"Then $4 < t < \frac{49}{4} = 12.25$."),
    found("5", "There are $5$ openings between the books."),
    found("-3", "So the slope is $-3$."),
    # Text.
    step("operator", 1, "games, so", r"games at \$5 each, so"),
    step("operator", 1, "games, so", r"games, $x \in \{1, 2\}$, so"),
    step("operator", 1, "$21 + 4 = ", r"$\left(21 + 4\right) = "),
    explained("operator", "The step", "By rule $x_1 \\le \\frac{4}{7}$, the step"),
    explained("early money", "away.", r"away, all 20\% of it."),
    # Answers in other forms.
    right("operator", final_answer=r"\boxed{25}"),
    right("operator", final_answer="25.0"),
    right("fractions", final_answer="-0.5"),
    right("fractions", final_answer=r"-\dfrac{1}{2}"),
    right("operator", gold_answer=r"84\text{ games}"),
    right("money", gold_answer=r"4,\!000"),
    # The reference: several numbers, of which one is clearly the answer.
    reference("operator", 1, "games are", "games in $3$ or $4$ weeks are"),
    reference("operator", 0, "pairs of", "pairs, and $P(1) = 1 - 2 + 5 = 4$, of"),
    reference("solve", 1, "3$.", "3$, and $0 = -12$ is absurd."),
]


def test_there_are_enough_near_misses() -> None:
    assert len(NEAR_MISSES) >= 60


@pytest.mark.parametrize("record", NEAR_MISSES, ids=lambda record: record.steps[record.error_step][:60])
def test_a_right_record_raises_no_alarm(record: ErroneousSolution) -> None:
    assert [(finding.rule, finding.detail) for finding in check_latex(record).findings] == []


READ: list[tuple[str, Fraction | int | None]] = [
    (r"\frac43", Fraction(4, 3)),
    (r"\tfrac{1}{2} + \dfrac 13", Fraction(5, 6)),
    (r"\frac{1}{2+\frac12}", Fraction(2, 5)),
    (r"2\frac{3}{4}", Fraction(11, 4)),
    (r"3 1/2", Fraction(7, 2)),
    (r"\sqrt{16} + \sqrt[3]{8}", 6),
    (r"8^{1/3}", 2),
    (r"2^{-3}", Fraction(1, 8)),
    (r"2^3 3 2^6", 1536),
    (r"(2)(3)(-4)", -24),
    (r"3!\times 2!", 12),
    (r"\binom{7}{2} + {5 \choose 2}", 31),
    (r"10,\!000 - \$5{,}000", 5000),
    (r"12\% \cdot 50", 6),
    (r"100 \div 5", 20),
    (r"90^{\circ} - 35^\circ", 55),
    (r"50 \text{ km}/\text{h} \cdot 2 \text{ h}", 100),
    (r"\left\lfloor \frac{199}{14} \right\rfloor", 14),
    (r"|3 - 5|", 2),
    (r"0.1\overline{3}", Fraction(2, 15)),
    (r"4343_6", 999),
    (r"\sin^2 30^\circ + \cos^2 30^\circ", 1),
    (r"\frac{1}{\cancel{5}} \cdot \frac{\cancelto{2}{10}}{7}", Fraction(2, 7)),
    (r"f(3) + 1", None),
    (r"3x", None),
    (r"3 4", None),
    (r"\tau(30)", None),
    (r"\frac{}{}", None),
    (r"1 + \cdots + 9", None),
    (r"5/0", None),
    (r"9^{9^{9^9}}", None),
    (r"100000!", None),
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_the_value_of_a_side(text: str, value: Fraction | int | None) -> None:
    values = read_side(text).values
    assert (values[0] if values else None) == value


@pytest.mark.parametrize(
    ("text", "equations"),
    [
        (r"$50$ mph $\times 2$ hours $= 100$ miles", [("50 \\times 2 = 100", True)]),
        (r"99.1 plus 592.9 equals 692", [("99.1 + 592.9 = 692", True)]),
        (r"We see that f(3) + 1 = 3.", []),
        (r"40 calories is equal to $2\%=\frac{2}{100}$ of it", [("2\\% = \\frac{2}{100}", True)]),
        (r"so 30% of $50$ is 1/4 of 60 = 15.", [("1 / 4 *  60 = 15", True)]),
        (r"\begin{align*}2& + 3 \\ &= 5\\ &= 6\end{align*}", [("2 + 3 = 5", True), ("5 = 6", False)]),
        (r"It is $1 \mbox{ foot} = 12 \mbox{ inches}$, and $2 \cdot \$0.05 = 10 \text{ cents}$.", []),
        (r"$0 = -12$ is absurd, $x = 3, 4 + 5 = 9$.", [("4 + 5 = 9", True)]),
    ],
)
def test_the_equations_of_a_step(text: str, equations: list[tuple[str, bool]]) -> None:
    found = [(" ".join(equation.text.split()), equation.holds) for equation in read_step(text).equations]
    assert found == [(" ".join(shown.split()), holds) for shown, holds in equations]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (r"\frac 43", r"\dfrac{4}{3}", True),
        ("x = 5", "5", True),
        ("1, 2", "2, 1", True),
        ("(1, 2)", "(2, 1)", False),
        (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\frac{\pi}2)", True),
        ("5.4 \\text{ cents}", "5.4", True),
        (r"3\sqrt{2}", r"\sqrt{18}", True),
        ("160元", "160", True),
        ("1800", "18", False),
        (r"\text{odd}", "even", False),
    ],
)
def test_equal_answers(one: str, other: str, same: bool) -> None:
    assert same_answer(one, other) is same


def test_what_is_not_read_is_counted() -> None:
    coverage = check_record(chain(r"f(3) + 1 = 3 \Rightarrow 1 + \cdots + 9 = 45 \Rightarrow 2 + 3 = 5")).coverage
    parts = ("read", "letters", "not read")
    assert [coverage[f"LaTeX, error step: {how}"] for how in parts] == [1, 1, 1]


def test_records_without_latex_are_read_as_before() -> None:
    record = right("misread", question="How many?", gold_answer="4", final_answer="45")
    steps = ("x + 2x = 45", "So the answer is 45.")
    plain = record.model_copy(update={"steps": steps, "reference_steps": (steps[0], "So 1 + 3 = 4.")})
    report = check_record(plain.model_copy(update={"explanation": "45 is what step 1 found."}))
    assert UNSOLVED in [finding.rule for finding in report.findings]
    assert not any(name.startswith("LaTeX") for name in report.coverage)


def test_the_command_reads_several_runs_and_half_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [right("operator", id=f"{n:x}", problem_id=f"{n:016x}") for n in range(3)]
    (tmp_path / "erroneous.jsonl").write_text("".join(record.model_dump_json() + "\n" for record in records), "utf-8")
    checker = [sys.executable, str(ROOT / "benchmarks" / "label_checker.py"), str(tmp_path), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(checker, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.count("3  checked") == 2
    assert done.stdout.count("LaTeX, error step: 3 of 3 read (100.0%)") == 2
    assert done.stderr == ""
    for half, checked in (("even", 2), ("odd", 1)):
        monkeypatch.setattr(sys, "argv", ["label_checker.py", str(tmp_path), "--half", half])
        label_checker.main()
        said, complaints = capsys.readouterr()
        assert said.count(f"{checked}  checked") == 1
        assert f"LaTeX, error step: {checked} of {checked} read (100.0%)" in said
        assert complaints == ""


def math_solutions() -> list[str]:
    path = DATA / "math_500.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["solution"] for line in lines]


def test_reference_solutions_of_math_are_read() -> None:
    """A fixed sample of real text: nothing in it is false, and little of its arithmetic can't be read."""
    readings = [read_step(solution) for solution in math_solutions()]
    counts = Counter({"read": 0, "not read": 0})
    for reading in readings:
        counts += Counter({"read": reading.read, "not read": reading.unread})
    false = [equation.text for reading in readings for equation in reading.equations if not equation.holds]
    assert len(false) <= 5, false
    assert counts["read"] > 650
    assert counts["read"] / counts.total() > 0.85
