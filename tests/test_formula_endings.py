"""Errors at the end of LaTeX solutions: a last result that only the box repeats, and what else a box may hold."""

from __future__ import annotations

import random

import pytest

from lemma.arithmetic.chain_solution import read_chain_solution
from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.injectors import injector
from lemma.injectors.algebra import FormulaInjector
from lemma.injectors.formulas import proposals
from lemma.injectors.formulas.proof import carried
from lemma.injectors.reading import FormulaSolution, read_problem
from lemma.records import Problem
from lemma.taxonomy.error_types import load_taxonomy

EXAMPLES = {
    kind.id: kind for kind in load_taxonomy() if kind.injector and isinstance(injector(kind.injector), FormulaInjector)
}
GOLD = {"inverse_operation_error": "4", "fraction_error": r"\frac{1}{2}", "endpoint_error": r"(3, \infty)"}


def made(kind: str, question: str, steps: tuple[str, ...], gold: str) -> dict[tuple[str, ...], str]:
    """The wrong solutions of one type, each with its explanation."""
    solution = read_chain_solution(question, steps, gold)
    found = {}
    for proposed in proposals(solution, kind, random.Random(0)):
        try:
            wrong, step, answer = carried(solution, proposed)
        except Refusal:
            continue
        assert verdict(gold, answer) == "different" and wrong[:step] == steps[:step] and wrong[step] != steps[step]
        found[wrong] = proposed.explanation
    return found


def boxed(text: str, gold: str) -> str:
    """The answer in a box, where it stands last."""
    head, _, tail = text.rpartition(gold)
    return f"{head}\\boxed{{{gold}}}{tail}"


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_examples_of_the_types_are_made(kind: str) -> None:
    example, gold = EXAMPLES[kind].example, GOLD[kind]
    wrong = example.wrong_step.removesuffix("$.").replace("= ", "is ").rpartition("is ")[2].strip("$")
    made_of = made(kind, example.question, (boxed(example.right_step, gold),), gold)
    assert (boxed(example.wrong_step, wrong),) in made_of
    assert made_of[boxed(example.wrong_step, wrong),] == example.explanation


MADE = [
    # type, question, steps, gold, the last step with the error, and what its explanation says
    (
        "sign_error",
        "Find $x$.",
        (r"So $3x + 1 = 4x - 3$.", r"Thus $x = \boxed{4}$."),
        "4",
        r"Thus $x = \boxed{2}$.",
        "the term $1$ was moved to the other side without changing its sign",
    ),
    (
        "sign_error",
        "Find the remainder.",
        (r"We get $a = -13$ and $b = 3$.", r"It is $ax + b = \boxed{-13x+3}$."),
        "-13x+3",
        r"It is $ax + b = \boxed{13x+3}$.",
        "With $a = -13$, $b = 3$, $ax + b$ is $-13x+3$, not $13x+3$: the minus sign of $-13$ is lost",
    ),
    (
        "sign_error",
        "Find it.",
        (r"It is $i(7 + 2i) = \boxed{-2 + 7i}$.",),
        "-2 + 7i",
        r"It is $i(7 + 2i) = \boxed{2 + 7i}$.",
        "$i^2$ is $-1$",
    ),
    (
        "sign_error",
        "Find the vector.",
        (r"It is $\boxed{\begin{pmatrix} 1 \\ -18 \end{pmatrix}}$.",),
        r"\begin{pmatrix} 1 \\ -18 \end{pmatrix}",
        "",  # nothing shows where the sign comes from
        "",
    ),
    (
        "sign_error",
        "Find $x$.",
        (r"Hence $0 = 4x(x-5)$.", r"As $x$ can't be $0$, $x = \boxed{5}$ or $-1 < 0$."),
        "5",
        "",
        "",
    ),
    (
        "missing_step",
        "Find $x$.",
        (r"So $360 + 2x = 600$, or $x = \boxed{120}$.",),
        "120",
        r"So $360 + 2x = 600$, or $x = \boxed{240}$.",
        "leaves out the division by $2$",
    ),
    (
        "inverse_operation_error",
        "Find $n$.",
        (r"From $2n=3$ we get $n = \frac{3}{2}$.", r"It is $\boxed{\frac{3}{2}}$."),
        r"\frac{3}{2}",
        r"It is $\boxed{\frac{2}{3}}$.",
        "not the other way around",
    ),
    (
        "exponent_law_error",
        "Find it.",
        (r"It is $3^7/3^3=3^4=\boxed{81}$.",),
        "81",
        r"It is $3^7/3^3=3^4=\boxed{12}$.",
        "the base was multiplied by the exponent",
    ),
    (
        "fraction_error",
        "Simplify.",
        (r"It is $\frac{3\sqrt{3}}{9}=\boxed{\frac{\sqrt{3}}{3}}$.",),
        r"\frac{\sqrt{3}}{3}",
        r"It is $\frac{3\sqrt{3}}{9}=\boxed{\sqrt{3}}$.",
        "only the denominator was divided by $3$",
    ),
    (
        "endpoint_error",
        "What is the domain?",
        (r"As $x \neq 12$, it is $\boxed{(2,12) \cup (12,102)}$.",),
        r"(2,12) \cup (12,102)",
        r"As $x \neq 12$, it is $\boxed{(2,102)}$.",
        "$12$ does not belong",
    ),
    (
        "lost_root_error",
        "Find the roots.",
        (r"This gives us the roots $\boxed{3, 5, 7}.$",),
        "3, 5, 7",
        r"This gives us the roots $\boxed{3, 5}.$",
        "$7$ is a solution as well",
    ),
    (
        "coordinate_swap_error",
        "Find the point.",
        (r"It is $\boxed{(2,4)}$.",),
        "(2,4)",
        r"It is $\boxed{(4,2)}$.",
        "first one is $2$",
    ),
    (
        "counting_error",
        "How many values are there?",
        (r"This leaves us with $\boxed{8}$ possible values.",),
        "8",
        r"This leaves us with $\boxed{7}$ possible values.",
        "one too few",
    ),
    (
        "confusing_concept_error",
        "Find the angle.",
        (r"So $\sin \theta = \frac{1}{2}.$", r"Thus $\theta$ is $\boxed{30^\circ}.$"),
        r"30^\circ",
        r"Thus $\theta$ is $\boxed{60^\circ}.$",
        "the sine of",
    ),
    (
        "wrong_case_error",
        "Find the larger $x$.",
        (r"So $x = 4$ or $x = -9$.", r"The larger $x$ is $\boxed{4}$."),
        "4",
        r"The larger $x$ is $\boxed{-9}$.",
        "the one that is asked for is $4$",
    ),
    (
        "calculation_error",
        "Convert it.",
        (r"The remainders are 2, 1, 3, 4, so it is $\boxed{4312_6}$.",),
        "4312_6",
        r"The remainders are 2, 1, 3, 4, so it is $\boxed{2134_6}$.",
        "from the wrong end",
    ),
]


@pytest.mark.parametrize("case", MADE)
def test_what_is_made(case: tuple[str, str, tuple[str, ...], str, str, str]) -> None:
    kind, question, steps, gold, last, told = case
    found = {wrong[-1]: why for wrong, why in made(kind, question, steps, gold).items()}
    assert last in found if last else not found
    assert told in found.get(last, "")


NOT_MADE = [
    # type, question, steps, gold: nobody would write it, or something else depends on it
    ("sign_error", "Find $x$.", (r"So $x - 9 = 74$.", r"Adding $9$ to both sides yields $x = \boxed{83}$."), "83"),
    ("sign_error", "Find $x$.", (r"The value is negative, so it is $\boxed{-4}$.",), "-4"),
    ("sign_error", "Find $x$.", (r"We find $x = -12$.", r"It is $\boxed{-12}$."), "-12"),  # copied
    ("inverse_operation_error", "Find $x$.", (r"So $2x = 22$, and dividing by 2 gives $x = \boxed{11}$.",), "11"),
    (
        "inverse_operation_error",
        "Find $x$.",
        (r"So $3x = 12$.", r"So $x = 4$.", r"Then $x + 1 = 5$ is $\boxed{5}$."),
        "5",
    ),
    ("fraction_error", "Find it.", (r"It is $0.25 + 0.5 = \boxed{0.75}$.",), "0.75"),  # no fractions are written
    ("counting_error", "How many?", (r"There are $8$ values.", r"So we have $\boxed{8}$ pairs."), "8"),  # said before
    ("endpoint_error", "Find the ordered pair.", (r"It is $\boxed{(2,4)}$.",), "(2,4)"),
    ("wrong_case_error", "Find it.", (r"So $x = 3$ or $x = 0$.", r"Then it is $3 + (-3) = \boxed{0}$."), "0"),
    ("inverse_operation_error", "Find it.", (r"So $2x = 290$.", r"Thus $x = \boxed{145}$."), "145"),
    ("lost_root_error", "List the first primes.", (r"They are $\boxed{2, 3, 5}$.",), "2, 3, 5"),
    ("wrong_case_error", "Find $x$.", (r"So $x = 4$ or $x = -9$.", r"As $-9$ is extraneous, it is $\boxed{4}$."), "4"),
    (
        "previous_step_value_error",
        "What is the sum?",
        (r"We have $4 + 9 = 13$.", r"Adding $5$, we get $\boxed{18}$."),
        "18",
    ),
]


@pytest.mark.parametrize(("kind", "question", "steps", "gold"), NOT_MADE)
def test_what_is_not_made(kind: str, question: str, steps: tuple[str, ...], gold: str) -> None:
    assert not made(kind, question, steps, gold)


def test_a_second_way_is_not_read() -> None:
    text = r"The average is $(200 + 500)/2 = \boxed{350}$. OR It is $75$ more. The term is $200 + 150 = \boxed{350}$."
    solution = read_problem(Problem(id="one", question="What is the term?", solution=text, answer="350", source="own"))
    assert isinstance(solution, FormulaSolution) and solution.chains is not None
    assert len(solution.chains.steps) < len(solution.steps)
    assert solution.chains.steps[-1].endswith("}$.")
