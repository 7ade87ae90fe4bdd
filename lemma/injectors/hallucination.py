"""Something that does not belong there: a sum or a difference takes in a further number of the problem."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import nodes
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Value, render
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.naming import beside_its_like, called, noun_behind, numbers_of
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

# Seldom: a calculation that is longer than usual can be told from others without reading it.
_SELDOM = 0.3
_MOST_TERMS = 4
_FARTHEST = 5  # times the result
# Words that a further term would contradict: "those two amounts", "ten more than the third week".
_SAYS_TERMS = re.compile(r"\b(?:two|both|more|less|fewer|older|longer|taller|those|these|twice)\b", re.IGNORECASE)
# Behind a number: a difference, a factor, or the amount for one of several.
_NO_AMOUNT = re.compile(
    r" (?:[a-z]+ )?(?:more|less|fewer|older|younger|longer|shorter|taller|extra|times|each|per|every|an?)\b|/"
)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A further term in a sum or a difference, of the same unit: a number of the question, first of all one that the
    solution has no use for, or what an earlier step found.
    """
    if graph.latex:
        return
    used = {number.face for equation in graph.equations for number in (*equation.operands, equation.result)}
    used |= {mention.number.face for mention in graph.mentions}.union(*graph.word_values)
    for site in sites(graph, rng):
        if not _is_plain_chain(site) or _SAYS_TERMS.search(site.text) or beside_its_like(site):
            continue
        unit, does = _unit(site), "takes away" if "-" in site.expression else "adds"
        if unit is None:
            continue
        here = {number.face for number in (*site.equation.operands, site.equation.result)}
        given = {face for face in graph.stated - here if _unit_in_question(graph, face) == unit}
        found = {
            graph.equations[index].result.face: index
            for index in range(site.index)
            if _unit(Site(graph, index)) == unit and graph.equations[index].result.face not in {*here, *given}
        }
        for value in shuffled(sorted({*given, *found}), rng):
            part_of = next((operand for _, operand, link in site.operands() if _is_summed(graph, link, value)), None)
            said = called(site, value, Link(question=True) if value in given else Link(results=(found[value],)))
            if part_of is not None and does == "takes away" and rng.random() < _SELDOM:
                why = f"{said.rstrip(',')}, which is in {site.shown(part_of, part_of.face)} already"
                yield from _with(site, value, f"The step {does} {why}")
            elif value in given and value not in used and does == "adds" and value <= _FARTHEST * max(here):
                yield from _with(site, value, f"The step {does} {said}, which does not belong here")


def _is_summed(graph: SolutionGraph, link: Link, value: Value) -> bool:
    """Whether an operand is a sum that an earlier step found, and a value one of its terms."""
    if len(link.results) != 1:
        return False
    source = graph.equations[link.results[0]]
    return {sign.symbol for sign in source.operators} == {"+"} and value in {part.face for part in source.operands}


def _is_plain_chain(site: Site) -> bool:
    equation = site.equation
    signs = {node.operator for node in nodes(equation.tree)}
    flat = all(isinstance(node.right, int) for node in nodes(equation.tree)) and signs in ({"+"}, {"-"})
    whole = all(isinstance(number.face, int) and not number.percent for number in (*equation.operands, equation.result))
    brackets = "(" in site.text[equation.start - 1 : equation.end]
    return flat and whole and not brackets and 1 < len(equation.operands) < _MOST_TERMS


def _unit(site: Site) -> str | None:
    """What a sum or a difference counts: `$`, or a noun."""
    result = site.equation.result
    if re.search(r"\b(?:square|cubic)\b", site.text):
        return None
    if result.currency:
        return "$" if all(operand.currency for operand in site.equation.operands) else None
    noun = noun_behind(site.text, result.end)
    return noun.split()[-1] if noun is not None else None


def _unit_in_question(graph: SolutionGraph, face: Value) -> str | None:
    """What a number of the question counts, if it stands there once and is no difference and no rate."""
    places = [number for number in numbers_of(graph.question) if number.face == face]
    if len(places) != 1 or _NO_AMOUNT.match(graph.question, places[0].end):
        return None
    if graph.question[: places[0].start].endswith("$"):
        return "$"
    noun = noun_behind(graph.question, places[0].end)
    return noun.split()[-1] if noun is not None else None


def _with(site: Site, value: Value, fault: str) -> Iterator[Proposal]:
    """The sum with a further term before its last one, written as the others are."""
    before, last = site.equation.operands[-2:]
    text = render(value, last.style)
    if text is not None:
        edit = Edit(last.start, last.start, text + site.text[before.end : last.start])
        yield Proposal(Change(site.index, (edit,)), f"{fault}: it should be {site.worked}.")
