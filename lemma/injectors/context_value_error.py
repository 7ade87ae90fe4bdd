"""A number of the question is taken for another, or misread by one."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import Change
from lemma.arithmetic.tokens import tokens_of_question
from lemma.injectors.naming import fitness, taken_for
from lemma.injectors.proposal import MEASURES, RARE, SELDOM, Proposal, Site, shuffled, sites

_RATIO_OR_CLOCK = re.compile(r"\d{1,9}(?:\s?[:/]\s?\d{1,9})+")
_PERCENT = re.compile(r"\s?-?(?:%|percent|per cent)|\s?/\s?100\b")

_FEWEST, _MOST, _DOZEN = 3, 60, 12
Kind = tuple[bool, bool, bool]  # money, a share, a whole number


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that the question gives, replaced by another number of the question, by an earlier result, or by a
    count that is off by one. Who has used a number before does not misread it any more.
    """
    given = {face: kinds for face, kinds in kinds_given(graph.question, graph.latex).items() if face in graph.stated}
    faces = Counter(operand.face for equation in graph.equations for operand in equation.operands)
    faces.update({mention.number.face for mention in graph.mentions})
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        if graph.latex:  # "2 inches is 2/24 of 2 feet" where the step has 2 feet already
            used |= {mention.face for mention in graph.readings[site.step].mentions}
            used |= {number.face for one in graph.readings[site.step].equations for number in one.operands}
        found = {graph.equations[index].result.face: index for index in range(site.index)}
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if operand.face not in given or not site.is_given(leaf) or site.in_fraction(leaf):
                continue
            kinds, share = given[operand.face], is_share(site.text, operand)
            if any(kind[1] != share for kind in kinds):
                continue  # 20% of something, and 20 records: the step doesn't tell which is meant
            others = {
                face: Link(question=True)
                for face in given
                if face not in used and given[face] & kinds and all(kind[1] == share for kind in given[face])
            }
            results = {
                face: Link(results=(index,))
                for face, index in found.items()
                if face not in (*used, *given) and isinstance(face, int) == isinstance(operand.face, int)
                if not graph.latex and operand.currency == graph.equations[index].result.currency
                if is_share(graph.steps[graph.step_of[index]], graph.equations[index].result) == share
            }
            near = [operand.face - 1, operand.face + 1] if _is_small_count(site, operand) else []
            is_round = operand.face % 5 == 0 or operand.face == _DOZEN
            misread = SELDOM if faces[operand.face] == 1 and not is_round else RARE
            for wrong in (*shuffled([*sorted(others), *sorted(results)], rng), *shuffled(near, rng)):
                source = others.get(wrong) or results.get(wrong)
                edits = site.writes(leaf, wrong)
                # Next to a number of something else, one that is off by one is rare.
                weight = fitness(site, leaf, wrong, source) if source is not None else misread
                if not edits or weight == 0:
                    continue
                fault = f"The problem says {site.shown(operand, operand.face)}, not {site.shown(operand, wrong)}"
                if source is not None:
                    fault = taken_for(site, operand, wrong, link, source)
                yield Proposal(Change(site.index, edits), f"{fault}: it should be {site.worked}.", weight)


def _is_small_count(site: Site, operand: Number) -> bool:
    """Whether the question counts this many things, and does not measure them."""
    plain = not (operand.percent or operand.currency or operand.style.decimals) and isinstance(operand.face, int)
    if not plain or not _FEWEST <= operand.face <= _MOST:
        return False
    said = re.findall(rf"(?<![\d.,$]){operand.face}[ -]+([a-zA-Z.]+)", f"{site.text}\n{site.graph.question}")
    return bool(said) and not MEASURES.intersection(word.lower() for word in said)


def is_share(text: str, number: Number) -> bool:
    """Whether a number of a text is a percentage."""
    return number.percent or _PERCENT.match(text, number.end) is not None


def kinds_given(question: str, latex: bool) -> dict[Value, set[Kind]]:
    """The numbers of a question, each with the kinds of quantity it stands for."""
    given: dict[Value, set[Kind]] = {}
    question = _RATIO_OR_CLOCK.sub("", question)
    for token in tokens_of_question(question, latex):
        if token.number is not None and token.number.face > 0:
            face = token.number.face
            kind = (token.number.currency, is_share(question, token.number), isinstance(face, int))
            given.setdefault(face, set()).add(kind)
    return given
