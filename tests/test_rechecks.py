"""Steps worked out again: only what is known, in exact spans, and measured on students that compare or copy."""

from __future__ import annotations

import json
import math
import random
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from sft_data import CLIPS, FIX, RESTART, lemma, lines
from test_recovery import REFLECTION, Student, wrong

from lemma.evaluation.outputs import first_wrong_step, own_places
from lemma.evaluation.results import RESULTS
from lemma.generation.reading import read_story
from lemma.generation.wording import solution_steps
from lemma.models import factory
from lemma.models.protocol import Request
from lemma.models.scoring import Score, Turn
from lemma.records import Correction, Segment
from lemma.steps import answer_line, split_steps, without_annotations
from lemma.trajectories.checks import RIGHT, known_lines, load_checks
from lemma.trajectories.detection import find_reflection
from lemma.trajectories.joining import join
from lemma.trajectories.languages import LANGUAGES
from lemma.trajectories.rechecks import announces, load_rechecks, rechecked

APRIL, BOTH = CLIPS.reference_steps
WRONG = CLIPS.steps[CLIPS.located_step]
AGAIN = "Once more:"
HOLDS = "That checks out."


def segments_of(correction: Correction, rate: float, *, known: dict[str, str] | None = None) -> tuple[Segment, ...]:
    plain = join(CLIPS, correction, "Wait, that isn't right.").segments
    known = known_lines([CLIPS], correction) if known is None else known
    made = rechecked(plain, known, rate, random.Random(0), repairs=correction.strategy == "fix")
    assert "".join(one.text for one in made if one.kind != "check") == "".join(one.text for one in plain)
    return made


def test_a_right_step_comes_again_and_a_wrong_one_is_followed_by_the_right_one() -> None:
    made = segments_of(FIX, 1.0)
    kinds = ["prefix", "check", "error", "check", "reflection", "correction", "check", "correction"]
    assert [segment.kind for segment in made] == kinds
    right, of_error, repaired = (segment.text.splitlines() for segment in made if segment.kind == "check")
    assert all(map(announces, (right[0], of_error[0], repaired[0])))
    assert right[1] == APRIL
    assert of_error[1:] == [BOTH] == repaired[1:2]
    said = {phrase.text for name in RIGHT for phrase in load_checks().of(name)}
    assert {right[2], repaired[2]} <= said


@pytest.mark.parametrize(
    ("correction", "rate", "known", "checks"),
    [
        (FIX, 0.0, None, 1),  # a wrong step always comes again
        (RESTART, 0.0, None, 0),  # the first step of another solution is no repair of it
        (FIX, 1.0, {APRIL: "right_step", BOTH: "right_step"}, 2),  # the wrong step is not proven
        (FIX, 1.0, {APRIL: "right_step", WRONG: "wrong_step"}, 1),  # its repair is not proven
        (FIX, 1.0, {}, 0),
    ],
)
def test_nothing_comes_again_that_is_not_known(
    correction: Correction, rate: float, known: dict[str, str] | None, checks: int
) -> None:
    assert sum(segment.kind == "check" for segment in segments_of(correction, rate, known=known)) == checks


def test_announcements_are_no_reflections_and_no_steps() -> None:
    for language in (*LANGUAGES, "und"):
        phrases = load_rechecks().of("again", language)
        assert phrases
        assert all(find_reflection(phrase.text) is None for phrase in phrases)
    assert own_places((APRIL, AGAIN, APRIL, HOLDS, WRONG, AGAIN, BOTH)) == [0, 4]
    assert first_wrong_step("?", ("1 + 1 = 2", AGAIN, "1 + 1 = 3", HOLDS, "2 + 2 = 5")) == 4


def test_records_have_spans_and_the_checks_conflict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert lemma("generate", "-n", "6", "--operations", "2", "--run", run) == 0
    assert lemma("augment", run / "generated.jsonl", "--types", "calculation_error", "--run", run) == 0
    assert lemma("correct", "--strategies", "fix", "--run", run) == 0
    assert lemma("build-sft", "--strategies", "fix", "--recheck-rate", "1", "--mix", "cot=0.5", "--run", run) == 0
    records = lines(run / "sft" / "lemma.jsonl")
    for record in records:
        text, spans = record["completion"][0]["content"], record["segments"]
        assert [span["start"] for span in spans[1:]] + [len(text)] == [span["end"] for span in spans]
        parts = [(span["kind"], text[span["start"] : span["end"]].splitlines()) for span in spans]
        for (kind, before), (after, check) in pairwise(parts):
            if after == "check":
                assert announces(check[0])
                assert (before[-1] == check[1]) == (kind != "error") == (len(check) == 3)
    assert {record["error_type"] for record in records} == {None, "calculation_error"}
    assert lemma("build-sft", "--recheck-rate", "1", "--verify-rate", "1", "--run", run) == 1
    assert "conflict" in capsys.readouterr().err


class Comparing(Student):
    """Works every step out again. `comparer` finds the right step, and reflects if it is another one; `copier` writes
    the same again, and reflects on nothing.
    """

    async def answer(self, request: Request) -> bytes:
        question, begun = request.prompt[0].content, request.prompt[1:]
        story = read_story(question)
        assert story is not None
        right = [without_annotations(step) for step in solution_steps(story)]
        written = split_steps(begun[0].content) if begun else ()
        made = [written[place] for place in own_places(written) if " = " in written[place]]
        lines = self._again(made[-1], right[len(made) - 1], bool(announces(written[-1]))) if made else []
        for number, step in enumerate(right[len(made) :]):
            first = wrong(step) if request.sample_index == 1 and not made and not number else step
            lines += [first] if request.sampling.barred else [first, *self._again(first, step, False)]
        text = "\n".join([*lines, answer_line(str(story.values()[story.asked]))])
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return orjson.dumps({"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})

    def _again(self, written: str, right: str, announced: bool) -> list[str]:
        said = [written, HOLDS]
        if self.name == "comparer" and written != right:
            said = [right, REFLECTION.strip(), right]
        return said if announced else [AGAIN, *said]

    async def score(self, turn: Turn) -> list[Score]:
        shown = split_steps(turn.before)
        same = self.name == "copier" or len(shown) < 3 or shown[-1] == shown[-3]
        chance = 0.1 if same else 0.9
        return [Score(math.log(chance / len(turn.candidates)), 1) for _ in turn.candidates]


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        (
            "comparer",
            {
                "own_recognized": 1, "own_right_reflection": 0, "own_rechecked_reflection": 1, "own_rechecked_same": 0,
                "own_rechecked_redrawn_right": 1, "own_right_rechecked_reflection": 0, "own_right_rechecked_same": 1,
                "own_rechecked_right": 1, "rechecked_recognized_less_false": 1, "rechecked_same_less_wrong": 1,
                "rechecked_doubt_auc": 1,
                "doubt_auc": 1, "accuracy_forbidden": 1,
            },
        ),
        (
            "copier",
            {
                "own_recognized": 0, "own_rechecked_same": 1, "own_right_rechecked_redrawn_right": 1,
                "rechecked_recognized_less_false": 0, "rechecked_same_less_wrong": 0, "rechecked_doubt_auc": 0.5,
            },
        ),
    ],
)  # fmt: skip
def test_what_comes_of_working_a_step_out_again_is_measured(
    student: str, expected: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(factory.BACKENDS, "planted", lambda config, model: Comparing(model))
    assert lemma("generate", "-n", "8", "--operations", "2-3", "--run", tmp_path) == 0
    asked = ("--model", student, "--backend", "planted", "--suite", "recovery", "-n", "2", "--errors", "1")
    types = ("--types", "calculation_error")
    assert lemma("eval", tmp_path / "generated.jsonl", *asked, *types, "--run", tmp_path) == 0
    rows = json.loads((tmp_path / "eval" / student / RESULTS).read_text())["figures"]
    found = {row["figure"]: row["value"] for row in rows if row["group"] == "all"}
    assert {name: found.get(name) for name in expected} == expected
