"""Errors in LaTeX solutions: what is wrong is said with its cause, and what nobody would do is not made."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from lemma.arithmetic.chain_solution import read_chain_solution
from lemma.exceptions import Refusal
from lemma.injectors.conditions import refuse_against_question, refuse_beyond_bound
from lemma.injectors.drafts import attempts
from lemma.injectors.formulas import proposals
from lemma.injectors.formulas.proof import carried
from lemma.injectors.reading import read_problem
from lemma.records import ErroneousSolution, Problem
from lemma.trajectories.error_kinds import kind_of


def explained(kind: str, question: str, steps: tuple[str, ...], gold: str) -> set[str]:
    """The explanations of the errors of a type that are made."""
    solution, found = read_chain_solution(question, steps, gold), set()
    for proposed in proposals(solution, kind, random.Random(0)):
        with suppress(Refusal):
            carried(solution, proposed)
            found.add(proposed.explanation)
    return found


# type, question, steps, gold, and what is said; nothing if nothing is made
CAUSES = [
    ("sign_error", "Find it.",
     (r"Then $\cos R = \frac{3}{5}$.", r"So $\cos S = -\cos R = \boxed{-\frac{3}{5}}$."), r"-\frac{3}{5}",
     r"With $\cos R = \frac{3}{5}$, $-\cos R$ is $-\frac{3}{5}$, not $\frac{3}{5}$: the minus sign is lost."),
    ("sign_error", "Find $a$.", (r"So $rst = 2^5 = 32$.", r"Hence $a = -8rst = \boxed{-256}$."), "-256",
     r"With $rst = 32$, $-8rst$ is $-256$, not $256$: the minus sign is lost."),
    ("sign_error", "Find it.", (r"It is $w = \frac{-z^2}{z^2} = \boxed{-1}$.",), "-1",
     r"$\frac{-z^2}{z^2}$ is $-1$, not $1$: the minus sign is lost."),
    ("sign_error", "Find it.", (r"It is $50(-1) = \boxed{-50}$.",), "-50",
     "$50(-1)$ is $-50$, not $50$: a product of a positive and a negative number is negative."),
    ("sign_error", "Find it.", (r"It is $3 - 5 = \boxed{-2}$.",), "-2",
     "$3 - 5$ is $-2$, not $2$: $5$ is larger than $3$, so the difference is negative."),
    ("sign_error", "Find it.", (r"It is $(-2)^3 = \boxed{-8}$.",), "-8",
     "$(-2)^3$ is $-8$, not $8$: an odd power of a negative number is negative."),
    ("sign_error", "Find it.", (r"We get $\boxed{-256}$.",), "-256", ""),
    ("sign_error", "Find it.", (r"It is $f(n) = \boxed{8n^2 + 4n + 1}$ and not $-3$.",), "8n^2 + 4n + 1", ""),
    ("sign_error", "Find the point.", (r"It is $(5 - 2, -12-12-5) = \boxed{(3,-29)}$.",), "(3,-29)", ""),
    ("previous_step_value_error", "Find the area of the triangle.",
     (r"The parallelogram has $4 \cdot 5 = 20$.", r"Therefore, the triangle has $\boxed{10}$."), "10",
     "The answer is $10$, and the step gives $20$, which step 1 found on the way: it still has to be halved."),
    ("previous_step_value_error", "Find the last digit.",
     (r"We have $2^2 = 4$ and $2^3 = 8$.", r"The digit is found to be $\boxed{4}$."), "4", ""),
    ("missing_step", "Find $a$.", (r"So $5a - 2(80 - a) = 232$.", r"Hence $a = \boxed{56}$."), "56",
     "The step leaves out the division by $7$: $5a - 2(80 - a) = 232$ gives $7a = 392$, and so $a = 56$."),
    ("missing_step", "Find the midpoint.",
     (r"It is $\left(\frac{-5+3}{2},\frac{5+7}{2}\right)=\boxed{(-1,6)}$.",), "(-1,6)", ""),
    ("missing_step", "Find the sixth term.", (r"It is halfway, so it is $(200 + 500)/2 = \boxed{350}$.",), "350", ""),
    ("calculation_error", "How many?",
     (r"There are $2 \cdot 5! \cdot 5! = 2 \cdot 120 \cdot 120 = \boxed{28800}$.",), "28800", None),
    ("operator_error", "He walks four miles every third day. How far is it?",
     (r"He walks on $27/3 = 9$ days.", r"It is $9 \cdot 4 = \boxed{36}$ miles."), "36", ""),
    ("operator_error", "Find the area.",
     (r"It is partitioned into five squares and four halves: $5 + 4 \cdot \frac{1}{2} = \boxed{7}$.",),
     "7", ""),
    ("endpoint_error", "For which values of $r$?",
     (r"So $3 \le r \le 4$, without $3$.", r"Hence $r \in \boxed{(3,4]}$."), "(3,4]",
     r"Since $r \le 4$, the endpoint $4$ belongs to the answer: it should be $(3,4]$."),
    ("counting_error", "How many ways?",
     (r"There are 8 ways to pick the first one, and 5 ways to pick the last one.", r"So $8 \cdot 5 = \boxed{40}$."),
     "40",
     "The step counts one too few: there are $5$ ways to pick the last one, not $4$."),
    ("exponent_law_error", "Simplify.", (r"It is $\sqrt{11^2} \cdot \sqrt{2} = \boxed{11\sqrt{2}}$.",), r"11\sqrt{2}",
     r"$\sqrt{11^2} \cdot \sqrt{2}$ is $11\sqrt{2}$, not $121\sqrt{2}$: $\sqrt{11^2}$ is $11$, and the step worked "
     "with $121$ (the root was not taken)."),
    ("exponent_law_error", "Find it.", (r"It is $\sqrt{64} = \boxed{8}$.",), "8",
     r"$\sqrt{64}$ is $8$, not $32$: half of it was taken, and not the square root."),
    ("inverse_operation_error", "Find $x$.", (r"So $x^2 = 64$.", r"Hence $x = \boxed{8}$."), "8",
     "$x^2 = 64$ gives $x = 8$, not $x = 32$: half of it was taken, and not the square root."),
    ("cross_term_error", "Find it.", (r"It is $0.5^2 - 0.4^2 = \boxed{0.09}$.",), "0.09",
     "$0.5^2 - 0.4^2$ is $0.09$, not $0.01$: it is not the square of the difference."),
    ("cross_term_error", "Find it.", (r"It is $5^2 + 4^2 = \boxed{41}$.",), "41", ""),
    ("calculation_error", "Convert it.", (r"It is $\frac{35625}{10^5} = \boxed{.35625}$.",), ".35625",
     r"$\frac{35625}{10^5}$ is $.35625$, not $3.5625$: the decimal point moves by $5$ places, and was moved by $4$."),
    ("sign_error", "Find $(b, c)$.", (r"It is $x^2 - 16x + 43 = 0$.", r"So $(b,c) = \boxed{(-16,43)}$."), "(-16,43)",
     "In $x^2 - 16x + 43 = 0$ there is $-16$, not $16$: the minus sign is lost."),
    ("sign_error", "If $f(x)=5x^2+3x+4$, find $f(-2)$.",
     (r"We have $f(-2) = 5(-2)^2 + 3(-2) + 4 = 5(4) - 6 + 4 = \boxed{18}$.",), "18",
     "$(-2)^2$ is $4$, not $-4$: an even power of a negative number is positive."),
    ("missing_step", "If $f(x)=5x^2+3x+4$, find $f(-2)$.",
     (r"We have $f(-2) = 5(-2)^2 + 3(-2) + 4 = 5(4) - 6 + 4 = \boxed{18}$.",), "18", ""),
    ("exponent_law_error", "Let $ab^2 = 5$. Find it.", (r"It is $a^2 b^4 = 2(ab^2)^2 = \boxed{50}$.",), "50",
     "With $ab^2 = 5$, $2(ab^2)^2$ is $50$, not $20$: $(5)^2$ is $25$, and the step worked with $10$ (the base was "
     "multiplied by the exponent)."),
    ("calculation_error", "Find the average.",
     (r"The solutions are $-11 + 50 = 39$ and $-11 + 100 = 89$.", r"Their average is $\boxed{64}$."), "64",
     "The average of $39$ and $89$ is $64$, not $59$: "
     "the sum is $128$ (the 1 that is carried to the tens is dropped)."),
    ("fraction_error", "What is the probability?",
     (r"The triangle has $\frac{1}{2}(4)(4)=8$, the square $(4)(8)=32$, so the probability is $\boxed{\frac{1}{4}}$.",),
     r"\frac{1}{4}",
     ""),  # the fraction is not written, so no part of it is divided alone
    ("previous_step_value_error", "Find the largest one.",
     (r"We have $2^8 = 256$.", r"So it is $256 - 1 = \boxed{255}$."), "255", ""),  # everybody knows 256
    ("formula_confusion_error", "How many sets of three points are there?",
     (r"There are $\binom{9}{3} = \frac{9!}{3!\cdot 6!} = \boxed{84}$ of them.",), "84",
     r"$\frac{9!}{3!\cdot 6!}$ is $84$, not $504$: the product $9 \cdot 8 \cdot 7$ was not divided by $3!$."),
    ("exponent_law_error", "Find it.", (r"It is $3^2+2^3=9+8=\boxed{17}$.",), "17", ""),
    ("exponent_law_error", "Add them.", (r"Now $2\cdot 3 = 6$ and $2^3 = 8$, so $6 + 8 = \boxed{14}$.",), "14", ""),
    ("sign_error", "Simplify.", (r"It is $a+a+1-2+3-4=\boxed{2a-2}$.",), "2a-2", ""),
    ("missing_step", "How many ways?", (r"There are $2\cdot5!\cdot5!=2\cdot120\cdot120=\boxed{28800}$ ways.",), "28800",
     r"The step leaves out the factor $2$: it should be $2\cdot5!\cdot5! = 28800$."),
    ("missing_step", "What is the probability?",
     (r"It is $1 - \frac{1}{2} \cdot \frac{1}{2} = 1 - \frac14 = \boxed{\frac34}$.",), r"\frac34",
     r"The step leaves out the subtraction from $1$: it should be $1 - \frac{1}{2} \cdot \frac{1}{2} = \frac34$."),
    ("formula_confusion_error", "How many divisors?",
     (r"As $72=2^3\cdot 3^2$, it has $(3+1)(2+1)=\boxed{12}$ divisors.",),
     "12", "For the number of divisors, each exponent is increased by one first; the step multiplies the exponents. It "
     "should be $(3+1)(2+1) = 12$."),
    ("formula_confusion_error", "Find it.",
     (r"We have $48 = 2^4 \cdot 3$ and $60 = 2^2 \cdot 3 \cdot 5$.",
      r"The lcm is $2^4 \cdot 3 \cdot 5 = \boxed{240}$."),
     "240", r"The least common multiple has the highest power of $2$, which is $2^4$; the step takes $2^2$. It should "
     r"be $2^4 \cdot 3 \cdot 5 = 240$."),
    ("formula_confusion_error", "Two cards are drawn.",
     (r"The second is drawn from the rest: $\frac{4}{52} \cdot \frac{3}{51} = \boxed{\frac{1}{221}}$.",),
     r"\frac{1}{221}",
     r"The second one is drawn from what is left, which is $\frac{3}{51}$; the step draws as if the first were put "
     r"back. It should be $\frac{4}{52} \cdot \frac{3}{51} = \frac{1}{221}$."),
    ("formula_confusion_error", "How many diagonals?", (r"It has $\frac{7 \cdot 4}{2}=\boxed{14}$ diagonals.",), "14",
     "A polygon with $n$ corners has $n(n-3)/2$ diagonals; the step uses $n(n-1)/2$, with the sides. It should be "
     r"$\frac{7 \cdot 4}{2} = 14$."),
    ("counting_error", "How many?",
     (r"So there are $11$ possible values of $k$.", r"The $\boxed{11}$ values of $x$ differ."),
     "11", "The step counts one too few: there are $11$ possible values, not $10$."),
    ("sign_error", "Find the vector.",
     (r"It is $2 \begin{pmatrix} 3 \\ 1 \end{pmatrix} - \begin{pmatrix} -2 \\ 3 \end{pmatrix} = "
      r"\boxed{\begin{pmatrix} 8 \\ -1 \end{pmatrix}}$.",), r"\begin{pmatrix} 8 \\ -1 \end{pmatrix}",
     "In the first entry, $-(-2)$ is positive, as a product of two negative numbers: the entry is $8$, not $4$."),
    ("sign_error", "Simplify.", (r"It is $x^3 + x^2 - x^2 + 3x - 6 = \boxed{x^3 + 3x - 6}$.",), "x^3 + 3x - 6",
     "In $x^3 + x^2 - x^2 + 3x - 6$ there is $-6$, not $6$: the minus sign is lost."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "question", "steps", "gold", "told"), CAUSES)
def test_errors_are_explained_by_their_cause(
    kind: str, question: str, steps: tuple[str, ...], gold: str, told: str | None
) -> None:
    found = explained(kind, question, steps, gold)
    if told:
        assert told in found
    elif told is None:  # made, but not in one of two equal factors
        assert not any("5!" in one for one in found)
    else:
        assert not found


# question, right, wrong, and whether the question rules the wrong one out
BOUNDS = [
    ("He answered $80$ questions. How many questions did he answer correctly?", "56", "392", True),
    ("He has 5 apples and buys 3 apples. How many apples does he have?", "8", "9", False),
    ("It is at most 3/4 of it.", "1/2", "1", True),
]


@pytest.mark.parametrize(("question", "right", "wrong", "is_ruled_out"), BOUNDS)
def test_answers_beyond_a_bound_of_the_question(question: str, right: str, wrong: str, is_ruled_out: bool) -> None:
    if not is_ruled_out:
        refuse_against_question(question, right, wrong)
        return
    with pytest.raises(Refusal) as refused:
        refuse_against_question(question, right, wrong)
    assert refused.value.reason == "against_condition"


def test_what_plain_arithmetic_makes_is_made_to_fit() -> None:
    solution = (r"Therefore, the area is $15 - 1 - 1 - 2 - 2 = \boxed{9}$.", "(It is less than $15$.)")
    problem = Problem(id="one", question="Find the area.", answer="9", solution="\n".join(solution), source="test")
    made = list(attempts(read_problem(problem), "missing_step", "missing_step", random.Random(0)))
    told = {one.explanation: one.steps for one in made if not isinstance(one, Refusal)}
    assert told["The step leaves out one 2 that is taken away: it should be $15 - 1 - 1 - 2 - 2 = 9$."] == (
        r"Therefore, the area is $15 - 1 - 1 - 2 = \boxed{11}$.",
    )


def test_values_beyond_a_bound_of_the_question() -> None:
    question = "The probability is greater than $1/6$."
    refuse_beyond_bound(question, 3, 4)
    refuse_beyond_bound(question, None, 4)
    with pytest.raises(Refusal):
        refuse_beyond_bound(question, 1, 0)


# steps of a reference, and whether it calls two formulas equal that are not
IDENTITIES = [
    ((r"Also, $\frac{t^2 + t}{t} = 1 + \frac{1}{t} < \frac{4}{3}$.", r"So $2 + 3 = \boxed{5}$."), True),
    ((r"Then $(t + 1)^2 - t^2 = 2t + 3 > 4t - 2t$.", r"So $2 + 3 = \boxed{5}$."), True),
    ((r"As $t^2 = t + 1$, we have $t^3 = t^2 + t = 2t + 1$.", r"So $2 + 3 = \boxed{5}$."), False),
    ((r"So $2t + 3 = 5t - 9 = 11$.", r"So $2 + 3 = \boxed{5}$."), False),
    ((r"As $\sqrt{2} t = 2$, $t + 3 = t^2 + \sqrt{2} = \sqrt{2} t$.", r"So $2 + 3 = \boxed{5}$."), False),
    ((r"So $2t + 3 = 5t - 9$.", r"So $2 + 3 = \boxed{5}$."), False),
    ((r"For $x + y = 3$, $(x + 1) y = x + 2 y = 4$.", r"So $2 + 3 = \boxed{5}$."), False),
    ((r"Also, $\frac{t^2 + t}{t} = t + 1 > 1$.", r"So $2 + 3 = \boxed{5}$."), False),
]


@pytest.mark.parametrize(("steps", "is_false"), IDENTITIES)
def test_references_that_call_different_formulas_equal(steps: tuple[str, ...], is_false: bool) -> None:
    problem = Problem(id="one", question="Find $2 + 3$.", answer="5", solution="\n".join(steps), source="test")
    if not is_false:
        read_problem(problem)
        return
    with pytest.raises(Refusal) as refused:
        read_problem(problem)
    assert refused.value.reason == "reference_formula_false"


def test_an_equation_between_two_units_says_nothing_of_its_numbers() -> None:
    read_chain_solution("Find $2 + 3$.", (r"As $1 \text{ foot} = 12 \text{ inches}$, $2 + 3 = \boxed{5}$.",), "5")


# type, wrong step, explanation, and the kind
KINDS = [
    ("sign_error", "So $a - b = 2$.", "$-8rst$ is $-256$, not $256$: the minus sign is lost.", "value"),
    ("sign_error", "So $-2i - 3i = 5i$.", "$-2i - 3i$ is $-5i$, not $5i$: it is negative.", "value"),
    ("sign_error", "So $(-1)^3 = 1$.", "$(-1)^{3 - 0}$ is $-1$, not $1$: it is negative.", "value"),
    (
        "sign_error",
        "So $x = 5$.",
        "$x + 7 = 3$ gives $x = -4$: the term $7$ was moved to the other side without changing its sign.",
        "moved",
    ),
    (
        "sign_error",
        "So $x = 5$.",
        "The term $3$ goes to the right side as $-3$, but the step keeps its sign: no.",
        "moved",
    ),
    ("sign_error", "So $3x$.", "The term $-3i$ was added up as if it were $3i$: $6i - 3i$ is $3i$, not $9i$.", "terms"),
    ("calculation_error", "So $21_5$.", "The digits are written from the wrong end: it should be $12_5$.", "digits"),
    (
        "calculation_error",
        "So $9$.",
        r"$\lfloor 28/3 \rfloor$ is $9$, not $10$: it has to be rounded down.",
        "rounding",
    ),
]


@pytest.mark.parametrize(("kind", "step", "explanation", "expected"), KINDS)
def test_kinds_of_errors(kind: str, step: str, explanation: str, expected: str) -> None:
    erroneous = ErroneousSolution(
        id="one", problem_id="one", question="Find it.", gold_answer="1", reference_steps=("So it is.",), steps=(step,),
        error_step=0, error_type=kind, explanation=explanation, final_answer="2", origin="symbolic", model=kind,
        evidence="proof", confidence=1,
    )  # fmt: skip
    assert kind_of(erroneous) == expected
