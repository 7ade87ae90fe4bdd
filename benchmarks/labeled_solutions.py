"""Real solutions with the first wrong step marked by people, and which of their problems stay shut.

    open_part, shut_part = split(read_solutions(Path("../shared/data")))

`labelled_dev.jsonl` holds ProcessBench and PARC (`label` counts from 0, -1 means that no step is wrong);
`first_error_dev.jsonl` holds MR-GSM8K (`first_error_step` counts from 1). `read_machine_labeled` reads wrong solutions
of `gsm8k_model_solutions.jsonl` that a language model labeled (`gsm8k_model_labels.json`, with how).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lemma.exceptions import DataError
from lemma.grading.extraction import find_answer
from lemma.steps import split_steps, without_answer_line

FILES = ("labelled_dev.jsonl", "first_error_dev.jsonl")
GSM8K_SOURCES = ("ProcessBench gsm8k", "PARC gsm8k", "PARC metamathqa", "PARC orcamath", "MR-GSM8K")
MACHINE_LABELED = "GSM8K models"
MACHINE_LABELS_FILE = Path(__file__).resolve().parent / "gsm8k_model_labels.json"
MATH_SOURCES = ("ProcessBench math", "PARC math")
FOLDS = 5
_SHUT_PERCENT = 20
_STEP_NUMBER = re.compile(r"^Step \d+: ?")


@dataclass(frozen=True)
class Labeled:
    """A solution and its first wrong step, counted from 0; None if people found no step wrong."""

    source: str
    question: str
    reference_solution: str
    steps: tuple[str, ...]
    first_wrong: int | None
    answer_is_right: bool

    @property
    def reference_steps(self) -> tuple[str, ...]:
        """The reference solution, step by step."""
        return split_steps(self.reference_solution)

    @property
    def gold_answer(self) -> str:
        """The answer of the reference solution."""
        return find_answer(self.reference_solution) or ""

    def bucket(self, split: int = 0) -> int:
        """A number from 0 to 99 that all solutions of a problem share, another one for each split."""
        words = " ".join(self.question.lower().split())
        salted = f"{split} {words}" if split else words
        return int(hashlib.sha256(salted.encode()).hexdigest(), 16) % 100

    @property
    def is_shut(self) -> bool:
        """Whether the problem is kept for the one measurement at the end."""
        return self.bucket() < _SHUT_PERCENT

    def fold(self, split: int = 0) -> int:
        """The fold of cross-validation that the problem belongs to."""
        return self.bucket(split) % FOLDS


def read_solutions(folder: Path) -> Iterator[Labeled]:
    """All labeled solutions of a folder. Raises DataError if a file can't be read."""
    for name in FILES:
        path = folder / name
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DataError(f"{path} can't be read: {error}") from None
        for row in map(json.loads, lines):
            marked = row["label"] if "label" in row else row["first_error_step"] - 1
            yield Labeled(
                row.get("source", "MR-GSM8K"),
                row["question"],
                row["reference_solution"],
                tuple(row["steps"]),
                marked if marked >= 0 else None,
                row.get("final_answer_correct", False),
            )


def read_machine_labeled(folder: Path) -> Iterator[Labeled]:
    """The solutions that a language model labeled; the steps end with the answer, as `lemma analyze` reads them.

    Raises DataError if the file can't be read.
    """
    labels = json.loads(MACHINE_LABELS_FILE.read_text(encoding="utf-8"))["labels"]
    path = folder / "gsm8k_model_solutions.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path} can't be read: {error}") from None
    for row in map(json.loads, lines):
        for sample in row.values():
            if not isinstance(sample, dict):
                continue
            content = f"{row['question']}\n{sample['solution']}"
            marked = labels.get(hashlib.sha256(content.encode()).hexdigest()[:16])
            if marked is not None:
                steps = (*split_steps(sample["solution"]), f"The answer is {find_answer(sample['solution'])}")
                yield Labeled(MACHINE_LABELED, row["question"], row["ground_truth"], steps, marked, False)


def worked_steps(steps: Sequence[str]) -> tuple[str, ...]:
    """The steps of a real solution without the lines at its end that only say the answer: `Step 8: #### 21`."""
    kept = [_STEP_NUMBER.sub("", step) for step in steps]
    while kept and (kept[-1].startswith("####") or not without_answer_line(kept[-1:])):
        kept.pop()
    return tuple(kept)


def split(solutions: Iterable[Labeled]) -> tuple[list[Labeled], list[Labeled]]:
    """The open part, for development and cross-validation, and the shut part, for one measurement at the end."""
    everything = list(solutions)
    return [one for one in everything if not one.is_shut], [one for one in everything if one.is_shut]
