"""Something that the problem does not say: that a number which it gives for something else belongs to a sum."""

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

_MOST_TERMS = 4
# Words that a further term would contradict: "those two amounts", "ten more than the third week".
_SAYS_TERMS = re.compile(r"\b(?:two|both|more|less|fewer|older|longer|taller|those|these|twice)\b", re.IGNORECASE)
# Behind a number: a difference, a factor, or the amount for one of several.
_NO_AMOUNT = re.compile(
    r" (?:[a-z]+ )?(?:more|less|fewer|older|younger|longer|shorter|taller|extra|times|each|per|every|an?)\b|/"
)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A further term in a sum, of the same unit: a number of the question that the solution has no use for. One that is
    in the sum already, or in what it is taken from, would be counted twice, and is neither irrelevant nor invented.
    """
    if graph.latex:
        return
    used = {number.face for equation in graph.equations for number in (*equation.operands, equation.result)}
    used |= {mention.number.face for mention in graph.mentions}.union(*graph.word_values)
    for site in sites(graph, rng):
        if not _is_plain_chain(site) or _SAYS_TERMS.search(site.text) or beside_its_like(site):
            continue
        unit, faces = _unit(site), [number.face for number in (*site.equation.operands, site.equation.result)]
        if unit is None:
            continue
        for value in shuffled(sorted(graph.stated - used), rng):
            text = render(value, site.equation.operands[-1].style)
            if text is None or value > max(faces) or _unit_in_question(graph, value) != unit:
                continue
            before, last = site.equation.operands[-2:]
            if site.text[before.end : last.start].strip().count(" ") > 2:
                continue  # "50 photos on Monday + 80": the further term would be of Monday as well
            edit = Edit(last.start, last.start, text + site.text[before.end : last.start])
            said = called(site, value, Link(question=True))
            yield Proposal(
                Change(site.index, (edit,)),
                f"The step counts {said} in, which the problem gives for something else: it should be {site.worked}.",
            )


def _is_plain_chain(site: Site) -> bool:
    equation = site.equation
    flat = all(isinstance(node.right, int) and node.operator == "+" for node in nodes(equation.tree))
    whole = all(isinstance(number.face, int) and not number.percent for number in (*equation.operands, equation.result))
    brackets = "(" in site.text[equation.start - 1 : equation.end]
    return flat and whole and not brackets and 1 < len(equation.operands) < _MOST_TERMS


def _unit(site: Site) -> str | None:
    """What a sum counts: `$`, or a noun."""
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
