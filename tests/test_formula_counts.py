"""Counts stated in words, lists that lack a thing, numbers that only words derive, and slips that nobody makes."""

from __future__ import annotations

import random

import pytest

from lemma.arithmetic.chain_solution import read_chain_solution
from lemma.arithmetic.derived import by_words, parts_asked, sums_of_parts
from lemma.arithmetic.surds import Surd
from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.injectors.formulas import proposals
from lemma.injectors.formulas.fitting import is_easy_fact
from lemma.injectors.formulas.proof import carried

LATTICE = (
    "There will be 9 positions between the vertical sides.",
    "We look at the other sides.",
    r"So there are $9 \times 7 = \boxed{63}$ points.",
)
PAIRS = (
    "The pairs are $(2,27)$, $(3,18)$, $(6,9)$, and $(9,6)$.",
    r"There are $\boxed{4}$ such pairs.",
)
AREAS = (
    r"The rectangle has the area $5\cdot 23=115$, and the triangle $\frac{1}{2}\cdot 3\cdot 4=6$.",
    r"Adding the areas, we find $\boxed{121}$.",
)
PARTS = (
    r"The probability is $\frac{1}{6}+\frac{1}{24}=\frac{5}{24}$.",
    r"Hence $m+n=\boxed{29}$.",
)
ASKS_PARTS = r"It is $\frac{m}{n}$, where $m$ and $n$ are relatively prime. Find $m+n$."
CASES = [
    # type, question, steps, gold, the wrong steps, and what the explanation says
    (
        "counting_error",
        "How many points lie inside of 7 rows?",
        LATTICE,
        "63",
        (LATTICE[0].replace("9", "8"), LATTICE[1], r"So there are $8 \times 7 = \boxed{56}$ points."),
        "one too few: there are $9$ positions, not $8$",
    ),
    (
        "counting_error",
        "How many pairs are there?",
        PAIRS,
        "4",
        ("The pairs are $(2,27)$, $(6,9)$, and $(9,6)$.", r"There are $\boxed{3}$ such pairs."),
        "leaves out $(3,18)$",
    ),
    (
        "calculation_error",
        "The sides are 5, 23, 3 and 4. What is the area?",
        AREAS,
        "121",
        (AREAS[0].replace("115", "105"), AREAS[1].replace("121", "111")),
        "is $115$, not $105$",
    ),
    (
        "fraction_error",
        ASKS_PARTS,
        PARTS,
        "29",
        (r"The probability is $\frac{1}{6}+\frac{1}{24}=\frac{1}{15}$.", r"Hence $m+n=\boxed{16}$."),
        "the numerators and the denominators were added one by one",
    ),
    (
        "formula_confusion_error",
        "Choose 2 of 8 toppings.",
        (r"It is ${8 \choose 2} = \boxed{28}$.",),
        "28",
        (r"It is ${8 \choose 2} = \boxed{56}$.",),
        r"$8 \cdot 7$ was not divided by $2!$",
    ),
    (
        "endpoint_error",
        "What is the domain?",
        (r"Here $x \le 7$.", r"So it is $\boxed{(-\infty,7]}$."),
        r"(-\infty,7]",
        (r"Here $x \le 7$.", r"So it is $\boxed{(-\infty,7)}$."),
        r"Since $x \le 7$, the endpoint $7$ belongs",
    ),
    (
        "operator_error",
        "How many are there with 96 others?",
        (r"There are $2\cdot 24 = 48$ of them.", r"It is $48 + 96 = \boxed{144}$."),
        "144",
        (r"There are $2+24 = 26$ of them.", r"It is $26 + 96 = \boxed{122}$."),
        r"adds in $2+24$, where it should have multiplied: $2\cdot 24 = 48$",
    ),
]
NOT_MADE = [
    # type, question, steps, gold, and an answer that nobody would give, or that can't be proven
    ("contradictory_step", "Find it.", ("It is at most $13 = 6 + 7$.", r"So it is $\boxed{13}$."), "13", "31"),
    ("calculation_error", "Find it.", (r"It is $\frac{15}{3}=\boxed{5}$.",), "5", "4"),
    ("exponent_law_error", "Find it.", (r"It is $\sqrt{16}=\boxed{4}$.",), "4", "8"),
    ("missing_step", "Find $k$.", (r"So $6k=6$, and dividing by 6 gives $k=\boxed{1}$.",), "1", "6"),
    ("missing_step", "What is it for $x=4$?", (r"It is $3x-1$, or $3 \cdot 4 - 1 = \boxed{11}$.",), "11", "2"),
    ("operator_error", "What is it for $x=4$?", (r"It is $3x-1$, or $3 \cdot 4 - 1 = \boxed{11}$.",), "11", "13"),
    ("fraction_error", "Find it.", (r"The reciprocal is $\boxed{\frac{3}{2}}$.",), r"\frac{3}{2}", r"\frac{2}{3}"),
    (
        "fraction_error",
        "Find it.",
        (r"It is $2 + \frac{5}{2} = \boxed{\frac{9}{2}}$.",),
        r"\frac{9}{2}",
        r"\frac{7}{3}",
    ),
    (  # what 9 leaves without 9/2 is not carried on
        "missing_step",
        "Find the probability.",
        (r"It is $3^2=9$.", r"The rest is $2^2+1/2=9/2$.", r"So it is $9/2$ and $(9/2)/9=\boxed{\frac{1}{2}}$."),
        r"\frac{1}{2}",
        r"\frac{5}{18}",
    ),
    ("counting_error", "How many?", ("They are 2, 3, 4, and 5.", r"As 3 is odd, $\boxed{4}$ are there."), "4", "3"),
]


def made(kind: str, question: str, steps: tuple[str, ...], gold: str) -> dict[tuple[str, ...], tuple[str, str]]:
    """The wrong solutions of one type, each with its explanation and its answer."""
    solution = read_chain_solution(question, steps, gold)
    found = {}
    for proposed in proposals(solution, kind, random.Random(0)):
        try:
            wrong, step, answer = carried(solution, proposed)
        except Refusal:
            continue
        assert verdict(gold, answer) == "different" and wrong[:step] == steps[:step] and wrong[step] != steps[step]
        found[wrong] = (proposed.explanation, answer)
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_is_made(case: tuple[str, str, tuple[str, ...], str, tuple[str, ...], str]) -> None:
    kind, question, steps, gold, wrong, told = case
    found = made(kind, question, steps, gold)
    assert wrong in found
    assert told in found[wrong][0]


@pytest.mark.parametrize("case", NOT_MADE)
def test_what_is_not_made(case: tuple[str, str, tuple[str, ...], str, str]) -> None:
    *given, answer = case
    assert answer not in {found for _, found in made(*given).values()}


@pytest.mark.parametrize(
    ("number", "words", "results", "known", "pair"),
    [
        (21, "Adding the areas, we find", (15, 6), (), (15, 6)),
        (64, "Their average is", (39, 89), (), (39, 89)),
        (21, "We find", (15, 6), (), None),  # no operation is named
        (21, "Adding the product, we find", (15, 6), (), None),  # two are
        (21, "Adding the areas, we find", (15, 6), (11, 10), None),  # two pairs give it
        (21, "Adding the areas, we find", (15,), (6,), None),  # not of results alone
    ],
)
def test_what_words_derive(
    number: int, words: str, results: tuple[int, ...], known: tuple[int, ...], pair: tuple[int, int] | None
) -> None:
    found = by_words(Surd(number), words, map(Surd, results), map(Surd, known))
    assert (found and found[1:]) == (pair and tuple(map(Surd, pair)))


def test_the_parts_of_a_number() -> None:
    assert parts_asked(ASKS_PARTS) and not parts_asked(r"It is $\frac{m}{n}$. Find $m$.")
    assert sums_of_parts(Surd(5) / Surd(24)) == {"fraction": 29} and not sums_of_parts(Surd(3))
    assert sums_of_parts(Surd.root(12) / Surd(5)) == {"all parts": 10, "root over": 17}
    assert sums_of_parts(Surd.root(8) + Surd.root(27)) == {"factors": 5, "factors and roots": 10}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("In the ones, 2 times 3 is 6, but 7 was used.", True),
        ("In the ones, 4 times 7 is 28, but 21 was used.", True),
        ("In the ones, 6 times 8 is 48, but 42 was used.", False),
        ("In the tens, 3 + 8 + the 1 carried is 12, but 13 was used.", False),
    ],
)
def test_a_small_product_is_known(told: str, expected: bool) -> None:
    assert is_easy_fact(told) is expected
