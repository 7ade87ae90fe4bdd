"""`--prompts FOLDER`: a user's own prompts and phrases replace the shipped ones by name, also in worker processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.models.prompts import load_prompt


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (folder / "reflections" / "fix").mkdir(parents=True)
    (folder / "reflections" / "fix" / "calc.yaml").write_text('phrases: ["Hold on, step {step} is off."]\n')
    (folder / "reflections" / "fix" / "calculation_error.yaml").write_text('phrases: ["Hm, step {step}."]\n')
    (folder / "reflections" / "fix" / "implausible.yaml").write_text('phrases: ["Hold on, step {step} is off."]\n')
    (folder / "solve.jinja").write_text("=== user\nMy own words: {{ question }}\n")
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_phrases_replace_the_shipped_ones(tmp_path: Path, own: Path, workers: int) -> None:
    run = tmp_path / "run"
    augment = ["augment", "--types", "calculation_error", "--per-problem", "2", "--best-effort"]
    assert main([*augment, "--run", str(run)]) == 0
    built = ["build-sft", "--strategies", "fix", "--run", str(run), "--workers", str(workers)]
    assert main([*built, "--prompts", str(own)]) == 0
    text = (run / "sft" / "lemma.jsonl").read_text()
    assert text.count("Hold on, step ") + text.count("Hm, step ") == len(text.splitlines()) > 96, "enough for workers"
    assert main(built) == 1, "the phrases of the folder were part of what was asked"


def test_a_prompt_replaces_the_shipped_one_for_one_command(tmp_path: Path, own: Path) -> None:
    (tmp_path / "data.jsonl").write_text(json.dumps({"question": "What is 2 + 2?", "answer": "#### 4"}) + "\n")
    rules = [{"contains": "My own words", "answers": ["2 + 2 = 4\nThe answer is 4"]}, {"answers": ["no"]}]
    (tmp_path / "rules.yaml").write_text(json.dumps({"rules": rules}))
    asked = ["sample", str(tmp_path / "data.jsonl"), "--model", str(tmp_path / "rules.yaml"), "-n", "1"]
    assert main([*asked, "--run", str(tmp_path / "own-run"), "--prompts", str(own)]) == 0
    assert '"verdict":"equal"' in (tmp_path / "own-run" / "solutions.jsonl").read_text()
    assert "My own words" not in str(load_prompt("solve").render(question="?"))


@pytest.mark.parametrize(
    ("name", "says"), [("solvd.jinja", "replaces nothing"), ("reflections/fix/calculus.yaml", "replaces nothing")]
)
def test_a_file_that_replaces_nothing_is_said(
    tmp_path: Path, own: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    (own / name).write_text("phrases: [x]\n")
    assert main(["augment", "--limit", "3", "--run", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert main(["build-sft", "--run", str(tmp_path / "run"), "--prompts", str(own)]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert says in error and name.rpartition("/")[2] in error


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["augment", "--limit", "3", "--run", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert main(["build-sft", "--run", str(tmp_path / "run"), "--prompts", str(tmp_path / "no")]) == 1
    assert "is not a folder" in capsys.readouterr().err
