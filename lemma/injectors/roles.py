"""Which values nobody takes for an operand, however alike they are: the right one stands just above, the wrong one has
a part of its own in the next calculation, or the step would come out true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemma.arithmetic.expressions import ArithmeticRefusal, Expression, evaluate, nodes
from lemma.arithmetic.graph import Link
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import Edit
from lemma.injectors.naming import noun_behind, numbers_of
from lemma.injectors.proposal import Site

_FEW_TERMS = 2
_WORDS = re.compile(r"[^\w.,;?!]{1,2}([^\W\d_]+)")
_POINTS_AT = re.compile(
    r"^\W{0,3}(?:that|this)\b"
    r"|\b(?:twice|thrice|half|times|of|from|to|by|add|multiply|divide|double|triple) (?:that|this|it)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"(?: [a-z]+)? (?:that|which|who)\b")


def is_taken_elsewhere(site: Site, leaf: int, wrong: Value) -> bool:
    """Whether a wrong value has its own part in what takes up the result, or has had it: who subtracts the accountant's
    $90 in the next line does not take it for $90 an hour in this one, and nobody does one calculation twice.
    """
    graph = site.graph
    users = [graph.equations[index] for index, _ in graph.uses(site.index)]
    if any(wrong == operand.face for user in users for operand in user.operands):
        return True
    faces = [operand.face for operand in site.equation.operands]
    faces[leaf] = wrong
    signs = [operator.symbol for operator in site.equation.operators]
    return any(
        sorted(operand.face for operand in one.operands) == sorted(faces)
        and [operator.symbol for operator in one.operators] == signs
        for one in graph.equations[: site.index]
    )


def is_just_above(site: Site, link: Link) -> bool:
    """Whether the line before has found what a link says."""
    return any(site.graph.step_of[index] == site.step - 1 for index in link.results)


def is_pointed_at(site: Site, source: Site) -> bool:
    """Whether a step points back at what the line before has found: `Twice that is`, `From this, he gives`."""
    return source.step == site.step - 1 and _POINTS_AT.search(site.text) is not None


def is_looked_past(site: Site, leaf: int, wrong: Value, source: Link) -> bool:
    """Whether somebody would take a value for a result. What the line before has found is looked past only for what it
    was worked out from, or for what was worked out in the same way.
    """
    if is_taken_elsewhere(site, leaf, wrong):
        return False
    link = site.links[leaf]
    origin = link.results[-1]
    from_it = wrong in {number.face for number in site.graph.equations[origin].operands}
    alike = from_it or (bool(source.results) and are_parallel(site, origin, source.results[-1]))
    return alike or not is_just_above(site, link)


def is_addend_of_total(site: Site, source: Site, link: Link) -> bool:
    """Whether a number that the question gives, or one of several results, is a term of the total that the line before
    has just formed.
    """
    signs = {node.operator for node in nodes(source.equation.tree)}
    is_one_of_many = not link.results or len(source.equation.operands) > _FEW_TERMS
    return signs == {"+"} and source.step == site.step - 1 and is_one_of_many


def is_worked_out_from(site: Site, operand: Number, index: int) -> bool:
    """Whether a result is what became of a number of the question, in the same unit: the price with the tax for the
    price, the whole for the part that a percentage is of.
    """
    source = Site(site.graph, index)
    terms = [number for number, link in zip(source.equation.operands, source.links, strict=True) if link.question]
    nouns = [noun_behind(one.text, number.end) for one, number in ((site, operand), (source, source.equation.result))]
    own, other = ((noun or "").split()[-1:] for noun in nouns)
    same_unit = operand.currency == source.equation.result.currency and (not own or not other or own == other)
    signs = {node.operator for node in nodes(source.equation.tree)}
    return same_unit and signs <= {"+", "-"} and operand.face in {number.face for number in terms}


def are_parallel(site: Site, one: int, other: int) -> bool:
    """Whether two results are worked out alike and count the same: what each of two people earns."""
    first, second = Site(site.graph, one), Site(site.graph, other)
    signs = [[operator.symbol for operator in each.equation.operators] for each in (first, second)]
    nouns = [(noun_behind(each.text, each.equation.result.end) or "").split()[-1:] for each in (first, second)]
    return signs[0] == signs[1] and nouns[0] == nouns[1]


def is_one_of_several_totals(site: Site, leaf: int, source: Site) -> bool:
    """Whether a step adds up several results that were worked out alike: who multiplies two of three prices by what was
    bought does not forget it in the third.
    """
    if {node.operator for node in nodes(site.equation.tree)} != {"+"}:
        return False
    own = [operator.symbol for operator in source.equation.operators]
    others = [link.results[-1] for at, link in enumerate(site.links) if at != leaf and link.results]
    return any([sign.symbol for sign in site.graph.equations[index].operators] == own for index in others)


def restates(site: Site, edits: Sequence[Edit], right: Value, wrong: Value) -> bool:
    """Whether a step says a number in words as well, and would be true of the one that is put in its place, or of no
    thing in the problem: `It takes 255 / 51 = 5 minutes to blink 255 times`, of a light that blinks 255 times in 5
    minutes; `each has 7 hands`, of 7 students.
    """
    if len(edits) < 2 or site.graph.latex:
        return False
    if _counted(site.graph.question, right).isdisjoint(_counted(site.graph.question, wrong)):
        return True
    for edit in edits:
        if site.equation.start <= edit.start < site.equation.end:
            continue
        words = _WORDS.match(site.text, edit.end)
        if words is None or _RELATIVE.match(site.text, edit.end):
            return True  # "the 14 that he passed out" is not taken for another
        said = rf"(?<![\d.,]){re.escape(edit.text)}\W{{1,3}}(?:[a-z]+ )?{re.escape(words.group(1))}\b"
        if re.search(said, site.graph.question, re.IGNORECASE):
            return True
    return False


def _counted(question: str, face: Value) -> set[str]:
    """What a number of the question counts, by the last word of the noun behind it, or `$`."""
    found = set()
    for number in numbers_of(question):
        if number.face == face:
            noun = noun_behind(question, number.end)
            found |= {"$"} if number.currency else {noun.split()[-1]} if noun is not None else set()
    return found


def contradicts(site: Site, tree: Expression) -> bool:
    """Whether another calculation with the operands of a step comes to less than a number of the same things among
    them, or to more, unlike the right one: `She has seen 9 / 3 = 3 movies`, of 9 movies that she has seen three times.
    """
    equation, question = site.equation, site.graph.question
    try:
        new = evaluate(tree, equation.operand_values())
    except ArithmeticRefusal:
        return True
    noun = (noun_behind(site.text, equation.result.end) or "").split()[-1:]
    right = equation.result.face

    def counts_the_same(operand: Number) -> bool:
        places = [number.end for number in numbers_of(question) if number.face == operand.face]
        said = [re.findall(r"[a-z]+", question[end : end + 60].partition(".")[0].lower()) for end in places]
        return bool(noun) and any(noun[0] in words for words in said)

    return any(
        (new < operand.face <= right or new > operand.face >= right) and counts_the_same(operand)
        for operand in equation.operands
    )
