"""The examples run, and a type checker agrees with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"


def test_the_tour_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "tour.py"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and not done.stderr, done.stderr
    for shown in ("answer: 102", "reflection", "dpo records", "step 1 is wrong: 12 + 6 = 18", "3 problems"):
        assert shown in done.stdout
    assert not list(tmp_path.iterdir())


def test_the_tour_is_in_cells() -> None:
    assert (EXAMPLES / "tour.py").read_text("utf-8").count("\n# %% ") >= 6


@pytest.mark.slow
def test_users_of_the_api_get_its_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(
        "import lemma\n"
        "problem = lemma.Problem.of('q', 's', 1)\n"
        "reveal_type(lemma.inject(problem))\n"
        "reveal_type(lemma.verdict('1', '1'))\n"
        "wrong = next(iter(lemma.open_run().erroneous))\n"
        "reveal_type(wrong.error_step)\n"
        "reveal_type(wrong.located_step)\n",
        encoding="utf-8",
    )
    files = [EXAMPLES / "tour.py", EXAMPLES / "own_injector" / "own_injector", tmp_path / "use.py"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", *files],
        cwd=ROOT, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    for kind in ('"list[lemma.records.ErroneousSolution]"', "Literal['equal']", '"int | None"', '"int"'):
        assert kind.lower() in done.stdout.lower().replace("builtins.", ""), done.stdout
