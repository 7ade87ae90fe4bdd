"""Preference pairs, about one step if possible, in TRL's conversational form: `prompt`, `chosen`, `rejected`.

| pair | both begin with | chosen continues with | rejected continues with |
| --- | --- | --- | --- |
| `rise` (arXiv 2410.06638) | the right steps | the right step | the wrong step |
| `sfs` (arXiv 2608.11573) | and the wrong step | reflection, the right step | the next step, or the wrong answer |
| `whole` | nothing | the right solution | the wrong solution |

Whole solutions are compared if there is no `fix` that continues from the right steps.

In the papers, the prompt is the question and the steps so far. TRL does not support that: it closes the last message of
a conversational prompt and opens a new turn, and plain text gets no chat template. So the steps so far are at the start
of both answers. DPO's loss is a difference of log-likelihoods, in which they cancel exactly, so it is the loss of the
papers with any chat template. `shared` is their length in characters, for a loss in which they do not cancel (one
averaged over tokens, or with a likelihood term for the chosen answer).
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.formats.kind import Case, Line, RecordKind, origin
from lemma.steps import answer_line, solution_text


def of_error(case: Case) -> Iterator[Line]:
    erroneous, joined = case.erroneous, case.first("fix")
    if joined is None:
        wrong = solution_text(erroneous.steps, erroneous.final_answer)
        yield _pair(case, "whole", "", case.repaired.right_solution(erroneous).text, wrong)
        return
    prefix, error, reflection = joined.text("prefix"), joined.text("error"), joined.text("reflection")
    _, (wrong, *_), later = erroneous.split
    ignoring = later[0] if later else answer_line(erroneous.final_answer)
    yield _pair(case, "rise", prefix, joined.first_step, wrong)
    yield _pair(case, "sfs", prefix + error, reflection + joined.next_step, ignoring)


def _pair(case: Case, pair: str, shared: str, chosen: str, rejected: str) -> Line:
    columns = {"pair": pair, "shared": len(shared), **origin(case.erroneous)}
    return Line(case.erroneous.question, shared + chosen, pair, columns, worse=shared + rejected)


KIND = RecordKind(
    summary="pairs of a right and a wrong next step, or of whole solutions",
    of_error=of_error,
    of_solution=None,
    right_solutions="none",
    pairs=True,
    needs_step=False,
)
