"""The solution of a problem, read for the injectors: as a computation graph, as formulas, or as a generated story."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from lemma.algebra.derivation import Derivation, Line
from lemma.algebra.identities import false_identity
from lemma.arithmetic.chain_solution import BOX, ChainSolution, read_chain_solution
from lemma.arithmetic.graph import SolutionGraph, read_solution
from lemma.arithmetic.latex import boxed as boxes_in
from lemma.arithmetic.latex import has_formulas, without_box
from lemma.arithmetic.numbers import normal
from lemma.exceptions import Refusal
from lemma.generation.modular_errors import ModularSolution, read_modular_solution
from lemma.grading.verdict import exact_value, verdict
from lemma.injectors.algebra import has_letters, read_letters
from lemma.injectors.misquoting import misquoted
from lemma.records import Problem
from lemma.steps import split_steps, without_annotations, without_options

_Found = TypeVar("_Found")
_Given = ParamSpec("_Given")
_OTHER_WAY = re.compile(r"\s{0,9}\b(?:OR|Or|or)[,.:]?\s{0,9}$")


@dataclass(frozen=True)
class FormulaSolution:
    """A solution with formulas, read in up to three ways: as chains of formulas with numbers (only if its answer is
    boxed), as a derivation with letters, and as plain arithmetic.
    """

    written: tuple[str, ...]
    steps: tuple[str, ...]
    boxed: bool
    chains: ChainSolution | None
    letters: Derivation | None
    graph: SolutionGraph | None


ReadSolution = SolutionGraph | ModularSolution | FormulaSolution


def read_problem(problem: Problem) -> ReadSolution:
    """A problem's solution as a graph. One with formulas is read in several ways, and it is enough if one succeeds.

    Raises Refusal if it can't be read.
    """
    modular = read_modular_solution(problem)
    if modular is not None:
        return modular
    question, written = without_options(problem.question), split_steps(problem.solution)
    steps = tuple(map(without_annotations, written))
    refusals: list[Refusal] = []
    graph = _unless_refused(refusals, _read_graph, problem)
    # With no LaTeX but a box around the answer, arithmetic that leads to it is read as in any text.
    is_prose = graph is not None and graph.final is not None and not has_formulas(steps)
    boxed = "\\boxed" in problem.solution and not is_prose
    if not boxed and (said := misquoted(question, steps, problem.answer)) is not None:
        raise Refusal("reference_misquotes_question", said[:80])
    if not boxed and not any(map(has_letters, map(without_box, steps))):
        if graph is None:
            raise refusals[0]
        return graph
    end = _end_of_first_way(steps, problem.answer) if boxed else len(steps)
    steps_read, written_read = (
        (*one[: end - 1], _OTHER_WAY.sub("", one[end - 1])) if end < len(one) else one for one in (steps, written)
    )
    chains = _unless_refused(refusals, read_chain_solution, question, steps_read, problem.answer) if boxed else None
    letters = _unless_refused(refusals, read_letters, question, steps_read, problem.answer, written_read)
    if graph is None and chains is None and letters is None:
        raise refusals[0]
    if letters is not None and (false := false_identity(letters)):
        raise Refusal("reference_formula_false", " ".join(false.split())[:80])
    if letters is not None and letters.latex and any(is_partly_read(line) for line in letters.lines):
        again = _unless_refused([], read_letters, question, steps_read, problem.answer, written_read, in_parts=True)
        letters = again or letters
    if graph is not None and not boxed and letters is None:
        return graph
    return FormulaSolution(written, steps, boxed, chains, letters, graph)


def is_partly_read(line: Line) -> bool:
    """Whether reading a line in parts may say more of it: it has sides that are read beside others, or is a bound."""
    read = [side.tree is not None for side in line.chain.sides]
    return any(read) and (not all(read) or line.relation in ("<=", ">="))


def _end_of_first_way(steps: Sequence[str], gold: str) -> int:
    """The number of steps up to the first box, if it has the answer and the steps behind it find it in another way."""
    ways = [number for number, text in enumerate(steps, 1) if BOX.search(text)]
    if len(ways) < 2 or any(verdict(gold, content) != "equal" for content in boxes_in(steps[ways[0] - 1])):
        return len(steps)
    return ways[0]


def _read_graph(problem: Problem) -> SolutionGraph:
    gold = exact_value(problem.answer)
    if gold is None:
        raise Refusal("answer_not_numeric", f"the gold answer {problem.answer[:80]!r} is not a number")
    return read_solution(without_options(problem.question), split_steps(problem.solution), normal(gold))


def _unless_refused(
    refusals: list[Refusal], read: Callable[_Given, _Found], *given: _Given.args, **named: _Given.kwargs
) -> _Found | None:
    """What is read, None if it is refused, which is noted."""
    try:
        return read(*given, **named)
    except Refusal as refusal:
        refusals.append(refusal)
        return None


def arithmetic_of(solution: ReadSolution) -> SolutionGraph | None:
    """The plain arithmetic of a solution; None if none is read."""
    if isinstance(solution, FormulaSolution):
        return solution.graph
    return solution if isinstance(solution, SolutionGraph) else None


def letters_of(solution: ReadSolution) -> Derivation:
    """The derivation of a solution with letters, from which a slip in letters was drawn."""
    assert isinstance(solution, FormulaSolution) and solution.letters is not None
    return solution.letters
