"""`lemma smooth`: a teacher rewrites joined trajectories, so that the turn from wrong to right reads smoothly.

Each correction is joined as `build-sft` would join it, with a phrase; the teacher writes the whole text again in one
train of thought, as the public code of arXiv 2503.17439 lets it. What it must not change and must still say is
verified (`lemma.rewriting`). A rewrite that does not hold is rejected by name, and `build-sft` joins that correction by
a phrase.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import orjson
from pydantic import ValidationError
from rich.console import Console

from lemma.asking import run_asking_stage
from lemma.config import SmoothConfig
from lemma.engine import Outcome
from lemma.exceptions import RunDirectoryError
from lemma.joining import PhraseDraw, join
from lemma.prompts import load_prompt, prompt_versions
from lemma.records import Correction, ErroneousSolution, Rejection, SmoothedTrajectory, Strategy, content_id
from lemma.reflection import load_phrases
from lemma.rewriting import read_rewrite
from lemma.store import Output, RunDirectory, placed_lines, read_stored_lines, stage_input, text_field
from lemma.summary import StageSummary
from lemma.taxonomy import Taxonomy, load_taxonomy
from lemma.teachers.dispatch import Teacher, ask_all
from lemma.teachers.protocol import NoAnswerError, Request, Sampling, usable_text

ERRONEOUS, CORRECTIONS, SMOOTHED = "erroneous.jsonl", "corrections.jsonl", "smoothed.jsonl"
_PROMPT = "smooth"
_NO_TEACHER = "without --teacher nothing is rewritten; build-sft joins by phrases"


@dataclass(frozen=True)
class _Plan:
    model: str
    sampling: Sampling
    draw: PhraseDraw
    taxonomy: Taxonomy


class _Joinable(NamedTuple):
    """A line of `corrections.jsonl`, by its id, with the line of the erroneous solution that it corrects."""

    id: str
    erroneous: bytes
    correction: bytes


def smooth(config: SmoothConfig, console: Console) -> StageSummary:
    """Run the stage."""
    inputs = stage_input(config.run / ERRONEOUS, "augment") | stage_input(config.run / CORRECTIONS, "correct")
    phrases = {f"phrases {strategy}": load_phrases(strategy).version for strategy in config.strategies}
    notes: tuple[str, ...] = (_NO_TEACHER,)
    with RunDirectory(config.run).open_stage(
        config, (Output(SMOOTHED),), inputs | phrases | prompt_versions(_PROMPT)
    ) as journal:
        if config.teacher is None:
            journal.complete()
        else:
            sampling = Sampling(config.temperature, config.top_p, config.max_tokens)
            draw = PhraseDraw(config.reflections, config.seed)
            plan = _Plan(config.teacher, sampling, draw, load_taxonomy(config.taxonomy))
            notes = run_asking_stage(
                partial(_smooth, plan=plan),
                _joinable(config.run, config.strategies),
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


def _joinable(run: Path, strategies: Collection[Strategy]) -> Iterator[_Joinable]:
    """The corrections with these strategies. Raises RunDirectoryError for one of a solution that is not there."""
    path, erroneous = run / CORRECTIONS, _ErroneousLines(run / ERRONEOUS)
    for number, line in enumerate(read_stored_lines(path, "correct"), start=1):
        values = orjson.loads(line.content)
        if values.get("strategy") not in strategies:
            continue
        corrected = erroneous.line(text_field(values, "erroneous_id", path, number))
        if corrected is None:
            raise RunDirectoryError(
                f"{path}, line {number}: corrects a solution that is not in {ERRONEOUS}; `lemma correct --fresh` makes "
                f"the corrections of those that are"
            )
        yield _Joinable(line.id, corrected, line.content)


class _ErroneousLines:
    """Finds erroneous solutions by their ids. Only their places are held, and read on as far as one is looked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, int] = {}
        self._ahead = placed_lines(path, "augment")

    def line(self, record_id: str) -> bytes | None:
        """The line as it stands in its file, None where there is none."""
        while record_id not in self._places:
            found = next(self._ahead, None)
            if found is None:
                return None
            offset, number, values = found
            self._places[text_field(values, "id", self._path, number)] = offset
        with self._path.open("rb") as file:
            file.seek(self._places[record_id])
            return file.readline()


async def _smooth(item: _Joinable, teacher: Teacher, *, plan: _Plan) -> Outcome:
    outcome = Outcome(item.id)
    try:
        erroneous = ErroneousSolution.model_validate_json(item.erroneous)
        correction = Correction.model_validate_json(item.correction)
    except ValidationError as error:
        outcome.reject_invalid(SmoothConfig.command, error)
        return outcome
    (answer,) = await ask_all(teacher, [_request(plan, erroneous, correction)])
    try:
        smoothed = _smoothed(plan, erroneous, correction, usable_text(answer))
    except NoAnswerError as error:
        detail = f"{correction.strategy}: {error}"
        outcome.reject(Rejection(stage=SmoothConfig.command, id=item.id, reason=error.reason, detail=detail))
    else:
        outcome.add(SMOOTHED, smoothed, f"smoothed trajectories, {correction.strategy}")
    return outcome


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
    """The trajectory in a rewrite. Raises NoAnswerError naming what is wrong with it."""
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
