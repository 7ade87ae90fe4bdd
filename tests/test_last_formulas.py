"""Errors in the last formulas of a solution: products, roots, vectors, ends of inequalities."""

from __future__ import annotations

import random

import pytest

from lemma.exceptions import Refusal
from lemma.injectors.drafts import carried, drafts_of
from lemma.injectors.reading import read_problem
from lemma.records import Problem


def made(kind: str, question: str, solution: str, gold: str) -> dict[str, tuple[str, str]]:
    """The wrong answers of a type, each with its solution and its explanation."""
    problem = Problem(id="0" * 64, question=question, solution=solution, answer=gold, source="test")
    read = read_problem(problem)
    found = {}
    for draft in drafts_of(read, kind, kind, random.Random(0)):
        try:
            wrong = carried(read, kind, draft)
        except Refusal:
            continue
        found[str(wrong.final)] = ("\n".join(wrong.steps), wrong.explanation)
    return found


VECTOR = r"\begin{pmatrix} 12/13 \\ -18/13 \end{pmatrix}"
SCALED = rf"\[\frac{{6}}{{13}} \begin{{pmatrix}} 2 \\ -3 \end{{pmatrix}} = \boxed{{{VECTOR}}}.\]"
BOUND = r"""A number is in the domain if $2(x - 5) \ge 6.$

This gives us $2x - 10 \ge 6$, or $2x \ge 16$; the smallest solution is $x = \frac{16}{2} = \boxed{8}.$"""
MADE = [
    # type, question, solution, gold, the wrong answer, what stands in the solution, and what the explanation says
    (
        "sign_error",
        "Factor $x^2-2x-3$.",
        r"It is $\boxed{(x+1)(x-3)}$.",
        "(x+1)(x-3)",
        "(x-1)(x+3)",
        "",
        "in the middle",
    ),
    (
        "sign_error",
        "Factor $y^2 - 6y + 9$.",
        r"It is $\boxed{(y - 3)^2}$.",
        "(y-3)^2",
        "(y + 3)^2",
        "",
        "in the middle",
    ),
    (
        "cross_term_error",
        "Factor $x^2-49$.",
        r"It is $\boxed{(x+7)(x-7)}$.",
        "(x+7)(x-7)",
        "(x-7)^2",
        "",
        "that square has a term",
    ),
    (
        "calculation_error",
        "Factor it.",
        r"We have $ab+5b+2a+10 = \boxed{(a+5)(b+2)}$.",
        "(a+5)(b+2)",
        "(a+2)(b+5)",
        "",
        "multiplied out, that has $5a$ and $2b$, not $2a$ and $5b$",
    ),
    (
        "distribution_error",
        "Find it.",
        SCALED,
        VECTOR,
        r"\begin{pmatrix} 12/13 \\ -3 \end{pmatrix}",
        "",
        r"the factor $\frac{6}{13}$ does not reach $-3$: that term should become $-\frac{18}{13}$",
    ),
    (
        "sign_error",
        "Find it.",
        SCALED,
        VECTOR,
        r"\begin{pmatrix} 12/13 \\ 18/13 \end{pmatrix}",
        "",
        "is negative, as a product of a positive and a negative number",
    ),
    (
        "exponent_law_error",
        "Find $a$, which is positive.",
        r"We have $a^2 = 18$, so $a = \boxed{3\sqrt{2}}$.",
        r"3\sqrt{2}",
        r"9\sqrt{2}",
        "",
        "$9$ was taken out of the root without taking its own root",
    ),
    (
        "missing_step",
        "Find $d$.",
        r"We get $d^2 = 6^2 + 7^2 = 85$, so $d = \boxed{\sqrt{85}}$.",
        r"\sqrt{85}",
        "85",
        "",
        "The step leaves out the square root",
    ),
    (
        "sign_error",
        "Find the width $w$.",
        "We get $w^2 + 4w - 140 = 0$, which factors as $(w+14)(w-10) = 0$.  So $w = -14$ or $w = 10$.  Since the width "
        "must be positive, it is $\\boxed{10}$.",
        "10",
        "14",
        "$(w-14)(w+10) = 0$.\nSo $w = -10$ or $w = 14$.",
        "is $(w+14)(w-10)$, not $(w-14)(w+10)$: multiplied out",
    ),
    (
        "sign_error",
        "What is the greatest $a$?",
        r"We need $0 \ge a^2 - a - 2 = (a-2)(a+1)$.  Thus $-1 \le a \le 2$, so the greatest value is $\boxed{2}$.",
        "2",
        "1",
        r"$0 \ge a^2 - a - 2 = (a+2)(a-1)$.\nThus $-2 \le a \le 1$".replace(r"\n", "\n"),
        "is $(a-2)(a+1)$, not $(a+2)(a-1)$",
    ),
    # A formula alone that is worked out from the one before.
    (
        "sign_error",
        "Expand it.",
        "Distribute to get $x^2 + 2x^2 - 5x^2 + 1$. Combining like terms gives $\\boxed{-2x^2 + 1}$.",
        "-2x^2+1",
        "8x^2 + 1",
        "",
        "The term $-5x^2$ was added up as if it were $5x^2$",
    ),
    # The sides behind one that is not read.
    (
        "exponent_law_error",
        "Simplify it.",
        r"\[\prod_{k=1}^n a_k = 2(2n)^2 + 2(2n) + 1 = \boxed{8n^2 + 4n + 1}.\]",
        "8n^2 + 4n + 1",
        "4n^2 + 4n + 1",
        "",
        "In $(2n)^2$, $2$ has to be raised to the power as well: it is $4n^2$.",
    ),
    # The bound that an inequality comes to.
    (
        "distribution_error",
        "Which $x$ is the smallest?",
        BOUND,
        "8",
        r"\frac{11}{2}",
        r"2x \ge 11",
        "does not reach $-5$",
    ),
    # Words that name the operation go along.
    (
        "distribution_error",
        "Solve for $x$.",
        "We have $2(x-5) = 4(3)$.  Expanding gives $2x-10 = 12$.  Adding 10 to both sides gives $2x = 22$, so "
        r"$x = \boxed{11}$.",
        "11",
        r"\frac{17}{2}",
        "Adding 5 to both sides gives $2x = 17$",
        "does not reach $-5$",
    ),
    # An equation whose other letter is known.
    (
        "inverse_operation_error",
        "Find $n$.",
        r"We have $na = 96$ and $na^2 = 144$.  Hence $a = \frac{3}{2}$, so $n = \boxed{64}$.",
        "64",
        "324",
        "",
        r"With $a = \frac{3}{2}$ in $na^2 = 144$, the equation $\frac{9}{4}n = 144$ gives $n = 64$, not $n = 324$",
    ),
    # The fraction that a root is written as first.
    (
        "sign_error",
        "Find $a$.",
        r"We know that $4a + 3 = 7a - 12$.  We find that $a = \frac{15}{3} = \boxed{5}$.",
        "5",
        "3",
        r"$a = \frac{9}{3} = \boxed{3}$",
        "the term $3$ was moved to the other side without changing its sign",
    ),
    (
        "inverse_operation_error",
        "Find $x$.",
        r"We know that $10x = 25$.  Thus $x = \frac{25}{10} = \boxed{\frac{5}{2}}$.",
        r"\frac{5}{2}",
        r"\frac{2}{5}",
        r"$x = \frac{10}{25} = \boxed{\frac{2}{5}}$",
        "it is $25$ divided by $10$, not the other way around",
    ),
    # The number itself, and not the sum of its parts.
    (
        "question_misinterpretation_error",
        r"Its probability is $\frac{m}{n}$ in lowest terms.  Find $m+n$.",
        r"The probability is $\frac{6}{16} = \frac{3}{8}$, so our answer is $3 + 8 = \boxed{11}$.",
        "11",
        r"\frac{3}{8}",
        r"so our answer is $\boxed{\frac{3}{8}}$",
        r"The problem asks for $m+n$, which is $11$, and the step gives $\frac{3}{8}$ itself.",
    ),
    # The last operation is left out.
    (
        "missing_step",
        "What is the largest of these numbers?",
        "The next power is $2^8 = 256$.\n\nThus, the largest of them is $256 - 1 = \\boxed{255}$.",
        "255",
        "256",
        r"the largest of them is $\boxed{256}$",
        "The step leaves out the subtraction of $1$: it should be $256 - 1 = 255$.",
    ),
    (
        "missing_step",
        "Find $C$.",
        r"The largest $k$ is 16, so $C = \sqrt{16} = \boxed{4}$.",
        "4",
        "16",
        r"so $C = \boxed{16}$",
        r"The step leaves out the square root of $16$: it should be $\sqrt{16} = 4$.",
    ),
    # A letter alone shows nothing of what is worked out.
    (
        "missing_step",
        "Find its area.",
        r"A leg of the right triangle is $a$.  We see that $a = 4$, so it has $\frac{4^2}{2} = \boxed{8}$.",
        "8",
        "16",
        r"so it has $4^2 = \boxed{16}$",
        "The step leaves out the division by $2$",
    ),
    # Signs that an equation shows to be wrong.
    (
        "sign_error",
        "Find all integer roots of $x^3 - x^2 - 6x = 0$ but for $0$.",
        r"Checking the divisors of $6$, we find $\boxed{-2, 3}$.",
        "-2,3",
        "2, -3",
        "",
        "$x^3 - x^2 - 6x = 0$ holds for $-2, 3$, not for $2, -3$: the signs of the roots are reversed.",
    ),
    (
        "sign_error",
        "Find $(p, q)$ if $p + q = 5$ and $p - q = 7$.",
        r"Solving, we find $(p, q) = \boxed{(6, -1)}$.",
        "(6,-1)",
        "(6, 1)",
        "",
        r"holds for $(6, -1)$, not for $(6, 1)$: the minus sign of $q$ is lost.",
    ),
    # Where the value is reached.
    (
        "question_misinterpretation_error",
        r"Find the minimum value of $x + \frac{9}{x}$ for $x > 0$.",
        r"It is at least $6$ by AM-GM.\n\nEquality occurs when $x = 3$, so the minimum value is $\boxed{6}$.".replace(
            r"\n", "\n"
        ),
        "6",
        "3",
        r"so the minimum value is $\boxed{3}$",
        "asks for the minimum value, which is $6$, and the step gives $3$, the value of $x$ at which it is reached.",
    ),
]


@pytest.mark.parametrize("case", MADE, ids=[f"{case[0]}-{case[4]}" for case in MADE])
def test_errors_in_the_last_formulas(case: tuple[str, ...]) -> None:
    kind, question, solution, gold, wrong, said, told = case
    found = made(kind, question, solution, gold)
    assert wrong in found
    text, explanation = found[wrong]
    assert said in text and told in explanation


NOT_MADE = [
    (
        "sign_error",
        "Find the number of functions.",
        r"We have $c^2 - c - 2 = (c - 2)(c + 1) = 0.$  Thus, $c = 2$ or $c = -1,$ giving us $\boxed{2}$ functions.",
        "2",
        "1",
    ),
    # type, question, solution, gold, and the wrong answer that nobody gives there
    (
        "sign_error",
        "Factor $x^2-2x-3$.",
        r"The sum of $1$ and $-3$ is $-2$, so it is $\boxed{(x+1)(x-3)}$.",
        "(x+1)(x-3)",
        "(x-1)(x+3)",
    ),
    ("sign_error", "Factor $x^2-2x-3$.", r"It is $x^2-2x-3 = \boxed{(x+1)(x-3)}$.", "(x+1)(x-3)", "(x+1)(x+3)"),
    (
        "sign_error",
        "Find the length.",
        r"We get $(w+14)(w-10) = w^2 + 4w - 140 = 0$, so $w = 10$, and $w + 14 = \boxed{24}$.",
        "24",
        "14",
    ),
    ("cross_term_error", "Find it.", r"As $(a + a)^2 = 4a^2$, it is $\boxed{4a^2}$.", "4a^2", "2a^2"),
    (
        "distribution_error",
        "Which $x$ is the smallest?",
        r"We have $3(x - 2) + 6 - 2(x + 1) \ge 0$, or $x - 2 \ge 0$; the smallest is $x = \boxed{2}$, and it is even.",
        "2",
        "4",
    ),
    # The equation has to be multiplied out first.
    (
        "missing_step",
        "Find $x$.",
        r"We have $3(x + 5) = 7(y - 3)$.  Hence $y = 12$, so $x = \boxed{16}$.",
        "16",
        "48",
    ),
    # The words say how the term changes sides, or that is divided.
    (
        "sign_error",
        "Find $a$.",
        r"We know that $4a + 3 = 7a - 12$.  Subtracting $3$ and $7a$ from both sides, $a = \frac{15}{3} = \boxed{5}$.",
        "5",
        "3",
    ),
    (
        "inverse_operation_error",
        "Find $x$.",
        r"We know that $10x = 25$.  Dividing by $10$ gives $x = \frac{25}{10} = \boxed{\frac{5}{2}}$.",
        r"\frac{5}{2}",
        r"\frac{2}{5}",
    ),
    # The fraction is not that of the equation before.
    (
        "sign_error",
        "Find $a$.",
        r"We know that $4a + 3 = 7a - 12$.  We find that $a = \frac{30}{6} = \boxed{5}$.",
        "5",
        "3",
    ),
    # The step says what it adds up, or what the parts are called.
    (
        "question_misinterpretation_error",
        r"Its probability is $\frac{m}{n}$ in lowest terms.  Find $m+n$.",
        r"The probability is $\frac{6}{16} = \frac{3}{8}$, so $m + n = 3 + 8 = \boxed{11}$.",
        "11",
        r"\frac{3}{8}",
    ),
    (
        "question_misinterpretation_error",
        r"Its probability is $\frac{m}{n}$ in lowest terms.  Find $m+n$.",
        r"The probability is $\frac{6}{16} = \frac{3}{8}$, so $m = 3$, $n = 8$, and our answer is $\boxed{11}$.",
        "11",
        r"\frac{3}{8}",
    ),
    # The words say the operation, a formula shows it, or the number was not found just before.
    (
        "missing_step",
        "Find it.",
        "The next power is $2^8 = 256$.\n\nSubtracting $1$ gives $256 - 1 = \\boxed{255}$.",
        "255",
        "256",
    ),
    (
        "missing_step",
        "Find it.",
        "The next power is $n = 2^8 = 256$.\n\nThe largest is $n - 1 = 256 - 1 = \\boxed{255}$.",
        "255",
        "256",
    ),
    (
        "missing_step",
        "Find it.",
        "The next power is $2^8$.\n\nThe largest is $256 - 1 = \\boxed{255}$.",
        "255",
        "256",
    ),
    # The value has just been found, the sign is no matter, or the words name the sign.
    (
        "sign_error",
        "Find $P$ if $x + y = 6$ and $x = 8$.",
        r"It follows that $y = 6 - 8$, which is $-2$, and $P = (x, y) = \boxed{(8, -2)}$.",
        "(8,-2)",
        "(8, 2)",
    ),
    ("sign_error", "Find all roots of $x^4 - 5x^2 + 4 = 0$.", r"They are $\boxed{-2, 1}$.", "-2,1", "2, -1"),
    (
        "sign_error",
        "Find $(p, q)$ if $p + q = 5$ and $p - q = 7$.",
        r"Since $q$ is negative, we find $(p, q) = \boxed{(6, -1)}$.",
        "(6,-1)",
        "(6, 1)",
    ),
    # What is reached in the step before may be another value.
    (
        "question_misinterpretation_error",
        r"Find the minimum value of $x + \frac{9}{x}$ for $x > 0$.",
        "The other term is minimized when $y = 4$.\n\nThus, the minimum value is $\\boxed{6}$.",
        "6",
        "4",
    ),
    # The question asks for the place, or for a letter whose value stands beside it.
    (
        "question_misinterpretation_error",
        r"Find the value of $x$ that gives the minimum value of $x + \frac{9}{x}$ for $x > 0$.",
        r"It is at least $6$.  Equality occurs when $x = 3$, so the answer is $\boxed{3}$.",
        "3",
        "6",
    ),
    (
        "question_misinterpretation_error",
        "Find the maximum value of $e$.",
        r"Equality occurs when $a = b = 6$ and $e = 16$, so the maximum value of $e$ is $\boxed{16}$.",
        "16",
        "6",
    ),
    # 5 root 2 over 2 is no root over a whole number without a square in it.
    (
        "missing_step",
        r"It is $\sqrt{a}/b$ in its simplest form.  Find $a+b$.",
        r"Then the distance is $\sqrt{5}/\sqrt{2} = \sqrt{10}/2$.  Hence the answer is $\boxed{12}$.",
        "12",
        "52",
    ),
]


@pytest.mark.parametrize(("kind", "question", "solution", "gold", "wrong"), NOT_MADE)
def test_what_nobody_writes_is_not_made(kind: str, question: str, solution: str, gold: str, wrong: str) -> None:
    assert wrong not in made(kind, question, solution, gold)
