"""Ask a model about one problem everything that the wanted suites need, and grade what it writes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lemma.engine.outcome import Outcome
from lemma.evaluation.asker import Asker
from lemma.evaluation.blind_spot import PROMPT as CONTINUE_PROMPT
from lemma.evaluation.first_error import (
    CORRECT_PROMPT,
    LOCATE_PROMPT,
    RIGHT_SOLUTION,
    lema_step,
    located_step,
    location_facts,
)
from lemma.evaluation.outputs import GREEDY, OUTPUTS, Condition, GradedOutput, grade, reflection_facts
from lemma.evaluation.problems import Labelled, TestProblem
from lemma.evaluation.recovery import Prefix, own_prefixes, recovery_facts
from lemma.exceptions import Refusal
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Response
from lemma.records import ErroneousSolution, Rejection, content_id
from lemma.rng import random_for
from lemma.steps import split_steps, without_annotations


@dataclass(frozen=True)
class Plan:
    """What is wanted of every problem: `samples` to draw, and at most `errors` of each origin to recover from."""

    conditions: frozenset[Condition]
    samples: int
    errors: int
    seed: int
    injection: InjectionPlan


async def probe(item: TestProblem | Rejection, plan: Plan, asker: Asker) -> Outcome:
    """All outputs about one problem."""
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    probing = _Probing(item, plan, asker, outcome)
    await probing.run()
    return outcome


class _Probing:
    """The probes of one problem. What the model does not answer is rejected by name."""

    def __init__(self, item: TestProblem, plan: Plan, asker: Asker, outcome: Outcome) -> None:
        self._item, self._problem, self._plan = item, item.problem, plan
        self._asker, self._outcome = asker, outcome
        self._reference = tuple(map(without_annotations, split_steps(item.problem.solution)))

    async def run(self) -> None:
        """Ask, in an order that lets a local model work on much at once."""
        # Without an answer to grade against, only the labelled step can be asked for.
        wanted = self._plan.conditions if self._problem.answer else self._plan.conditions & {"locate"}
        errors = self._errors() if wanted - {"plain"} and self._problem.answer else ()
        asked: list[Awaitable[list[GradedOutput]]] = []
        if "plain" in wanted or "own" in wanted:
            asked.append(self._plain_and_own())
        if "injected" in wanted:
            asked.append(self._recovery(self._injected_prefixes(errors)))
        if "user_turn" in wanted:
            asked += [self._user_turn(error) for error in errors]
        if "locate" in wanted:
            asked += [self._locate(solution, kind) for solution, kind in self._to_locate(errors)]
        if "correct" in wanted:
            asked += [self._correct(error) for error in errors]
        for rows in await asyncio.gather(*asked):
            for row in rows:
                self._outcome.add(OUTPUTS, row, f"outputs, {row.condition.replace('_', ' ')}")

    def _errors(self) -> tuple[ErroneousSolution, ...]:
        try:
            return erroneous_solutions(self._plan.injection, self._problem).records
        except Refusal:
            return ()

    async def _plain_and_own(self) -> list[GradedOutput]:
        answers = await self._all(
            self._asker.solve(self._problem.question, (), n) for n in range(self._plan.samples + 1)
        )
        rows = [
            self._row("plain", answer, sample, fields=reflection_facts(self._problem, answer.text))
            for sample, answer in answers
            if sample == GREEDY or "plain" in self._plan.conditions
        ]
        if "own" not in self._plan.conditions:
            return rows
        samples = [answer.text for sample, answer in answers if sample != GREEDY and answer.finish_reason == "stop"]
        prefixes = list(own_prefixes(self._problem.question, self._reference, samples))
        rng = random_for(self._plan.seed, "own", self._problem.id)
        chosen = rng.sample(prefixes, min(self._plan.errors, len(prefixes)))
        return [*rows, *await self._recovery(chosen)]

    def _injected_prefixes(self, errors: Sequence[ErroneousSolution]) -> Iterator[Prefix]:
        seen = set()
        for error in errors:
            end = error.error_step + 1
            aligned = len(error.steps) == len(error.reference_steps)
            right = error.reference_steps[error.error_step] if aligned else None
            yield Prefix("injected", error.steps[:end], error.error_type, right)
            if end <= len(error.reference_steps) and end not in seen:
                seen.add(end)
                yield Prefix("right_prefix", error.reference_steps[:end])

    async def _recovery(self, prefixes: Iterable[Prefix]) -> list[GradedOutput]:
        chosen = list(prefixes)
        answers = await self._all(self._asker.solve(self._problem.question, prefix.steps) for prefix in chosen)
        return [self._recovered(chosen[place], place, answer) for place, answer in answers]

    def _recovered(self, prefix: Prefix, place: int, answer: Response) -> GradedOutput:
        given = "".join(f"{step}\n" for step in prefix.steps)
        found = reflection_facts(self._problem, answer.text)
        places = {name: found.get(name) for name in ("reflection_start", "reflection_end")}
        fields = {"error_type": prefix.error_type, "facts": recovery_facts(prefix, answer.text), **places}
        return self._row(prefix.condition, answer, place, given, fields)

    async def _user_turn(self, error: ErroneousSolution) -> list[GradedOutput]:
        begun = error.steps[: error.error_step + 1]
        task = self._asker.perform(load_prompt(CONTINUE_PROMPT), question=self._problem.question, steps=begun)
        given, fields = "\n".join(begun), {"error_type": error.error_type}
        return [self._row("user_turn", answer, 0, given, fields) for _, answer in await self._all([task])]

    def _to_locate(self, errors: Sequence[ErroneousSolution]) -> Iterator[tuple[Labelled, str | None]]:
        if self._item.labelled is not None:
            yield self._item.labelled, None
            return
        yield from ((Labelled(error.steps, error.error_step), error.error_type) for error in errors)
        if self._reference:
            yield Labelled(self._reference, RIGHT_SOLUTION), None

    async def _locate(self, solution: Labelled, error_type: str | None) -> list[GradedOutput]:
        task = self._asker.perform(load_prompt(LOCATE_PROMPT), question=self._problem.question, steps=solution.steps)
        return [
            self._row("locate", answer, 0, "\n".join(solution.steps), self._location(solution, error_type, answer))
            for _, answer in await self._all([task])
        ]

    def _location(self, solution: Labelled, error_type: str | None, answer: Response) -> dict[str, Any]:
        facts = location_facts(solution.label, located_step(answer.text))
        right = "right" if facts["located"] else "wrong"
        return {"facts": facts, "error_type": error_type, "grade": right, "answer": str(located_step(answer.text))}

    async def _correct(self, error: ErroneousSolution) -> list[GradedOutput]:
        task = self._asker.perform(load_prompt(CORRECT_PROMPT), question=self._problem.question, steps=error.steps)
        rows = []
        for _, answer in await self._all([task]):
            facts = location_facts(error.error_step, lema_step(answer.text))
            fields = {"facts": facts, "error_type": error.error_type}
            rows.append(self._row("correct", answer, 0, "\n".join(error.steps), fields))
        return rows

    async def _all(self, asked: Iterable[Awaitable[Response | Refusal]]) -> list[tuple[int, Response]]:
        """The answers there are, with their places; the others are rejected."""
        answers = []
        for place, answer in enumerate(await asyncio.gather(*asked)):
            if isinstance(answer, Refusal):
                detail = f"answer {place}: {answer}"
                rejection = Rejection(stage="eval", id=self._outcome.input_id, reason=answer.reason, detail=detail)
                self._outcome.reject(rejection)
            else:
                answers.append((place, answer))
        return answers

    def _row(
        self,
        condition: Condition,
        answer: Response,
        sample: int,
        given: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> GradedOutput:
        problem, text = self._problem, answer.text
        stated, graded = grade(problem.answer, text, answer.finish_reason)
        values: dict[str, Any] = {
            "id": content_id(self._asker.model, problem.id, condition, str(sample), given),
            "problem_id": problem.id,
            "model": self._asker.model,
            "condition": condition,
            "sample": sample,
            "question": problem.question,
            "gold": problem.answer,
            "given": given,
            "output": text,
            "finish_reason": answer.finish_reason,
            "tokens": answer.usage.completion_tokens,
            "answer": stated,
            "grade": graded,
            "operations": len(self._reference),
        }
        return GradedOutput(**{**values, **(fields or {})})
