"""Data and grading work without what only Unix has, and with a narrow terminal encoding.

Processes here get a `sitecustomize` that takes away the modules, functions and start methods that Windows lacks. The CI
jobs on Windows and macOS are the real thing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lemma.cli import main
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
assert imported > 100, imported
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
STAND_IN = f"""
import importlib, multiprocessing, os
gone = []
for name in {ONLY_UNIX}:
    try:
        importlib.import_module(name)
    except ImportError:
        gone.append(name)
assert tuple(gone) == {ONLY_UNIX}
assert not hasattr(os, "fork")
assert multiprocessing.get_context().get_start_method() == "spawn"
"""
AUGMENT = ("augment", "--limit", "30", "--per-problem", "1", "--workers", "1", "--run")
INJECT = f"""
from lemma.cli import main

assert main([*{AUGMENT}, "without"]) == 0
"""
# Each says what went wrong, and the next goes on in the same process; the last one takes away the extras.
PROGRAMS = {
    "stand-in": STAND_IN, "grade": GRADE, "Math-Verify": ASK_MATH_VERIFY, "inject": INJECT, "import": IMPORT_EVERYTHING,
}  # fmt: skip
RUN_ALL = f"""
import json, traceback

for name, program in {PROGRAMS}.items():
    said = ""
    try:
        exec(program, {{"__name__": name}})
    except BaseException:
        said = traceback.format_exc()
    print("\\n" + json.dumps({{name: said}}))
"""
HOLD = """
import sys
from pathlib import Path
from lemma.rundir.locks import directory_lock

with directory_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def environment(site: Path) -> dict[str, str]:
    """One without Unix, in which the package can be found."""
    site.mkdir()
    (site / "sitecustomize.py").write_text(WITHOUT_UNIX, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT))), "PYTHONWARNINGS": "ignore"}


def run(environment: dict[str, str], *arguments: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=cwd, capture_output=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "replace")


@dataclass(frozen=True)
class Done:
    """What went wrong in each program, if anything did, and where they ran."""

    faults: dict[str, str]
    folder: Path


@pytest.fixture(scope="module")
def without_unix(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """All programs, one after the other in one process without Unix."""
    folder = tmp_path_factory.mktemp("without")
    printed = run(environment(folder / "site"), "-c", RUN_ALL, cwd=folder).splitlines()
    faults: dict[str, str] = {}
    for line in printed:
        faults |= json.loads(line) if line.startswith("{") else {}
    assert list(faults) == list(PROGRAMS)
    return Done(faults, folder)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs_without_unix(without_unix: Done, program: str) -> None:
    assert not without_unix.faults[program]


def test_the_bundled_sample_becomes_the_same_records(without_unix: Done, tmp_path: Path) -> None:
    assert main([*AUGMENT, str(tmp_path)]) == 0
    made = [(folder / "erroneous.jsonl").read_bytes() for folder in (without_unix.folder / "without", tmp_path)]
    assert made[0] == made[1]
    assert made[0]


def test_workers_make_the_same_records(tmp_path: Path) -> None:
    row = {"question": "Ada has {n} pens and gets 3 more. How many pens?", "answer": "{n} + 3 = {sum}\n#### {sum}"}
    rows = (json.dumps(row).replace("{n}", str(n)).replace("{sum}", str(n + 3)) for n in range(4, 104))
    data = tmp_path / "data.jsonl"  # fewer problems would be left to one process
    data.write_text("".join(f"{line}\n" for line in rows))
    asked = ("augment", str(data), "--per-problem", "1", "--run")
    without = (*asked, "without", "--workers", "2")
    run(environment(tmp_path / "site"), "-m", "lemma", *without, cwd=tmp_path)
    assert main([*asked, str(tmp_path / "with"), "--workers", "1"]) == 0
    made = [(tmp_path / name / "erroneous.jsonl").read_bytes() for name in ("without", "with")]
    assert made[0] == made[1]
    assert made[0]


NARROW = """
import sys
from lemma.cli import main

for encoding in ("cp1252", "ascii"):
    for command in (["augment", "data.jsonl", "--workers", "1", "--fresh"], ["show"]):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding=encoding, errors="strict" if stream is sys.stdout else "backslashreplace")
        assert main(command) == 0
"""


def test_a_terminal_that_lacks_a_character_stops_no_command(tmp_path: Path) -> None:
    """Windows consoles and pipes often have cp1252. Files are UTF-8 all the same."""
    row = {
        "question": "Łucja has 3 pens and buys 8 more. How many pens does she have now?",
        "answer": "Now Łucja has 3 + 8 = 11 pens.\n#### 11",
    }
    (tmp_path / "data.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    narrow = {
        **os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252",
        "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C",
    }  # fmt: skip
    assert "?ucja" in run(narrow, "-c", NARROW, cwd=tmp_path)
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
