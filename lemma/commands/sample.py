"""`lemma sample`: the student's own solutions, split into steps and graded against the gold answer.

    lemma sample gsm8k.jsonl --model student --base-url http://localhost:8000/v1 -n 4
    lemma sample --from solutions_of_some_models.jsonl

A solution is kept whatever its verdict, `equal`, `different` or `unknown`; one that did not end naturally is rejected.
In arXiv 2503.17439 (section 3.1), the student's wrong solutions are the first source of errors, and its right ones are
shown to the teacher that writes restarts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial

from lemma.config import SampleConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Product
from lemma.exceptions import Refusal
from lemma.grading.verdict import extract_answer, verdict
from lemma.models.client import Client, ask_all
from lemma.models.prompts import Prompt, load_prompt
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.problems.loading import bundled_sample, open_problems
from lemma.problems.parts import Sample
from lemma.records import Problem, Record, Rejection, Solution, content_id
from lemma.run_files import PROBLEMS, SOLUTIONS
from lemma.rundir.sharing import Hold
from lemma.steps import split_steps, split_thought, without_answer_line

SCRIPTED_STUDENT = "student"
_SCRIPTED_NOTE = "no --model given: the built-in scripted student answered. Its solutions are placeholders"
PROMPTS = {"chat": "solve", "completion": "solve_completion", "lemma": "solve_lemma", "question": "question"}
NEXT_PROBLEM = "\n\nProblem:"  # a base model continues with a problem of its own


def plan(config: SampleConfig, _hold: Hold) -> Job:
    """Ask the student, or grade the solutions in a file."""
    source = open_problems(
        config.from_ or config.data,
        config.command,
        config.columns,
        config.split,
        solved=False,
        config=config.config,
        limit=config.limit,
    )
    inputs = {"problems": source.fingerprint()}
    announcement = "" if config.from_ or config.data else bundled_sample()
    if config.from_:
        rows = (
            item
            if isinstance(item, Rejection)
            else _SolvedRow(id=item.problem.id, problem=item.problem, solutions=item.samples)
            for item in source.rows()
        )
        return Job(grade_row, rows, inputs=inputs)
    prompt = PROMPTS[config.prompt]
    stop = (NEXT_PROBLEM,) if config.prompt == "completion" else ()
    solving = partial(
        solve,
        model=config.model or SCRIPTED_STUDENT,
        prompt=load_prompt(prompt),
        sampling=Sampling(config.temperature, config.top_p, config.max_tokens, stop),
        count=config.n,
    )
    return Job(
        solving,
        source,
        model=config.model or SCRIPTED_STUDENT,
        backend=None if config.model else "scripted",
        inputs=inputs,
        prompts=(prompt,),
        announcement=announcement,
        notes=() if config.model else (_SCRIPTED_NOTE,),
    )


def samples_per_problem(config: SampleConfig) -> int:
    """Model calls, and solutions, per problem."""
    return config.n


COMMAND = Command(
    SampleConfig,
    plan,
    writes=(SOLUTIONS, PROBLEMS),
    then="analyze",
    calls=samples_per_problem,
    fan_out=samples_per_problem,
)


async def solve(
    item: Problem | Rejection, client: Client, *, model: str, prompt: Prompt, sampling: Sampling, count: int
) -> list[Product]:
    """The student's solutions of one problem."""
    if isinstance(item, Rejection):
        return [item]
    asked = prompt.render(question=item.question)
    answers = await ask_all(client, (Request(model, asked, sampling, index) for index in range(count)))
    made: list[Product] = [item]
    texts = []
    for index, answer in enumerate(answers):
        try:
            texts.append((f"{model} {index}", usable_text(answer)))
        except Refusal as refusal:
            made.append(Refusal(refusal.reason, f"sample {index}: {refusal}"))
    if any("\\" in text for _, text in texts):  # LaTeX may take a while to compare; do not block other answers
        return made + await asyncio.to_thread(lambda: list(_graded(item, model, texts)))
    return [*made, *_graded(item, model, texts)]


def _graded(problem: Problem, model: str, texts: Iterable[tuple[str, str]]) -> Iterator[Product]:
    for label, text in texts:
        if split_thought(text)[1] is None:
            yield Refusal("unclosed_thought", f"{label}: {text[-200:]}")
            continue
        solution = graded(problem, text, model, label)
        yield solution if solution.steps else Refusal("no_steps", f"{label}: {text[:200]}")


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
    """A problem with solutions from a file."""

    id: str
    problem: Problem
    solutions: tuple[Sample, ...]


def grade_row(item: _SolvedRow | Rejection) -> Iterator[Product]:
    """The graded solutions in one row of a file."""
    if isinstance(item, Rejection):
        yield item
        return
    yield item.problem
    if not item.solutions:
        keys = "solutions, responses, response, completion, or an object with `solution` under the model's name"
        yield Refusal("no_solutions", f"no column holds solutions; expected {keys}")
    for index, sample in enumerate(item.solutions):
        label = f"{sample.model} {index}"
        if not sample.is_complete:
            yield Refusal("cut_off", f"{label}: {sample.text[-200:]}")
            continue
        # The data set's own verdict is no proof, but a reason to doubt the opposite one.
        opposite = None if sample.right is None else "different" if sample.right else "equal"
        for made in _graded(item.problem, sample.model, [(label, sample.text)]):
            if isinstance(made, Solution) and made.verdict == opposite:
                yield made.model_copy(update={"verdict": "unknown"})
            else:
                yield made
