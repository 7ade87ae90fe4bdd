"""`lemma build-sft`: the segments of a trajectory, and whole runs of the command."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from forked import Forked
from hypothesis import given
from hypothesis import strategies as st
from sft_data import (
    ALL_KINDS,
    CLIPS,
    FIX,
    RESTART,
    answer_of,
    asked_in,
    contents,
    correction,
    erroneous,
    erroneous_solutions,
    lemma,
    lines,
    write_run,
)

from lemma.formats.lemma import spans
from lemma.formats.shapes import SHAPES
from lemma.models.scoring import Score, Turn
from lemma.records import Correction, ErroneousSolution
from lemma.rundir.disk import to_line
from lemma.steps import solution_text
from lemma.taxonomy.error_types import load_taxonomy
from lemma.trajectories.corrections import KnownSolution, corrections
from lemma.trajectories.joining import join
from lemma.trajectories.phrases import load_phrases

ALL = ("--records", ALL_KINDS, "--mix", "cot=0.3")
IN_MAY, TOGETHER = CLIPS.reference_steps
WRONG = CLIPS.steps[1]


@pytest.mark.parametrize(
    ("error", "repair", "truncate", "expected"),
    [
        (CLIPS, FIX, "first-error", [f"{IN_MAY}\n", f"{WRONG}\n", "Wait.\n", f"{TOGETHER}\nThe answer is 72"]),
        (
            CLIPS,
            RESTART,
            "first-error",
            [f"{IN_MAY}\n", f"{WRONG}\n", "Wait.\n", f"{IN_MAY}\n{TOGETHER}\nThe answer is 72"],
        ),
        (
            CLIPS,
            RESTART,
            "none",
            [f"{IN_MAY}\n", f"{WRONG}\nThe answer is 62\n", "Wait.\n", f"{IN_MAY}\n{TOGETHER}\nThe answer is 72"],
        ),
        # A repair goes on at the wrong step whatever a restart does.
        (CLIPS, FIX, "none", [f"{IN_MAY}\n", f"{WRONG}\n", "Wait.\n", f"{TOGETHER}\nThe answer is 72"]),
        # Later wrong steps are left out unless the whole solution is kept.
        (
            erroneous(steps=("Bad.", "Worse."), error_step=0),
            FIX,
            "first-error",
            ["Bad.\n", "Wait.\n", f"{TOGETHER}\nThe answer is 72"],
        ),
        (
            erroneous(steps=("Bad.", "So $\\boxed{62}$."), error_step=0),
            correction(strategy="restart", steps=("It is $\\boxed{72}$.",)),
            "none",
            ["Bad.\nSo $\\boxed{62}$.\n", "Wait.\n", "It is $\\boxed{72}$."],
        ),
        (CLIPS, correction(steps=()), "first-error", [f"{IN_MAY}\n", f"{WRONG}\n", "Wait.\n", "The answer is 72"]),
    ],
)
def test_segments(error: ErroneousSolution, repair: Correction, truncate: str, expected: list[str]) -> None:
    segments = join(error, repair, "Wait.", truncate).segments  # type: ignore[arg-type]
    assert [segment.text for segment in segments] == expected
    kinds = ["prefix", "error", "reflection", "correction"]
    assert [segment.kind for segment in segments] == (kinds if error.error_step else kinds[1:])


@given(erroneous_solutions(), st.sampled_from(["first-error", "none"]))
def test_spans_lie_end_to_end_and_hold_exactly_the_segments(error: ErroneousSolution, truncate: str) -> None:
    for made in corrections(error, ("fix", "restart"), [KnownSolution(("Another way.",))]):
        assert isinstance(made, Correction)
        trajectory = join(error, made, "Wait, no.", truncate)  # type: ignore[arg-type]
        text = "".join(segment.text for segment in trajectory.segments)
        found = spans(trajectory.segments)
        assert [text[span["start"] : span["end"]] for span in found] == [part.text for part in trajectory.segments]
        assert [span["start"] for span in found] == [0, *(span["end"] for span in found[:-1])]
        assert found[-1]["end"] == len(text)
        assert text.endswith(solution_text(made.steps, made.final_answer))


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample, all the way, with one command and one worker."""
    run = tmp_path_factory.mktemp("sample")
    assert lemma("augment", "--run", run, "--per-problem", "4") == 0
    assert lemma("build-sft", "--run", run, *ALL) == 0
    return run


def test_every_record_of_the_sample_starts_wrong_and_ends_right(sample_run: Path) -> None:
    errors = {line["id"]: line for line in lines(sample_run / "erroneous.jsonl")}
    phrases = {strategy: load_phrases(strategy).all for strategy in ("fix", "restart")}
    for record in lines(sample_run / "sft" / "lemma.jsonl"):
        text = answer_of(record)
        parts = {span["kind"]: text[span["start"] : span["end"]] for span in record["segments"]}
        if record["erroneous_id"] is None:
            assert list(parts) == ["correction"]
            continue
        error = errors[record["erroneous_id"]]
        at = error["error_step"]
        assert parts.get("prefix", "") == "".join(f"{step}\n" for step in error["steps"][:at])
        assert parts["error"] == error["steps"][at] + "\n"
        said = parts["reflection"].rstrip("\n")
        assert said in {phrase.fill(at + 1) for phrase in phrases[record["strategy"]]}
        ending = f"The answer is {error['gold_answer']}"
        assert parts["correction"].endswith(ending) or "\\boxed{" in parts["correction"]


def test_two_workers_write_the_same_bytes_as_one(
    sample_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lemma.engine.pool._FEWEST_BATCHES_FOR_WORKERS", 2)
    assert lemma("augment", "--run", tmp_path, "--workers", "2", "--per-problem", "4") == 0
    assert lemma("correct", "--run", tmp_path, "--workers", "2") == 0
    assert lemma("build-sft", "--run", tmp_path, "--workers", "2", *ALL) == 0
    assert dict(contents(tmp_path)) == dict(contents(sample_run))


def test_kills_at_any_moment_leave_the_same_bytes(sample_run: Path, tmp_path: Path) -> None:
    """Kill each stage before it has acknowledged anything, and at a random moment after; then let it finish.

    With two workers; test_golden.py kills commands with one.
    """
    rng = random.Random(2)
    for command in (("augment", "--per-problem", "4"), ("correct",), ("build-sft", *ALL)):
        state = tmp_path / ".state" / f"{command[0]}.jsonl"
        for attempt in range(2):
            before = state.stat().st_size if state.exists() else 0
            process = Forked(*command, "--run", tmp_path, "--workers", "2")

            def come_so_far(attempt: int = attempt, state: Path = state, before: int = before) -> bool:
                return not attempt or (state.exists() and state.stat().st_size > before)

            process.kill_when(come_so_far, later=rng.uniform(0.0, 0.2))
        assert lemma(*command, "--run", tmp_path, "--workers", "2") == 0
    assert dict(contents(tmp_path)) == dict(contents(sample_run))


def test_torn_and_unacknowledged_lines_are_cut(sample_run: Path, tmp_path: Path) -> None:
    """As a kill between writing lines and acknowledging them leaves a file, whatever was written."""
    run = _copy_of(sample_run, tmp_path)
    state = run / ".state" / "build-sft.jsonl"
    acknowledged = state.read_bytes().splitlines(keepends=True)
    for kept, torn in ((1, b'{"prompt":[{"ro'), (0, b"\x00\xff\n\n"), (len(acknowledged) - 1, b"")):
        state.write_bytes(b"".join(acknowledged[:kept]) + acknowledged[kept][:9])
        manifest = orjson.loads((run / "run.json").read_bytes())
        manifest["stages"]["build-sft"]["status"] = "running"
        (run / "run.json").write_bytes(orjson.dumps(manifest))
        with (run / "sft" / "lemma.jsonl").open("ab") as file:
            file.write(torn)
        assert lemma("build-sft", "--run", run, *ALL) == 0
        assert dict(contents(run)) == dict(contents(sample_run))


def test_a_file_that_somebody_cut_is_refused_and_made_again_when_fresh(
    sample_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _copy_of(sample_run, tmp_path)
    (run / "sft" / "dpo.jsonl").write_bytes(b"")
    command = ("build-sft", "--run", run, *ALL)
    assert lemma(*command) == 1
    assert "dpo.jsonl lacks lines that `lemma build-sft` wrote" in capsys.readouterr().err
    assert lemma(*command, "--fresh") == 0
    assert dict(contents(run)) == dict(contents(sample_run))


def _copy_of(run: Path, folder: Path) -> Path:
    return Path(shutil.copytree(run, folder / "copy"))


def test_other_settings_are_refused_unless_fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path, [CLIPS], [FIX, RESTART])
    assert lemma("build-sft", "--run", run, "--records", "lemma,prm") == 0
    assert lemma("build-sft", "--run", run, "--records", "lema") == 1
    assert "Add --fresh" in capsys.readouterr().err
    assert lemma("build-sft", "--run", run, "--records", "lema", "--fresh") == 0
    # What an earlier build left would pass for a part of this one.
    assert sorted(path.name for path in (run / "sft").iterdir()) == ["README.md", "lema.jsonl"]


def test_stale_corrections_are_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lemma("augment", "--run", tmp_path, "--limit", "12", "--types", "calc") == 0
    assert lemma("correct", "--run", tmp_path, "--strategies", "fix") == 0
    assert lemma("augment", "--run", tmp_path, "--limit", "12", "--types", "reading", "--fresh") == 0
    assert lemma("build-sft", "--run", tmp_path) == 0
    assert "running `lemma correct` again" in capsys.readouterr().err
    errors = [line["id"] for line in lines(tmp_path / "erroneous.jsonl")]
    made = lines(tmp_path / "sft" / "lemma.jsonl")
    # Again, with the settings it had.
    assert [(line["erroneous_id"], line["strategy"]) for line in made] == [(error, "fix") for error in errors]


def test_corrections_of_nothing_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path, [CLIPS], [FIX, correction(id="c9", erroneous_id="gone")])
    assert lemma("build-sft", "--run", run) == 1
    assert "corrections.jsonl, line 2: corrects a solution that is not in erroneous.jsonl" in capsys.readouterr().err


def test_each_input_is_made_or_rejected_by_name(tmp_path: Path) -> None:
    mute = erroneous(id="e2", problem_id="p2", question="How many are 20 and 5?", explanation=" ")
    uncorrected = erroneous(id="e3", problem_id="p3", question="How many are 9 and 9?")
    again = correction(id="c3", steps=(TOGETHER.upper(),))
    broken = correction(id="c4", erroneous_id="e4", steps=()).model_dump() | {"steps": 7}
    run = write_run(
        tmp_path,
        [CLIPS, mute, uncorrected, erroneous(id="e4", problem_id="p4", question="How many are 3 and 3?")],
        [FIX, again, correction(id="c2", erroneous_id="e2")],
    )
    with (run / "corrections.jsonl").open("ab") as file:
        file.write(orjson.dumps(broken) + b"\n" + to_line(correction(id="c5", erroneous_id="e5")))
        file.write(to_line(correction(id="c6", erroneous_id="e6")))
    with (run / "erroneous.jsonl").open("ab") as file:
        file.write(b'{"id": "e5", "problem_id": "p5", "error_type": "calculation_error", "steps": 5}\n')
        file.write(
            orjson.dumps(
                CLIPS.model_dump() | {"id": "e6", "problem_id": "p6", "question": "How many?", "error_step": 2}
            )
            + b"\n"
        )
    assert lemma("build-sft", "--run", run, "--records", "lema") == 0
    assert [line["erroneous_id"] for line in lines(run / "sft" / "lema.jsonl")] == ["e1"]
    rejected = {(line["id"], line["reason"]) for line in lines(run / "rejected.jsonl")}
    assert rejected == {
        ("e1", "near_duplicate"),
        ("e2", "no_lema_record"),
        ("e3", "no_correction"),
        ("e4", "invalid_record"),
        ("e5", "invalid_record"),
        ("e6", "invalid_record"),
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--records", "lemm"), "did you mean 'lemma'?"),
        (("--records", ""), "--records is empty"),
        (("--mix", "cot=1"), "a share is at least 0 and less than 1"),
        (("--mix", "cot=nan"), "a share is at least 0 and less than 1"),
        (("--mix", "prm=0.5"), "only plain right solutions can be mixed in"),
        (("--mix", "cot=0.5", "--records", "prm"), "in --records"),
        (("--near-duplicates", "0"), "greater than 0"),
        (("--exclude", "missing.jsonl"), "missing.jsonl does not exist"),
        (("--taxonomy", "missing"), "missing is not a folder"),
        (("--reflections", "model"), "give the model with --model"),
    ],
)
def test_unusable_settings_end_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    run = write_run(tmp_path, [CLIPS], [FIX, RESTART])
    assert lemma("build-sft", "--run", run, *arguments) == 1
    complaint = capsys.readouterr().err
    assert said in complaint
    assert complaint.count("\n") == 1


def test_an_unknown_error_type_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path, [erroneous(error_type="calculation_eror")], [FIX])
    assert lemma("build-sft", "--run", run) == 1
    assert "did you mean 'calculation_error'?" in capsys.readouterr().err


@pytest.mark.parametrize("shape", SHAPES)
def test_text_that_looks_like_a_template_or_markup_stays_text(tmp_path: Path, shape: str) -> None:
    nasty = "{{ 7 * 7 }} {% raw %} {0} %s [red]x[/red] \x1b[31m </s> \u2028 | é 數"
    error = erroneous(question=nasty, steps=(IN_MAY, nasty), explanation=nasty, final_answer=nasty)
    run = write_run(tmp_path, [error], [correction(steps=(nasty,)), correction(id="c2", strategy="restart")])
    assert lemma("build-sft", "--run", run, "--records", ALL_KINDS, "--shape", shape) == 0
    for name in ("lemma", "lema", "critique"):
        record = lines(run / "sft" / f"{name}.jsonl")[0]
        assert nasty in answer_of(record)
        assert nasty in asked_in(record)


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights, with a tokenizer for the example."""
    pytest.importorskip("transformers")
    from lemma.training.tiny_model import make_tiny_model

    folder = tmp_path_factory.mktemp("model")
    asked, said = (
        {"role": role, "content": text}
        for role, text in (("user", CLIPS.question), ("assistant", solution_text(CLIPS.steps, "62")))
    )
    make_tiny_model(folder, [[asked, said]], seed=1)
    return folder


@pytest.mark.parametrize("option", ["--no-score-correction", "--score-correction"])
def test_a_model_chooses_among_the_fitting_phrases(
    random_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    kinds = ("calculation_error", "context_value_error", "formula_confusion_error")
    errors = [
        erroneous(id=f"e{at}", problem_id=f"p{at}", question=f"What is {at}{at} and {at}?", error_type=kind)
        for at, kind in enumerate(kinds, start=1)
    ]
    repairs = [
        part.model_copy(update={"id": f"{part.id}-{error.id}", "erroneous_id": error.id})
        for error in errors
        for part in (FIX, RESTART)
    ]
    run = write_run(tmp_path, errors, repairs)
    # No record, and so no turn to score.
    for name, changes in (("erroneous", {"id": "e9", "steps": 7}), ("corrections", {"erroneous_id": "e9"})):
        path = run / f"{name}.jsonl"
        with path.open("ab") as file:
            file.write(orjson.dumps(lines(path)[0] | changes) + b"\n")
    from lemma.models.scoring import ModelScorer

    asked: list[Turn] = []
    score = ModelScorer.score

    def recorded(scorer: ModelScorer, turns: Sequence[Turn]) -> list[list[Score]]:
        asked.extend(turns)
        return score(scorer, turns)

    monkeypatch.setattr(ModelScorer, "score", recorded)
    command = ("build-sft", "--run", run, "--reflections", "model", "--model", random_model, option)
    assert lemma(*command) == 0
    first = dict(contents(run))
    taxonomy = load_taxonomy()
    records = lines(run / "sft" / "lemma.jsonl")
    assert len(records) == len(repairs)
    for record in records:
        kind = taxonomy.resolve(record["error_type"])
        fitting = load_phrases(record["strategy"]).fitting(kind.id, kind.family)
        said = next(span for span in record["segments"] if span["kind"] == "reflection")
        text = answer_of(record)[said["start"] : said["end"]]
        assert text in {phrase.fill(CLIPS.error_step + 1) + "\n" for phrase in fitting}
    assert {line["id"]: line["reason"] for line in lines(run / "rejected.jsonl")} == {"e9": "invalid_record"}
    comparison = orjson.loads((run / "reflections.json").read_bytes())
    assert comparison["trajectories"] == len(repairs)
    assert set(comparison["perplexity"]) == {"model", "typed", "random"}
    del asked[len(repairs) :]  # those of the comparison
    assert [turn.question for turn in asked] == [error.question for error in errors for _ in (FIX, RESTART)]
    assert {turn.before for turn in asked} == {f"{IN_MAY}\n{WRONG}\n"}
    after = (f"\n{TOGETHER}\nThe answer is 72", f"\n{IN_MAY}\n{TOGETHER}\nThe answer is 72")
    assert {turn.after for turn in asked} == set(after if option == "--score-correction" else ("",))
    asked.clear()
    monkeypatch.setattr("lemma.engine.pool._FEWEST_BATCHES_FOR_WORKERS", 1)
    assert lemma(*command, "--fresh", "--workers", "2") == 0
    assert dict(contents(run)) == first
    assert not asked  # The scores were there, and two workers look them up as one does.
