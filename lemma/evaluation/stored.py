"""Outputs that somebody has already: read from a file, joined with the problems, graded.

A line has `question` or `id`, and `output`; also `model`, `sample`, `tokens` and `finish_reason` where they are known.
The id may be lemma's own or the data set's (`id`, `ID`, `unique_id`). Several lines of one question and model are its
samples, in the order of the file; a first one without a number counts as the greedy one.

Where the data label the first wrong step of a solution, outputs are taken to name that step; `reason_right`, true or
false, says how somebody judged the reason that was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from lemma.engine.outcome import Outcome
from lemma.evaluation.first_error import located_step, location_facts
from lemma.evaluation.outputs import OUTPUTS, GradedOutput, grade, reflection_facts
from lemma.evaluation.problems import Labelled, TestProblem, read_test_problems
from lemma.exceptions import DataError
from lemma.problems.loading import ProblemSource
from lemma.records import Rejection, content_id
from lemma.steps import split_steps

_IDS = ("id", "problem_id", "ID", "unique_id", "uid", "idx")
_STAGE = "eval"


@dataclass(frozen=True)
class StoredOutput:
    """A line of the file, with its problem. `sample` counts the lines of this question and model."""

    id: str
    asked: TestProblem
    model: str
    sample: int
    output: str
    finish_reason: str
    tokens: int | None
    reason_right: bool | None = None


def read_stored(path: Path, source: ProblemSource) -> Iterator[StoredOutput | Rejection]:
    """The outputs of a file. A line that is no output, or of no known problem, is rejected; it stops nothing.

    Raises DataError where the file is not there, or no line is of use.
    """
    problems = _index(source)
    counts: Counter[tuple[str, str]] = Counter()
    usable = False
    columns: set[str] = set()
    for number, line in _lines(path):
        place = f"{path.name}, line {number}"
        row = _parsed(line)
        columns.update(row or ())
        found = _problem(row, problems) if row is not None else None
        reason = _refusal(row, found)
        if row is None or found is None or reason is not None:
            yield Rejection(
                stage=_STAGE, id=content_id(str(path), place), reason=reason or "no_such_problem", detail=place
            )
            continue
        usable = True
        yield _stored(row, found, counts)
    if not usable:
        raise DataError(
            f"{path}: no line has an output of a problem of {source.data}; columns found: "
            f"{', '.join(sorted(columns)) or 'none'}; expected question or id, and output"
        )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    except OSError as error:
        raise DataError(f"--from {path}: {error.strerror}; give a JSONL file of outputs") from None


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _index(source: ProblemSource) -> dict[str, TestProblem]:
    """The problems by lemma's id, the data set's ids, and their questions."""
    index: dict[str, TestProblem] = {}
    for item in read_test_problems(source):
        if isinstance(item, Rejection):
            continue
        index[item.problem.id] = item
        index.setdefault(_key(item.problem.question), item)
        for name in _IDS:
            if isinstance(item.row.get(name), str | int):
                index.setdefault(str(item.row[name]), item)
    return index


def _key(question: str) -> str:
    return " ".join(question.split())


def _problem(row: Mapping[str, Any], problems: Mapping[str, TestProblem]) -> TestProblem | None:
    """The problem of a line: by its id, if that is of the same question, else by the question."""
    question = _key(row["question"]) if isinstance(row.get("question"), str) else None
    for name in _IDS:
        found = problems.get(str(row[name])) if isinstance(row.get(name), str | int) else None
        if found is not None and question in (None, _key(found.problem.question)):
            return found
    return None if question is None else problems.get(question)


def _refusal(row: Mapping[str, Any] | None, problem: TestProblem | None) -> str | None:
    if row is None:
        return "invalid_json"
    if not isinstance(row.get("output"), str):
        return "no_output"
    if not any(name in row for name in ("question", *_IDS)):
        return "no_question_and_no_id"
    return "no_such_problem" if problem is None else None


def _stored(row: Mapping[str, Any], asked: TestProblem, counts: Counter[tuple[str, str]]) -> StoredOutput:
    model = str(row.get("model", "stored outputs"))
    place = counts[asked.id, model]
    counts[asked.id, model] += 1
    reason = row.get("reason_right")
    return StoredOutput(
        id=content_id(model, asked.id, str(place), row["output"]),
        asked=asked,
        model=model,
        sample=row["sample"] if isinstance(row.get("sample"), int) else place,
        output=row["output"],
        finish_reason=str(row.get("finish_reason", "stop")),
        tokens=row["tokens"] if isinstance(row.get("tokens"), int) else None,
        reason_right=reason if isinstance(reason, bool) else None,
    )


def grade_stored(item: StoredOutput | Rejection) -> Outcome:
    """A stored output as a graded one."""
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    problem = item.asked.problem
    row = GradedOutput(
        id=item.id,
        problem_id=problem.id,
        model=item.model,
        condition="plain" if item.asked.labelled is None else "locate",
        sample=item.sample,
        question=problem.question,
        gold=problem.answer,
        output=item.output,
        finish_reason=item.finish_reason,
        tokens=item.tokens,
        operations=len(split_steps(problem.solution)),
        **(_solved(item) if item.asked.labelled is None else _located(item, item.asked.labelled)),
    )
    outcome.add(OUTPUTS, row, "outputs")
    return outcome


def _solved(item: StoredOutput) -> dict[str, Any]:
    problem = item.asked.problem
    answer, graded = grade(problem.answer, item.output, item.finish_reason)
    return {"answer": answer, "grade": graded, **reflection_facts(problem, item.output)}


def _located(item: StoredOutput, solution: Labelled) -> dict[str, Any]:
    found = located_step(item.output)
    facts = location_facts(solution.label, found)
    if item.reason_right is not None:
        facts["reason_right"] = float(item.reason_right)
    graded = "right" if facts["located"] else "none" if found is None else "wrong"
    return {
        "given": "\n".join(solution.steps),
        "answer": None if found is None else str(found),
        "grade": graded,
        "facts": facts,
    }
