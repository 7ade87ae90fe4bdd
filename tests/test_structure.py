"""The structure of the package: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "lemma"
STAGE_MODULES = {
    f"lemma.commands.{path.stem}" for path in (PACKAGE / "commands").glob("*.py") if path.stem != "__init__"
}
THESE_SEE_STAGES: set[str] = set()


def module_name(path: Path) -> str:
    return ".".join(("lemma", *path.relative_to(PACKAGE).with_suffix("").parts))


def imports(path: Path) -> set[str]:
    """The modules of the package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("lemma"):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("lemma")}
    return found


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("name", sorted(set(FILES) - THESE_SEE_STAGES))
def test_no_module_but_those_that_run_them_imports_a_stage(name: str) -> None:
    assert not imports(FILES[name]) & STAGE_MODULES


@pytest.mark.parametrize("name", sorted(STAGE_MODULES))
def test_every_stage_is_a_module(name: str) -> None:
    assert name in FILES


def test_there_is_no_import_cycle() -> None:
    """Imports at the top of a module; what a function imports when it runs can't run into itself."""
    graph = {
        name: {target for node in ast.parse(path.read_text("utf-8")).body for target in _targets(node)} & set(FILES)
        for name, path in FILES.items()
    }
    while leaves := {name for name, targets in graph.items() if not targets}:
        graph = {name: targets - leaves for name, targets in graph.items() if name not in leaves}
    assert not graph


def _targets(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()


def test_the_records_import_nothing_of_the_package() -> None:
    """At the top: how a trajectory shows itself, and how a problem reads its answer, is loaded when it is asked for."""
    body = ast.parse(FILES["lemma.records"].read_text("utf-8")).body
    assert not {target for node in body for target in _targets(node) if target.startswith("lemma")}
