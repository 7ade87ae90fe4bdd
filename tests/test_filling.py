"""What fills up a solution's errors: only if many are asked for, proven as all others, and never a right step."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

import pytest
from label_checking.rules import check

from lemma.arithmetic.graph import read_solution
from lemma.arithmetic.numbers import normal
from lemma.injectors import filling, injector
from lemma.injectors.filling import fillers
from lemma.injectors.proposal import BLIND, HASTY, UNLIKELY, Proposal, Site
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.problems.loading import open_problems
from lemma.records import ErroneousSolution, Problem
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.places import load_places

INJECTORS = {kind.id: kind.injector for kind in load_taxonomy() if kind.injector}
SHOP = (
    "A shop has 48 red caps, 30 blue caps, and 9 racks. It sells 12 red caps. Caps cost $8. What do the red ones cost?"
)
LEFT = ("There are 48 - 12 = 36 red caps left.", "The red caps that are left cost 36 * 8 = $288.")


def explained(name: str, question: str, steps: tuple[str, ...], answer: int | Fraction) -> dict[str, float]:
    graph = read_solution(question, steps, normal(answer))
    return {draft.explanation: draft.weight for draft in fillers(graph, name, random.Random(0))}


def test_any_number_of_the_same_things_is_taken_for_another() -> None:
    told = explained("context_value_error", SHOP, LEFT, 288)
    assert any(text.startswith("The step takes 30 (") and "instead of 12 (" in text for text in told), told
    # Racks are no caps, and $8 is no cap.
    assert not [text for text in told if "takes 9" in text or "takes $9" in text or "takes 8" in text]
    assert set(told.values()) == {UNLIKELY}


# Wrong steps that would be right for something else.
RIGHT_ELSEWHERE = {
    "these": ("missing_step", "3, 6 and 2 hours", ("He spent 3 + 6 + 2 = 11 hours on these.",), "leaves out"),
    "for any number of people": (
        "context_value_error", "36 people, 40 people", ("If 36 people want 2, he needs 36 * 2 = 72.",), "takes 40",
    ),
    "found just now": (
        "previous_step_value_error", "He had 30 pens and 8 pens, gave 5 pens, and wants 40 pens.",
        ("He has 30 + 8 = 38 pens.", "After that he has 38 - 5 = 33 pens left."), "takes",
    ),
    "without words": ("context_value_error", "3 red pens at $2 and 5 blue pens at $2", ("3 * 2 = 6",), "takes"),
    "in another order": (
        "context_value_error", "60 stamps, 20 stamps to Al and 12 stamps to Bo",
        ("She now has 60 - 20 = 40 stamps.", "She now has 40 - 12 = 28 stamps."), "takes 12",
    ),
    "the same for the evening": (
        "context_value_error", "10 pages in the morning, 20 pages in the evening, for 7 days",
        ("She reads 10 * 7 = 70 pages.", "She reads 20 * 7 + 5 = 145 pages.", "That is 70 + 145 = 215."), "takes 20",
    ),
    "for 325 km": (
        "missing_step", "1955 km, 325 km a day for 4 days, 5 liters for 100 km",
        ("She drove 325 * 4 = 1300 km in the end.", "1955 - 1300 = 655 km", "She needs 655 / 20 = 32.75 liters."),
        "skipped",
    ),
    "5 boxes of 9": (
        "missing_step", "4 boxes and 5 boxes, 6 eggs each, $2 an egg",
        ("They are 4 + 5 = 9 boxes.", "They hold 9 * 6 = 54 eggs.", "He gets 54 * 2 = $108."), "skipped",
    ),
    "how often he runs": (
        "missing_step", "3 times a week, 5 miles each, for 4 weeks, $2 a mile",
        ("He runs 3 * 5 = 15 miles a week.", "In four weeks he runs 15 * 4 = 60.", "He gets 60 * 2 = $120."), "skipped",
    ),
    "for a day": (
        "missing_step", "8 hours a day for 5 days at $10 an hour, $50 tax",
        ("Tom earns 8 * 5 * 10 = $400.", "After tax he has 400 - 50 = $350."), "leaves out",
    ),
    "rounded up": ("calculation_error", "100 pages, 3 days", ("He reads about 100 / 3 = 33 pages a day.",), "digit"),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT_ELSEWHERE)
def test_what_may_be_right_is_not_made(case: str) -> None:
    name, question, steps, never = RIGHT_ELSEWHERE[case]
    answer = Fraction(re.findall(r"[\d.]+\d|\d", steps[-1].rpartition("=")[2])[0])
    assert not [text for text in explained(name, question, steps, answer) if never in text]


DIGITS = [
    (("They are 48 + 36 = 84 caps.",), "the ones digit is wrong", HASTY),
    (("They are 48 + 36 = 84 caps.",), "the tens digit is wrong", HASTY),
    (("They are 40 + 30 = 70 caps.",), "the ones digit is wrong", BLIND),
    (("They are 41 + 38 = 79 caps.",), "the ones digit is wrong", BLIND),
    (("They are 5 * 8 = 40 caps.",), "the tens digit is wrong", BLIND),
    (("They are 32 - 4 = 28 caps.",), "the ones digit is wrong", BLIND),
    (("They are 5 * 60 / 60 = 5 caps.",), "the ones digit is wrong", BLIND),
    (("They are 2 * 3 * 5 = 30 caps.",), "the tens digit is wrong", BLIND),
    (("They are 100 / 4 = 25 caps.",), "the tens digit is wrong", BLIND),
    (("They are 67 + 58 = 125 caps.",), "the tens digit is wrong", HASTY),
    (("They are 2595 + 3075 = 5670 caps.",), "the thousands digit is wrong", BLIND),
    (("They are 2595 + 3075 = 5670 caps.",), "the hundreds digit is wrong", HASTY),
    (("They are 75 * 15 = 1125 caps.",), "the ones digit is wrong", BLIND),
    (("They are 75 * 15 = 1125 caps.",), "the tens digit is wrong", HASTY),
    (("They are 17 * 13 = 221 caps.",), "the ones digit is wrong", HASTY),
]


@pytest.mark.parametrize(("steps", "fault", "most"), DIGITS)
def test_a_digit_is_wrong_where_people_may_get_it_wrong(steps, fault, most) -> None:
    told = explained("calculation_error", "How many caps?", steps, int(steps[0].split()[-2]))
    weights = [weight for text, weight in told.items() if fault in text]
    assert weights
    assert max(weights) == most


def filled(per_problem: int, best_effort: bool = False, most: int = 60) -> list[ErroneousSolution]:
    plan = InjectionPlan(
        dict.fromkeys(INJECTORS, 1.0), INJECTORS, per_problem, 3, False, load_places("real"), best_effort
    )
    problems = [item for item in islice(open_problems(None, "augment"), most) if isinstance(item, Problem)]
    return [record for problem in problems for record in erroneous_solutions(plan, problem).records]


@pytest.mark.parametrize(("next_step", "made"), [("1955 - 1300 = 655 km", 0), ("She has 1955 - 1300 = 655 km left", 1)])
def test_no_step_is_skipped_before_one_without_words(next_step: str, made: int) -> None:
    steps = ("She drove 325 * 4 = 1300 km", next_step, "Bernice will still have 655 kilometers to travel.")
    graph = read_solution(
        "It is 1955 kilometers. Bernice drives 325 kilometers for 4 days. How many remain?", steps, 655
    )
    drafts = injector("missing_step")(graph, random.Random(0))
    assert len([draft for draft in drafts if "was skipped" in draft.explanation]) == made


def test_up_to_eight_errors_nothing_fills_up_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """And beyond that they are more, with no more in the last step than people have there."""
    few = [filled(8), filled(20)]
    monkeypatch.setattr(filling, "_MAKERS", {})
    bare = [filled(8), filled(20)]
    assert few[0] == bare[0]
    assert len(few[1]) > 1.1 * len(bare[1])
    last = [sum(one.located_step == len(one.steps) - 1 for one in made) / len(made) for made in (few[1], bare[1])]
    assert last[0] < max(0.2, last[1])


def test_a_problem_without_any_other_error_has_one_that_fills_up() -> None:
    text = "Jana has 27/3*2 = 18 Pomeranians.\nJana has 18/3 = 6 girl Pomeranians.\n#### 6"
    question = (
        "Jana has 27 puppies. Two thirds are Pomeranians. One third of those are girls. How many girls are there?"
    )
    plan = InjectionPlan(dict.fromkeys(INJECTORS, 1.0), INJECTORS, 4, 0)
    made = erroneous_solutions(plan, Problem.of(question, text)).records
    assert [record.steps[1] for record in made] == ["Jana has 18*3 = 54 girl Pomeranians."]


def test_what_fails_costs_only_what_it_would_have_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(site: Site, rng: random.Random) -> Iterator[Proposal]:
        raise KeyError(site.text)
        yield

    monkeypatch.setattr(filling, "_MAKERS", {**filling._MAKERS, "missing_step": failing})
    plan = InjectionPlan(dict.fromkeys(INJECTORS, 1.0), INJECTORS, 20, 0, isolated=True)
    found = erroneous_solutions(plan, Problem.of(SHOP, "\n".join([*LEFT, "#### 288"])))
    assert found.records
    assert [name for name, _ in found.failed] == ["missing_step"]


def test_with_best_effort_there_are_about_as_many_as_asked_for() -> None:
    counts = Counter(record.problem_id for record in filled(12, best_effort=True))
    assert sorted(counts.values())[len(counts) // 2] == 12


def test_the_checker_has_no_exception_to_what_fills_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lemma.injectors.symbolic.drafts_of", lambda *_: iter(()))
    made = filled(20, best_effort=True)
    assert {record.error_type for record in made} == set(filling._MAKERS)
    assert [finding for record in made for finding in check(record)] == []
