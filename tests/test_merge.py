"""Shards merged are one run over everything, byte for byte; what is not all of them is refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest

from lemma.cli import main
from lemma.rundir import journal as journal_module

FILES = ("problems", "solutions", "erroneous", "continuations", "corrections", "rejected", "generated")
QUICK = ("--workers", "1")


def run_all(commands: Sequence[Sequence[str]], run: Path, *more: str) -> None:
    for number, command in enumerate(commands):
        assert main([*command, "--run", str(run), *QUICK, *(more if number == 0 else ())]) == 0


def contents(run: Path) -> dict[str, bytes]:
    """The files of records, and what run.json says but for the time that was taken."""
    found = {name: path.read_bytes() for name in FILES if (path := run / f"{name}.jsonl").exists()}
    stages = orjson.loads((run / "run.json").read_bytes())["stages"]
    for entry in stages.values():
        entry.pop("seconds")
    distribution = run / "distribution.json"
    return found | {
        "run.json": orjson.dumps(stages),
        **({"d": distribution.read_bytes()} if distribution.exists() else {}),
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Problems, one of them twice, and lines that are none."""
    rows = [
        {
            "question": f"Ada has {n} pens and gets {n + 2} more. Then she gives 1 away. How many pens are there?",
            "answer": f"She has {n} + {n + 2} = {2 * n + 2}.\nThen {2 * n + 2} - 1 = {2 * n + 1}.\n#### {2 * n + 1}",
        }
        for n in range(3, 17)
    ]
    lines = [json.dumps(row) for row in [*rows[:5], rows[2], *rows[5:]]]
    path = tmp_path_factory.mktemp("data") / "problems.jsonl"
    path.write_text("\n".join(["no json", *lines[:9], "{}", *lines[9:]]) + "\n")
    return path


PIPELINES = {
    "augment, correct": [["augment", "{data}"], ["correct"]],
    "sample, analyze, correct": [["sample", "{data}", "-n", "2"], ["analyze"], ["correct"]],
    "two sources": [["sample", "{data}", "-n", "1"], ["augment", "{data}", "--shard", "{shard}"], ["analyze"]],
    "generate": [["generate", "-n", "40"]],
}


@pytest.mark.parametrize(("name", "count"), [*((name, 3) for name in PIPELINES), ("augment, correct", 1)])
def test_merged_shards_are_one_run(data: Path, tmp_path: Path, name: str, count: int) -> None:
    def filled(shard: str | None) -> list[list[str]]:
        commands = [[str(data) if word == "{data}" else word for word in words] for words in PIPELINES[name]]
        for words in commands:
            if "{shard}" in words:
                at = words.index("{shard}")
                words[at - 1 : at + 1] = ["--shard", shard] if shard else []
        return commands

    runs = []
    for number in range(1, count + 1):
        runs.append(tmp_path / f"run-{number}")
        run_all(filled(f"{number}/{count}"), runs[-1], "--shard", f"{number}/{count}")
    run_all(filled(None), tmp_path / "one")
    assert main(["merge", *map(str, reversed(runs)), "--run", str(tmp_path / "all")]) == 0
    assert contents(tmp_path / "all") == contents(tmp_path / "one")
    # What ran is complete in the merged directory: running it again changes nothing.
    for words in filled(None):
        assert main([*words, "--run", str(tmp_path / "all"), *QUICK]) == 0
    assert main(["merge", *map(str, runs), "--run", str(tmp_path / "all")]) == 0
    assert contents(tmp_path / "all") == contents(tmp_path / "one")


ABOUT_EVALUATION = {
    "asked": ["-n", "1", "--errors", "1"],
    "stored": ["--from", "{outputs}", "--limit", "30"],
}


@pytest.mark.parametrize("name", ABOUT_EVALUATION)
def test_evaluations_in_shards_are_merged_with_their_figures(data: Path, tmp_path: Path, name: str) -> None:
    """Several outputs of a problem are in one shard. A rerun on the merged directory finds nothing to do."""
    outputs = tmp_path / "outputs.jsonl"
    questions = [json.loads(line)["question"] for line in data.read_text().splitlines() if "question" in line]
    rows = [{"question": one, "output": f"It is {n}."} for one in questions for n in (7, 9)]
    outputs.write_text("no json\n" + "".join(json.dumps(row) + "\n" for row in [*rows, {"output": "7"}]))
    options = [str(outputs) if word == "{outputs}" else word for word in ABOUT_EVALUATION[name]]
    command = ["eval", str(data), "--name", "e", *options, *QUICK]
    for number in (1, 2, 3):
        assert main([*command, "--shard", f"{number}/3", "--run", str(tmp_path / f"run-{number}")]) == 0
    assert main([*command, "--run", str(tmp_path / "one")]) == 0
    parts = [
        [json.loads(line)["problem_id"] for line in (tmp_path / run / "eval/e/outputs.jsonl").read_text().splitlines()]
        for run in ("run-1", "run-2", "run-3", "one")
    ]
    assert all(parts)
    assert sum(len(set(part)) for part in parts[:3]) == len(set(parts[3])) > 10
    runs = [str(tmp_path / f"run-{number}") for number in (3, 1, 2)]
    for words in (["merge", *runs], ["merge", *runs], command):
        assert main([*words, "--run", str(tmp_path / "all")]) == 0
        assert evaluation(tmp_path / "all") == evaluation(tmp_path / "one")
    shutil.rmtree(tmp_path / "run-2" / "eval")
    assert main(["merge", *runs, "--run", str(tmp_path / "other")]) == 1


def evaluation(run: Path) -> dict[str, bytes]:
    folder = run / "eval" / "e"
    files = {name: (folder / name).read_bytes() for name in ("outputs.jsonl", "rejected.jsonl", "results.json")}
    return files | {"run.json": contents(folder)["run.json"]}


def test_an_evaluation_that_a_shard_lacks_is_named(
    data: Path, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that ran without --shard stays where it is."""
    shutil.copytree(shards, tmp_path, dirs_exist_ok=True)
    runs = [str(tmp_path / f"run-{number}") for number in (1, 2, 3)]
    command = ["eval", str(data), "-n", "0", "--suite", "accuracy", "--run", runs[1], *QUICK]
    assert main([*command, "--name", "whole"]) == 0
    assert main(["merge", *runs, "--run", str(tmp_path / "all")]) == 0
    assert not (tmp_path / "all" / "eval").exists()
    assert main([*command, "--name", "part", "--shard", "2/3"]) == 0
    capsys.readouterr()
    assert main(["merge", *runs, "--run", str(tmp_path / "all")]) == 1
    assert f"{runs[0]} lacks eval/part, which is in {runs[1]}" in capsys.readouterr().err


@pytest.fixture(scope="module")
def shards(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    for number in (1, 2, 3):
        commands = [["augment", str(data), "--per-problem", "1"], ["correct"]]
        run_all(commands, folder / f"run-{number}", "--shard", f"{number}/3")
    return folder


def test_shards_are_disjoint_and_none_is_empty(shards: Path) -> None:
    files = [shards / f"run-{number}" / "problems.jsonl" for number in (1, 2, 3)]
    ids = [[json.loads(line)["id"] for line in file.read_text().splitlines()] for file in files]
    assert all(ids)
    assert len(set().union(*ids)) == sum(map(len, ids)) == 14


def edited(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        file = folder / path
        file.write_bytes(change(file.read_bytes()))

    return harm


def again(*arguments: str) -> Callable[[Path], None]:
    """Make the second shard again, in another way."""

    def harm(folder: Path) -> None:
        shutil.rmtree(folder / "run-2")
        command = [str(folder / "problems.jsonl") if word == "{data}" else word for word in arguments]
        run_all([command, ["correct"]], folder / "run-2")

    return harm


def manifest(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def changed(content: bytes) -> bytes:
        values = orjson.loads(content)
        change(values)
        return orjson.dumps(values)

    return edited("run-2/run.json", changed)


AUGMENT = ("augment", "{data}", "--per-problem")
FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (lambda folder: shutil.rmtree(folder / "run-2"), "run-2 is no run directory"),
    "same twice": (
        lambda folder: (shutil.rmtree(folder / "run-2"), shutil.copytree(folder / "run-1", folder / "run-2")),
        "run-1 and {}run-2 are both shard 1/3",
    ),
    "other settings": (again(*AUGMENT, "2", "--shard", "2/3"), "with per_problem = 2, but {}run-1 with 1"),
    "other data": (
        lambda folder: (
            (folder / "problems.jsonl").write_text((folder / "problems.jsonl").read_text().replace("pens", "cups")),
            again(*AUGMENT, "1", "--shard", "2/3")(folder),
        ),
        "`lemma augment` with data = ",
    ),
    "other number of shards": (again(*AUGMENT, "1", "--shard", "2/4"), "run-2 is shard 2/4, but {}run-1 is shard 1/3"),
    "no shard": (again(*AUGMENT, "1"), "run-2 is no shard: `lemma augment`, `lemma correct` ran without --shard"),
    "other version": (
        manifest(lambda values: values.update(lemma="9.9")),
        "run-2 was made by lemma 9.9, but {}run-1 by",
    ),
    "not complete": (
        manifest(lambda values: values["stages"]["correct"].update(status="running")),
        "run-2: `lemma correct` is not complete; rerun it there",
    ),
    "command missing": (manifest(lambda values: values["stages"].pop("correct")), "run-2 lacks `lemma correct`"),
    "damaged manifest": (edited("run-2/run.json", lambda content: content[:50]), "run-2/run.json is damaged"),
    "torn file": (edited("run-2/corrections.jsonl", lambda content: content[:-50]), "run-2/corrections.jsonl, line"),
    "lost line": (
        edited("run-2/corrections.jsonl", lambda content: content[content.index(b"\n") + 1 :]),
        "run-2/corrections.jsonl lacks lines of",
    ),
    "foreign line": (
        edited("run-2/corrections.jsonl", lambda content: content + content.splitlines(keepends=True)[0]),
        "corrections.jsonl has lines that `lemma correct` did not write",
    ),
    "changed input": (
        edited("run-2/erroneous.jsonl", lambda content: content.replace(b"pens", b"cups", 1)),
        "run-2/erroneous.jsonl is not what `lemma correct` read",
    ),
    "problems lost": (edited("run-2/problems.jsonl", lambda _: b""), "run-2/problems.jsonl lacks lines of"),
    "state lost": (edited("run-2/.state/augment.jsonl", lambda _: b"{}\n"), "augment.jsonl, line 1: not as a shard"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_not_all_shards_is_refused(
    data: Path, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    harm, says = FAULTS[name]
    shutil.copytree(shards, tmp_path, dirs_exist_ok=True)
    shutil.copyfile(data, tmp_path / "problems.jsonl")
    harm(tmp_path)
    capsys.readouterr()
    runs = [str(tmp_path / f"run-{number}") for number in (1, 2, 3)]
    assert main(["merge", *runs, "--run", str(tmp_path / "all")]) == 1
    error = capsys.readouterr().err
    assert says.format(f"{tmp_path}/") in error
    assert len(error.splitlines()) == 1


def test_a_shard_that_is_not_given_is_named(shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(shards / "run-3"), "--run", str(tmp_path / "all")]) == 1
    assert "shard 1/3, 2/3 is missing" in capsys.readouterr().err
    assert main(["merge", "--run", str(tmp_path / "all")]) == 1
    assert "merge needs the run directories" in capsys.readouterr().err


@pytest.mark.parametrize("writes", range(9))
def test_a_killed_merge_resumes(shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int) -> None:
    """Killed after some writes, half way through one of them."""
    runs = [str(shards / f"run-{number}") for number in (1, 2, 3)]
    assert main(["merge", *runs, "--run", str(tmp_path / "whole")]) == 0
    real, left = journal_module.append_to, writes

    class Killed(BaseException):
        pass

    def append_to(path: Path, content: bytes, durable: bool = True) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            real(path, content[: len(content) // 2])
            raise Killed
        return real(path, content, durable)

    monkeypatch.setattr(journal_module, "append_to", append_to)
    monkeypatch.setattr("lemma.commands.merge._INPUTS_PER_CHUNK", 8)
    monkeypatch.setattr("lemma.rundir.journal._SECONDS_BETWEEN_SYNCS", 0)
    with pytest.raises(Killed):
        main(["merge", *runs, "--run", str(tmp_path / "all")])
    monkeypatch.undo()
    assert main(["merge", *runs, "--run", str(tmp_path / "all")]) == 0
    assert contents(tmp_path / "all") == contents(tmp_path / "whole")


@pytest.mark.parametrize("writes", [0, 3, 5])
def test_a_killed_shard_resumes(
    data: Path, shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    real, left = journal_module.append_to, writes

    def append_to(path: Path, content: bytes, durable: bool = True) -> int:
        nonlocal left
        left -= 1
        real(path, content if left >= 0 else content[: len(content) // 2], durable)
        if left < 0:
            raise KeyboardInterrupt
        return 0

    monkeypatch.setattr(journal_module, "append_to", append_to)
    monkeypatch.setattr("lemma.engine.pool._BATCH", 2)
    monkeypatch.setattr("lemma.rundir.journal._SECONDS_BETWEEN_SYNCS", 0)
    command = ["augment", str(data), "--per-problem", "1", "--shard", "2/3", "--run", str(tmp_path), *QUICK]
    assert main(command) == 130
    monkeypatch.undo()
    assert main(command) == 0
    assert main(["correct", "--run", str(tmp_path), *QUICK]) == 0
    runs = [str(shards / "run-1"), str(tmp_path), str(shards / "run-3")]
    for folder, several in (("all", runs), ("whole", [str(shards / f"run-{number}") for number in (1, 2, 3)])):
        assert main(["merge", *several, "--run", str(tmp_path / folder)]) == 0
    assert contents(tmp_path / "all") == contents(tmp_path / "whole")


def test_answers_of_all_shards_are_there(data: Path, tmp_path: Path) -> None:
    """So that nothing is asked again, and what they cost is the sum."""
    for name, options in {"run-1": ["--shard", "1/2"], "run-2": ["--shard", "2/2"], "one": []}.items():
        sampled = ["sample", str(data), "-n", "2", "--model", "student", "--backend", "scripted", *options]
        assert main([*sampled, "--run", str(tmp_path / name)]) == 0
    assert main(["merge", str(tmp_path / "run-1"), str(tmp_path / "run-2"), "--run", str(tmp_path / "all")]) == 0
    assert contents(tmp_path / "all") == contents(tmp_path / "one")
    assert main(["sample", str(data), "-n", "2", "--model", "student", "--backend", "scripted", "--fresh",
                 "--run", str(tmp_path / "all"), "--give-up-after", "1"]) == 0  # fmt: skip
    assert contents(tmp_path / "all")["solutions"] == contents(tmp_path / "one")["solutions"]


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (
            ["augment", "--shard", "1/2"],
            ["augment", "--shard", "2/2", "--limit", "4"],
            "with shard = '1/2', now it is '2/2'",
        ),
        (["augment", "--shard", "1/2"], ["sample"], "holds shard 1/2: give --shard 1/2"),
        (["augment", "--shard", "1/2"], ["correct", "--shard", "2/2"], "holds shard 1/2: give --shard 1/2"),
        (["augment"], ["correct", "--shard", "1/2"], "holds more than a shard"),
        (["augment"], ["sample", "--shard", "1/2"], "holds more than a shard"),
        (
            ["sample", "--shard", "1/2"],
            ["augment", "--into", "solutions", "--shard", "1/2"],
            "balances types over the student's solutions of all problems",
        ),
    ],
)
def test_a_run_directory_holds_one_shard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: list[str], second: list[str], says: str
) -> None:
    first = [*first, "--limit", "4"]
    assert main([*first, "--run", str(tmp_path), *QUICK]) == 0
    assert main([*second, "--run", str(tmp_path), *QUICK]) == 1
    assert says in capsys.readouterr().err
    assert main([*first, "--run", str(tmp_path), *QUICK]) == 0


@pytest.mark.parametrize("text", ["0/4", "5/4", "4", "a/b", "1/0", "-1/4", "1/4/2"])
def test_what_is_no_shard_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert main(["augment", f"--shard={text}", "--run", str(tmp_path)]) == 1
    assert "expected I/N, such as 2/8" in capsys.readouterr().err
