"""How often the first wrong step of a student's own errors is found: by rollouts, by confidence, and combined.

    python benchmarks/small_student.py STUDENT
    python benchmarks/own_errors.py STUDENT FOLDER --errors 500          # asks, locates, stores, prints
    python benchmarks/own_errors.py STUDENT FOLDER --fit                 # writes the package's calibrations

The problems are generated, so that the truth of every step is known. The student's own wrong solutions are split by a
hash of the problem: the calibrations are fitted on one half, and the figures of the other half are printed beside them.
Answers are stored in FOLDER; a second run asks nothing again.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from small_student import TEST_STORIES, gold, problems

from lemma.exceptions import Refusal
from lemma.generation.reading import first_wrong_step, read_step, read_story
from lemma.grading.verdict import extract_answer, verdict
from lemma.locating import confidence, graph, rollouts
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


def by_graph(error: OwnError) -> Any:
    """What the numbers say, compared with the reference."""
    reference = split_steps(error.problem.answer)
    return graph.locate(error.problem.question, gold(error.problem), reference, error.steps)


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
    found = await located_by_rollouts(student, errors, rollouts.DEFAULT_EFFORT)
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
            "graph": list(by_graph(error).steps),
            "rollouts": None if one is None else list(one.posterior.steps),
            "counts": None if one is None else sorted((length, *count) for length, count in one.counts.items()),
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
