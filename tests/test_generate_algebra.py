"""`lemma generate --kind algebra`: every step is true, no two exercises are alike, and errors can be made in them."""

import json
import random
from fractions import Fraction

import pytest
from algebra_oracle import formulas, holds, letters, solutions
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma.arithmetic.latex import boxed, is_balanced
from lemma.cli import main
from lemma.commands.generate import draw_problems
from lemma.config import GenerateConfig
from lemma.exceptions import ConfigError
from lemma.generation.algebra import FAMILIES

# Exercises without a letter to find: their formulas hold at any point.
IDENTITIES = {"angles", "expanding", "exponents", "fraction"}


@pytest.mark.parametrize("family", sorted(FAMILIES))
@settings(deadline=None, max_examples=6)
@given(seed=st.integers(0, 10**6))
def test_every_step_is_true(family, seed):
    exercise = FAMILIES[family](random.Random(seed), 20)
    assert boxed(exercise.steps[-1]) == [exercise.answer]
    assert all(map(is_balanced, (exercise.question, *exercise.steps)))
    if family in IDENTITIES or not formulas(exercise.question):
        rng = random.Random(seed)
        point = {name: Fraction(rng.randint(2, 99), 101) for name in letters(" ".join(exercise.steps))}
        points = [point]
    else:
        points = solutions(exercise.question)
    assert points
    said = [formula for step in exercise.steps for formula in formulas(step)]
    assert said
    if family == "inequality":  # each step says the same as the question
        name = letters(exercise.question)[0]
        (start,) = formulas(exercise.question)
        for number in range(-60, 61):
            point = {name: Fraction(number)}
            assert len({holds(formula, point) for formula in (start, *said)}) == 1
    else:
        assert all(any(holds(formula, point) for point in points) for formula in said)


def test_the_first_exercises_are_the_same_for_any_number():
    config = GenerateConfig(kind="algebra", n=1)
    first = [problem for problem, _ in zip(draw_problems(config), range(30), strict=False)]
    again = [problem for problem, _ in zip(draw_problems(config), range(60), strict=False)]
    assert first == again[:30]
    assert len({problem.question for problem in again}) == 60
    assert {problem.operations for problem in again} <= set(range(2, 6))


def test_numbers_of_steps_that_no_family_has():
    with pytest.raises(ConfigError, match="distinct problems"):
        next(draw_problems(GenerateConfig(kind="algebra", operations="12", n=1)))


def test_from_the_command_line_to_errors(tmp_path, capsys):
    run = str(tmp_path / "run")
    assert main(["generate", "--kind", "algebra", "-n", "12", "--run", run]) == 0
    rows = [
        json.loads(line) for line in (tmp_path / "run" / "generated.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert len(rows) == 12
    assert all("\\boxed" in row["answer"] for row in rows)
    assert main(["augment", f"{run}/generated.jsonl", "--run", run, "--workers", "1"]) == 0
    made = [
        json.loads(line) for line in (tmp_path / "run" / "erroneous.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert len({row["error_type"] for row in made}) > 3
    assert all(row["evidence"] == "proof" for row in made)
    capsys.readouterr()
