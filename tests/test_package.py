"""The package: its name, its version, and what is in the wheel."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import lemma
from lemma.exceptions import MissingExtraError

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# The name on the package index that is another project's, as a requirement.
NAME_OF_ANOTHER_PROJECT = re.compile(r"\blemma\[|\bpip install +(?:-\S+ +)*['\"]?lemma(?!-sft|/)\b")
SOURCES = ("lemma", "docs", "prompts", "pipelines", "benchmarks", "error_taxonomy", ".github")


def texts() -> list[Path]:
    """Every file in which a person reads how to install."""
    found = [path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.suffix != ".pyc"]
    return [path for path in (*found, *ROOT.glob("*.md")) if path.is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network."""
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--quiet", "--no-build-isolation", "--no-deps", "--no-index")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, ROOT], check=True, timeout=240
    )
    (made,) = folder.iterdir()
    return made


def test_no_text_tells_anyone_to_install_the_other_project() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in texts()
        for match in NAME_OF_ANOTHER_PROJECT.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong


@pytest.mark.parametrize("extra", sorted(PROJECT["optional-dependencies"]))
def test_a_missing_extra_names_the_distribution(extra: str) -> None:
    assert f"pip install '{PROJECT['name']}[{extra}]'" in str(MissingExtraError("torch", extra))


def test_the_changelog_and_the_citation_know_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest, *_ = re.findall(r"^## (\S+) - (unreleased|\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    assert newest == (lemma.__version__.removesuffix(".dev0"), newest[1])
    assert (newest[1] == "unreleased") == lemma.__version__.endswith(".dev0")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert f"## {cited['version']} - {cited['date-released']}" in changelog


def test_every_extra_that_the_code_names_exists() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lemma").rglob("*.py"))
    assert set(re.findall(r"lemma-sft\[(\w+)\]", code)) <= set(PROJECT["optional-dependencies"])
    assert set(re.findall(r"MissingExtraError\([^,()]+, \"(\w+)\"", code)) <= set(PROJECT["optional-dependencies"])


def test_the_wheel_is_named_and_versioned_as_the_code_says(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        headers = email.message_from_bytes(archive.read(metadata))
    assert headers["Name"] == "lemma-sft"
    assert headers["Version"] == lemma.__version__
    assert len(headers.get_all("Project-URL", [])) >= 4


def test_the_wheel_holds_all_that_the_package_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    modules_and_data = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lemma").rglob("*") if path.is_file()}
    folders = {
        f"lemma/_data/{path.relative_to(ROOT).as_posix()}"
        for folder in ("error_taxonomy", "prompts", "pipelines")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    expected = {name for name in modules_and_data | folders if "__pycache__" not in name}
    assert "lemma/py.typed" in expected
    assert not expected - packed
    assert not [name for name in packed if name.startswith(("tests/", "benchmarks/"))]


def test_a_command_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """From an unpacked wheel, so that nothing of the checkout is near."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-m", "lemma", "run", "offline", "--set", "limit=10", "--workers", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lemma-run" / "sft" / "lemma.jsonl").stat().st_size
