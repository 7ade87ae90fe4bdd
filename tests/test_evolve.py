"""New problems from corrected ones."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.models.backends.scripted import Scripted
from lemma.models.protocol import Request
from lemma.problems.similarity import KnownQuestions
from lemma.records import Problem

NEW = "A farmer fills 9 crates with 14 melons each and sells half of them. How many melons remain unsold?"
SEED = "Ann has 12 boxes with 8 pens each and gives 20 pens away. How many are left?"
LIKE_SEED = "Mr. Bob Lee has 30 boxes with 12 pens each, and gives ninety pens away. How many are left?"


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    data = tmp_path / "data.jsonl"
    answer = "12*8 = <<12*8=96>>96\n96-20 = <<96-20=76>>76\n#### 76"
    data.write_text(json.dumps({"question": SEED, "answer": answer}) + "\n")
    assert main(["augment", str(data), "--types", "calculation_error", "--run", str(tmp_path / "run")]) == 0
    assert main(["correct", "--run", str(tmp_path / "run")]) == 0
    return tmp_path / "run"


def evolve(run: Path, question: str, answers: list[str], *flags: str) -> int:
    rules = [
        {"contains": "You write math problems", "answers": [question]},
        {"contains": question, "answers": [f"It is so.\nThe answer is {answer}" for answer in answers]},
    ]
    path = run.parent / "rules.yaml"
    path.write_text(json.dumps({"rules": rules}))
    return main(["evolve", "--backend", "scripted", "--teacher", str(path), "--run", str(run), *flags])


@pytest.mark.parametrize("answers", [["63", "63", "63"], ["60", "63", "63.0"], ["63", "60", "63"]])
def test_the_answer_is_what_two_of_three_agree_on(run: Path, answers: list[str]) -> None:
    assert evolve(run, NEW, answers) == 0
    (problem,) = (Problem.model_validate(line) for line in lines(run / "evolved.jsonl"))
    assert (problem.question, problem.answer, problem.source) == (NEW, "63", "evolved")
    assert problem.solution == "It is so."


def test_the_new_problems_are_data_as_they_are(run: Path) -> None:
    question = NEW.replace("melons remain", "are")
    rules = [
        {"contains": "You write math problems", "answers": [question]},
        {"contains": question, "answers": ["9 * 14 = 126\n126 / 2 = 63\nThe answer is 63"]},
    ]
    (run.parent / "worked.yaml").write_text(json.dumps({"rules": rules}))
    teacher = ["--backend", "scripted", "--teacher", str(run.parent / "worked.yaml")]
    assert main(["evolve", *teacher, "--run", str(run)]) == 0
    again = str(run.parent / "again")
    assert main(["augment", str(run / "evolved.jsonl"), "--types", "calculation_error", "--run", again]) == 0
    (first, *_) = lines(Path(again) / "erroneous.jsonl")
    assert first["reference_steps"] == ["9 * 14 = 126", "126 / 2 = 63"]


def test_seeds_are_the_questions_that_appear_in_corrections(run: Path) -> None:
    assert len(lines(run / "erroneous.jsonl")) > 1
    assert evolve(run, NEW, ["63"]) == 0
    stage = json.loads((run / "run.json").read_text())["stages"]["evolve"]
    assert (stage["counts"]["made"], stage["model"]["calls"]) == (
        {"new problems": 1},
        4,
    )  # one question, three solutions
    (run / "corrections.jsonl").write_bytes(b"")
    assert evolve(run, NEW, ["63"], "--fresh") == 0
    stage = json.loads((run / "run.json").read_text())["stages"]["evolve"]
    assert stage["counts"] == {}


@pytest.mark.parametrize(
    ("question", "answers", "reason"),
    [
        (NEW, ["61", "62", "63"], "no_majority"),
        (SEED, ["76", "76", "76"], "duplicates_existing_question"),
        (LIKE_SEED, ["270", "270", "270"], "duplicates_existing_question"),
        ("Here is your new problem.", ["1", "1", "1"], "no_question"),
    ],
)
def test_what_is_dropped(run: Path, question: str, answers: list[str], reason: str) -> None:
    assert evolve(run, question, answers) == 0
    assert lines(run / "evolved.jsonl") == []
    assert lines(run / "rejected.jsonl")[-1]["reason"] == reason


@pytest.mark.parametrize(
    ("old", "like"),
    [
        (NEW.replace("sells", "SELLS"), '"a farmer fills 9 crates with 14 melons" stands in test.jsonl'),
        (
            "A farmer fills 20 crates with 11 melons each and sells 30 of them. How many melons remain unsold?",
            "but for numbers and names it is question 1 of test.jsonl",
        ),
    ],
)
def test_questions_of_a_test_set_are_dropped(run: Path, tmp_path: Path, old: str, like: str) -> None:
    excluded = tmp_path / "test.jsonl"
    excluded.write_text(json.dumps({"question": old, "answer": "63"}) + "\n")
    assert evolve(run, NEW, ["63"], "--exclude", str(excluded)) == 0
    rejected = lines(run / "rejected.jsonl")[-1]
    assert rejected["reason"] == "overlaps_excluded"
    assert str(rejected["detail"]).endswith(like)


APPLES = "Tom has 3 red apples and buys 4 more from his neighbour. How many apples has he now?"


@pytest.mark.parametrize(
    ("question", "like"),
    [
        (APPLES, True),
        ("Dr. Eva King has 30 red apples and buys twelve more from her neighbour. How many apples has she now?", True),
        ("mary has 8 red apples and buys 9 more from her neighbour. how many apples has she now?", True),
        ("Tom has 5 red apples and buys 4 more. Each costs 2 dollars. How much does he pay in all?", False),
        ("A train goes 60 miles an hour. How many miles are that in 3 hours?", False),
        ("", False),
        ("TOM AND EVA ARE AT SEA", False),
        ("THEY HAVE 7 DOGS", False),
    ],
)
def test_a_question_with_other_numbers_and_names_is_no_new_one(question: str, like: bool) -> None:
    known = KnownQuestions((), "evolve")
    known.add(APPLES, "old.jsonl")
    known.add("WHERE IS THE SEA", "old.jsonl")
    assert (known.like(question) is not None) == like


STORIES = (
    "A tank of {} liters loses {} liters a day through a crack. How long until it is empty?",
    "{} children share {} cookies evenly at a party. How many does each of them get?",
    "Every morning the baker sells {} loaves for {} dollars apiece. What does she earn in a week?",
    "From a rope of {} meters a climber cuts pieces of {} meters. How many whole pieces are there?",
)
BOXES = (13, 14, 16, 17, 18, 19, 23, 24, 26, 27, 28, 29)  # none of them easy to multiply by 8


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Twelve problems, corrected, with a teacher that tells each of four stories three times, with other numbers."""
    rows, rules = [], []
    for number, boxes in enumerate(BOXES):
        pens = 8 * boxes
        seed = SEED.replace("12", str(boxes))
        worked = f"{boxes}*8 = {pens}\n{pens}-20 = {pens - 20}\n#### {pens - 20}"
        rows.append({"question": seed, "answer": worked})
        story = STORIES[number % len(STORIES)].format(60 + number, 10 + number)
        rules += [
            {"contains": ["You write math problems", seed], "answers": [story]},
            {"contains": story, "answers": [f"It is so.\nThe answer is {number}"]},
        ]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": rules}))
    for command in (["augment", str(tmp_path / "data.jsonl"), "--types", "calculation_error"], ["correct"]):
        assert main([*command, "--workers", "1", "--run", str(tmp_path / "run")]) == 0
    return tmp_path


def evolved(folder: Path, monkeypatch: pytest.MonkeyPatch, moments: int, *flags: str) -> tuple[bytes, ...]:
    """Evolve with answers that come in another order for each value of `moments`."""
    drawn, answer = random.Random(moments), Scripted.answer

    async def late(teacher: Scripted, request: Request) -> bytes:
        await asyncio.sleep(drawn.uniform(0, 0.05))
        return await answer(teacher, request)

    with monkeypatch.context() as patched:
        patched.setattr(Scripted, "answer", late)
        teacher = ["--backend", "scripted", "--teacher", str(folder / "rules.yaml")]
        main(["evolve", *teacher, "--run", str(folder / "run"), *flags])
    return tuple((folder / "run" / name).read_bytes() for name in ("evolved.jsonl", "rejected.jsonl"))


def test_of_new_questions_that_are_alike_the_first_is_kept_whichever_comes_first(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evolved(many, monkeypatch, 1)
    problems, rejected = (list(map(json.loads, file.splitlines())) for file in first)
    assert [problem["question"] for problem in problems] == [
        story.format(60 + number, 10 + number) for number, story in enumerate(STORIES)
    ]
    rejected = [line for line in rejected if line["reason"] != "no_other_solution"]  # by correct, before
    assert {line["reason"] for line in rejected} == {"duplicates_new_question"}
    assert len(rejected) == len(BOXES) - len(STORIES)
    assert rejected[0]["detail"].endswith('"liters a day through a crack how long" stands in evolved.jsonl')
    for moments, at_once in ((2, "1"), (3, "2"), (4, "64")):
        assert evolved(many, monkeypatch, moments, "--max-in-flight", at_once, "--fresh") == first


def test_stopped_by_a_budget_and_gone_on_with_it_ends_with_the_same_bytes(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evolved(many, monkeypatch, 1)
    store = many / "run" / "responses.sqlite"
    for moments, budget in ((2, "700"), (3, "2500")):
        for file in store.parent.glob(f"{store.name}*"):
            file.unlink()
        stopped = evolved(many, monkeypatch, moments, "--budget-tokens", budget, "--max-in-flight", "3", "--fresh")
        # If nothing was made before the budget was reached, the earlier output comes back.
        assert (stopped == whole) == (budget == "700")
        assert all(part.startswith(begun) for part, begun in zip(whole, stopped, strict=True))
        assert evolved(many, monkeypatch, moments, "--max-in-flight", "3") == whole


def test_it_needs_a_teacher(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evolve", "--run", str(run)]) == 1
    assert "--teacher" in capsys.readouterr().err
