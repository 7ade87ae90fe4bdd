"""Ask a model where a solution goes wrong first, and of which type the error is; believe only what has the right form.

request = judging_request(subject, model, taxonomy)
judgement = read_judgement(usable_text(await teacher.ask(request)), len(subject.steps), taxonomy)
posterior = judgement.posterior(len(subject.steps))

The model is shown the reference solution if there is one, and is told nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from lemma.exceptions import ConfigError, Refusal
from lemma.locating.posterior import Posterior
from lemma.models.json_replies import json_reply, whole_number
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling
from lemma.steps import numbered as numbered_steps
from lemma.taxonomy.error_types import Taxonomy

PROMPT, PROMPT_WITHOUT_REFERENCE = "locate_error", "locate_error_without_reference"
# How often a judge is right. Assumed, not measured: measure yours by `lemma analyze --from LABELED --locate judge`.
ACCURACY = 0.8
_NO_ERROR = "none"


@dataclass(frozen=True)
class Subject:
    """A solution to be judged, beside one that is right; `reference` is empty if there is none."""

    question: str
    reference: Sequence[str]
    steps: Sequence[str]


@dataclass(frozen=True)
class Judgement:
    """The first wrong step, from 0, with the id of its type; None and empty where no step is wrong."""

    step: int | None
    error_type: str
    explanation: str

    def posterior(self, steps: int, accuracy: float = ACCURACY) -> Posterior:
        """The probability of each step, of a judge that is right so often. All else is equally probable."""
        rest = (1 - accuracy) / steps
        of_steps = tuple(accuracy if step == self.step else rest for step in range(steps))
        return Posterior(of_steps, accuracy if self.step is None else rest)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    step: Annotated[int, BeforeValidator(whole_number)]
    error_type: str
    explanation: str = ""


def judging_request(
    subject: Subject, model: str, taxonomy: Taxonomy, max_tokens: int = 512, temperature: float = 0.0
) -> Request:
    """The question, without a hint at what the answer should be. The model is asked for its most likely answer, unless
    there is a temperature.
    """
    values = {
        "error_types": "\n".join(f"- {kind.id}: {kind.definition}" for kind in taxonomy),
        "question": subject.question,
        "numbered_steps": numbered(subject.steps),
    }
    if subject.reference:
        prompt = load_prompt(PROMPT).render(reference="\n".join(subject.reference), **values)
    else:
        prompt = load_prompt(PROMPT_WITHOUT_REFERENCE).render(**values)
    return Request(model, prompt, Sampling(temperature, 1.0, max_tokens), response_schema=_schema(taxonomy))


def numbered(steps: Sequence[str]) -> str:
    """Steps as people number them: `Step 1: ...`."""
    return "\n".join(numbered_steps(steps))


def _schema(taxonomy: Taxonomy) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "step": {"type": "integer"},
            "error_type": {"type": "string", "enum": [*(kind.id for kind in taxonomy), _NO_ERROR]},
            "explanation": {"type": "string"},
        },
        "required": ["step", "error_type", "explanation"],
        "additionalProperties": False,
    }


def read_judgement(text: str, step_count: int, taxonomy: Taxonomy) -> Judgement:
    """What a model answered. Raises Refusal for another form, a step that is not there, or an unknown type."""
    try:
        answer = _Answer.model_validate(json_reply(text))
        if answer.step == 0:
            return Judgement(None, "", answer.explanation)
        if not 1 <= answer.step <= step_count:
            raise Refusal("invalid_judgement", f"there is no step {answer.step} among {step_count}")
        return Judgement(answer.step - 1, taxonomy.resolve(answer.error_type).id, answer.explanation.strip())
    except (Refusal, ValidationError, ConfigError) as error:
        if isinstance(error, Refusal) and error.reason == "invalid_judgement":
            raise
        raise Refusal("invalid_judgement", text[:300]) from None


def without_fence(text: str) -> str:
    """JSON without the code fence that some models put around it."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```"):
        return text.removeprefix("```json").removeprefix("```").removesuffix("```")
    return text
