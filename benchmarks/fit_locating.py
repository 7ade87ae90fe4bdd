"""Fit the weights by which `lemma.locating.graph` chooses a step, on the open part of the labeled solutions.

    python benchmarks/fit_locating.py ../shared/data     # writes lemma/data/locating_graph.json

The shut part (`labeled_solutions.py`) is never read here. Penalties, weights, and thresholds are chosen from five-fold
cross-validation by problem, the thresholds from several splits into folds; `locating.py` prints the figures of the
first. What calibrates a fold comes from a cross-validation of the four others. Solutions that a language model labeled
count less than those that people labeled, and have no part in the thresholds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from labeled_solutions import FOLDS, MACHINE_LABELED, Labeled, read_machine_labeled, read_solutions, split
from numpy.typing import NDArray

from lemma.exceptions import LemmaError
from lemma.locating.choice import (
    COLUMNS,
    SHARPNESS,
    TRUST,
    WEIGHTS_FILE,
    Weights,
    alternatives,
    probabilities,
    sharpness_signs,
    trust_signs,
)
from lemma.locating.posterior import Posterior
from lemma.locating.signs import Reading, Signs, signs_of_steps

Matrix = NDArray[np.float64]

PENALTY, FORMAL_PENALTY, NONE_PENALTY = 7.0, 40.0, 0.02
MACHINE_WEIGHT = 0.7
SPLITS = 5  # into folds, for the choice of the thresholds
# Errors that are all but proven: rare signs, whose large weights the penalty of the others would hold down.
SURE_PENALTY = 1.0
SURE = frozenset(
    (
        *("false", "false_formula", "false_though_set_up_right", "not_identical", "other_operator"),
        *("provable", "repairable", "repaired_by_operator"),
    )
)
# Of the located steps: for problems about formulas, and for all others.
WANTED_PRECISION = {True: 0.85, False: 0.9}
SHARPNESS_PENALTY, TRUST_PENALTY = 2.0, 1.0


@dataclass(frozen=True)
class Case:
    """A labeled solution with its signs."""

    labeled: Labeled
    signs: Signs
    is_formal: bool

    @property
    def rows(self) -> Matrix:
        """The alternatives: the steps, then "none"."""
        return alternatives(self.signs, self.is_formal, self.labeled.answer_is_right)

    @property
    def chosen(self) -> int:
        """The place of the right alternative."""
        wrong = self.labeled.first_wrong
        return len(self.signs) if wrong is None else wrong

    @property
    def by_people(self) -> bool:
        """Whether people labeled it."""
        return self.labeled.source != MACHINE_LABELED


def read_cases(solutions: Sequence[Labeled], with_reference: bool) -> list[Case]:
    """The solutions with their signs: about 10 ms each."""
    cases = []
    for one in solutions:
        reference = one.reference_steps if with_reference else ()
        reading = Reading(one.question, one.gold_answer, reference, one.steps)
        cases.append(Case(one, signs_of_steps(reading), reading.is_formal))
    return cases


def fit(cases: Sequence[Case]) -> Matrix:
    """The weights that maximize the likelihood less a penalty on their squares, by Newton's method."""
    rows = np.vstack([case.rows for case in cases])
    sizes = [len(case.signs) + 1 for case in cases]
    starts = np.cumsum([0, *sizes[:-1]])  # of the alternatives of each case
    owners = np.repeat(np.arange(len(cases)), sizes)
    counts = np.array([1.0 if case.by_people else MACHINE_WEIGHT for case in cases])
    chosen = counts @ rows[starts + [case.chosen for case in cases]]
    penalty = np.array([_penalty(name) for name in COLUMNS])
    weights = np.zeros(len(COLUMNS))
    for _ in range(100):
        scores = rows @ weights
        shares = np.exp(scores - np.maximum.reduceat(scores, starts)[owners])
        shares /= np.add.reduceat(shares, starts)[owners]
        expected = np.add.reduceat(shares[:, None] * rows, starts, axis=0)
        gradient = chosen - counts @ expected - penalty * weights
        curvature = (rows.T * (counts[owners] * shares)) @ rows + np.diag(penalty) - (expected.T * counts) @ expected
        change = np.linalg.solve(curvature, gradient)
        weights += change * min(1.0, 2.0 / np.abs(change).max())  # no step so long that it overshoots
        if np.abs(change).max() < 1e-6:
            break
    return weights


def _penalty(column: str) -> float:
    if column.removeprefix("formal_").startswith("none"):
        return NONE_PENALTY
    if column.startswith("formal_"):
        return FORMAL_PENALTY
    sign = column.removeprefix("first_").removeprefix("after_").removesuffix("_and_clean")
    return SURE_PENALTY if sign in SURE else PENALTY


def sharpness_of(cases: Sequence[Case], weights: Sequence[Matrix]) -> Matrix:
    """The sharpness that makes the marked steps of solutions with a wrong answer most likely.

    `weights` are those of each case. A small penalty keeps the factor near 1.
    """
    wrong = [
        (case, case.rows @ own) for case, own in zip(cases, weights, strict=True) if not case.labeled.answer_is_right
    ]
    scores = np.full((len(wrong), max(len(of_case) for _, of_case in wrong)), -np.inf)
    for index, (_, of_case) in enumerate(wrong):
        scores[index, : len(of_case)] = of_case - of_case.max()
    chosen = [case.chosen for case, _ in wrong]
    signs = np.array([sharpness_signs(case.signs, case.is_formal) for case, _ in wrong])
    counts = np.array([1.0 if case.by_people else MACHINE_WEIGHT for case, _ in wrong])

    def likelihood(sharpness: Matrix) -> float:
        scaled = scores * np.exp(signs @ sharpness)[:, None]
        logarithms = scaled[np.arange(len(wrong)), chosen] - np.log(np.exp(scaled).sum(axis=1))
        return float(counts @ logarithms - SHARPNESS_PENALTY * sharpness @ sharpness)

    found = np.zeros(len(SHARPNESS))
    for step in (0.1, 0.1, 0.03, 0.03, 0.01, 0.01):  # one coordinate after the other, ever finer
        for place in range(len(found)):
            moves = [found + step * count * np.eye(len(found))[place] for count in range(-6, 7)]
            found = max(moves, key=likelihood)
    return found


def trust_of(cases: Sequence[Case], weights: Sequence[Matrix], sharpness: Matrix) -> Matrix:
    """The trust that makes the confidence in the best steps of solutions with a wrong answer most likely.

    `weights` are those of each case. The penalty is on the distance from taking the confidence as it is.
    """
    signs, right, counts = [], [], []
    for case, own in zip(cases, weights, strict=True):
        if case.labeled.answer_is_right:
            continue
        said = probabilities(np.exp(sharpness @ sharpness_signs(case.signs, case.is_formal)) * (case.rows @ own))
        signs.append(trust_signs(said, case.signs, case.is_formal))
        right.append(int(np.argmax(said[:-1])) == case.chosen)
        counts.append(1.0 if case.by_people else MACHINE_WEIGHT)
    of_cases, hits, counted = np.array(signs), np.array(right, dtype=float), np.array(counts)
    as_it_is = np.array([float(name == "slope") for name in TRUST])
    trust = as_it_is.copy()
    for _ in range(30):  # Newton's method
        shares = 1 / (1 + np.exp(-of_cases @ trust))
        gradient = of_cases.T @ (counted * (hits - shares)) - 2 * TRUST_PENALTY * (trust - as_it_is)
        curvature = (of_cases.T * (counted * shares * (1 - shares))) @ of_cases + 2 * TRUST_PENALTY * np.eye(len(TRUST))
        trust += np.linalg.solve(curvature, gradient)
    return trust


def calibrated(cases: Sequence[Case], values: Matrix, split: int = 0) -> Weights:
    """The weights with the calibration that fits when each fold has weights that were fitted on the other folds."""
    folds = {case.labeled.fold(split) for case in cases}
    of_fold = {fold: fit([case for case in cases if case.labeled.fold(split) != fold]) for fold in folds}
    without = [of_fold[case.labeled.fold(split)] for case in cases]
    sharpness = sharpness_of(cases, without)
    return Weights(values, sharpness, trust_of(cases, without, sharpness))


def cross_validated(cases: Sequence[Case], split: int = 0) -> list[Posterior]:
    """The posterior of each case by weights and a calibration that were fitted without its fold."""
    found = {}
    for fold in range(FOLDS):
        others = [case for case in cases if case.labeled.fold(split) != fold]
        found[fold] = calibrated(others, fit(others), split)
    return [
        found[case.labeled.fold(split)].posterior(case.signs, case.is_formal, case.labeled.answer_is_right)
        for case in cases
    ]


def threshold_of(cases: Sequence[Case], posteriors: Sequence[Posterior], is_formal: bool) -> float:
    """The lowest threshold, in steps of 0.02, at which the located steps of wrong solutions are precise enough."""
    wrong = [
        (posterior.steps[posterior.best_step()], posterior.best_step() == case.chosen)
        for case, posterior in zip(cases, posteriors, strict=True)
        if case.by_people and not case.labeled.answer_is_right and case.is_formal == is_formal
    ]
    enough = 0.94
    for percent in range(94, 30, -2):
        located = [right for confidence, right in wrong if confidence >= percent / 100]
        if located and sum(located) / len(located) >= WANTED_PRECISION[is_formal]:
            enough = percent / 100
    return enough


def fitted(solutions: Sequence[Labeled]) -> dict[str, Any]:
    """The content of the file of weights."""
    content: dict[str, Any] = {"fitted_on": "the open part of ProcessBench (GSM8K, MATH), PARC, MR-GSM8K, GSM8K models"}
    for name, with_reference in (("with_reference", True), ("without_reference", False)):
        cases = read_cases(solutions, with_reference)
        if with_reference:
            # With one split into folds, chance moves the thresholds by up to 0.1.
            posteriors = [one for split in range(SPLITS) for one in cross_validated(cases, split)]
            content["threshold"] = threshold_of(cases * SPLITS, posteriors, is_formal=False)
            content["formal_threshold"] = threshold_of(cases * SPLITS, posteriors, is_formal=True)
        model = calibrated(cases, fit(cases))
        weights = zip(COLUMNS, model.values, strict=True)
        content[name] = {
            "sharpness": {name: round(float(value), 4) for name, value in zip(SHARPNESS, model.sharpness, strict=True)},
            "trust": {name: round(float(value), 4) for name, value in zip(TRUST, model.trust, strict=True)},
            "weights": {column: round(float(weight), 4) for column, weight in weights if abs(weight) >= 0.00005},
        }
    return content


def main() -> int:
    """Fit on the folder that is named, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the labeled solutions are")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE, help="the file of weights (default: the package's)")
    flags = parser.parse_args()
    try:
        solutions, _ = split((*read_solutions(flags.folder), *read_machine_labeled(flags.folder)))
    except LemmaError as error:
        print(error, file=sys.stderr)
        return 2
    content = fitted(solutions)
    flags.out.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    thresholds = f"{content['threshold']}, for formulas {content['formal_threshold']}"
    print(f"{len(solutions)} solutions; thresholds {thresholds}; wrote {flags.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
