"""Analyze: the type and the first wrong step of every wrong solution of the student, and how often each type comes.

    lemma analyze                      # by the graph of the reference solution, no model needed
    lemma analyze --teacher gpt-4o     # by a model, beside the graph

What is found becomes an erroneous solution of origin `student`; `distribution.json` is what `augment --distribution`
takes, so that the injected errors follow the student's own (arXiv 2503.17439, section 3.1). A type that the numbers
don't tell is not guessed: such a solution is rejected as `type_unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson
from pydantic import ValidationError
from rich.console import Console

from lemma.arithmetic.numbers import normal
from lemma.config import AnalyzeConfig
from lemma.engine.calls import run_asking_stage
from lemma.engine.outcome import Outcome
from lemma.engine.pool import run_stage
from lemma.engine.summary import StageSummary, Tally
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.locating.graph import Finding, first_wrong_step
from lemma.locating.judge import PROMPT, Judgement, Subject, judging_request, read_judgement
from lemma.models.client import Client
from lemma.models.prompts import prompt_versions
from lemma.models.protocol import usable_text
from lemma.records import ErroneousSolution, Problem, Rejection, Solution
from lemma.rundir.disk import write_whole
from lemma.rundir.journal import Journal, Output, RunDirectory
from lemma.rundir.lines import StoredLine, flowing_lines, stage_input
from lemma.rundir.problems import StoredProblems
from lemma.statistics import wilson_interval
from lemma.steps import split_steps, without_annotations
from lemma.taxonomy import load_taxonomy

SOLUTIONS, PROBLEMS, ERRONEOUS = "solutions.jsonl", "problems.jsonl", "erroneous.jsonl"
DISTRIBUTION = "distribution.json"
_TYPE, _STEP, _AGREE = "type: ", "step: ", "graph and teacher: "


def analyze(config: AnalyzeConfig, console: Console) -> StageSummary:
    """Run the stage."""
    solutions = config.run / SOLUTIONS
    outputs = (Output(ERRONEOUS, lambda line: str(line["id"]) if line["origin"] == "student" else None),)
    inputs = stage_input(solutions, "sample") | (prompt_versions(PROMPT) if config.teacher else {})
    problems = StoredProblems(config.run / PROBLEMS, "sample")
    lines = flowing_lines(solutions, "sample")
    notes: tuple[str, ...] = ()
    with RunDirectory(config.run).open_stage(config, outputs, inputs) as journal:
        if config.teacher:
            asking = partial(_analyze_by_teacher, problems=problems, config=config)
            notes = run_asking_stage(
                asking, lines, journal=journal, config=config, model=config.teacher, console=console
            )
        else:
            run_stage(partial(analyze_line, problems), lines, journal, config.workers, console)
        _write_distribution(config, journal)
        return StageSummary(
            made={name: count for name, count in journal.made.items() if ": " not in name},
            rejected=journal.rejected,
            files=(config.run / ERRONEOUS, config.run / DISTRIBUTION),
            next_command=f"lemma augment --distribution {config.run / DISTRIBUTION}",
            tallies=(_tally(journal.made),),
            notes=notes,
        )


def analyze_line(problems: StoredProblems, line: StoredLine) -> Outcome:
    """What the graph says of one line of `solutions.jsonl`."""
    outcome = Outcome(line.id)
    found = _wrong_solution(problems, line, outcome)
    if found is not None:
        solution, problem = found
        finding = _by_graph(solution, problem)
        outcome.counts[_STEP + finding.reason] += 1
        explanation = f"{finding.reason.replace('_', ' ')}: {finding.equation}".rstrip(": ")
        _add(outcome, solution, problem, Judgement(finding.step, finding.error_type or "", explanation))
    return outcome


async def _analyze_by_teacher(
    line: StoredLine, client: Client, *, problems: StoredProblems, config: AnalyzeConfig
) -> Outcome:
    outcome = Outcome(line.id)
    found = _wrong_solution(problems, line, outcome)
    if found is None:
        return outcome
    solution, problem = found
    taxonomy = load_taxonomy(config.taxonomy)
    subject = Subject(problem.question, _reference(problem), solution.steps)
    try:
        answer = await client.ask(judging_request(subject, str(config.teacher), taxonomy, config.max_tokens))
        judgement = read_judgement(usable_text(answer), len(solution.steps), taxonomy)
    except Refusal as error:
        _reject(outcome, error.reason, str(error))
        return outcome
    _compare(outcome, _by_graph(solution, problem), judgement)
    if judgement.step is None:
        _reject(outcome, "no_error_found", judgement.explanation)
    else:
        _add(outcome, solution, problem, judgement)
    return outcome


def _compare(outcome: Outcome, finding: Finding, judgement: Judgement) -> None:
    same_step = finding.step == judgement.step
    outcome.counts[_AGREE + ("same step" if same_step else "other step")] += 1
    if same_step and finding.error_type:
        outcome.counts[_AGREE + ("same type" if finding.error_type == judgement.error_type else "other type")] += 1


def _wrong_solution(problems: StoredProblems, line: StoredLine, outcome: Outcome) -> tuple[Solution, Problem] | None:
    try:
        solution = Solution.model_validate_json(line.content)
    except ValidationError as error:
        outcome.reject_invalid(AnalyzeConfig.command, error)
        return None
    if solution.verdict == "equal":
        return None
    if solution.verdict == "unknown":
        _reject(outcome, "verdict_unknown", "what could not be graded is not called wrong")
        return None
    problem = problems.get(solution.problem_id)
    if problem is None:
        _reject(outcome, "problem_missing", f"{solution.problem_id} is not in {PROBLEMS}")
    elif not split_steps(problem.solution):
        _reject(outcome, "no_reference", "the problem has no worked solution to compare with")
    else:
        return solution, problem
    return None


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


def _add(outcome: Outcome, solution: Solution, problem: Problem, judgement: Judgement) -> None:
    assert judgement.step is not None
    if not judgement.error_type:
        outcome.counts[_TYPE + "unknown"] += 1
        detail = f"step {judgement.step + 1}, {judgement.explanation}"
        _reject(outcome, "type_unknown", detail)
        return
    record = ErroneousSolution(
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
    outcome.add(ERRONEOUS, record, "erroneous solutions")
    outcome.counts[_TYPE + judgement.error_type] += 1


def _reject(outcome: Outcome, reason: str, detail: str) -> None:
    outcome.reject(Rejection(stage=AnalyzeConfig.command, id=outcome.input_id, reason=reason, detail=detail))


def _counts_of_types(made: Mapping[str, int]) -> dict[str, int]:
    return {name.removeprefix(_TYPE): count for name, count in sorted(made.items()) if name.startswith(_TYPE)}


def _write_distribution(config: AnalyzeConfig, journal: Journal) -> None:
    counts = _counts_of_types(journal.made)
    unknown = counts.pop("unknown", 0)
    total = sum(counts.values())
    distribution: dict[str, Any] = {
        "name": "student",
        "source": f"{SOLUTIONS}, analyzed by {config.teacher or 'the graph of the reference solutions'}",
        "note": f"percentages of {total} errors with 95 % Wilson intervals; {unknown} more have an unknown type",
        "weights": {kind: round(100 * count / total, 2) for kind, count in counts.items()},
        "intervals": {
            kind: [round(100 * share.low, 2), round(100 * share.high, 2)]
            for kind, share in ((kind, wilson_interval(count, total)) for kind, count in counts.items())
        },
        "counts": counts,
        "unknown": unknown,
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    write_whole(config.run / DISTRIBUTION, orjson.dumps(distribution, option=options))


def _tally(made: Mapping[str, int]) -> Tally:
    counts = _counts_of_types(made)
    unknown = counts.pop("unknown", 0)
    total = sum(counts.values())
    rows = []
    for kind, count in sorted(counts.items(), key=lambda item: -item[1]):
        share = wilson_interval(count, total)
        rows.append((kind, f"{count:,}", f"{share.value:.1%}", f"{share.low:.1%} to {share.high:.1%}"))
    rows.append(("unknown", f"{unknown:,}", "", ""))
    rows += [(name, f"{count:,}", "", "") for name, count in sorted(made.items()) if name.startswith(_AGREE)]
    return Tally("The student's errors", ("type", "errors", "share", "95 % interval"), tuple(rows))
