"""`lemma evolve`: new problems from those that the student got wrong (arXiv 2310.20689, section 2.3).

    lemma evolve --teacher gpt-4o

Seeds are the questions that appear in the corrections, the moderately hard ones. The answer of a new question is what
two of the teacher's three solutions agree on; a question without such an answer is dropped. A question is also dropped
if it resembles a question of the run, of an excluded test set, or of an earlier seed. Questions are compared in the
order of the seeds, whichever answer arrives first, so a rerun drops the same ones. The new problems go to
`evolved.jsonl`, to be used as data.
"""

from __future__ import annotations

from asyncio import shield
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations

from pydantic import ValidationError

from lemma.config import EvolveConfig
from lemma.declaration import Command, Job
from lemma.engine.in_order import Queue
from lemma.engine.outcome import Product
from lemma.exceptions import ConfigError, Refusal
from lemma.grading.verdict import extract_answer, verdict
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling, usable_text
from lemma.problems.similarity import KnownQuestions
from lemma.records import ErroneousSolution, Problem, content_id
from lemma.run_files import CORRECTIONS, ERRONEOUS, EVOLVED, PROBLEMS, RunFile
from lemma.rundir.lines import StoredLine, read_lines, read_stored_lines
from lemma.rundir.sharing import Hold
from lemma.steps import split_steps, without_answer_line

_EVOLVE, _SOLVE = "evolve", "solve"
_SOLUTIONS = 3
_SHORTEST, _LONGEST = 5, 300  # words of a question


@dataclass(frozen=True)
class _Plan:
    """What to ask, and which questions a new one must not resemble."""

    model: str
    per_problem: int
    sampling: Sampling
    existing: KnownQuestions
    excluded: KnownQuestions


def plan(config: EvolveConfig, _hold: Hold) -> Job:
    """Ask for new problems, one seed after another."""
    if config.teacher is None:
        raise ConfigError("evolve needs a model that writes: give --teacher MODEL (and --base-url, or --backend)")
    questions = _Plan(
        config.teacher,
        config.per_problem,
        Sampling(config.temperature, config.top_p, config.max_tokens),
        existing=_questions(config, PROBLEMS),
        excluded=KnownQuestions(config.exclude, config.command),
    )
    corrected = {str(line["erroneous_id"]) for line in read_lines(CORRECTIONS.path(config.run), "correct")}
    return Job(
        partial(evolve, plan=questions, new=cache(partial(_questions, config, EVOLVED)), queue=Queue()),
        _seeds(read_stored_lines(ERRONEOUS.path(config.run), "augment"), corrected),
        parse=ErroneousSolution,
        model=config.teacher,
        prompts=(_EVOLVE, _SOLVE),
    )


def next_command(config: EvolveConfig) -> tuple[str, ...]:
    """Inject errors into the new problems, in a run directory of their own."""
    return ("augment", str(EVOLVED.path(config.run)), "--run", f"{config.run}-evolved")


def calls(config: EvolveConfig) -> int:
    """Model calls per seed: each new question, and its solutions."""
    return config.per_problem * (1 + _SOLUTIONS)


COMMAND = Command(
    EvolveConfig,
    plan,
    needs=(CORRECTIONS, ERRONEOUS),
    looks_up=(PROBLEMS,),
    writes=(EVOLVED,),
    then=next_command,
    calls=calls,
)


def _seeds(lines: Iterable[StoredLine], corrected: set[str]) -> Iterator[StoredLine]:
    """The first erroneous solution of each problem that has a correction."""
    seen: set[str] = set()
    for line in lines:
        if line.id not in corrected:
            continue
        try:
            problem_id = ErroneousSolution.model_validate_json(line.content).problem_id
        except ValidationError:
            yield line  # rejected by name when it is parsed again
            continue
        if problem_id not in seen:
            seen.add(problem_id)
            yield line


def _questions(config: EvolveConfig, file: RunFile) -> KnownQuestions:
    """The questions in a file of problems of the run."""
    known = KnownQuestions((), config.command)
    for line in read_lines(file.path(config.run), file.made_by[0]) if file.path(config.run).exists() else ():
        known.add(str(line["question"]), file.name)
    return known


async def evolve(
    seed: ErroneousSolution, client: Client, *, plan: _Plan, new: Callable[[], KnownQuestions], queue: Queue
) -> list[Product]:
    """The new problems from one seed.

    `new` returns the new questions so far, with those of an earlier, interrupted run. It reads them when it is first
    called, because the journal drops unacknowledged ones when it opens.
    """
    made: list[Product] = []
    drafts: list[tuple[str, Problem | Refusal | None]] = []
    async with queue.place() as before:
        known = new()
        prompt = load_prompt(_EVOLVE).render(question=seed.question)
        requests = [Request(plan.model, prompt, plan.sampling, index) for index in range(plan.per_problem)]
        for answer in await ask_all(client, requests):
            try:
                text = usable_text(answer)
                question = " ".join(text.split())
                if not _SHORTEST <= len(question.split()) <= _LONGEST or "?" not in question:
                    raise Refusal("no_question", text[:200])
                _refuse_like("duplicates_existing_question", question, plan.existing)
                _refuse_like("overlaps_excluded", question, plan.excluded)
            except Refusal as refusal:
                drafts.append(("", refusal))
            else:
                # Solutions of a question that will be dropped are not asked for.
                solved = None if known.like(question) else await _solve(question, client, plan)
                drafts.append((question, solved))
        await shield(before)
        for index, (question, solved) in enumerate(drafts):
            try:
                if question:
                    _refuse_like("duplicates_new_question", question, known)
                if not isinstance(solved, Problem):
                    raise solved or Refusal("no_majority", question)
            except Refusal as refusal:
                made.append(Refusal(refusal.reason, f"question {index}: {refusal}"))
            else:
                made.append(solved)
                known.add(solved.question, EVOLVED.name)
    return made


def _refuse_like(reason: str, question: str, known: KnownQuestions) -> None:
    like = known.like(question)
    if like is not None:
        raise Refusal(reason, f"{question[:200]}: {like}")


async def _solve(question: str, client: Client, plan: _Plan) -> Problem | Refusal:
    """The problem with the first solution that another one agrees with; a refusal if no two agree."""
    prompt = load_prompt(_SOLVE).render(question=question)
    requests = [Request(plan.model, prompt, plan.sampling, index) for index in range(_SOLUTIONS)]
    solutions: list[tuple[str, str]] = []
    for response in await ask_all(client, requests):
        with suppress(Refusal):
            text = usable_text(response)
            answer, steps = extract_answer(text), without_answer_line(split_steps(text))
            if answer and steps:
                solutions.append((answer, "\n".join(steps)))
    for (answer, solution), (other, _) in combinations(solutions, 2):
        if verdict(answer, other) == "equal":
            record_id = content_id(question, solution, answer)
            return Problem(id=record_id, question=question, solution=solution, answer=answer, source="evolved")
    return Refusal("no_majority", f"{question[:120]} answers: {[answer for answer, _ in solutions]}")
