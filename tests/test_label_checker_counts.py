"""The label checker on stated counts, lists, and numbers that only words derive: planted faults and right records."""

from __future__ import annotations

import pytest
from label_checker import check_record

from lemma.records import ErroneousSolution

# type, question, the reference's steps, the wrong ones, the wrong step, gold, the wrong answer, explanation
Case = tuple[str, str, tuple[str, ...], tuple[str, ...], int, str, str, str]
CASES: dict[str, Case] = {
    "stated": (
        "counting_error",
        "How many lattice points lie inside the rectangle?",
        ("There will be 9 positions between the sides.", r"So there are $9 \times 7 = \boxed{63}$ points."),
        ("There will be 8 positions between the sides.", r"So there are $8 \times 7 = \boxed{56}$ points."),
        0,
        "63",
        "56",
        "The step counts one too few: there are $9$, not $8$.",
    ),
    "list": (
        "counting_error",
        "How many values of $x$ are there?",
        ("The pairs are $(2,27)$, $(3,18)$, $(6,9)$, and $(9,6)$.", r"There are $\boxed{4}$ such pairs."),
        ("The pairs are $(2,27)$, $(6,9)$, and $(9,6)$.", r"There are $\boxed{3}$ such pairs."),
        0,
        "4",
        "3",
        "The list leaves out $(3,18)$: there are $4$, not $3$.",
    ),
    "words": (
        "calculation_error",
        "What is the area of the trapezoid?",
        (
            r"The rectangle has the area $5 \cdot 23=115$.",
            r"The triangle has the area $\frac{1}{2} \cdot 3 \cdot 4=6$.",
            r"Adding the areas, we find $\boxed{121}$.",
        ),
        (
            r"The rectangle has the area $5 \cdot 23=105$.",
            r"The triangle has the area $\frac{1}{2} \cdot 3 \cdot 4=6$.",
            r"Adding the areas, we find $\boxed{111}$.",
        ),
        0,
        "121",
        "111",
        r"$5 \cdot 23$ is $115$, not $105$: the 1 that is carried was forgotten.",
    ),
    "operator": (
        "operator_error",
        "How many seatings are there?",
        (r"There are $2\cdot 24 = 48$ of them.", r"With the others, it is $48 + 96 = \boxed{144}$."),
        (r"There are $2+24 = 26$ of them.", r"With the others, it is $26 + 96 = \boxed{122}$."),
        0,
        "144",
        "122",
        r"The step adds in $2+24$, where it should have multiplied: $2\cdot 24 = 48$.",
    ),
    "gaps": (
        "counting_error",
        "How many integers are in the solution set?",
        ("So $x$ can be any integer from -3 to 7.", r"There are $7-(-3)+1=\boxed{11}$ integers in this range."),
        ("So $x$ can be any integer from -3 to 7.", r"There are $7-(-3)=\boxed{10}$ integers in this range."),
        1,
        "11",
        "10",
        "The step counts the gaps and not the numbers, one too few: it should be $7-(-3)+1 = 11$.",
    ),
    "value": (
        "sign_error",
        "Find the remainder.",
        ("Adding them gives $a=-13$ and $b=3$.", r"Therefore, $r(x) = ax+b = \boxed{-13x+3}$."),
        ("Adding them gives $a=-13$ and $b=3$.", r"Therefore, $r(x) = ax+b = \boxed{13x+3}$."),
        1,
        "-13x+3",
        "13x+3",
        "With $a = -13$, $b = 3$, $ax+b$ is $-13x+3$, not $13x+3$: the minus sign of $-13$ is lost.",
    ),
    "call": (
        "sign_error",
        "Find $p(8).$",
        (r"Here $q(8) = -\frac{37}{8}.$", r"So $p(8) = \frac{q(8) + 8}{8^2 - 1} = \boxed{\frac{3}{56}}.$"),
        (r"Here $q(8) = -\frac{37}{8}.$", r"So $p(8) = \frac{q(8) + 8}{8^2 - 1} = \boxed{\frac{101}{504}}.$"),
        1,
        r"\frac{3}{56}",
        r"\frac{101}{504}",
        r"With $q(8) = -\frac{37}{8}$, $\frac{q(8) + 8}{8^2 - 1}$ is $\frac{3}{56}$, not $\frac{101}{504}$: the step "
        r"worked with $\frac{37}{8}$ (the minus sign in front is lost).",
    ),
    "mixed": (
        "fraction_error",
        "How far would a car go?",
        (
            r"It goes $\frac{150}{4} = 37 \frac{1}{2}$ miles.",
            r"In all, $100 + 37 \frac{1}{2}= \boxed{137 \frac{1}{2}}$.",
        ),
        (r"It goes $\frac{150}{4} = 75$ miles.", r"In all, $100 + 75= \boxed{175}$."),
        0,
        r"137 \frac{1}{2}",
        "175",
        r"$\frac{150}{4}$ is $37 \frac{1}{2}$, not $75$: only the denominator was divided by $2$.",
    ),
}
# name, what is put in place of what in the wrong steps, the answer and the explanation; and the rule that finds it
FAULTS = [
    ("stated", "8", "6", "not off by one"),
    ("list", r"\boxed{3}", r"\boxed{2}", "doesn't count the list"),
    ("list", "out $(3,18)", "out $(6,9)", "said to be left out is not"),
    ("words", "111", "121", "final answer is the gold one"),
    ("words", "111", "112", "not what the words make"),
    ("operator", "in $2+24", "in $3+24", "expression said to be the wrong step's"),
    ("operator", r"$2\cdot 24", r"$2\cdot 25", "an expression said to be right"),
    ("gaps", "7-(-3)=", "7+3=", "a sign is changed"),
    ("value", "a = -13", "a = -12", "states a false equation"),
    ("value", "b = 3", "b = 4", "states a false equation"),
    ("call", "With $q(8) = -", "With $q(8) = ", "states a false equation"),
    ("call", r"is $\frac{3}{56}", r"is $\frac{5}{56}", "states a false equation"),
    ("mixed", "is $37", "is $38", "states a false equation"),
]


def record(case: Case, old: str = "", new: str = "") -> ErroneousSolution:
    kind, question, right, wrong, place, gold, final, explanation = case
    steps, said, answer = (*(text.replace(old, new) for text in wrong),), explanation, final
    if old:
        said = explanation.replace(old, new)
        answer = final.replace(old.removeprefix(r"\boxed{").rstrip("}"), new.removeprefix(r"\boxed{").rstrip("}"))
    return ErroneousSolution(
        id="one", problem_id="one", question=question, gold_answer=gold, reference_steps=right, steps=steps,
        error_step=place, error_type=kind, explanation=said, final_answer=answer, origin="symbolic", model=kind,
        evidence="proof", confidence=1,
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_right_records_raise_nothing(name: str) -> None:
    assert not check_record(record(CASES[name])).findings


@pytest.mark.parametrize(("name", "old", "new", "rule"), FAULTS)
def test_planted_faults_are_found(name: str, old: str, new: str, rule: str) -> None:
    found = check_record(record(CASES[name], old, new)).findings
    assert any(rule in finding.rule for finding in found), found
