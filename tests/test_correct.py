"""`lemma correct`: what the student's right solutions and the reference give as corrections, and what they can't."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from sft_data import CLIPS, erroneous, erroneous_solutions, lemma, lines, write_run

from lemma.exceptions import Refusal
from lemma.records import Continuation, Correction, ErroneousSolution, Solution
from lemma.rundir.disk import to_line
from lemma.steps import states_answer
from lemma.trajectories.corrections import KnownSolution, correction_from_continuation, corrections
from lemma.trajectories.right_solutions import check_fix, continued, is_another

BOTH = ("fix", "restart")
IN_MAY, TOGETHER = CLIPS.reference_steps
BOXED = ("We get $\\boxed{72}$.", "[asy]draw((0,0)--(1,1));[/asy]")
OWN = ("May: 48 / 2 = 24 clips.", "48 + 24 = 72 in all.")
STUDENT = KnownSolution(OWN, "student", "small")
PREFIX = ("In May it was 48 / 2 = 24.",)


def own(*steps: str, error_step: int | None = None, **changes: object) -> ErroneousSolution:
    """A wrong solution of the student, by default with its last step wrong."""
    at = len(steps) - 1 if error_step is None else error_step
    return erroneous(steps=steps, error_step=at, origin="student", evidence="graph", confidence=0.9, **changes)


def made(error: ErroneousSolution, *right: KnownSolution) -> dict[str, tuple[str, ...]]:
    found = [one for one in corrections(error, BOTH, right) if isinstance(one, Correction)]
    return {correction.strategy: correction.steps for correction in found}


REST = (
    IN_MAY,
    TOGETHER,
    "All of them brought 72 * $3 = $216.",
    "She got $216 - $16 = $200.",
    "Her brothers got $200 / 8 = $25 each.",
)


def restarted(at: int, wrong: str, name: str = "e1", steps_left_out: int = 0) -> ErroneousSolution:
    """A longer solution with one wrong step."""
    return erroneous(
        id=name,
        question=f"{CLIPS.question} Each cost $3, the stall cost $16, and 8 brothers shared the rest.",
        gold_answer="25",
        reference_steps=REST,
        steps=(*REST[:at], wrong, *REST[at + 1 + steps_left_out :]),
        error_step=at,
        error_type="missing_step" if steps_left_out else "calculation_error",
    )


@pytest.mark.parametrize(
    ("error", "right", "expected"),
    [
        (CLIPS, [STUDENT], {"fix": (TOGETHER,), "restart": OWN}),
        (erroneous(steps=("Wrong.",), error_step=0), [STUDENT], {"fix": (IN_MAY, TOGETHER), "restart": OWN}),
        # The error comes after all that was right: nothing is left but to say the answer.
        (erroneous(steps=(IN_MAY, TOGETHER, "No."), error_step=2), [STUDENT], {"fix": (), "restart": OWN}),
        # The answer was boxed before the error, so it is boxed again, and the drawing behind it left out.
        (erroneous(reference_steps=BOXED, steps=(BOXED[0], "So $\\boxed{62}$.")), [], {"fix": (BOXED[0],)}),
        # In the student's words if they go on from what it has worked out, else in those of the reference.
        (own(*PREFIX, "48 + 24 = 62"), [STUDENT], {"fix": OWN[1:], "restart": (IN_MAY, TOGETHER)}),
        (own(*PREFIX, "48 + 24 = 62"), [], {"fix": (TOGETHER,), "restart": (IN_MAY, TOGETHER)}),
        (own("48 + 24 = 62"), [STUDENT], {"fix": OWN, "restart": (IN_MAY, TOGETHER)}),
        # Nothing goes on from twice as many.
        (own("In May it was 48 * 2 = 96.", "48 + 96 = 150"), [STUDENT], {"restart": OWN}),
        # A right answer with a false equation is no right solution.
        (own("48 + 24 = 62"), [KnownSolution(("48 / 2 = 22", "48 + 24 = 72"), "student")], {"fix": (IN_MAY, TOGETHER)}),
        # Where the error is, nobody knows.
        (erroneous(error_step=None, origin="student", evidence="graph", confidence=0.2), [STUDENT], {"restart": OWN}),
        (own("48 + 24 = 62", reference_steps=()), [STUDENT], {"fix": OWN}),
    ],
)
def test_corrections_of(
    error: ErroneousSolution, right: list[KnownSolution], expected: dict[str, tuple[str, ...]]
) -> None:
    found = made(error, *right)
    if "restart" not in expected:  # another way to tell the same, if anything
        restart = found.pop("restart", ())
        assert is_another(restart, expected.values())
    assert found == expected


def test_a_restart_without_another_solution_tells_the_reference_in_another_way() -> None:
    """The step that is put right stays a step of its own, and the first step stays the first one."""
    assert "restart" not in made(CLIPS)
    assert "restart" not in made(restarted(3, "She got $216 - $16 = $210."))
    found = {made(restarted(0, "She sold 48 / 2 = 26 clips in May.", f"e{number}"))["restart"] for number in range(20)}
    assert found == {
        (IN_MAY, TOGETHER, "She got 72 * $3 - $16 = $200.", REST[4]),
        (*REST[:3], "Her brothers got ($216 - $16) / 8 = $25 each."),
    }, "the errors of a problem get different ones"
    skipped = restarted(1, "All of them brought 48 * $3 = $144.", steps_left_out=1)
    restart = made(skipped)["restart"]
    assert restart == (*REST[:3], "Her brothers got ($216 - $16) / 8 = $25 each."), "what was skipped stands as well"


@given(erroneous_solutions())
def test_a_correction_ends_in_gold_and_a_fix_goes_on_from_the_right_prefix(error: ErroneousSolution) -> None:
    found = {product.strategy: product for product in corrections(error, BOTH) if isinstance(product, Correction)}
    assert {correction.final_answer for correction in found.values()} == {error.gold_answer}
    if not states_answer(error.reference_steps):
        assert error.split[0] + found["fix"].steps == error.reference_steps
    assert "restart" not in found or found["restart"].steps != error.reference_steps


TWO = "Ann has 3 boxes of 8 pens, 5 bags of 6 pens, and her mother 2 pens. How many pens are there?"
BOX, BAG, ALL = "She has 3 * 8 = 24 pens.", "There are 5 * 6 = 30 pens in bags.", "In all 24 + 30 + 2 = 56."


@pytest.mark.parametrize(
    ("prefix", "solution", "expected"),
    [
        (("8 * 3 = 24",), (BOX, BAG, ALL), (BAG, ALL)),
        (("5 * 6 = 30", "8 * 3 = 24"), (BOX, BAG, ALL), (ALL,)),
        ((), (BOX, BAG, ALL), (BOX, BAG, ALL)),
        (("5 * 6 = 30",), (BOX, BAG, ALL), "other_beginning"),
        (("8 * 5 = 40",), (BOX, BAG, ALL), "other_beginning"),
        # 24 has to be what the solution says it is.
        (("20 + 4 = 24",), (BOX, BAG, ALL), "other_beginning"),
        (("8 * 3 = 25",), (BOX, BAG, ALL), "reference_equation_false"),
        (("8 * 3 = 24",), (BOX, "Her mother gets 24 of them.", BAG, ALL), ("Her mother gets 24 of them.", BAG, ALL)),
        (("5 * 6 = 30", "8 * 3 = 24"), (BOX, BAG, "Add 24 to this: 24 + 30 + 2 = 56"), "reference_word"),
        (("Bob has 8 * 3 = 24.",), ("Ann has 8 * 3 = 24.", "She has 24 + 30 + 2 = 56."), "pronoun"),
        (("8 * 3 = 24",), ("Let x be 8 * 3 = 24.", "x + 30 + 2 is 56: 24 + 32 = 56"), "letters"),
        (("8 * 3 = 24",), (BOX, "In all 24 + 32 = 56."), "number_from_nowhere"),
    ],
)
def test_a_prefix_is_continued_by_what_it_has_worked_out(
    prefix: tuple[str, ...], solution: tuple[str, ...], expected: tuple[str, ...] | str
) -> None:
    try:
        found: tuple[str, ...] | str = continued(f"{TWO} Ann met Bob.", "56", prefix, solution)
    except Refusal as refusal:
        found = refusal.reason
    assert found == expected


@pytest.mark.parametrize(
    ("given_steps", "text", "expected"),
    [
        (1, "So 48 + 24 = 72.\nThe answer is 72", ("fix", ("So 48 + 24 = 72.",))),
        (0, "48 / 2 = 24\n48 + 24 = 72\n#### 72", ("restart", ("48 / 2 = 24", "48 + 24 = 72"))),
        (1, "So 48 + 24 = 62.\nThe answer is 62", "answer_wrong"),
        (1, "48 + 24 = 74, no.\nThe answer is 72", "false_equation"),
        (1, "48 + 24 = 62\nThe answer is 72", "repeats_the_error"),
        (2, "The answer is 72", "other_prefix"),
    ],
)
def test_a_continuation_that_succeeded_is_a_correction(given_steps: int, text: str, expected: object) -> None:
    error = own(*PREFIX, "48 + 24 = 62", "So 62.", error_step=1)
    try:
        one = correction_from_continuation(error, given_steps, text, "small")
        found: object = (one.strategy, one.steps)
        assert one.origin == "student"
    except Refusal as refusal:
        found = refusal.reason
    assert found == expected


@pytest.mark.parametrize(
    ("wrong", "first", "repeats"),
    [
        ("Alex weighs 125-2=123 pounds.", "Grace weighs 125 - 2 = 123 pounds.", True),
        ("She pays $3,650 + $365 = $4,015.", "In all, that is $3650 + $365 = $4015.", True),
        ("That is 2 * 3 = 6.", "In May it was 2 * 3 = 6, and 6 + 1 = 7 in June.", True),
        ("He has 2 * 3 = 6 and 6 + 2 = 8.", "He has 2 * 3 = 6 and 6 + 4 = 10.", False),
        ("Alex weighs 125-2=123 pounds.", "Alex weighs 125 * 2 = 250 pounds.", False),
        ("He has 12 - 4 - 3 = 5 slices.", "He has 12 - 4 = 8 slices.", False),
        ("He has none.", "He has some.", False),
    ],
)
def test_a_fix_works_out_something_else_than_the_wrong_step(wrong: str, first: str, repeats: bool) -> None:
    steps = (first, "So it is 72.")
    try:
        check_fix(own(*PREFIX, wrong, error_step=1), steps)
    except Refusal as refusal:
        assert (refusal.reason, repeats) == ("repeats_the_error", True)
    else:
        assert not repeats
    # An injected error changes a number or a word of a right step, and its equation may stay.
    check_fix(erroneous(steps=(*PREFIX, wrong), error_step=1), steps)


def test_the_stage_rejects_what_it_cannot_correct_by_name(tmp_path: Path) -> None:
    foreign = own("In May it was 48 * 2 = 96.", "Wrong.", id="e2")
    run = write_run(
        tmp_path, [CLIPS, foreign, erroneous(id="e4", reference_steps=("72.",), steps=("62.",), error_step=0)], []
    )
    with (run / "erroneous.jsonl").open("ab") as file:
        file.write(b'{"id": "e3", "question": 7}\n')
    assert lemma("correct", "--run", run) == 0
    found = [(line["erroneous_id"], line["strategy"]) for line in lines(run / "corrections.jsonl")]
    assert found == [("e1", "fix"), ("e1", "restart"), ("e2", "restart"), ("e4", "fix")]
    rejected = [(line["id"], line["reason"]) for line in lines(run / "rejected.jsonl")]
    assert rejected == [("e2", "prefix_not_continued"), ("e4", "no_other_solution"), ("e3", "invalid_record")]


def test_the_stage_finds_the_right_solutions_of_the_student(tmp_path: Path) -> None:
    run = write_run(tmp_path, [CLIPS, own(*PREFIX, "48 + 24 = 62", id="e2")], [])
    samples = [
        Solution(
            id=str(number), problem_id="p1", steps=steps, final_answer="72", verdict=judged, origin="student", model="m"
        )
        for number, (steps, judged) in enumerate(
            [(("Wrong.",), "different"), (OWN, "equal"), (PREFIX + OWN[1:], "equal")]
        )
    ]
    (run / "solutions.jsonl").write_bytes(b"".join(map(to_line, samples)))
    wrong, right = (
        Continuation(
            id=text, erroneous_id="e2", problem_id="p1", given=1, steps=(text,), final_answer="72", model="small"
        )
        for text in ("48 + 24 = 74, so 72.", "Both months make 24 + 48 = 72.")
    )
    (run / "continuations.jsonl").write_bytes(to_line(wrong) + to_line(right))
    assert lemma("correct", "--run", run) == 0
    found = {(line["erroneous_id"], line["strategy"]): line for line in lines(run / "corrections.jsonl")}
    assert found["e1", "restart"]["origin"] == found["e2", "fix"]["origin"] == "student"
    assert found["e2", "fix"]["steps"] == [*right.steps]
    assert found["e1", "restart"]["steps"] in ([*OWN], [*PREFIX, OWN[1]])


def test_only_the_strategies_that_were_asked_for(tmp_path: Path) -> None:
    run = write_run(tmp_path, [restarted(0, "She sold 48 / 2 = 26 clips in May.")], [])
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


def test_corrections_of_numbered_steps_are_numbered() -> None:
    plain = ("12 * 8 = 96", "96 - 20 = 76")
    error = ErroneousSolution(
        **{"id": "e", "problem_id": "p", "question": "Ann has 12 boxes of 8 pens and gives 20 away.", "model": "m"},
        **{"gold_answer": "76", "reference_steps": plain, "steps": ("Step 1: 12 * 8 = 96", "Step 2: 96 + 20 = 116")},
        **{"error_step": 1, "error_type": "unknown", "explanation": "", "final_answer": "116", "origin": "student"},
    )
    made = {one.strategy: one.steps for one in corrections(error, ("fix", "restart")) if isinstance(one, Correction)}
    assert made == {"fix": ("Step 2: 96 - 20 = 76",), "restart": ("Step 1: 12 * 8 = 96", "Step 2: 96 - 20 = 76")}
    unnumbered = error.model_copy(update={"steps": ("12 * 8 = 96", "96 + 20 = 116")})
    assert next(corrections(unnumbered, ("fix",))).steps == ("96 - 20 = 76",)  # type: ignore[union-attr]
