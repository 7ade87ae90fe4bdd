"""The numbers are right, one operator is not: multiplied in place of divided, added in place of subtracted."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_CONFUSED = {"+": ("-", "*"), "-": ("+",), "*": ("/", "+"), "/": ("*", "-")}
_DOES = {"+": "adds", "-": "subtracts", "*": "multiplies", "/": "divides"}
_DONE = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided"}
_WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
# What a sentence says of the operation that it writes. Nobody writes "he has 5 + 3 = 8 left" or "in total 5 - 3 = 2".
_SAID = {
    sign: re.compile(rf"(?<!\\)\b(?:{words})\b", re.IGNORECASE)
    for sign, words in {
        "+": r"totals?|altogether|in all|combined?|together|sum|add\w*|plus|both|increas\w*",
        "-": r"left|remain\w*|rest|differences?|fewer|less|minus|subtract\w*|deduct\w*|discount\w*|off|change|"
        r"takes? away|more than|still|decreas\w*|los[est]\w*|removes?|spends?|gave|gives? away|needs? .*more",
        "*": r"multipl\w*|twice|doubl\w*|tripl\w*|times|products?",
        "/": r"divid\w*|split\w*|shar\w*|half|halv\w*|average\w*|evenly|equally|quarters?|thirds?",
    }.items()
}
_RATE = re.compile(r"\s?(?:/\s?[A-Za-z]|per\b|(?:an?|each) )")
_UNIT = re.compile(r"\s?(/(?=\s?[A-Za-z])|per\b|[^\W\d_]{2,})")
_NO_UNITS = frozenset(
    ("and", "or", "of", "is", "plus", "minus", "times", "divided", "multiplied", "more", "total", "in")
)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """One operator of one equation taken for another, if the units and the words around it allow that."""
    for site in sites(graph, rng):
        words = site.text[: site.equation.start] + site.text[site.equation.end :]
        for node in shuffled(list(nodes(site.equation.tree)), rng):
            if not reads_as_operator(site, node):
                continue
            is_said = _SAID[node.operator].search(words) is not None
            left, right = _unit(site, leaves(node.left)[-1]), _unit(site, leaves(node.right)[0])
            for wrong in shuffled(_CONFUSED[node.operator], rng):
                edit = swap_operator(site, node.position, wrong)
                contradicted = is_said and not _SAID[wrong].search(words)
                if edit is None or contradicted or not _units_allow(wrong, left, right):
                    continue
                yield Proposal(
                    Change(site.index, (edit,)),
                    f"The step {_DOES[wrong]} where it should have {_DONE[node.operator]}: "
                    f"not {site.quoted(site.edited(edit))}, but {site.worked}.",
                )


def _units_allow(wrong: str, left: str, right: str) -> bool:
    """Whether such quantities are ever combined so: dollars are not added to cars, nor multiplied by dollars."""
    if wrong in "+-":
        return left == right or (not (left and right) and "$" not in (left, right))
    return not left or left != right


def _unit(site: Site, leaf: int) -> str:
    """What an operand counts: `$`, `%`, the stem of a noun, or `/` for a rate; empty if that is not said."""
    operand = site.equation.operands[leaf]
    if operand.percent:
        return "%"
    match = _UNIT.match(site.text, operand.end)
    word = match.group(1).lower() if match is not None else ""
    if word in ("/", "per"):
        return "/"
    if operand.currency:
        rate = _RATE.match(site.text, operand.end)
        return "/" if rate else "$"
    return "" if word in _NO_UNITS else word.rstrip("s")


def reads_as_operator(site: Site, node: Binary) -> bool:
    """Whether an operator can be written differently: it is a sign or a word of its own, not a fraction's bar."""
    operator = site.equation.operators[node.position]
    if node.operator not in _CONFUSED or operator.start == operator.end or operator.is_bar:
        return False
    if site.text[operator.start : operator.end] == "of":
        return False
    return not (site.is_written_fraction(node) and len(site.equation.operands) > 2)


def swap_operator(site: Site, position: int, wrong: str) -> Edit | None:
    """The edit that writes another operator in the way in which the solution writes its operators; None if a LaTeX
    solution has no such sign.
    """
    operator = site.equation.operators[position]
    start, end = operator.start, operator.end
    text, old = site.text, site.text[operator.start : operator.end]
    if site.graph.latex:
        return _latex_operator(site, start, end, wrong)
    if old.isalpha() and len(old) > 1:
        return Edit(start, end, _WORDS[wrong])
    return Edit(start, end, "x" if wrong == "*" and " x " in text else wrong)


def _latex_operator(site: Site, start: int, end: int, wrong: str) -> Edit | None:
    text, solution = site.text, " ".join(site.graph.steps)
    signs = {"*": ("\\cdot", "\\times"), "/": ("\\div",)}.get(wrong, (wrong,))
    sign = max(signs, key=solution.count)
    if wrong == "/" and sign not in solution:
        return None
    spaced = text[start - 1].isspace()
    if not spaced:
        end += text[end].isspace() and text[start] == "\\"  # the blank that ends a command
        sign += " " if sign[0] == "\\" and text[end].isalnum() else ""
    return Edit(start, end, sign)
