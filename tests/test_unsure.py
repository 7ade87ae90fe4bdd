"""`build-sft --unsure`: records about what the student was least sure of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sft_data import CLIPS, FIX, erroneous, lemma, lines, write_run

from lemma.models import factory
from lemma.models.scoring import Score, Turn
from lemma.records import Solution
from lemma.rundir.disk import to_line


class Planted:
    """As sure of a step as a number in it says: `sure 30` has a word of log-probability -3. Unsure of all in case 2."""

    in_process = True
    identity = "planted"

    def __init__(self, name: str) -> None:
        self.name = name

    async def score(self, turn: Turn) -> list[Score]:
        scores, total = [], 0.0
        for number, candidate in enumerate(turn.candidates, 1):
            *before, word = candidate.split()
            total -= int(word) / 10 if before[-1:] == ["sure"] else 3.0 if "Case 2" in turn.question else 0.1
            scores.append(Score(total, number))
        return scores

    async def close(self) -> None:
        pass


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six own errors, one that was injected, and three own right solutions, all of other sureness."""
    monkeypatch.setitem(factory.BACKENDS, "planted", lambda config, model: Planted(model))
    errors, corrections, right = [], [], []
    for number in range(7):
        step = f"In May she sold sure {10 + number} clips"
        error = erroneous(
            id=f"{number}" * 16,
            problem_id=f"p{number}" * 8,
            question=f"{CLIPS.question} Case {number}?",
            steps=(CLIPS.reference_steps[0], step),
            error_step=1,
            origin="symbolic" if number == 6 else "student",
        )
        errors.append(error)
        corrections.append(FIX.model_copy(update={"id": f"c{number}" * 8, "erroneous_id": error.id}))
        if number < 3:
            right.append(
                Solution(
                    id=f"s{number}" * 8, problem_id=error.problem_id, steps=CLIPS.reference_steps, final_answer="72",
                    verdict="equal", origin="student", model="m",
                )
            )  # fmt: skip
    write_run(tmp_path / "run", errors, corrections)
    (tmp_path / "run" / "solutions.jsonl").write_bytes(b"".join(map(to_line, right)))
    return tmp_path / "run"


ASKED = ("--model", "m", "--backend", "planted", "--near-duplicates", "1", "--strategies", "fix")


def test_the_least_sure_errors_and_right_solutions_are_used(run: Path) -> None:
    command = ["build-sft", "--run", run, "--records", "lemma", "--mix", "cot=0.5", "--unsure", "0.34", *ASKED]
    assert lemma(*command) == 0
    records = lines(run / "sft" / "lemma.jsonl")
    errors = [record["erroneous_id"][0] for record in records if record["erroneous_id"]]
    assert sorted(errors) == ["2", "5"]
    right = [json.dumps(record) for record in records if not record["erroneous_id"]]
    assert right and all("Case 2" in text for text in right)
    rejected = {line["id"][0]: line["reason"] for line in lines(run / "rejected.jsonl")}
    assert rejected == dict.fromkeys("0134", "surer_than_others") | {"6": "sureness_unknown"}


def test_it_needs_a_model(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lemma("build-sft", "--run", run, "--unsure", "0.5") == 1
    assert "give the model with --model" in capsys.readouterr().err
