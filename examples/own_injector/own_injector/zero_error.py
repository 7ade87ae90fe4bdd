"""A round number of the question gains a zero or loses one: 300 or 3 for 30."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Value
from lemma.arithmetic.propagation import Change
from lemma.injectors.proposal import Proposal, shown, shuffled, sites


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that comes from the question, ten times too large or too small."""
    for site in sites(graph, rng):
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if not link.question or link.results or site.in_fraction(leaf):
                continue
            for wrong in shuffled(other_sizes(operand.face), rng):
                edits = site.writes(leaf, wrong)
                if edits:
                    numbers = f"{shown(operand, operand.face)}, not {shown(operand, wrong)}"
                    why = f"The problem says {numbers}: it should be {site.expression} = {site.result}."
                    yield Proposal(Change(site.index, edits), why)


def other_sizes(value: Value) -> list[Value]:
    """A round number with a zero more and with one less; nothing for any other number."""
    return [value * 10, value // 10] if isinstance(value, int) and value % 10 == 0 and value > 10 else []
