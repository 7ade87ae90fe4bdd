"""Suite `accuracy`: greedy pass@1, pass@k and majority@k over samples, and what could not be graded.

Sample 0 is greedy; samples 1 to n are drawn. pass@k is the unbiased estimator, for k = 1, 2, 4 ... up to n.
"""

from __future__ import annotations

from collections.abc import Sequence

from lemma.evaluation.figures import Figure, Rows, Terms, greedy, is_right, ratio, share_of
from lemma.evaluation.metrics import majority, pass_at_k
from lemma.evaluation.outputs import GREEDY, Condition, GradedOutput
from lemma.grading.verdict import exact_value

PLAIN: tuple[Condition, ...] = ("plain",)


def figures(samples: int) -> tuple[Figure, ...]:
    """The figures of the suite for outputs with so many samples a problem."""
    powers = [2**power for power in range(10) if 2**power <= samples]
    return (
        share_of("accuracy, greedy", PLAIN, greedy(is_right), by=("steps",)),
        share_of("ungraded (unknown)", PLAIN, lambda row: row.grade == "unknown"),
        share_of("no answer stated", PLAIN, lambda row: row.grade == "none"),
        share_of("tokens an output", PLAIN, lambda row: row.tokens, percent=False),
        *(Figure(f"pass@{k}", PLAIN, _pass_at(k), ratio, proportion=True) for k in powers),
        *(Figure(f"majority@{k}", PLAIN, _majority_at(k), ratio, proportion=True) for k in powers if k > 2),
    )


def drawn(rows: Rows) -> list[GradedOutput]:
    """The drawn samples of a problem that could be graded, in order."""
    graded = [row for row in rows if row.sample != GREEDY and row.grade != "unknown"]
    return sorted(graded, key=lambda row: row.sample)


def _pass_at(k: int) -> Terms:
    def terms(rows: Rows) -> Sequence[float]:
        samples = drawn(rows)
        if len(samples) < k:
            return 0.0, 0.0
        return pass_at_k(len(samples), sum(row.grade == "right" for row in samples), k), 1.0

    return terms


def _majority_at(k: int) -> Terms:
    def terms(rows: Rows) -> Sequence[float]:
        samples = drawn(rows)[:k]
        return (majority(votes(samples)), 1.0) if len(samples) == k else (0.0, 0.0)

    return terms


def votes(samples: Rows) -> list[tuple[str, bool]]:
    """The answers of samples as votes. All right answers are one candidate, however they are written; numbers count by
    their value, other wrong answers as they are written. What states no answer does not vote.
    """
    return [(_candidate(row), row.grade == "right") for row in samples if row.answer is not None]


def _candidate(row: GradedOutput) -> str:
    if row.grade == "right":
        return row.gold
    value = exact_value(row.answer or "")
    return " ".join((row.answer or "").split()) if value is None else f"= {value}"
