"""How often the first wrong step of a student's own errors is found: by rollouts, by confidence, and combined.

    python benchmarks/small_student.py STUDENT
    python benchmarks/own_errors.py STUDENT FOLDER --errors 500          # asks, locates, stores, prints
    python benchmarks/own_errors.py STUDENT FOLDER --rollouts 192        # as many continuations per error at most
    python benchmarks/own_errors.py STUDENT FOLDER --fit                 # writes the package's calibrations

The problems are generated, so that the truth of every step is known. The student's own wrong solutions are split by a
hash of the problem: the calibrations are fitted on one half, and the figures of the other half are printed beside them,
as are those of all.
Answers are stored in FOLDER; a second run asks nothing again.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import math
import time
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from locating import calibration_error
from numpy.typing import NDArray
from small_student import TEST_STORIES, gold, problems

from lemma.exceptions import Refusal
from lemma.generation.reading import first_wrong_step, read_step, read_story
from lemma.grading.verdict import extract_answer, verdict
from lemma.locating import confidence, graph, rollouts
from lemma.locating.choice import probabilities, shipped_model
from lemma.locating.combination import COMBINATION_FILE, combined, fitted_combination, odds, threshold
from lemma.locating.posterior import Posterior
from lemma.locating.success_rates import SuccessRates
from lemma.models.attempts import Patience
from lemma.models.backends.transformers import LocalTransformers
from lemma.models.client import LiveClient, ask_all
from lemma.models.costs import Ledger
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Sampling
from lemma.models.scoring import ModelScorer
from lemma.records import GeneratedProblem
from lemma.rundir.responses import ResponseStore
from lemma.steps import split_steps, without_answer_line

_PATIENCE = Patience(max_in_flight=512, timeout=math.inf, deadline=math.inf)
_SAMPLING = Sampling(1.0, 1.0, 96)
_AT_ONCE = 400
METHODS = ("graph", "rollouts", "confidence")
# Only what the student says of itself is fitted here. The graph is calibrated on real solutions, where it is right half
# as often as on these stories; its odds stay as they are, and so do those of a judge, for lack of labeled judgements.
FITTED = ("rollouts", "confidence")
HALVES = (("fitted on", True), ("shut", False))
WANTED_PRECISION = 0.9
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class OwnError:
    """A wrong solution of the student. `wrong` is the first step that doesn't say what the story says, `harmful` the
    first one whose numbers no right step of the story has: only a name or an order is wrong in those before it.
    """

    problem: GeneratedProblem
    steps: tuple[str, ...]
    answer: str
    wrong: int
    harmful: int

    @property
    def is_for_fitting(self) -> bool:
        """Whether its problem is in the half that calibrations are fitted on."""
        return hashlib.sha256(self.problem.id.encode()).digest()[0] % 2 == 0


def own_error(problem: GeneratedProblem, text: str) -> OwnError | None:
    """The error in what the student wrote; None if its answer is right, or its steps can't be read."""
    story = read_story(problem.question)
    steps, answer = without_answer_line(split_steps(text)), extract_answer(text)
    if story is None or answer is None or verdict(gold(problem), text) != "different" or not steps:
        return None
    wrong = first_wrong_step(story, steps)
    read = [read_step(step) for step in steps]
    if wrong is None or None in read:
        return None
    values = story.values()
    operands = {
        (*sorted(story.operands(fact, values)), values[who])
        for who, fact in story.facts.items()
        if fact.kind != "given"
    }
    numbers = [(*sorted((step.left, step.right)), step.result) for step in read if step is not None]
    harmful = next((place for place, one in enumerate(numbers) if one not in operands), None)
    return OwnError(problem, steps, answer, wrong, len(steps) if harmful is None else harmful)


async def sampled_errors(student: rollouts.Student, wanted: int) -> tuple[list[OwnError], int, int]:
    """Own errors of the student, the number of its solutions, and how many of them are right."""
    found: list[OwnError] = []
    asked = right = 0
    stream = problems(TEST_STORIES)
    while len(found) < wanted:
        batch = list(islice(stream, _AT_ONCE))
        answers = await ask_all(student.client, (student.request(problem.question, (), 0) for problem in batch))
        for problem, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Refusal) or answer.finish_reason != "stop":
                continue
            asked += 1
            right += verdict(gold(problem), answer.text) == "equal"
            error = own_error(problem, answer.text)
            if error is not None:
                found.append(error)
    return found[:wanted], asked, right


async def located_by_rollouts(
    student: rollouts.Student, errors: Sequence[OwnError], effort: rollouts.Effort
) -> list[rollouts.Rollouts | None]:
    """What the continuations of each error say; None if they say nothing."""

    async def one(error: OwnError) -> rollouts.Rollouts | None:
        try:
            return await rollouts.locate(
                error.problem.question, gold(error.problem), error.steps, student, effort=effort
            )
        except Refusal:
            return None

    return list(await asyncio.gather(*map(one, errors)))


def by_graph(error: OwnError) -> list[float]:
    """What the numbers say, compared with the reference: the probabilities of the steps, then that of "no step"."""
    reference = split_steps(error.problem.answer)
    found = graph.locate(error.problem.question, gold(error.problem), reference, error.steps)
    return [*found.steps, found.none]


async def gathered(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row per own error: the truth, and what each method says."""
    backend = LocalTransformers(str(options.student))
    options.folder.mkdir(parents=True, exist_ok=True)
    store = ResponseStore(options.folder / "responses.sqlite")
    client = LiveClient(backend, store, Ledger(str(options.student), None), "analyze", _PATIENCE)
    student = rollouts.Student(client, "student", load_prompt("question"), _SAMPLING)
    started = time.monotonic()
    errors, asked, right = await sampled_errors(student, options.errors)
    print(
        f"{asked} solutions, {right / asked:.1%} right, {len(errors)} own errors ({time.monotonic() - started:.0f} s)"
    )
    started = time.monotonic()
    found = await located_by_rollouts(student, errors, rollouts.Effort(options.rollouts))
    print(f"rollouts: {time.monotonic() - started:.0f} s", flush=True)
    store.close()
    return [
        {
            "id": error.problem.id,
            "for_fitting": error.is_for_fitting,
            "question": error.problem.question,
            "steps": error.steps,
            "wrong": error.wrong,
            "harmful": error.harmful,
            "graph": by_graph(error),
            "counts": None if one is None else sorted((length, *count) for length, count in one.counts.items()),
            "drawn": None if one is None else sorted(one.drawn.items()),
            "fixes": 0 if one is None else len(one.fixes),
        }
        for error, one in zip(errors, found, strict=True)
    ]


def add_confidence(rows: Sequence[dict[str, Any]], student: Path) -> None:
    """Add the signs of the student's confidence in every step."""
    scorer = ModelScorer(LocalTransformers(str(student)), _PATIENCE)
    for row in rows:
        row["confidence_signs"] = confidence.signs(
            scorer.score(confidence.turns(row["question"], row["steps"]))
        ).tolist()
    scorer.close()


def fit_choice(cases: Sequence[tuple[Matrix, int]], penalty: float = 1.0) -> Matrix:
    """Weights of a conditional logit: of each case the rows to choose from and the right one, by Newton's method."""
    weights = np.zeros(cases[0][0].shape[1])
    for _ in range(50):
        gradient, curvature = -penalty * weights, penalty * np.eye(len(weights))
        for rows, chosen in cases:
            shares = probabilities(rows @ weights)
            mean = shares @ rows
            gradient += rows[chosen] - mean
            curvature += (rows.T * shares) @ rows - np.outer(mean, mean)
        change = np.linalg.solve(curvature, gradient)
        weights += change
        if np.abs(change).max() < 1e-8:
            break
    return weights


def posteriors_of(row: dict[str, Any], weights: Matrix) -> dict[str, Posterior]:
    """What each method says of an error; a method that says nothing is left out."""
    found = {"confidence": confidence.posterior_of(np.array(row["confidence_signs"]), weights)}
    *steps, none = row["graph"]
    found["graph"] = Posterior(tuple(steps), none)
    if row["counts"]:
        found["rollouts"] = SuccessRates(len(row["steps"])).after(counts_of(row)).posterior
    return found


def fitted(rows: Sequence[dict[str, Any]]) -> tuple[Matrix, dict[str, float]]:
    """The weights of the signs of confidence, and those of the methods in the combination."""
    cases = [(np.array(row["confidence_signs"]), row["wrong"]) for row in rows]
    of_signs = fit_choice(cases)
    combining = []
    for row in rows:
        posteriors = posteriors_of(row, of_signs)
        combining.append(
            (np.stack([odds(posteriors.get(method), len(row["steps"])) for method in FITTED], axis=1), row["wrong"])
        )
    return of_signs, dict(zip(FITTED, fit_choice(combining).round(3).tolist(), strict=True))


def least_confidence(said: Sequence[tuple[float, bool]]) -> float:
    """The lowest confidence, in steps of 0.05, from which on steps are right nine times out of ten; at most 0.95."""
    for percent in range(0, 100, 5):
        told = [right for confidence, right in said if confidence >= percent / 100]
        if told and sum(told) >= WANTED_PRECISION * len(told):
            return percent / 100
    return 0.95


def report(
    rows: Sequence[dict[str, Any]], of_signs: Matrix, truth: str = "wrong"
) -> dict[str, list[tuple[float, bool]]]:
    """Print one line per method and combination. Returns the confidences, and whether the steps were right."""
    said: dict[str, list[tuple[float, bool]]] = {}
    names = [*METHODS, "rollouts,confidence", "graph,confidence", "graph,rollouts", ",".join(METHODS)]
    print("| method | n | best guess | precision at 0.9 | coverage | calibration error |\n" + "| --- " * 6 + "|")
    for name in names:
        said[name] = []
        for row in rows:
            found = {method: one for method, one in posteriors_of(row, of_signs).items() if method in name.split(",")}
            if found:
                posterior = combined(found)
                said[name].append((max(posterior.steps), posterior.best_step() == row[truth]))
        print(_line(name, said[name], len(rows)))
    return said


def _line(name: str, said: Sequence[tuple[float, bool]], total: int) -> str:
    confidences, right = [one for one, _ in said], [fits for _, fits in said]
    sure = [fits for one, fits in said if one >= 0.9]
    precision = f"{sum(sure) / len(sure):.1%} of {len(sure)}" if sure else "none"
    error = calibration_error(confidences, right)
    return f"| {name} | {total} | {sum(right) / total:.1%} | {precision} | {len(sure) / total:.1%} | {error:.3f} |"


def of_search(rows: Sequence[dict[str, Any]]) -> str:
    """How much the rollouts asked for, and what came of it."""
    asked = [row for row in rows if row["counts"]]
    over = sum(len(row["drawn"]) > 4 + math.log2(len(row["steps"])) for row in asked)
    prefixes = sum(len(row["drawn"]) for row in asked) / len(asked)
    samples = sum(drawn for row in asked for _, drawn in row["drawn"]) / len(asked)
    fixes = sum(row["fixes"] > 0 for row in asked) / len(rows)
    return (
        f"{len(asked)} of {len(rows)} have a continuation that is right; {prefixes:.1f} prefixes and {samples:.0f} "
        f"continuations each, {over} with more than 4 + log2(steps) prefixes; {fixes:.1%} have a correction"
    )


def of_misses(rows: Sequence[dict[str, Any]]) -> str:
    """How right the rollouts are from their default threshold on, and how much harm the steps do that they miss."""
    asked = [(row, SuccessRates(len(row["steps"])).after(counts_of(row)).posterior) for row in rows if row["counts"]]
    limit = threshold(frozenset({"rollouts"}))
    sure = [found.best_step() == row["wrong"] for row, found in asked if max(found.steps) >= limit]
    missed = [row for row, found in asked if found.best_step() != row["wrong"]]
    harmless = sum(_share(row, {row["wrong"] + 1}) >= _share(row, range(row["wrong"] + 1)) / 2 > 0 for row in missed)
    return (
        f"rollouts from {limit} on: {sum(sure) / len(sure):.1%} of {len(sure) / len(rows):.1%} are right; "
        f"of {len(missed)} that are missed, {harmless} have at least half as many right continuations behind them"
    )


def counts_of(row: dict[str, Any]) -> dict[int, tuple[int, int]]:
    """By the length of a prefix, its successes and its continuations."""
    return {length: (right, drawn) for length, right, drawn in row["counts"]}


def _share(row: dict[str, Any], lengths: Container[int]) -> float:
    counted = [count for length, count in counts_of(row).items() if length in lengths]
    return sum(right for right, _ in counted) / max(1, sum(drawn for _, drawn in counted))


def main() -> None:
    """Gather, fit on one half, and print the figures of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("student", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--errors", type=int, default=500)
    parser.add_argument("--rollouts", type=int, default=rollouts.DEFAULT_EFFORT.most_samples, metavar="N")
    parser.add_argument("--fit", action="store_true", help="write the calibrations into the package")
    options = parser.parse_args()
    gathered_file = options.folder / f"located-{options.errors}-{options.rollouts}.json"
    if not gathered_file.exists():
        rows = asyncio.run(gathered(options))
        add_confidence(rows, options.student)
        gathered_file.write_bytes(orjson.dumps(rows))
    rows = orjson.loads(gathered_file.read_bytes())
    halves = {name: [row for row in rows if row["for_fitting"] is is_fitted] for name, is_fitted in HALVES}
    if options.fit:
        of_signs, weights = fitted(halves["fitted on"])
        note = f"{len(halves['fitted on'])} own errors of a small student on generated problems"
        signs = dict(zip(confidence.SIGNS, of_signs.round(4).tolist(), strict=True))
        write(confidence.WEIGHTS_FILE, {"fitted_on": note, "weights": signs})
        content = {"fitted_on": note, "weights": weights | {"graph": 1.0, "judge": 1.0}, "thresholds": {}}
        write(COMBINATION_FILE, content)
        confidence.shipped_weights.cache_clear()
        fitted_combination.cache_clear()
        said = report(halves["fitted on"], of_signs)
        limits = {method: least_confidence(said[method]) for method in ("rollouts", "confidence")}
        limits |= {"graph": shipped_model().threshold, "judge": 0.0}
        limits["combined"] = least_confidence(said["rollouts,confidence"])
        write(COMBINATION_FILE, content | {"thresholds": limits})
    for name, half in {**halves, "all": rows}.items():
        print(f"\n{name}: {of_search(half)}\n{of_misses(half)}")
        for truth in ("wrong", "harmful"):
            print(f"first {truth} step")
            report([row for row in half if row[truth] < len(row["steps"])], confidence.shipped_weights(), truth)


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a file of the package."""
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
