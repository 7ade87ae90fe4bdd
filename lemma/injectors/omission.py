"""Operations left out inside a step: a factor, a term or a divisor that the step needs is not there.

Part of the injector `missing_step`. What is left of the calculation is written as the reference writes it: `5 * 7 = 35`
for `5 * 7 * 2 = 70`, and "He sold 48 clips" for "He sold 48 / 2 = 24 clips".
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary, Expression, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.cuts import shortened
from lemma.injectors.naming import beside_its_like, is_counted, is_from_one_place, quoted_for
from lemma.injectors.proposal import ALONE, Proposal, Site, sites
from lemma.injectors.unit_conversion_error import converts

# A clause in which a number may follow: "He sold", but not "because".
_CLAUSE = re.compile(r"[A-Za-z]{2,}[^.;:,()=]*(?<![A-Za-z])(?P<last>[A-Za-z]+)?\s*\$?$")
_NO_STATEMENT = re.compile(
    r"\b(?:because|since|as|for|so|then|thus|and|or|by|of|than|out)\s*\$?$|[^\sA-Za-z$]\s*\$?$", re.IGNORECASE
)
_OF_HUNDRED = re.compile(r"\s?/\s?100\b")
_LEFT = re.compile(
    r"\b(?:left|remain\w*|rest|differences?|fewer|less|(?:how (?:much|many)|\d|\w+s) more)\b", re.IGNORECASE
)
# What a step says that it does: who writes "divide by the length" divides.
_SAYS = {
    "*": re.compile(r"\b(?:multipl\w*|times|product)\b", re.IGNORECASE),
    "/": re.compile(r"\b(?:divid\w*|quotient|average\w*|half|halves|splits?)\b", re.IGNORECASE),
    "-": re.compile(r"\b(?:subtract\w*|minus|tak(?:e|es|ing) (?:away|off)|deduct\w*|less)\b", re.IGNORECASE),
    "+": re.compile(r"\b(?:add|adds|adding|added|plus|sum)\b", re.IGNORECASE),
}
# By how many terms a sum has, what a step says of their number.
_COUNTS = ("(?!)", "(?!)", "both|two", "three|3", "four|4", "five|5", "six|6", "seven|7")
_TERMS, _PARTS = 0.55, 0.75
_STATED, _STATED_ALONE = 0.15, 0.05
_QUOTED = re.compile(r"[(\",]")
_EQUALS = re.compile(r"\s{0,9}(?:=|is equal to|equals)\s{0,9}")


def omissions(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """One operation of one equation left out, with its operand. Of 30 - 4 nobody keeps the 4."""
    has_statements = not all(reading.equations for reading in graph.readings)
    for site in sites(graph, rng):
        if beside_its_like(site):
            continue
        tree = site.equation.tree
        parts = [
            (node, kept)
            for node in nodes(tree)
            for kept in ((node.left, node.right) if node.operator in "+*" or stops(site, node) else (node.left,))
        ]
        rng.shuffle(parts)
        for node, kept in parts:
            gone = node.right if kept is node.left else node.left
            # To leave out a conversion within a calculation is an error of its own.
            converted = isinstance(gone, int) and len(site.equation.operands) > 2 and converts(site, gone)
            if converted or not fits(site, node, kept, gone) or _is_remembered(site, node, gone):
                continue
            if node is tree and isinstance(kept, int):
                # A step without an equation stands out among those that have one; nor does anybody write down once
                # more what is known already, but for the answer: the cost, where the change is asked for.
                is_kept = rng.random() < (_STATED if has_statements else _STATED_ALONE)
                change = statement(site, kept) if stops(site, node) else None
            else:
                # A sum of fewer terms than others have stands out as well.
                is_kept = graph.latex or rng.random() <= (_TERMS if node.operator == "+" else _PARTS)
                change = shortened(site, node, kept)
            if change is not None:
                what = named(site, node, gone)
                fault = f"The step leaves out {what}: it should be {site.worked}."
                # "The 4" does not say which of several.
                is_told = graph.latex or node.operator in "*/" or isinstance(gone, Binary) or _QUOTED.search(what)
                yield Proposal(change, fault, 1 if is_kept and is_told else ALONE)


def _is_remembered(site: Site, node: Binary, gone: Expression) -> bool:
    """Whether nobody would leave an operand out: the step says that it does this operation, or how many terms there
    are, the line before has just found the term, or it multiplies or divides two given numbers as this one does.
    """
    graph, own = site.graph, site.equation
    if graph.latex:
        return False
    signs, operands = [sign.symbol for sign in own.operators], own.operands
    if says_operation(site, node):
        return True
    if node.operator in "*/" and len(operands) == 2 and site.index:
        before = Site(graph, site.index - 1)
        is_given = all(link.question and not link.results for one in (before, site) for link in one.links)
        if is_given and [sign.symbol for sign in before.equation.operators] == signs:
            return True
    if node.operator not in "+*" or not isinstance(gone, int):
        return False
    counts = _COUNTS[len(operands)] if len(operands) < len(_COUNTS) else "(?!)"
    says = node.operator == "+" and re.search(rf"\b(?:{counts})\b", site.text, re.IGNORECASE) is not None
    # "a bowl for $5.00 and a plate for $4.00, so 5+4": who lists an item adds it up as well.
    said = {mention.face for mention in graph.readings[site.step].mentions} | graph.word_values[site.step]
    says |= operands[gone].face in said
    just_found = any(graph.step_of[index] in (site.step - 1, site.step) for index in site.links[gone].results)
    return says or (just_found and (node is not own.tree or node.operator == "+"))


def says_operation(site: Site, node: Binary) -> bool:
    """Whether a step says that it does the one operation of this kind that it has: who writes "divide by" divides."""
    is_only = [one.operator for one in nodes(site.equation.tree)].count(node.operator) == 1
    return is_only and _SAYS[node.operator].search(site.text) is not None


def stops(site: Site, node: Binary) -> bool:
    """Whether a solution may end with what its last step takes away, which an earlier step found: the cost, not the
    change.
    """
    is_last = node is site.equation.tree and site.index == site.graph.final and node.operator == "-"
    is_found = is_last and isinstance(node.right, int) and bool(site.links[node.right].results)
    return is_found and not _LEFT.search(site.text)


def fits(site: Site, node: Binary, kept: Expression, gone: Expression) -> bool:
    """Whether what is left out is one number, product or quotient, what stays is of the result's kind, and no part of
    a written fraction is torn off.
    """
    equation = site.equation
    stays = [equation.operands[leaf] for leaf in leaves(equation.tree) if leaf not in leaves(gone)]
    # 80 * 3 in place of 80 * 3/10 tears a fraction as well.
    torn = node.operator == "/" and len(stays) > 1 and site.is_written_fraction(node) and not site.graph.latex
    if torn or any(site.in_fraction(leaf) for leaf in (*leaves(gone), *leaves(kept))):
        return False
    # A 1 that is added counts the other end of a span; to leave it out is a counting error.
    one = isinstance(gone, int) and node.operator == "+" and equation.operands[gone].face == 1
    # Nobody drops the 30 of 30/100; nor does anybody write the 12 inches of a foot without the feet.
    unit = isinstance(kept, int) and node.operator == "*" and converts(site, kept)
    torn_percent = isinstance(gone, int) and _OF_HUNDRED.match(site.text, equation.operands[gone].end) is not None
    if one or unit or torn_percent or (isinstance(gone, Binary) and gone.operator not in "*/"):
        return False
    money, gone_money = ({leaf for leaf in leaves(part) if equation.operands[leaf].currency} for part in (kept, gone))
    if gone_money and not money and (node.operator == "*" or equation.result.currency):
        return False
    if len(stays) > 1:
        return True
    other = equation.operands[leaves(gone)[0]]
    if node.operator == "*":
        return is_counted(site, stays[0], equation.result)
    # A total is at least its largest part.
    return node.operator != "+" or stays[0].face >= other.face


def named(site: Site, node: Binary, gone: Expression) -> str:
    """What is left out, with what it does in the calculation."""
    operands = site.equation.operands
    parts = [site.as_written(operands[leaf]) + site.which(leaf) for leaf in leaves(gone)]
    if len(parts) > 1:
        first, last = (operands[leaf] for leaf in (leaves(gone)[0], leaves(gone)[-1]))
        start = first.start - (site.text[first.start - 1 : first.start] == "$")
        if site.graph.latex or "(" in site.text[start : last.end] or ")" in site.text[start : last.end]:
            return f"the part of the calculation with {', '.join(parts[:-1])} and {parts[-1]}"
        return f"the part {' '.join(site.text[start : last.end].split())}"
    part, leaf = parts[0], leaves(gone)[0]
    if node.operator in "+-" and site.equation.result.currency and not part.startswith("$") and not site.graph.latex:
        part = f"${part}"
    face, link = operands[leaf].face, site.links[leaf]
    if not site.graph.latex and isinstance(gone, int) and not site.which(leaf) and is_from_one_place(site, face, link):
        part += quoted_for(site, face, link, operands[leaf].currency) or ""
    if node.operator == "-" and gone is node.left:
        return f"the subtraction from {part.rstrip(',')}"
    if node.operator == "-" and not site.graph.latex:
        return f"the subtraction of {part.rstrip(',')}"
    return {"*": f"the factor {part}", "/": f"the division by {part}"}.get(
        node.operator, f"the {part}" + " that is taken away" * (node.operator == "-" and part == parts[0])
    ).rstrip(",")


def statement(site: Site, kept: int) -> Change | None:
    """The change that states an operand in place of a calculation with two: `48 clips` for `48 / 2 = 24 clips`."""
    equation, text = site.equation, site.text
    operand, result = equation.operands[kept], equation.result
    start = equation.start - (text[equation.start - 1 : equation.start] == "$")
    between = _EQUALS.match(text, equation.end)
    if site.graph.latex or between is None or operand.percent != result.percent or len(equation.operands) > 2:
        return None
    end = between.end()
    if (
        text[end : result.start] not in ("", "$")
        or _CLAUSE.search(text[:start]) is None
        or _NO_STATEMENT.search(text[:start])
    ):
        return None
    if any(mention.face == result.face for mention in site.graph.readings[site.step].mentions):
        return None
    if site.graph.step_of.count(site.step) > 1:
        return None
    return Change(site.index, (Edit(start, end, ""),), result=operand.face)
