"""`lemma smooth`: a teacher rewrites joined trajectories, so that the turn from wrong to right reads smoothly.

Each correction is joined with a phrase, as `build-sft` does; the teacher rewrites the whole text as one train of
thought, as in the public code of arXiv 2503.17439. The rewrite is verified (`lemma.trajectories.rewriting`). If it does
not hold up, it is rejected with a reason, and `build-sft` joins that correction with a phrase.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from pydantic import ValidationError

from lemma.config import SmoothConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Product
from lemma.exceptions import Refusal, RunDirectoryError, first_fault
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.records import Correction, ErroneousSolution, SmoothedTrajectory, content_id
from lemma.run_files import CORRECTIONS, ERRONEOUS, SMOOTHED
from lemma.rundir.lines import LineIndex
from lemma.rundir.sharing import Hold
from lemma.taxonomy.error_types import load_taxonomy
from lemma.trajectories.joining import PhraseDraw, join
from lemma.trajectories.phrases import load_phrases
from lemma.trajectories.rewriting import read_rewrite

_PROMPT = "smooth"


def plan(config: SmoothConfig, _hold: Hold) -> Job:
    """Let the teacher rewrite. Without a teacher there is nothing to do."""
    if config.teacher is None:
        return Job(None, notes=("nothing was rewritten: --teacher was not given. build-sft joins with phrases",))
    phrases = {f"phrases {strategy}": load_phrases(strategy).version for strategy in config.strategies}
    smoothing = partial(
        smooth, config=config, model=config.teacher, erroneous=LineIndex(ERRONEOUS.path(config.run), "augment", "id")
    )
    return Job(smoothing, model=config.teacher, inputs=phrases, prompts=(_PROMPT,))


def calls(config: SmoothConfig) -> int:
    """Model calls per correction."""
    return 1 if config.teacher else 0


COMMAND = Command(
    SmoothConfig, plan, reads=CORRECTIONS, needs=(ERRONEOUS,), writes=(SMOOTHED,), then="build-sft", calls=calls
)


async def smooth(
    correction: Correction, client: Client, *, config: SmoothConfig, model: str, erroneous: LineIndex
) -> Iterable[Product]:
    """Let the teacher rewrite the trajectory of one correction.

    Raises RunDirectoryError if there is no solution that it corrects, Refusal if the rewrite does not hold up.
    """
    if correction.strategy not in config.strategies:
        return ()
    line = erroneous.find(correction.erroneous_id)
    if line is None:
        raise RunDirectoryError(
            f"{CORRECTIONS.name}: {correction.id} corrects a solution that is not in {ERRONEOUS.name}. "
            "Run `lemma correct --fresh` to correct the current ones"
        )
    try:
        corrected = ErroneousSolution.model_validate_json(line)
    except ValidationError as error:
        raise Refusal("invalid_record", first_fault(error)) from None
    at = corrected.located_step
    draw = PhraseDraw(config.reflections, config.seed)
    family = load_taxonomy(config.taxonomy).family_of(corrected.error_type)
    joined = join(corrected, correction, draw.phrase(corrected, correction, family))
    prompt = load_prompt(_PROMPT).render(
        question=corrected.question,
        text="".join(segment.text for segment in joined.segments),
        wrong_step=corrected.steps[at],
        explanation=corrected.explanation,
    )
    request = Request(model, prompt, Sampling(config.temperature, config.top_p, config.max_tokens))
    (answer,) = await ask_all(client, [request])
    try:
        segments = read_rewrite(corrected, correction, usable_text(answer))
    except Refusal as refusal:
        raise Refusal(refusal.reason, f"{correction.strategy}: {refusal}") from None
    smoothed = SmoothedTrajectory(
        id=content_id(correction.id, *(segment.text for segment in segments)),
        correction_id=correction.id,
        erroneous_id=corrected.id,
        strategy=correction.strategy,
        segments=segments,
        origin="teacher",
        model=model,
    )
    return (smoothed,)
