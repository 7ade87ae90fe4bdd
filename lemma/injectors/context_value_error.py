"""A number of the question is taken for another, or an earlier result is taken for it."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import Change
from lemma.arithmetic.tokens import tokens_of_question
from lemma.injectors.copying import copied_wrongly
from lemma.injectors.naming import is_taken_for, sentences_apart, taken_for
from lemma.injectors.proposal import ODD, Proposal, Site, shuffled, sites
from lemma.injectors.roles import is_taken_elsewhere, is_worked_out_from, restates
from lemma.injectors.unit_conversion_error import converts

_RATIO_OR_CLOCK = re.compile(r"\d{1,9}(?:\s?[:/]\s?\d{1,9})+")
_PERCENT = re.compile(r"\s?-?(?:%|percent|per cent)|\s?/\s?100\b")
_HUNDRED = 100
_FARTHEST_RESULT = 2  # times a number, up to which an earlier result is taken for it
Kind = tuple[bool, bool, bool]  # money, a share, a whole number


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that the question gives, replaced by another number of the question or by an earlier result."""
    given = {face: kinds for face, kinds in kinds_given(graph.question, graph.latex).items() if face in graph.stated}
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
            if not graph.latex and operand.face == _HUNDRED and site.text[: operand.start].rstrip().endswith("/"):
                continue  # that of 10/100
            if not graph.latex and (_is_used_alike(site, operand.face) or converts(site, leaf)):
                continue
            yield from copied_wrongly(site, leaf, operand, link, rng)
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
                if operand.face <= _FARTHEST_RESULT * face <= _FARTHEST_RESULT**2 * operand.face
            }
            sources = {**results, **others}
            fitting: list[tuple[Value, Proposal]] = []
            for wrong in shuffled([*sorted(others), *sorted(results)], rng):
                edits = site.writes(leaf, wrong)
                if not graph.latex and (
                    is_taken_elsewhere(site, leaf, wrong) or restates(site, edits, operand.face, wrong)
                ):
                    continue
                if edits and is_taken_for(site, leaf, wrong, sources[wrong]):
                    fault = taken_for(site, operand, wrong, link, sources[wrong])
                    if fault is None:
                        continue
                    # A result in the place of a number of the question is no misread question, unless it is that
                    # number with something added or taken away.
                    origin = sources[wrong].results
                    weight = 1 if not origin or is_worked_out_from(site, operand, origin[-1]) else ODD
                    told = f"{fault}: it should be {site.worked}."
                    fitting.append((wrong, Proposal(Change(site.index, edits), told, weight)))
            yield from _nearest_first(graph, operand.face, fitting, others)


def _nearest_first(
    graph: SolutionGraph, right: Value, fitting: Sequence[tuple[Value, Proposal]], given: Collection[Value]
) -> Iterator[Proposal]:
    """The proposals for one number of a question. Of the other numbers there, those nearest to it are taken for it; one
    from a sentence farther away is taken only if many are asked for.
    """
    far = {wrong: sentences_apart(graph.question, right, wrong) for wrong, _ in fitting if wrong in given}
    nearest = min(far.values(), default=0)
    for wrong, proposal in fitting:
        is_far = not graph.latex and far.get(wrong, nearest) > nearest
        yield replace(proposal, weight=ODD) if is_far else proposal


def _is_used_alike(site: Site, face: Value) -> bool:
    """Whether an equation before has done the same with a number, or that of the line before anything, so that nobody
    gets it wrong now.
    """
    own = [operator.symbol for operator in site.equation.operators]
    return any(
        face in (operand.face for operand in equation.operands)
        and (step == site.step - 1 or own == [operator.symbol for operator in equation.operators])
        for equation, step in zip(site.graph.equations[: site.index], site.graph.step_of, strict=False)
    )


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
