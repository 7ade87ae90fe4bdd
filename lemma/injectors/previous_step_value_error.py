"""A result of an earlier step is misquoted, or another step's result is taken in its place."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.propagation import Change
from lemma.injectors.proposal import Proposal, misquotes, shuffled, sites


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that an earlier step found, replaced by another step's result or by its digits swapped."""
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        earlier = {graph.equations[index].result.face for index in range(site.index)} - used
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if len(link.results) != 1 or link.question or link.constant or site.in_fraction(leaf):
                continue
            source = graph.step_of[link.results[0]]
            if source == site.step:
                continue
            others = [value for value in earlier if isinstance(value, int) == isinstance(operand.face, int)]
            for wrong, edits in misquotes(site, leaf, others, (), rng):
                found, taken = site.shown(operand, operand.face), site.shown(operand, wrong)
                fault = f"Step {source + 1} found {found}, but this step goes on with {taken}"
                explanation = f"{fault}: it should be {site.worked}."
                yield Proposal(Change(site.index, edits), explanation)
