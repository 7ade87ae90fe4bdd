"""What is loaded before a command starts to work: heavy packages only if it uses them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("aiohttp", "math_verify", "matplotlib", "numpy", "openai", "pandas", "sympy", "torch", "transformers", "trl")
# Together they take a second. Take them out once the module that asks a server imports them when it is used.
# What any command line of this kind loads. The help takes about twice its CPU time, with sympy four to five times.
BARE = "import asyncio, pydantic, rich.console"
MOST_TIMES_BARE = 3
PROGRAM = f"""
import shlex, sys
from lemma.cli import main

for command in sys.argv[1:]:
    try:
        status = main(shlex.split(command))
    except SystemExit as end:
        status = end.code
    assert not status, (command, status)
    print("loaded:", *sorted({set(HEAVY)!r} & set(sys.modules)))
"""


def loaded(folder: Path, *commands: str) -> list[list[str]]:
    """The heavy packages that a process has loaded after each of the commands that it runs."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *commands],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("loaded:")]


INJECTION = "augment two.jsonl --workers 1"
ASK_NO_MODEL = (
    "--help",
    "train --help",
    "taxonomy",
    "verify --gold 1/2 --answer 0.5",
    "show",
    "report",
    "build-sft --workers 1",
)


@pytest.fixture(scope="module")
def loaded_by(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each command loads, after those before it in one process, which makes errors in two problems first."""
    folder = tmp_path_factory.mktemp("startup")
    sample = (ROOT / "lemma" / "data" / "sample.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "two.jsonl").write_text("".join(sample[:2]), encoding="utf-8")
    commands = (INJECTION, *ASK_NO_MODEL)
    return dict(zip(commands, loaded(folder, *commands), strict=True))


@pytest.mark.parametrize("command", ASK_NO_MODEL)
def test_what_asks_no_model_loads_nothing_heavy(loaded_by: dict[str, list[str]], command: str) -> None:
    assert loaded_by[command] == []


@pytest.mark.parametrize("package", HEAVY)
def test_symbolic_injection_does_not_load(loaded_by: dict[str, list[str]], package: str) -> None:
    assert package not in loaded_by[INJECTION]


def test_importing_the_package_loads_next_to_nothing() -> None:
    program = (
        "import sys, lemma; print(*sorted({name.partition('.')[0] for name in sys.modules} & {'pydantic', 'rich'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert not done.stdout.split()


@pytest.mark.skipif(sys.platform == "win32", reason="needs the CPU time of a child")
def test_help_takes_little_cpu_time(tmp_path: Path) -> None:
    """Held against what can't be avoided, in turn and the best of several tries, so that a busy machine or a slow one
    does not matter.
    """
    import resource

    def seconds(run: Callable[[], object]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def bare() -> object:
        return subprocess.run([sys.executable, "-c", BARE], check=True)

    tries = [(seconds(lambda: loaded(tmp_path, "--help")), seconds(bare)) for _ in range(5)]
    assert min(helping for helping, _ in tries) < MOST_TIMES_BARE * min(other for _, other in tries), tries
