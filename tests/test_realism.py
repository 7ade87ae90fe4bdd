"""How realistic injected errors are: the benchmark finds what is planted, and its table has every figure."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("sklearn")

from realism import Place, chance, detectability_rows, fifths, place_rows, position_only, share_in_last, size_rows

from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.problems.loading import open_problems
from lemma.records import ErroneousSolution, Problem
from lemma.taxonomy.error_types import load_taxonomy

INJECTORS = {kind.id: kind.injector for kind in load_taxonomy() if kind.injector}


def record(number: int, wrong: str, kind: str) -> ErroneousSolution:
    right = f"He has {number} + 3 = {number + 3} {random.Random(number).choice(('pens', 'cats', 'cups'))}."
    return ErroneousSolution(
        id=str(number), problem_id=f"p{number}", question="q", gold_answer="3", reference_steps=(right, "So 3."),
        steps=(wrong.format(right.replace("=", "is" if kind == "told" else "=")), "So 4."), error_step=0,
        error_type=kind, explanation="", final_answer="4", origin="symbolic", model="m",
    )  # fmt: skip


def test_a_phrase_is_found_and_a_changed_number_is_not() -> None:
    made = [record(number, "Thus, {}", "told") for number in range(60)]
    made += [record(number, "{}", "untold") for number in range(60, 120)]
    figures = {row[0]: float(row[1]) for row in detectability_rows(made, 50)}
    assert figures["detectability, told"] == 1
    assert figures["detectability, untold"] == 0.5
    assert 0.5 < figures["detectability, all types"] < 1


def test_places() -> None:
    places = [Place(str(number), number % 3 and 3, 4) for number in range(300)]
    assert position_only(places) == share_in_last(places) == "66.7%"
    # With two steps, the first one is always wrong: at their lengths, real errors are easier to find.
    short = [Place(str(number), 0, 2) for number in range(100)]
    assert position_only([*places, *short]) == "75.0%"
    assert position_only([*places, *short], short) == "100.0%"
    assert position_only([*places, *short], places) == "66.7%"
    assert chance(places) == "25.0%"
    assert fifths([Place("p", 0, 2)]) == "40% 40% 20% 0% 0%"


def test_the_table_of_a_run() -> None:
    plan = InjectionPlan(dict.fromkeys(INJECTORS, 1.0), INJECTORS, 3, 0)
    problems = [item for item in open_problems(None, "augment") if isinstance(item, Problem)]
    made = [record for problem in problems for record in erroneous_solutions(plan, problem).records]
    rows = [*size_rows(made), *place_rows(made, None)]
    assert {"largest type", "errors in the last step", "position-only detection", "places, 3 steps"} <= {
        row[0] for row in rows
    }
    assert all(row[1] for row in rows)
