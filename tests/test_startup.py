"""What is loaded before a command starts to work: heavy packages only if it uses them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("aiohttp", "math_verify", "matplotlib", "numpy", "openai", "pandas", "sympy", "torch", "transformers", "trl")
# Together they take a second. Take them out once the module that asks a server imports them when it is used.
MOST_SECONDS_OF_HELP = 0.3
PROGRAM = f"""
import sys
from lemma.cli import main

try:
    status = main(sys.argv[1:])
except SystemExit as end:
    status = end.code
assert not status, status
print("loaded:", *sorted({set(HEAVY)!r} & set(sys.modules)))
"""


def loaded(folder: Path, *arguments: str) -> list[str]:
    """The heavy packages that a command has loaded when it is done."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two problems, and errors in them."""
    folder = tmp_path_factory.mktemp("startup")
    sample = (ROOT / "lemma" / "data" / "sample.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "two.jsonl").write_text("".join(sample[:2]), encoding="utf-8")
    loaded(folder, "augment", "two.jsonl", "--workers", "1")
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "train --help",
        "taxonomy",
        "verify --gold 1/2 --answer 0.5",
        "show",
        "report",
        "build-sft --workers 1",
    ],
)
def test_what_asks_no_model_loads_nothing_heavy(folder: Path, command: str) -> None:
    assert loaded(folder, *command.split()) == []


@pytest.fixture(scope="module")
def loaded_by_injection(folder: Path) -> list[str]:
    return loaded(folder, *("augment", "two.jsonl", "--workers", "1", "--run", "other"))


@pytest.mark.parametrize("package", HEAVY)
def test_symbolic_injection_does_not_load(loaded_by_injection: list[str], package: str) -> None:
    assert package not in loaded_by_injection


def test_importing_the_package_loads_next_to_nothing() -> None:
    program = (
        "import sys, lemma; print(*sorted({name.partition('.')[0] for name in sys.modules} & {'pydantic', 'rich'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert not done.stdout.split()


@pytest.mark.skipif(sys.platform == "win32", reason="needs the CPU time of a child")
def test_help_takes_little_cpu_time(tmp_path: Path) -> None:
    """The best of several, so that a busy machine does not matter; twice the limit that a person's machine keeps."""
    import resource

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        loaded(tmp_path, "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 2 * MOST_SECONDS_OF_HELP
