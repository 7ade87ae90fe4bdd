"""Suite `first-error`: find the first wrong step of a solution, and LEMA's task of correcting it.

ProcessBench's F1 (arXiv 2412.06559) is the harmonic mean of the accuracy on wrong solutions, for which the index must
be the labeled one, and on right ones, for which it must be -1. MR-GSM8K's score (arXiv 2312.17080) adds whether the
reason was judged right; it is reported only if outputs carry that judgment, never from a guess. LEMA's task (arXiv
2310.20689) asks for the step, an explanation and the corrected solution.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lemma.evaluation.figures import Figure, Part, Rows, counts_of, fact, is_right, of_shares, share_of
from lemma.evaluation.metrics import Array, harmonic_mean, matthews, mr_score, share
from lemma.evaluation.outputs import Condition, GradedOutput
from lemma.grading.verdict import extract_answer

LOCATE_PROMPT, CORRECT_PROMPT = "locate_first_error", "correct_wrong_solution"
RIGHT_SOLUTION = -1
_LOCATE: tuple[Condition, ...] = ("locate",)
_CORRECT: tuple[Condition, ...] = ("correct",)
_INDEX = re.compile(r"-?\d+")
_LEMA_STEP = re.compile(r"\bStep (\d+)\b")


def located_step(text: str) -> int | None:
    r"""The 0-based index that an answer names: `\boxed{2}`, `The answer is -1`; None if it names none."""
    answer = extract_answer(text)
    match = None if answer is None else _INDEX.search(answer.replace("−", "-"))
    return int(match.group()) if match else None


def lema_step(text: str) -> int | None:
    """The 0-based index of the step that a LEMA correction names first (it counts from 1)."""
    match = _LEMA_STEP.search(text)
    return int(match.group(1)) - 1 if match else None


def location_facts(label: int, found: int | None) -> dict[str, float]:
    """Facts of an output whose true first wrong step is `label`, -1 for a right solution, and that named `found`."""
    return {"label": float(label), "located": float(found == label), "says_wrong": float(found not in (None, -1))}


def location_fields(label: int, text: str) -> dict[str, Any]:
    """The fields of an output that was asked for the first wrong step, which is `label`. No index is no answer."""
    found = located_step(text)
    facts = location_facts(label, found)
    graded = "right" if facts["located"] else "none" if found is None else "wrong"
    return {"facts": facts, "grade": graded, "answer": None if found is None else str(found)}


def _is_wrong(row: GradedOutput) -> bool:
    return row.facts["label"] != RIGHT_SOLUTION


def _located_on(wrong: bool) -> Part:
    return lambda row: row.facts["located"] if _is_wrong(row) == wrong else None


def _confusion(rows: Rows) -> Sequence[float]:
    """True and false positives, true and false negatives; positive means "the solution is right"."""
    cells = [(not _is_wrong(row), not row.facts["says_wrong"]) for row in rows]
    return tuple(cells.count(cell) for cell in ((True, True), (False, True), (False, False), (True, False)))


def _mcc(totals: Array) -> Array:
    return matthews(*(totals[..., place] for place in range(4)))


def _mr_terms(rows: Rows) -> Sequence[float]:
    """The confusion table, then on wrong solutions: steps found, reasons judged right, and their number."""
    judged = [row for row in rows if "reason_right" in row.facts or not _is_wrong(row)]
    wrong = [row for row in judged if _is_wrong(row)]
    steps, reasons = (sum(row.facts[name] for row in wrong) for name in ("located", "reason_right"))
    return *_confusion(judged), steps, reasons, float(len(wrong))


def _mr(totals: Array) -> Array:
    step, reason = (share(totals[..., place], totals[..., 6]) for place in (4, 5))
    return mr_score(_mcc(totals), step, reason)


FIGURES: tuple[Figure, ...] = (
    share_of("first_wrong_step_found", "first wrong step found", _LOCATE, _located_on(True), ("error_type", "steps")),
    share_of("right_solution_accepted", "right solution accepted as right", _LOCATE, _located_on(False), ("steps",)),
    Figure(
        "processbench_f1",
        "ProcessBench F1",
        _LOCATE,
        counts_of(_located_on(True), _located_on(False)),
        of_shares(harmonic_mean),
        4,
    ),
    Figure("mcc", "MCC, right or wrong", _LOCATE, _confusion, _mcc, 4, percent=False),
    Figure("mr_gsm8k_score", "MR-GSM8K score", _LOCATE, _mr_terms, _mr, 7, percent=False),
    share_of("lema_step_named", "LEMA: step named", _CORRECT, fact("located"), ("error_type",)),
    share_of("lema_corrected", "LEMA: corrected to the right answer", _CORRECT, is_right, ("error_type",)),
)
