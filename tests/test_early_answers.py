"""Solutions that stop one result too early, what a question asks for, and errors in solutions that are shortened."""

from __future__ import annotations

import pytest
from test_last_formulas import made

from lemma.injectors.formulas.asked_quantity import asked_quantity, asks

MISREAD = "question_misinterpretation_error"
MADE = [
    # type, question, solution, gold, the wrong answer, its last step, and what the explanation says
    (
        MISREAD,
        "In triangle $PQR$, angle $P$ is $35^\\circ$ and angle $Q$ is twice as large. What is the degree measure of "
        "angle $R$?",
        "Angle $Q$ has $2 \\cdot 35 = 70$ degrees. The sum of angles $P$ and $Q$ is $35 + 70 = 105$ degrees.\n\n"
        "So angle $R$ has $180 - 105 = \\boxed{75}$ degrees.",
        "75",
        "105",
        "Therefore, the degree measure of angle $R$ is $\\boxed{105}$.",
        "The problem asks for the degree measure of angle $R$, which is $75$, and the step answers with $105$, of "
        'which the step before says: "The sum of angles $P$ and $Q$ is $35 + 70 = 105$ degrees".',
    ),
    (
        MISREAD,
        "A pen costs $\\$1.20$ and a box holds $15$ pens. How many dollars do $4$ boxes cost?",
        "Let $b$ be the price of a box. This gives\n\\[b = 15 \\cdot 1.2 = 18.\\] Hence $4$ boxes cost "
        "$4b = \\boxed{72}$ dollars.",
        "72",
        "18",
        "",
        "",
    ),
    (
        MISREAD,
        "The point $(1,0)$ is turned by $90^\\circ$ and then moved up by $3$. What is the resulting point?",
        "When $(1,0)$ is turned by $90^\\circ$, the image is $(0,1)$. Moved up, it is $\\boxed{(0,4)}$.",
        "(0,4)",
        "(0,1)",
        "Therefore, the resulting point is $\\boxed{(0,1)}$.",
        'of which the step before says: "When $(1,0)$ is turned by $90^\\circ$, the image is $(0,1)$".',
    ),
    (
        MISREAD,
        "Let $g(x) = 3x.$ Compute\n\\[g(g(5)) + 1.\\]",
        "We have $g(5) = 15.$ Then $g(g(5)) = 3 \\cdot 15 = 45.$ So $g(g(5)) + 1 = 45 + 1 = \\boxed{46}.$",
        "46",
        "45",
        "Therefore, $g(g(5)) + 1$ is $\\boxed{45}$.",
        "The problem asks for $g(g(5)) + 1$, which is $46$, and the step answers with $45$, the value of $g(g(5))$.",
    ),
    # The sides between are left out: nobody who takes this rule writes them.
    (
        "cross_term_error",
        "Find the length of $QM$.",
        "By the Pythagorean Theorem,\n\\begin{align*}\nQM &= \\sqrt{26^2 - 10^2} \\\\\n&= \\sqrt{(26-10)(26+10)} \\\\\n"
        "&= \\boxed{24}.\n\\end{align*}",
        "24",
        "16",
        "By the Pythagorean Theorem,\n\\begin{align*}\nQM &= \\sqrt{26^2 - 10^2} \\\\\n&= \\boxed{16}.\n\\end{align*}",
        "is not the square of the difference",
    ),
]
MADE = [case for case in MADE if case[5]]
NOT_MADE = [
    # A question number, a case, an assumption, an equation for the unknown, another kind of number, a power of it
    (
        "In a week, $5$ days are free. How many are free in $3$ weeks?",
        "In a week, there are $9 - 4 = 5$ of them. So there are $3 \\cdot 5 = \\boxed{15}$ days.",
        "15",
    ),
    (
        "In how many ways can $6$ people sit?",
        "In this case, there are $4! = 24$ ways. In total, there are $24 + 24 = \\boxed{48}$ ways.",
        "48",
    ),
    ("Find $y$.", "If $x = 2 \\cdot 4 = 8$, it holds. Then $y = 8 + 3 = \\boxed{11}$.", "11"),
    ("Find $x$.", "This gives $10x = 30 + 25 = 55$. Then $55$ is divided by $10$, and $x = \\boxed{5.5}$.", "5.5"),
    (
        "What is the probability of a red ball?",
        "There are $16 - 4 = 12$ red balls. So the probability is $\\frac{12}{16} = \\boxed{\\frac{3}{4}}$.",
        "\\frac{3}{4}",
    ),
    ("What is $3 + 4 + 7$?", "First, $3 + 4 = 7$. Then $7 + 7 = \\boxed{14}$.", "14"),
    ("What is the sum?", "We have $2 + 5 = 7$. The number of the other kind is $8$. The sum is $\\boxed{15}$.", "15"),
]
ASKED = [
    ("What is the degree measure of angle $AFD$?", "the degree measure of angle $AFD$"),
    ("Let $a = 2$. Find $a + b.$", "$a + b$"),
    ("Compute\n\\[f(1) + f(2).\\]", "$f(1) + f(2)$"),
    ("What is the area, in square inches, of the square?", "the area"),
    ("Find the number of integers that are prime.", "the number of integers"),
    ("Find the value of their sum.", ""),
    ("Find $a$. Then find $b$.", ""),
    ("How long is it?", ""),
]


@pytest.mark.parametrize("case", MADE, ids=lambda case: f"{case[0]} {case[4]}")
def test_errors_of_a_shorter_solution(case: tuple[str, ...]) -> None:
    kind, question, solution, gold, wrong, last, why = case
    found = made(kind, question, solution, gold)
    assert wrong in found, list(found)
    text, explanation = found[wrong]
    assert text.endswith(last)
    assert why in explanation


@pytest.mark.parametrize(("question", "solution", "gold"), NOT_MADE)
def test_what_is_no_answer_is_not_taken_for_it(question: str, solution: str, gold: str) -> None:
    found = made(MISREAD, question, solution, gold)
    assert not [text for text, _ in found.values() if "Therefore, " in text]


@pytest.mark.parametrize(("question", "asked"), ASKED)
def test_what_a_question_asks_for(question: str, asked: str) -> None:
    assert asked_quantity(question) == asked


def test_a_question_without_a_noun_is_quoted() -> None:
    assert asks("It is red. How long is it?", "$5$") == 'The problem asks: "How long is it?" The answer to that is $5$,'
    assert asks("Simplify it.", "$5$") == "The problem asks for another quantity, which is $5$,"


def test_a_factor_is_not_lost_where_the_middle_is_left_out() -> None:
    solution = r"It is $\frac{3}{5} \cdot \frac{10}{9} = \frac{30}{45} = \frac{6}{9} = \boxed{\frac{2}{3}}$."
    found = made("missing_step", "Simplify it.", solution, r"\frac{2}{3}")
    assert not [text for text, why in found.values() if "the factor" in why and "45" not in text]
