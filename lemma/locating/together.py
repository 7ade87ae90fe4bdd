"""What each method says of a solution of the student's, and what they say together.

found = {"graph": by_graph(solution, problem, None), "judge": ...}
together(found, found["graph"], least=None).posterior
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lemma.arithmetic.numbers import normal
from lemma.grading.verdict import exact_value
from lemma.locating.combination import combined, threshold
from lemma.locating.explaining import explanation, false_equation
from lemma.locating.graph import first_wrong_step
from lemma.locating.posterior import Posterior
from lemma.records import UNKNOWN, Evidence, Problem, Solution
from lemma.steps import split_steps, without_annotations


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
    located = Located(posterior, "graph", finding.least if least is None else least, reason=finding.reason)
    if min(finding.step, last) != posterior.best_step():
        return located
    # Training records say the explanation, so it says what a person would, or nothing.
    false = finding.reason == "false_equation"
    said = (
        false_equation(steps[finding.step])
        if false
        else explanation(finding.error_type, finding.equation, steps[finding.step])
    )
    return replace(located, error_type=finding.error_type or UNKNOWN, explanation=said)


def together(found: Mapping[str, Located], graph: Located, least: float | None) -> Located:
    """What the methods say in all. The evidence is the method that finds the step most probable.

    The type is a judge's, or the graph's if it is about the same step.
    """
    posterior = combined({method: located.posterior for method, located in found.items()})
    step = posterior.best_step()
    agreeing = [located for located in (*found.values(), graph) if located.posterior.best_step() == step]
    strongest = max(found.values(), key=lambda located: located.posterior.steps[step])
    typed = next((located for located in agreeing if located.error_type != UNKNOWN), None)
    if least is None:
        least = graph.least if set(found) == {"graph"} else threshold(frozenset(found))
    explained = typed or next((located for located in agreeing if located.explanation), strongest)
    return Located(
        posterior,
        strongest.evidence,
        least,
        typed.error_type if typed else UNKNOWN,
        explained.explanation,
    )


def reference_of(problem: Problem) -> tuple[str, ...]:
    return tuple(map(without_annotations, split_steps(problem.solution)))
