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
from typing import get_args

from pydantic import ValidationError
from rich.console import Console

from lemma.config import CorrectConfig
from lemma.engine import Outcome, run_stage
from lemma.exceptions import ConfigError
from lemma.records import Correction, ErroneousSolution, Rejection, Strategy, content_id
from lemma.store import Output, RunDirectory, StoredLine, read_stored_lines, stage_input
from lemma.summary import StageSummary

ERRONEOUS, CORRECTIONS = "erroneous.jsonl", "corrections.jsonl"
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
_MADE_BY = "reference"


def correct(config: CorrectConfig, console: Console) -> StageSummary:
    """Run the stage."""
    strategies = known_strategies(config.strategies)
    source = config.run / ERRONEOUS
    lines = read_stored_lines(source, "augment")
    output = Output(CORRECTIONS, lambda line: str(line["erroneous_id"]) if line["origin"] == "symbolic" else None)
    with RunDirectory(config.run).open_stage(config, (output,), stage_input(source, "augment")) as journal:
        run_stage(partial(correct_line, strategies), lines, journal, config.workers, console)
        return StageSummary(
            made=journal.made,
            rejected=journal.rejected,
            files=(config.run / CORRECTIONS,),
            next_command="lemma build-sft",
        )


def known_strategies(names: Sequence[str]) -> tuple[Strategy, ...]:
    """The named strategies, each once. Raises ConfigError for a name that is none, or when there is no name."""
    for name in names:
        if name not in STRATEGIES:
            raise ConfigError(f"--strategies {name}: there is no such strategy; there are: {', '.join(STRATEGIES)}")
    if not names:
        raise ConfigError(f"--strategies names none; there are: {', '.join(STRATEGIES)}")
    return tuple(strategy for strategy in STRATEGIES if strategy in names)


def correct_line(strategies: Sequence[Strategy], line: StoredLine) -> Outcome:
    """What comes of one line of `erroneous.jsonl`."""
    outcome = Outcome(line.id)
    try:
        erroneous = ErroneousSolution.model_validate_json(line.content)
    except ValidationError as error:
        outcome.reject(invalid_record("correct", line.id, error))
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
            yield _correction(erroneous, strategy, erroneous.reference_steps[first_wrong:])


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


def invalid_record(stage: str, record_id: str, error: ValidationError) -> Rejection:
    """The rejection of a line that is no record, with the first field at fault."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return Rejection(stage=stage, id=record_id, reason="invalid_record", detail=f"{where}: {first['msg']}")
