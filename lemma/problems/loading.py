"""Read solved problems from a file or a Hugging Face data set. A bad row is rejected with its place, and stops nothing.

    >>> source = open_problems("gsm8k_train.jsonl")
    >>> for item in source: ...      # Problem or Rejection, in the order of the file

Columns are recognised as GSM8K (`question`, `answer` with `#### 72`), MATH (`problem`, `solution` with `\\boxed{}`),
SVAMP (`Body`, `Question`, `Answer`), ASDiv, MAWPS and their like; `columns` maps others.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from lemma.exceptions import ConfigError, DataError, MissingExtraError, Refusal
from lemma.grading.verdict import extract_answer
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
_CONTEXTS = ("Body", "body")  # SVAMP and ASDiv tell the story apart from its question
_NUMBERS = "Numbers"  # of MAWPS, for the places N_00, N_01 ... in its questions
_NUMBER_WITH_UNIT = re.compile(r"(-?\d[\d.,/]*) \([^()\d]+\)")  # ASDiv's `9 (apples)`


@dataclass(frozen=True)
class SourceRow:
    """A problem, and the row of the file."""

    problem: Problem
    row: Mapping[str, Any]


@dataclass(frozen=True)
class ProblemSource:
    """Problems in the order of their file. Iterate it as often as needed; nothing is held but the ids seen.

    `stage` names the rejections; `solved` says whether a row without a worked solution is of use,
    `answered` whether one without an answer is.
    """

    data: str
    stage: str
    columns: Mapping[str, str] = field(default_factory=dict)
    split: str = "train"
    solved: bool = True
    answered: bool = True

    @property
    def name(self) -> str:
        """What problems carry as their source: the name of the file or folder, or the data set's id."""
        return Path(self.data).name if _is_local(self.data) else self.data

    def fingerprint(self) -> str:
        """Changes when the data changes."""
        path = Path(self.data)
        if not _is_local(self.data):
            return f"{self.data}:{self.split}"
        try:
            if path.is_dir():
                files = sorted(file for file in path.rglob("*") if file.is_file())
                return content_id(self.split, *(f"{file.relative_to(path)} {fingerprint(file)}" for file in files))
            return fingerprint(path)
        except OSError as error:
            raise _unreadable(self.data, error) from None

    def __iter__(self) -> Iterator[Problem | Rejection]:
        return (item if isinstance(item, Rejection) else item.problem for item in self.rows())

    def rows(self) -> Iterator[SourceRow | Rejection]:
        """Problems with the rows they were read from, for those who need another column."""
        seen: set[str] = set()
        columns: set[str] = set()
        usable = False
        for place, row in _rows(self.data, self.split):
            try:
                if isinstance(row, Refusal):
                    raise row
                columns.update(map(str, row))
                problem = self._problem(row)
                if problem.id in seen:
                    raise Refusal("duplicate_problem", "the same question and solution stand earlier in the file")
                seen.add(problem.id)
                usable = True
                yield SourceRow(problem, row)
            except Refusal as error:
                yield Rejection(
                    stage=self.stage, id=content_id(self.name, place), reason=error.reason, detail=f"{place}: {error}"
                )
        if not usable:
            raise DataError(self._nothing_usable(columns))

    def _nothing_usable(self, columns: set[str]) -> str:
        found = ", ".join(sorted(columns)) or "none"
        return (
            f"{self.data} holds no usable problem; columns found: {found}; expected question, answer (GSM8K), or "
            f"problem, solution (MATH); map others with --columns question=NAME,solution=NAME,answer=NAME"
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
            solution = answer  # worked out to the end, not just a number
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
    """A question with its story before it and its numbers in it, where the data set keeps them apart."""
    for context in _CONTEXTS:
        if isinstance(row.get(context), str):
            question = f"{row[context].strip().rstrip('.')}. {question}"
    if isinstance(row.get(_NUMBERS), str):
        for place, number in enumerate(row[_NUMBERS].split()):
            question = question.replace(f"N_{place:02d}", number.removesuffix(".0"))
    return question


def bundled_sample() -> str:
    """What a command says first if it reads the bundled sample because no data was given."""
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
    """A source of problems; the bundled sample where `data` is None.

    Raises ConfigError for an unknown column role, DataError for a file that is not there.
    """
    for role in columns or {}:
        if role not in FIELDS:
            raise ConfigError(f"--columns {role}=...: there is no {role!r}; map question, solution, answer")
    if data is not None and not _is_local(data) and (Path(data).suffix in _READERS or data.startswith((".", "/"))):
        raise DataError(f"{data} is not there; give a .jsonl, .json, .csv or .parquet file, or a Hugging Face id")
    return ProblemSource(str(data or SAMPLE), stage, columns or {}, split, solved, answered)


def _is_local(data: str) -> bool:
    try:
        return Path(data).exists()
    except OSError:  # a name that no file can have
        return False


def _unreadable(data: str, error: OSError) -> DataError:
    return DataError(f"{data} can't be read: {error.strerror or error}")


Row = Mapping[str, Any] | Refusal
_MOST_ROWS_OF_A_BATCH, _MOST_BYTES_OF_A_BATCH = 4096, 2**28


def _rows(data: str, split: str) -> Iterator[tuple[str, Row]]:
    if not Path(data).is_file():
        yield from _data_set_rows(data, split)
        return
    reader = _READERS.get(Path(data).suffix)
    if reader is None:
        raise DataError(f"{data}: can't tell the format; name it .jsonl, .json, .csv or .parquet")
    try:
        yield from reader(Path(data))
    except OSError as error:
        raise _unreadable(data, error) from None


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Row]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f"{path.name}, line {number}", _json_row(line.removeprefix(codecs.BOM_UTF8))


def _json_row(line: bytes) -> Row:
    try:
        line.decode("utf-8")
        value = orjson.loads(line)
    except UnicodeDecodeError as error:
        return Refusal("not_utf8", f"byte {error.start} is not UTF-8")
    except orjson.JSONDecodeError as error:
        return Refusal("invalid_json", str(error))
    return _object(value)


def _object(value: Any) -> Row:
    if isinstance(value, dict):
        return value
    return Refusal("wrong_type", f"{type(value).__name__}, expected an object")


def _json_rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        value = orjson.loads(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}: not JSON ({error}); one object a line needs the ending .jsonl") from None
    if isinstance(value, dict):
        value = next((rows for rows in value.values() if isinstance(rows, list)), [value])
    for number, row in enumerate(value if isinstance(value, list) else [value], start=1):
        yield f"{path.name}, item {number}", _object(row)


def _csv_rows(path: Path) -> Iterator[tuple[str, Row]]:
    # Bytes that are not UTF-8 come in as lone surrogates, so that one bad cell costs one row.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file)
        try:
            _ = reader.fieldnames
        except csv.Error as error:
            raise DataError(f"{path}: its first line is no header of a CSV file ({error})") from None
        for number in count(2):
            try:
                yield f"{path.name}, row {number}", _csv_row(next(reader))
            except csv.Error as error:
                yield f"{path.name}, row {number}", Refusal("invalid_csv", str(error))
            except StopIteration:
                return


def _csv_row(row: dict[str | Any, Any]) -> Row:
    if None in row:
        return Refusal("wrong_type", "more cells than the header has columns")
    if any(isinstance(cell, str) and not cell.isprintable() and _has_surrogate(cell) for cell in row.values()):
        return Refusal("not_utf8", "a cell is not UTF-8")
    return row


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _parquet_rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "data") from None
    try:
        file = parquet.ParquetFile(path)
        largest = _largest_value(file.metadata)
        if largest > _MOST_BYTES_OF_A_BATCH:
            raise DataError(f"{path}: a column of it unpacks to {largest / 2**20:,.0f} MiB from almost nothing")
        # One long text that the file holds once may stand in every row.
        size = max(1, min(_MOST_ROWS_OF_A_BATCH, _MOST_BYTES_OF_A_BATCH // max(1, largest)))
        batches: Iterable[Any] = file.iter_batches(size)
        rows = (row for batch in batches for row in _rows_of_batch(batch))
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, row {number}", row
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a parquet file that can be read ({reason})") from None


def _largest_value(metadata: Any) -> int:
    """The most bytes that a value can have, counting only columns that unpack to a hundred times what is stored."""
    chunks = (
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    )
    sizes = ((chunk.total_uncompressed_size, chunk.total_compressed_size) for chunk in chunks)
    return max((unpacked for unpacked, stored in sizes if unpacked > 100 * stored), default=0)


def _rows_of_batch(batch: Any) -> Iterable[Row]:
    try:
        rows: list[Row] = batch.to_pylist()
        return rows
    except UnicodeDecodeError:
        return [_row_of_batch(batch.slice(place, 1)) for place in range(batch.num_rows)]


def _row_of_batch(batch: Any) -> Row:
    try:
        row: Row = batch.to_pylist()[0]
        return row
    except UnicodeDecodeError as error:
        return Refusal("not_utf8", f"byte {error.start} of a cell is not UTF-8")


def _data_set_rows(data: str, split: str) -> Iterator[tuple[str, Row]]:
    """The rows of a data set on the hub, or in a folder that `datasets` can load."""
    try:
        from datasets import load_dataset
    except ImportError:
        raise MissingExtraError("datasets", "data") from None
    try:
        rows = load_dataset(data, split=split, streaming=True)
        for number, row in enumerate(rows, start=1):
            yield f"{data}, row {number}", row
    except Exception as error:  # what a loader, the hub's client and their libraries raise has no common ancestor
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{data}: neither a file here nor a data set that could be loaded ({reason})") from None


_READERS = {
    ".jsonl": _jsonl_rows,
    ".ndjson": _jsonl_rows,
    ".json": _json_rows,
    ".csv": _csv_rows,
    ".parquet": _parquet_rows,
}
