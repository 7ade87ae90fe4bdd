"""`lemma correct`: right solutions for the erroneous ones, from the reference solution they were made of.

`fix` goes on from the right prefix with the reference's own step; `restart` solves the problem from the start
(arXiv 2503.17439, section 3.3). Where an erroneous solution has a prefix of its own, as a student's has, the reference
says nothing of how to go on from it, so there is no symbolic `fix`.

    >>> [correction.steps for correction in corrections(erroneous, ("fix", "restart"))]
    [('10 - 7 = 3',), ('3 + 4 = 7', '10 - 7 = 3')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from lemma.arithmetic.equations import read_step
from lemma.config import CorrectConfig
from lemma.engine.calls import run_asking_stage
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.summary import StageSummary
from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.locating.judge import numbered
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt, prompt_versions
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.records import Correction, ErroneousSolution, Rejection, Solution, Strategy, content_id
from lemma.rundir.journal import Output, RunDirectory
from lemma.rundir.lines import LineIndex, StoredLine, flowing_lines, stage_input
from lemma.steps import split_steps, states_answer, without_answer_line
from lemma.trajectories.leaks import refuse_leaks

ERRONEOUS, CORRECTIONS, SOLUTIONS = "erroneous.jsonl", "corrections.jsonl", "solutions.jsonl"
_MADE_BY = "reference"
_PROMPTS: Mapping[Strategy, str] = {"fix": "correct_fix", "restart": "correct_restart"}


def correct(config: CorrectConfig, console: Console) -> StageSummary:
    """Run the stage."""
    source = config.run / ERRONEOUS
    lines = flowing_lines(source, "augment")
    output = Output(CORRECTIONS, lambda line: str(line["erroneous_id"]))
    inputs = stage_input(source, "augment") | (prompt_versions(*_PROMPTS.values()) if config.teacher else {})
    notes: tuple[str, ...] = ()
    with RunDirectory(config.run).open_stage(config, (output,), inputs) as journal:
        if config.teacher:
            right = _RightSolutions(config.run / SOLUTIONS)
            asking = partial(_correct_by_teacher, config=config, model=config.teacher, right=right)
            notes = run_asking_stage(
                asking, lines, journal=journal, config=config, model=config.teacher, console=console
            )
        else:
            run_stage(partial(correct_line, config.strategies), lines, journal, config.workers, console)
        return StageSummary(
            made=journal.made,
            rejected=journal.rejected,
            files=(config.run / CORRECTIONS,),
            next_command="lemma build-sft",
            notes=notes,
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


class _RightSolutions:
    """The student's first right solution of each problem, where there is one."""

    def __init__(self, path: Path) -> None:
        self._lines = LineIndex(path, "sample", "problem_id", {"verdict": "equal"}) if path.exists() else None

    def steps(self, problem_id: str) -> tuple[str, ...] | None:
        """The steps of the right solution, where there is one."""
        line = self._lines and self._lines.find(problem_id)
        return Solution.model_validate_json(line).steps if line else None


async def _correct_by_teacher(
    line: StoredLine, client: Client, *, config: CorrectConfig, model: str, right: _RightSolutions
) -> Outcome:
    outcome = Outcome(line.id)
    try:
        erroneous = ErroneousSolution.model_validate_json(line.content)
    except ValidationError as error:
        outcome.reject_invalid("correct", error)
        return outcome
    sampling = Sampling(config.temperature, config.top_p, config.max_tokens)
    requests = [_request(erroneous, strategy, model, sampling, right) for strategy in config.strategies]
    for strategy, answer in zip(config.strategies, await ask_all(client, requests), strict=True):
        try:
            text = usable_text(answer)
            correction = _read_correction(erroneous, strategy, model, text)
        except Refusal as error:
            outcome.reject(
                Rejection(stage="correct", id=erroneous.id, reason=error.reason, detail=f"{strategy}: {error}")
            )
        else:
            outcome.add(CORRECTIONS, correction, f"corrections, {strategy}")
    return outcome


def _request(
    erroneous: ErroneousSolution, strategy: Strategy, model: str, sampling: Sampling, right: _RightSolutions
) -> Request:
    """A restart looks at a right solution of the student's own where there is one (arXiv 2503.17439, section 3.3)."""
    values = {
        "question": erroneous.question,
        "numbered_steps": numbered(erroneous.steps[: erroneous.error_step + 1]),
        "reference": "\n".join(erroneous.reference_steps),
    }
    if strategy == "fix":
        values |= {"error_number": str(erroneous.error_step + 1), "explanation": erroneous.explanation}
    else:
        values["reference"] = "\n".join(right.steps(erroneous.problem_id) or erroneous.reference_steps)
    return Request(model, load_prompt(_PROMPTS[strategy]).render(**values), sampling)


def _refuse_false_equations(steps: Sequence[str]) -> None:
    for step in steps:
        if any(equation.holds is False for equation in read_step(step).equations):
            raise Refusal("false_equation", step)


def _read_correction(erroneous: ErroneousSolution, strategy: Strategy, model: str, text: str) -> Correction:
    """A correction that holds. Raises Refusal naming what is wrong with it."""
    refuse_leaks(text, erroneous.question)
    judged = verdict(erroneous.gold_answer, text)
    if judged != "equal":
        raise Refusal("answer_wrong" if judged == "different" else "answer_unknown", text[-300:])
    steps = without_answer_line(split_steps(text))
    prefix = erroneous.steps[: erroneous.error_step]
    if strategy == "fix" and prefix and steps[: len(prefix)] == prefix:
        steps = steps[len(prefix) :]  # some models say again what stands before the repaired step
    if not steps:
        raise Refusal("no_steps", text[:300])
    if erroneous.steps[erroneous.error_step] in steps:
        raise Refusal("repeats_the_error", text[:300])
    _refuse_false_equations(steps)
    return Correction(
        id=content_id(erroneous.id, strategy, *steps, erroneous.gold_answer),
        erroneous_id=erroneous.id,
        strategy=strategy,
        steps=steps,
        final_answer=erroneous.gold_answer,
        origin="teacher",
        model=model,
    )
