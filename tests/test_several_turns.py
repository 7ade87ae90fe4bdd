"""Several errors in one record: every span is exact, and without errors and reflections the text is right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sft_data import CLIPS, RESTART, STEP, answer_of, erroneous, lemma, lines, write_run

from lemma.records import ErroneousSolution, Segment
from lemma.steps import solution_text
from lemma.trajectories.several_turns import Turn, fits_into, restarted, retried

OWN = {"origin": "student", "evidence": "graph", "confidence": 0.9}


@st.composite
def retries(draw: st.DrawFn) -> tuple[tuple[str, ...], list[Turn]]:
    """A right solution, and errors on its way."""
    right = tuple(draw(st.lists(STEP, min_size=1, max_size=5)))
    turns = []
    for at in draw(st.lists(st.integers(0, len(right) - 1), min_size=1, max_size=4)):
        wrong = draw(STEP.filter(lambda step: step not in right))
        values = {"steps": (*right[:at], wrong), "error_step": at, "reference_steps": right}
        turns.append(Turn(erroneous(**values), draw(STEP)))
    return right, turns


def text_of(segments: tuple[Segment, ...], *kinds: str) -> str:
    return "".join(segment.text for segment in segments if segment.kind in kinds)


@given(made=retries())
def test_without_errors_and_reflections_the_right_solution_is_left(made: tuple[tuple[str, ...], list[Turn]]) -> None:
    right, turns = made
    assert all(fits_into(turn.erroneous, right) for turn in turns)
    segments = retried(right, "72", turns)
    assert text_of(segments, "prefix", "correction") == solution_text(right, "72")
    kinds = [segment.kind for segment in segments]
    assert kinds.count("error") == kinds.count("reflection") == len(turns)
    assert kinds[-1] == "correction" and all(segment.text for segment in segments)
    assert all(kinds[place + 1] == "reflection" for place, kind in enumerate(kinds) if kind == "error")
    before = ""
    for segment in segments:
        if segment.kind == "error":
            # The wrong step follows exactly the right steps that it followed in its own solution.
            written = before + segment.text
            assert any(written == "".join(f"{step}\n" for step in turn.erroneous.steps) for turn in turns)
        elif segment.kind != "reflection":
            before += segment.text


def test_what_leaves_a_step_out_comes_before_other_errors_in_it() -> None:
    """ "The sum is wrong", and then a later step, would leave the sum as it is."""
    slip = erroneous(steps=("48 + 2 = 60",), error_step=0, error_type="calculation_error")
    skipped = erroneous(steps=("So 48 / 2 = 24.",), error_step=0, error_type="missing_step")
    turns = [Turn(slip, "The sum is wrong."), Turn(skipped, "I jumped ahead.")]
    segments = retried(("48 + 2 = 50", "So 50 / 2 = 25."), "25", turns)
    assert [segment.text for segment in segments if segment.kind == "error"] == ["So 48 / 2 = 24.\n", "48 + 2 = 60\n"]


def test_attempts_follow_each_other_with_a_restart() -> None:
    unlocated = erroneous(steps=("48 clips.",), error_step=None, error_type="unknown", final_answer="48", **OWN)
    segments = restarted([Turn(CLIPS, "Again."), Turn(unlocated, "Once more.")], RESTART, "first-error")
    assert [(segment.kind, segment.text) for segment in segments] == [
        ("prefix", f"{CLIPS.steps[0]}\n"),
        ("error", f"{CLIPS.steps[1]}\n"),
        ("reflection", "Again.\n"),
        ("error", "48 clips.\nThe answer is 48\n"),
        ("reflection", "Once more.\n"),
        ("correction", solution_text(RESTART.steps, "72")),
    ]


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"error_step": None, "error_type": "unknown", **OWN}, False),
        ({"steps": ("Another way.", CLIPS.steps[1])}, False),
        ({"steps": CLIPS.reference_steps}, False),
        ({"steps": (*CLIPS.reference_steps, "So 73."), "error_step": 2}, False),
    ],
)
def test_only_an_error_with_the_same_right_steps_before_it_fits(changes: dict[str, Any], fits: bool) -> None:
    assert fits_into(erroneous(**changes), CLIPS.reference_steps) == fits


def parts(record: dict[str, Any]) -> tuple[Segment, ...]:
    text = answer_of(record)
    cut = record["segments"]
    assert [part["start"] for part in cut] == [0, *(part["end"] for part in cut[:-1])]
    assert cut[-1]["end"] == len(text)
    return tuple(Segment(kind=part["kind"], text=text[part["start"] : part["end"]]) for part in cut)


def test_records_hold_several_errors_of_their_problem(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert lemma("augment", "--run", run, "--limit", "20", "--per-problem", "20") == 0
    assert lemma("build-sft", "--run", run) == 0
    plain = {(line["erroneous_id"], line["strategy"]): parts(line) for line in lines(run / "sft" / "lemma.jsonl")}
    assert lemma("build-sft", "--run", run, "--turns", "3", "--retry-rate", "1", "--fresh") == 0
    made = lines(run / "sft" / "lemma.jsonl")
    errors = [ErroneousSolution.model_validate(line) for line in lines(run / "erroneous.jsonl")]
    wrong_steps = {(error.problem_id, error.steps[error.located_step]) for error in errors}
    missing = {
        (error.problem_id, error.steps[error.located_step]): error.error_step
        for error in errors
        if error.error_type == "missing_step"
    }
    counts: Counter[int] = Counter()
    for line in made:
        segments, single = parts(line), plain[line["erroneous_id"], line["strategy"]]
        counts[sum(segment.kind == "error" for segment in segments)] += 1
        assert segments[-1].text in text_of(single, "prefix", "correction")
        if line["strategy"] == "fix":
            assert text_of(segments, "prefix", "correction") == text_of(single, "prefix", "correction")
        if line["strategy"] == "fix":
            shown = [(line["problem_id"], segment.text.removesuffix("\n")) for segment in segments]
            places = [missing[one] for one in shown if one in missing]
            assert len(places) == len(set(places)), "the same step is left out twice"
        for segment in segments:
            if segment.kind == "error":
                assert (line["problem_id"], segment.text.removesuffix("\n")) in wrong_steps
    assert set(counts) <= {1, 2, 3} and counts[3] > counts[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--retry-rate", "0.5"), "--retry-rate has no effect without --turns"),
        (("--turns", "2", "--reflections", "model", "--model", "m"), "--turns draws a phrase for each turn"),
    ],
)
def test_unusable_settings(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lemma("build-sft", "--run", write_run(tmp_path / "run", [CLIPS], [RESTART]), *arguments) != 0
    assert said in capsys.readouterr().err
