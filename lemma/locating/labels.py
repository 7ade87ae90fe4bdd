"""Read solutions whose first wrong step is already labeled, whatever public data set they come from.

    >>> row = {"prompt": "What is 2 + 2 + 2?", "completions": ["2 + 2 = 4.", "4 + 2 = 7."], "labels": [True, False]}
    >>> read_labeled(row).first_wrong
    1

A row is recognized by its keys: PRM800K, ProcessBench, MR-GSM8K, Math-Shepherd, Step-DPO, stepwise supervision as in
TRL, and `prm` records of this package. Labels are by people, but for Math-Shepherd (rollouts) and Step-DPO (a model).
The confidence in them is assumed: how often they are right was not measured here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lemma.exceptions import Refusal
from lemma.grading.extraction import find_answer
from lemma.steps import split_steps

Row = Mapping[str, Any]

_WRONG_RATING = -1  # of PRM800K; 0 is neutral, 1 good
_UNFINISHED = ("give_up", "bad_problem")


@dataclass(frozen=True)
class LabeledSolution:
    """A solution and its first wrong step, counted from 0; None if no step is wrong.

    What a data set does not have is empty. `error_type` is as the data set says it, by whatever name.
    """

    question: str
    gold_answer: str
    reference: str
    steps: tuple[str, ...]
    first_wrong: int | None
    final_answer: str
    explanation: str = ""
    error_type: str = ""

    @property
    def reference_steps(self) -> tuple[str, ...] | None:
        """The steps of the reference solution, None if there is none."""
        return split_steps(self.reference) or None

    def __post_init__(self) -> None:
        if not self.question.strip() or not any(step.strip() for step in self.steps):
            raise Refusal("empty_solution", "there is no question or no step")
        if self.first_wrong is not None and not 0 <= self.first_wrong < len(self.steps):
            detail = f"step {self.first_wrong + 1} is labeled as wrong, of {len(self.steps)}"
            raise Refusal("label_out_of_range", detail)


@dataclass(frozen=True)
class DataSet:
    """A data set of labeled solutions: the keys that its rows are known by, and the confidence in its labels."""

    name: str
    keys: tuple[str, ...]
    reader: Callable[[Row], LabeledSolution]
    confidence: float

    def read(self, row: Row) -> LabeledSolution:
        """The labeled solution of a row. Raises Refusal, naming the fields, if it can't be used."""
        try:
            return self.reader(row)
        except KeyError as error:
            raise Refusal("label_unreadable", f"{self.name}: there is no field {error}") from None
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            raise Refusal("label_unreadable", f"{self.name}: {' and '.join(self.keys)}: {error}") from None


def data_set_of(row: Row) -> DataSet:
    """The data set that a row is of. Raises Refusal if no known one has such rows."""
    for data_set in DATA_SETS:
        if all(key in row for key in data_set.keys):
            return data_set
    raise Refusal("label_unknown_shape", f"no known data set has rows of {', '.join(sorted(map(str, row)))}")


def read_labeled(row: Row) -> LabeledSolution:
    """The labeled solution of a row. Raises Refusal if no known data set has such rows, or if the label is unusable."""
    return data_set_of(row).read(row)


def _prm800k(row: Row) -> LabeledSolution:
    question, label = row["question"], row["label"]
    if label.get("finish_reason") in _UNFINISHED:
        raise Refusal("label_unfinished", f"the labeler stopped: {label['finish_reason']}")
    steps: list[str] = []
    first_wrong: int | None = None
    for choice in label["steps"]:
        completion, is_wrong = _chosen(choice)
        steps.append(completion)
        if is_wrong:
            first_wrong = len(steps) - 1
            break
    generated = list(question.get("pre_generated_steps") or ())
    follows = bool(generated) and steps == generated[: len(steps)]
    if follows:
        steps = generated  # labeling stops at the first error, the solution continues
    answer = question.get("pre_generated_answer") if follows else find_answer(steps[-1])
    solution = question.get("ground_truth_solution") or ""
    return LabeledSolution(
        question["problem"],
        question.get("ground_truth_answer") or find_answer(solution) or "",
        solution,
        tuple(steps),
        first_wrong,
        answer or "",
    )


def _chosen(choice: Row) -> tuple[str, bool]:
    """The text of a labeled step, and whether it is wrong. If none was chosen, a wrong one ended the solution."""
    if choice.get("human_completion"):
        return choice["human_completion"]["text"], False
    completions = choice["completions"]
    if choice.get("chosen_completion") is not None:
        chosen = completions[choice["chosen_completion"]]
        return chosen["text"], chosen.get("rating") == _WRONG_RATING
    wrong = [completion["text"] for completion in completions if completion.get("rating") == _WRONG_RATING]
    if not wrong:
        raise Refusal("label_unfinished", "no completion was chosen, and none was rated as wrong")
    return wrong[0], True


def _mr_gsm8k(row: Row) -> LabeledSolution:
    marked = row["model_output_solution_first_error_step"]
    steps = row["model_output_steps"]
    steps = tuple(steps) if isinstance(steps, Sequence) and not isinstance(steps, str) else split_steps(steps)
    is_right = str(row.get("model_output_solution_correctness", "")).lower() in ("correct", "true")
    first_wrong = None if is_right else int(marked) - 1
    solution = row.get("ground_truth_solution") or ""
    answer = row.get("ground_truth_answer")
    gold = find_answer(solution) if answer is None else str(answer)
    return LabeledSolution(
        row["question"],
        gold or "",
        solution,
        steps,
        first_wrong,
        find_answer("\n".join(steps)) or "",
        "" if is_right else str(row.get("model_output_solution_first_error_reason") or "").strip(),
    )


def _step_dpo(row: Row) -> LabeledSolution:
    # The right steps end with the number of the next one, "Step 1: ...\nStep 2:", which `rejected` is.
    before = row["initial_reason_steps"]
    _, right = _numbered_steps(before)
    _, steps = _numbered_steps(f"{before} {row.get('full_rejected') or row['rejected']}")
    return LabeledSolution(
        row["prompt"], str(row.get("answer") or ""), "", steps, len(right), find_answer("\n".join(steps)) or ""
    )


def _math_shepherd(row: Row) -> LabeledSolution:
    question, pieces = _numbered_steps(row["label"])
    verdicts = [piece[-1] for piece in pieces]
    if not set(verdicts) <= {"+", "-"}:
        raise ValueError("a step has neither + nor - at its end")
    steps = tuple(piece[:-1].strip() for piece in pieces)
    return LabeledSolution(
        question,
        "",
        "",
        steps,
        verdicts.index("-") if "-" in verdicts else None,
        find_answer(steps[-1]) or "",
    )


def _numbered_steps(text: str) -> tuple[str, tuple[str, ...]]:
    """What comes before `Step 1:`, and the steps, numbered in their order. A number without text is no step."""
    pieces = []
    number, end = 1, 0
    while (marker := re.compile(rf"(?:^|(?<=\s))Step {number}\s*:").search(text, end)) is not None:
        pieces.append(text[end : marker.start()].strip())
        number, end = number + 1, marker.end()
    head, *steps = (*pieces, text[end:].strip())
    return head, tuple(step for step in steps if step)


def _stepwise(row: Row) -> LabeledSolution:
    steps, labels = tuple(row["completions"]), list(row["labels"])
    if len(labels) > len(steps):
        raise ValueError(f"{len(labels)} labels for {len(steps)} steps")
    wrong = [number for number, label in enumerate(labels) if not label]
    return LabeledSolution(
        row["prompt"],
        str(row.get("gold_answer") or ""),
        "",
        steps,
        wrong[0] if wrong else None,
        find_answer("\n".join(steps)) or "",
        error_type=str(row.get("error_type") or ""),
    )


def _process_bench(row: Row) -> LabeledSolution:
    label = int(row["label"])
    return _of_steps(row, row.get("problem") or row["question"], None if label < 0 else label)


def _first_error_step(row: Row) -> LabeledSolution:
    marked = row["first_error_step"]
    return _of_steps(row, row["question"], None if not marked else int(marked) - 1)


def _of_steps(row: Row, question: str, first_wrong: int | None) -> LabeledSolution:
    solution, steps = row.get("reference_solution") or "", tuple(row["steps"])
    return LabeledSolution(
        question,
        find_answer(solution) or "",
        solution,
        steps,
        first_wrong,
        find_answer("\n".join(steps)) or "",
        "" if first_wrong is None else str(row.get("reason") or "").strip(),
    )


_BY_PEOPLE, _BY_ROLLOUTS_OR_MODEL = 0.95, 0.8
# The one with the most telling keys comes first.
DATA_SETS = (
    DataSet("MR-GSM8K", ("model_output_steps", "model_output_solution_first_error_step"), _mr_gsm8k, _BY_PEOPLE),
    DataSet("Step-DPO", ("initial_reason_steps", "rejected", "prompt"), _step_dpo, _BY_ROLLOUTS_OR_MODEL),
    DataSet("stepwise supervision", ("completions", "labels", "prompt"), _stepwise, _BY_PEOPLE),
    DataSet("first error step", ("steps", "first_error_step"), _first_error_step, _BY_PEOPLE),
    DataSet("ProcessBench", ("steps", "label"), _process_bench, _BY_PEOPLE),
    DataSet("Math-Shepherd", ("input", "label"), _math_shepherd, _BY_ROLLOUTS_OR_MODEL),
    DataSet("PRM800K", ("question", "label"), _prm800k, _BY_PEOPLE),
)
