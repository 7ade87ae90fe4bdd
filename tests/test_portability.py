"""Data and grading work without what only Unix has, and with a narrow terminal encoding.

Processes here get a `sitecustomize` that takes away the modules, functions and start methods that Windows lacks. The CI
jobs on Windows and macOS are the real thing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lemma.exceptions import RunDirectoryError
from lemma.rundir.locks import directory_lock

ROOT = Path(__file__).resolve().parent.parent
ONLY_UNIX = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
WITHOUT_UNIX = f"""
import multiprocessing, multiprocessing.context, os, selectors, socket, sys

class OnlySockets(selectors.DefaultSelector):
    def register(self, file, events, data=None):
        if not isinstance(file, socket.socket):
            raise OSError("an operation was attempted on something that is not a socket")
        return super().register(file, events, data)

selectors.DefaultSelector = OnlySockets
for name in {ONLY_UNIX}:
    sys.modules[name] = None  # importing it raises ImportError
for name in ("fork", "forkpty", "getuid", "nice", "register_at_fork", "sched_getaffinity"):
    if hasattr(os, name):
        delattr(os, name)
for method in ("fork", "forkserver"):
    multiprocessing.context._concrete_contexts.pop(method, None)
multiprocessing.get_all_start_methods = lambda: ["spawn"]
multiprocessing.set_start_method("spawn")
"""
# As the core is installed: torch and the other extras have their own ideas of a platform.
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys, lemma

extras = ("accelerate", "bitsandbytes", "datasets", "huggingface_hub", "matplotlib", "peft", "psutil", "pyarrow",
          "torch", "transformers", "trl", "vllm")
sys.modules.update(dict.fromkeys(extras))
imported = 0
for module in pkgutil.walk_packages(lemma.__path__, "lemma."):
    if module.name == "lemma.engine.forkserver_start":
        continue  # lets go of the standard output of the process that loads it, which is its purpose
    try:
        importlib.import_module(module.name)
        imported += 1
    except ImportError as error:
        assert str(error.name).partition(".")[0] in extras, f"{module.name}: {error!r}"
print(imported)
"""
GRADE = r"""
from lemma import verdict

for gold, answer, expected in [
    ("18", "The answer is 18", "equal"),
    ("1/2", "0.5", "equal"),
    ("18", "1800", "different"),
    (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}", "equal"),
]:
    assert verdict(gold, answer) == expected, (gold, answer, verdict(gold, answer))
"""
ASK_MATH_VERIFY = r"""
from lemma.grading.math_verify_pool import ask_math_verify

# On a busy machine, a worker may take longer than it is given.
assert any(ask_math_verify(r"\sum_{k=1}^{4} k^2", "30") == "equal" for _ in range(5))
"""
HOLD = """
import sys
from pathlib import Path
from lemma.rundir.locks import directory_lock

with directory_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """One without Unix, in which the package can be found."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT_UNIX, encoding="utf-8")
    path = os.pathsep.join((str(tmp_path / "site"), str(ROOT)))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}


def run(environment: dict[str, str], *arguments: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=cwd, capture_output=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "replace")


def test_the_stand_in_takes_away_what_it_says(environment: dict[str, str]) -> None:
    program = f"""
import importlib, multiprocessing, os
for name in {ONLY_UNIX}:
    try:
        importlib.import_module(name)
    except ImportError:
        print(name)
assert not hasattr(os, "fork")
assert multiprocessing.get_context().get_start_method() == "spawn"
"""
    assert tuple(run(environment, "-c", program).split()) == ONLY_UNIX


def test_every_module_can_be_imported(environment: dict[str, str]) -> None:
    assert int(run(environment, "-c", IMPORT_EVERYTHING)) > 100


def test_answers_are_graded(environment: dict[str, str]) -> None:
    run(environment, "-c", GRADE)


def test_math_verify_is_asked(environment: dict[str, str]) -> None:
    run(environment, "-c", ASK_MATH_VERIFY)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_bundled_sample_becomes_records(environment: dict[str, str], tmp_path: Path, workers: str) -> None:
    """With the same bytes as with Unix."""
    asked = ("-m", "lemma", "augment", "--per-problem", "1", "--workers", workers, "--run")
    if workers == "2":  # so few problems would be left to one process
        row = {"question": "Ada has {n} pens and gets 3 more. How many pens?", "answer": "{n} + 3 = {sum}\n#### {sum}"}
        rows = (json.dumps(row).replace("{n}", str(n)).replace("{sum}", str(n + 3)) for n in range(4, 104))
        (tmp_path / "data.jsonl").write_text("".join(f"{line}\n" for line in rows))
        asked = (*asked[:3], "data.jsonl", *asked[3:])
    run(environment, *asked, "without", cwd=tmp_path)
    run({**os.environ, "PYTHONPATH": str(ROOT)}, *asked, "with", cwd=tmp_path)
    made = [(tmp_path / name / "erroneous.jsonl").read_bytes() for name in ("without", "with")]
    assert made[0] == made[1]
    assert made[0]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_terminal_that_lacks_a_character_stops_no_command(encoding: str, tmp_path: Path) -> None:
    """Windows consoles and pipes often have cp1252. Files are UTF-8 all the same."""
    row = {
        "question": "Łucja has 3 pens and buys 8 more. How many pens does she have now?",
        "answer": "Now Łucja has 3 + 8 = 11 pens.\n#### 11",
    }
    (tmp_path / "data.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    narrow = {
        **os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding,
        "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C",
    }  # fmt: skip
    run(narrow, "-m", "lemma", "augment", "data.jsonl", "--workers", "1", cwd=tmp_path)
    run(narrow, "-m", "lemma", "show", cwd=tmp_path)
    assert "Łucja" in (tmp_path / "lemma-run" / "erroneous.jsonl").read_text(encoding="utf-8")


def test_a_held_directory_is_refused_to_others_and_free_afterwards(tmp_path: Path) -> None:
    with directory_lock(tmp_path):
        with pytest.raises(RunDirectoryError, match="in use by another lemma process"), directory_lock(tmp_path):
            pass
        with directory_lock(tmp_path / "beside"):
            pass
    with directory_lock(tmp_path):
        pass


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(RunDirectoryError, match="in use"), directory_lock(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with directory_lock(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_an_ordinary_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError), directory_lock(tmp_path):
        pass
