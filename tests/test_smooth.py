"""`lemma smooth`: which rewrites of a trajectory are kept, where their segments are, and what becomes of them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from forked import Forked
from hypothesis import given, settings
from hypothesis import strategies as st
from sft_data import CLIPS, FIX, RESTART, answer_of, correction, erroneous, lemma, lines, write_run

from lemma.exceptions import Refusal
from lemma.models.scoring import Score, Turn
from lemma.records import Correction, ErroneousSolution, SmoothedTrajectory
from lemma.training.token_labels import PARTS, Part, part_weights, parts_of_tokens
from lemma.trajectories.corrections import corrections
from lemma.trajectories.joining import join
from lemma.trajectories.phrases import load_phrases
from lemma.trajectories.rewriting import Reason, read_rewrite

IN_MAY, TOGETHER = CLIPS.reference_steps
WRONG = CLIPS.steps[1]
BEGUN = f"{IN_MAY}\n{WRONG}"
ANSWER = "The answer is 72"
UNREADABLE = erroneous(
    question="Ben thinks of a number. Twice the number and 5 are 17. What is the number?",
    reference_steps=("The number n has 2n + 5 = 17.", "Twice the number is 17 - 5 = 12.", "It is 12 / 2 = 6."),
    steps=("The number n has 2n + 5 = 17.", "Twice the number is 17 - 5 = 14.", "It is 14 / 2 = 7."),
    gold_answer="6",
    final_answer="7",
)
ALGEBRA = correction(strategy="restart", steps=UNREADABLE.reference_steps, final_answer="6")
ADDED = erroneous(steps=(IN_MAY, "Together 48 - 24 = 24 clips.", "Half of that is 24 / 2 = 12."), final_answer="12")
BOXED = correction(steps=("In both months she sold $48 + 24 = \\boxed{72}$ clips.",))


@pytest.mark.parametrize(
    ("repair", "rest", "reflection", "corrected"),
    [
        (
            FIX,
            f"\nWait, 8 and 4 are 12, so that sum is wrong.\n{TOGETHER}\n{ANSWER}",
            "Wait, 8 and 4 are 12, so that sum is wrong.\n",
            f"{TOGETHER}\n{ANSWER}",
        ),
        # The words of a step may change, and how its equation is written, and how the answer is said.
        (
            FIX,
            "\n\nHmm, let me check that. I made a mistake.\n\nThat makes 24+48=72 clips in both.\n\n#### 72\n",
            "Hmm, let me check that. I made a mistake.\n",
            f"That makes 24+48=72 clips in both.\n{ANSWER}",
        ),
        # The turn may be on the wrong step's line, and the correction within a sentence of the turn.
        (FIX, f" No wait, in{TOGETHER[2:]}\n{ANSWER}", "No wait, ", f"in{TOGETHER[2:]}\n{ANSWER}"),
        # A clause that reflects on nothing belongs to the step.
        (
            FIX,
            f"\nWait, that isn't right.\nIn all, she sold 48 + 24 = 72 clips.\n{ANSWER}",
            "Wait, that isn't right.\n",
            f"In all, she sold 48 + 24 = 72 clips.\n{ANSWER}",
        ),
        # The wrong equation may be quoted where it is noticed.
        (
            FIX,
            f"\nI wrote 48 + 24 = 62. No, that is wrong.\n{TOGETHER}\n{ANSWER}",
            "I wrote 48 + 24 = 62. No, that is wrong.\n",
            f"{TOGETHER}\n{ANSWER}",
        ),
        (
            RESTART,
            f"\nThat sum can't be right. Let me start over. {IN_MAY} {TOGETHER}\n{ANSWER}",
            "That sum can't be right. Let me start over. ",
            f"{IN_MAY} {TOGETHER}\n{ANSWER}",
        ),
        # A check of one's own may be added, where it holds.
        (
            FIX,
            f"\nWait, that sum is wrong.\n{TOGETHER}\nIndeed 72 - 48 = 24.\n{ANSWER}",
            "Wait, that sum is wrong.\n",
            f"{TOGETHER}\nIndeed 72 - 48 = 24.\n{ANSWER}",
        ),
        (correction(steps=()), f"\nWait, 62 is wrong.\n{ANSWER}", "Wait, 62 is wrong.\n", ANSWER),
        (
            BOXED,
            "\nWait, that sum is wrong.\nSo in both months it is $48 + 24 = \\boxed{72}$.",
            "Wait, that sum is wrong.\n",
            "So in both months it is $48 + 24 = \\boxed{72}$.",
        ),
    ],
)
def test_rewrites_that_hold(repair: Correction, rest: str, reflection: str, corrected: str) -> None:
    segments = read_rewrite(CLIPS, repair, BEGUN + rest)
    assert [segment.text for segment in segments] == [f"{IN_MAY}\n", f"{WRONG}\n", reflection, corrected]
    assert [segment.kind for segment in segments] == ["prefix", "error", "reflection", "correction"]


TURN = "Wait, that sum is wrong."
REFUSED: list[tuple[Reason, ErroneousSolution, Correction, str]] = [
    ("opening_changed", CLIPS, FIX, f"In May it was 24.\n{WRONG}\n{TURN}\n{TOGETHER}\n{ANSWER}"),
    # The error repaired in silence; a solution without it; only how it goes on; one with a heading.
    ("opening_changed", CLIPS, FIX, f"{IN_MAY}\n{TOGETHER}\n{ANSWER}"),
    ("opening_changed", CLIPS, RESTART, f"{TURN}\n{IN_MAY}\n{TOGETHER}\n{ANSWER}"),
    ("opening_changed", CLIPS, FIX, f"{TURN}\n{TOGETHER}\n{ANSWER}"),
    ("opening_changed", CLIPS, FIX, f"Here is the text:\n{BEGUN}\n{TURN}\n{TOGETHER}\n{ANSWER}"),
    ("opening_changed", CLIPS, FIX, f"{BEGUN}5 {TURN}\n{TOGETHER}\n{ANSWER}"),
    ("leaks", CLIPS, FIX, f"{BEGUN}\nWait, the correct solution says 72.\n{TOGETHER}\n{ANSWER}"),
    ("leaks", CLIPS, FIX, f"{BEGUN}\nWait, the student is wrong.\n{TOGETHER}\n{ANSWER}"),
    ("answer_wrong", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{TOGETHER}\nThe answer is 73"),
    ("answer_unknown", CLIPS, FIX, f"{BEGUN}\n{TURN}\nThe answer is not clear."),
    ("correction_not_found", CLIPS, FIX, f"{BEGUN}\n{TURN}\nIt's 72.\n{ANSWER}"),
    ("correction_not_found", CLIPS, correction(steps=("She sold both.",)), f"{BEGUN}\n{TURN}\nIt's 72.\n{ANSWER}"),
    ("correction_ambiguous", CLIPS, RESTART, f"{BEGUN}\n{TURN}\n{IN_MAY}\nAgain.\n{IN_MAY}\n{TOGETHER}\n{ANSWER}"),
    ("goes_on_after_answer", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{TOGETHER}\n{ANSWER}\nI kept every step."),
    ("goes_on_after_answer", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{TOGETHER}\n#### 72\nI kept every step."),
    ("no_reflection", CLIPS, FIX, f"{BEGUN}\n{TOGETHER}\n{ANSWER}"),
    ("no_reflection", CLIPS, FIX, f"{BEGUN}\nShe sold many.\n{TOGETHER}\n{ANSWER}"),
    ("repeats_the_error", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{WRONG}\nNo.\n{TOGETHER}\n{ANSWER}"),
    ("repeats_the_error", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{TOGETHER}\nNot 48 + 24 = 62.\n{ANSWER}"),
    ("repeats_the_error", CLIPS, FIX, f"{BEGUN}\nThe answer is 62\n{TURN}\n{TOGETHER}\n{ANSWER}"),
    ("repeats_the_error", ADDED, FIX, f"{IN_MAY}\n{ADDED.steps[1]}\n24 / 2 = 12. {TURN}\n{TOGETHER}\n{ANSWER}"),
    ("false_equation", CLIPS, FIX, f"{BEGUN}\nWait, 8 + 4 = 13.\n{TOGETHER}\n{ANSWER}"),
    ("false_equation", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{TOGETHER}\nIndeed 72 - 48 = 23.\n{ANSWER}"),
    ("unclear_equation", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{TOGETHER}\nSo 2x + 24 = 72.\n{ANSWER}"),
    ("equation_lost", CLIPS, RESTART, f"{BEGUN}\n{TURN}\n{IN_MAY}\nSo 72 in all.\n{ANSWER}"),
    ("equation_lost", CLIPS, RESTART, f"{BEGUN}\n{TURN}\n{TOGETHER}\n{IN_MAY}\n{ANSWER}"),
    ("number_from_nowhere", CLIPS, FIX, f"{BEGUN}\n{TURN}\n{TOGETHER}\nThat is 62 clips.\n{ANSWER}"),
]


@pytest.mark.parametrize(("reason", "error", "repair", "text"), REFUSED)
def test_rewrites_that_do_not(reason: Reason, error: ErroneousSolution, repair: Correction, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_rewrite(error, repair, text)
    assert caught.value.reason == reason
    assert str(caught.value)


def test_a_code_fence_around_the_text_does_no_harm() -> None:
    text = f"{BEGUN}\n{TURN}\n{TOGETHER}\n{ANSWER}"
    assert read_rewrite(CLIPS, FIX, f"```\n{text}\n```") == read_rewrite(CLIPS, FIX, text)


def test_every_refusal_has_a_case() -> None:
    assert {reason for reason, *_ in REFUSED} == set(get_args(Reason))


def test_an_equation_that_cannot_be_read_has_to_come_back_as_it_stands() -> None:
    begun = "\n".join(UNREADABLE.steps[:2])
    kept = ("Say n, with 2n+5 = 17.", *UNREADABLE.reference_steps[1:])
    right = "\n".join((begun, "Wait, 17 less 5 is not 14. Let me start over.", *kept, "The answer is 6"))
    assert read_rewrite(UNREADABLE, ALGEBRA, right)[-1].text.startswith(kept[0])
    with pytest.raises(Refusal):
        read_rewrite(UNREADABLE, ALGEBRA, right.replace("2n+5", "3n+5"))


@pytest.mark.parametrize("strategy", ["fix", "restart"])
def test_no_phrase_of_ours_is_taken_for_a_leak(strategy: Any) -> None:
    repair = FIX if strategy == "fix" else RESTART
    for phrase in load_phrases(strategy).all:
        plain = join(CLIPS, repair, phrase.fill(2))
        assert read_rewrite(CLIPS, repair, "".join(part.text for part in plain.segments)) == plain.segments


def test_what_the_question_speaks_of_is_no_leak() -> None:
    quiz = erroneous(question=f"{CLIPS.question} Half is given away, and each wrong answer costs one.")
    steps = ("Nothing was given for a wrong answer.", TOGETHER)
    text = "\n".join((BEGUN, TURN, *steps, ANSWER))
    assert read_rewrite(quiz, correction(steps=steps), text)[-1].text.startswith(steps[0])
    with pytest.raises(Refusal):
        read_rewrite(CLIPS, correction(steps=steps), text)


LINES = st.sampled_from(
    [IN_MAY, TOGETHER, WRONG, ANSWER, TURN, "", "Wait.", "No, 62.", "48 + 24 = 72", "Let me start over:", "#### 72"]
)


@settings(deadline=None)
@given(
    st.sampled_from([FIX, RESTART]), st.booleans(), st.lists(LINES, max_size=8), st.sampled_from(["\n", "\n\n", " "])
)
def test_whatever_comes_back_the_segments_tile_the_text_and_what_was_proven_is_untouched(
    repair: Correction, begins: bool, rest: list[str], between: str
) -> None:
    try:
        segments = read_rewrite(CLIPS, repair, between.join(([BEGUN] if begins else []) + rest))
    except Refusal as refusal:
        assert refusal.reason in get_args(Reason)
        return
    assert segments[:2] == join(CLIPS, repair, "").segments[:2]
    assert [segment.kind for segment in segments[2:]] == ["reflection", "correction"]
    assert all(segment.text.strip() for segment in segments)
    assert segments[1].text.endswith("\n") and segments[2].text[-1].isspace() and not segments[3].text[-1].isspace()
    text = "".join(segment.text for segment in segments)
    assert " ".join(text.split()).startswith(" ".join(BEGUN.split()))
    assert text.endswith(ANSWER) and WRONG not in segments[3].text


# Of a joined text: what comes before the turn, up to the wrong line that is named below it, and what comes after it.
MATCHES = (
    r"(?s)You polish a text.*\nText:\n(?P<opening>.*?(?P<wrong>[^\n]+))\n(?P<phrase>[^\n]+)\n(?P<rest>.*)\n\n"
    r"The wrong line: (?P=wrong)(?:\n|\Z)"
)
TURNS = ("Hmm, let me check that line. I made a mistake there.", "Wait, no.")


def teacher(folder: Path, turn: str = TURNS[0]) -> list[str]:
    """Flags of a scripted teacher that puts its own turn in the place of the phrase."""
    path = folder / f"rules{TURNS.index(turn) if turn in TURNS else ''}.yaml"
    rules = [{"matches": MATCHES, "answers": [rf"\g<opening>{chr(10)}{turn}{chr(10)}\g<rest>"]}]
    path.write_text(json.dumps({"rules": [*rules, {"answers": ["I don't know."]}]}))
    return ["--backend", "scripted", "--teacher", str(path)]


@pytest.fixture(scope="module")
def smoothed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample, corrected and smoothed."""
    run = tmp_path_factory.mktemp("smoothed") / "run"
    assert lemma("augment", "--run", run, "--per-problem", "1") == 0
    assert lemma("smooth", "--run", run, *teacher(run.parent)) == 0
    return run


def test_from_corrections_to_records(smoothed: Path) -> None:
    errors = [ErroneousSolution.model_validate(line) for line in lines(smoothed / "erroneous.jsonl")]
    made = [SmoothedTrajectory.model_validate(line) for line in lines(smoothed / "smoothed.jsonl")]
    assert [part.correction_id for part in made] == [line["id"] for line in lines(smoothed / "corrections.jsonl")]
    found = [(error, made) for error in errors for made in corrections(error, ("fix", "restart"))]
    plain = [join(error, made, TURNS[0]) for error, made in found if isinstance(made, Correction)]
    assert [part.segments for part in made] == [trajectory.segments for trajectory in plain]
    assert lemma("build-sft", "--run", smoothed, "--records", "lemma,dpo", "--fresh") == 0
    for record, trajectory in zip(lines(smoothed / "sft" / "lemma.jsonl"), plain, strict=True):
        text = answer_of(record)
        spans = [text[span["start"] : span["end"]] for span in record["segments"]]
        assert spans == [segment.text for segment in trajectory.segments]
    pairs = [line for line in lines(smoothed / "sft" / "dpo.jsonl") if line["pair"] == "sfs"]
    assert all(f"\n{TURNS[0]}\n" in pair["chosen"][0]["content"] for pair in pairs)
    card = (smoothed / "sft" / "README.md").read_text()
    assert f"| rewritten by a teacher | {len(made)} |" in card and "joined by a phrase" not in card


def test_masks_know_the_parts_of_a_smoothed_record(smoothed: Path) -> None:
    assert lemma("build-sft", "--run", smoothed, "--fresh") == 0
    weights = part_weights("error", None)
    for record in lines(smoothed / "sft" / "lemma.jsonl"):
        text = answer_of(record)
        words = [match.span() for match in re.finditer(r"\S+", text)]
        parts = [Part(**span) for span in record["segments"]]
        owners = parts_of_tokens(text, words, parts, weights)
        for part in parts:
            own = [
                text[begin:end] for (begin, end), owner in zip(words, owners, strict=True) if PARTS[owner] == part.kind
            ]
            assert own == text[part.start : part.end].split()


def test_a_smoothed_trajectory_wins_unless_it_is_left_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX, RESTART])
    assert lemma("smooth", "--run", run, "--strategies", "fix", *teacher(tmp_path)) == 0
    command = ("build-sft", "--run", run)

    def turns() -> list[bool]:
        return [TURNS[0] in answer_of(record) for record in lines(run / "sft" / "lemma.jsonl")]

    assert lemma(*command) == 0
    assert turns() == [True, False]
    assert "1 of 2 trajectories were rewritten by a teacher" in capsys.readouterr().out
    assert lemma(*command, "--no-smoothed", "--fresh") == 0
    assert turns() == [False, False]
    # Rewritten again with other words: what was built of the earlier ones is refused, not mixed.
    assert lemma(*command, "--fresh") == 0
    assert lemma("smooth", "--run", run, *teacher(tmp_path, TURNS[1]), "--fresh") == 0
    capsys.readouterr()
    assert lemma(*command) == 1
    assert "smoothed.jsonl" in capsys.readouterr().err
    # A restart after the whole wrong solution is not what was rewritten.
    assert lemma(*command, "--truncate", "none", "--fresh") == 0
    assert [TURNS[1] in answer_of(record) for record in lines(run / "sft" / "lemma.jsonl")] == [True, False]
    assert [line["reason"] for line in lines(run / "rejected.jsonl")] == ["rewrite_mismatch"]


class Scorer:
    """Finds every phrase as likely as every other, and remembers what it was asked."""

    name = "indifferent"

    def __init__(self) -> None:
        self.asked: list[Turn] = []

    def score(self, turns: Sequence[Turn]) -> list[list[Score]]:
        self.asked += turns
        return [[Score(-1.0, 1) for _ in turn.candidates] for turn in turns]


def test_a_model_chooses_phrases_where_nothing_was_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX, RESTART])
    assert lemma("smooth", "--run", run, "--strategies", "restart", *teacher(tmp_path)) == 0
    scorer = Scorer()
    monkeypatch.setattr("lemma.commands.build_sft.open_scorer", lambda *_: scorer)
    assert lemma("build-sft", "--run", run, "--reflections", "model", "--model", "m", "--score-correction") == 0
    # What follows is asked to compare the ways of choosing, on the same turn.
    assert {turn.question for turn in scorer.asked} == {CLIPS.question}
    assert scorer.asked[0].after == f"\n{TOGETHER}\n{ANSWER}"
    assert len(scorer.asked) == 3
    assert [TURNS[0] in answer_of(record) for record in lines(run / "sft" / "lemma.jsonl")] == [False, True]


def test_rewrites_that_do_not_hold_are_rejected_and_joined_by_phrases(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX, RESTART])
    assert lemma("smooth", "--run", run, *teacher(tmp_path, "So it is.")) == 0
    assert (run / "smoothed.jsonl").read_bytes() == b""
    rejected = [(line["stage"], line["id"], line["reason"]) for line in lines(run / "rejected.jsonl")]
    assert rejected == [("smooth", "c1", "no_reflection"), ("smooth", "c2", "no_reflection")]
    assert lemma("build-sft", "--run", run) == 0
    assert len(lines(run / "sft" / "lemma.jsonl")) == 2


def test_without_a_teacher_nothing_is_rewritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX])
    assert lemma("smooth", "--run", run) == 0
    assert "nothing was rewritten: --teacher was not given" in capsys.readouterr().out
    assert lemma("build-sft", "--run", run) == 0
    # And a teacher may come later.
    assert lemma("smooth", "--run", run, *teacher(tmp_path)) == 0
    assert len(lines(run / "smoothed.jsonl")) == 1


def test_rewrites_of_other_corrections_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX])
    assert lemma("smooth", "--run", run, *teacher(tmp_path)) == 0
    write_run(run, [CLIPS], [RESTART])
    assert lemma("build-sft", "--run", run) == 1
    assert "Run `lemma smooth --fresh` to rewrite the current ones" in capsys.readouterr().err
    assert lemma("build-sft", "--run", run, "--no-smoothed") == 0
    write_run(run, [CLIPS], [correction(erroneous_id="gone")])
    assert lemma("smooth", "--run", run, *teacher(tmp_path), "--fresh") == 1
    assert "corrections.jsonl: c1 corrects a solution that is not in erroneous.jsonl" in capsys.readouterr().err


def test_a_line_that_is_no_record_is_rejected(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX])
    with (run / "corrections.jsonl").open("ab") as file:
        file.write(b'{"id": "c9", "erroneous_id": "e1", "strategy": "fix", "steps": 7}\n')
    assert lemma("smooth", "--run", run, *teacher(tmp_path)) == 0
    assert [(line["id"], line["reason"]) for line in lines(run / "rejected.jsonl")] == [("c9", "invalid_record")]
    assert len(lines(run / "smoothed.jsonl")) == 1


def test_killed_and_gone_on_with_it_ends_with_the_same_bytes(smoothed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for name in ("erroneous.jsonl", "corrections.jsonl"):
        (run / name).write_bytes((smoothed / name).read_bytes())
    command = ("smooth", "--run", run, *teacher(smoothed.parent))
    moments = random.Random(1)
    state = run / ".state" / "smooth.jsonl"
    # At once, when the first answer is stored, and when something is acknowledged.
    for come_so_far in (
        lambda: True,
        (run / "responses.sqlite").exists,
        lambda: state.exists() and state.stat().st_size > 0,
    ):
        Forked(*command).kill_when(come_so_far, later=moments.uniform(0, 0.05))
    assert lemma(*command) == 0
    assert (run / "smoothed.jsonl").read_bytes() == (smoothed / "smoothed.jsonl").read_bytes()
    assert json.loads((run / "run.json").read_text())["stages"]["smooth"]["status"] == "complete"


def test_a_dry_run_counts_and_asks_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [CLIPS], [FIX, RESTART])
    assert lemma("smooth", "--run", run, "--teacher", "m", "--dry-run") == 0
    assert "2 calls" in capsys.readouterr().out
    assert (run / "smoothed.jsonl").read_bytes() == b""
