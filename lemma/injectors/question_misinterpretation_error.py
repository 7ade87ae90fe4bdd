"""The question is misread: a constraint is dropped, or another quantity is given as the answer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.latex import is_solved_for, is_worked_out
from lemma.arithmetic.numbers import Number
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.proposal import Conclusion, Proposal, Site, quoted_number, shown, shuffled, sites

_UNKNOWN = re.compile(r"(?<![A-Za-z])[b-zB-HJ-Z](?![A-Za-z'])")
_CONCLUSIONS = (
    "So the answer is {}.",
    "The problem asks for this number, so the answer is {}.",
    "That is what we were looking for: {}.",
    "This is what was asked, so {} is the answer.",
)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal | Conclusion]:
    """A condition of the question left out of an equation, or a stop at an earlier result."""
    proposals: list[Iterator[Proposal | Conclusion]] = [_dropped_conditions(graph, rng), _early_stops(graph, rng)]
    rng.shuffle(proposals)
    for proposal in proposals:
        yield from proposal


def _dropped_conditions(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    for site in sites(graph, rng):
        tree = site.equation.tree
        operators = {node.operator for node in nodes(tree)}
        # Sums and products of three or more, without brackets to the right. In LaTeX, too much is computed unread to
        # say of a small number that the question gives it: the digits in 2+1+6+0+5, the factors of 4!.
        flat = all(isinstance(node.right, int) for node in nodes(tree))
        if graph.latex or len(site.equation.operands) < 3 or operators not in ({"+"}, {"*"}) or not flat:
            continue
        for leaf, operand, _ in shuffled(list(site.operands()), rng):
            cut = _without(site, leaf)
            if cut is not None and site.is_given(leaf):
                yield Proposal(
                    Change(site.index, (cut,)),
                    f"The problem also gives {site.shown(operand, operand.face)}, and the step leaves it out: "
                    f"it should be {site.worked}.",
                )


def _without(site: Site, leaf: int) -> Edit | None:
    """The edit that takes an operand and one operator out of a plain sum or product."""
    operands, operators = site.equation.operands, site.equation.operators
    if leaf != leaves(site.equation.tree)[leaf] or any("(" in site.text[o.start - 1 : o.end + 1] for o in operators):
        return None
    if leaf == 0:
        return Edit(operands[0].start, operands[1].start, "") if not operands[1].currency else None
    end = operators[leaf].start if leaf < len(operators) else site.equation.end
    blank = " " if leaf < len(operators) and site.text[operators[leaf].start - 1] == " " else ""
    start = operators[leaf - 1].start
    return Edit(start - (site.text[start - 1] == " " and not blank), end, "")


def _early_stops(graph: SolutionGraph, rng: random.Random) -> Iterator[Conclusion]:
    last = len(graph.steps) - 1
    for step, found in shuffled(_found_before(graph, last), rng):
        stop = rng.randint(step + 1, last)
        if found.face in {mention.face for mention in graph.readings[stop].mentions}:
            continue
        text, number = shown(found, found.face, graph.latex), quoted_number(graph, found, found.face)
        sentence = f"So the answer is $\\boxed{{{text}}}$." if graph.latex else rng.choice(_CONCLUSIONS).format(number)
        explanation = f"{number} is what step {step + 1} found, but the question asks for another quantity."
        yield Conclusion(stop, sentence, found.face, explanation)


def _found_before(graph: SolutionGraph, last: int) -> list[tuple[int, Number]]:
    """What the steps before the last one worked out. A number that is given, assumed (`let x = 2`) or the right side of
    an equation still to be solved (`x + y = 11`) was not found by anybody.
    """
    found: dict[tuple[int, Number], None] = {}
    for step, equation in zip(graph.step_of, graph.equations, strict=True):
        text = graph.steps[step]
        algebra = equation.chained and _UNKNOWN.search(text, equation.start, equation.result.end + 1)
        if step < last and not graph.latex and not algebra:
            found[step, equation.result] = None
    for step, reading in enumerate(graph.readings[:last] if graph.latex else ()):
        numbers = [*reading.mentions, *(equation.result for equation in reading.equations)]
        for number in sorted(numbers, key=lambda number: number.start):
            place = (reading.text, number.start, number.end)
            if number.face not in graph.stated and (is_worked_out(*place) or is_solved_for(*place)):
                found[step, number] = None
    return sorted(found, key=lambda place: (place[0], place[1].start))
