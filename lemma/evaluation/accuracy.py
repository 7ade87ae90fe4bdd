"""Suite `accuracy`: greedy accuracy, pass@k and majority@k over samples, and how much could not be graded.

Sample 0 is greedy; samples 1 to n are drawn. pass@k is the unbiased estimator, for k = 1, 2, 4 ... up to n.
An output without an answer counts as wrong everywhere; only `unknown` ones are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from lemma.evaluation.figures import Figure, Rows, Terms, greedy, is_right, ratio, share_of
from lemma.evaluation.metrics import majority, pass_at_k
from lemma.evaluation.outputs import GREEDY, Condition, GradedOutput
from lemma.grading.verdict import exact_value

PLAIN: tuple[Condition, ...] = ("plain",)
# The figures by which models are ranked.
ACCURACY, NO_ANSWER, UNKNOWN = "accuracy", "no_answer", "unknown"


def figures(samples: int) -> tuple[Figure, ...]:
    """The figures of the suite for outputs with this many samples per problem."""
    powers = [2**power for power in range(10) if 2**power <= samples]
    return (
        share_of(ACCURACY, "accuracy (greedy)", PLAIN, greedy(is_right), by=("steps",)),
        share_of(NO_ANSWER, "no answer (counted as wrong)", PLAIN, lambda row: row.grade == "none"),
        share_of(UNKNOWN, "unknown (could not be graded)", PLAIN, lambda row: row.grade == "unknown"),
        share_of("tokens_per_output", "tokens per output", PLAIN, lambda row: row.tokens, percent=False),
        *(Figure(f"pass_at_{k}", f"pass@{k}", PLAIN, _pass_at(k), ratio, proportion=True) for k in powers),
        *(
            Figure(f"majority_at_{k}", f"majority@{k}", PLAIN, _majority_at(k), ratio, proportion=True)
            for k in powers
            if k > 2
        ),
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
    """The answers of samples as votes: a candidate, and whether it is right. Outputs without an answer do not vote.

    All right answers are one candidate, however they are written. Wrong numbers count by their value, other wrong
    answers as they are written.
    """
    found = []
    for row in samples:
        if row.answer is None:
            continue
        value = exact_value(row.answer)
        wrong = " ".join(row.answer.split()) if value is None else f"= {value}"
        found.append((row.gold, True) if row.grade == "right" else (wrong, False))
    return found
