"""`lemma analyze`: the error type and the first wrong step of every wrong solution of the student.

    lemma analyze                      # by the graph of the reference solution, no model needed
    lemma analyze --teacher gpt-4o     # by a model, and compared with the graph

Each one found becomes an erroneous solution of origin `student`. `distribution.json` holds the share of each type;
`augment --distribution` reads it, so that the injected errors follow the student's own (arXiv 2503.17439, section 3.1).
If the numbers do not tell the type, the solution is rejected as `type_unknown`; no type is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from lemma.locating.graph import Finding, first_wrong_step
from lemma.locating.judge import PROMPT, Judgement, Subject, judging_request, read_judgement
from lemma.models.client import Client
from lemma.models.protocol import usable_text
from lemma.records import ErroneousSolution, Problem, Solution
from lemma.run_files import DISTRIBUTION, ERRONEOUS, PROBLEMS, SOLUTIONS
from lemma.rundir.counts import Counts
from lemma.rundir.disk import write_whole
from lemma.rundir.problems import StoredProblems
from lemma.rundir.sharing import Hold
from lemma.statistics import wilson_interval
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy.error_types import load_taxonomy

# Dimensions of the counts.
_TYPES, _REASONS, _AGREEMENT = "student types", "located by", "graph and teacher"


def plan(config: AnalyzeConfig, _hold: Hold) -> Job:
    """Judge by the graph of the reference solution, or by a teacher."""
    problems = StoredProblems(PROBLEMS.path(config.run), "sample")
    if config.teacher is None:
        return Job(partial(analyze_solution, problems))
    judging = partial(judge_by_teacher, problems=problems, config=config, model=config.teacher)
    return Job(judging, model=config.teacher, prompts=(PROMPT,))


def next_command(config: AnalyzeConfig) -> tuple[str, ...]:
    """Inject errors as often as the student makes them, if any of its errors has a known type."""
    weights = orjson.loads((config.run / DISTRIBUTION).read_bytes())["weights"]
    return ("augment", "--distribution", str(config.run / DISTRIBUTION)) if any(weights.values()) else ("augment",)


def analyze_solution(problems: StoredProblems, solution: Solution) -> Iterator[Product]:
    """Judge a solution by the graph of the reference."""
    if solution.verdict == "equal":
        return
    problem = _problem_of(problems, solution)
    finding = _by_graph(solution, problem)
    yield Count(_REASONS, finding.reason)
    explanation = f"{finding.reason.replace('_', ' ')}: {finding.equation}".rstrip(": ")
    yield from _erroneous(solution, problem, Judgement(finding.step, finding.error_type or "", explanation))


async def judge_by_teacher(
    solution: Solution, client: Client, *, problems: StoredProblems, config: AnalyzeConfig, model: str
) -> Iterable[Product]:
    """Let a teacher judge a solution, and count how often the graph agrees."""
    if solution.verdict == "equal":
        return ()
    problem = _problem_of(problems, solution)
    taxonomy = load_taxonomy(config.taxonomy)
    subject = Subject(problem.question, _reference(problem), solution.steps)
    answer = await client.ask(judging_request(subject, model, taxonomy, config.max_tokens))
    judgement = read_judgement(usable_text(answer), len(solution.steps), taxonomy)
    finding = _by_graph(solution, problem)
    same_step = finding.step == judgement.step
    made: list[Product] = [Count(_AGREEMENT, "same step" if same_step else "other step")]
    if same_step and finding.error_type:
        same_type = finding.error_type == judgement.error_type
        made.append(Count(_AGREEMENT, "same type" if same_type else "other type"))
    if judgement.step is None:
        return [*made, Refusal("no_error_found", judgement.explanation)]
    return [*made, *_erroneous(solution, problem, judgement)]


def _problem_of(problems: StoredProblems, solution: Solution) -> Problem:
    """The problem of a wrong solution. Raises Refusal if there is nothing to judge the solution by."""
    if solution.verdict == "unknown":
        raise Refusal("verdict_unknown", "the answer could not be graded, so the solution is not called wrong")
    problem = problems.get(solution.problem_id)
    if problem is None:
        raise Refusal("problem_missing", f"{solution.problem_id} is not in {PROBLEMS.name}")
    if not split_steps(problem.solution):
        raise Refusal("no_reference", "the problem has no worked solution to compare with")
    return problem


def _reference(problem: Problem) -> tuple[str, ...]:
    return tuple(map(without_annotations, split_steps(problem.solution)))


def _by_graph(solution: Solution, problem: Problem) -> Finding:
    gold = exact_value(problem.answer)
    steps = [without_annotations(step) for step in solution.steps]
    if solution.final_answer:
        steps.append(f"The answer is {solution.final_answer}")
    value = None if gold is None else normal(gold)
    finding = first_wrong_step(problem.question, split_steps(problem.solution), value, steps)
    last = len(solution.steps) - 1
    return finding if finding.step <= last else Finding(last, finding.reason, finding.equation, finding.error_type)


def _erroneous(solution: Solution, problem: Problem, judgement: Judgement) -> Iterator[Product]:
    assert judgement.step is not None
    yield Count(_TYPES, judgement.error_type or "unknown")
    if not judgement.error_type:
        yield Refusal("type_unknown", f"step {judgement.step + 1}, {judgement.explanation}")
        return
    yield ErroneousSolution(
        id=solution.id,
        problem_id=problem.id,
        question=problem.question,
        gold_answer=problem.answer,
        reference_steps=_reference(problem),
        steps=tuple(map(without_annotations, solution.steps)),
        error_step=judgement.step,
        error_type=judgement.error_type,
        explanation=judgement.explanation,
        final_answer=solution.final_answer or "",
        origin="student",
        model=solution.model,
    )


def write_distribution(config: AnalyzeConfig, counts: Counts) -> tuple[Path]:
    """Write `distribution.json`: the share of each error type, with its interval."""
    types, unknown = _known_types(counts)
    total = sum(types.values())
    distribution: dict[str, Any] = {
        "name": "student",
        "source": f"{SOLUTIONS.name}, analyzed by {config.teacher or 'the graph of the reference solutions'}",
        "note": f"percentages of {total} errors with 95 % Wilson intervals; {unknown} more have an unknown type",
        "weights": {kind: round(100 * count / total, 2) for kind, count in types.items()},
        "intervals": {
            kind: [round(100 * share.low, 2), round(100 * share.high, 2)]
            for kind, share in ((kind, wilson_interval(count, total)) for kind, count in types.items())
        },
        "counts": types,
        "unknown": unknown,
    }
    path = config.run / DISTRIBUTION
    write_whole(path, orjson.dumps(distribution, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return (path,)


def _known_types(counts: Counts) -> tuple[dict[str, int], int]:
    """How often each error type occurred, and how many errors are of an unknown type."""
    types = dict(sorted(counts.of(_TYPES).items()))
    unknown = types.pop("unknown", 0)
    return types, unknown


def tallies(_config: AnalyzeConfig, counts: Counts) -> tuple[Tally]:
    """The error types with their shares, and how often graph and teacher agree."""
    types, unknown = _known_types(counts)
    total = sum(types.values())
    rows = []
    for kind, count in sorted(types.items(), key=lambda item: -item[1]):
        share = wilson_interval(count, total)
        rows.append((kind, f"{count:,}", f"{share.value:.1%}", f"{share.low:.1%} to {share.high:.1%}"))
    rows.append(("unknown", f"{unknown:,}", "", ""))
    rows += [(f"{_AGREEMENT}: {name}", f"{n:,}", "", "") for name, n in sorted(counts.of(_AGREEMENT).items())]
    return (Tally("The student's errors", ("type", "errors", "share", "95 % interval"), tuple(rows)),)


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
