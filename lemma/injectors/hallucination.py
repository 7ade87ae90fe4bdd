"""Something that the question does not say is added: a fee, a discount, more of what is counted."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_EQUALS = re.compile(r"\s*(?:=|\bequals\b|\bis equal to\b)")
_AMOUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100, 200, 500)
_COSTS = (
    ("There is also a fee of ${n}.", "+"),
    ("A delivery charge of ${n} comes on top.", "+"),
    ("A tip of ${n} is added.", "+"),
    ("A coupon takes ${n} off.", "-"),
)
_MONEY = (
    ("Another ${n} comes in besides.", "+"),
    ("There is also ${n} from before.", "+"),
    ("Of that, ${n} is set aside.", "-"),
)
_THINGS = (
    ("Another {n} {noun} come on top.", "+"),
    ("There are also {n} {noun} from before.", "+"),
    ("Here {n} of the {noun} do not count.", "-"),
)
_MONEY_WORDS = frozenset(("dollars", "cents", "euros", "pounds"))
_ABOUT_COSTS = re.compile(
    r"\b(?:costs?|spends?|spent|pays?|paid|prices?|bill|order|buys?|bought|charged?|owes?)\b", re.IGNORECASE
)
_ABOUT_INCOME = re.compile(
    r"\b(?:profit|earn\w*|sav\w+|left|makes?|made|sells?|sold|change|remain\w*)\b", re.IGNORECASE
)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A sentence with a number that nobody gave, and that number in the equation."""
    for site in sites(graph, rng):
        tree = site.equation.tree
        end = _end_of_units(site)
        if "\\" in site.text or site.equation.result.percent or not isinstance(tree, Binary) or end is None:
            continue
        noun = site.noun_after(site.equation.result)
        for amount in shuffled(_plausible_amounts(site), rng)[:3]:
            for sentence, sign in shuffled(_sentences(site, noun), rng)[:2]:
                money = "$" if site.equation.operands[-1].currency else ""
                blank = " " if " " in site.expression else ""
                before = Edit(0, 0, sentence.format(n=amount, noun=noun) + " ")
                term = Edit(end, end, f"{blank}{sign}{blank}{money}{amount}")
                yield Proposal(
                    Change(site.index, (before, term)),
                    f"The problem says nothing of the {money}{amount}: it should be {site.worked}.",
                )


def _plausible_amounts(site: Site) -> list[int]:
    """Amounts of the size of the numbers around, that stand nowhere in the problem."""
    right = site.equation.result.face
    taken = {*site.graph.question_values, *(equation.result.face for equation in site.graph.equations)}
    taken |= {operand.face for operand in site.equation.operands}
    return [amount for amount in _AMOUNTS if right / 20 <= amount <= right / 2 and amount not in taken]


def _sentences(site: Site, noun: str | None) -> tuple[tuple[str, str], ...]:
    if noun in _MONEY_WORDS:
        return ()
    if site.equation.result.currency:
        about_costs = _ABOUT_COSTS.search(site.text) and not _ABOUT_INCOME.search(site.text)
        return _COSTS if about_costs else _MONEY
    return _THINGS if noun is not None else ()


def _end_of_units(site: Site) -> int | None:
    """The place straight before the equals sign; None if the result stands first."""
    last = site.equation.operands[-1]
    if site.text[last.end : last.end + 1].isalpha():
        return None  # 140m - 100m
    match = _EQUALS.search(site.text, site.equation.end, site.equation.result.start)
    return match.start() if match else None
