"""How often the first wrong step is found without a model, and how far its confidence can be trusted.

    python benchmarks/locating.py ../shared/data               # cross-validated on the open part
    python benchmarks/locating.py ../shared/data --shut        # the shipped weights on the shut part
    python benchmarks/locating.py ../shared/data --nested      # with thresholds that are cross-validated, too
    python benchmarks/locating.py ../shared/data --without-reference

Open part: each solution is located by weights that were fitted without its fold, five folds by problem. Shut part: a
fifth of the problems, which neither the signs nor the weights have seen. Rows are solutions with a wrong final answer.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from fit_locating import SPLITS, Case, cross_validated, read_cases, threshold_of
from labeled_solutions import (
    GSM8K_SOURCES,
    MACHINE_LABELED,
    MATH_SOURCES,
    read_machine_labeled,
    read_solutions,
    split,
)

from lemma.exceptions import LemmaError
from lemma.locating.choice import ShippedModel, shipped_model
from lemma.locating.posterior import Posterior

_BINS = 10
_DRAWS = 200
_PROBLEM_DRAWS = 1000
Located = tuple[Case, Posterior]


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """The expected calibration error, in ten bins of equal width (Guo et al. 2017)."""
    gaps = [0.0] * _BINS
    for confidence, fits in zip(confidences, right, strict=True):
        gaps[min(_BINS - 1, int(confidence * _BINS))] += confidence - fits
    return sum(map(abs, gaps)) / len(confidences)


def error_by_chance(confidences: Sequence[float]) -> float:
    """The average calibration error of this number of solutions with perfectly calibrated confidences."""
    source = random.Random(0)
    draws = ([source.random() < confidence for confidence in confidences] for _ in range(_DRAWS))
    return sum(calibration_error(confidences, right) for right in draws) / _DRAWS


def figures(name: str, located: Sequence[Located], model: ShippedModel) -> str:
    """One row of the table."""
    right = [posterior.best_step() == case.chosen for case, posterior in located]
    confidences = [max(posterior.steps) for _, posterior in located]
    least = [model.least(case.is_formal) for case, _ in located]
    sure = [fits for fits, *places in zip(right, confidences, least, strict=True) if places[0] >= places[1]]
    precision = f"{100 * sum(sure) / len(sure):.0f} % of {len(sure)}" if sure else "none located"
    return (
        f"| {name} | {len(located)} | {100 * sum(right) / len(right):.1f} % | {precision} "
        f"| {100 * len(sure) / len(located):.0f} % | {calibration_error(confidences, right):.3f} "
        f"| {error_by_chance(confidences):.3f} |"
    )


def table(located: Sequence[Located], model: ShippedModel) -> Iterator[str]:
    """The rows by data set."""
    yield "| wrong final answer | n | best guess | precision | coverage | ECE | ECE by chance |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    wrong = [one for one in located if not one[0].labeled.answer_is_right]
    groups: list[tuple[str, tuple[str, ...]]] = [(source, (source,)) for source in (*GSM8K_SOURCES, *MATH_SOURCES)]
    groups += [("**GSM8K sources**", GSM8K_SOURCES), ("**MATH sources**", MATH_SOURCES)]
    groups += [
        ("**all**", (*GSM8K_SOURCES, *MATH_SOURCES)),
        (f"{MACHINE_LABELED}, by a language model", (MACHINE_LABELED,)),
    ]
    for name, sources in groups:
        rows = [one for one in wrong if one[0].labeled.source in sources]
        if rows:
            yield figures(name, rows, model)


def of_right_answers(located: Sequence[Located]) -> str:
    """What is said of solutions whose final answer is right: some have a wrong step nevertheless."""
    rows = [one for one in located if one[0].labeled.answer_is_right]
    right = sum(posterior.best() == case.labeled.first_wrong for case, posterior in rows)
    without = sum(case.labeled.first_wrong is None for case, _ in rows)
    return f"right final answers: {len(rows)}, {without} of them without a wrong step; said rightly of {right}"


def nested(cases: Sequence[Case]) -> Iterator[str]:
    """The rows over several splits into folds, if each fold gets the thresholds that the four others choose, with the
    standard error of the mean over the splits; then the precision at fixed coverages.
    """
    yield "| wrong final answer | n | best guess | precision | coverage | standard errors |"
    yield "| --- | --- | --- | --- | --- | --- |"
    runs, wrong = [], []
    for number in range(SPLITS):
        posteriors = cross_validated(cases, number)
        wrong.append([one for one in zip(cases, posteriors, strict=True) if not one[0].labeled.answer_is_right])
        folds = [case.labeled.fold(number) for case in cases]
        least = {}
        for fold in set(folds):
            others = [place for place, own in enumerate(folds) if own != fold]
            for is_formal in (False, True):
                known = [cases[place] for place in others], [posteriors[place] for place in others]
                least[fold, is_formal] = threshold_of(*known, is_formal)
        runs.append(
            [
                (case, posterior.best_step() == case.chosen, max(posterior.steps) >= least[fold, case.is_formal])
                for case, posterior, fold in zip(cases, posteriors, folds, strict=True)
                if not case.labeled.answer_is_right
            ]
        )
    groups = (("GSM8K sources", GSM8K_SOURCES), ("MATH sources", MATH_SOURCES), (MACHINE_LABELED, (MACHINE_LABELED,)))
    for name, sources in groups:
        rows = [[one for one in run if one[0].labeled.source in sources] for run in runs]
        located = [[right for _, right, is_sure in run if is_sure] for run in rows]
        best = [mean(right for _, right, _ in run) for run in rows]
        coverage = [len(some) / len(run) for some, run in zip(located, rows, strict=True)]
        precision = [mean(some) for some in located if some]
        together = mean(right for some in located for right in some)
        errors = ", ".join(f"{100 * stdev(one) / len(one) ** 0.5:.1f}" for one in (best, precision, coverage))
        yield (
            f"| {name} | {len(rows[0])} | {100 * mean(best):.1f} % | {100 * together:.1f} % "
            f"| {100 * mean(coverage):.1f} % | {errors} |"
        )
    yield from at_fixed_coverage(wrong)


def at_fixed_coverage(runs: Sequence[Sequence[Located]]) -> Iterator[str]:
    """The precision at the coverages that are wished for and at those that are reached, whatever the thresholds."""
    yield ""
    yield "| precision at a fixed coverage | coverage | precision | 95 % interval |"
    yield "| --- | --- | --- | --- |"
    groups = (("GSM8K sources", GSM8K_SOURCES, (0.35, 0.4)), ("MATH sources", MATH_SOURCES, (0.125, 0.2)))
    for name, sources, shares in groups:
        rows = [[one for one in run if one[0].labeled.source in sources] for run in runs]
        for share in shares:
            found, lowest, highest = (100 * one for one in precision_at(rows, share))
            yield f"| {name} | {100 * share:.1f} % | {found:.1f} % | {lowest:.0f} to {highest:.0f} % |"


def precision_at(runs: Sequence[Sequence[Located]], share: float) -> tuple[float, float, float]:
    """The precision of the surest solutions, this share of all: the mean over the splits into folds, which all have the
    same solutions, and the ends of a 95 % interval, from drawing the problems again.
    """
    right = np.array([[posterior.best_step() == case.chosen for case, posterior in run] for run in runs])
    confidence = np.array([[max(posterior.steps) for _, posterior in run] for run in runs])
    of_problem: dict[str, list[int]] = {}
    for place, (case, _) in enumerate(runs[0]):
        of_problem.setdefault(" ".join(case.labeled.question.lower().split()), []).append(place)

    def of(places: Sequence[int]) -> float:
        drawn, located = np.array(places), round(share * len(places))
        best = np.argsort(-confidence[:, drawn], axis=1, kind="stable")[:, :located]
        return float(np.take_along_axis(right[:, drawn], best, axis=1).mean())

    source, problems = random.Random(0), list(of_problem.values())
    draws = sorted(
        of([place for places in source.choices(problems, k=len(problems)) for place in places])
        for _ in range(_PROBLEM_DRAWS)
    )
    cut = _PROBLEM_DRAWS // 40
    return of(range(right.shape[1])), draws[cut], draws[-1 - cut]


def main() -> int:
    """Print the table for the part that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the labeled solutions are")
    parser.add_argument("--shut", action="store_true", help="measure the shipped weights on the shut part")
    parser.add_argument("--nested", action="store_true", help="cross-validate the thresholds too, over several splits")
    parser.add_argument("--without-reference", action="store_true", help="use the gold answer alone")
    flags = parser.parse_args()
    try:
        open_part, shut_part = split((*read_solutions(flags.folder), *read_machine_labeled(flags.folder)))
    except LemmaError as error:
        print(error, file=sys.stderr)
        return 2
    cases = read_cases(shut_part if flags.shut else open_part, with_reference=not flags.without_reference)
    if flags.nested and not flags.shut:
        print("\n".join(nested(cases)))
        return 0
    model = shipped_model()
    if flags.shut:
        weights = model.without_reference if flags.without_reference else model.with_reference
        posteriors = [weights.posterior(case.signs, case.is_formal, case.labeled.answer_is_right) for case in cases]
    else:
        posteriors = cross_validated(cases)
    located = list(zip(cases, posteriors, strict=True))
    print("\n".join(table(located, model)))
    print(of_right_answers(located))
    return 0


if __name__ == "__main__":
    sys.exit(main())
