"""`lemma build-sft --thoughts keep`: error and repair inside a thought, the right solution after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sft_data import CLIPS, FIX, RESTART, answer_of, lemma, lines, write_run

from lemma.formats.kind import Case, Joined, Line, as_thought
from lemma.formats.lemma import KIND
from lemma.steps import split_steps, split_thought
from lemma.trajectories.joining import join

OPENING, CLOSING = "<think>\n", "\n</think>\n\n"


def parts_of(answer: str, segments: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(part["kind"], answer[part["start"] : part["end"]]) for part in segments]


@pytest.mark.parametrize("repair", [FIX, RESTART], ids=["fix", "restart"])
def test_error_and_repair_are_in_the_thought(repair: Any) -> None:
    trajectory = join(CLIPS, repair, "Wait.")
    (plain,) = KIND.records(Case(CLIPS, (Joined(repair, trajectory),)))
    line = as_thought(plain)
    thought, said = split_thought(line.answer)
    assert thought == f"{OPENING}{trajectory.text}\n</think>"
    assert said is not None and CLIPS.steps[1] not in said
    assert split_steps(line.answer) == tuple(CLIPS.reference_steps)
    segments = line.columns["segments"]
    assert "".join(text for _, text in parts_of(line.answer, segments)) == line.answer
    for kind, text in parts_of(plain.answer, plain.columns["segments"]):
        assert any(kind == other and text in shown for other, shown in parts_of(line.answer, segments))
    assert ("error", f"{CLIPS.steps[1]}\n") in parts_of(line.answer, segments)


def test_the_tag_is_no_part_of_an_error() -> None:
    line = Line("q", "wrong\nright", "fix", {"segments": [{"kind": "error", "start": 0, "end": 6},
        {"kind": "correction", "start": 6, "end": 11}]}, said="right")  # fmt: skip
    thought = as_thought(line)
    assert parts_of(thought.answer, thought.columns["segments"]) == [
        ("prefix", OPENING),
        ("error", "wrong\n"),
        ("correction", f"right{CLOSING}right"),
    ]


def test_the_command_writes_thoughts_for_kinds_that_have_a_place_for_them(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX, RESTART])
    keep = ("build-sft", "--run", run, "--thoughts", "keep")
    assert lemma(*keep, "--mix", "cot=0.5", "--records", "lemma,cot") == 0
    for kind in ("lemma", "cot"):
        records = lines(run / "sft" / f"{kind}.jsonl")
        assert records
        for record in records:
            answer = answer_of(record)
            assert answer.startswith(OPENING) and answer.count(CLOSING) == 1
    assert lemma(*keep, "--records", "dpo", "--fresh") == 1
