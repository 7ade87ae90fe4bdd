"""`lemma show`: what is printed is what is on disk, and nothing in it can steer the terminal."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from lemma.cli import main
from lemma.report.diff import marked_steps
from lemma.visible_text import escaped

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Problems of the bundled sample, from augment to build-sft."""
    run = tmp_path_factory.mktemp("show") / "run"
    assert main(["augment", "--run", str(run), "--limit", "40", "--workers", "1", "--per-problem", "1"]) == 0
    assert main(["build-sft", "--run", str(run), "--workers", "1"]) == 0
    return run


def first_line(run: Path) -> dict:
    return orjson.loads((run / "erroneous.jsonl").read_bytes().splitlines()[0])


def words(text: str) -> str:
    """The text without the folding of lines."""
    return " ".join(text.split())


def test_all_of_a_trajectory_is_shown(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = map(orjson.loads, (built / "corrections.jsonl").read_bytes().splitlines())
    restarted = {line["erroneous_id"] for line in lines if line["strategy"] == "restart"}
    errors = map(orjson.loads, (built / "erroneous.jsonl").read_bytes().splitlines())
    line = next(line for line in errors if line["id"] in restarted)
    assert main(["show", line["id"][:9], "--run", str(built)]) == 0
    shown = words(capsys.readouterr().out)
    records = [orjson.loads(text) for text in (built / "sft/lemma.jsonl").read_bytes().splitlines()]
    mine = [record for record in records if record["erroneous_id"] == line["id"]]
    assert {record["strategy"] for record in mine} == {"fix", "restart"}
    for record in mine:
        answer = record["completion"][0]["content"]
        for segment in record["segments"]:
            for text in answer[segment["start"] : segment["end"]].splitlines():
                assert words(text) in words(shown.replace(f"{segment['kind']} ", ""))
    for name in ("id", "question", "error_type", "explanation", "gold_answer", "final_answer"):
        assert words(line[name]) in shown


def test_segments_and_changed_numbers_stand_out(
    built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["show", "--type", "calculation_error", "--run", str(built)]) == 0
    shown = capsys.readouterr().out
    line = next(
        found
        for found in map(orjson.loads, (built / "erroneous.jsonl").read_bytes().splitlines())
        if found["error_type"] == "calculation_error"
    )
    marked = [
        piece.text
        for piece in marked_steps(line["reference_steps"], line["steps"])[line["error_step"]]
        if piece.was is not None
    ]
    assert marked and all(f"\x1b[1;7;31m{text}\x1b[0m" in shown for text in marked)
    assert "\x1b[33m" in shown and "\x1b[32m" in shown


def test_any_is_one_of_those_asked_for(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        assert main(["show", "--random", "--type", "Missing Step", "--run", str(built)]) == 0
        assert "error type missing_step" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing-like-it"], "has no erroneous solution 'nothing-like-it'"),
        ([""], "ids begin with ''"),
        (["--type", "calculation_eror"], "no error type 'calculation_eror'; did you mean 'calculation_error'?"),
        (["00", "--random"], "an ID already selects one solution"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    built: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["show", *arguments, "--run", str(built)]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_without_a_run_directory_the_sample_is_augmented_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["show"]) == 0
    assert "not corrected yet" in capsys.readouterr().out


def hostile_run(folder: Path, text: str) -> Path:
    folder.mkdir()
    line = {
        "id": "0" * 16, "problem_id": "1" * 16, "question": text, "gold_answer": text, "reference_steps": [text],
        "steps": [text, text], "error_step": 0, "error_type": text, "explanation": text, "final_answer": text,
        "origin": "teacher", "model": text,
    }  # fmt: skip
    (folder / "erroneous.jsonl").write_bytes(orjson.dumps(line) + b"\n{not json\n[]\n\xff\xfe\n{")
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "[bold red]no[/] [/]",
        "\x1b]0;title\x07\x1b[2J",
        "\x9b31m",
        "a\u202eb",
        "[link=http://x]y[/link]",
        "{0.__class__}",
    ],
)
def test_text_is_never_markup_nor_a_command_of_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["show", "--run", str(hostile_run(tmp_path / "run", text))]) == 0
    shown = ESCAPE.sub("", capsys.readouterr().out)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert escaped(text) in shown


def test_a_line_that_is_no_record_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "erroneous.jsonl").write_text('{"id": "a", "error_type": 3}\n')
    assert main(["show", "--run", str(tmp_path)]) == 1
    assert "is not an erroneous solution of this version" in capsys.readouterr().err
