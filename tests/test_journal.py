"""The run directory after everything that can happen to its files: one line says what, and nothing is mixed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lemma.cli import main
from lemma.config import AnalyzeConfig, SampleConfig
from lemma.exceptions import RunDirectoryError
from lemma.resources import data_folder
from lemma.rundir.directory import RunDirectory
from lemma.rundir.journal import Chunk, Output

AUGMENT = ("augment", "--per-problem", "1", "--limit", "8")
LINES = b'{"id":"a"}\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("made") / "run"
    assert main([*AUGMENT, "--run", str(run)]) == 0
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
    assert main([*AUGMENT, "--run", str(run)]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1
    if harm is not torn_manifest:
        assert main([*AUGMENT, "--run", str(run), "--fresh"]) == 0
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


def chunk(name: str) -> Chunk:
    return Chunk((name,), {"out.jsonl": b'{"id":"%s"}\n' % name.encode()}, {"made": {"made": 1}})


def complete(run: Path, *names: str, config: SampleConfig | None = None) -> None:
    with RunDirectory(run).open_stage(config or SampleConfig(), (Output("out.jsonl"),), {}) as journal:
        for name in names:
            journal.append(chunk(name))
        journal.complete()


@pytest.mark.parametrize("state", [None, b""], ids=["no state", "an empty state"])
def test_a_file_that_no_state_speaks_of_is_not_cut(tmp_path: Path, state: bytes | None) -> None:
    own = tmp_path / "out.jsonl"
    own.write_text('{"mine": 1}\n')
    if state is not None:
        (tmp_path / ".state").mkdir()
        (tmp_path / ".state" / "sample.jsonl").write_bytes(state)
    with pytest.raises(RunDirectoryError, match="no record of"):
        complete(tmp_path, "a")
    assert own.read_text() == '{"mine": 1}\n'


def test_what_is_added_to_a_complete_file_is_not_cut(tmp_path: Path) -> None:
    complete(tmp_path, "a")
    with (tmp_path / "out.jsonl").open("ab") as file:
        file.write(b'{"mine": 1}\n')
    with pytest.raises(RunDirectoryError, match="did not write"):
        complete(tmp_path, "b")
    assert (tmp_path / "out.jsonl").read_bytes() == LINES + b'{"mine": 1}\n'


def test_a_line_that_names_no_input_is_not_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "solutions.jsonl").write_text('{"question": "1+1?"}\n')
    assert main(["sample", "--limit", "1", "--run", str(tmp_path)]) == 1
    assert "has no record of" in capsys.readouterr().err
    assert (tmp_path / "solutions.jsonl").read_text() == '{"question": "1+1?"}\n'


def test_a_torn_line_of_a_shared_file_is_cut_off(tmp_path: Path) -> None:
    output = Output("problems.jsonl", lambda line: None, shared=True)
    (tmp_path / "problems.jsonl").write_bytes(LINES + b'{"id":"b","quest')
    with RunDirectory(tmp_path).open_stage(SampleConfig(), (output,), {}) as journal:
        journal.complete()
    assert (tmp_path / "problems.jsonl").read_bytes() == LINES


def test_an_interrupt_while_lines_are_written_does_not_double_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lemma.rundir import journal as store

    real = store.append_to

    def interrupted(path: Path, content: bytes, durable: bool = True) -> int:
        real(path, content, durable)
        raise KeyboardInterrupt

    output = Output("out.jsonl", lambda line: str(line["id"]))
    with (
        pytest.raises(KeyboardInterrupt),
        RunDirectory(tmp_path).open_stage(SampleConfig(), (output,), {}) as journal,
        monkeypatch.context() as patch,
    ):
        patch.setattr(store, "append_to", interrupted)
        journal.append(chunk("a"))
    with RunDirectory(tmp_path).open_stage(SampleConfig(), (output,), {}) as journal:
        journal.append(chunk("a"))
        journal.complete()
    assert (tmp_path / "out.jsonl").read_bytes() == LINES


def test_putting_back_what_was_replaced_leaves_other_commands_alone(tmp_path: Path) -> None:
    complete(tmp_path, "a")
    with RunDirectory(tmp_path).open_stage(SampleConfig(fresh=True), (Output("out.jsonl"),), {}) as journal:
        journal.append(chunk("b"))  # as if it were killed here, before anything is acknowledged
        journal._failed = True
        journal.done.add("nothing is put back")
    (tmp_path / ".state" / "sample.jsonl").write_bytes(b"")
    with RunDirectory(tmp_path).open_stage(AnalyzeConfig(), (), {}) as journal:
        journal.complete()
    with RunDirectory(tmp_path).open_stage(SampleConfig(), (Output("out.jsonl"),), {}):
        pass
    stages = json.loads((tmp_path / "run.json").read_bytes())["stages"]
    assert (tmp_path / "out.jsonl").read_bytes() == LINES
    assert {name: entry["status"] for name, entry in stages.items()} == {"sample": "complete", "analyze": "complete"}


def test_a_path_counts_by_what_it_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(data_folder("error_taxonomy"), tmp_path / "types")
    (tmp_path / "pp.jsonl").write_text(
        '{"question": "Ada has 38 pens and gets 47. How many?", "answer": "38 + 47 = 85\\n85"}\n'
    )
    (tmp_path / "weights.json").write_text('{"calculation_error": 1}')
    monkeypatch.chdir(tmp_path)
    first = ["pp.jsonl", "--run", "r", "--taxonomy", "types", "--distribution", "weights.json"]
    assert main(["augment", *first]) == 0
    made = (tmp_path / "r" / "erroneous.jsonl").read_bytes()
    (tmp_path / "r").rename(tmp_path / "moved")
    second = [
        "./pp.jsonl",
        "--run",
        "./moved",
        "--taxonomy",
        "./types",
        "--distribution",
        str(tmp_path / "weights.json"),
    ]
    third = [str(tmp_path / "pp.jsonl"), "--run", str(tmp_path / "moved"), "--taxonomy", str(tmp_path / "types")]
    for words in (second, [*third, "--distribution", "./weights.json"]):
        assert main(["augment", *words]) == 0, capsys.readouterr().err
        assert (tmp_path / "moved" / "erroneous.jsonl").read_bytes() == made
    type_file = next((tmp_path / "types").glob("*.yaml"))
    type_file.write_text(type_file.read_text() + "\n# another word\n")
    assert main(["augment", *second]) == 1
    assert "with taxonomy =" in capsys.readouterr().err


def test_excluded_files_count_by_their_content(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, "run")
    test_set = tmp_path / "test.jsonl"
    test_set.write_text('{"question": "One two three four five six seven eight nine?", "answer": "7"}\n')
    words = ["build-sft", "--run", "run", "--workers", "1", "--exclude"]
    assert main([*words, "test.jsonl"]) == 0
    assert main([*words, "./test.jsonl"]) == 0
    assert main([*words, str(test_set)]) == 0
    test_set.write_text('{"question": "Another one two three four five six seven?", "answer": "7"}\n')
    assert main([*words, "test.jsonl"]) == 1
    assert "with exclude =" in capsys.readouterr().err


ANYTHING = (None, 1.5, True, "x", [], {}, [1], {"a": {"b": "c"}})


def test_run_json_and_state_may_hold_anything(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each, or nothing to complain about."""
    run = Path(shutil.copytree(made, tmp_path / "run"))
    manifest, state = run / "run.json", run / ".state" / "augment.jsonl"
    entry, acknowledged = json.loads(manifest.read_bytes()), json.loads(state.read_bytes().splitlines()[0])
    rest = b"".join(state.read_bytes().splitlines(keepends=True)[1:])
    for value in ANYTHING:
        cases = [(manifest, value), (manifest, {"stages": value}), (manifest, {"stages": {"augment": value}})]
        for name in entry["stages"]["augment"]:
            changed = {**entry["stages"]["augment"], name: value}
            cases.append((manifest, {"stages": {"augment": changed}}))
        cases += [(state, value), *((state, {**acknowledged, name: value}) for name in acknowledged)]
        for path, content in cases:
            kept = {file: file.read_bytes() for file in (manifest, state)}
            path.write_bytes(json.dumps(content).encode() + b"\n" + (rest if path == state else b""))
            status = main([*AUGMENT, "--run", str(run)])
            error = capsys.readouterr().err.replace("no data given: using the bundled sample of 77 problems\n", "")
            assert status in (0, 1) and len(error.splitlines()) == status, (path.name, content, error)
            assert (run / "erroneous.jsonl").read_bytes() == (made / "erroneous.jsonl").read_bytes()
            for file, before in kept.items():
                file.write_bytes(before)


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    import fcntl

    def no_locks(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert main(["augment", "--run", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert "can't be locked" in error
    assert len(error.splitlines()) == 1
