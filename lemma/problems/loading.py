"""Read solved problems from a file or a Hugging Face data set. A bad row is rejected with its place; the rest is read.

    >>> source = open_problems("gsm8k_train.jsonl", "augment")
    >>> for item in source: ...      # Problem or Rejection, in the order of the file

Columns are recognized as in GSM8K (`question`, `answer` with `#### 72`), MATH (`problem`, `solution` with `\\boxed{}`),
SVAMP (`Body`, `Question`, `Answer`), ASDiv, MAWPS and similar ones; `columns` maps others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lemma.exceptions import ConfigError, DataError, Refusal
from lemma.grading.verdict import extract_answer
from lemma.problems.rows import READERS, is_local, read_rows, unreadable
from lemma.records import Problem, Rejection, content_id
from lemma.resources import BUNDLED
from lemma.rundir.lines import fingerprint
from lemma.steps import split_steps

SAMPLE = BUNDLED / "sample.jsonl"
FIELDS: dict[str, tuple[str, ...]] = {
    "question": ("question", "problem", "query", "instruction", "prompt", "input", "Question"),
    "solution": ("solution", "reference_solution", "rationale", "response", "output", "completion", "ground_truth"),
    "answer": ("answer", "final_answer", "gold_answer", "expected_answer", "target", "result", "Answer"),
}
_CONTEXTS = ("Body", "body")  # SVAMP and ASDiv keep the story apart from its question
_NUMBERS = "Numbers"  # of MAWPS, for the slots N_00, N_01 ... in its questions
_NUMBER_WITH_UNIT = re.compile(r"(-?\d[\d.,/]*) \([^()\d]+\)")  # ASDiv's `9 (apples)`

# What to do if no row was usable, by the most frequent reason.
_EXPECTED = "Give rows with question and answer (GSM8K), or with problem and solution (MATH)"
_MAP = "Map your columns with --columns question=NAME,solution=NAME,answer=NAME"
_ADVICE = {
    "missing_field": _MAP,
    "wrong_type": _MAP,
    "empty_field": _MAP,
    "empty_solution": f"Give solutions with their steps. {_MAP}",
    "no_answer": f"End each solution with `#### 72` or `\\boxed{{72}}`, or add an answer column. {_MAP}",
    "not_utf8": "Save the file as UTF-8",
    "invalid_json": "Put one JSON object on each line",
}


@dataclass(frozen=True)
class SourceRow:
    """A problem, and its row in the file."""

    problem: Problem
    row: Mapping[str, Any]


@dataclass(frozen=True)
class ProblemSource:
    """Problems in the order of their file. It can be iterated again; only the ids are held in memory.

    `stage` goes into the rejections. A row is rejected if it has no worked solution and `solved` is set, or if it has
    no answer and `answered` is set.
    """

    data: str
    stage: str
    columns: Mapping[str, str] = field(default_factory=dict)
    split: str = "train"
    solved: bool = True
    answered: bool = True

    @property
    def name(self) -> str:
        """The source of the problems, in their records: the name of the file or folder, or the data set's id."""
        return Path(self.data).name if is_local(self.data) else self.data

    def fingerprint(self) -> str:
        """Changes when the data changes."""
        path = Path(self.data)
        if not is_local(self.data):
            return f"{self.data}:{self.split}"
        try:
            if path.is_dir():
                files = sorted(file for file in path.rglob("*") if file.is_file())
                return content_id(self.split, *(f"{file.relative_to(path)} {fingerprint(file)}" for file in files))
            return fingerprint(path)
        except OSError as error:
            raise unreadable(self.data, error) from None

    def __iter__(self) -> Iterator[Problem | Rejection]:
        return (item if isinstance(item, Rejection) else item.problem for item in self.rows())

    def rows(self) -> Iterator[SourceRow | Rejection]:
        """Problems with the rows they were read from, for those who need another column.

        Raises DataError if the data cannot be read, or, at the end, if no row was usable.
        """
        seen: set[str] = set()
        columns: set[str] = set()
        reasons: Counter[str] = Counter()
        first_details: dict[str, str] = {}
        for place, row in read_rows(self.data, self.split):
            try:
                if isinstance(row, Refusal):
                    raise row
                columns.update(map(str, row))
                problem = self._problem(row)
                if problem.id in seen:
                    raise Refusal("duplicate_problem", "the same question and solution appear earlier in the file")
                seen.add(problem.id)
                yield SourceRow(problem, row)
            except Refusal as error:
                detail = f"{place}: {error}"
                reasons[error.reason] += 1
                first_details.setdefault(error.reason, detail)
                yield Rejection(stage=self.stage, id=content_id(self.name, place), reason=error.reason, detail=detail)
        if not seen:
            found = f"columns found: {', '.join(sorted(columns)) or 'none'}"
            if not reasons:
                raise DataError(f"{self.data} holds no usable problem: it has no rows ({found}). {_EXPECTED}")
            ((reason, times),) = reasons.most_common(1)
            raise DataError(
                f"{self.data} holds no usable problem: {times:,} of {reasons.total():,} rows rejected as {reason} "
                f"({first_details[reason][:300]}); {found}. {_ADVICE.get(reason, _EXPECTED)}"
            )

    def _problem(self, row: Mapping[str, Any]) -> Problem:
        question = self._text(row, "question")
        question = _with_story(question, row)
        solution, answer = self._text(row, "solution", ""), self._text(row, "answer", "")
        unit = _NUMBER_WITH_UNIT.fullmatch(answer)
        answer = unit[1] if unit else answer
        if not solution and "####" in answer:
            solution, answer = answer, ""
        if not solution and self.solved and extract_answer(answer) != answer:
            solution = answer  # a whole solution, not just a number
        if self.solved and not split_steps(solution):
            raise Refusal("empty_solution", "there are no solution steps")
        answer = answer if answer and answer != solution else extract_answer(solution) or ""
        if not answer and self.answered:
            raise Refusal("no_answer", "no final answer is given, and none was found in the solution")
        return Problem(
            id=content_id(question, solution, answer),
            question=question,
            solution=solution,
            answer=answer,
            source=self.name,
        )

    def _text(self, row: Mapping[str, Any], wanted: str, default: str | None = None) -> str:
        mapped = self.columns.get(wanted)
        names = (mapped,) if mapped else FIELDS[wanted]
        name = next((name for name in names if name in row), None)
        if name is None or row[name] is None:
            if default is not None and not mapped:
                return default
            raise Refusal("missing_field", f"no {mapped or wanted} among the columns {', '.join(map(str, row))}")
        value = row[name]
        if isinstance(value, int | float) and not isinstance(value, bool) and wanted == "answer":
            return repr(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)
        if not isinstance(value, str):
            raise Refusal("wrong_type", f"{name} is {type(value).__name__}, expected text")
        if not value.strip() and default is None:
            raise Refusal("empty_field", f"{name} is empty")
        return value.strip()


def _with_story(question: str, row: Mapping[str, Any]) -> str:
    """A question with its story before it and its numbers in it, if the data set keeps them apart."""
    for context in _CONTEXTS:
        if isinstance(row.get(context), str):
            question = f"{row[context].strip().rstrip('.')}. {question}"
    if isinstance(row.get(_NUMBERS), str):
        for place, number in enumerate(row[_NUMBERS].split()):
            question = question.replace(f"N_{place:02d}", number.removesuffix(".0"))
    return question


def bundled_sample() -> str:
    """The announcement of a command that reads the bundled sample because no data was given."""
    problems = SAMPLE.read_bytes().count(b"\n")
    return f"no data given: using the bundled sample of {problems} problems"


def open_problems(
    data: str | None,
    stage: str,
    columns: Mapping[str, str] | None = None,
    split: str = "train",
    solved: bool = True,
    *,
    answered: bool = True,
) -> ProblemSource:
    """A source of problems; the bundled sample if `data` is None.

    Raises ConfigError if a column role is unknown, DataError if the file does not exist.
    """
    for role in columns or {}:
        if role not in FIELDS:
            raise ConfigError(f"--columns {role}=...: {role!r} is unknown; map question, solution or answer")
    if data is not None and not is_local(data) and (Path(data).suffix in READERS or data.startswith((".", "/"))):
        raise DataError(f"{data} does not exist; give a .jsonl, .json, .csv or .parquet file, or a Hugging Face id")
    return ProblemSource(str(data or SAMPLE), stage, columns or {}, split, solved, answered)
