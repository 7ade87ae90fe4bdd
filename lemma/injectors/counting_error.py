"""Something was counted wrongly: one too many, or one too few."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number
from lemma.arithmetic.propagation import Change
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_FEWEST, _MOST = 3, 60


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that is a small count, off by one."""
    for site in sites(graph, rng):
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if not _is_count(operand, link) or site.in_fraction(leaf):
                continue
            for wrong in shuffled((operand.face - 1, operand.face + 1), rng):
                edit = site.writes(leaf, wrong)
                if edit is not None:
                    yield Proposal(Change(site.index, (edit,)), _explanation(site, operand, int(wrong)))


def _is_count(operand: Number, link: Link) -> bool:
    small = isinstance(operand.face, int) and _FEWEST <= operand.face <= _MOST
    return small and not (operand.percent or operand.currency or operand.style.decimals or link.results)


def _explanation(site: Site, operand: Number, wrong: int) -> str:
    noun = site.noun_after(operand)
    counted = f"there are {operand.face} {noun}, not {wrong}" if noun else f"the count is {operand.face}, not {wrong}"
    direction = "one too many" if wrong > operand.face else "one too few"
    return f"The step counts {direction}: {counted}, so it should be {site.expression} = {site.result}."
