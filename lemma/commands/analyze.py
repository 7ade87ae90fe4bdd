"""`lemma analyze`: the first wrong step and the error type of every wrong solution of the student.

    lemma analyze                      # by the graph of the reference solution, no model needed
    lemma analyze --teacher gpt-4o     # by a model, and compared with the graph

Each one becomes an erroneous solution of origin `student`. Nothing is guessed: a step that is not probable enough
(`--min-confidence`) stays null, and a type that the numbers do not prove is `unknown`. `distribution.json` holds the
share of each known type; `augment --distribution` reads it, so that the injected errors follow the student's own
(arXiv 2503.17439, section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from lemma.arithmetic.numbers import normal
from lemma.config import AnalyzeConfig
from lemma.declaration import Command, Job
from lemma.engine.outcome import Count, Product
from lemma.engine.summary import Tally
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.locating.graph import THRESHOLD, first_wrong_step
from lemma.locating.judge import PROMPT, Judgement, Subject, judging_request, read_judgement
from lemma.locating.posterior import Posterior
from lemma.models.client import Client
from lemma.models.protocol import usable_text
from lemma.records import UNKNOWN, ErroneousSolution, Evidence, Problem, Solution
from lemma.run_files import DISTRIBUTION, ERRONEOUS, PROBLEMS, SOLUTIONS
from lemma.rundir.counts import Counts
from lemma.rundir.disk import write_whole
from lemma.rundir.problems import StoredProblems
from lemma.rundir.sharing import Hold
from lemma.statistics import wilson_interval
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.error_types import load_taxonomy

# Dimensions of the counts.
_TYPES, _REASONS, _AGREEMENT, _PLACES = "student types", "located by", "graph and teacher", "first wrong step"
_LOCATED, _NOT_LOCATED = "located", "not located"
# The confidence in a teacher's judgment. Assumed: it is not measured on labeled data.
_JUDGE = 0.8
_ALMOST_CERTAIN = 0.9999  # only a proof is certain


@dataclass(frozen=True)
class Located:
    """What a method says of a solution: the probability of each step, what that rests on, and what else it knows.

    `error_type` and `explanation` are about the most probable step. It is told from `least` confidence on.
    """

    posterior: Posterior
    evidence: Evidence
    least: float
    error_type: str = UNKNOWN
    explanation: str = ""
    reason: str = ""


def plan(config: AnalyzeConfig, _hold: Hold) -> Job:
    """Judge by the graph of the reference solution, or by a teacher."""
    problems = StoredProblems(PROBLEMS.path(config.run), "sample")
    if config.teacher is None:
        return Job(partial(analyze_solution, problems, config.min_confidence))
    judging = partial(judge_by_teacher, problems=problems, config=config, model=config.teacher)
    return Job(judging, model=config.teacher, prompts=(PROMPT,))


def next_command(config: AnalyzeConfig) -> tuple[str, ...]:
    """Inject errors as often as the student makes them, if any of its errors has a known type."""
    weights = orjson.loads((config.run / DISTRIBUTION).read_bytes())["weights"]
    return ("augment", "--distribution", str(config.run / DISTRIBUTION)) if any(weights.values()) else ("augment",)


def analyze_solution(problems: StoredProblems, least: float | None, solution: Solution) -> Iterator[Product]:
    """Locate the error of a solution by the graph of the reference."""
    if solution.verdict == "equal":
        return
    problem = _problem_of(problems, solution)
    located = by_graph(solution, problem, least)
    yield Count(_REASONS, located.reason)
    yield from erroneous_of(solution, problem, located)


async def judge_by_teacher(
    solution: Solution, client: Client, *, problems: StoredProblems, config: AnalyzeConfig, model: str
) -> Iterable[Product]:
    """Let a teacher locate the error of a solution, and count how often the graph agrees.

    If the teacher's answer is of no use, the graph decides.
    """
    if solution.verdict == "equal":
        return ()
    problem = _problem_of(problems, solution)
    graph = by_graph(solution, problem, config.min_confidence)
    taxonomy = load_taxonomy(config.taxonomy)
    subject = Subject(problem.question, _reference(problem), solution.steps)
    answer = await client.ask(judging_request(subject, model, taxonomy, config.max_tokens))
    try:
        judgement = read_judgement(usable_text(answer), len(solution.steps), taxonomy)
    except Refusal as refusal:
        return [refusal, *erroneous_of(solution, problem, graph)]
    judged = by_judge(judgement, len(solution.steps), config.min_confidence)
    same_step = judgement.step == graph.posterior.best_step()
    made: list[Product] = [Count(_AGREEMENT, "same step" if same_step else "other step")]
    if same_step and graph.error_type != UNKNOWN:
        same_type = graph.error_type == judged.error_type
        made.append(Count(_AGREEMENT, "same type" if same_type else "other type"))
    return [*made, *erroneous_of(solution, problem, judged)]


def _problem_of(problems: StoredProblems, solution: Solution) -> Problem:
    """The problem of a wrong solution. Raises Refusal if the solution may be right, or says nothing."""
    if solution.verdict == "unknown":
        raise Refusal("verdict_unknown", "the answer could not be graded, so the solution is not called wrong")
    if not any(step.strip() for step in solution.steps):
        raise Refusal("empty_solution", "there are no solution steps")
    problem = problems.get(solution.problem_id)
    if problem is None:
        raise Refusal("problem_missing", f"{solution.problem_id} is not in {PROBLEMS.name}")
    return problem


def _reference(problem: Problem) -> tuple[str, ...]:
    return tuple(map(without_annotations, split_steps(problem.solution)))


def by_graph(solution: Solution, problem: Problem, least: float | None) -> Located:
    """What the numbers and formulas say."""
    gold = exact_value(problem.answer)
    steps = [without_annotations(step) for step in solution.steps]
    if solution.final_answer:
        steps.append(f"The answer is {solution.final_answer}")
    value = None if gold is None else normal(gold)
    finding = first_wrong_step(problem.question, split_steps(problem.solution), value, steps)
    assert finding.posterior is not None
    # The answer that is said after the steps belongs to the last one.
    last = len(solution.steps) - 1
    *before, end = finding.posterior.steps[: last + 1]
    posterior = Posterior((*before, end + sum(finding.posterior.steps[last + 1 :])), finding.posterior.none)
    located = Located(posterior, "graph", THRESHOLD if least is None else least, reason=finding.reason)
    if min(finding.step, last) != posterior.best_step():
        return located
    explanation = f"{finding.reason.replace('_', ' ')}: {finding.equation}".rstrip(": ")
    return replace(located, error_type=finding.error_type or UNKNOWN, explanation=explanation)


def by_judge(judgement: Judgement, steps: int, least: float | None) -> Located:
    """What a teacher says. What it does not say is equally probable."""
    rest = (1 - _JUDGE) / steps
    probabilities = [_JUDGE if step == judgement.step else rest for step in range(steps)]
    none = _JUDGE if judgement.step is None else rest
    posterior = Posterior(tuple(probabilities), none)
    return Located(posterior, "judge", least or 0.0, judgement.error_type or UNKNOWN, judgement.explanation)


def erroneous_of(solution: Solution, problem: Problem, located: Located) -> Iterator[Product]:
    """The erroneous solution, with its first wrong step if that is probable enough, and with its type if that has a
    step.
    """
    step = located.posterior.best_step()
    confidence = located.posterior.steps[step]
    told = confidence >= located.least and confidence >= located.posterior.none
    error_type = located.error_type if told else UNKNOWN
    yield Count(_TYPES, error_type)
    yield Count(_PLACES, _LOCATED if told else _NOT_LOCATED)
    yield ErroneousSolution(
        id=solution.id,
        problem_id=problem.id,
        question=problem.question,
        gold_answer=problem.answer,
        reference_steps=_reference(problem),
        steps=tuple(map(without_annotations, solution.steps)),
        error_step=step if told else None,
        error_type=error_type,
        explanation=located.explanation if told else "",
        final_answer=solution.final_answer or "",
        origin="student",
        model=solution.model,
        evidence=located.evidence,
        confidence=min(round(confidence, 4), _ALMOST_CERTAIN),
    )


def write_distribution(config: AnalyzeConfig, counts: Counts) -> tuple[Path]:
    """Write `distribution.json`: the share of each error type among the known ones, and how many are not known."""
    types, unknown = _known_types(counts)
    total = sum(types.values())
    distribution: dict[str, Any] = {
        "name": "student",
        "source": f"{SOLUTIONS.name}, analyzed by {config.teacher or 'the graph of the reference solutions'}",
        "note": f"percentages of the {total} errors of a known type, with 95 % Wilson intervals; {unknown} of "
        f"{total + unknown} errors have an unknown type, so these are not a sample of all",
        "weights": {kind: round(100 * count / total, 2) for kind, count in types.items()},
        "intervals": {
            kind: [round(100 * share.low, 2), round(100 * share.high, 2)]
            for kind, share in ((kind, wilson_interval(count, total)) for kind, count in types.items())
        },
        "counts": types,
        "unknown": unknown,
        "unknown_share": round(100 * unknown / max(1, total + unknown), 2),
    }
    path = config.run / DISTRIBUTION
    write_whole(path, orjson.dumps(distribution, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return (path,)


def _known_types(counts: Counts) -> tuple[dict[str, int], int]:
    """How often each error type occurred, and how many errors are of an unknown type."""
    types = dict(sorted(counts.of(_TYPES).items()))
    unknown = types.pop(UNKNOWN, 0)
    return types, unknown


def tallies(_config: AnalyzeConfig, counts: Counts) -> tuple[Tally, Tally]:
    """How many errors have a first wrong step and a type, the types' shares, and how often graph and teacher agree."""
    types, unknown = _known_types(counts)
    total = sum(types.values())
    rows = []
    for kind, count in sorted(types.items(), key=lambda item: -item[1]):
        share = wilson_interval(count, total)
        rows.append((kind, f"{count:,}", f"{share.value:.1%}", f"{share.low:.1%} to {share.high:.1%}"))
    rows.append((UNKNOWN, f"{unknown:,}", "", ""))
    rows += [(f"{_AGREEMENT}: {name}", f"{n:,}", "", "") for name, n in sorted(counts.of(_AGREEMENT).items())]
    places = tuple((name, f"{count:,}") for name, count in sorted(counts.of(_PLACES).items()))
    return (
        Tally("First wrong steps", (_PLACES, "errors"), places),
        Tally("The student's errors", ("type", "errors", "share", "95 % interval"), tuple(rows)),
    )


def calls(config: AnalyzeConfig) -> int:
    """Model calls per solution."""
    return 1 if config.teacher else 0


COMMAND = Command(
    AnalyzeConfig,
    plan,
    reads=SOLUTIONS,
    looks_up=(PROBLEMS,),
    writes=(ERRONEOUS,),
    then=next_command,
    calls=calls,
    tallies=tallies,
    finish=write_distribution,
)
