"""Right solutions for an erroneous one without a teacher: from the student's right solutions or from the reference.

    >>> [(one.strategy, one.steps) for one in corrections(erroneous, ("fix", "restart"), [KnownSolution(own_steps)])]
    [('fix', ('So 3 + 4 = 7.', '10 - 7 = 3')), ('restart', ('10 - (3 + 4) = 3',))]

A `fix` continues the right prefix, a `restart` is another solution than the one that the fix completes: where nobody
wrote one, the reference told in another way, if there is a good one (`rearranging`). What is taken from the student
has the right answer, no false equation, and nothing that its new place leaves unexplained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.records import Continuation, Correction, ErroneousSolution, Origin, Strategy, content_id
from lemma.statistics import random_for
from lemma.steps import (
    ANNOTATION,
    answer_line,
    numbered,
    says_number,
    split_steps,
    states_answer,
    without_annotations,
    without_answer_line,
)
from lemma.trajectories.rearranging import Corrected, rearranged
from lemma.trajectories.right_solutions import check_fix, check_reasoning, check_steps, continued, is_another

_NUMBERED = re.compile(r"\s*Step \d", re.IGNORECASE)
REARRANGED = ", rearranged"  # said of the model that wrote the steps
_CHOICES = 4  # of the ways to rearrange a solution


@dataclass(frozen=True)
class KnownSolution:
    """A right solution of the problem, and who wrote it."""

    steps: tuple[str, ...]
    origin: Origin = "symbolic"
    model: str = "reference"


def corrections(
    erroneous: ErroneousSolution,
    strategies: Sequence[Strategy],
    right: Sequence[KnownSolution] = (),
    continuations: Sequence[Continuation] = (),
) -> Iterator[Correction | Refusal]:
    """The corrections of these strategies, or why there is none. `right` are other right solutions than the one
    that the error was compared with or injected into, `continuations` what the student wrote behind its right steps.

    Raises Refusal if there is nothing to follow.
    """
    reference = KnownSolution(erroneous.reference_steps)
    if not right and not reference.steps:
        raise Refusal("no_reference", "the problem has no worked solution to follow")
    own = [KnownSolution(one.steps, "student", one.model) for one in continuations if one.given == 0]
    right = _in_any_order(erroneous, [_like(erroneous, solution) for solution in (*right, *own)])
    proven = next((one for one in right if one.origin != "student"), reference).steps
    right = [one for one in right if one.origin != "student" or _is_reasoned(erroneous, proven, one)]
    known = [*right, reference] if erroneous.origin == "student" else [reference, *right]
    known = list({solution.steps: solution for solution in known if solution.steps}.values())
    fix: Correction | Refusal = Refusal(
        "error_step_unknown", "only a restart corrects an error whose step is not known"
    )
    if erroneous.error_step is not None:
        fix = _continued(erroneous, continuations, proven) or _fix(erroneous, known)
    if "fix" in strategies and ("restart" not in strategies or erroneous.error_step is not None):
        yield fix
    if "restart" in strategies:
        yield _restart(erroneous, known, fix if isinstance(fix, Correction) else None)


def _in_any_order(erroneous: ErroneousSolution, right: list[KnownSolution]) -> list[KnownSolution]:
    """The solutions in an order drawn for this error, so that the errors of a problem get different ones."""
    random_for(0, "corrections", erroneous.id).shuffle(right)
    return sorted(right, key=lambda solution: solution.origin != "student")


def _is_reasoned(erroneous: ErroneousSolution, reference: tuple[str, ...], right: KnownSolution) -> bool:
    """Whether a solution of the student reaches the answer as the reference does, and not by chance."""
    try:
        check_reasoning(erroneous.question, erroneous.gold_answer, reference, right.steps)
    except Refusal:
        return False
    return True


def _like(erroneous: ErroneousSolution, right: KnownSolution) -> KnownSolution:
    """A solution with annotations only if the erroneous one has them."""
    if any(map(ANNOTATION.search, erroneous.steps)):
        return right
    return KnownSolution(tuple(map(without_annotations, right.steps)), right.origin, right.model)


def _fix(erroneous: ErroneousSolution, known: Sequence[KnownSolution]) -> Correction | Refusal:
    """The first right solution that continues the right prefix."""
    prefix, refused = erroneous.split[0], dict[str, str]()
    for solution in known:
        try:
            if solution.steps[: len(prefix)] == prefix:
                rest = solution.steps[len(prefix) :]
            else:
                rest = continued(erroneous.question, erroneous.gold_answer, prefix, solution.steps)
            # If the answer was boxed before the wrong step, the step that boxed it ends the correction.
            boxed = [step for step in solution.steps if states_answer((step,))]
            rest = rest if not boxed or states_answer(rest) else (boxed[-1],)
            if solution.origin == "student":
                check_steps(erroneous, rest)
            check_fix(erroneous, rest)
        except Refusal as refusal:
            refused.setdefault(refusal.reason, refusal.detail)
        else:
            return correction(erroneous, "fix", rest, solution.origin, solution.model)
    why = "; ".join(f"{reason}: {detail}" if detail else reason for reason, detail in refused.items())
    return Refusal("prefix_not_continued", f"no right solution continues the first {len(prefix)} steps ({why})")


def _restart(
    erroneous: ErroneousSolution, known: Sequence[KnownSolution], fix: Correction | None
) -> Correction | Refusal:
    """A right solution that is another one than that which the fix completes."""
    told = [(*erroneous.split[0], *fix.steps)] if fix is not None else []
    if erroneous.origin != "student":
        told.append(erroneous.reference_steps)
    refused = []
    # What the fix was taken from comes last.
    for solution in sorted(known, key=lambda one: fix is not None and one.steps[-len(fix.steps) :] == fix.steps):
        try:
            if not is_another(solution.steps, told):
                raise Refusal("same_solution")
            check_steps(erroneous, solution.steps)
        except Refusal as refusal:
            refused.append(refusal.reason)
        else:
            return correction(erroneous, "restart", solution.steps, solution.origin, solution.model)
    choice = random_for(0, "rearranged", erroneous.id).randrange(_CHOICES)
    for solution in known:
        try:
            corrected = _corrected(erroneous, solution.steps)
            steps = rearranged(erroneous.question, solution.steps, erroneous.gold_answer, choice, corrected)
            check_steps(erroneous, steps)
        except Refusal as refusal:
            refused.append(f"{refusal.reason} {refusal.detail}".strip())
        else:
            return correction(erroneous, "restart", steps, solution.origin, f"{solution.model}{REARRANGED}")
    return Refusal("no_other_solution", "; ".join(dict.fromkeys(refused)))


def _corrected(erroneous: ErroneousSolution, right: tuple[str, ...]) -> Corrected:
    """The steps of a right solution that stand where the wrong one has its error: with those that it skips, if it has
    fewer steps.
    """
    prefix = erroneous.split[0]
    if erroneous.error_step is None or right[: len(prefix)] != prefix or len(right) == len(prefix):
        return Corrected()
    skipped = max(0, len(right) - len(erroneous.steps))
    steps = tuple(range(len(prefix), min(len(prefix) + skipped + 1, len(right))))
    return Corrected(steps, miscalculated=erroneous.error_type == "calculation_error")


def correction(
    erroneous: ErroneousSolution, strategy: Strategy, steps: tuple[str, ...], origin: Origin, model: str
) -> Correction:
    """The record of a correction. Its steps are numbered if those of the erroneous solution are."""
    first = erroneous.located_step + 1 if strategy == "fix" else 1
    if all(says_number(step, number) for number, step in enumerate(erroneous.steps, start=1)):
        # Other numbers of its own are better left alone.
        steps = steps if any(map(_NUMBERED.match, steps)) else numbered(steps, first)
    return Correction(
        id=content_id(erroneous.id, strategy, *steps, erroneous.gold_answer),
        erroneous_id=erroneous.id,
        strategy=strategy,
        steps=steps,
        final_answer=erroneous.gold_answer,
        origin=origin,
        model=model,
    )


def correction_from_continuation(
    erroneous: ErroneousSolution, given: int, continuation: str | Sequence[str], model: str
) -> Correction:
    """What the student wrote after the first `given` steps of its own solution, as a correction in its own words: a fix
    if these are all the right ones, a restart if it was given none.

    Raises Refusal if it does not end in the gold answer, has a false equation, or continues from elsewhere.
    """
    if given not in (erroneous.error_step, 0):
        raise Refusal("other_prefix", f"it continues the first {given} steps, and {erroneous.error_step} are right")
    text = continuation if isinstance(continuation, str) else "\n".join(continuation)
    judged = verdict(erroneous.gold_answer, text)
    if judged != "equal":
        raise Refusal("answer_wrong" if judged == "different" else "answer_unknown", text[-300:])
    steps = without_answer_line(split_steps(text))
    check_steps(erroneous, steps)
    if given == erroneous.error_step:
        check_fix(erroneous, steps)
    return correction(erroneous, "fix" if given == erroneous.error_step else "restart", steps, "student", model)


def _continued(
    erroneous: ErroneousSolution, continuations: Sequence[Continuation], reference: tuple[str, ...]
) -> Correction | None:
    """The first continuation of all right steps, and of no other ones, that holds."""
    for one in continuations:
        whole = KnownSolution((*erroneous.split[0], *one.steps))
        if one.given == erroneous.error_step and _is_reasoned(erroneous, reference, whole):
            text = (*one.steps, answer_line(one.final_answer))
            try:
                return correction_from_continuation(erroneous, one.given, text, one.model)
            except Refusal:
                continue
    return None
