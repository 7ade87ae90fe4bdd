"""A package of its own brings an injector, a record kind and a backend: the one of the examples, installed."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lemma.cli import main

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "examples" / "own_injector"
TYPES = PACKAGE / "own_injector" / "types"


def load_make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_make_extending", ROOT / "docs" / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(tmp_path: Path, augmented: Path, lemma_program: Path) -> Path:
    """A folder for packages, with the one of the examples in it. Beside it are a run with errors, and the programs."""
    site = tmp_path / "site"
    (tmp_path / "bin").symlink_to(lemma_program)
    load_make().install(PACKAGE, site)
    shutil.copytree(augmented, tmp_path / "run")
    return site


@pytest.fixture(scope="module")
def augmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("augmented") / "run"
    assert main(["augment", "--limit", "40", "--run", str(run)]) == 0
    return run


def typed(site: Path, program: object, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a program in the folder beside the packages."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{site}", "COLUMNS": "200"}
    return subprocess.run(
        [str(program), *map(str, words)],
        cwd=site.parent, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def lemma(site: Path, *words: object) -> str:
    done = typed(site, site.parent / "bin" / "lemma", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_record_kind(site: Path) -> None:
    lemma(site, "build-sft", "--records", "first_error,lemma", "--run", "run", "--shape", "messages", "--workers", 2)
    made = records(site.parent / "run" / "sft" / "first_error.jsonl")
    answers = [record["messages"][1]["content"] for record in made]  # type: ignore[index]
    assert any(re.fullmatch(r"Step \d+ is wrong\.", answer) for answer in answers) and "Every step is right." in answers
    program = "import lemma; print(len(lemma.to_records(lemma.open_run('run').problems, kind='first_error')))"
    assert typed(site, sys.executable, "-c", program).stdout == "40\n"


def test_an_unknown_kind_names_the_installed_ones(site: Path) -> None:
    done = typed(site, site.parent / "bin" / "lemma", "build-sft", "--records", "first_eror", "--run", "run")
    assert done.returncode != 0 and "did you mean 'first_error'?" in done.stderr


def test_an_injector(site: Path) -> None:
    lemma(site, "augment", "--types", "zero_error", "--taxonomy", TYPES, "--run", "zeros", "--limit", 12)
    made = records(site.parent / "zeros" / "erroneous.jsonl")
    assert made and {record["error_type"] for record in made} == {"zero_error"}
    program = f"""
import lemma
problem = lemma.Problem.of("Ida walks 30 blocks on each of 2 days. How many?", "She walks 2 * 30 = 60 blocks.", 60)
wrong = lemma.inject(problem, types="zero_error", taxonomy={str(TYPES)!r})[0]
print(wrong.steps[0], lemma.join(wrong, lemma.correct(wrong)[0], taxonomy={str(TYPES)!r}).error_type)
"""
    assert re.fullmatch(
        r"She walks 2 \* 30{0,2} = 60{0,2} blocks\. zero_error\n", typed(site, sys.executable, "-c", program).stdout
    )


def test_a_backend(site: Path) -> None:
    (site.parent / "seven.py").write_text("print('I see 3 + 4 = 7.\\nThe answer is 7')", encoding="utf-8")
    lemma(site, "sample", "--backend", "program", "--model", f"{sys.executable} seven.py", "-n", 1, "--limit", 3)
    made = records(site.parent / "lemma-run" / "solutions.jsonl")
    assert [record["final_answer"] for record in made] == ["7", "7", "7"]


BAD = [
    ("lemma = own_injector.first_error:KIND", "'lemma' of bad (own_injector.first_error:KIND) has the name of another"),
    ("first_error = own_injector.first_error:KIND", "record kind 'first_error' of "),  # two packages, one name
    ("gone = no_such_module:KIND", "'gone' of bad (no_such_module:KIND) cannot be loaded (ModuleNotFoundError"),
    ("odd = own_injector.first_error:of_error", "is function, not lemma.formats.kind.RecordKind"),
]


@pytest.mark.parametrize(("entry", "message"), BAD)
def test_a_kind_that_cannot_be_used_is_named_in_one_line(entry: str, message: str, site: Path) -> None:
    info = site / "bad-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[lemma.records]\n{entry}\n", encoding="utf-8")
    done = typed(site, site.parent / "bin" / "lemma", "build-sft", "--run", "run")
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if "record kind" in line]
    assert len(errors) == 1 and message in errors[0] and "Traceback" not in done.stderr


def test_the_page_shows_the_files_of_the_example() -> None:
    page = (ROOT / "docs" / "extending.md").read_text("utf-8")
    shown = dict(re.findall(r"^```\w+ (own_injector/\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    for file, body in shown.items():
        assert body == (PACKAGE.parent / file).read_text("utf-8"), "python docs/make.py writes it again"
    there = {
        str(path.relative_to(PACKAGE.parent)) for path in PACKAGE.rglob("*") if path.suffix in (".py", ".toml", ".yaml")
    }
    assert set(shown) == there - {"own_injector/own_injector/__init__.py"}
