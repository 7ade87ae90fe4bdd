"""The numbers are right, one operator is not: multiplied in place of divided, added in place of subtracted."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_CONFUSED = {"+": ("-", "*"), "-": ("+",), "*": ("/", "+"), "/": ("*", "-")}
_DOES = {"+": "adds", "-": "subtracts", "*": "multiplies", "/": "divides"}
_DONE = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided"}
_WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_LATEX = {"+": "+", "-": "-", "*": "\\times", "/": "\\div"}


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """One operator of one equation taken for another."""
    for site in sites(graph, rng):
        for node in shuffled(list(nodes(site.equation.tree)), rng):
            if reads_as_operator(site, node):
                for wrong in shuffled(_CONFUSED[node.operator], rng):
                    edit = swap_operator(site, node.position, wrong)
                    yield Proposal(
                        Change(site.index, (edit,)),
                        f"The step {_DOES[wrong]} where it should have {_DONE[node.operator]}: "
                        f"not {site.quoted(site.edited(edit))}, but {site.worked}.",
                    )


def reads_as_operator(site: Site, node: Binary) -> bool:
    """Whether an operator can be written differently: it is a sign or a word of its own, not a fraction's bar."""
    operator = site.equation.operators[node.position]
    if node.operator not in _CONFUSED or operator.start == operator.end or operator.symbol == "\\frac":
        return False
    if site.text[operator.start : operator.end] == "of":
        return False
    return not (site.is_written_fraction(node) and len(site.equation.operands) > 2)


def swap_operator(site: Site, position: int, wrong: str) -> Edit:
    """The edit that writes another operator, in the way in which the right one is written."""
    operator = site.equation.operators[position]
    start, end = operator.start, operator.end
    old = site.text[start:end]
    if old.startswith("\\") or "\\" in site.text:
        blank = " " if wrong in "*/" and not site.text[end : end + 1].isspace() else ""
        return Edit(start, end, _LATEX[wrong] + blank)
    if old.isalpha() and len(old) > 1:
        return Edit(start, end, _WORDS[wrong])
    return Edit(start, end, "x" if wrong == "*" and " x " in site.text else wrong)
