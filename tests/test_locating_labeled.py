"""The split of the labeled solutions, and the figures on them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from labeled_solutions import FOLDS, Labeled, read_solutions, split

from lemma.exceptions import DataError

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LEMMA_DATA", ROOT.parent / "shared" / "data"))


def labeled(question: str) -> Labeled:
    return Labeled("PARC math", question, "So it is $\\boxed{3}$.", ("a", "b"), 1, False)


def test_solutions_of_a_problem_stay_together() -> None:
    one, other = labeled("How many  pens?"), labeled("how many pens? ")
    assert (one.is_shut, one.fold) == (other.is_shut, other.fold)


def test_about_a_fifth_is_shut_and_the_folds_are_even() -> None:
    open_part, shut_part = split(labeled(f"How many pens are {number}?") for number in range(1000))
    assert 160 < len(shut_part) < 240
    for fold in range(FOLDS):
        assert 120 < sum(one.fold == fold for one in open_part) < 200


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        list(read_solutions(tmp_path))


@pytest.mark.slow
def test_cross_validated_figures() -> None:
    if not (DATA / "labelled_dev.jsonl").exists():
        pytest.skip(f"labelled_dev.jsonl is not in {DATA}")
    command = [sys.executable, "benchmarks/locating.py", str(DATA)]
    out = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    row = re.search(r"\*\*GSM8K sources\*\* \| \d+ \| ([\d.]+) % \| (\d+) % of", out.stdout)
    assert row is not None
    assert float(row[1]) >= 55
    assert int(row[2]) >= 88
