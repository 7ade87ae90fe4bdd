"""The documentation is true: its commands run and print what it shows, its reference is the code's."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from lemma.cli import parse

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LEMMA_DATA", ROOT.parent / "shared" / "data"))
ANEW = "python docs/make.py writes it anew"


def load_make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_make", ROOT / "docs" / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = load_make()


@pytest.mark.slow
@pytest.mark.parametrize("name", make.PAGES)
def test_a_page_shows_what_its_commands_print(name: str, tmp_path: Path, lemma_program: Path) -> None:
    if make.PAGES[name] == "data" and not all((DATA / file).exists() for file in make.DATA):
        pytest.skip(f"{', '.join(make.DATA)} are not in {DATA}")
    (tmp_path / ".bin").symlink_to(lemma_program)
    make.prepare(tmp_path, make.PAGES[name], DATA)
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert make.rendered(page, tmp_path) == page, ANEW


@pytest.mark.slow
def test_the_record_reference_is_that_of_the_code(tmp_path: Path, lemma_program: Path) -> None:
    (tmp_path / ".bin").symlink_to(lemma_program)
    assert make.record_reference(tmp_path) == (ROOT / "docs" / "records.md").read_text(encoding="utf-8"), ANEW


def test_the_table_of_data_sets_is_that_of_the_code() -> None:
    assert make.data_reference() == (ROOT / "docs" / "data.md").read_text(encoding="utf-8"), ANEW


def commands() -> list[tuple[str, str]]:
    """Every command of the blocks that are not run, with its page."""
    found = []
    for path in sorted((ROOT / "docs").glob("*.md")):
        for body in re.findall(
            r"^```(?:sh|text)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            found += [(path.name, line) for line in body.splitlines() if "lemma" in line]
    return found


@pytest.mark.parametrize(("page", "command"), commands())
def test_commands_that_are_not_run_are_ones_that_lemma_takes(page: str, command: str) -> None:
    words = shlex.split(re.sub(r"\$\([^)]*\)", "X", command))
    arguments = words[words.index("lemma") + 1 :]
    assert parse(arguments) is not None


def test_no_page_has_a_dead_link() -> None:
    for path in (ROOT / "docs").glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (path.parent / link).exists(), f"{path.name}: {link}"
