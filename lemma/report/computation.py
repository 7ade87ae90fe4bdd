"""The computation graph of a reference solution, and what became of it in the wrong one.

    >>> drawn = compare_computations(
    ...     "He had 48 clips.", ("He sold 48/2 = 24.", "Left are 48-24 = 24."), "24",
    ...     ("He sold 48/2 = 26.", "Left are 48-26 = 22."), 0)
    >>> [(node.right, node.wrong, node.state) for node in drawn]
    [('48/2 = 24', '48/2 = 26', 'changed'), ('48-24 = 24', '48-26 = 22', 'reached')]

Nothing is guessed: a solution whose arithmetic cannot be followed has no graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lemma.arithmetic.equations import Equation, read_step
from lemma.arithmetic.expressions import to_text
from lemma.arithmetic.graph import SolutionGraph, read_solution
from lemma.arithmetic.numbers import Number, find_numbers, normal, render
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.report.diff import aligned_steps
from lemma.steps import without_annotations

# same: as in the reference; changed: in the first wrong step; reached: different after it; left out: missing; added: a
# step that the reference does not have.
State = Literal["same", "changed", "reached", "left out", "added"]


@dataclass(frozen=True)
class Node:
    """An equation of the reference and its counterpart, or an added step.

    `step` counts from 0, in the wrong solution for an added step. `inputs` are the indices of the nodes whose results
    it uses; `question` means that it uses numbers of the question, `answer` that it gives the answer.
    """

    step: int
    right: str
    wrong: str
    state: State
    inputs: tuple[int, ...] = ()
    question: bool = False
    answer: bool = False


def compare_computations(
    question: str, reference: Sequence[str], gold_answer: str, steps: Sequence[str], error_step: int
) -> list[Node]:
    """The nodes of the graph, in the order of the steps; none if the reference's arithmetic cannot be followed."""
    gold = exact_value(gold_answer)
    if gold is None or not reference:
        return []
    try:
        graph = read_solution(question, reference, normal(gold))
    except Refusal:
        return []
    shown = [without_annotations(step) for step in steps]
    pairs = aligned_steps(graph.steps, shown)
    nodes = [_node(graph, index, shown, pairs, error_step) for index in range(len(graph.equations))]
    added = [place for place, pair in enumerate(pairs) if pair is None]
    return _with_added(graph, nodes, shown, added)


def _node(graph: SolutionGraph, index: int, steps: Sequence[str], pairs: Sequence[int | None], error_step: int) -> Node:
    equation, step = graph.equations[index], graph.step_of[index]
    right = _written(equation)
    place = pairs.index(step) if step in pairs else None
    wrong = "" if place is None else _counterpart(graph, index, steps[place])
    state: State = "same"
    if place is None or not wrong:
        state = "left out"
    elif wrong != right:
        state = "changed" if place <= error_step else "reached"
    links = graph.operand_links[index]
    sources = (link.results or link.rescaled for link in links)
    return Node(
        step=step,
        right=right,
        wrong=wrong,
        state=state,
        inputs=tuple(dict.fromkeys(found[-1] for found in sources if found)),
        question=any(link.question and not link.results for link in links),
        answer=index == graph.final,
    )


def _counterpart(graph: SolutionGraph, index: int, wrong_step: str) -> str:
    """An equation as it is in the wrong step; empty if it is missing."""
    equation, step = graph.equations[index], graph.step_of[index]
    if graph.steps[step] == wrong_step:
        return _written(equation)
    if not equation.visible:
        # The text shows no expression: the number in the place of the result tells what became of it.
        before, after = find_numbers(graph.steps[step]), find_numbers(wrong_step)
        places = [place for place, number in enumerate(before) if number.start == equation.result.start]
        if not places or len(before) != len(after):
            return ""
        found = after[places[0]]
        return _written(equation) if found.face == equation.result.face else f"... = {_number(found)}"
    mine = [number for number, other in enumerate(graph.equations) if graph.step_of[number] == step and other.visible]
    theirs = [other for other in read_step(wrong_step, graph.latex).equations if other.visible]
    place = mine.index(index)
    return _written(theirs[place]) if place < len(theirs) else ""


def _with_added(graph: SolutionGraph, nodes: list[Node], steps: Sequence[str], added: Sequence[int]) -> list[Node]:
    """Insert the steps that the reference lacks, as inputs of later equations that changed to use their numbers."""
    for place in added:
        source = len(nodes)
        values = {number.face for number in find_numbers(steps[place])}
        nodes = [
            replace(node, inputs=(*node.inputs, source))
            if node.state == "reached"
            and values
            & (
                {found.face for found in find_numbers(node.wrong)}
                - {operand.face for operand in graph.equations[number].operands}
            )
            else node
            for number, node in enumerate(nodes[: len(graph.equations)])
        ] + nodes[len(graph.equations) :]
        nodes.append(Node(place, "", steps[place], "added"))
    return nodes


def _written(equation: Equation) -> str:
    names = [_number(operand) for operand in equation.operands]
    names = [f"({name})" if name.startswith("-") else name for name in names]
    return f"{to_text(equation.tree, names)} = {_number(equation.result)}"


def _number(number: Number) -> str:
    text = render(number.face, number.style) or f"{number.face.numerator}/{number.face.denominator}"
    return f"{text}%" if number.percent else text
