"""`lemma smooth`: a teacher rewrites joined trajectories, so that the turn from wrong to right reads smoothly.

Each correction is joined as `build-sft` would join it, with a phrase; the teacher writes the whole text again in one
train of thought, as the public code of arXiv 2503.17439 lets it. What it must not change and must still say is
verified (`lemma.trajectories.rewriting`). A rewrite that does not hold is rejected by name, and `build-sft` joins that
correction by a phrase.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError
from rich.console import Console

from lemma.config import SmoothConfig
from lemma.engine.calls import run_asking_stage
from lemma.engine.outcome import Outcome
from lemma.engine.summary import StageSummary
from lemma.exceptions import Refusal, RunDirectoryError
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt, prompt_versions
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.records import Correction, ErroneousSolution, Rejection, SmoothedTrajectory, Strategy, content_id
from lemma.rundir.journal import Output, RunDirectory
from lemma.rundir.lines import LineIndex, StoredLine, flowing_lines, stage_input
from lemma.taxonomy import Taxonomy, load_taxonomy
from lemma.trajectories.joining import PhraseDraw, join
from lemma.trajectories.phrases import load_phrases
from lemma.trajectories.rewriting import read_rewrite

ERRONEOUS, CORRECTIONS, SMOOTHED = "erroneous.jsonl", "corrections.jsonl", "smoothed.jsonl"
_PROMPT = "smooth"
_NO_TEACHER = "without --teacher nothing is rewritten; build-sft joins by phrases"


@dataclass(frozen=True)
class _Plan:
    model: str
    sampling: Sampling
    draw: PhraseDraw
    taxonomy: Taxonomy
    strategies: Collection[Strategy]
    erroneous: LineIndex


def smooth(config: SmoothConfig, console: Console) -> StageSummary:
    """Run the stage."""
    notes: tuple[str, ...] = (_NO_TEACHER,)
    with RunDirectory(config.run).open_stage(config, (Output(SMOOTHED),), _inputs(config)) as journal:
        if config.teacher is None:
            journal.complete()
        else:
            notes = run_asking_stage(
                partial(_smooth, plan=_plan(config, config.teacher)),
                flowing_lines(config.run / CORRECTIONS, "correct"),
                journal=journal,
                config=config,
                model=config.teacher,
                console=console,
            )
        return StageSummary(
            made=journal.made,
            rejected=journal.rejected,
            files=(config.run / SMOOTHED,),
            next_command="lemma build-sft",
            notes=notes,
        )


def _inputs(config: SmoothConfig) -> dict[str, str]:
    if config.teacher is None:
        return {}
    phrases = {f"phrases {strategy}": load_phrases(strategy).version for strategy in config.strategies}
    made = stage_input(config.run / ERRONEOUS, "augment") | stage_input(config.run / CORRECTIONS, "correct")
    return made | phrases | prompt_versions(_PROMPT)


def _plan(config: SmoothConfig, model: str) -> _Plan:
    return _Plan(
        model,
        Sampling(config.temperature, config.top_p, config.max_tokens),
        PhraseDraw(config.reflections, config.seed),
        load_taxonomy(config.taxonomy),
        config.strategies,
        LineIndex(config.run / ERRONEOUS, "augment", "id"),
    )


async def _smooth(line: StoredLine, client: Client, *, plan: _Plan) -> Outcome:
    outcome = Outcome(line.id)
    try:
        correction = Correction.model_validate_json(line.content)
        if correction.strategy not in plan.strategies:
            return outcome
        erroneous = ErroneousSolution.model_validate_json(_corrected(plan, correction))
    except ValidationError as error:
        outcome.reject_invalid(SmoothConfig.command, error)
        return outcome
    (answer,) = await ask_all(client, [_request(plan, erroneous, correction)])
    try:
        smoothed = _smoothed(plan, erroneous, correction, usable_text(answer))
    except Refusal as error:
        detail = f"{correction.strategy}: {error}"
        outcome.reject(Rejection(stage=SmoothConfig.command, id=line.id, reason=error.reason, detail=detail))
    else:
        outcome.add(SMOOTHED, smoothed, f"smoothed trajectories, {correction.strategy}")
    return outcome


def _corrected(plan: _Plan, correction: Correction) -> bytes:
    """The line of the solution that is corrected. Raises RunDirectoryError where it is not there."""
    line = plan.erroneous.find(correction.erroneous_id)
    if line is None:
        raise RunDirectoryError(
            f"{CORRECTIONS}: {correction.id} corrects a solution that is not in {ERRONEOUS}; `lemma correct --fresh` "
            "makes the corrections of those that are"
        )
    return line


def _request(plan: _Plan, erroneous: ErroneousSolution, correction: Correction) -> Request:
    family = plan.taxonomy.resolve(erroneous.error_type).family
    joined = join(erroneous, correction, plan.draw.phrase(erroneous, correction, family))
    prompt = load_prompt(_PROMPT).render(
        question=erroneous.question,
        text="".join(segment.text for segment in joined.segments),
        wrong_step=erroneous.steps[erroneous.error_step],
        explanation=erroneous.explanation,
    )
    return Request(plan.model, prompt, plan.sampling)


def _smoothed(plan: _Plan, erroneous: ErroneousSolution, correction: Correction, text: str) -> SmoothedTrajectory:
    """The trajectory in a rewrite. Raises Refusal naming what is wrong with it."""
    segments = read_rewrite(erroneous, correction, text)
    return SmoothedTrajectory(
        id=content_id(correction.id, *(segment.text for segment in segments)),
        correction_id=correction.id,
        erroneous_id=erroneous.id,
        strategy=correction.strategy,
        segments=segments,
        origin="teacher",
        model=plan.model,
    )
