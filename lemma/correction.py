"""`lemma correct`: right solutions for the erroneous ones, from the reference solution they were made of.

`fix` goes on from the right prefix with the reference's own step; `restart` solves the problem from the start
(arXiv 2503.17439, section 3.3). Where an erroneous solution has a prefix of its own, as a student's has, the reference
says nothing of how to go on from it, so there is no symbolic `fix`.

    >>> [correction.steps for correction in corrections(erroneous, ("fix", "restart"))]
    [('10 - 7 = 3',), ('3 + 4 = 7', '10 - 7 = 3')]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import ValidationError
from rich.console import Console

from lemma.config import CorrectConfig
from lemma.engine import Outcome, run_stage
from lemma.records import Correction, ErroneousSolution, Rejection, Strategy, content_id
from lemma.steps import states_answer
from lemma.store import Output, RunDirectory, StoredLine, read_stored_lines, stage_input
from lemma.summary import StageSummary

ERRONEOUS, CORRECTIONS = "erroneous.jsonl", "corrections.jsonl"
_MADE_BY = "reference"


def correct(config: CorrectConfig, console: Console) -> StageSummary:
    """Run the stage."""
    source = config.run / ERRONEOUS
    lines = read_stored_lines(source, "augment")
    output = Output(CORRECTIONS, lambda line: str(line["erroneous_id"]) if line["origin"] == "symbolic" else None)
    with RunDirectory(config.run).open_stage(config, (output,), stage_input(source, "augment")) as journal:
        run_stage(partial(correct_line, config.strategies), lines, journal, config.workers, console)
        return StageSummary(
            made=journal.made,
            rejected=journal.rejected,
            files=(config.run / CORRECTIONS,),
            next_command="lemma build-sft",
        )


def correct_line(strategies: Sequence[Strategy], line: StoredLine) -> Outcome:
    """What comes of one line of `erroneous.jsonl`."""
    outcome = Outcome(line.id)
    try:
        erroneous = ErroneousSolution.model_validate_json(line.content)
    except ValidationError as error:
        outcome.reject_invalid("correct", error)
        return outcome
    made = 0
    for correction in corrections(erroneous, strategies):
        outcome.add(CORRECTIONS, correction, f"corrections, {correction.strategy}")
        made += 1
    if made < len(strategies):
        outcome.reject(_foreign_prefix(erroneous))
    return outcome


def corrections(erroneous: ErroneousSolution, strategies: Sequence[Strategy]) -> Iterator[Correction]:
    """The corrections that the reference solution gives."""
    first_wrong = erroneous.error_step
    for strategy in strategies:
        if strategy == "restart":
            yield _correction(erroneous, strategy, erroneous.reference_steps)
        elif erroneous.steps[:first_wrong] == erroneous.reference_steps[:first_wrong]:
            yield _correction(erroneous, strategy, _continuation(erroneous))


def _continuation(erroneous: ErroneousSolution) -> tuple[str, ...]:
    """The reference from the wrong step on. Where it boxed the answer before, the step that did so says it again."""
    boxed = [step for step in erroneous.reference_steps if states_answer((step,))]
    rest = erroneous.reference_steps[erroneous.error_step :]
    return rest if not boxed or states_answer(rest) else (boxed[-1],)


def _correction(erroneous: ErroneousSolution, strategy: Strategy, steps: tuple[str, ...]) -> Correction:
    return Correction(
        id=content_id(erroneous.id, strategy, *steps, erroneous.gold_answer),
        erroneous_id=erroneous.id,
        strategy=strategy,
        steps=steps,
        final_answer=erroneous.gold_answer,
        origin="symbolic",
        model=_MADE_BY,
    )


def _foreign_prefix(erroneous: ErroneousSolution) -> Rejection:
    return Rejection(
        stage="correct",
        id=erroneous.id,
        reason="prefix_not_of_reference",
        detail=f"its first {erroneous.error_step} steps are not the reference's: only a teacher can go on from them",
    )
