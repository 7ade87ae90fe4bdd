"""The split of the labeled solutions, and the figures on them."""

from __future__ import annotations

import json
import os
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from fit_locating import Case, cross_validated, read_cases
from labeled_solutions import (
    FOLDS,
    GSM8K_SOURCES,
    MACHINE_LABELED,
    MACHINE_LABELS_FILE,
    Labeled,
    read_machine_labeled,
    read_solutions,
    split,
)
from locating import precision_at, table

from lemma.exceptions import DataError
from lemma.locating.choice import shipped_model
from lemma.locating.posterior import Posterior
from lemma.locating.signs import SIGNS

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LEMMA_DATA", ROOT.parent / "shared" / "data"))


def labeled(question: str) -> Labeled:
    return Labeled("PARC math", question, "So it is $\\boxed{3}$.", ("a", "b"), 1, False)


def test_solutions_of_a_problem_stay_together() -> None:
    one, other = labeled("How many  pens?"), labeled("how many pens? ")
    assert (one.is_shut, one.fold(), one.fold(1)) == (other.is_shut, other.fold(), other.fold(1))


def test_about_a_fifth_is_shut_and_the_folds_are_even() -> None:
    open_part, shut_part = split(labeled(f"How many pens are {number}?") for number in range(1000))
    assert 160 < len(shut_part) < 240
    for fold, splitting in product(range(FOLDS), (0, 1)):
        assert 120 < sum(one.fold(splitting) == fold for one in open_part) < 200


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        list(read_solutions(tmp_path))


def test_every_machine_label_has_its_solution_and_a_step_of_it() -> None:
    if not (DATA / "gsm8k_model_solutions.jsonl").exists():
        pytest.skip(f"gsm8k_model_solutions.jsonl is not in {DATA}")
    found = list(read_machine_labeled(DATA))
    assert len(found) == len(json.loads(MACHINE_LABELS_FILE.read_text(encoding="utf-8"))["labels"]) > 300
    assert {one.source for one in found} == {MACHINE_LABELED}
    # The last step says the answer; it is the wrong one if all others are right.
    assert all(one.first_wrong is not None and one.first_wrong < len(one.steps) for one in found)


def test_the_labels_of_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        list(read_machine_labeled(tmp_path))


def test_the_surest_are_counted_and_the_interval_is_of_problems() -> None:
    """Of ten solutions of five problems, the surest four are right, and of the surest half four in five."""
    signs = np.zeros((2, len(SIGNS)))
    cases = [Case(labeled(f"How many pens are {number // 2}?"), signs, is_formal=True) for number in range(10)]
    confidences = [0.99, 0.98, 0.97, 0.96, *[0.9 - 0.01 * number for number in range(6)]]
    run = [
        (case, Posterior((1 - sure, sure, 0.0) if number < 4 else (sure, 1 - sure, 0.0), 0.0))
        for number, (case, sure) in enumerate(zip(cases, confidences, strict=True))
    ]
    assert precision_at([run, run], 0.4)[0] == 1
    precision, lowest, highest = precision_at([run, run], 0.5)
    assert precision == 0.8
    assert lowest < 0.8 < highest


@pytest.mark.slow
def test_figures_on_gsm8k() -> None:
    """The shipped weights on the problems that they were fitted on, and weights fitted without the fold they are
    measured on. The full tables take four times as long: `python benchmarks/locating.py FOLDER`.
    """
    if not (DATA / "labelled_dev.jsonl").exists():
        pytest.skip(f"labelled_dev.jsonl is not in {DATA}")
    open_part, _ = split(read_solutions(DATA))
    wrong = [one for one in open_part if one.source in GSM8K_SOURCES and not one.answer_is_right]
    cases = read_cases(wrong, with_reference=True)
    model = shipped_model()
    shipped = [model.with_reference.posterior(case.signs, case.is_formal, answer_is_right=False) for case in cases]
    fitted = cross_validated(cases)
    found = [
        re.search(r"\*\*GSM8K sources\*\* \| \d+ \| ([\d.]+) % \| (\d+) % of (\d+)", "\n".join(table(located, model)))
        for located in (list(zip(cases, posteriors, strict=True)) for posteriors in (shipped, fitted))
    ]
    (best, precision, located), (best_fitted, *_) = (list(map(float, row.groups())) for row in found if row)
    assert best >= 62
    assert precision >= 88
    assert located >= 65
    assert best_fitted >= 54
