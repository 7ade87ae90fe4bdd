"""The student's right continuations of its wrong solution, as the records that `lemma correct` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lemma.locating.rollouts import Continuation as RightContinuation
from lemma.records import Continuation, ErroneousSolution, content_id
from lemma.steps import split_steps, without_annotations, without_answer_line


def continuation_records(erroneous: ErroneousSolution, right: Iterable[RightContinuation]) -> Iterator[Continuation]:
    """The right continuations of right prefixes, each once: as they were asked for, and behind all right steps if they
    wrote these again. If the first wrong step is not known, those of no step.
    """
    known = erroneous.error_step or 0
    seen = set()
    for continuation in right:
        steps = tuple(map(without_annotations, without_answer_line(split_steps(continuation.text))))
        behind = continuation.given + continuation.again
        for given in (continuation.given, behind) if continuation.given < behind == known else (continuation.given,):
            rest = steps[given - continuation.given :]
            if given > known or not rest or (given, rest) in seen:
                continue
            seen.add((given, rest))
            yield Continuation(
                id=content_id(erroneous.id, str(given), *rest),
                erroneous_id=erroneous.id,
                problem_id=erroneous.problem_id,
                given=given,
                steps=rest,
                final_answer=erroneous.gold_answer,
                model=erroneous.model,
            )
