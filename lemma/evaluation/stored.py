"""Outputs that already exist: read from a file, joined with the problems, graded.

A line has `question` or `id`, and `output`; also `model`, `sample`, `tokens` and `finish_reason` if they are known.
The id may be lemma's own or the data set's (`id`, `ID`, `unique_id`). Several lines for one question and model are its
samples, in the order of the file; a first one without a number counts as the greedy one.

If the data label the first wrong step of a solution, outputs are taken to name that step; `reason_right`, true or
false, says how the reason given was judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from lemma.engine.outcome import Outcome
from lemma.evaluation.first_error import location_fields
from lemma.evaluation.outputs import OUTPUTS, GradedOutput, grade, reflection_facts
from lemma.evaluation.problems import TestProblem, read_test_problems
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

    @property
    def problem_id(self) -> str:
        """The id of the problem."""
        return self.asked.problem.id


def read_stored(path: Path, source: ProblemSource) -> Iterator[StoredOutput | Rejection]:
    """The outputs in a file. A line that is no output, or of no known problem, is rejected.

    Raises DataError if the file cannot be read, or no line is usable.
    """
    problems = _index(source)
    counts: Counter[tuple[str, str]] = Counter()
    usable = False
    columns: set[str] = set()
    for number, line in _lines(path):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = None
        if isinstance(row, dict):
            columns.update(row)
        found = _problem(row, problems) if isinstance(row, dict) else "invalid_json"
        if isinstance(found, str):
            place = f"{path.name}, line {number}"
            yield Rejection(stage=_STAGE, id=content_id(str(path), place), reason=found, detail=place)
            continue
        usable = True
        model = str(row.get("model", "stored outputs"))
        sample = counts[found.id, model]
        counts[found.id, model] += 1
        reason = row.get("reason_right")
        yield StoredOutput(
            id=content_id(model, found.id, str(sample), row["output"]),
            asked=found,
            model=model,
            sample=row["sample"] if isinstance(row.get("sample"), int) else sample,
            output=row["output"],
            finish_reason=str(row.get("finish_reason", "stop")),
            tokens=row["tokens"] if isinstance(row.get("tokens"), int) else None,
            reason_right=reason if isinstance(reason, bool) else None,
        )
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


def _problem(row: Mapping[str, Any], problems: Mapping[str, TestProblem]) -> TestProblem | str:
    """The problem of a line: by its id, unless that has another question, else by the question; or why not."""
    if not isinstance(row.get("output"), str):
        return "no_output"
    if not any(name in row for name in ("question", *_IDS)):
        return "no_question_and_no_id"
    question = _key(row["question"]) if isinstance(row.get("question"), str) else None
    for name in _IDS:
        found = problems.get(str(row[name])) if isinstance(row.get(name), str | int) else None
        if found is not None and question in (None, _key(found.problem.question)):
            return found
    return "no_such_problem" if question is None else problems.get(question, "no_such_problem")


def grade_stored(item: StoredOutput | Rejection) -> Outcome:
    """A stored output as a graded one."""
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    problem, labeled = item.asked.problem, item.asked.labeled
    fields: dict[str, Any]
    if labeled is None:
        answer, graded = grade(problem.answer, item.output, item.finish_reason)
        fields = {"answer": answer, "grade": graded, **reflection_facts(problem, item.output)}
    else:
        fields = {"given": "\n".join(labeled.steps), **location_fields(labeled.label, item.output)}
        if item.reason_right is not None:
            fields["facts"]["reason_right"] = float(item.reason_right)
    row = GradedOutput(
        id=item.id,
        problem_id=problem.id,
        model=item.model,
        condition="plain" if labeled is None else "locate",
        sample=item.sample,
        question=problem.question,
        gold=problem.answer,
        output=item.output,
        finish_reason=item.finish_reason,
        tokens=item.tokens,
        operations=len(split_steps(problem.solution)),
        **fields,
    )
    outcome.add_record(OUTPUTS, row, "outputs")
    return outcome
