"""Evolve: new problems from those that the student got wrong (arXiv 2310.20689, section 2.3, correction-centric).

    lemma evolve --teacher gpt-4o

Seeds are the questions that appear in the corrections, the moderately hard ones. The answer of a new question is what
two of three solutions of the teacher agree on; where all differ, the question is dropped. So is one that is like a
question there is, one of an excluded test set, or a new one that came before it, in the order of the seeds, whichever
answer came first. The new problems go to `evolved.jsonl`, to be used as data.
"""

from __future__ import annotations

from asyncio import Future, get_running_loop, shield
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import combinations

from pydantic import ValidationError

from lemma.config import EvolveConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Product
from lemma.exceptions import ConfigError, Refusal
from lemma.grading.verdict import extract_answer, verdict
from lemma.models.client import Client, ask_all
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Response, Sampling, usable_text
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
    """What to ask, and which questions a new one must not be like."""

    model: str
    per_problem: int
    sampling: Sampling
    there: KnownQuestions
    excluded: KnownQuestions


@dataclass(frozen=True)
class _Draft:
    """A new question with what came of its solutions: a problem, or why there is none; None where none was asked for,
    as the question is like a new one already.
    """

    question: str
    answered: Problem | Refusal | None


def plan(config: EvolveConfig, _hold: Hold) -> Job:
    """Ask for new problems, one seed after the other."""
    if config.teacher is None:
        raise ConfigError("evolve needs a model that writes: give --teacher MODEL (and --base-url, or --backend)")
    questions = _Plan(
        config.teacher,
        config.per_problem,
        Sampling(config.temperature, config.top_p, config.max_tokens),
        there=_questions(config, PROBLEMS),
        excluded=KnownQuestions(config.exclude, config.command),
    )
    corrected = {str(line["erroneous_id"]) for line in read_lines(CORRECTIONS.path(config.run), "correct")}
    return Job(
        partial(_evolve, plan=questions, new=cache(partial(_questions, config, EVOLVED)), queue=_Queue()),
        _seeds(read_stored_lines(ERRONEOUS.path(config.run), "augment"), corrected),
        parse=ErroneousSolution,
        model=config.teacher,
        prompts=(_EVOLVE, _SOLVE),
    )


def _next(config: EvolveConfig) -> tuple[str, ...]:
    return ("augment", str(EVOLVED.path(config.run)), "--run", f"{config.run}-evolved")


def _calls(config: EvolveConfig) -> int:
    return config.per_problem * (1 + _SOLUTIONS)


COMMAND = Command(
    EvolveConfig,
    plan,
    needs=(CORRECTIONS, ERRONEOUS),
    looks_up=(PROBLEMS,),
    writes=(EVOLVED,),
    then=_next,
    calls=_calls,
)


def _seeds(lines: Iterable[StoredLine], corrected: set[str]) -> Iterator[StoredLine]:
    """One erroneous solution, with a correction, of each problem."""
    seen: set[str] = set()
    for line in lines:
        if line.id not in corrected:
            continue
        try:
            problem_id = ErroneousSolution.model_validate_json(line.content).problem_id
        except ValidationError:
            yield line
            continue
        if problem_id not in seen:
            seen.add(problem_id)
            yield line


def _questions(config: EvolveConfig, file: RunFile) -> KnownQuestions:
    """The questions of a file of problems of the run."""
    known = KnownQuestions((), config.command)
    for line in read_lines(file.path(config.run), file.made_by[0]) if file.path(config.run).exists() else ():
        known.add(str(line["question"]), file.name)
    return known


async def _evolve(
    seed: ErroneousSolution, client: Client, *, plan: _Plan, new: Callable[[], KnownQuestions], queue: _Queue
) -> list[Product]:
    """What comes of one seed. `new` are the questions that came before, also in a run that was stopped: they are read
    when the first seed is at hand, as unacknowledged ones are dropped before.
    """
    place, made = queue.join(), list[Product]()
    try:
        drafts = await _drafts(seed, client, plan, new())
        await place.comes_up()
        for index, draft in enumerate(drafts):
            try:
                problem = _kept(draft, new())
            except Refusal as refusal:
                made.append(Refusal(refusal.reason, f"question {index}: {refusal}"))
            else:
                made.append(problem)
                new().add(problem.question, EVOLVED.name)
        return made
    finally:
        place.leave()


async def _drafts(seed: ErroneousSolution, client: Client, plan: _Plan, new: KnownQuestions) -> list[_Draft | Refusal]:
    asked = load_prompt(_EVOLVE).render(question=seed.question)
    requests = [Request(plan.model, asked, plan.sampling, index) for index in range(plan.per_problem)]
    drafts: list[_Draft | Refusal] = []
    for answer in await ask_all(client, requests):
        try:
            question = _new_question(usable_text(answer), plan)
        except Refusal as error:
            drafts.append(error)
        else:
            answered = None if new.like(question) else await _answered(question, client, plan)
            drafts.append(_Draft(question, answered))
    return drafts


def _kept(draft: _Draft | Refusal, new: KnownQuestions) -> Problem:
    """The problem of a draft. Raises Refusal, always the same one, however many answers came before others."""
    if isinstance(draft, Refusal):
        raise draft
    _refuse_like("duplicates_new_question", draft.question, new)
    if not isinstance(draft.answered, Problem):
        raise draft.answered or Refusal("no_majority", draft.question)
    return draft.answered


def _new_question(text: str, plan: _Plan) -> str:
    question = " ".join(text.split())
    if not _SHORTEST <= len(question.split()) <= _LONGEST or "?" not in question:
        raise Refusal("no_question", text[:200])
    _refuse_like("duplicates_existing_question", question, plan.there)
    _refuse_like("overlaps_excluded", question, plan.excluded)
    return question


def _refuse_like(reason: str, question: str, known: KnownQuestions) -> None:
    like = known.like(question)
    if like is not None:
        raise Refusal(reason, f"{question[:200]}: {like}")


class _Queue:
    """Lets coroutines decide one after the other, in the order in which they joined, however long each takes before."""

    def __init__(self) -> None:
        self._last: Future[None] | None = None

    def join(self) -> _Place:
        """A place at the end."""
        place = _Place(self._last)
        self._last = place.left
        return place


@dataclass
class _Place:
    """A place in the queue. `left` is done when the one who has it, and all before, have left."""

    before: Future[None] | None
    left: Future[None] = field(default_factory=lambda: get_running_loop().create_future())

    async def comes_up(self) -> None:
        """Wait until all before have left."""
        if self.before is not None:
            await shield(self.before)

    def leave(self) -> None:
        """Make way, as soon as all before have."""
        if self.before is None or self.before.done():
            self.left.set_result(None)
        else:
            self.before.add_done_callback(lambda _: self.left.set_result(None))


async def _answered(question: str, client: Client, plan: _Plan) -> Problem | Refusal:
    """The problem with the first solution that another agrees with, or that there is none."""
    prompt = load_prompt(_SOLVE).render(question=question)
    requests = [Request(plan.model, prompt, plan.sampling, index) for index in range(_SOLUTIONS)]
    solutions = [(answer, steps) for answer, steps in map(_read, await ask_all(client, requests)) if answer]
    for (answer, steps), (other, _) in combinations(solutions, 2):
        if verdict(answer, other) == "equal":
            record_id = content_id(question, steps, answer)
            return Problem(id=record_id, question=question, solution=steps, answer=answer, source="evolved")
    return Refusal("no_majority", f"{question[:120]} answers: {[answer for answer, _ in solutions]}")


def _read(response: Response | Refusal) -> tuple[str, str]:
    """The answer and the steps of a solution; empty where it has not both."""
    try:
        text = usable_text(response)
    except Refusal:
        return "", ""
    steps = without_answer_line(split_steps(text))
    return (extract_answer(text) or "", "\n".join(steps)) if steps else ("", "")
