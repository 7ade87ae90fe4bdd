"""Where errors are: the shares of the steps, files of one's own, and what `augment` makes of them."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.exceptions import ConfigError
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.problems.loading import open_problems
from lemma.records import ErroneousSolution, Problem
from lemma.taxonomy.error_types import load_taxonomy
from lemma.taxonomy.places import Places, load_places

INJECTORS = {kind.id: kind.injector for kind in load_taxonomy() if kind.injector}
COUNTS = st.dictionaries(st.integers(1, 9), st.integers(0, 50)).map(
    lambda most: {steps: tuple((most[steps] * step) % 7 for step in range(steps)) for steps in most}
)


@given(COUNTS, st.integers(1, 12))
def test_shares_add_up(counts: dict[int, tuple[int, ...]], steps: int) -> None:
    shares = Places(counts).shares(steps)
    assert len(shares) == steps
    assert sum(shares) == pytest.approx(1)
    assert min(shares) >= 0


def test_many_counts_win_over_other_lengths() -> None:
    shares = Places({3: (100, 100, 800), 4: (50, 0, 0, 0)}).shares(3)
    assert shares == pytest.approx((0.1, 0.1, 0.8), abs=0.02)


def test_shipped_places() -> None:
    real, uniform = load_places("real"), load_places("uniform")
    assert uniform.shares(4) == (0.25,) * 4
    assert real.shares(1) == (1.0,)
    for steps in range(2, 9):
        assert real.shares(steps)[-1] < 1 / steps, "real solutions rarely go wrong in the last step"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"places": {"3": [1, 2]}}', "places.3 has 2 counts; one for each of 3 steps"),
        ('{"places": {"2": [0, 0]}}', "none is counted"),
        ('{"places": {}}', "none is counted"),
        ('{"places": {"2": [1, -1]}}', "greater than or equal to 0"),
        ('{"places": {"2": [1, 0.5]}}', "valid integer"),
        ('{"places": {"x": [1]}}', "valid integer"),
        ('{"weights": {}}', "places: Field required"),
        ("[", "cannot be read as JSON"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_places(path)
    with pytest.raises(ConfigError, match="did you mean 'real'"):
        load_places("reel")


def made(per_problem: int, places: Places, best_effort: bool = False) -> list[ErroneousSolution]:
    plan = InjectionPlan(dict.fromkeys(INJECTORS, 1.0), INJECTORS, per_problem, 0, False, places, best_effort)
    problems = [item for item in islice(open_problems(None, "augment"), 40) if isinstance(item, Problem)]
    return [record for problem in problems for record in erroneous_solutions(plan, problem).records]


def test_errors_are_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"places": {str(steps): [90] + [0] * (steps - 1) for steps in range(2, 8)}}))
    for places, first, last in (("real", 0.1, 0.35), (path, 0.4, 0.35)):
        several = [record for record in made(3, load_places(places)) if len(record.steps) > 1]
        found = Counter(record.error_step if record.error_step < len(record.steps) - 1 else -1 for record in several)
        assert found[0] / len(several) > first
        assert found[-1] / len(several) < last


def test_the_last_step_fills_up_only_on_request() -> None:
    """With best effort there are as many as before, and no problem loses all of its errors without it."""
    real = load_places("real")
    few, many = made(12, real), made(12, real, best_effort=True)
    assert len(few) < len(many)
    assert {record.problem_id for record in few} == {record.problem_id for record in many}
    shares = [sum(record.error_step == len(record.steps) - 1 for record in found) / len(found) for found in (few, many)]
    assert shares[0] < shares[1]
