"""The injectors of algebra: the wrong step, how it is explained, what follows from it, and what is refused."""

import random
import re

import pytest
from algebra_oracle import value
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma.algebra.carrying import Slip, carry
from lemma.algebra.derivation import read_derivation
from lemma.arithmetic.latex import is_balanced
from lemma.exceptions import Refusal
from lemma.generation.algebra import FAMILIES, draw_exercise
from lemma.grading.verdict import verdict
from lemma.injectors import injector
from lemma.injectors.algebra import AlgebraInjector, Cut, NumbersAndLetters, carried_slip, read_letters, without_root
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.records import Problem
from lemma.taxonomy.error_types import load_taxonomy

TYPES = [kind for kind in load_taxonomy() if kind.injector and isinstance(injector(kind.injector), AlgebraInjector)]


def made(kind, question, steps, gold):
    """The wrong solutions of one type, and the reasons why others are none."""
    derivation = read_letters(question, steps, gold)
    found, reasons = {}, []
    for slip in (slip for seed in range(8) for slip in injector(kind)(derivation, random.Random(seed))):
        try:
            wrong = carried_slip(derivation, slip)
            found[wrong.steps] = wrong
        except Refusal as refusal:
            reasons.append(refusal.reason)
    return found, reasons


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.id)
def test_each_injector_makes_the_example_of_its_type(kind):
    example = kind.example
    derivation = read_letters(example.question, (example.right_step,), "?")
    slips = list(injector(kind.injector)(derivation, random.Random(0)))
    assert (example.wrong_step, example.explanation) in {
        ((without_root if isinstance(slip, Cut) else carry)(derivation, slip).steps[0], slip.explanation)
        for slip in slips
    }


SOLVE = ("Solve $2x + 3 = 11$.", ("We get $2x = 11 - 3$.", "So $2x = 8$.", r"Then $x = \boxed{4}$."), "4")
MADE = [
    ("sign_error", *SOLVE, ("We get $2x = 11 + 3$.", "So $2x = 14$.", r"Then $x = \boxed{7}$.")),
    ("sign_error", "Solve $3x + 2 = 12$ for $x$, then find $y = 2x - 1$.",
     ("Then $3x = 10$.", r"So $x = \frac{10}{3}$.", r"Hence $y = 2 \cdot \frac{10}{3} - 1 = \boxed{\frac{17}{3}}$."),
     r"\frac{17}{3}",
     ("Then $3x = 14$.", r"So $x = \frac{14}{3}$.", r"Hence $y = 2 \cdot \frac{14}{3} - 1 = \boxed{\frac{25}{3}}$.")),
    ("distribution_error", "Solve $3(x - 4) = 9$.",
     (r"\begin{align*} 3x - 12 &= 9 \\ 3x &= 21 \\ x &= \boxed{7} \end{align*}",), "7",
     (r"\begin{align*} 3x - 4 &= 9 \\ 3x &= 13 \\ x &= \boxed{\frac{13}{3}} \end{align*}",)),
    ("distribution_error", "Simplify $5x - (2x - 3)$.", (r"It is $5x - (2x - 3) = 5x - 2x + 3 = \boxed{3x + 3}$.",),
     "3x + 3", (r"It is $5x - (2x - 3) = 5x - 2x - 3 = \boxed{3x - 3}$.",)),
    ("cross_term_error", "Expand $(x - 5)^2 + 4x$.",
     (r"So $(x-5)^2 + 4x = x^2-10x+25+4x = \boxed{x^2-6x+25}$.",), "x^2-6x+25",
     (r"So $(x-5)^2 + 4x = x^2+25+4x = \boxed{x^2+4x+25}$.",)),
    ("exponent_law_error", r"Simplify $\frac{x^8}{x^2}$.", (r"This is $\frac{x^8}{x^2} = \boxed{x^6}$.",), "x^6",
     (r"This is $\frac{x^8}{x^2} = \boxed{x^4}$.",)),
    ("exponent_law_error", r"Simplify $(x^4)^3 \cdot x$.",
     (r"First $(x^4)^3 = x^{12}$.", r"Thus $(x^4)^3 \cdot x = x^{12} \cdot x = \boxed{x^{13}}$."), "x^{13}",
     (r"First $(x^4)^3 = x^{7}$.", r"Thus $(x^4)^3 \cdot x = x^{7} \cdot x = \boxed{x^8}$.")),
    ("inequality_direction_error", "Solve $5 - 2x < 11$.",
     ("Then $-2x < 6$.", "So $-x < 3$.", r"Hence $\boxed{x > -3}$."), "x > -3",
     ("Then $-2x < 6$.", "So $-x < 3$.", r"Hence $\boxed{x < -3}$.")),
    ("like_terms_error", "Solve $5x - 2x + 4 = 16$.",
     ("So $3x + 4 = 16$.", "Then $3x = 12$.", r"Hence $x = \boxed{4}$."),
     "4", None),
    ("like_terms_error", "Solve $5x - 2x + 4 = 14$.", ("So $3x + 4 = 14$.", r"Hence $x = \boxed{\frac{10}{3}}$."),
     r"\frac{10}{3}", ("So $7x = 14$.", r"Hence $x = \boxed{2}$.")),
    ("coordinate_swap_error", "Where is $(x, y)$ if $x = 2$ and $y = 2x + 1$?",
     ("Here $y = 2(2) + 1 = 5$.", r"So it is $\boxed{(2, 5)}$."), "(2, 5)",
     ("Here $y = 2(2) + 1 = 5$.", r"So it is $\boxed{(5, 2)}$.")),
    ("wrong_case_error", "If $x^2 - 3x = 10$ and $x$ is positive, what is $x + 1$?",
     ("Then $x^2 - 3x - 10 = 0$.", "So $(x - 5)(x + 2) = 0$.", "Hence $x = 5$ or $x = -2$.", "We take $x = 5$.",
      r"So $x + 1 = \boxed{6}$."), "6",
     ("Then $x^2 - 3x - 10 = 0$.", "So $(x - 5)(x + 2) = 0$.", "Hence $x = 5$ or $x = -2$.", "We take $x = -2$.",
      r"So $x + 1 = \boxed{-1}$.")),
    ("wrong_case_error", "If $x^2 - 3x = 10$, what is the larger $x$?",
     ("Then $(x - 5)(x + 2) = 0$.", "Hence $x = 5$ or $x = -2$.", r"The larger one is $x = \boxed{5}$."), "5",
     ("Then $(x - 5)(x + 2) = 0$.", "Hence $x = 5$ or $x = -2$.", r"The larger one is $x = \boxed{-2}$.")),
    ("wrong_case_error", "If $x^2 - 3x = 10$, what is the larger $x$?",
     ("Then $(x - 5)(x + 2) = 0$.", "Hence $x = 5$ or $x = -2$.", r"The only one is $x = \boxed{5}$."), "5", None),
    ("sign_error", "Here $k > 1$ holds. Compute $k.$", ("So $k - 1 = 1$.", r"Thus $k = \boxed{2}$."), "2", None),
    ("lost_root_error", "Find all $t$ with $t^2 = 7t - 12$.",
     ("Then $(t - 3)(t - 4) = 0$.", "So $t = 3$ or $t = 4$.", r"The answer is $\boxed{3, 4}$."), "3, 4",
     ("Then $(t - 3)(t - 4) = 0$.", "So $t = 3$.", r"The answer is $\boxed{3}$.")),
    ("lost_root_error", "What is the sum of all $t$ with $t^2 = 7t - 12$?",
     ("Then $(t - 3)(t - 4) = 0$.", "So $t = 3$ or $t = 4$.", r"The sum is $3 + 4 = \boxed{7}$."), "7", None),
    ("calculation_error", "Simplify $2x + 5x + 1$.", (r"It is $2x + 5x + 1 = 7x + 1$.",), "7x + 1",
     (r"It is $2x + 5x + 1 = 8x + 1$.",)),
    ("calculation_error", "Let $P = 2x + 9x$ and $Q = 3x + 10x$. Find $P/Q$.",
     (r"We have $P = 2x + 9x = 11x$ and $Q = 3x + 10x = 13x$, so it is $\frac{11x}{13x} = \frac{11}{13}$.",),
     r"\frac{11}{13}",
     (r"We have $P = 2x + 9x = 10x$ and $Q = 3x + 10x = 13x$, so it is $\frac{10x}{13x} = \frac{10}{13}$.",)),
    ("calculation_error", "Let $P = 5x + 7x$ and $Q = 3x + 11x$. Find $P/Q$.",
     (r"We have $P = 5x + 7x = 12x$ and $Q = 3x + 12x = 15x$, so it is $\frac{12x}{15x} = \frac{4}{5}$.",),
     r"\frac{4}{5}",
     (r"We have $P = 5x + 7x = 12x$ and $Q = 3x + 12x = 16x$, so it is $\frac{12x}{16x} = \frac{3}{4}$.",)),
    ("unit_conversion_error", r"Write $20^\circ$ in radians.",
     (r"It is $20^\circ = 20 \cdot \frac{\pi}{180} = \boxed{\frac{\pi}{9}}$.",), r"\frac{\pi}{9}",
     (r"It is $20^\circ = 20 \cdot \frac{180}{\pi} = \boxed{\frac{3600}{\pi}}$.",)),
    ("cancellation_error", r"Simplify $\frac{6x + 9}{3} - x$.",
     (r"We have $\frac{6x + 9}{3} - x = 2x + 3 - x = \boxed{x + 3}$.", ), "x + 3", None),
    ("cancellation_error", r"Simplify $\frac{x^2 + 6x}{x}$.",
     (r"This is $\frac{x^2 + 6x}{x} = \boxed{x + 6}$.",), "x + 6",
     (r"This is $\frac{x^2 + 6x}{x} = \boxed{7x}$.",)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "question", "steps", "gold", "wrong"), MADE)
def test_the_wrong_solution(kind, question, steps, gold, wrong):
    found, reasons = made(kind, question, steps, gold)
    assert (wrong in found) if wrong is not None else not found, (list(found), reasons)


REFUSED = [
    # The numbers of the words would be the old ones.
    ("sign_error", *SOLVE[:1], (*SOLVE[1][:2], r"Dividing 8 by 2, $x = \boxed{4}$."), "4", "number_in_words"),
    ("sign_error", *SOLVE[:1], (*SOLVE[1][:2], r"This is four, $x = \boxed{4}$."), "4", "number_in_words"),
    # What the words say of the value may be false of the wrong one.
    ("sign_error", *SOLVE[:1], (*SOLVE[1], r"Only an even number is possible."), "4", "words_may_be_false"),
    ("sign_error", *SOLVE[:1], (*SOLVE[1][:2], r"Then $x = \lfloor 4.5 \rfloor = \boxed{4}$."), "4",
     "later_formula_not_read"),
    # No step says that it subtracts 3, and adds it.
    ("sign_error", *SOLVE[:1], ("Subtract 3 from both sides: $2x = 8$.", r"So $x = \boxed{4}$."), "4",
     "words_may_be_false"),
    # The letter is gone: 0 = 18.
    ("sign_error", "Solve $3z = -3z + 18$.", ("Then $3z + 3z = 18$.", "So $6z = 18$.", r"So $z = \boxed{3}$."), "3",
     "later_formula_does_not_follow"),
    # Other roots: the wrong polynomial has no factors.
    ("sign_error", "Solve $x^2 = 5x - 6$.", ("Then $x^2 - 5x = -6$.", "So $(x - 2)(x - 3) = 0$.",
      r"So $x = \boxed{2}$."), "2",
     "other_roots"),
    # 5 may be the result, or the number that the question gives.
    ("sign_error", "Solve $2x + 3 = 13$. There are 5 boys.",
     ("Then $2x = 10$.", "So $x = 5$.", r"And $5 + 7 = \boxed{12}$ pens."), "12", "ambiguous_number"),
    ("sign_error", "Solve $2x + 3 = 13$.", ("Then $2x = 10$.", "So $x = 5$.", r"The area is $\boxed{48}$."), "48",
     "number_of_unknown_origin"),
    # The last line starts anew from the question, so the answer is right.
    ("sign_error", "Solve $2x + 3 = 13$.", ("Then $2x = 10$.", r"From $2x + 3 = 13$ we get $x = \boxed{5}$."), "5",
     "right_answer_boxed"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "question", "steps", "gold", "reason"), REFUSED)
def test_what_is_refused(kind, question, steps, gold, reason):
    found, reasons = made(kind, question, steps, gold)
    assert not found
    assert reason is None or reason in reasons


def test_every_type_is_in_the_tables():
    both = {
        kind.id for kind in load_taxonomy() if kind.injector and isinstance(injector(kind.injector), NumbersAndLetters)
    }
    assert {kind.id for kind in TYPES} | both == {row[0] for row in MADE}


SAID = [
    # The words say how the term changes sides.
    ("Solve $2x-10 = 12$.",
     (r"We get $2x-10 = 12$.", r"Adding 10 to both sides gives $2x = 22$ so $x = \boxed{11}$."), "11"),
    ("Solve $3x-9 = 2x+74$.",
     ("So $3x-9 = 2x+74$.", "Subtracting $2x$ from both sides yields $x-9 = 74$.", r"Thus $x = \boxed{83}$."), "83"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "steps", "gold"), SAID)
def test_words_that_name_the_operation_keep_the_sign(question, steps, gold):
    assert not {wrong.steps[:2] for wrong in made("sign_error", question, steps, gold)[0].values()} - {steps[:2]}


# Planted faults: what a broken injector or a broken carrying might write.
FAULTS = [
    (Slip(2, 1, "8", "true: nothing is wrong"), "error_not_proven"),
    (Slip(1, 1, "8", "the right value in another form"), "error_not_proven"),
    (Slip(1, 1, "\\frac{14", "not a formula"), "written_formula_not_read"),
    (Slip(1, 1, "11 + 3", "raw \\frac{1}{2} and $ open"), "unbalanced_explanation"),
    (Slip(3, 1, "4.0", "the same answer"), "error_not_proven"),
]


@pytest.mark.parametrize(("slip", "reason"), FAULTS)
def test_planted_faults_are_found(slip, reason):
    derivation = read_letters(*SOLVE)
    with pytest.raises(Refusal) as refusal:
        carried_slip(derivation, slip)
    assert refusal.value.reason == reason


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_linear_errors_have_one_false_step_and_the_rest_follows(seed):
    """The true root solves every line before the error, and only those; the wrong one solves the others."""
    exercise = FAMILIES["linear"](random.Random(seed), 20)
    name = re.search(r"([a-z]) = \\boxed|([a-z]) = \\frac", exercise.steps[-1]).group(0)[0]
    derivation = read_letters(exercise.question, exercise.steps, exercise.answer)
    root = value(exercise.answer, {})
    for kind in ("sign_error", "distribution_error"):
        for slip in injector(kind)(derivation, random.Random(seed)):
            try:
                wrong = carried_slip(derivation, slip)
            except Refusal:
                continue
            other = value(wrong.final, {})
            assert other != root
            for step, text in enumerate(wrong.steps):
                for formula in re.findall(r"\$([^$]*=[^$]*)\$", text):
                    true = [
                        len({value(side, {name: at}) for side in formula.split(" = ")}) == 1 for at in (root, other)
                    ]
                    assert true == [step < wrong.error_step, step >= wrong.error_step], (wrong, formula)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6))
def test_every_family_gives_true_solutions_and_proven_errors(seed):
    exercise = draw_exercise(random.Random(seed), 20)
    derivation = read_letters(exercise.question, exercise.steps, exercise.answer)
    # Every line of the solution is read, and rests on the question or on a line before.
    assert all(line.kind != "unread" for line in derivation.lines)
    assert all(line.reason.kind != "given" for line in derivation.lines if line.step >= 0 and line.kind == "statement")
    for kind in TYPES:
        for slip in injector(kind.injector)(derivation, random.Random(seed)):
            try:
                wrong = carried_slip(derivation, slip)
            except Refusal:
                continue
            assert wrong.steps[: wrong.error_step] == exercise.steps[: wrong.error_step]
            assert wrong.steps[wrong.error_step] != exercise.steps[wrong.error_step]
            assert verdict(exercise.answer, wrong.final) == "different"
            assert all(map(is_balanced, (*wrong.steps, wrong.explanation)))


def test_records_of_algebra():
    exercise = FAMILIES["linear"](random.Random(3), 20)
    problem = Problem.of(exercise.question, "\n".join(exercise.steps), exercise.answer)
    plan = InjectionPlan(
        {"sign_error": 1.0, "operator_error": 1.0}, {kind: kind for kind in ("sign_error", "operator_error")}, 3, 0
    )
    records = erroneous_solutions(plan, problem).records
    assert records
    assert all(record.evidence == "proof" and record.confidence == 1 for record in records)


def test_a_solution_without_letters_draws_no_type_of_algebra():
    problem = Problem.of("Tom has 5 bags of 7.", "He has 5 * 7 = 35.\n#### 35")
    plan = InjectionPlan({"sign_error": 1.0}, {"sign_error": "sign_error"}, 3, 0)
    with pytest.raises(Refusal) as refusal:
        erroneous_solutions(plan, problem)
    assert refusal.value.reason == "no_formulas_of_these_types"


def test_the_false_line_is_refused_in_a_reference():
    with pytest.raises(Refusal):
        read_derivation("q", ("$2 = 3$",), "1")
