"""Two close notions are swapped: the whole for what remains, revenue for profit, the price of one for that of all."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Number
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import numbers_of
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

# What a difference is called, and what it is then confused with.
_DIFFERENCES = (
    (re.compile(r"\bprofit|\bearnings\b|\bnet\b", re.IGNORECASE), "the profit", "what came in", "what was spent"),
    (re.compile(r"\b(?:discount|off|sale)\b", re.IGNORECASE), "the reduced price", "the full price", "the discount"),
    (re.compile(r"\b(?:left|remain\w*|rest)\b", re.IGNORECASE), "what is left", "the whole", "what was taken away"),
)

_OF_ONE = re.compile(r"(?: [a-z]+){0,2} (?:each|apiece|per [a-z]+|(?:in|for) each [a-z]+|every [a-z]+)\b")


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that is a difference or the amount for several things, replaced by one of the numbers that it was
    worked out from.
    """
    for site in sites(graph, rng):
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if len(link.results) != 1 or link.question or link.constant or site.in_fraction(leaf):
                continue
            source = Site(graph, link.results[0])
            if source.step == site.step or not source.equation.visible:
                continue
            for number, meaning in shuffled(confusions(source), rng):
                edits = site.writes(leaf, number.face) if number.percent == operand.percent else ()
                if edits and number.face != operand.face:
                    right, wrong = site.shown(operand, operand.face), site.shown(number, number.face)
                    yield Proposal(
                        Change(site.index, edits),
                        f"{right} is {meaning[0]}, {wrong} is {meaning[1]}; the step confuses them. "
                        f"It should be {site.worked}.",
                    )


def _is_of_one(source: Site, number: Number) -> bool:
    """Whether the question gives a number for each of several things: `$33 each`, `7 apples per bag`."""
    said = [found for found in numbers_of(source.graph.question) if found.face == number.face]
    return len(said) == 1 and _OF_ONE.match(source.graph.question, said[0].end) is not None and not source.graph.latex


def confusions(source: Site) -> list[tuple[Number, tuple[str, str]]]:
    """The numbers that a result is taken for, with what the result is and what they are."""
    tree, operands = source.equation.tree, source.equation.operands
    if not isinstance(tree, Binary) or not isinstance(tree.left, int) or not isinstance(tree.right, int):
        return []
    left, right = operands[tree.left], operands[tree.right]
    if tree.operator == "*":
        # 4 shirts for $33 each: the price of one for the price of all.
        return [(one, ("the amount for all", "the amount for one")) for one in (left, right) if _is_of_one(source, one)]
    if tree.operator == "-":
        for pattern, difference, whole, taken in _DIFFERENCES:
            if pattern.search(source.text):
                return [(left, (difference, whole)), (right, (difference, taken))]
    return []
