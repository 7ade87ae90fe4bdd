"""Evolve: new problems from those that the student got wrong (arXiv 2310.20689, section 2.3, correction-centric).

    lemma evolve --teacher gpt-4o

Seeds are the questions that appear in the corrections, the moderately hard ones. The answer of a new question is what
two of three solutions of the teacher agree on; where all differ, the question is dropped, and so is one that is like a
question there is or like one of an excluded test set. The new problems go to `evolved.jsonl`, to be used as data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import combinations

from pydantic import ValidationError
from rich.console import Console

from lemma.asking import run_asking_stage
from lemma.config import EvolveConfig
from lemma.engine import Outcome
from lemma.exceptions import ConfigError
from lemma.problems import open_problems
from lemma.prompts import load_prompt, prompt_versions
from lemma.records import ErroneousSolution, Problem, Rejection, content_id
from lemma.store import Output, RunDirectory
from lemma.stored_lines import StoredLine, read_lines, read_stored_lines, stage_input
from lemma.summary import StageSummary
from lemma.teachers.dispatch import Teacher, ask_all
from lemma.teachers.protocol import NoAnswerError, Request, Response, Sampling, usable_text
from lemma.verify import extract_answer, verdict

PROBLEMS, ERRONEOUS = "problems.jsonl", "erroneous.jsonl"
CORRECTIONS, EVOLVED = "corrections.jsonl", "evolved.jsonl"
_EVOLVE, _SOLVE = "evolve", "solve"
_SOLUTIONS = 3
_WORDS = 8  # so many words in a row are no coincidence
_SHORTEST, _LONGEST = 5, 300  # words of a question


def evolve(config: EvolveConfig, console: Console) -> StageSummary:
    """Run the stage."""
    if config.teacher is None:
        raise ConfigError("evolve needs a model that writes: give --teacher MODEL (and --base-url, or --backend)")
    source = config.run / ERRONEOUS
    excluded = _excluded(config.exclude)
    there = frozenset(run for line in read_lines(config.run / PROBLEMS, "augment") for run in _runs(line["question"]))
    corrected = {str(line["erroneous_id"]) for line in read_lines(config.run / CORRECTIONS, "correct")}
    outputs = (Output(EVOLVED),)
    inputs = stage_input(source, "augment") | stage_input(config.run / CORRECTIONS, "correct")
    with RunDirectory(config.run).open_stage(config, outputs, inputs | prompt_versions(_EVOLVE, _SOLVE)) as journal:
        notes = run_asking_stage(
            partial(_evolve, config=config, model=config.teacher, excluded=excluded, there=there),
            _seeds(read_stored_lines(source, "augment"), corrected),
            journal=journal,
            config=config,
            model=config.teacher,
            console=console,
        )
        return StageSummary(
            made=journal.made,
            rejected=journal.rejected,
            files=(config.run / EVOLVED,),
            next_command=f"lemma augment {config.run / EVOLVED} --run {config.run}-evolved",
            notes=notes,
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


def _excluded(files: Iterable[str]) -> frozenset[str]:
    """All runs of words of the questions of some test sets."""
    runs: set[str] = set()
    for file in files:
        for item in open_problems(file, EvolveConfig.command, solved=False):
            if isinstance(item, Problem):
                runs.update(_runs(item.question))
    return frozenset(runs)


def _runs(text: str) -> Iterator[str]:
    words = "".join(character if character.isalnum() else " " for character in text.lower()).split()
    for start in range(max(1, len(words) - _WORDS + 1)):
        yield " ".join(words[start : start + _WORDS])


async def _evolve(
    line: StoredLine,
    teacher: Teacher,
    *,
    config: EvolveConfig,
    model: str,
    excluded: frozenset[str],
    there: frozenset[str],
) -> Outcome:
    outcome = Outcome(line.id)
    try:
        seed = ErroneousSolution.model_validate_json(line.content)
    except ValidationError as error:
        outcome.reject_invalid(config.command, error)
        return outcome
    sampling = Sampling(config.temperature, config.top_p, config.max_tokens)
    asked = load_prompt(_EVOLVE).render(question=seed.question)
    for index, answer in enumerate(
        await ask_all(teacher, [Request(model, asked, sampling, index) for index in range(config.per_problem)])
    ):
        try:
            question = _new_question(usable_text(answer), there, excluded)
            problem = await _answered(question, teacher, model, sampling)
        except NoAnswerError as error:
            detail = f"question {index}: {error}"
            outcome.reject(Rejection(stage=config.command, id=outcome.input_id, reason=error.reason, detail=detail))
        else:
            outcome.add(EVOLVED, problem, "problems")
    return outcome


def _new_question(text: str, there: frozenset[str], excluded: frozenset[str]) -> str:
    question = " ".join(text.split())
    if not _SHORTEST <= len(question.split()) <= _LONGEST or "?" not in question:
        raise NoAnswerError("no_question", text[:200])
    runs = set(_runs(question))
    if runs & there:
        raise NoAnswerError("like_a_question_there_is", question[:200])
    if runs & excluded:
        raise NoAnswerError("like_an_excluded_question", question[:200])
    return question


async def _answered(question: str, teacher: Teacher, model: str, sampling: Sampling) -> Problem:
    """The problem with the solution that another agrees with."""
    prompt = load_prompt(_SOLVE).render(question=question)
    requests = [Request(model, prompt, sampling, index) for index in range(_SOLUTIONS)]
    solutions = [(answer, text) for answer, text in map(_read, await ask_all(teacher, requests)) if answer]
    for (answer, text), (other, _) in combinations(solutions, 2):
        if verdict(answer, other) == "equal":
            return Problem(
                id=content_id(question, text, answer), question=question, solution=text, answer=answer, source="evolved"
            )
    raise NoAnswerError("no_majority", f"{question[:120]} answers: {[answer for answer, _ in solutions]}")


def _read(response: Response | NoAnswerError) -> tuple[str, str]:
    try:
        text = usable_text(response)
    except NoAnswerError:
        return "", ""
    return extract_answer(text) or "", text
