"""Errors with congruences, divisors, and the like: what is made, and what the checker finds."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from label_checker import check_record

from lemma.arithmetic.chain_solution import read_chain_solution
from lemma.exceptions import Refusal
from lemma.injectors.formulas import proposals
from lemma.injectors.formulas.proof import carried
from lemma.records import ErroneousSolution

# type, question, the reference's steps, gold, the wrong steps from the error step on, and the explanation
Case = tuple[str, str, tuple[str, ...], str, tuple[str, ...], str]
CASES: dict[str, Case] = {
    "residue": (
        "sign_error",
        r"Solve $3n \equiv 2 \pmod{11}$, as a residue modulo 11.",
        (r"We get $n \equiv -3 \equiv \boxed{8} \pmod{11}$.",),
        "8",
        (r"We get $n \equiv -3 \equiv \boxed{3} \pmod{11}$.",),
        "$-3$ is congruent to $8$ modulo $11$, not to $3$: the minus sign is lost.",
    ),
    "residue of a sum": (
        "sign_error",
        r"Find the remainder modulo 19.",
        (r"It is $4 + 2 - 18 \equiv 7 \pmod{19}.$", r"Therefore, our answer is $\boxed{7}.$"),
        "7",
        (r"It is $4 + 2 - 18 \equiv 12 \pmod{19}.$", r"Therefore, our answer is $\boxed{12}.$"),
        "$4 + 2 - 18 = -12$ is congruent to $7$ modulo $19$, not to $12$: the minus sign is lost.",
    ),
    "difference": (
        "sign_error",
        r"For what $n$ in $\{0, \ldots, 36\}$ is $a-b\equiv n\pmod{37}$?",
        (r"\begin{align*} a-b &\equiv 16-21 \\ &\equiv -5 \\ &\equiv -5+37 \\ &\equiv \boxed{32}. \end{align*}",),
        "32",
        (r"\begin{align*} a-b &\equiv 16-21 \\ &\equiv \boxed{5}. \end{align*}",),
        "$16-21$ is $-5$, not $5$: $21$ is larger than $16$, so the difference is negative.",
    ),
    "product": (
        "calculation_error",
        r"Find $11^{-1} \pmod{508}$.",
        (r"It is $33^{-1} \cdot 3 \equiv 77 \cdot 3 \equiv \boxed{231} \pmod{508}.$",),
        "231",
        (r"It is $33^{-1} \cdot 3 \equiv 77 \cdot 3 \equiv \boxed{211} \pmod{508}.$",),
        r"$77 \cdot 3$ is $231$, not $211$: the 2 that is carried to the tens is dropped.",
    ),
    "remark": (
        "sign_error",
        r"Find $n$ modulo 7.",
        (r"Then $n \equiv -2 \equiv \boxed{5} \pmod{7}.$ Indeed, $5$ works.",),
        "5",
        (r"Then $n \equiv -2 \equiv \boxed{2} \pmod{7}.$",),
        "$-2$ is congruent to $5$ modulo $7$, not to $2$: the minus sign is lost.",
    ),
    "unwritten exponent": (
        "formula_confusion_error",
        "How many divisors has 1400?",
        (r"As $1400 = 2^3 \cdot 5^2 \cdot 7$, it has $(3+1)(2+1)(1+1) = \boxed{24}$ divisors.",),
        "24",
        (r"As $1400 = 2^3 \cdot 5^2 \cdot 7$, it has $(3+1)(2+1)(0+1) = \boxed{12}$ divisors.",),
        "A prime that is written without an exponent has the exponent $1$; the step takes $0$. It should be "
        "$(3+1)(2+1)(1+1) = 24$.",
    ),
    "added exponents": (
        "formula_confusion_error",
        "How many divisors has 90?",
        (r"It has $(1 + 1)(2 + 1)(1 + 1) = \boxed{12}$ divisors.",),
        "12",
        (r"It has $(1 + 1) + (2 + 1) + (1 + 1) = \boxed{7}$ divisors.",),
        "For the number of divisors, the increased exponents are multiplied; the step adds them. It should be "
        "$(1 + 1)(2 + 1)(1 + 1) = 12$.",
    ),
    "triangle": (
        "formula_confusion_error",
        "What is the area of the gray triangle?",
        (r"Its area is $\frac{5^2}{2}=\boxed{\frac{25}{2}}$.",),
        r"\frac{25}{2}",
        (r"Its area is $5^2=\boxed{25}$.",),
        r"The area of a triangle is half of base times height; the step leaves out the half. It should be "
        r"$\frac{5^2}{2} = \frac{25}{2}$.",
    ),
    "proper divisors": (
        "missing_step",
        "What is the sum of the proper divisors of 220?",
        (r"It is $(1+2+4)(1+5)(1+11)-220=7\cdot 6\cdot 12-220=\boxed{284}$.",),
        "284",
        (r"It is $(1+2+4)(1+5)(1+11)=7\cdot 6\cdot 12=\boxed{504}$.",),
        "The step leaves out the term $220$, and so counts $220$ among its own proper divisors: it should be "
        "$(1+2+4)(1+5)(1+11)-220 = 284$.",
    ),
    "percent": (
        "confusing_concept_error",
        "By what percent does the area decrease?",
        (r"So the area became $.9A$.", r"Thus, it decreased by $\boxed{10}$ percent."),
        "10",
        (r"Thus, it decreased by $\boxed{90}$ percent.",),
        "$90$ percent is what is left, $.9$ of the amount before; the decrease is $10$ percent.",
    ),
    "binomials": (
        "formula_confusion_error",
        "How many license plates are there?",
        (r"There are $\binom{25}{2}\binom{9}{2} = \boxed{10800}$ of them.",),
        "10800",
        (r"There are $\binom{25}{2}\binom{9}{2} = \boxed{43200}$ of them.",),
        r"$\binom{25}{2}\binom{9}{2}$ is $10800$, not $43200$: the orders of what is chosen were not divided out.",
    ),
    "powers": (
        "exponent_law_error",
        "How much is left?",
        (r"This equals $\frac{2^{4}}{3^{3}}$.", r"So we get $\boxed{\frac{16}{27}}$."),
        r"\frac{16}{27}",
        (r"So we get $\boxed{\frac{8}{9}}$.",),
        r"$\frac{2^{4}}{3^{3}}$ is $\frac{16}{27}$, not $\frac{8}{9}$: each base was multiplied by its exponent.",
    ),
    "numerators": (
        "calculation_error",
        "Find the angle.",
        (r"It is $\frac{83}7-\frac{45}7=\boxed{\frac{38}7}$.",),
        r"\frac{38}7",
        (r"It is $\frac{83}7-\frac{45}7=\boxed{\frac{48}{7}}$.",),
        r"$\frac{83}7-\frac{45}7$ is $\frac{38}7$, not $\frac{48}{7}$: the numerators give $83 - 45 = 38$, not $48$ "
        "(the 1 that is borrowed from the tens is not taken away).",
    ),
}
# name, what is put in place of what in the wrong steps and in the explanation, and the rule that finds it
CLAIM = "a claim about numbers is not true"
FAULTS = [
    ("residue", "not to $3$", "not to $4$", CLAIM),
    ("residue", "modulo $11$", "modulo $12$", CLAIM),
    ("residue of a sum", "= -12$", "= -11$", CLAIM),
    ("product", r"3 \equiv \boxed", r"3 \equiv 210 \equiv \boxed", "several congruences are false"),
    ("unwritten exponent", "(2+1)(0+1)", "(2+1)(2+1)", CLAIM),
    ("added exponents", "(1 + 1) + (2 + 1)", "(1 + 1) (2 + 1)", CLAIM),
    ("triangle", "$5^2=", "$6^2=", CLAIM),
    ("proper divisors", "counts $220$", "counts $221$", CLAIM),
    ("percent", "$10$ percent", "$20$ percent", CLAIM),
    ("binomials", "43200", "21600", CLAIM),
    ("powers", r"not $\frac{8}{9}", r"not $\frac{8}{27}", CLAIM),
    ("numerators", "not $48$", "not $47$", CLAIM),
]
NOTHING = [
    ("sign_error", r"Find $n$ modulo 11.", (r"If $n \equiv -3 \pmod{11}$, then $n+5 \equiv \boxed{2}$.",), "2"),
    ("sign_error", r"Find $n$ modulo 11.",
     (r"So $n \equiv -3 \equiv 8 \pmod{11}$.", r"As $8 + 1 = 9$, it is $\boxed{8}$."), "8"),
    ("formula_confusion_error", "How many divisors?",
     (r"$20 = 2^2 \cdot 5^1$ has $(2+1)(1+1) = \boxed{6}$ divisors.",), "6"),
    ("confusing_concept_error", "By what percent does it increase?",
     (r"It is $.9A$ now, so by $\boxed{10}$ percent.",), "10"),
]  # fmt: skip


def made(kind: str, question: str, steps: tuple[str, ...], gold: str) -> dict[str, tuple[tuple[str, ...], int, str]]:
    """The explanations of the errors of a type, each with the wrong steps, the wrong one, and the answer."""
    solution, found = read_chain_solution(question, steps, gold), {}
    for proposed in proposals(solution, kind, random.Random(0)):
        with suppress(Refusal):
            found[proposed.explanation] = carried(solution, proposed)
    return found


def record(case: Case, old: str = "", new: str = "") -> ErroneousSolution:
    kind, question, right, gold, _, why = case
    steps, place, answer = made(kind, question, right, gold)[why]
    if old:
        assert old in why or any(old in step for step in steps)
        steps, why = tuple(step.replace(old, new) for step in steps), why.replace(old, new)
        answer = answer.replace(old, new)
    return ErroneousSolution(
        id="one", problem_id="one", question=question, gold_answer=gold, reference_steps=right, steps=steps,
        error_step=place, error_type=kind, explanation=why, final_answer=answer, origin="symbolic", model=kind,
        evidence="proof", confidence=1,
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_error_is_made_as_a_pupil_makes_it(name: str) -> None:
    kind, question, right, gold, wrong, why = CASES[name]
    found = made(kind, question, right, gold)
    assert why in found, found
    steps, place, _ = found[why]
    assert steps[place:] == wrong
    assert not check_record(record(CASES[name])).findings


@pytest.mark.parametrize(("name", "old", "new", "rule"), FAULTS)
def test_planted_faults_are_found(name: str, old: str, new: str, rule: str) -> None:
    found = check_record(record(CASES[name], old, new)).findings
    assert any(rule in finding.rule for finding in found), found


@pytest.mark.parametrize(("kind", "question", "steps", "gold"), NOTHING)
def test_nothing_is_made_of_what_is_not_clear(kind: str, question: str, steps: tuple[str, ...], gold: str) -> None:
    assert not made(kind, question, steps, gold)
