"""Sample: the student's own solutions, split into steps and judged against the gold answer.

    lemma sample gsm8k.jsonl --model student --base-url http://localhost:8000/v1 -n 4
    lemma sample --from solutions_of_some_models.jsonl

A solution is kept whatever its verdict, `equal`, `different` or `unknown`; what did not end naturally is rejected. Its
own wrong samples are the first source of errors in arXiv 2503.17439 (section 3.1), and its right ones of restarts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from rich.console import Console

from lemma.config import SampleConfig
from lemma.engine.calls import run_asking_stage
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.summary import StageSummary
from lemma.exceptions import Refusal
from lemma.grading.verdict import extract_answer, verdict
from lemma.models.client import Client, ask_all
from lemma.models.prompts import Prompt, load_prompt, prompt_versions
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.problems.loading import ProblemSource, SourceRow, open_problems
from lemma.records import Problem, Record, Rejection, Solution, content_id
from lemma.rundir.journal import Journal, Output, RunDirectory, shared_output
from lemma.steps import split_steps, without_answer_line

PROBLEMS, SOLUTIONS = "problems.jsonl", "solutions.jsonl"
SCRIPTED_STUDENT = "student"
PROMPTS = {"chat": "solve", "completion": "solve_completion", "lemma": "solve_lemma"}
_NEXT_PROBLEM = "\n\nProblem:"  # where a base model goes on with a problem of its own


def sample(config: SampleConfig, console: Console) -> StageSummary:
    """Run the stage."""
    outputs = (Output(SOLUTIONS, lambda line: line["problem_id"]), shared_output(PROBLEMS))
    source = open_problems(config.from_ or config.data, config.command, config.columns, config.split, solved=False)
    inputs = {"problems": source.fingerprint(), **prompt_versions(PROMPTS[config.prompt])}
    with RunDirectory(config.run).open_stage(config, outputs, inputs) as journal:
        if config.from_:
            run_stage(_grade_row, _rows(source), journal, config.workers, console)
            notes: tuple[str, ...] = ()
        else:
            notes = _ask(config, source, journal, console)
        return StageSummary(
            made=journal.made,
            rejected=journal.rejected,
            files=(config.run / SOLUTIONS, config.run / PROBLEMS),
            next_command="lemma analyze",
            notes=notes,
        )


def _ask(config: SampleConfig, source: ProblemSource, journal: Journal, console: Console) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if config.model is None:
        config = config.model_copy(update={"backend": "scripted", "model": SCRIPTED_STUDENT})
        notes = ("no --model given: a scripted student answered, which understands nothing",)
    model = str(config.model)
    stop = (_NEXT_PROBLEM,) if config.prompt == "completion" else ()
    asking = partial(
        _solve,
        model=model,
        prompt=load_prompt(PROMPTS[config.prompt]),
        sampling=Sampling(config.temperature, config.top_p, config.max_tokens, stop),
        count=config.n,
    )
    return (*notes, *run_asking_stage(asking, source, journal=journal, config=config, model=model, console=console))


async def _solve(
    item: Problem | Rejection, client: Client, *, model: str, prompt: Prompt, sampling: Sampling, count: int
) -> Outcome:
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    asked = prompt.render(question=item.question)
    answers = await ask_all(client, (Request(model, asked, sampling, index) for index in range(count)))
    outcome.add(PROBLEMS, item, "problems")
    texts = []
    for index, answer in enumerate(answers):
        try:
            texts.append((f"{model} {index}", usable_text(answer)))
        except Refusal as error:
            _reject(outcome, error.reason, f"sample {index}: {error}")
    if any("\\" in text for _, text in texts):  # formulas may take a while to compare
        await asyncio.to_thread(_grade, outcome, item, model, texts)
    else:
        _grade(outcome, item, model, texts)
    return outcome


def _grade(outcome: Outcome, problem: Problem, model: str, texts: Iterable[tuple[str, str]]) -> None:
    for label, text in texts:
        solution = graded(problem, text, model, label)
        if solution.steps:
            outcome.add(SOLUTIONS, solution, f"solutions, {solution.verdict}")
        else:
            _reject(outcome, "no_steps", f"{label}: {text[:200]}")


def graded(problem: Problem, text: str, model: str, label: str) -> Solution:
    """A solution's text as a record: its steps, its answer, and the verdict on it. `label` tells samples apart."""
    steps = without_answer_line(split_steps(text))
    answer = extract_answer(text)
    return Solution(
        id=content_id(problem.id, label, text),
        problem_id=problem.id,
        steps=steps,
        final_answer=answer,
        verdict="unknown" if answer is None else verdict(problem.answer, text),
        origin="student",
        model=model,
    )


class _SolvedRow(Record):
    """A problem with solutions of it that somebody made: (model, text) pairs."""

    id: str
    problem: Problem
    solutions: tuple[tuple[str, str], ...]


def _rows(source: ProblemSource) -> Iterator[_SolvedRow | Rejection]:
    for item in source.rows():
        yield item if isinstance(item, Rejection) else _solved_row(item)


def _solved_row(item: SourceRow) -> _SolvedRow:
    problem = item.problem
    return _SolvedRow(id=problem.id, problem=problem, solutions=tuple(_solutions_in(item.row)))


def _solutions_in(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Solutions by model: objects with a `solution` under the model's name, a list of texts, or one text."""
    for name, value in row.items():
        if isinstance(value, Mapping) and isinstance(value.get("solution"), str):
            yield name, value["solution"]
    model = row.get("model") if isinstance(row.get("model"), str) else "student"
    for name in ("solutions", "responses", "completions", "samples"):
        values = row.get(name)
        if isinstance(values, list):
            yield from ((str(model), text) for text in values if isinstance(text, str))
    for name in ("response", "completion", "model_solution", "prediction"):
        if isinstance(row.get(name), str):
            yield str(model), row[name]


def _grade_row(item: _SolvedRow | Rejection) -> Outcome:
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    outcome.add(PROBLEMS, item.problem, "problems")
    if not item.solutions:
        keys = "solutions, responses, response, completion, or an object with `solution` under the model's name"
        _reject(outcome, "no_solutions", f"no column holds solutions; expected {keys}")
    for index, (model, text) in enumerate(item.solutions):
        _grade(outcome, item.problem, model, [(f"{model} {index}", text)])
    return outcome


def _reject(outcome: Outcome, reason: str, detail: str) -> None:
    outcome.reject(Rejection(stage=SampleConfig.command, id=outcome.input_id, reason=reason, detail=detail))
