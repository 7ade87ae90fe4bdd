"""Something was counted wrongly, by one: names of a list, days of a span, terms of a sum, the ends of a span.

A number that the question states, in digits or in a word, was not counted by anybody; to misquote one is a
`context_value_error`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

from lemma.arithmetic.expressions import Binary, nodes
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import INTEGER, Number, Value
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.cuts import shortened
from lemma.injectors.naming import noun_behind
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_FEWEST = 2
_MOST_UNSAID = 9
_PEOPLE = frozenset((
    "people", "persons", "friends", "girls", "boys", "children", "kids", "adults", "members", "men", "women",
    "students", "players", "siblings", "sisters", "brothers", "cousins", "parents", "guests", "workers", "teachers",
))  # fmt: skip
# What a reader counts who is not told how many there are.
_COUNTABLE = _PEOPLE | {
    "corners", "sides", "walls", "legs", "wheels", "arms", "fingers", "toes", "eyes", "letters", "days", "weekdays",
    "nights", "mornings", "evenings", "weekends", "rounds", "games", "trips",
}  # fmt: skip
_SHARE = re.compile(r"[¼½¾⅓⅔⅕⅛]|\d ?/ ?\d|\d ?%|\b(?:percent|half|halves|thirds?|fourths?|fifths?)\b")
# From one bottle to the next: what lies between the posts of a fence.
_GAPS = re.compile(r"\bfrom one\b[^.?!]{0,40}\bto (?:the next|another)\b|\bbetween (?:each|every|two|consecutive)\b")
_RUN = re.compile(
    r"\b(?:there are|number of|total of|how many|contains?)\b[^.]{0,120}\b(?:integers|numbers|terms|multiples|values|"
    r"elements|pages|days|years|squares|cubes)\b",
    re.IGNORECASE | re.DOTALL,
)
_FROM_TO = re.compile(r"\b(?:from|between)\b[^.?!]{0,200}\b(?:to|and|until|through)\b")
_LONGEST = 40  # characters from one end of a span to the other
_NAMES = re.compile(r"[A-Z][a-z]+(?:, [A-Z][a-z]+)+,? and [A-Z][a-z]+")
_OF_EACH = re.compile(r"\b(?:each|every|all|per|people|persons?|friends|children|kids|days)\b", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(rf"({'|'.join(_DAYS)})s? (?:to|through|until) ({'|'.join(_DAYS)})", re.IGNORECASE)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that was counted, off by one."""
    counts = {value: clause for value, clause in _counts(graph.question) if value not in graph.stated}
    for site in sites(graph, rng):
        yield from _ends_of_spans(site)
        yield from _ends_of_runs(site)
        yield from _one_left_out(site)
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            yield from _posts_for_gaps(site, leaf, operand, link)
            counted = None if site.in_fraction(leaf) else _counted(site, leaf, operand, link, counts)
            for wrong in shuffled((operand.face - 1, operand.face + 1), rng) if counted else ():
                edits = site.writes(leaf, wrong)
                if edits:
                    direction = "one too many" if wrong > operand.face else "one too few"
                    explanation = f"The step counts {direction}: {counted}, not {wrong}, so it should be {site.worked}."
                    yield Proposal(Change(site.index, edits), explanation)


def _ends_of_spans(site: Site) -> Iterator[Proposal]:
    """`35 - 20 + 1` in place of `35 - 20` for the pages from 20 to 35, and the reverse."""
    operands, tree, graph = site.equation.operands, site.equation.tree, site.graph
    signs = [node.operator for node in nodes(tree)]
    if signs not in (["-"], ["-", "+"]) or graph.latex or [node.right for node in nodes(tree)] != [1, 2][: len(signs)]:
        return
    last, first = (operand.face for operand in operands[:2])
    said = _FROM_TO.search(graph.question) and re.search(
        rf"\b(?:from|between)\b[^.?!]{{0,200}}\b{first} (?:to|and|until|through)\b[^.?!]{{0,200}}\b{last}\b",
        graph.question,
    )
    if said is None or len(site.text[operands[0].start : operands[1].end]) > _LONGEST:
        return
    if len(signs) == 1 and site.equation.end == operands[1].end:
        blank = " " if " " in site.expression else ""
        edit, fault = Edit(operands[1].end, operands[1].end, f"{blank}+{blank}1"), "counts both ends"
    elif len(signs) == 2 and operands[2].face == 1:
        edit, fault = Edit(operands[1].end, operands[2].end, ""), "leaves out one of the ends"
    else:
        return
    yield Proposal(
        Change(site.index, (edit,)), f"The step {fault} of the span from {first} to {last}: it should be {site.worked}."
    )


def _ends_of_runs(site: Site) -> Iterator[Proposal]:
    """`99 - 10` in place of `99 - 10 + 1`, or of `(99 - 9) / 3 + 1`, for the integers that a LaTeX solution counts."""
    tree, text = site.equation.tree, site.text
    if not site.graph.latex or not isinstance(tree, Binary) or tree.operator != "+" or not isinstance(tree.right, int):
        return
    one, sign, inner = site.equation.operands[tree.right], site.equation.operators[tree.position], tree.left
    if isinstance(inner, Binary) and inner.operator == "/":
        inner = inner.left
    is_span = isinstance(inner, Binary) and inner.operator == "-" and not isinstance(inner.left, Binary)
    if one.face != 1 or one.end != site.equation.end or not is_span or not _RUN.search(text):
        return
    cut = Edit(sign.start - text[sign.start - 1].isspace(), one.end, "")
    yield Proposal(
        Change(site.index, (cut,)),
        f"The step counts the gaps and not the numbers, one too few: it should be {site.worked}.",
    )


def _posts_for_gaps(site: Site, leaf: int, operand: Number, link: Link) -> Iterator[Proposal]:
    """`8 bottles` in place of `7 bottles` for the 7 gaps between 8 bottles that an earlier step found."""
    graph, noun = site.graph, noun_behind(site.text, operand.end)
    if noun is None or link.known or graph.latex or not _GAPS.search(graph.question):
        return
    earlier = {
        (equation.result.face, _last(noun_behind(graph.steps[step], equation.result.end)))
        for step, equation in zip(graph.step_of[: site.index], graph.equations, strict=False)
    }
    posts = operand.face + 1
    edits = site.writes(leaf, posts) if (posts, _last(noun)) in earlier else ()
    if edits:
        yield Proposal(
            Change(site.index, edits),
            f"The step counts one too many: from the first of {posts} {noun} to the last there are {operand.face} "
            f"gaps, so it should be {site.worked}.",
        )


def _one_left_out(site: Site) -> Iterator[Proposal]:
    """`3 friends` in place of `3 friends + 1`, who is the one who counts."""
    for node in nodes(site.equation.tree):
        if node.operator != "+" or not isinstance(node.right, int) or site.graph.latex or "-" in site.expression:
            continue
        one, link = site.equation.operands[node.right], site.links[node.right]
        counts = all(isinstance(operand.face, int) and not operand.currency for operand in site.equation.operands)
        # An hour that is left out of a sum of hours is a term that was forgotten.
        are_people = any(_last(noun_behind(site.text, number.end)) in _PEOPLE for number in site.equation.operands)
        if one.face != 1 or link.results or 1 in site.graph.stated or not counts or not are_people:
            continue
        change = shortened(site, node, node.left) if len(site.equation.operands) > _FEWEST else None
        if change is not None:
            yield Proposal(
                change, f"The step counts one too few, since it leaves out the 1: it should be {site.worked}."
            )


def _counted(site: Site, leaf: int, operand: Number, link: Link, counts: Mapping[Value, str]) -> str | None:
    """What an operand counts, as a clause; None if it is not known to count anything."""
    if (
        operand != operand._replace(style=INTEGER, percent=False, currency=False)
        or operand.face < _FEWEST
        or link.results
    ):
        return None
    for node in nodes(site.equation.tree):
        # The divisor of an average counts the terms of the sum.
        is_divisor = node.right == leaf and node.operator == "/" and not link.question
        if is_divisor and [inner.operator for inner in nodes(node.left)] == ["+"] * (int(operand.face) - 1):
            return f"the sum has {operand.face} terms"
    clause = counts.get(operand.face) if _OF_EACH.search(site.text) else None
    noun = noun_behind(site.text, operand.end)
    if clause is None and noun is not None and not site.graph.latex and _FEWEST < operand.face <= _MOST_UNSAID:
        # What neither the question says nor the solution worked out has been counted.
        unsaid = not (link.known or operand.face in site.graph.question_values) and _last(noun) in _COUNTABLE
        # "3/4 of them, or 9" is worked out, and "7 girls" of whom a step has found 8 are others or gaps between them.
        is_worked_out = _SHARE.search(site.text) is not None or any(
            _last(noun_behind(site.graph.steps[step], equation.result.end)) == _last(noun)
            for step, equation in zip(site.graph.step_of[: site.index], site.graph.equations, strict=False)
        )
        clause = f"there are {operand.face} {noun}" if unsaid and not is_worked_out else None
    return clause


def _last(noun: str | None) -> str | None:
    return None if noun is None else noun.split()[-1]


def _counts(question: str) -> Iterator[tuple[Value, str]]:
    """What a question lets people count: lists of names and spans of days."""
    for match in _SPAN.finditer(question):
        first, last = (_DAYS.index(day.lower()) for day in match.groups())
        length = (last - first) % 7 + 1
        yield length, f"the days from {match.group()} are {length}"
    for match in _NAMES.finditer(question):
        length = match.group().count(",") + (", and " not in match.group()) + 1
        yield length, f"{match.group()} are {length}"
