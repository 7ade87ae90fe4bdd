"""Something that the question does not say: a further amount in a sum, invented or of somebody not asked about."""

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

_AMOUNTS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 24, 25, 30, 35, 40, 45, 50, 60, 75, 80, 100, 120, 150, 200, 500)
# Seldom: a sum that is longer than usual can be told from others without reading it.
_INVENTED = 0.5
_MOST_TERMS = 4
# Words of a sum that a further term would contradict: "those two amounts", "ten more than the third week".
_SAYS_TERMS = re.compile(r"\b(?:two|both|more|less|fewer|older|longer|taller|those|these|twice)\b", re.IGNORECASE)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A further term in a sum: a number of the question that the solution has no use for, in the same unit; or, if the
    sum says what it adds up, as many more of that as nobody mentioned.
    """
    if graph.latex:
        return
    known = {*graph.question_values, *graph.constants, *(mention.number.face for mention in graph.mentions)}
    used = {number.face for equation in graph.equations for number in (*equation.operands, equation.result)}
    used |= {mention.number.face for mention in graph.mentions}.union(*graph.word_values)
    for site in sites(graph, rng):
        if not _is_plain_sum(site) or _SAYS_TERMS.search(site.text) or beside_its_like(site):
            continue
        unit = _unit(site)
        if unit is None:
            continue
        idle = {face for face in graph.stated - used if _unit_in_question(graph, face) == unit}
        for value in shuffled(sorted(idle), rng):
            said = called(site, value, Link(question=True))
            yield from _with(site, value, f"The step adds {said}, which the problem does not count here")
        between = site.text[site.equation.operands[-2].end : site.equation.operands[-1].start]
        if unit == "$" or unit not in between or "/" in between or rng.random() > _INVENTED:
            continue
        faces = [operand.face for operand in site.equation.operands]
        near = [one for one in _AMOUNTS if one not in known | used and max(faces) / 10 <= one <= min(faces)]
        for invented in shuffled(near, rng)[:1]:
            yield from _with(site, invented, f"The problem says nothing of {invented} more {unit}")


def _is_plain_sum(site: Site) -> bool:
    equation = site.equation
    flat = all(node.operator == "+" and isinstance(node.right, int) for node in nodes(equation.tree))
    whole = all(isinstance(number.face, int) and not number.percent for number in (*equation.operands, equation.result))
    brackets = "(" in site.text[equation.start - 1 : equation.end]
    return flat and whole and not brackets and 1 < len(equation.operands) < _MOST_TERMS


def _unit(site: Site) -> str | None:
    """What a sum adds up: `$`, or a noun."""
    result = site.equation.result
    if result.currency:
        return "$" if all(operand.currency for operand in site.equation.operands) else None
    noun = noun_behind(site.text, result.end)
    return noun.split()[-1] if noun is not None else None


def _unit_in_question(graph: SolutionGraph, face: Value) -> str | None:
    """What a number of the question counts, if it stands there once."""
    places = [number for number in numbers_of(graph.question) if number.face == face]
    if len(places) != 1:
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
