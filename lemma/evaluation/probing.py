"""Ask a model everything about one problem that the wanted suites need, and grade what it writes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from lemma.engine.outcome import Outcome
from lemma.evaluation.asker import Asker
from lemma.evaluation.blind_spot import PROMPT as CONTINUE_PROMPT
from lemma.evaluation.first_error import (
    CORRECT_PROMPT,
    LOCATE_PROMPT,
    RIGHT_SOLUTION,
    lema_step,
    location_facts,
    location_fields,
)
from lemma.evaluation.outputs import (
    GREEDY,
    OUTPUTS,
    Condition,
    GradedOutput,
    first_wrong_step,
    grade,
    reflection_facts,
)
from lemma.evaluation.problems import LabeledSolution, TestProblem
from lemma.evaluation.recovery import (
    OWN,
    RECHECKED,
    UNAIDED,
    Prefix,
    announcements,
    doubt,
    forced,
    forced_facts,
    openings,
    otherwise,
    own_prefixes,
    own_right_prefixes,
    recheck_before_doubt,
    recheck_facts,
    rechecking,
    recovery_facts,
    unsureness,
)
from lemma.exceptions import Refusal
from lemma.injectors.symbolic import InjectionPlan, erroneous_solutions
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Response
from lemma.records import ErroneousSolution, Rejection, content_id
from lemma.statistics import random_for
from lemma.steps import split_steps, without_annotations
from lemma.trajectories.certainty import beginnings
from lemma.trajectories.detection import find_reflection
from lemma.trajectories.rechecks import announces

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is wanted for every problem: `samples` to draw, and at most `errors` of each origin to recover from."""

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
    await _Probing(item, plan, asker, outcome).run()
    return outcome


class _Probing:
    """The probes of one problem. Requests that the model does not answer are rejected by name."""

    def __init__(self, item: TestProblem, plan: Plan, asker: Asker, outcome: Outcome) -> None:
        self._item, self._problem, self._plan = item, item.problem, plan
        self._asker, self._outcome = asker, outcome
        self._reference = tuple(map(without_annotations, split_steps(item.problem.solution)))

    async def run(self) -> None:
        """Ask everything at once, so that a local model can work on large batches."""
        # Without an answer to grade against, the model can only be asked for the labeled step.
        wanted = self._plan.conditions if self._problem.answer else self._plan.conditions & {"locate"}
        errors: tuple[ErroneousSolution, ...] = ()
        if wanted - {"plain"} and self._problem.answer:
            with suppress(Refusal):  # a problem into which no error can be injected is probed without
                errors = erroneous_solutions(self._plan.injection, self._problem).records
        asked: list[Awaitable[list[GradedOutput]]] = []
        if wanted & {"plain", *OWN, *UNAIDED}:
            asked.append(self._plain_and_own())
        if "injected" in wanted:
            prefixes = list(_injected_prefixes(errors))
            if "right_forced" in wanted:
                prefixes += self._forced(prefix for prefix in prefixes if prefix.condition == "right_prefix")
            asked.append(self._recovery(prefixes))
        if "user_turn" in wanted:
            for error in errors:
                begun = error.steps[: error.located_step + 1]
                asked.append(self._task("user_turn", CONTINUE_PROMPT, begun, error.error_type, lambda text: {}))
        if "locate" in wanted:
            for solution, kind in self._to_locate(errors):
                asked.append(self._locate(solution, kind))
        if "correct" in wanted:
            asked += [self._correct(error) for error in errors]
        for rows in await asyncio.gather(*asked):
            for row in rows:
                self._outcome.add_record(OUTPUTS, row, f"outputs, {row.condition.replace('_', ' ')}")

    async def _plain_and_own(self) -> list[GradedOutput]:
        question = self._problem.question
        answers = await self._all(self._asker.solve(question, (), n) for n in range(self._plan.samples + 1))
        rows = [
            self._row("plain", answer, sample, fields=reflection_facts(self._problem, answer.text))
            for sample, answer in answers
            if sample == GREEDY or "plain" in self._plan.conditions
        ]
        if not self._plan.conditions & {*OWN, *UNAIDED}:
            return rows
        drawn = [answer for sample, answer in answers if sample != GREEDY and answer.finish_reason == "stop"]
        samples = [answer.text for answer in drawn]
        right = [_is_right(self._problem.answer, answer) for answer in drawn]
        chosen: list[Prefix] = []
        for condition, prefixes in (
            ("own", list(own_prefixes(question, self._reference, samples, right))),
            ("own_right", list(own_right_prefixes(question, samples, random_for(0, "own right", self._problem.id)))),
        ):
            if condition in self._plan.conditions:
                rng = random_for(self._plan.seed, condition, self._problem.id)
                chosen += rng.sample(prefixes, min(self._plan.errors, len(prefixes)))
        if "own_forced" in self._plan.conditions:
            again = rechecking(chosen, [answer.text for _, answer in answers])
            chosen += [*self._forced(chosen), *again]
        greedy = next((answer for sample, answer in answers if sample == GREEDY), None)
        recovered, unaided = await asyncio.gather(self._recovery(chosen), self._unaided(greedy))
        return [*rows, *recovered, *unaided]

    async def _unaided(self, greedy: Response | None) -> list[GradedOutput]:
        """The greedy solution without reflections, and what becomes of it with one behind its first wrong step."""
        question = self._problem.question
        if greedy is None or not self._plan.conditions & set(UNAIDED):
            return []
        barred: Response | Refusal | None = greedy
        if find_reflection(greedy.text) is not None or any(map(announces, split_steps(greedy.text))):
            words = (*openings(self._reference), *announcements(self._reference))
            barred = await self._asker.solve_without(question, words)
        if barred is None or isinstance(barred, Refusal):
            return []
        rows = [self._row("forbidden", barred, GREEDY)]
        steps = split_steps(barred.text)
        wrong = first_wrong_step(question, steps)
        if wrong is None:
            return [*rows, self._row("oracle", barred, GREEDY)]
        (prefix,) = own_prefixes(question, self._reference, [barred.text])
        (seen,) = self._forced([prefix])
        return [*rows, *await self._recovery([replace(seen, condition="oracle")])]

    def _forced(self, prefixes: Iterable[Prefix]) -> list[Prefix]:
        """The same prefixes, each with a reflection behind it."""
        return [
            forced(prefix, random_for(self._plan.seed, "forced", self._problem.id, *prefix.steps))
            for prefix in prefixes
        ]

    async def _recovery(self, prefixes: Sequence[Prefix]) -> list[GradedOutput]:
        asked = self._all(self._asker.solve(self._problem.question, prefix.given) for prefix in prefixes)
        answers = await asked
        scored = await asyncio.gather(*(self._scores(prefixes[place], answer.text) for place, answer in answers))
        rows = []
        for (place, answer), scores in zip(answers, scored, strict=True):
            prefix = prefixes[place]
            found = reflection_facts(self._problem, answer.text)
            fields = {
                "error_type": prefix.error_type,
                "facts": {**self._facts(prefix, answer.text), **scores},
                # `before` would be the state of the continuation alone, which says nothing about the whole solution.
                **{name: found.get(name) for name in ("reflection_start", "reflection_end")},
            }
            given = "".join(f"{line}\n" for line in prefix.given)
            rows.append(self._row(prefix.condition, answer, place, given, fields))
        return rows

    def _facts(self, prefix: Prefix, output: str) -> dict[str, float]:
        if prefix.condition in RECHECKED:
            return recheck_facts(self._problem.question, prefix, output)
        if prefix.forced:
            return forced_facts(self._problem.question, prefix, output)
        return recovery_facts(prefix, output)

    async def _scores(self, prefix: Prefix, output: str) -> dict[str, float]:
        """How probable a reflection is behind an own step, or behind the step worked out again if the output does that;
        how unsure the model was of the step, or how probable it is that it comes out otherwise.
        """
        if prefix.condition not in ("own", "own_right", *RECHECKED):
            return {}
        question, steps = self._problem.question, prefix.steps
        again = recheck_before_doubt(prefix, output)
        first_words, words = await asyncio.gather(
            self._asker.score(question, (*steps, *again), openings(self._reference)),
            self._asker.score(question, prefix.given, (prefix.last,))
            if prefix.forced
            else self._asker.score(question, steps[:-1], beginnings(question, steps)[-1].candidates),
        )
        if not first_words or not words:
            return {}
        measured = {"otherwise": otherwise(words[0])} if prefix.forced else {"unsureness": unsureness(words)}
        return {"doubt": doubt(first_words), **measured}

    def _to_locate(self, errors: Sequence[ErroneousSolution]) -> Iterator[tuple[LabeledSolution, str | None]]:
        if self._item.labeled is not None:
            yield self._item.labeled, None
            return
        yield from ((LabeledSolution(error.steps, error.located_step), error.error_type) for error in errors)
        if self._reference:
            yield LabeledSolution(self._reference, RIGHT_SOLUTION), None

    async def _locate(self, solution: LabeledSolution, error_type: str | None) -> list[GradedOutput]:
        return await self._task(
            "locate", LOCATE_PROMPT, solution.steps, error_type, lambda text: location_fields(solution.label, text)
        )

    async def _correct(self, error: ErroneousSolution) -> list[GradedOutput]:
        def fields_of(text: str) -> Fields:
            return {"facts": location_facts(error.located_step, lema_step(text))}

        return await self._task("correct", CORRECT_PROMPT, error.steps, error.error_type, fields_of)

    async def _task(
        self,
        condition: Condition,
        prompt: str,
        steps: Sequence[str],
        error_type: str | None,
        fields_of: Callable[[str], Fields],
    ) -> list[GradedOutput]:
        """Show `steps` under a prompt; `fields_of` the answer's text are what the suite determines from it."""
        task = self._asker.perform(load_prompt(prompt), question=self._problem.question, steps=steps)
        return [
            self._row(condition, answer, 0, "\n".join(steps), {"error_type": error_type, **fields_of(answer.text)})
            for _, answer in await self._all([task])
        ]

    async def _all(self, asked: Iterable[Awaitable[Response | Refusal]]) -> list[tuple[int, Response]]:
        """The answers with their places. Requests that were refused are rejected."""
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
        self, condition: Condition, answer: Response, sample: int, given: str = "", fields: Fields | None = None
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


def _is_right(gold: str, answer: Response) -> bool | None:
    """Whether an answer is right; None if it can't be told."""
    graded = grade(gold, answer.text, answer.finish_reason)[1]
    return None if graded == "unknown" else graded == "right"


def _injected_prefixes(errors: Sequence[ErroneousSolution]) -> Iterator[Prefix]:
    """The wrong prefix of each error, and as controls the right prefixes of the same lengths, each once."""
    seen = set()
    for error in errors:
        end = error.located_step + 1
        aligned = len(error.steps) == len(error.reference_steps)
        right = error.reference_steps[error.located_step] if aligned else None
        yield Prefix("injected", error.steps[:end], error.error_type, right)
        if end <= len(error.reference_steps) and end not in seen:
            seen.add(end)
            yield Prefix("right_prefix", error.reference_steps[:end])
