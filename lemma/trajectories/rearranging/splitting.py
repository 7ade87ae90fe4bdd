"""One step in two: a part of a longer expression is worked out in a step of its own."""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.exceptions import Refusal
from lemma.trajectories.rearranging.formulas import (
    Atom,
    Operation,
    Part,
    atoms,
    number_like,
    read_formula,
    value_of,
    with_expression,
    written,
)
from lemma.trajectories.rearranging.wording import goes_on, is_told_in_order, refers_back

_FEWEST_NUMBERS = 3


def propose(graph: SolutionGraph) -> Iterator[tuple[str, ...] | Refusal]:
    """Every part of an expression that can be worked out first."""
    for index, step in enumerate(graph.step_of):
        formula = read_formula(graph, index)
        if formula is None or len(atoms(formula.tree)) < _FEWEST_NUMBERS or len(graph.readings[step].equations) > 1:
            continue
        if refers_back(graph.steps[step]) or goes_on(graph.steps[step]):
            yield Refusal("reference_word", f"step {step + 1}")
            continue
        if step == 0 or is_told_in_order(graph.steps[step]):
            yield Refusal("order_word", f"step {step + 1}")  # the part would come before a "First"
            continue
        taken = {*graph.question_values, *graph.constants, *(one.result.face for one in graph.equations)}
        for part in _parts(formula.tree):
            number = number_like(part, value_of(part))
            repeats = len(set(atoms(part))) == 1  # 4 + 4 + 4 reads better in one line
            if number is None or number.value in taken or repeats:
                yield Refusal("unfit_result", f"step {step + 1}: {written(part, formula.signs)}")
                continue
            full_stop = "." if graph.steps[step].endswith(".") else ""
            equals = " = " if formula.signs["+"].startswith(" ") else "="
            line = written(part, formula.signs) + equals + number.text + full_stop
            rest = with_expression(graph, index, written(_with_number(formula.tree, part, number), formula.signs))
            yield (*graph.steps[:step], line, rest, *graph.steps[step + 1 :])


def _parts(tree: Part) -> Iterator[Operation]:
    """The operations inside of an expression, but not 720 * 3 of 720 * 3 / 4."""
    if isinstance(tree, Operation):
        for side in (tree.left, tree.right):
            if isinstance(side, Operation) and (tree.operator, side.operator) != ("/", "*"):
                yield side
            yield from _parts(side)


def _with_number(tree: Part, part: Operation, number: Atom) -> Part:
    if tree is part:
        return number
    if isinstance(tree, Atom):
        return tree
    return Operation(tree.operator, _with_number(tree.left, part, number), _with_number(tree.right, part, number))
