"""Inject typed errors into a problem's solution by symbolic means: each is propagated, proved from its text, and
different from all others of its problem.

    plan = InjectionPlan({"operator_error": 1.0}, {"operator_error": "operator_error"}, per_problem=2, seed=0)
    list(erroneous_solutions(plan, problem, Counter(), Counter()))
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module

from lemma.arithmetic.graph import SolutionGraph, read_solution
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
from lemma.arithmetic.propagation import propagate
from lemma.exceptions import Refusal
from lemma.generation.modular_errors import ModularSolution, read_modular_solution
from lemma.generation.modular_errors import propose as propose_modular
from lemma.grading.verdict import exact_value
from lemma.injectors.proof import prove
from lemma.injectors.proposal import Conclusion, Proposal
from lemma.records import ErroneousSolution, Problem, content_id
from lemma.rng import random_for
from lemma.steps import split_steps, states_answer, without_annotations

_GOLD_NUMBER = re.compile(rf"-?(?:\\[dt]?frac\{{\d{{1,9}}\}}\{{\d{{1,9}}\}}|\d{{1,9}}/\d{{1,9}}|{NUMBER_PATTERN})")


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


def _read(problem: Problem) -> SolutionGraph | ModularSolution:
    modular = read_modular_solution(problem)
    if modular is not None:
        return modular
    gold = exact_value(problem.answer)
    if gold is None:
        raise Refusal("answer_not_numeric", f"the gold answer {problem.answer[:80]!r} is not a number")
    return read_solution(problem.question, split_steps(problem.solution), normal(gold))


def erroneous_solutions(
    plan: InjectionPlan, problem: Problem, asked: Counter[str], refused: Counter[str]
) -> Iterator[ErroneousSolution]:
    """Erroneous solutions of a problem, no two alike, their types drawn by their weights among those it allows.

    `asked` gets the types that were drawn, `refused` the reasons for which errors were not proven. Raises Refusal
    where the problem's solution can't be read.
    """
    graph = _read(problem)
    rng = random_for(plan.seed, problem.id)
    streams = {kind: _injected(graph, kind, plan.injectors[kind], rng, refused) for kind in plan.weights}
    seen: set[tuple[str, ...]] = set()
    for _ in range(plan.per_problem):
        kind = _draw(plan.weights, plan.weights, rng)
        asked[kind] += 1
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
        except Refusal as refusal:
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
        raise Refusal("answer_unchanged")


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
