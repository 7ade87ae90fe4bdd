"""Errors in the formulas of LaTeX solutions: what is carried, what is refused, and what each type proposes."""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import suppress

import pytest

from lemma.arithmetic.chain_solution import false_links, read_chain_solution
from lemma.arithmetic.chains import Chain, chains_of, read_items
from lemma.arithmetic.latex import boxed
from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.injectors.conditions import refuse_against_question
from lemma.injectors.formulas import proposals
from lemma.injectors.formulas.misworked import likely_digit_slips
from lemma.injectors.formulas.proof import carried
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.records import Problem

TYPES = (
    "calculation_error",
    "operator_error",
    "missing_step",
    "formula_confusion_error",
    "confusing_concept_error",
    "context_value_error",
    "previous_step_value_error",
    "contradictory_step",
    "counting_error",
    "question_misinterpretation_error",
)
FALSE = (
    "calculation_error",
    "sign_error",
    "exponent_law_error",
    "fraction_error",
    "cross_term_error",
    "formula_confusion_error",
)
CHAINS = {
    r"So $x = (9 + 81)/2 = 90/2 = \boxed{45}.$": [[None, 45, 45, 45]],
    "\\begin{align*}\n3x &= 12 + 9 \\\\\n&= 21.\n\\end{align*}": [[None, 21, 21]],
    r"Hence $a = 5,$ so $2a = 10 \Rightarrow b = 3$": [[None, 5], [None, 10], [None, 3]],
    r"We get \[(x,y) = (2^3 + 7, 4 - 6) = \boxed{(15,-2)}.\]": [[None, 15, 15], [None, -2, -2]],
    r"There are $1,\!000 + 24$ and $\$3.50$": [[1024], ["7/2"]],
    r"The roots are $\boxed{3, 5, 7}.$": [[3], [5], [7]],
    r"$\begin{pmatrix} 1 \\ 2 \end{pmatrix} = v$": [[None], [1], [2]],
    r"$f(3) = 10 \text{ and } 4 + 5 = 9$": [[None, 10], [9, 9]],
    r"[asy] draw((0,0)--(3,4)); [/asy] $3 < 4$": [[3, 4]],
}


@pytest.mark.parametrize(("text", "expected"), CHAINS.items())
def test_chains(text: str, expected: list[list[object]]) -> None:
    found = [[None if one is None else str(one.rational) for one in chain.values] for chain in chains_of(text, 0)]
    wanted = [[None if one is None else str(one) for one in chain] for chain in expected]
    assert found == wanted


def made(question: str, steps: tuple[str, ...], gold: str, *kinds: str) -> tuple[set[tuple[str, ...]], Counter[str]]:
    """The wrong solutions, from the error step on, and why others are refused."""
    solution = read_chain_solution(question, steps, gold)
    found, refused = set(), Counter[str]()
    for kind in kinds or TYPES:
        for proposed in proposals(solution, kind, random.Random(0)):
            try:
                wrong, step, answer = carried(solution, proposed)
            except Refusal as refusal:
                refused[refusal.reason] += 1
                continue
            assert verdict(gold, answer) == "different" and wrong[:step] == steps[:step]
            _check_equations(wrong, step, kind)
            found.add(wrong[step:])
    return found, refused


def _check_equations(steps: tuple[str, ...], at: int, kind: str) -> None:
    chains = [item for n, text in enumerate(steps) for item in read_items(text, n) if isinstance(item, Chain)]
    false = [chain.step for chain in chains for _ in false_links(chain)]
    assert false in ([], [at]) if kind in FALSE else not false


CARRIED = [
    # kind, question, steps, gold, one of the wrong solutions from the error step on
    (
        "calculation_error",
        "What is the average of $48$ and $36$?",
        (r"It is $(48 + 36)/2 = 84/2 = \boxed{42}$.",),
        "42",
        (r"It is $(48 + 36)/2 = 74/2 = \boxed{37}$.",),
    ),
    (
        "exponent_law_error",
        "Simplify.",
        (r"We have $\sqrt{48} + \sqrt{3} = 4\sqrt{3} + \sqrt{3} = \boxed{5\sqrt{3}}$.",),
        r"5\sqrt{3}",
        (r"We have $\sqrt{48} + \sqrt{3} = 16\sqrt{3} + \sqrt{3} = \boxed{17\sqrt{3}}$.",),
    ),
    (
        "sign_error",
        "Solve $x-9 = 74$.",
        (r"We have $x-9=74$.", r"This yields $x = \boxed{83}$."),
        "83",
        (r"This yields $x = \boxed{65}$.",),
    ),
    (
        "calculation_error",
        "Find the angles.",
        (
            r"It is $540^\circ / 6 = 90^\circ - 0$.",
            r"So $\angle A = 180^\circ - 72^\circ = 108^\circ$.",
            r"It is $\boxed{108^\circ}$.",
        ),
        r"108^\circ",
        (r"So $\angle A = 180^\circ - 72^\circ = 118^\circ$.", r"It is $\boxed{118^\circ}$."),
    ),
    (
        "operator_error",
        "Find $a$.",
        (r"We have $a = 23 \cdot 4 - 17 = 92 - 17 = \boxed{75}$.",),
        "75",
        (r"We have $a = 23 \cdot 4 + 17 = 92 + 17 = \boxed{109}$.",),
    ),
    (
        "missing_step",
        "Find $a$.",
        (r"It is $\frac{12 \cdot 5}{2} + 4 = 30 + 4 = \boxed{34}$.",),
        "34",
        (r"It is $12 \cdot 5 + 4 = 60 + 4 = \boxed{64}$.",),
    ),
    (
        "formula_confusion_error",
        "How many pairs are there among 9 people?",
        (r"There are $\binom{9}{2} + 5 = 36 + 5 = \boxed{41}$.",),
        "41",
        (r"There are $(9 \cdot 8) + 5 = 72 + 5 = \boxed{77}$.",),
    ),
    (
        "confusing_concept_error",
        "Find it.",
        (r"The length is $10 \cos 30^\circ = \boxed{5\sqrt{3}}$.",),
        r"5\sqrt{3}",
        (r"The length is $10 \sin 30^\circ = \boxed{5}$.",),
    ),
    (
        "context_value_error",
        "An angle is $54^\\circ$ and one $52^\\circ$.",
        (r"They add up to $54^\circ + 52^\circ = \boxed{106^\circ}$.",),
        r"106^\circ",
        (r"They add up to $45^\circ + 52^\circ = \boxed{97^\circ}$.",),
    ),
    (
        "contradictory_step",
        "Find $h + k$.",
        (r"We see that $h = 4 - 7 = -3$.", r"Also $k = 3 \cdot 4 = 12$.", r"So $h + k = -3 + 12 = \boxed{9}$."),
        "9",
        (r"So $h + k = 3 + 12 = \boxed{15}$.",),
    ),
    (
        "previous_step_value_error",
        "Find $b$.",
        (r"We see that $a = 5 \cdot 9 = 45$.", r"Then $b = 3 \cdot 21 = 63$.", r"The length of $AB$ is $\boxed{63}$."),
        "63",
        (r"The length of $AB$ is $\boxed{45}$.",),
    ),
    (
        "counting_error",
        "How many divisors of 12 are there?",
        (r"They are 1, 2, 3, 4, 6, and 12.", r"So there are $\boxed{6}$ divisors."),
        "6",
        (r"So there are $\boxed{7}$ divisors.",),
    ),
    (
        "exponent_law_error",
        "Find the point.",
        (r"At $t = 2,$ $(x,y) = (2^5 + 7, 18 - 6 \cdot 7) = \boxed{(39,-24)}.$",),
        "(39,-24)",
        (r"At $t = 2,$ $(x,y) = (2^5 + 7, 18 - 6 \cdot 7) = \boxed{(17,-24)}.$",),
    ),
]


@pytest.mark.parametrize(("kind", "question", "steps", "gold", "expected"), CARRIED)
def test_what_is_changed_is_carried_on(
    kind: str, question: str, steps: tuple[str, ...], gold: str, expected: tuple[str, ...]
) -> None:
    found, refused = made(question, steps, gold, kind)
    assert expected in found, (found, refused)


TOLD = [
    # A type, question, steps, gold, and an explanation; or None if nothing of this type may be made.
    ("context_value_error", "Let $f(x) = x^3 - 49x^2 + 623x$.", (r"The sum is $49 - 15 = \boxed{34}$.",), "34", None),
    ("context_value_error", "Tom has $49$ pens, Ann loses $15$.", (r"It is $49 - 15 = \boxed{34}$.",), "34",
     "The problem says $49$, not $94$: it should be $49 - 15 = 34$."),
    ("question_misinterpretation_error", "Find the shortest path.",
     (r"One is $3 \cdot 41 = 123$.", r"The other is $4 \cdot 29 = 116$.",
      r"This is smaller, so the answer is $\boxed{116}$."),
     "116", None),
    ("question_misinterpretation_error", "Find the shortest path.",
     (r"One is $3 \cdot 41 = 123$.", r"The other is $4 \cdot 29 = 116$.", r"Thus our final answer is $\boxed{116}$."),
     "116", None),  # nobody reads the question as one for the longest
    # The right value stands beside the wrong one.
    ("contradictory_step", "Find the maximum.",
     (r"As $a + b = 123$, the maximum of $ab$ is $\boxed{123}$.",), "123", None),
    ("contradictory_step", "Find the maximum.",
     (r"Thus $ab = 4 \cdot 32 = 128$.", r"The maximum is $\boxed{128}$."), "128",
     None),
    ("contradictory_step", "Find $h$.", (r"So $h = 3 + 2 = 5$.", r"The height is $\boxed{5}$."), "5", None),
    ("contradictory_step", "Find the difference of the roots.",
     (r"The first is $\sqrt{64} = 8$.", r"The other is $\sqrt[3]{64} = 4$.", r"It is $8 - 4 = \boxed{4}$."), "4", None),
    # The source is the last step that says the number.
    ("previous_step_value_error", "Find the sum.",
     (r"There are $4! = 24$ ways.", r"So it is $3 \cdot 24 = 72$.", r"Again there are $4! = 24$ ways.",
      r"Then it is $72 + 24 = \boxed{96}$."), "96",
     None),  # nobody copies a number of two digits wrong
    ("previous_step_value_error", "Find the angle.",
     (r"It is $17 \cdot 3 = 51$, and $42 \cdot 4 = 168$.", r"Half of it is $\frac{168}{2} = \boxed{84}$."), "84",
     r"Step 1 found $168$, but this step copies it as $186$: it should be $\frac{168}{2} = 84$."),
    # One of two squares is not worked out otherwise than the other.
    ("previous_step_value_error", "In how many ways can they sit?",
     (r"There are $2 \cdot 2 = 4$ ways for two.", r"The $4$ others can sit in $4! = 24$ ways.",
      r"So there are $5 \cdot 24 = \boxed{120}$ ways."), "120", None),
    # What a part is has been said, and the sum of the numbers that change sides is not written.
    ("calculation_error", "Find it.", (r"It is $\frac{900}7-\frac{630}7=\boxed{\frac{270}7}$.",), r"\frac{270}7",
     r"$\frac{900}7-\frac{630}7$ is $\frac{270}7$, not $\frac{370}{7}$: the numerators give $900 - 630 = 270$, "
     "not $370$ (the 1 that is borrowed from the hundreds is not taken away)."),
    ("sign_error", "Find $n$.", (r"Solving $2(n-1)+n-2=8$ we find $n=\boxed{4}$.",), "4", None),
    ("cross_term_error", "Find it.", (r"It is $(8-2)^2+(9-4)^2=\boxed{61}$.",), "61", None),
    ("cross_term_error", "Find it.", (r"It is $(8-2)^2+7=\boxed{43}$.",), "43",
     "Squaring $(8-2)$ term by term leaves out the cross term. It should be $(8-2)^2+7 = 43$."),
    ("formula_confusion_error", "Find it.", (r"It is $(8-2)^2+7=\boxed{43}$.",), "43", None),
    ("missing_step", "Find it.", (r"It is $(-2)(3) + (9)(4) + (7)(-5) = \boxed{-5}.$",), "-5",
     "The step leaves out the term $(7)(-5)$: it should be $(-2)(3) + (9)(4) + (7)(-5) = -5$."),
    ("counting_error", "How many squares are there?",
     (r"They are 16 and 36.", r"Thus, there are $\boxed{2}$ of them."), "2", None),
    ("confusing_concept_error", "The circles have radii $4$ and $6$. What is the area of the ring?",
     (r"It is $\pi\cdot 6^2-\pi\cdot 4^2=\boxed{20\pi}$.",), r"20\pi", None),
    # The same step or the one before shows what is right.
    ("missing_step", "How many outfits are there?",
     (r"There are 5 shirts and 8 hats, so $5 \times 8 \times 7 = \boxed{280}$ outfits with 7 pants.",), "280", None),
    ("operator_error", "Find the area.",
     (r"It is the total minus the rest.", r"The rest is $2 \cdot 1 = 2$.", r"So it is $12 - 2 = \boxed{10}$."), "10",
     None),
    ("operator_error", "Find it.", (r"Again, it is $12 - 2 = \boxed{10}$.",), "10", None),
    ("operator_error", "Find the midpoint.", (r"It is $\left(\frac{3+5}{2}, \frac{5+7}{2}\right) = \boxed{(4,6)}$.",),
     "(4,6)", None),
    ("coordinate_swap_error", "Find the midpoint.",
     (r"It is $\left(\frac{3+5}{2}, \frac{5+7}{2}\right) = \boxed{(4,6)}$.",), "(4,6)", None),
    ("lost_root_error", "Find all solutions.", (r"As $(n - 1)(n + 2) = 0$, $n$ is $\boxed{1, -2}$.",), "1, -2", None),
    ("exponent_law_error", "Find it.", (r"It is $2^2 \cdot 3^2 = \boxed{36}$.",), "36", None),
    # An end of an interval has its reason.
    ("endpoint_error", "Find the set of $x$.",
     (r"So $0 < x < 36.$", r"We add $1$.", r"Thus $x \in \boxed{(0, 36)}$."), "(0, 36)",
     r"Since $x < 36$, the endpoint $36$ does not belong to the answer: it should be $(0, 36)$."),
    ("endpoint_error", "Find the set of $x$.", (r"Thus $x \in \boxed{(0, 36)}$.",), "(0, 36)", None),
    ("formula_confusion_error", "In how many ways can the letters of PENCIL be arranged?",
     (r"It is $6! = \boxed{720}$.",), "720", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "question", "steps", "gold", "told"), TOLD)
def test_what_is_told(kind: str, question: str, steps: tuple[str, ...], gold: str, told: str | None) -> None:
    solution, explanations = read_chain_solution(question, steps, gold), []
    for proposed in proposals(solution, kind, random.Random(0)):
        with suppress(Refusal):
            carried(solution, proposed)
            explanations.append(proposed.explanation)
    assert not explanations if told is None else told in explanations, explanations


@pytest.mark.parametrize(("operator", "left", "right"), [("+", 21, 19), ("+", 845, 5), ("/", 90, 2), ("*", 13, 13)])
def test_nobody_gets_a_fact_wrong_that_everybody_knows(operator: str, left: int, right: int) -> None:
    reasons = [reason for _, reason in likely_digit_slips(operator, left, right)]
    assert not any(re.search(r"1 \+ 9|5 \+ 5|10 divided by|\b3 times 3 is \d", reason) for reason in reasons), reasons


def test_one_of_several_products_keeps_its_factors() -> None:
    found = made("Find it.", (r"It is $(-2)(3) + (9)(4) + (7)(-5) = \boxed{-5}.$",), "-5", "missing_step")[0]
    assert all(wrong[0].count(")(") >= 2 for wrong in found), found


def test_the_brackets_of_a_negative_number_go_with_its_sign() -> None:
    steps = (r"We have $h = 4 - 7 = -3$ and $c = 26 / 2 = 13$.", r"So the sum is $(-3) + 29 = \boxed{26}$.")
    found = made("Find the sum.", steps, "26", "previous_step_value_error", "contradictory_step")[0]
    assert (r"So the sum is $3 + 29 = \boxed{32}$.",) in found and not any("(1" in wrong[0] for wrong in found), found


NOT_MADE = [
    # A type, a solution in which it can't be made, and what is wrong about the errors that could.
    ("calculation_error", "Solve $x-9 = 11$.", (r"We have $x-9=11$.", r"So $x = \boxed{20}$."), "20"),  # a kept sign
    ("sign_error", "Solve $x-9 = 74$.", (r"Adding $9$ to $x-9=74$", r"yields $x = \boxed{83}$."), "83"),  # said
    ("calculation_error", "Solve $6x = 18$.", (r"As $6x = 18$, we have $x = \boxed{3}$.",), "3"),  # 18 - 6
    ("calculation_error", "Evaluate.", (r"It is $14 + 21 + 12 = \boxed{47}$.",), "47"),  # no written operands, 5 + 2
    ("calculation_error", "Evaluate.", (r"It is $-4 - (-18) = \boxed{14}$.",), "14"),  # the sign of a term
    (
        "calculation_error",  # the right value has just been found
        "Evaluate.",
        (r"As $\sqrt{20} < 5$, it is $5$.", r"Thus $\lceil\sqrt{20}\rceil + 1 = 5 + 1 = \boxed{6}$."),
        "6",
    ),
]


@pytest.mark.parametrize(("kind", "question", "steps", "gold"), NOT_MADE)
def test_what_nobody_would_write_is_not_made(kind: str, question: str, steps: tuple[str, ...], gold: str) -> None:
    assert not made(question, steps, gold, kind)[0]


REFUSED = [
    # The reason, and a solution in which nothing may be changed before its last step.
    (
        "unexplained_number",
        (r"The triangle has $3 \cdot 14 = 42$.", r"With the square, the area is $\boxed{67}$."),
        "67",
    ),
    (
        "ambiguous_number",
        (r"There are $42$ cats.", r"There are $3 \cdot 14 = 42$ dogs.", r"So $42 + 1 = \boxed{43}$."),
        "43",
    ),
    ("letters_depend", (r"So $x = 3 \cdot 14 = 42$.", r"Then $x + y = z$.", r"So $z = \boxed{42}$."), "42"),
    ("number_word", (r"So $x = 36 / 3 = 12$.", r"All twelve are red, so $x = \boxed{12}$."), "12"),
    ("number_beside_letters", (r"It is $36 / 3 = 12$.", r"So $12y = 7$ and $36 / 3 = \boxed{12}$."), "12"),
    ("unread_formula", (r"It is $36 / 3 = 12$.", r"As $\overline{12} = q$, it is $\boxed{12}$."), "12"),
]


@pytest.mark.parametrize(("reason", "steps", "gold"), REFUSED)
def test_what_cannot_be_proven_is_refused(reason: str, steps: tuple[str, ...], gold: str) -> None:
    found, refused = made("Find it.", steps, gold)
    assert refused[reason], refused
    assert all(len(wrong) == 1 for wrong in found), found


def test_a_right_answer_in_another_box_is_refused() -> None:
    steps = (r"It is $3 \cdot 14 = \boxed{42}$.", r"Or else $6 \cdot 7 = \boxed{42}$.")
    assert not made("Find it.", steps, "42")[0]


def test_what_stands_behind_the_answer_may_be_left_away() -> None:
    steps = (r"It is $3 \cdot 14 = \boxed{42}$.", r"We could have halved $84$.")
    assert all(len(wrong) == 1 for wrong in made("Find it.", steps, "42", "calculation_error")[0])


def test_a_remark_with_numbers_behind_the_answer_is_left_away() -> None:
    steps = (r"It is $3 \cdot 14 = \boxed{42}$.", r"(One wheel turns exactly $5 \cdot 4 = 20$ times.)")
    found = made("Find it.", steps, "42", "calculation_error", "operator_error")[0]
    assert found and all(len(wrong) == 1 for wrong in found)


FALSE_LATER = [
    # The question, the only step, its answer, and the reason for which every error in it is refused.
    ("Find it.", r"It is $3 \cdot 14 = \boxed{42}$. Checking, we see that this value does indeed work.", "42",
     "words_may_be_false"),
    ("Find it.", r"It is $3 \cdot 14 = \boxed{42}$, for $20 + 22$.", "42", "remark_behind_answer"),
    ("You have more than 40 coins. How many?", r"You have $14 \cdot 3 = \boxed{42}$.", "42", "against_condition"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "step", "gold", "reason"), FALSE_LATER)
def test_what_the_words_make_false_is_refused(question: str, step: str, gold: str, reason: str) -> None:
    found, refused = made(question, (step,), gold)
    assert refused[reason], (found, refused)
    assert reason == "against_condition" or not found


CONDITIONS = [
    # A question, its answer, one that breaks a condition, and one that breaks none.
    ("The four symbols are integers from 1 to 9. What is $b$?", "3", "13", "8"),
    ("In the ellipse, $k > 1$ is a constant. Compute $k.$", "2", "0", "4"),
    ("Here $a > 1$ is a constant. Compute $k.$", "2", None, "0"),
    (r"If $0 \le t < 5$, find $t$.", "0", "5", "4"),
    ("You have more than 200 coins. How many?", "203", "36", "230"),
    ("At most $12$ pens fit. How many?", "12", "13", "11"),
    ("Solve for the positive value of $x$.", "66", "-62", "67"),
    ("What integer is it?", "4", r"\frac{9}{2}", "5"),
    ("Find a three-digit number.", "121", "1210", "112"),
]


@pytest.mark.parametrize(("question", "right", "wrong", "allowed"), CONDITIONS)
def test_conditions_of_the_question(question: str, right: str, wrong: str | None, allowed: str) -> None:
    refuse_against_question(question, right, allowed)
    if wrong is not None:
        with pytest.raises(Refusal):
            refuse_against_question(question, right, wrong)


def test_an_identity_can_only_be_calculated_wrongly() -> None:
    steps = (r"It is $(x+1)^2 - x^2 - 2x + 13 = 9 + 5 = \boxed{14}$.",)
    assert not made("Find it.", steps, "14", "operator_error")[0]


def test_a_false_reference_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        read_chain_solution("Find it.", (r"It is $3 \cdot 14 = \boxed{43}$.",), "43")
    assert refusal.value.reason == "reference_equation_false"


def test_a_problem_gives_records_of_several_types() -> None:
    problem = Problem.of(
        "A rectangle has sides $17$ and $23$. A square has side $9$. What is the sum of their areas?",
        "The rectangle has area $17 \\cdot 23 = 391$. The square has area $9^2 = 81$. "
        "Together they have $391 + 81 = \\boxed{472}$.",
        "472",
    )
    plan = InjectionPlan(
        dict.fromkeys(TYPES, 1.0), {kind: kind for kind in TYPES}, per_problem=8, seed=1, best_effort=True
    )
    records = erroneous_solutions(plan, problem).records
    assert len({record.error_type for record in records}) > 2
    for record in records:
        assert boxed(record.steps[-1]) == [record.final_answer]
        assert record.final_answer != "472" and record.explanation.endswith(".")
