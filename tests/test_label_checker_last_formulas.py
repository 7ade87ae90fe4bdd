"""The label checker on errors in the last formulas of a solution: right records, and planted faults in each."""

from __future__ import annotations

import pytest
from label_checker import check_record
from test_last_formulas import MADE

from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.records import ErroneousSolution, Problem

Case = tuple[str, str, str, str, str, str, str]


def record_of(case: Case) -> ErroneousSolution:
    """The record of a case, with its wrong answer."""
    kind, question, solution, gold, wrong, _, _ = case
    problem = Problem(id="0" * 64, question=question, solution=solution, answer=gold, source="test")
    plan = InjectionPlan({kind: 1.0}, {kind: kind}, 60, seed=0, best_effort=True)
    records = erroneous_solutions(plan, problem).records
    return next(one for one in records if one.final_answer == wrong)


@pytest.mark.parametrize("case", MADE, ids=[f"{case[0]}-{case[4]}" for case in MADE])
def test_right_records_have_no_findings(case: Case) -> None:
    assert check_record(record_of(case)).findings == ()


FAULTS = [
    # the wrong answer of a case, what is written in its explanation, and what in its place
    ("(x-1)(x+3)", "not $(x-1)(x+3)$", "not $(x+1)(x-3)$"),
    ("(a+2)(b+5)", "$5a$ and $2b$", "$2a$ and $5b$"),
    (r"\begin{pmatrix} 12/13 \\ 18/13 \end{pmatrix}", r"\frac{6}{13}", r"\frac{5}{13}"),
    (r"\begin{pmatrix} 12/13 \\ -3 \end{pmatrix}", "does not reach $-3$", "does not reach $-2$"),
    ("4n^2 + 4n + 1", "as well: it is $4n^2$", "as well: it is $2n^2$"),
    (r"9\sqrt{2}", r"$a = 3\sqrt{2}$", r"$a = 2\sqrt{3}$"),
]


@pytest.mark.parametrize(("wrong", "told", "instead"), FAULTS)
def test_planted_faults_are_found(wrong: str, told: str, instead: str) -> None:
    record = record_of(next(case for case in MADE if case[4] == wrong))
    assert told in record.explanation
    changed = record.model_copy(update={"explanation": record.explanation.replace(told, instead)})
    assert check_record(changed).findings


def test_another_bound_than_that_of_the_inequality_is_found() -> None:
    record = record_of(next(case for case in MADE if case[4] == r"\frac{11}{2}"))
    steps = [*record.steps[:-1], record.steps[-1].replace(r"\frac{11}{2}", r"\frac{13}{2}")]
    changed = record.model_copy(update={"steps": tuple(steps), "final_answer": r"\frac{13}{2}"})
    assert check_record(changed).findings
