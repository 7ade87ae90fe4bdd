"""Suite `recovery` on students whose mistakes, doubts and repairs are planted, so that every figure is known."""

from __future__ import annotations

import json
import math
import random

import orjson
import pytest

from lemma.cli import main
from lemma.evaluation import metrics
from lemma.evaluation.figures import separation
from lemma.evaluation.outputs import GradedOutput
from lemma.evaluation.recovery import own_right_prefixes, unsureness
from lemma.evaluation.results import RESULTS
from lemma.generation.reading import is_right, read_step, read_story
from lemma.generation.wording import solution_steps
from lemma.models import factory
from lemma.models.protocol import Request
from lemma.models.scoring import Score, Turn
from lemma.steps import answer_line, split_steps, without_annotations

PROBLEMS = 24
REFLECTION = "Wait, that isn't right.\n"


class Student:
    """Errs in the first step of its first drawn solution, and of about every other greedy one.

    `seer` doubts exactly its wrong steps, was unsure of exactly these, and repairs them. `blind` doubts all steps
    alike, and writes the same step again if it is told to reflect. `rash` solves all greedily, but then takes back its
    last step, unless it may not reflect.
    """

    in_process = True
    can_bar = True
    identity = "planted"

    def __init__(self, name: str) -> None:
        self.name = name

    async def answer(self, request: Request) -> bytes:
        question, begun = request.prompt[0].content, request.prompt[1:]
        story = read_story(question)
        right = [without_annotations(step) for step in solution_steps(story)]
        answer = answer_line(str(story.values()[story.asked]))
        if begun:
            text = self._continued(begun[0].content, right, answer)
        else:
            number = 1 if request.sample_index else sum(map(ord, question))
            steps = list(right)
            if (self.name != "rash" and number % 2 == 0) or request.sample_index == 1:
                steps[0] = wrong(steps[0])
            text = "\n".join([*steps, answer if steps == right else "The answer is 999"])
            if self.name == "rash" and not request.sample_index and not request.sampling.barred:
                text = "\n".join([*right, f"{REFLECTION}{wrong(right[-1])}", "The answer is 999"])
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return orjson.dumps({"choices": [choice], "usage": usage})

    def _continued(self, begun: str, right: list[str], answer: str) -> str:
        lines = begun.splitlines()
        told = " = " not in lines[-1]  # it ends in a reflection
        steps = [line for line in lines if " = " in line]
        is_wrong = steps[-1] not in right
        if self.name == "blind":
            return "\n".join([steps[-1], "The answer is 999"]) if told else "The answer is 999"
        rest = "\n".join([*right[len(steps) - is_wrong :], answer])
        return f"{REFLECTION}{rest}" if is_wrong and not told else rest

    async def score(self, turn: Turn) -> list[Score]:
        story = read_story(turn.question)
        shown = split_steps(turn.before)
        candidate = read_step(turn.candidates[-1])
        sure = self.name == "blind" or candidate is None or is_right(story, candidate)
        if candidate is not None:  # the beginnings of a step
            each = math.log(0.9 if sure else 0.2)
            return [Score(each * number, number) for number, _ in enumerate(turn.candidates, 1)]
        doubts = self.name != "blind" and not is_right(story, read_step(shown[-1]))
        chance = 0.9 if doubts else 0.1
        return [Score(math.log(chance / len(turn.candidates)), 1) for _ in turn.candidates]

    async def close(self) -> None:
        pass


def wrong(step: str) -> str:
    """The step with a result that is too large by one."""
    head, _, tail = step.rpartition(" = ")
    number, _, thing = tail.partition(" ")
    return f"{head} = {int(number) + 1} {thing}"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, float]]]:
    """The figures of each student, by figure and group."""
    folder = tmp_path_factory.mktemp("recovery")
    assert main(["generate", "-n", str(PROBLEMS), "--operations", "2-3", "--run", str(folder / "problems")]) == 0
    figures: dict[str, dict[str, dict[str, float]]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(factory.BACKENDS, "planted", lambda config, model: Student(model))
        for name in ("seer", "blind", "rash"):
            asked = ["eval", str(folder / "problems" / "generated.jsonl"), "--model", name, "--backend", "planted"]
            asked += [
                "--suite",
                "accuracy,recovery",
                "-n",
                "2",
                "--errors",
                "1",
                "--types",
                "calculation_error",
                "--run",
                str(folder / name),
            ]
            assert main(asked) == 0
            for row in json.loads((folder / name / "eval" / name / RESULTS).read_text())["figures"]:
                figures.setdefault(name, {}).setdefault(row["figure"], {})[row["group"]] = row["value"]
    return figures


@pytest.mark.parametrize(
    ("student", "figure", "value"),
    [
        ("seer", "doubt_auc", 1),
        ("blind", "doubt_auc", 0.5),
        ("seer", "confidence_auc", 1),
        ("blind", "confidence_auc", 0.5),
        ("seer", "own_recognized", 1),
        ("blind", "own_recognized", 0),
        ("seer", "own_recognized_less_false", 1),
        ("blind", "own_recognized_less_false", 0),
        ("seer", "own_forced_repeated", 0),
        ("blind", "own_forced_repeated", 1),
        ("seer", "own_forced_next_right", 1),
        ("blind", "own_forced_next_right", 0),
        ("seer", "own_forced_right", 1),
        ("blind", "own_forced_right", 0),
        ("rash", "accuracy_free", 0),
        ("rash", "accuracy_forbidden", 1),
        ("rash", "accuracy_oracle", 1),
        ("seer", "accuracy_oracle", 1),
        ("seer", "oracle_repeated", 0),
        ("blind", "oracle_repeated", 1),
        ("blind", "oracle_next_right", 0),
    ],
)
def test_what_is_planted_is_found(
    found: dict[str, dict[str, dict[str, float]]], student: str, figure: str, value: float
) -> None:
    assert found[student][figure]["all"] == pytest.approx(value)


def test_the_oracle_changes_only_what_goes_wrong(found: dict[str, dict[str, dict[str, float]]]) -> None:
    for student in ("seer", "blind"):
        free = found[student]["accuracy_free"]["all"]
        assert 0.2 < free < 0.8
        assert found[student]["accuracy_forbidden"]["all"] == free == found[student]["accuracy"]["all"]
    assert found["blind"]["accuracy_oracle"]["all"] == found["blind"]["accuracy_free"]["all"]


def test_own_errors_are_split_by_whether_they_change_the_answer(
    found: dict[str, dict[str, dict[str, float]]],
) -> None:
    assert set(found["seer"]["own_forced_repeated"]) == {"all", "harmful=yes"}
    assert found["seer"]["own_right"]["harmful=yes"] == 1


def test_only_proven_steps_are_called_right() -> None:
    question = "Ada has 5 pens. Ben has 3 more pens than Ada. Cal has 2 times as many pens as Ben. "
    question += "How many pens does Cal have?"
    right, false = "Ben has 5 + 3 = 8 pens.", "Cal has 8 * 2 = 15 pens."
    rng = random.Random(0)
    assert [one.steps for one in own_right_prefixes(question, [f"{right}\n{false}\nThe answer is 15"] * 2, rng)] == [
        (right,)
    ]
    assert not list(own_right_prefixes(question, [false, "It is so."], rng))
    assert not list(own_right_prefixes("What is 5 + 3?", [right], rng))


def test_the_area_is_that_of_all_pairs() -> None:
    rng = random.Random(1)
    sides = [[rng.gauss(shift, 1.5) for _ in range(60)] for shift in (0.4, -0.4)]
    values = [[-math.log1p(math.exp(-odds)) for odds in side] for side in sides]  # log-probabilities
    rows = [
        GradedOutput(
            id="", problem_id=str(number), model="m", condition=condition, sample=0, question="", gold="",
            output="", answer=None, grade="none", operations=1, facts={"doubt": value},
        )
        for condition, side in zip(("own", "own_right"), values, strict=True)
        for number, value in enumerate(side)
    ]  # fmt: skip
    figure = separation("x", "x", "doubt", ("own",), ("own_right",))
    column = figure.column([[row] for row in rows])
    pairs = [(left > right) + (left == right) / 2 for left in sides[0] for right in sides[1]]
    assert float(column.statistic(column.terms.sum(axis=0))) == pytest.approx(sum(pairs) / len(pairs), abs=0.01)
    assert float(metrics.area_under_curve([0, 0, 3], [2, 1, 0])) == 1
    assert math.isnan(float(metrics.area_under_curve([0, 0], [1, 1])))


def test_a_certain_step_is_not_infinitely_sure() -> None:
    assert unsureness([Score(0.0, 1), Score(0.0, 2)]) == pytest.approx(math.log(1e-12))
    assert unsureness([Score(math.log(0.5), 1), Score(math.log(0.05), 2)]) == pytest.approx(math.log(0.9))
