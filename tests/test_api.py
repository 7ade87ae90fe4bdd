"""The public API: its names, its examples, and the same bytes as the commands."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import lemma
from lemma.api import Run
from lemma.cli import main
from lemma.exceptions import ConfigError, RunDirectoryError
from lemma.formats import record_kinds
from lemma.problems.loading import open_problems
from lemma.records import Problem
from lemma.resources import BUNDLED
from lemma.run_files import REJECTED, RUN_FILES
from lemma.rundir.disk import json_line, to_line

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LEMMA_DATA", ROOT.parent / "shared" / "data"))
KINDS = ("cot", "critique", "dpo", "lema", "lemma", "prm", "revision", "verification")
PENS = ("Ada has 3 pens and buys 4. How many pens has she?", "She has 3 + 4 = 7 pens.\n#### 7")


def command(*words: object) -> None:
    assert main([*map(str, words)]) == 0


def test_the_exported_names() -> None:
    assert lemma.__all__ == [
        "Correction",
        "ErroneousSolution",
        "LemmaError",
        "Problem",
        "Refusal",
        "Trajectory",
        "correct",
        "extract_answer",
        "inject",
        "join",
        "locate",
        "open_run",
        "to_records",
        "verdict",
    ]
    assert all(getattr(lemma, name).__doc__ for name in lemma.__all__)
    assert sorted(dir(lemma)) == sorted([*lemma.__all__, "__version__"])


def test_no_name_is_a_module_of_the_package() -> None:
    """Importing `lemma.records` would hide a function `records` behind the module."""
    modules = {path.stem for path in (ROOT / "lemma").iterdir()}
    assert not modules & set(lemma.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'lemma' has no attribute 'jion'"):
        lemma.jion  # noqa: B018


def test_importing_it_loads_nothing_else() -> None:
    program = (
        "import sys, lemma; print(*(name for name in sys.modules if name.startswith('lemma.')), 'numpy' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert printed.stdout.split() == ["False"]


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "lemma" / "py.typed").is_file()


@pytest.mark.parametrize("name", lemma.__all__)
def test_examples_in_docstrings_run(name: str) -> None:
    value = getattr(lemma, name)
    scope = vars(importlib.import_module(value.__module__))
    for test in doctest.DocTestFinder(recurse=True).find(value, name, globs=dict(scope)):
        failed, _ = doctest.DocTestRunner(verbose=False).run(test)
        assert not failed, test.name


def test_every_function_has_an_example() -> None:
    functions = [name for name in lemma.__all__ if name[0].islower()]
    assert not [name for name in functions if ">>>" not in getattr(lemma, name).__doc__]


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    yield from re.findall(r"^```(pycon|console)\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "api.md"
    scope: dict[str, Any] = {}
    for number, (language, body) in enumerate(blocks(page)):
        if language == "console":
            command(*body.removeprefix("$ lemma ").split())
            continue
        test = doctest.DocTestParser().get_doctest(body, scope, f"block {number}", str(page), 0)
        failed, _ = doctest.DocTestRunner(verbose=False).run(test, clear_globs=False)
        assert not failed, body
        scope = test.globs


def test_the_page_names_every_name() -> None:
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "api.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(lemma.__all__)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands make of part of the bundled sample."""
    folder = tmp_path_factory.mktemp("api") / "run"
    # The command thins out what LaTeX problems give too much of; the API sees one problem at a time.
    plain = folder.parent / "plain.jsonl"
    sample = (BUNDLED / "sample.jsonl").read_bytes().splitlines(keepends=True)
    plain.write_bytes(b"".join(line for line in sample if b"boxed" not in line))
    command("augment", plain, "--run", folder, "--limit", 30, "--per-problem", 3, "--seed", 5)
    command("build-sft", "--run", folder, "--records", ",".join(KINDS), "--seed", 5)
    return folder


@pytest.fixture(scope="module")
def pairs(run: Path) -> list[tuple[lemma.ErroneousSolution, lemma.Correction]]:
    """What the API makes of the same problems."""
    made = []
    for problem in lemma.open_run(run).problems:
        try:
            made += [
                (wrong, right)
                for wrong in lemma.inject(problem, per_problem=3, seed=5)
                for right in lemma.correct(wrong)
            ]
        except lemma.Refusal as refusal:
            assert refusal.reason in {line.reason for line in lemma.open_run(run).rejected}
    return made


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_errors_and_corrections_are_those_of_the_commands(run: Path, pairs: list[Any]) -> None:
    assert list(dict.fromkeys(to_line(wrong) for wrong, _ in pairs)) == lines(run / "erroneous.jsonl")
    assert [to_line(right) for _, right in pairs] == lines(run / "corrections.jsonl")


@pytest.mark.parametrize("kind", ["critique", "dpo", "lema", "lemma", "prm", "revision", "verification"])
def test_records_are_those_of_build_sft(run: Path, pairs: list[Any], kind: str) -> None:
    made = {json_line(record) for record in lemma.to_records(pairs, kind=kind, seed=5)}
    built = [
        line
        for line in lines(run / "sft" / f"{kind}.jsonl")
        if json.loads(line).get("erroneous_id") is not None  # right solutions are of problems
    ]
    assert built and set(built) == made


def test_right_solutions_are_those_of_build_sft(run: Path) -> None:
    made = {json_line(record) for record in lemma.to_records(lemma.open_run(run).problems, kind="cot")}
    assert made == set(lines(run / "sft" / "cot.jsonl"))


def test_a_kind_without_a_record_for_an_item_leaves_it_out(pairs: list[Any]) -> None:
    assert not lemma.to_records(pairs, kind="cot")
    assert not lemma.to_records([Problem.of(*PENS)], kind="dpo")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "dop"}, "there is no record kind 'dop'; did you mean 'dpo'?"),
        ({"shape": "mesages"}, "there is no shape 'mesages'; did you mean 'messages'?"),
    ],
)
def test_an_unknown_kind_or_shape(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        lemma.to_records([], **options)


@pytest.mark.parametrize("options", [{"types": "calk"}, {"types": ["calk"]}, {"per_problem": 0}])
def test_options_that_augment_does_not_take(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        lemma.inject(Problem.of(*PENS), **options)


def test_a_reflection_of_ones_own_is_taken(pairs: list[Any]) -> None:
    wrong, right = pairs[0]
    trajectory = lemma.join(wrong, right, "Hm. That can't be.")
    (record,) = lemma.to_records([(wrong, right, trajectory)], shape="alpaca")
    assert record["output"] == trajectory.text and "\nHm. That can't be.\n" in f"\n{trajectory.text}"


def test_a_trajectory_shows_itself_in_a_notebook(pairs: list[Any]) -> None:
    page = lemma.join(*pairs[0], "3 < 4 & <b>")._repr_html_()
    assert "3 &lt; 4 &amp; &lt;b&gt;" in page and "background" in page and "<script" not in page


@pytest.mark.parametrize(
    ("solution", "answer", "gold"),
    [
        (PENS[1], None, "7"),
        ("She has 3 + 4 = 7 pens.", 7, "7"),
        ("She has 3 + 4 = 7 pens.", 7.0, "7"),
        ("She has half of 15, 7.5.", 7.5, "7.5"),
        ("She has 3 + 4 = 7 pens.", " $7 ", "$7"),
        (r"So the answer is $\boxed{\frac{1}{2}}$.", None, r"\frac{1}{2}"),
    ],
)
def test_a_problem_reads_its_answer(solution: str, answer: Any, gold: str) -> None:
    assert Problem.of(PENS[0], solution, answer).answer == gold


@pytest.mark.parametrize(
    ("solution", "answer", "reason"),
    [("", 7, "empty_solution"), ("#### 7", None, "empty_solution"), ("It depends on many things.", None, "no_answer")],
)
def test_a_problem_that_is_none(solution: str, answer: Any, reason: str) -> None:
    with pytest.raises(lemma.Refusal) as refusal:
        Problem.of(PENS[0], solution, answer)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("name", ["gsm8k_train.jsonl", "math_500.jsonl"])
def test_problems_are_those_that_the_commands_load(name: str) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not in {DATA}")
    rows = list(islice((row for row in open_problems(str(path), "augment").rows() if not hasattr(row, "reason")), 200))
    for row in rows:
        given = row.row
        question = given.get("question", given.get("problem"))
        solution = given["answer"] if "question" in given else given["solution"]
        answer = given.get("answer") if "problem" in given else None
        assert Problem.of(question, solution, answer, source=path.name) == row.problem


def test_a_solution_that_ends_right_has_no_finding() -> None:
    assert lemma.locate(Problem.of(*PENS), PENS[1]) is None


@pytest.mark.parametrize("solution", ["", [], [" "]])
def test_a_solution_without_steps_is_refused(solution: Any) -> None:
    with pytest.raises(lemma.Refusal, match="no steps"):
        lemma.locate(Problem.of(*PENS), solution)


def test_errors_are_located_where_they_were_injected(pairs: list[Any]) -> None:
    """Only that most are: how well solutions are located is measured elsewhere."""
    problems = {problem.id: problem for problem in open_problems(None, "augment") if isinstance(problem, Problem)}
    wrongs = {wrong.id: wrong for wrong, _ in pairs}.values()
    findings = [(lemma.locate(problems[wrong.problem_id], wrong.steps), wrong) for wrong in wrongs]
    right = [finding for finding, wrong in findings if finding is not None and finding.step == wrong.error_step]
    assert len(right) > 0.7 * len(findings)


@pytest.mark.parametrize(
    ("gold", "answer", "verdict"),
    [
        ("18", "18", "equal"),
        ("18", "1800", "different"),
        ("18", "I don't know.", "unknown"),
        (18, 18, "equal"),
        (18, 18.5, "different"),
    ],
)
def test_verdict(gold: Any, answer: Any, verdict: str) -> None:
    assert lemma.verdict(gold, answer) == verdict


def test_every_file_of_a_run_can_be_iterated(run: Path) -> None:
    opened = lemma.open_run(run)
    for file in (*RUN_FILES, REJECTED):
        records = getattr(opened, Path(file.name).stem)
        assert records.path == run / file.name
        if records.path.exists():
            assert len(records) == len(list(records)) == len(lines(records.path))
            assert all(isinstance(record, file.record) for record in records)
    assert {f"sft/{kind}.jsonl" for kind in KINDS} <= set(opened.files)
    assert [json_line(record) for record in opened.records("dpo")] == lines(run / "sft" / "dpo.jsonl")
    assert "30 records of" in repr(opened.problems) and "not made yet" in repr(opened.evolved)
    assert "erroneous.jsonl" in repr(opened)


def test_reading_a_run_writes_nothing(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert list(lemma.open_run(run).erroneous)
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_a_line_that_is_still_being_written_does_not_count(run: Path, tmp_path: Path) -> None:
    whole = lines(run / "problems.jsonl")
    (tmp_path / "problems.jsonl").write_bytes(b"".join(whole[:2]) + whole[2][:40])
    assert len(lemma.open_run(tmp_path).problems) == len(list(lemma.open_run(tmp_path).problems)) == 2


@pytest.mark.parametrize("line", ["{]\n", '{"id": "a"}\n', "7\n"])
def test_a_bad_line_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "problems.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(RunDirectoryError, match=r"problems\.jsonl, line 1: "):
        list(lemma.open_run(tmp_path).problems)


def test_records_that_are_not_there_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="`lemma build-sft --records dpo` makes it"):
        len(Run(tmp_path).records("dpo"))


def test_kinds_are_read_from_the_folder() -> None:
    assert set(KINDS) <= set(record_kinds())
