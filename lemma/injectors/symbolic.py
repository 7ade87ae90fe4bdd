"""Inject typed errors into a problem's solution by symbolic means: each is propagated, proved from its text, and
different from all others of its problem.

    plan = InjectionPlan({"operator_error": 1.0}, {"operator_error": "operator_error"}, per_problem=2, seed=0)
    erroneous_solutions(plan, problem).records
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lemma.arithmetic.graph import SolutionGraph, read_solution
from lemma.arithmetic.latex import is_balanced
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
from lemma.injectors import injector
from lemma.injectors.proof import prove, prove_answer
from lemma.injectors.proposal import Conclusion, Proposal
from lemma.records import ErroneousSolution, Problem, content_id
from lemma.statistics import random_for
from lemma.steps import split_steps, without_annotations

_COMMAND = re.compile(r"\\[a-z]+")
_GOLD_NUMBER = re.compile(
    rf"-?(?:\\[dt]?frac(?:\{{\d{{1,9}}\}}\{{\d{{1,9}}\}}|\s?\d\s?\d)|\d{{1,9}}/\d{{1,9}}|{NUMBER_PATTERN})"
)


@dataclass(frozen=True)
class InjectionPlan:
    """What to make of each problem: the `weights` of the types, and the name of each type's injector."""

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


@dataclass(frozen=True)
class Injection:
    """What came of one problem: the erroneous solutions, how often each type was drawn, and how many errors were not
    proven, by reason.
    """

    records: tuple[ErroneousSolution, ...]
    asked: Counter[str]
    refused: Counter[str]


def erroneous_solutions(plan: InjectionPlan, problem: Problem) -> Injection:
    """Erroneous solutions of a problem, no two alike, their types drawn by weight among those that it allows.

    Raises Refusal if the problem's solution can't be read.
    """
    modular = read_modular_solution(problem)
    graph = modular if modular is not None else _read(problem)
    rng = random_for(plan.seed, problem.id)
    streams = {kind: attempts(graph, kind, plan.injectors[kind], rng) for kind in plan.weights}
    asked: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    made: dict[tuple[str, ...], ErroneousSolution] = {}
    for _ in range(plan.per_problem):
        kind = _draw(plan.weights, plan.weights, rng)
        asked[kind] += 1
        goal = len(made) + 1
        while streams and len(made) < goal:
            if kind in streams:
                for attempt in streams[kind]:
                    if isinstance(attempt, Refusal):
                        refused[attempt.reason] += 1
                    elif (text := tuple(map(without_annotations, attempt.steps))) not in made:
                        made[text] = _record(plan, problem, graph, kind, attempt)
                        break
                else:
                    del streams[kind]
            if streams and len(made) < goal:
                kind = _draw(plan.weights, streams, rng)
    return Injection(tuple(made.values()), asked, refused)


def _read(problem: Problem) -> SolutionGraph:
    gold = exact_value(problem.answer)
    if gold is None:
        raise Refusal("answer_not_numeric", f"the gold answer {problem.answer[:80]!r} is not a number")
    return read_solution(problem.question, split_steps(problem.solution), normal(gold))


def _draw(weights: Mapping[str, float], possible: Mapping[str, object], rng: random.Random) -> str:
    kinds = [kind for kind in weights if kind in possible]
    return rng.choices(kinds, [weights[kind] for kind in kinds])[0]


def attempts(
    graph: SolutionGraph | ModularSolution, kind: str, name: str, rng: random.Random
) -> Iterator[Injected | Refusal]:
    """The erroneous solutions of one type, proven, one after the other, and why others could not be made."""
    if isinstance(graph, ModularSolution):
        for error in propose_modular(graph.story, kind, rng):
            yield Injected(error.steps, error.error_step, error.final, error.explanation)
        return
    for proposal in injector(name)(graph, rng):
        try:
            if isinstance(proposal, Conclusion):
                steps = (*graph.written[: proposal.step], proposal.text)
                injected = Injected(steps, proposal.step, proposal.answer, proposal.explanation)
            else:
                injected = _carried(graph, proposal)
            shown = prove(graph, name, injected.steps, injected.error_step)
            prove_answer(graph, shown, injected.final)
            if graph.latex and not is_balanced(injected.explanation, commands_outside=False):
                raise Refusal("unbalanced_explanation", injected.explanation)
        except Refusal as refusal:
            yield refusal
        else:
            yield injected


def _carried(graph: SolutionGraph, proposal: Proposal) -> Injected:
    consequence = propagate(graph, proposal.change)
    assert graph.final is not None
    result, final = graph.equations[graph.final].result, consequence.final
    if result.percent and result.face != graph.gold:
        final = divide(final, 100)  # in the form of the gold answer: 0.35 for a gold of 0.25 that the text calls 25%
    return Injected(consequence.steps, consequence.error_step, final, proposal.explanation)


def _record(
    plan: InjectionPlan, problem: Problem, graph: SolutionGraph | ModularSolution, kind: str, injected: Injected
) -> ErroneousSolution:
    steps, reference = injected.steps, graph.written
    if not plan.keep_annotations:
        steps, reference = tuple(map(without_annotations, steps)), graph.steps
    final = final_text(problem.answer, injected.final)
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
        evidence="proof",
        confidence=1,
    )


def final_text(gold: str, value: Value) -> str:
    """A wrong answer in the form of the gold one: `$20` for `$18`, `\\frac{1}{3}` for `\\frac{1}{2}`."""
    places = list(_GOLD_NUMBER.finditer(gold))
    if len(places) == 1 and "=" not in gold:
        number = places[0].group()
        if "/" in number or "frac" in number:
            style = (
                NumberStyle(FRACTION)
                if "/" in number
                else NumberStyle(LATEX_FRACTION, separator=_COMMAND.findall(number)[0])
            )
        else:
            style = find_numbers(number)[0].style
        written = render(value, style)
        text = None if written is None else gold[: places[0].start()] + written + gold[places[0].end() :]
        if text is not None and exact_value(text) == value:
            return text
    return render(value, INTEGER) or f"{value.numerator}/{value.denominator}"
