"""A revision (as in arXiv 2605.14539 and 2606.18910): a wrong solution is shown, and a right one is written.

If the first wrong step is known and a `fix` repairs it, the right steps before it are kept word for word. `segments`
are character offsets into the answer: the `prefix` that is kept, and the `correction`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.formats.kind import Case, Line, RecordKind, origin, spans, task
from lemma.records import Segment

_PROMPT = "revision"


def of_error(case: Case) -> Iterator[Line]:
    erroneous, repaired = case.erroneous, case.repaired
    text = repaired.right_solution(erroneous).text
    kept = erroneous.split[0] if repaired.correction.strategy == "fix" else ()
    prefix = "".join(f"{step}\n" for step in kept)
    parts = (Segment(kind="prefix", text=prefix), Segment(kind="correction", text=text[len(prefix) :]))
    columns = {
        "strategy": repaired.correction.strategy,
        **origin(erroneous),
        "segments": spans(tuple(part for part in parts if part.text)),
    }
    asked = task(_PROMPT, erroneous.question, erroneous.steps, erroneous.final_answer)
    yield Line(asked, text, repaired.correction.strategy, columns)


KIND = RecordKind(
    summary="shown a wrong solution: a right one that keeps the steps that are right",
    of_error=of_error,
    of_solution=None,
    right_solutions="none",
    needs_step=False,
    prompts=(_PROMPT,),
)
