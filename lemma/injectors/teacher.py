"""Errors that only language can make: a teacher plays the careless student (arXiv 2503.17439, section 3.1).

What it writes is kept only when it is verified: it ended naturally, its answer is different from gold, the steps before
the error are those of the reference, word for word, the error is where it says, nothing gives it away, and a second
look at it by a model that was not told what to find agrees on the step and the type.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.locating.judge import Subject, judging_request, numbered, read_judgement
from lemma.models.client import Client, ask_all
from lemma.models.json_replies import json_reply, whole_number
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Response, Sampling, usable_text
from lemma.records import ErroneousSolution, Problem, content_id
from lemma.statistics import random_for
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.error_types import ErrorType, Taxonomy

PROMPT = "inject_error"
# The confidence that the wrong step is where the teacher put it. Assumed: nobody has measured it on labeled data.
UNAUDITED, AUDITED = 0.8, 0.9
_GIVEN_AWAY = re.compile(
    r"\b(?:careless|intentional(?:ly)?|on purpose|deliberate(?:ly)?|by mistake|mistaken(?:ly)?|wrong(?:ly)?|"
    r"incorrect(?:ly)?|the (?:error|mistake)|error type|correct solution|reference solution)\b",
    re.IGNORECASE,
)
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {"type": "array", "items": {"type": "string"}},
        "error_step": {"type": "integer"},
        "explanation": {"type": "string"},
        "answer": {"type": "string"},
    },
    "required": ["steps", "error_step", "explanation", "answer"],
    "additionalProperties": False,
}


class _Written(BaseModel):
    """What the teacher answers. `error_step` counts from 1."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
    steps: tuple[str, ...] = Field(min_length=1)
    error_step: Annotated[int, BeforeValidator(whole_number)]
    explanation: str
    answer: str


@dataclass(frozen=True)
class TeacherPlan:
    """What to ask for: `weights` of the types, how many errors of each problem, and which share of them is left to the
    student's own. `auditor` is the model of the second look, None for no look; it is asked for its most likely answer
    unless there is an `audit_temperature`.
    """

    model: str
    auditor: str | None
    weights: Mapping[str, float]
    per_problem: int
    student_share: float
    seed: int
    sampling: Sampling
    taxonomy: Taxonomy
    audit_temperature: float = 0.0


async def inject(
    plan: TeacherPlan, problem: Problem, client: Client, counts: Counter[str]
) -> list[ErroneousSolution | Refusal]:
    """Ask for a problem's errors and verify them. `counts` gets what was wanted, and what the second look found."""
    reference = tuple(map(without_annotations, split_steps(problem.solution)))
    wanted = list(_wanted(plan, problem, counts))
    answers = await ask_all(client, [_request(plan, problem, reference, kind, index) for kind, index in wanted])
    results: list[ErroneousSolution | Refusal] = []
    for (kind, _), answer in zip(wanted, answers, strict=True):
        try:
            results.append(_verified(plan, problem, reference, kind, answer))
        except Refusal as reason:
            results.append(reason)
    return results if plan.auditor is None else await _audited(plan, plan.auditor, results, client, counts)


def _wanted(plan: TeacherPlan, problem: Problem, counts: Counter[str]) -> Iterator[tuple[ErrorType, int]]:
    """Types to ask for, each with its number among those of its kind."""
    rng = random_for(plan.seed, problem.id)
    asked: Counter[str] = Counter()
    for _ in range(plan.per_problem):
        left_to_student = rng.random() < plan.student_share
        kind = rng.choices(list(plan.weights), list(plan.weights.values()))[0]
        if left_to_student:
            counts["left: to the student's own errors"] += 1
            continue
        counts[f"types asked: {kind}"] += 1
        yield plan.taxonomy.resolve(kind), asked[kind]
        asked[kind] += 1


def _request(plan: TeacherPlan, problem: Problem, reference: tuple[str, ...], kind: ErrorType, index: int) -> Request:
    prompt = load_prompt(PROMPT).render(
        question=problem.question,
        numbered_steps=numbered(reference),
        type_name=kind.name,
        type_definition=kind.definition,
        example_question=kind.example.question,
        example_right=kind.example.right_step,
        example_wrong=kind.example.wrong_step,
    )
    return Request(plan.model, prompt, plan.sampling, index, _SCHEMA)


def _verified(
    plan: TeacherPlan, problem: Problem, reference: tuple[str, ...], kind: ErrorType, answer: Response | Refusal
) -> ErroneousSolution:
    try:
        text = usable_text(answer)
    except Refusal as error:
        raise Refusal(error.reason, f"{kind.id}: {error}") from None
    try:
        written = _Written.model_validate(json_reply(text))
    except (Refusal, ValidationError):
        raise Refusal("invalid_injection", f"{kind.id}: {text[:300]}") from None
    steps, place = tuple(step.strip() for step in written.steps), written.error_step - 1
    fault = _fault(problem, reference, steps, place, written.answer)
    if fault is not None:
        raise Refusal(fault, f"{kind.id}, step {written.error_step}: {text[:300]}")
    return ErroneousSolution(
        id=content_id(problem.id, kind.id, *steps, written.answer),
        problem_id=problem.id,
        question=problem.question,
        gold_answer=problem.answer,
        reference_steps=reference,
        steps=steps,
        error_step=place,
        error_type=kind.id,
        explanation=written.explanation.strip(),
        final_answer=written.answer.strip(),
        origin="teacher",
        model=plan.model,
        evidence="judge",
        confidence=UNAUDITED,
    )


def _fault(problem: Problem, reference: tuple[str, ...], steps: tuple[str, ...], place: int, answer: str) -> str | None:
    """The name of what is wrong with an injected error, None when it holds so far."""
    if not 0 <= place < len(steps) or not all(steps):
        return "error_step_out_of_range"
    judged = verdict(problem.answer, answer)
    if judged != "different":
        return "answer_still_right" if judged == "equal" else "answer_unknown"
    if steps[:place] != reference[:place]:
        return "prefix_changed"
    if place < len(reference) and steps[place] == reference[place]:
        return "error_step_unchanged"
    if any(_GIVEN_AWAY.search(step) for step in steps[place:]):
        return "gives_itself_away"
    return None


async def _audited(
    plan: TeacherPlan,
    auditor: str,
    results: list[ErroneousSolution | Refusal],
    client: Client,
    counts: Counter[str],
) -> list[ErroneousSolution | Refusal]:
    injected = [result for result in results if isinstance(result, ErroneousSolution)]
    requests = [
        judging_request(
            Subject(one.question, one.reference_steps, one.steps),
            auditor,
            plan.taxonomy,
            plan.sampling.max_tokens,
            plan.audit_temperature,
        )
        for one in injected
    ]
    looks = iter(await ask_all(client, requests))
    audited: list[ErroneousSolution | Refusal] = []
    for result in results:
        audited.append(
            _second_look(result, next(looks), plan.taxonomy, counts)
            if isinstance(result, ErroneousSolution)
            else result
        )
    return audited


def _second_look(
    injected: ErroneousSolution, answer: Response | Refusal, taxonomy: Taxonomy, counts: Counter[str]
) -> ErroneousSolution | Refusal:
    try:
        judgement = read_judgement(usable_text(answer), len(injected.steps), taxonomy)
    except Refusal as error:
        return Refusal(f"audit_{error.reason}", f"{injected.error_type}: {error}")
    found = judgement.error_type or "none"
    counts[f"wanted > found: {injected.error_type} > {found}"] += 1
    if judgement.step != injected.error_step:
        shown = "none" if judgement.step is None else str(judgement.step + 1)
        return Refusal("audit_other_step", f"wanted step {injected.located_step + 1}, found {shown}")
    if found != injected.error_type:
        return Refusal("audit_other_type", f"wanted {injected.error_type}, found {found}")
    return injected.model_copy(update={"confidence": AUDITED})
