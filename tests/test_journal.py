"""The run directory after everything that can happen to its files: one line says what, and nothing is mixed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.config import SampleConfig
from lemma.exceptions import RunDirectoryError
from lemma.rundir.directory import RunDirectory
from lemma.rundir.journal import Chunk, Output

LINES = b'{"id":"a"}\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("made") / "run"
    assert main(["augment", "--run", str(run), "--per-problem", "1"]) == 0
    return run


def without_manifest(run: Path) -> None:
    (run / "run.json").unlink()


def torn_manifest(run: Path) -> None:
    (run / "run.json").write_text('{"stages": ')


def shortened_errors(run: Path) -> None:
    path = run / "erroneous.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def without_problems(run: Path) -> None:
    (run / "problems.jsonl").unlink()


def foreign_state(run: Path) -> None:
    path = run / ".state" / "augment.jsonl"
    path.write_text('{"ids":["x"],"counts":{},"sizes":{}}\n')


def broken_line(run: Path) -> None:
    path = run / "erroneous.jsonl"
    path.write_bytes(b"no json\n" + path.read_bytes())


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (without_manifest, "run.json has no entry for `lemma augment`"),
        (torn_manifest, "run.json is damaged"),
        (shortened_errors, "erroneous.jsonl lacks lines that `lemma augment` wrote"),
        (without_problems, "problems.jsonl lacks lines that `lemma augment` wrote"),
        (foreign_state, "augment.jsonl, line 1: not as this version"),
        (broken_line, "erroneous.jsonl, line 1: not JSON"),
    ],
)
def test_what_somebody_did_to_the_files_is_said(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], None], says: str
) -> None:
    run = Path(shutil.copytree(made, tmp_path / "run"))
    harm(run)
    assert main(["augment", "--run", str(run), "--per-problem", "1"]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1
    if harm is not torn_manifest:
        assert main(["augment", "--run", str(run), "--per-problem", "1", "--fresh"]) == 0
        assert (run / "erroneous.jsonl").read_bytes() == (made / "erroneous.jsonl").read_bytes()


def test_two_at_a_time_are_refused(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    with directory.open_stage(SampleConfig(), (), {}), pytest.raises(RunDirectoryError, match="in use by another"):
        directory.open_stage(SampleConfig(), (), {}).__enter__()


def test_what_was_half_written_when_the_disk_was_full_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, output = RunDirectory(tmp_path), Output("out.jsonl")
    from lemma.rundir import journal as store

    real = store.append_to

    def full(path: Path, content: bytes, durable: bool = True) -> int:
        real(path, content[: len(content) // 2])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(store, "append_to", full)
    opened = directory.open_stage(SampleConfig(), (output,), {})
    with pytest.raises(RunDirectoryError, match="the disk is full"), opened as journal:
        journal.append(Chunk(("a",), {"out.jsonl": LINES}, {"made": {"made": 1}}))
    monkeypatch.undo()
    with directory.open_stage(SampleConfig(), (output,), {}) as journal:
        assert not journal.done
        journal.append(Chunk(("a",), {"out.jsonl": LINES}, {"made": {"made": 1}}))
        journal.complete()
    assert (tmp_path / "out.jsonl").read_bytes() == LINES
    assert json.loads((tmp_path / "run.json").read_bytes())["stages"]["sample"]["counts"] == {"made": {"made": 1}}
