"""Whatever names and files are given: at most one line says why a command fails, and nothing steers the terminal."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from lemma.cli import main

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML = {
    "aliases": LAUGHS,
    "merges": "a0: &a0 {x: y}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)),
    "holds itself": "&a [*a]",
    "maps itself": "&a {x: *a}",
    "deep": "[" * 5000,
    "deep blocks": "".join(" " * depth + "a:\n" for depth in range(1200)),
    "13th month": "a: 2001-99-99",
    "hour 99": "? 2001-01-01 99:99:99\n: b",
    "long number": "a: " + "9" * 5000,
    "long sexagesimal": "a: 1" + ":59" * 100_000,
    "large": "a: b\n" * 250_000,
    "wide": "a: [" + "x," * 110_000 + "]",
    "another type": "!!python/object/apply:os.system [ls]",
    "control": 'a: "\\0"',
    "list": "- a",
    "nothing": "",
}


OPTIONS = ("--prices", "--taxonomy", "pipeline", "model")
SLOW = ("deep", "wide")  # to write down, for any of the four


@pytest.mark.parametrize(
    ("option", "name"), [(option, name) for name in YAML for option in OPTIONS[: 1 if name in SLOW else None]]
)
def test_yaml_costs_little(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str) -> None:
    folder = tmp_path / "types"
    folder.mkdir()
    path = folder / "file.yaml"
    path.write_text(YAML[name])
    run = ["--run", str(tmp_path / "run")]
    words = {
        "--prices": ["sample", "--model", "m", "--base-url", "http://localhost:9", *run, "--prices", str(path)],
        "--taxonomy": ["taxonomy", "--taxonomy", str(folder)],
        "pipeline": ["run", str(path), *run],
        "model": ["sample", "--model", str(path), "--limit", "1", *run],
    }
    started = time.process_time()
    assert main(words[option]) == 1
    assert time.process_time() - started < 10
    error = capsys.readouterr().err.replace("no data given: using the bundled sample of 77 problems\n", "")
    assert len(error.splitlines()) == 1
    assert str(path) in error


CLIPBOARD = "\x1b]52;c;aGk=\x07"


@pytest.mark.parametrize("name", ["[bold]x[/dim]", "[/x]", f"a{CLIPBOARD}b", "\x9b31m", "a\nb"])
def test_names_are_printed_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    row = {"question": "Ada has 3 pens and gets 4. How many?", "answer": "3 + 4 = 7\n#### 7", name: 1}
    (tmp_path / f"{name.replace('/', '')}.jsonl").write_text(json.dumps(row) + "\n" + json.dumps({name: 1}) + "\n")
    (tmp_path / "none.jsonl").write_text(json.dumps({name: 1}) + "\n")
    data, workers = f"{name.replace('/', '')}.jsonl", ["--workers", "1"]
    for words in (
        ["augment", "none.jsonl", *workers],
        ["augment", data, *workers],
        ["build-sft", *workers],
        ["show"],
        ["report"],
        ["augment", data, "--columns", f"question={name}"],
        ["augment", f"{name}.csv"],
        ["show", name],
        ["augment", data, "--types", name],
    ):
        status = main([*words, "--run", f"run {name}"])
        output = "".join(capsys.readouterr())
        assert status in (0, 1)
        assert not set(output) & {"\x1b", "\x07", "\x9b"}, words
        assert output.count("lemma: ") <= 1
        if words[0] == "build-sft" and name.startswith("["):
            assert f"run {name}/sft/lemma.jsonl" in output


@pytest.mark.skipif(os.name == "nt", reason="names that Windows can't have")
def test_paths_that_can_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("x")
    Path("dangling").symlink_to("nowhere")
    for folder, inside in {"a": "erroneous.jsonl", "b": "run.json", "c": ".state/lock"}.items():
        (tmp_path / folder / inside).mkdir(parents=True)
    Path("d").mkdir()
    Path("d/erroneous.jsonl").symlink_to("/nonexistent/x")
    long = "m" * 300
    for words in (
        *(["augment", "--run", run] for run in ("file", "dangling", "a", "b", "c", "d", long, f"{'y' * 200}/" * 30)),
        *(["augment", flag, long, "--run", "e"] for flag in ("--taxonomy", "--distribution")),
        *(
            [name, "--run", run]
            for name in ("correct", "build-sft", "show", "report", "smooth")
            for run in ("file", long)
        ),
        ["augment", f"{long}.jsonl", "--run", "e"],
        ["run", long],
        ["sample", "--model", f"{long}.yaml", "--run", "e"],
        ["sample", "--prompts", long, "--run", "e"],
        *(["augment", "--run", "a\0b"], ["augment", "a\0b"], ["run", "a\0b"], ["run", "--set", "data=a\0b"]),
    ):
        assert main(words) == 1, words
        error = capsys.readouterr().err.splitlines()
        assert len([line for line in error if line.startswith("lemma: ")]) == 1
        assert len(error) <= 2, error


@pytest.mark.skipif(os.name == "nt", reason="names that Windows can't have")
def test_a_name_that_is_not_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"\xff.jsonl")
    try:
        Path(name).write_text('{"question": "Ada has 8 pens and 7 hats. Sum?", "answer": "8 + 7 = 15\\n#### 15"}\n')
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    for _ in range(2):
        assert main(["augment", name, "--run", "r", "--workers", "1"]) == 0


def test_parquet_that_unpacks_without_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    monkeypatch.setattr("lemma.problems.tables._MOST_BYTES_OF_A_BATCH", 2**24)
    path = tmp_path / "bomb.parquet"
    table = arrow.table({"question": ["x" * 20_000_000], "answer": ["1 + 1 = 2\n#### 2"]})
    parquet.write_table(table, path, compression="zstd", use_dictionary=False)
    assert main(["augment", str(path), "--run", str(tmp_path / "run")]) == 1
    assert "unpacks to 19 MiB" in capsys.readouterr().err
