"""The record files of an offline run, a run with a scripted model, and a killed and resumed run, byte for byte.

A change of these bytes is a change for every user who resumes a run: make it on purpose, say so in CHANGELOG.md, and
write golden.json again with `python tests/golden_runs.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden_runs import GOLDEN, RUNS, digests

EXPECTED = json.loads(GOLDEN.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_the_bytes_are_those_that_were_written_down(name: str, tmp_path: Path) -> None:
    RUNS[name](tmp_path / name)
    assert digests(tmp_path / name) == EXPECTED[name]


def test_a_killed_run_is_held_to_the_bytes_of_one_that_was_not() -> None:
    offline = {name: digest for name, digest in EXPECTED["offline"].items() if not name.startswith("stories/")}
    assert EXPECTED["killed"] == offline


def test_every_kind_of_file_is_held_and_holds_something() -> None:
    files = {
        name.rpartition("run/")[2]: digest for name, digest in (EXPECTED["offline"] | EXPECTED["scripted"]).items()
    }
    wanted = {"problems", "solutions", "erroneous", "corrections", "smoothed", "evolved", "rejected"}
    assert {f"{name}.jsonl" for name in wanted} <= set(files)
    # No model of these runs continues solutions.
    empty = [name for name, digest in files.items() if digest.startswith("0 lines") and "rejected" not in name]
    assert {name.rpartition("/")[2] for name in empty} == {"continuations.jsonl"}
    assert not EXPECTED["scripted"]["run/rejected.jsonl"].startswith("0 lines")
