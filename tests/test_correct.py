"""`lemma correct`: what the reference gives as corrections, and what it can't."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from sft_data import CLIPS, erroneous, erroneous_solutions, lemma, lines, write_run

from lemma.commands.correct import corrections_of_reference
from lemma.records import Correction, ErroneousSolution
from lemma.steps import states_answer

BOTH = ("fix", "restart")
IN_MAY, TOGETHER = CLIPS.reference_steps
BOXED = ("We get $\\boxed{72}$.", "[asy]draw((0,0)--(1,1));[/asy]")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CLIPS, {"fix": (TOGETHER,), "restart": (IN_MAY, TOGETHER)}),
        (erroneous(steps=("Wrong.",), error_step=0), dict.fromkeys(BOTH, (IN_MAY, TOGETHER))),
        # The error comes after all that was right: nothing is left but to say the answer.
        (erroneous(steps=(IN_MAY, TOGETHER, "No."), error_step=2), {"fix": (), "restart": (IN_MAY, TOGETHER)}),
        # A prefix of somebody's own is not the reference's to go on from.
        (erroneous(steps=("In May it was half of 48, so 24.", "Wrong.")), {"restart": (IN_MAY, TOGETHER)}),
        # The answer was boxed before the error, so it is boxed again, and the drawing behind it left out.
        (
            erroneous(reference_steps=BOXED, steps=(BOXED[0], "So $\\boxed{62}$.")),
            {"fix": (BOXED[0],), "restart": BOXED},
        ),
    ],
)
def test_corrections_of(error: ErroneousSolution, expected: dict[str, tuple[str, ...]]) -> None:
    made = [product for product in corrections_of_reference(error, BOTH) if isinstance(product, Correction)]
    assert {correction.strategy: correction.steps for correction in made} == expected


@given(erroneous_solutions())
def test_a_correction_ends_in_gold_and_a_fix_goes_on_from_the_right_prefix(error: ErroneousSolution) -> None:
    products = corrections_of_reference(error, BOTH)
    made = {product.strategy: product for product in products if isinstance(product, Correction)}
    assert {correction.final_answer for correction in made.values()} == {error.gold_answer}
    assert made["restart"].steps == error.reference_steps
    if not states_answer(error.reference_steps):
        assert error.steps[: error.error_step] + made["fix"].steps == error.reference_steps
    assert made["fix"].id != made["restart"].id


def test_the_stage_rejects_what_it_cannot_correct_by_name(tmp_path: Path) -> None:
    foreign = erroneous(id="e2", steps=("In May it was half of 48, so 24.", "Wrong."))
    run = write_run(tmp_path, [CLIPS, foreign], [])
    with (run / "erroneous.jsonl").open("ab") as file:
        file.write(b'{"id": "e3", "question": 7}\n')
    assert lemma("correct", "--run", run) == 0
    made = [(line["erroneous_id"], line["strategy"]) for line in lines(run / "corrections.jsonl")]
    assert made == [("e1", "fix"), ("e1", "restart"), ("e2", "restart")]
    rejected = [(line["id"], line["reason"]) for line in lines(run / "rejected.jsonl")]
    assert rejected == [("e2", "prefix_not_of_reference"), ("e3", "invalid_record")]


def test_only_the_strategies_that_were_asked_for(tmp_path: Path) -> None:
    run = write_run(tmp_path, [CLIPS], [])
    assert lemma("correct", "--run", run, "--strategies", "restart") == 0
    assert [line["strategy"] for line in lines(run / "corrections.jsonl")] == ["restart"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--strategies", "repair"), "should be 'fix' or 'restart'"),
        (("--strategies", ""), "at least 1 item"),
    ],
)
def test_unusable_strategies_end_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    run = write_run(tmp_path, [CLIPS], [])
    assert lemma("correct", "--run", run, *arguments) == 1
    complaint = capsys.readouterr().err
    assert said in complaint
    assert complaint.count("\n") == 1
