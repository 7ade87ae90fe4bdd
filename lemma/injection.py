"""`lemma augment`: inject typed errors into correct solutions, by symbolic means that prove them.

The types are drawn by their weights among those that a problem's solution allows. Every erroneous solution is
propagated, proved from its text, and different from all others of its problem.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from importlib import import_module

from rich.console import Console

from lemma import judging
from lemma.arithmetic.graph import GraphRefusal, SolutionGraph, read_solution
from lemma.arithmetic.numbers import (
    FRACTION,
    INTEGER,
    LATEX_FRACTION,
    NUMBER_PATTERN,
    NumberStyle,
    Value,
    divide,
    find_numbers,
    normal,
    render,
)
from lemma.arithmetic.propagation import PropagationRefusal, propagate
from lemma.asking import run_asking_stage
from lemma.config import AugmentConfig
from lemma.distributions import load_distribution
from lemma.engine import Outcome, random_for, run_stage
from lemma.exceptions import ConfigError
from lemma.generation.modular_errors import ModularSolution, read_modular_solution
from lemma.generation.modular_errors import propose as propose_modular
from lemma.injectors import teacher as teacher_injector
from lemma.injectors.proof import Unproven, prove
from lemma.injectors.proposal import Conclusion, Proposal
from lemma.problems import open_problems
from lemma.prompts import prompt_versions
from lemma.records import ErroneousSolution, Problem, Rejection, content_id
from lemma.steps import split_steps, states_answer, without_annotations
from lemma.store import Output, RunDirectory, shared_output
from lemma.summary import StageSummary, Tally
from lemma.taxonomy import load_taxonomy
from lemma.teachers.dispatch import Teacher
from lemma.teachers.protocol import Sampling
from lemma.verify import exact_value

PROBLEMS, ERRONEOUS = "problems.jsonl", "erroneous.jsonl"
_GOLD_NUMBER = re.compile(rf"-?(?:\\[dt]?frac\{{\d{{1,9}}\}}\{{\d{{1,9}}\}}|\d{{1,9}}/\d{{1,9}}|{NUMBER_PATTERN})")
_ASKED, _MADE, _REFUSED, _CONFUSION = "asked: ", "made: ", "refused: ", "confusion: "


@dataclass(frozen=True)
class InjectionPlan:
    """What to make of each problem: `weights` of the types, and the injector module of each."""

    weights: Mapping[str, float]
    injectors: Mapping[str, str]
    per_problem: int
    seed: int
    keep_annotations: bool = False


@dataclass(frozen=True)
class Injected:
    """An erroneous solution before it becomes a record. `steps` may carry annotations."""

    steps: tuple[str, ...]
    error_step: int
    final: Value
    explanation: str


def augment(config: AugmentConfig, console: Console) -> StageSummary:
    """Run the stage."""
    if config.teacher is not None:
        return _augment_by_teacher(config, config.teacher, console)
    plan = _plan(config)
    source = open_problems(config.data, config.command, config.columns, config.split)
    directory = RunDirectory(config.run)
    inputs = {"data": source.fingerprint(), "weights": shown_weights(plan.weights)}
    with directory.open_stage(config, _outputs(), inputs) as journal:
        run_stage(partial(inject_item, plan), source, journal, config.workers, console)
        return StageSummary(
            made={name: count for name, count in journal.made.items() if ": " not in name},
            rejected=journal.rejected,
            files=tuple(config.run / file for file in (PROBLEMS, ERRONEOUS)),
            next_command="lemma build-sft",
            tallies=(_types_tally(plan.weights, journal.made),),
        )


def shown_weights(weights: Mapping[str, float]) -> str:
    """The types with their weights, from whatever files: `calculation_error 1, missing_step 0.5`."""
    return ", ".join(f"{kind} {weight:g}" for kind, weight in weights.items())


def _outputs() -> tuple[Output, Output]:
    by_problem = Output(ERRONEOUS, lambda line: None if line["origin"] == "student" else str(line["problem_id"]))
    return shared_output(PROBLEMS), by_problem


def _augment_by_teacher(config: AugmentConfig, model: str, console: Console) -> StageSummary:
    plan = _teacher_plan(config, model)
    source = open_problems(config.data, config.command, config.columns, config.split)
    inputs = {"data": source.fingerprint(), "weights": shown_weights(plan.weights)}
    inputs |= prompt_versions(teacher_injector.PROMPT, judging.PROMPT)
    with RunDirectory(config.run).open_stage(config, _outputs(), inputs) as journal:
        asking = partial(_inject_by_teacher, plan)
        notes = run_asking_stage(asking, source, journal=journal, config=config, model=model, console=console)
        return StageSummary(
            made={name: count for name, count in journal.made.items() if ": " not in name},
            rejected=journal.rejected,
            files=tuple(config.run / file for file in (PROBLEMS, ERRONEOUS)),
            next_command=f"lemma correct --teacher {model}",
            tallies=(_types_tally(plan.weights, journal.made), _confusion_tally(journal.made)),
            notes=notes,
        )


def _teacher_plan(config: AugmentConfig, model: str) -> teacher_injector.TeacherPlan:
    taxonomy = load_taxonomy(config.taxonomy)
    selected = {kind.id for kind in taxonomy.select(config.types)}
    weights = load_distribution(config.distribution, taxonomy) if config.distribution else dict.fromkeys(selected, 1.0)
    drawn = {kind: weights[kind] for kind in sorted(weights) if kind in selected and weights[kind] > 0}
    if not drawn:
        raise ConfigError(f"--distribution {config.distribution} gives no weight to any of the wanted types")
    return teacher_injector.TeacherPlan(
        model=model,
        auditor=None if config.audit == "none" else config.audit or model,
        weights=drawn,
        per_problem=config.per_problem,
        student_share=config.student_share,
        seed=config.seed,
        sampling=Sampling(config.temperature, config.top_p, config.max_tokens),
        taxonomy=taxonomy,
    )


async def _inject_by_teacher(
    plan: teacher_injector.TeacherPlan, item: Problem | Rejection, teacher: Teacher
) -> Outcome:
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    outcome.add(PROBLEMS, item, "problems")
    seen: set[str] = set()
    for result in await teacher_injector.inject(plan, item, teacher, outcome.counts):
        if isinstance(result, teacher_injector.Unverified):
            outcome.reject(Rejection(stage="augment", id=item.id, reason=result.reason, detail=str(result)))
        elif result.id in seen:
            outcome.reject(Rejection(stage="augment", id=item.id, reason="made_before", detail=result.error_type))
        else:
            seen.add(result.id)
            outcome.add(ERRONEOUS, result, "erroneous solutions")
            outcome.counts[_MADE + result.error_type] += 1
    return outcome


def _confusion_tally(counts: Mapping[str, int]) -> Tally:
    """What the second look found, for what was wanted."""
    found = sorted((name.removeprefix(_CONFUSION), count) for name, count in counts.items() if _CONFUSION in name)
    return Tally("Second look", ("wanted > found", "errors"), tuple((name, f"{count:,}") for name, count in found))


def _plan(config: AugmentConfig) -> InjectionPlan:
    taxonomy = load_taxonomy(config.taxonomy)
    selected = {kind.id: kind.injector for kind in taxonomy.select(config.types) if kind.injector}
    if not selected:
        raise ConfigError(
            f"--types {','.join(config.types)}: no symbolic injector makes any of these; "
            f"`lemma taxonomy` shows which can"
        )
    weights = load_distribution(config.distribution, taxonomy) if config.distribution else dict.fromkeys(selected, 1.0)
    drawn = {kind: weight for kind, weight in weights.items() if kind in selected and weight > 0}
    if not drawn:
        raise ConfigError(f"--distribution {config.distribution} gives no weight to any of the types that can be made")
    return InjectionPlan(drawn, selected, config.per_problem, config.seed, config.keep_annotations)


def _types_tally(weights: Mapping[str, float], counts: Mapping[str, int]) -> Tally:
    total = max(1, sum(counts.get(_MADE + kind, 0) for kind in weights))
    asked = max(1, sum(counts.get(_ASKED + kind, 0) for kind in weights))
    rows = tuple(
        (
            kind,
            f"{counts.get(_ASKED + kind, 0) / asked:.1%}",
            f"{counts.get(_MADE + kind, 0) / total:.1%}",
            f"{counts.get(_MADE + kind, 0):,}",
        )
        for kind in weights
    )
    return Tally("Error types", ("type", "asked", "achieved", "made"), rows)


def inject_item(plan: InjectionPlan, item: Problem | Rejection) -> Outcome:
    """What comes of one line of the input."""
    outcome = Outcome(item.id)
    if isinstance(item, Rejection):
        outcome.reject(item)
        return outcome
    outcome.add(PROBLEMS, item, "problems")
    try:
        graph = _read(item)
    except GraphRefusal as refusal:
        outcome.reject(Rejection(stage="augment", id=item.id, reason=refusal.reason, detail=str(refusal)))
        return outcome
    refused: Counter[str] = Counter()
    records = list(_records(plan, item, graph, outcome.counts, refused))
    for record in records:
        outcome.add(ERRONEOUS, record, "erroneous solutions")
        outcome.counts[_MADE + record.error_type] += 1
    if not records:
        detail = ", ".join(f"{reason} {count}" for reason, count in refused.most_common(4)) or "nothing to change"
        outcome.reject(Rejection(stage="augment", id=item.id, reason="no_error_proven", detail=detail))
    outcome.counts.update({_REFUSED + reason: count for reason, count in refused.items()})
    return outcome


def _read(problem: Problem) -> SolutionGraph | ModularSolution:
    modular = read_modular_solution(problem)
    if modular is not None:
        return modular
    gold = exact_value(problem.answer)
    if gold is None:
        raise GraphRefusal("answer_not_numeric", f"the gold answer {problem.answer[:80]!r} is not a number")
    return read_solution(problem.question, split_steps(problem.solution), normal(gold))


def _records(
    plan: InjectionPlan,
    problem: Problem,
    graph: SolutionGraph | ModularSolution,
    counts: Counter[str],
    refused: Counter[str],
) -> Iterator[ErroneousSolution]:
    rng = random_for(plan.seed, problem.id)
    streams = {kind: _injected(graph, kind, plan.injectors[kind], rng, refused) for kind in plan.weights}
    seen: set[tuple[str, ...]] = set()
    for _ in range(plan.per_problem):
        kind = _draw(plan.weights, plan.weights, rng)
        counts[_ASKED + kind] += 1
        while streams:
            if kind in streams:
                injected = next((found for found in streams[kind] if _is_new(found, seen)), None)
                if injected is not None:
                    yield _record(plan, problem, graph, kind, injected)
                    break
                del streams[kind]
            if streams:
                kind = _draw(plan.weights, streams, rng)


def _draw(weights: Mapping[str, float], possible: Mapping[str, object], rng: random.Random) -> str:
    kinds = [kind for kind in weights if kind in possible]
    return rng.choices(kinds, [weights[kind] for kind in kinds])[0]


def _is_new(injected: Injected, seen: set[tuple[str, ...]]) -> bool:
    text = tuple(map(without_annotations, injected.steps))
    if text in seen:
        return False
    seen.add(text)
    return True


def _injected(
    graph: SolutionGraph | ModularSolution, kind: str, injector: str, rng: random.Random, refused: Counter[str]
) -> Iterator[Injected]:
    """The erroneous solutions of one type, proven, one after the other."""
    if isinstance(graph, ModularSolution):
        for error in propose_modular(graph.story, kind, rng):
            yield Injected(error.steps, error.error_step, error.final, error.explanation)
        return
    for proposal in import_module(f"lemma.injectors.{injector}").propose(graph, rng):
        try:
            injected = _concluded(graph, proposal) if isinstance(proposal, Conclusion) else _carried(graph, proposal)
            prove(graph, injector, injected.steps, injected.error_step)
            _refuse_right_answer(graph, injected.final)
        except (PropagationRefusal, Unproven) as refusal:
            refused[refusal.reason] += 1
        else:
            yield injected


def _carried(graph: SolutionGraph, proposal: Proposal) -> Injected:
    consequence = propagate(graph, proposal.change)
    return Injected(consequence.steps, consequence.error_step, _answer(graph, consequence.final), proposal.explanation)


def _answer(graph: SolutionGraph, face: Value) -> Value:
    """A final result in the form of the gold answer: 0.35 for a gold of 0.25 that the text calls 25%."""
    assert graph.final is not None
    result = graph.equations[graph.final].result
    return divide(face, 100) if result.percent and result.face != graph.gold else face


def _concluded(graph: SolutionGraph, proposal: Conclusion) -> Injected:
    steps, text = graph.written[: proposal.step], proposal.text
    if states_answer(graph.steps):
        text = f"So the answer is $\\boxed{{{render(proposal.answer, NumberStyle(LATEX_FRACTION))}}}$."
    return Injected((*steps, text), proposal.step, proposal.answer, proposal.explanation)


def _refuse_right_answer(graph: SolutionGraph, answer: Value) -> None:
    """0.25 and 25 may both be said for 25%."""
    if answer in (graph.gold, normal(Fraction(graph.gold) * 100), divide(graph.gold, 100)):
        raise PropagationRefusal("answer_unchanged")


def _record(
    plan: InjectionPlan, problem: Problem, graph: SolutionGraph | ModularSolution, kind: str, injected: Injected
) -> ErroneousSolution:
    steps, reference = injected.steps, graph.written
    if not plan.keep_annotations:
        steps, reference = tuple(map(without_annotations, steps)), graph.steps
    final = _final_text(problem.answer, injected.final)
    return ErroneousSolution(
        id=content_id(problem.id, kind, *steps, final),
        problem_id=problem.id,
        question=problem.question,
        gold_answer=problem.answer,
        reference_steps=reference,
        steps=steps,
        error_step=injected.error_step,
        error_type=kind,
        explanation=injected.explanation,
        final_answer=final,
        origin="symbolic",
        model=plan.injectors[kind],
    )


def _final_text(gold: str, value: Value) -> str:
    """A wrong answer in the form of the gold one: `$20` for `$18`, `\\frac{1}{3}` for `\\frac{1}{2}`."""
    places = list(_GOLD_NUMBER.finditer(gold))
    if len(places) == 1 and "=" not in gold:
        written = render(value, _style_of(places[0].group()))
        text = None if written is None else gold[: places[0].start()] + written + gold[places[0].end() :]
        if text is not None and exact_value(text) == value:
            return text
    return render(value, INTEGER) or f"{value.numerator}/{value.denominator}"


def _style_of(number: str) -> NumberStyle:
    if "/" in number or "frac" in number:
        return NumberStyle(FRACTION if "/" in number else LATEX_FRACTION)
    return find_numbers(number)[0].style
