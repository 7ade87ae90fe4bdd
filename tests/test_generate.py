"""Generated problems: read back from their text, worked out anew, no two alike, and of use to the injectors."""

import itertools
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from lemma.cli import main
from lemma.commands.generate import draw_problems
from lemma.config import AugmentConfig, GenerateConfig
from lemma.exceptions import ConfigError
from lemma.generation.modular_errors import propose, read_modular_solution
from lemma.generation.reading import first_wrong_step, read_step, read_story
from lemma.generation.stories import Difficulty, Fact, Story, draw_story
from lemma.generation.wording import question_text, solution_steps
from lemma.records import Problem
from lemma.runner import run_alone
from lemma.steps import without_annotations

difficulties = st.builds(
    Difficulty,
    operations=st.integers(1, 6),
    largest=st.integers(20, 60),
    modulus=st.sampled_from([None, 5, 7, 23]),
    distractors=st.integers(0, 3),
)


@settings(deadline=None)
@given(st.integers(0, 10**9), difficulties)
def test_a_story_has_as_many_operations_as_asked_and_is_read_back_whole(seed, difficulty):
    rng = random.Random(seed)
    story = draw_story(rng, difficulty)
    order = rng.sample(list(story.facts), len(story.facts))
    read = read_story(question_text(story, order))
    assert len(story.needed()) == difficulty.operations
    assert (read.values(), read.asked, read.thing, read.modulus) == (
        story.values(),
        story.asked,
        story.thing,
        story.modulus,
    )
    assert first_wrong_step(read, [without_annotations(step) for step in solution_steps(story)]) is None
    if difficulty.modulus is None:
        assert all(2 <= value <= difficulty.largest for value in story.values().values())


@settings(deadline=None)
@given(st.integers(0, 10**9), difficulties)
def test_every_step_is_one_operation_and_true(seed, difficulty):
    story = draw_story(random.Random(seed), difficulty)
    for step in solution_steps(story):
        left, symbol, right, result, modulus = re.search(
            r"<<(\d+)([-+*])(\d+)[=≡](\d+)(?: mod (\d+))?>>", step
        ).groups()
        worked_out = {"+": int(left) + int(right), "-": int(left) - int(right), "*": int(left) * int(right)}[symbol]
        assert (worked_out - int(result)) % int(modulus or 10**9) == 0
        assert (modulus is None) == (difficulty.modulus is None)


STORY = Story(
    "pens",
    {
        "Ada": Fact("given", (), 5),
        "Ben": Fact("more", ("Ada",), 3),
        "Cal": Fact("times", ("Ben",), 2),
        "Dan": Fact("fewer", ("Cal",), 4),
        "Eli": Fact("sum", ("Dan", "Ada")),
        "Fay": Fact("more", ("Ada",), 9),
    },
    "Eli",
)
RIGHT = [
    "Ben has 5 + 3 = 8 pens.",
    "Cal has 8 * 2 = 16 pens.",
    "Dan has 16 - 4 = 12 pens.",
    "Eli has 12 + 5 = 17 pens.",
]


@pytest.mark.parametrize(
    ("position", "step", "expected"),
    [
        (0, "Ben has 5 + 3 = 8 pens.", None),
        (0, "Ben has 3 + 5 = 8 pens.", None),
        (0, "Fay has 5 + 9 = 14 pens.", None),
        (0, "Ben has 5 + 3 = 9 pens.", 0),
        (0, "Ben has 5 - 3 = 2 pens.", 0),
        (0, "Ben has 5 + 9 = 14 pens.", 0),
        (0, "Ada has 5 + 3 = 8 pens.", 0),
        (0, "Zoe has 5 + 3 = 8 pens.", 0),
        (2, "Dan has 4 - 16 = -12 pens.", 2),
        (2, "Dan has 16 - 4 = 13 pens.", 2),
        (3, "Eli has 12 + 9 = 21 pens.", 3),
        (1, "Cal has twice as many, 16 pens.", None),
    ],
)
def test_the_first_wrong_step(position, step, expected):
    steps = [*RIGHT]
    steps[position] = step
    assert first_wrong_step(STORY, steps) == expected


def test_steps_after_one_that_cannot_be_read_are_not_judged():
    assert first_wrong_step(STORY, ["Let me think.", "Ben has 5 + 3 = 9 pens."]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "How many pens does Ada have?",
        "Ada has 5 pens. How many pens does Ben have?",
        "Ada has 5 pens. Ben eats cake. How many pens does Ada have?",
        "Ada has 3 more pens than Ben. Ben has 3 more pens than Ada. How many pens does Ada have?",
        "Natalia sold clips to 48 of her friends. How many clips did she sell?",
    ],
)
def test_other_questions_are_no_stories(text):
    assert read_story(text) is None


def config(tmp_path, **settings):
    return GenerateConfig(run=tmp_path, **settings)


@pytest.mark.parametrize("modulus", [None, 7])
def test_no_two_are_alike_and_the_first_do_not_depend_on_how_many(tmp_path, modulus):
    settings = {"operations": "1-3", "modulus": modulus}
    many = list(itertools.islice(draw_problems(config(tmp_path, **settings)), 2000))
    stories = {frozenset(re.split(r"(?<=[.?]) ", problem.question)) for problem in many}
    assert len(stories) == len({problem.id for problem in many}) == 2000
    assert list(itertools.islice(draw_problems(config(tmp_path, n=3, **settings)), 50)) == many[:50]
    other = next(draw_problems(config(tmp_path, seed=1, **settings)))
    assert other != many[0]


def test_too_small_numbers_are_said_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("lemma.generation.stories.NAMES", ["Ada", "Ben"])
    monkeypatch.setattr("lemma.generation.stories.THINGS", ["pens"])
    monkeypatch.setattr("lemma.generation.stories._SUM_CHANCE", 0)
    with pytest.raises(ConfigError, match="allow only about"):
        list(draw_problems(config(tmp_path, operations="1", modulus=5, distractors=0)))


@pytest.mark.parametrize("operations", ["0", "3-2", "x", "-3", "1-13", ""])
def test_operations_that_make_no_sense_are_named(tmp_path, operations):
    with pytest.raises(ConfigError, match="--operations"):
        next(draw_problems(config(tmp_path, operations=operations)))


def test_the_command_goes_on_where_it_was_killed(tmp_path, capsys):
    assert main(["generate", "-n", "200", "--run", str(tmp_path / "whole")]) == 0
    assert "lemma augment" in capsys.readouterr().out
    whole = (tmp_path / "whole" / "generated.jsonl").read_bytes()
    state = tmp_path / "whole" / ".state" / "generate.jsonl"
    state.write_bytes(b"".join(state.read_bytes().splitlines(keepends=True)[:3]) + b'{"ids": ["torn')
    (tmp_path / "whole" / "generated.jsonl").write_bytes(whole[:-40])
    manifest = tmp_path / "whole" / "run.json"
    manifest.write_text(manifest.read_text().replace('"complete"', '"running"'))
    assert main(["generate", "-n", "200", "--run", str(tmp_path / "whole")]) == 0
    assert (tmp_path / "whole" / "generated.jsonl").read_bytes() == whole


@pytest.mark.parametrize("modulus", [None, 7])
def test_symbolic_errors_are_made_in_nearly_all_and_are_where_they_are_said_to_be(tmp_path, modulus):
    run_alone(config(tmp_path, n=150, operations="2-4", modulus=modulus), Console())
    run_alone(AugmentConfig(run=tmp_path, data=str(tmp_path / "generated.jsonl"), workers=1), Console())
    errors = [json.loads(line) for line in (tmp_path / "erroneous.jsonl").read_text().splitlines()]
    assert len(errors) > 380
    types = {error["error_type"] for error in errors}
    # In words, a turned relation is a misread question.
    turned = "operator_error" if modulus else "question_misinterpretation_error"
    assert types >= {"calculation_error", turned, "context_value_error", "previous_step_value_error"}
    for error in errors:
        story = read_story(error["question"])
        assert error["steps"][: error["error_step"]] == error["reference_steps"][: error["error_step"]]
        assert error["final_answer"] != error["gold_answer"]
        if error["error_type"] in ("calculation_error", "operator_error", "context_value_error"):
            assert first_wrong_step(story, error["steps"]) == error["error_step"]
            steps = [read_step(step) for step in error["steps"]]
            false = [place for place, step in enumerate(steps) if step and not step.holds(modulus)]
            assert false == ([error["error_step"]] if error["error_type"] == "calculation_error" else [])


@settings(deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([5, 7, 11]))
def test_modular_errors_change_one_step_and_what_follows_from_it(seed, modulus):
    rng = random.Random(seed)
    story = draw_story(rng, Difficulty(rng.randint(1, 5), modulus=modulus))
    question, steps = question_text(story, list(story.facts)), solution_steps(story)
    answer = str(story.values()[story.asked])
    problem = Problem(id="p", question=question, solution="\n".join(steps), answer=answer, source="s")
    solution = read_modular_solution(problem)
    for error in propose(solution.story, "calculation_error", rng):
        assert error.steps[: error.error_step] == tuple(steps[: error.error_step])
        wrong, right = read_step(error.steps[error.error_step]), read_step(steps[error.error_step])
        assert (wrong.left, wrong.symbol, wrong.right) == (right.left, right.symbol, right.right)
        assert not wrong.holds(modulus)
        assert str(error.final) != answer


@pytest.mark.parametrize("changed", ["answer", "step", "order"])
def test_a_modular_solution_that_is_not_right_is_not_worked_on(changed):
    story = draw_story(random.Random(3), Difficulty(3, modulus=7))
    steps = solution_steps(story)
    answer = story.values()[story.asked]
    if changed == "step":
        steps[1] = steps[0]
    if changed == "order":
        steps.reverse()
    problem = Problem(
        id="p",
        question=question_text(story, list(story.facts)),
        solution="\n".join(steps),
        answer=str((answer + 1) % 7 if changed == "answer" else answer),
        source="s",
    )
    assert read_modular_solution(problem) is None


def test_modular_errors_keep_the_order_of_the_reference():
    question = (
        "All numbers count modulo 7. Ada has 5 pens. Ben has 4 more pens than Ada. "
        "Cal has 3 times as many pens as Ada. "
        "Dan has as many pens as Ben and Cal together. How many pens does Dan have?"
    )
    reference = ["Cal has 5 * 3 ≡ 1 pens.", "Ben has 5 + 4 ≡ 2 pens.", "Dan has 2 + 1 ≡ 3 pens."]
    problem = Problem(id="p", question=question, solution="\n".join(reference), answer="3", source="s")
    solution = read_modular_solution(problem)
    assert solution.steps == tuple(reference)
    for error in propose(solution.story, "operator_error", random.Random(0)):
        assert [step.split()[0] for step in error.steps] == ["Cal", "Ben", "Dan"]


PERSON = re.compile(r"(?:^|\. )([A-Z][a-z]+) has")


@pytest.mark.parametrize("displacement", [0, 1, 2, 3.5, 100])
def test_facts_swap_only_if_they_are_fewer_places_apart(displacement: float) -> None:
    ordered = itertools.islice(draw_problems(GenerateConfig(operations="3-5", shuffled=False)), 60)
    moved = itertools.islice(draw_problems(GenerateConfig(operations="3-5", displacement=displacement)), 60)
    farthest = 0
    for before, after in zip(ordered, moved, strict=True):
        places = [PERSON.findall(before.question).index(person) for person in PERSON.findall(after.question)]
        farthest = max(0, farthest, *(left - right for left, right in itertools.combinations(places, 2)))
    assert farthest < max(displacement, 1)
    assert farthest >= min(displacement, 5) // 1 - 1


def test_the_dial_leaves_the_stories_as_they_are(tmp_path) -> None:
    base = list(itertools.islice(draw_problems(GenerateConfig(shuffled=False)), 20))
    for config in (GenerateConfig(displacement=0), GenerateConfig(shuffled=False)):
        assert list(itertools.islice(draw_problems(config), 20)) == base
    moved = list(itertools.islice(draw_problems(GenerateConfig(displacement=3)), 20))
    assert [one.answer for one in moved] == [one.answer for one in base]
    assert [one.question for one in moved] != [one.question for one in base]
    assert main(["generate", "--no-shuffled", "--displacement", "1", "--run", str(tmp_path)]) == 1
