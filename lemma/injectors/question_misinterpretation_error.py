"""The question is misread: a constraint is dropped, or another quantity is given as the answer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Number
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.proposal import Conclusion, Proposal, Site, shown, shuffled, sites

_CLOSES_FORMULA = re.compile(r".*=\s?\$?")
_GOES_ON = re.compile(r"\s*(?:[-+*/^×÷=(_%]|\\(?:cdot|times|frac|sqrt|pi|div|left|%|pmod)|[A-Za-z]\b(?!\s)|\{)")
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
        # Sums and products of three or more, without brackets to the right.
        flat = all(isinstance(node.right, int) for node in nodes(tree))
        if len(site.equation.operands) < 3 or operators not in ({"+"}, {"*"}) or not flat:
            continue
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            cut = _without(site, leaf)
            if link.question and not link.results and cut is not None:
                yield Proposal(
                    Change(site.index, (cut,)),
                    f"The problem also gives {shown(operand, operand.face)}, and the step leaves it out: "
                    f"it should be {site.expression} = {site.result}.",
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
        number = shown(found, found.face)
        if found.face in {mention.face for mention in graph.readings[stop].mentions}:
            continue
        explanation = f"{number} is what step {step + 1} found, but the question asks for another quantity."
        yield Conclusion(stop, rng.choice(_CONCLUSIONS).format(number), found.face, explanation)


def _found_before(graph: SolutionGraph, last: int) -> list[tuple[int, Number]]:
    """What the steps before the last one worked out: results, and numbers that close a formula (`xyz = 288`)."""
    results = [(step, equation.result) for step, equation in zip(graph.step_of, graph.equations, strict=True)]
    closing = [
        (step, mention)
        for step, reading in enumerate(graph.readings)
        for mention in reading.mentions
        if _CLOSES_FORMULA.fullmatch(reading.text[max(0, mention.start - 3) : mention.start])
        and not _GOES_ON.match(reading.text, mention.end)
    ]
    earlier = dict.fromkeys(found for found in (*results, *closing) if found[0] < last)
    return sorted(earlier, key=lambda found: (found[0], found[1].start))
