"""A result of an earlier step is misquoted, or another step's result is taken in its place."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Value
from lemma.arithmetic.propagation import Change
from lemma.injectors.proposal import Proposal, Site, shown, shuffled, sites, swapped_digits


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
            for wrong in shuffled(_misquotes(operand.face, earlier), rng):
                edits = site.writes(leaf, wrong)
                if edits:
                    explanation = _explanation(site, source, shown(operand, operand.face), shown(operand, wrong))
                    yield Proposal(Change(site.index, edits), explanation)


def _misquotes(right: Value, earlier: set[Value]) -> list[Value]:
    alike = sorted(value for value in earlier if isinstance(value, int) == isinstance(right, int))
    return [*alike, *(value for value in swapped_digits(right) if value not in alike)]


def _explanation(site: Site, source: int, right: str, wrong: str) -> str:
    fault = f"Step {source + 1} found {right}, but this step goes on with {wrong}"
    return f"{fault}: it should be {site.expression} = {site.result}."
