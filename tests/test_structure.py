"""The structure of the package: who may import whom, and how large things may get."""

from __future__ import annotations

import ast
import gc
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "lemma"
MOST_ROOT_MODULES = 15
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_MODULE = 500
MOST_HELPERS_USED_ONCE = 0.25

# Which folders and upper root modules a folder or upper root module may import, from the bottom to the top. Everything
# may import the root modules that are not listed (records, steps, exceptions, ...), and they only each other.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "taxonomy": (),
    "arithmetic": (),
    "algebra": (),
    "generation": (),
    "grading": (),
    "rundir": (),
    "problems": ("grading", "rundir"),
    "models": ("rundir",),
    "formats": ("models",),
    "locating": ("algebra", "arithmetic", "generation", "grading", "models", "taxonomy"),
    "trajectories": ("arithmetic", "generation", "grading", "locating", "models", "taxonomy"),
    "injectors": ("algebra", "arithmetic", "generation", "grading", "locating", "models", "taxonomy"),
    "engine": ("models", "problems", "rundir"),
    "dataset": ("engine", "formats", "problems", "rundir", "trajectories"),
    "training": ("formats", "models", "rundir"),
    "evaluation": (
        *("arithmetic", "engine", "generation", "grading", "injectors", "locating", "models", "problems", "rundir"),
        *("taxonomy", "trajectories"),
    ),
    "report": ("arithmetic", "evaluation", "grading", "rundir", "taxonomy", "trajectories"),
    "declaration": ("engine", "rundir"),
    "runner": ("declaration", "engine", "models", "rundir"),
    "commands": (
        *("arithmetic", "dataset", "declaration", "engine", "evaluation", "formats", "generation", "grading"),
        *("injectors", "locating", "models", "problems", "report", "rundir", "runner", "taxonomy", "training"),
        "trajectories",
    ),
    "api": (
        *("arithmetic", "declaration", "engine", "formats", "grading", "injectors", "locating", "rundir", "taxonomy"),
        "trajectories",
    ),
    "cli": ("commands", "declaration", "engine", "runner", "rundir"),
    "__main__": ("cli",),
}
# Nothing else imports a command.
SEE_COMMANDS = ("cli", "commands")
# Loaded when a problem reads its answer, and when a trajectory shows itself in a notebook.
WHEN_ASKED = {"lemma.records -> grading", "lemma.records -> report"}


def module_name(path: Path) -> str:
    parts = ("lemma", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a module. It stays, so no garbage collection need look at its many nodes."""
    gc.disable()
    parsed = ast.parse(FILES[name].read_text(encoding="utf-8"))
    gc.freeze()
    gc.enable()
    return parsed


@cache
def nodes(name: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(name)))


def targets(node: ast.AST) -> Iterator[str]:
    """The modules of the package that a statement imports."""
    if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "lemma":
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            yield full if full in FILES else node.module
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "lemma")


@cache
def imports(name: str) -> set[str]:
    """What a module imports, anywhere in it."""
    return {target for node in nodes(name) for target in targets(node)}


def unit(name: str) -> str:
    """The folder that a module is in, or the module itself if it is at the root."""
    return name.split(".")[1] if "." in name else "lemma"


def violations() -> list[str]:
    """Imports that the table does not allow, as `module -> unit`."""
    basics = {unit(name) for name in FILES} - set(MAY_IMPORT)
    found = set()
    for name in FILES:
        here = unit(name)
        if here != "lemma":  # the public API sees everything; who imports it back wants the version
            allowed = {"lemma", here, *basics, *MAY_IMPORT.get(here, ())}
            found |= {f"{name} -> {there}" for there in {unit(target) for target in imports(name)} - allowed}
    return sorted(found - WHEN_ASKED)


def functions(name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in nodes(name) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def used_once(name: str) -> list[str]:
    """Private functions and methods of a module that it mentions exactly once besides their definition."""
    mentions = Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in nodes(name)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    private = [one.name for one in functions(name) if one.name.startswith("_") and not one.name.endswith("__")]
    return [helper for helper in private if mentions[helper] == 1]


def test_the_table_has_no_back_arrow() -> None:
    """Every row names only rows above it, so the folders have no cycle."""
    rows = list(MAY_IMPORT)
    assert not [(row, other) for row in rows for other in MAY_IMPORT[row] if rows.index(other) >= rows.index(row)]


def test_every_folder_has_a_row() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    folders -= {"config"}  # the options of the commands, below everything, as `options.py` is
    assert folders <= set(MAY_IMPORT), "say in the table what it may import"


def test_no_import_goes_against_the_table() -> None:
    assert not violations()


def test_only_what_runs_commands_imports_them() -> None:
    wrong = [name for name in FILES if unit(name) not in SEE_COMMANDS and "commands" in map(unit, imports(name))]
    assert not wrong


def test_there_is_no_import_cycle() -> None:
    """Imports at the top of a module; what a function imports when it runs can't run into itself."""
    graph = {
        name: {target for node in tree(name).body for target in targets(node)} & set(FILES) - {"lemma"}
        for name in FILES
    }
    while leaves := {name for name, others in graph.items() if not others}:
        graph = {name: others - leaves for name, others in graph.items() if name not in leaves}
    assert not graph


def test_the_records_import_nothing_of_the_package() -> None:
    """At the top: how a trajectory shows itself, and how a problem reads its answer, is loaded when it is asked for."""
    assert not {target for node in tree("lemma.records").body for target in targets(node)}


def test_there_are_few_modules_at_the_root() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_ROOT_MODULES


def test_no_function_is_long() -> None:
    """Its complexity is limited by ruff (C901)."""
    lengths = {
        f"{name}.{one.name}": (one.end_lineno or one.lineno) - one.lineno + 1
        for name in FILES
        for one in functions(name)
    }
    assert not {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION}


def test_no_module_is_long() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}
    assert not {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_MODULE}


def share_used_once() -> tuple[float, dict[str, str]]:
    """The share of private functions used once among all functions, and the counts by folder."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name in FILES:
        counts[unit(name)].update({"all": len(functions(name)), "once": len(used_once(name))})
    total = sum((count for count in counts.values()), Counter[str]())
    by_folder = {where: f"{count['once']} of {count['all']}" for where, count in sorted(counts.items()) if count["all"]}
    return total["once"] / total["all"], by_folder


def test_few_helpers_are_used_once() -> None:
    """A helper earns its name by being used twice, or by hiding something hard."""
    share, by_folder = share_used_once()
    assert share < MOST_HELPERS_USED_ONCE, by_folder
