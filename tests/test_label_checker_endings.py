"""The label checker on errors at the end of a solution: planted faults, and right records that look like them."""

from __future__ import annotations

import pytest
from label_checker import check_record

from lemma.records import ErroneousSolution

# type, question, steps before the last one, the last one, gold, the wrong last one, its answer, explanation
Case = tuple[str, str, tuple[str, ...], str, str, str, str, str]
CASES: dict[str, Case] = {
    "power": (
        "exponent_law_error",
        "Find it.",
        (),
        r"It is $3^7/3^3=3^4=\boxed{81}$.",
        "81",
        r"It is $3^7/3^3=3^4=\boxed{12}$.",
        "12",
        "$3^4$ is $81$, not $12$: the base was multiplied by the exponent.",
    ),
    "root": (
        "exponent_law_error",
        "Find it.",
        (),
        r"It is $\sqrt{9 + 16} = \boxed{5}$.",
        "5",
        r"It is $\sqrt{9 + 16} = \boxed{7}$.",
        "7",
        r"$\sqrt{9 + 16}$ is $5$, not $7$: the root was taken of $9$ and $16$ one by one.",
    ),
    "fraction": (
        "fraction_error",
        "Simplify.",
        (),
        r"It is $\frac{3\sqrt{3}}{9}=\boxed{\frac{\sqrt{3}}{3}}$.",
        r"\frac{\sqrt{3}}{3}",
        r"It is $\frac{3\sqrt{3}}{9}=\boxed{\sqrt{3}}$.",
        r"\sqrt{3}",
        r"$\frac{3\sqrt{3}}{9}$ is $\frac{\sqrt{3}}{3}$, not $\sqrt{3}$: only the denominator was divided by $3$.",
    ),
    "sum of fractions": (
        "fraction_error",
        "Find it.",
        (),
        r"It is $\frac{2}{3} + \frac{1}{2} = \boxed{\frac{7}{6}}$.",
        r"\frac{7}{6}",
        r"It is $\frac{2}{3} + \frac{1}{2} = \boxed{\frac{3}{5}}$.",
        r"\frac{3}{5}",
        r"$\frac{2}{3} + \frac{1}{2}$ is $\frac{7}{6}$, not $\frac{3}{5}$: the numerators were combined "
        "without a common denominator.",
    ),
    "root of an equation": (
        "inverse_operation_error",
        "Find $n$.",
        ("From this we get $2n=3$.",),
        r"Thus $n = \boxed{\frac{3}{2}}$.",
        r"\frac{3}{2}",
        r"Thus $n = \boxed{\frac{2}{3}}$.",
        r"\frac{2}{3}",
        r"$2n=3$ gives $n = \frac{3}{2}$, not $n = \frac{2}{3}$: it is $3$ divided by "
        "$2$, not the other way around.",
    ),
    "i": (
        "sign_error",
        "Find it.",
        (),
        r"It is $i(7 + 2i) = \boxed{-2 + 7i}$.",
        "-2 + 7i",
        r"It is $i(7 + 2i) = \boxed{2 + 7i}$.",
        "2 + 7i",
        "$i(7 + 2i)$ is $-2 + 7i$, not $2 + 7i$: $i^2$ is $-1$, and was taken for $1$.",
    ),
    "end": (
        "endpoint_error",
        "What is the domain?",
        ("Here $x > 2$.",),
        r"So it is $\boxed{(2,\infty)}$.",
        r"(2,\infty)",
        r"So it is $\boxed{[2,\infty)}$.",
        r"[2,\infty)",
        r"The end $2$ does not belong to the answer: it should be $(2,\infty)$.",
    ),
    "count": (
        "counting_error",
        "How many values are there?",
        (),
        r"This leaves $\boxed{8}$ possible values.",
        "8",
        r"This leaves $\boxed{7}$ possible values.",
        "7",
        "The step counts one too few: there are $8$, not $7$.",
    ),
    "list": (
        "lost_root_error",
        "Find the roots.",
        (),
        r"The roots are $\boxed{3, 5, 7}.$",
        "3, 5, 7",
        r"The roots are $\boxed{3, 7}.$",
        "3, 7",
        "$5$ is a solution as well, which the step loses: it should be $3, 5, 7$.",
    ),
    "entry": (
        "sign_error",
        "Find the point.",
        (),
        r"It is $\boxed{(15,-29)}$.",
        "(15,-29)",
        r"It is $\boxed{(15,29)}$.",
        "(15,29)",
        "The minus sign of $-29$ is lost: it should be $(15,-29)$.",
    ),
    "root of a square": (
        "exponent_law_error",
        "Simplify.",
        (),
        r"It is $\sqrt{11^2} \cdot \sqrt{2} = \boxed{11\sqrt{2}}$.",
        r"11\sqrt{2}",
        r"It is $\sqrt{11^2} \cdot \sqrt{2} = \boxed{121\sqrt{2}}$.",
        r"121\sqrt{2}",
        r"$\sqrt{11^2} \cdot \sqrt{2}$ is $11\sqrt{2}$, not $121\sqrt{2}$: $\sqrt{11^2}$ is $11$, and the step worked "
        "with $121$ (the root was not taken).",
    ),
    "difference of squares": (
        "cross_term_error",
        "Find it.",
        (),
        r"It is $5^2 - 3^2 = \boxed{16}$.",
        "16",
        r"It is $5^2 - 3^2 = \boxed{4}$.",
        "4",
        "$5^2 - 3^2$ is $16$, not $4$: it is not the square of the difference.",
    ),
}
# name, what is put in place of what in the wrong step and the answer, and the type; and the rule that finds it
FAULTS = [
    ("power", "12", "27", "", "what this type makes"),
    ("root", "7", "8", "", "what this type makes"),
    ("fraction", r"\sqrt{3}", r"\frac{\sqrt{3}}{4}", "", "what this type makes"),
    ("sum of fractions", r"\frac{3}{5}", r"\frac{5}{4}", "", "what this type makes"),
    ("root of an equation", r"\frac{2}{3}", "7", "", "what this type makes"),
    ("i", "2 + 7i", "3 + 7i", "", "what this type makes"),
    ("end", r"[2,\infty)", r"[3,\infty)", "", "what this type makes"),
    ("count", "7", "5", "", "what this type makes"),
    ("list", "3, 7", "3, 6", "", "without the lost root"),
    ("root of a square", r"121\sqrt{2}", r"13\sqrt{2}", "", "what this type makes"),
    ("difference of squares", "{4}", "{64}", "", "what this type makes"),
    ("entry", "(15,29)", "(15,29)", "coordinate_swap_error", "what this type makes"),
]


def record(case: Case, **changed: str) -> ErroneousSolution:
    kind, question, before, right, gold, wrong, final, explanation = case
    return ErroneousSolution(
        id="one", problem_id="one", question=question, gold_answer=gold, reference_steps=(*before, right),
        steps=(*before, changed.get("wrong", wrong)), error_step=len(before), error_type=changed.get("kind") or kind,
        explanation=explanation, final_answer=changed.get("final", final), origin="symbolic", model=kind,
        evidence="proof", confidence=1,
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_right_records_raise_nothing(name: str) -> None:
    assert not check_record(record(CASES[name])).findings


@pytest.mark.parametrize(("name", "old", "new", "kind", "rule"), FAULTS)
def test_planted_faults_are_found(name: str, old: str, new: str, kind: str, rule: str) -> None:
    case = CASES[name]
    head, _, tail = case[5].rpartition(old)
    found = check_record(record(case, wrong=head + new + tail, final=case[6].replace(old, new), kind=kind)).findings
    assert any(rule in finding.rule for finding in found)
