"""Something was counted wrongly: one too many, or one too few."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number
from lemma.arithmetic.propagation import Change
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_FEWEST, _MOST = 3, 60
_MEASURES = frozenset((
    "feet", "foot", "inches", "inch", "miles", "mile", "meters", "meter", "km", "cm", "mm", "kilometers",
    "kilometer", "yards", "yard", "pounds", "pound", "ounces", "ounce", "kg", "g", "grams", "gram", "kilograms",
    "tons", "ton", "gallons", "gallon", "liters", "liter", "ml", "quarts", "pints", "degrees", "mph", "percent",
    "dollars", "dollar", "cents", "cent", "square", "cubic", "years", "year", "old", "per", "bucks", "points", "ft",
    "ft.", "lbs", "oz", "minutes", "minute", "seconds", "second",
))  # fmt: skip


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that is a small count, off by one."""
    for site in sites(graph, rng):
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if not _is_count(site, operand, link) or site.in_fraction(leaf):
                continue
            for wrong in shuffled((operand.face - 1, operand.face + 1), rng):
                edits = site.writes(leaf, wrong)
                if edits:
                    in_question = re.search(rf"(?<![\d.,$]){operand.face} ([a-z]+s)\b", graph.question)
                    noun = site.noun_after(operand) or (in_question.group(1) if in_question else None)
                    count = f"there are {operand.face} {noun}" if noun else f"the count is {operand.face}"
                    direction = "one too many" if wrong > operand.face else "one too few"
                    yield Proposal(
                        Change(site.index, edits),
                        f"The step counts {direction}: {count}, not {wrong}, so it should be {site.worked}.",
                    )


def _is_count(site: Site, operand: Number, link: Link) -> bool:
    small = isinstance(operand.face, int) and _FEWEST <= operand.face <= _MOST
    if (
        not small
        or operand.percent
        or operand.currency
        or operand.style.decimals
        or link.results
        or operand.face not in site.graph.stated
    ):
        return False
    said = re.findall(rf"(?<![\d.,$]){operand.face}[ -]+([a-zA-Z.]+)", f"{site.text}\n{site.graph.question}")
    return bool(said) and not _MEASURES.intersection(word.lower() for word in said)
