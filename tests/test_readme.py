"""The README tells the truth: its commands run, its outputs are theirs, its file tree is the tree."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from lemma.cli import parse
from lemma.config import commands

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<language>console|python|sh)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS_OF_OTHERS = ("export", "git", "make", "cd", "pip", "accelerate", "python")


def blocks(language: str) -> list[str]:
    """The bodies of the README's code blocks in a language."""
    return [match["body"] for match in BLOCK.finditer(README) if match["language"] == language]


def sessions() -> list[tuple[str, list[str]]]:
    """Every command of the console blocks with the output that the README shows, in order."""
    found: list[tuple[str, list[str]]] = []
    for line in "".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip():
            found[-1][1].append(line.rstrip())
    return found


def test_console_blocks_run_and_print_what_they_show(tmp_path: Path, lemma_program: Path) -> None:
    """One session, in order, in an empty folder: each shown line is a line of the output; `...` leaves lines out."""
    assert sessions()
    environment = {**os.environ, "COLUMNS": "120", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    for command, expected in sessions():
        words = shlex.split(command)
        if words[0] != "lemma":
            continue
        done = subprocess.run(
            [lemma_program / words[0], *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed = [line.rstrip() for line in (done.stderr + done.stdout).splitlines()]
        position = 0
        for line in expected:
            if line.strip() != "...":
                assert line in printed[position:], f"`{command}` does not print {line!r} any more"
                position = printed.index(line, position) + 1


@pytest.mark.parametrize("body", blocks("python"))
def test_python_blocks_run(body: str) -> None:
    exec(compile(body, "README.md", "exec"), {})


@pytest.mark.parametrize("line", [line for body in blocks("sh") for line in body.splitlines() if line.strip()])
def test_other_commands_are_ones_that_lemma_takes(line: str) -> None:
    """Commands that need a key, a GPU or hours are not run, but their flags must be real."""
    words = shlex.split(line, comments=True)
    while words and (re.fullmatch(r"[A-Z_]+=.*", words[0]) or words[0] == "&&"):
        words = words[1:]
    if words[:1] == ["lemma"]:
        assert parse(words[1:]) is not None
    elif words[:3] == ["accelerate", "launch", "-m"]:
        assert parse(words[4:]) is not None
    elif words:
        assert words[0] in COMMANDS_OF_OTHERS
        if words[0] == "python":
            assert (ROOT / words[1]).is_file()


def test_make_demo_runs_what_the_readme_says() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    target = re.search(r"^demo:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert target is not None
    demo = [command for command, _ in sessions()][:3]
    assert re.findall(r"\$\(BIN\)/(lemma .*)", target.group(1)) == demo
    assert "lemma-run/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_table_of_commands_is_that_of_the_help() -> None:
    rows = re.findall(r"^\| `lemma ([a-z-]+)` \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(name, (kind.__doc__ or "").splitlines()[0].rstrip(".")) for name, kind in commands().items()]


def test_the_file_tree_is_the_tree() -> None:
    """Every path of the tree is there, and every module of the package is in the tree."""
    tree = re.search(r"^```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert tree is not None
    folder, named = "", set()
    for line in tree.group(1).splitlines():
        path = line.split()[0]
        if not line.startswith(" "):
            folder = path if path.endswith("/") else ""
            named.add(path.rstrip("/"))
        else:
            named.add((folder + path).rstrip("/"))
    missing = [path for path in sorted(named) if not (ROOT / path).exists()]
    assert not missing
    modules = {f"lemma/{path.name}" for path in (ROOT / "lemma").iterdir() if path.suffix == ".py" or path.is_dir()}
    modules -= {"lemma/__init__.py", "lemma/__main__.py", "lemma/__pycache__"}
    assert not modules - named
