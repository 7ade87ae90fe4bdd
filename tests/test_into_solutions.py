"""`lemma augment --into solutions`: errors in the student's own right solutions, corrected in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from sft_data import lemma, lines

from lemma.exceptions import Refusal
from lemma.records import ErroneousSolution, Problem, Solution
from lemma.rundir.disk import to_line
from lemma.trajectories.right_solutions import check_reasoning, is_proven

QUESTION = "Ann has 3 boxes of 8 pens and buys 4 more pens. How many pens has she got?"
REFERENCE = ("The boxes hold 3 * 8 = 24 pens.", "So she has 24 + 4 = 28 pens.")
OWN = ("Boxes: 8 x 3 = 24.", "Ann ends with 24 + 4 = 28.")
SHORT = ("That is 3 x 8 + 4 = 28 for Ann.",)
LUCKY = ("She opens 8 - 3 = 5 boxes.", "4 + 4 + 4 * 5 = 28 pens.")
FALSE = ("Boxes: 8 x 3 = 26.", "In the end 28.")


def run_with(folder: Path, *right: tuple[str, ...], wrong: tuple[str, ...] = ("Ann has 3 + 8 = 11 pens.",)) -> Path:
    """A run directory with these right solutions and a wrong one."""
    problem = Problem.of(QUESTION, "\n".join((*REFERENCE, "#### 28")))
    made = [(steps, "28", "equal") for steps in right] + [(wrong, "11", "different")]
    solutions = [
        Solution.model_validate(
            {
                "id": f"s{number}", "problem_id": problem.id, "steps": steps, "final_answer": answer, "verdict": judged,
                "origin": "student", "model": "small",
            }
        )
        for number, (steps, answer, judged) in enumerate(made)
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / "problems.jsonl").write_bytes(to_line(problem))
    (folder / "solutions.jsonl").write_bytes(b"".join(map(to_line, solutions)))
    return folder


def errors_of(run: Path) -> list[ErroneousSolution]:
    return [ErroneousSolution.model_validate(line) for line in lines(run / "erroneous.jsonl")]


@pytest.mark.parametrize(("into", "bases"), [("solutions", {OWN, SHORT}), ("both", {OWN, SHORT, REFERENCE})])
def test_errors_go_into_right_solutions_and_are_fixed_in_their_words(
    tmp_path: Path, into: str, bases: set[tuple[str, ...]]
) -> None:
    run = run_with(tmp_path / "run", OWN, SHORT, OWN)
    assert lemma("augment", "--run", run, "--into", into, "--per-problem", "6") == 0
    errors = errors_of(run)
    assert {error.reference_steps for error in errors} == bases
    assert all(error.origin == "symbolic" and error.evidence == "proof" for error in errors)
    assert len({error.id for error in errors}) == len(errors)
    assert lemma("correct", "--run", run) == 0
    corrections = {
        (line["erroneous_id"], line["strategy"]): tuple(line["steps"]) for line in lines(run / "corrections.jsonl")
    }
    for error in errors:
        prefix = error.split[0]
        assert prefix + corrections[error.id, "fix"] == error.reference_steps
        assert corrections[error.id, "restart"] in {OWN, SHORT, REFERENCE} - {error.reference_steps}
    assert lemma("build-sft", "--run", run, "--records", "lemma,dpo,prm") == 0
    assert lines(run / "sft" / "lemma.jsonl")


def test_what_is_no_sound_solution_is_refused_by_name(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", LUCKY, FALSE, OWN)
    assert lemma("augment", "--run", run, "--into", "solutions") == 0
    assert {error.reference_steps for error in errors_of(run)} == {OWN}
    reasons = {line["reason"] for line in lines(run / "rejected.jsonl")}
    assert reasons == {"unproven_reasoning", "reference_equation_false"}


def test_a_student_without_right_solutions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_with(tmp_path / "run")
    assert lemma("augment", "--run", run, "--into", "solutions") == 0
    assert [line["reason"] for line in lines(run / "rejected.jsonl")] == ["no_right_solution"]
    assert lemma("augment", "--run", tmp_path / "empty", "--into", "solutions") == 1
    assert "`lemma sample` makes it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (OWN, ""),
        (SHORT, ""),
        (("4 + 8 + 8 + 8 = 28",), ""),
        (LUCKY, "unproven_reasoning"),
        (("It is 28.",), "answer_not_computed"),
        (("3 * 8 = 25", "25 + 3 = 28"), "reference_equation_false"),
    ],
)
def test_a_right_answer_has_to_be_reached_as_in_the_reference(steps: tuple[str, ...], reason: str) -> None:
    try:
        check_reasoning(QUESTION, "28", REFERENCE, steps)
    except Refusal as refusal:
        assert refusal.reason == reason
    else:
        assert not reason
    check_reasoning(QUESTION, "28", ("Nobody can follow this.",), steps)


@pytest.mark.parametrize(("who", "is_right"), [("Ben", True), ("Zoe", False)])
def test_a_step_about_another_person_is_wrong_though_its_equation_is_right(who: str, is_right: bool) -> None:
    question = "Al has 5 pens. Ben has 3 more pens than Al. Cal has 2 fewer pens than Ben. How many pens does Cal have?"
    reference = ("Ben has 5 + 3 = 8 pens.", "Cal has 8 - 2 = 6 pens.")
    own = (f"{who} has 5 + 3 = 8 pens.", reference[1])
    assert is_proven(question, "6", reference, own) == is_right
    if is_right:
        check_reasoning(question, "6", reference, own)
    else:
        with pytest.raises(Refusal, match="Zoe has 5"):
            check_reasoning(question, "6", reference, own)
