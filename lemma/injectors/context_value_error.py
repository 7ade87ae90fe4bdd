"""A number of the question is misquoted, or one is taken that belongs to something else."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value, find_numbers
from lemma.arithmetic.propagation import Change
from lemma.injectors.proposal import Proposal, Site, shown, shuffled, sites, swapped_digits

_RATIO_OR_CLOCK = re.compile(r"\d+(?:\s?:\s?\d+)+")


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that the question gives, replaced by another number of the question or by its digits swapped."""
    given = {number.face for number in find_numbers(_RATIO_OR_CLOCK.sub("", graph.question))}
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if not _is_quoted(link, operand, given) or site.in_fraction(leaf):
                continue
            for wrong in shuffled(_misquotes(operand, given - used), rng):
                edits = site.writes(leaf, wrong)
                if edits:
                    yield Proposal(Change(site.index, edits), _explanation(site, operand, wrong, given))


def _is_quoted(link: Link, operand: Number, given: set[Value]) -> bool:
    return link.question and not link.results and operand.face in given


def _misquotes(operand: Number, others: set[Value]) -> list[Value]:
    whole = isinstance(operand.face, int)
    alike = sorted(other for other in others if isinstance(other, int) == whole and other > 0)
    return [*alike, *(value for value in swapped_digits(operand.face) if value not in alike)]


def _explanation(site: Site, operand: Number, wrong: Value, given: set[Value]) -> str:
    right, used = shown(operand, operand.face), shown(operand, wrong)
    if wrong in given:
        fault = f"The step takes {used} from the problem where {right} belongs"
    else:
        fault = f"The problem says {right}, not {used}"
    return f"{fault}: it should be {site.expression} = {site.result}."
