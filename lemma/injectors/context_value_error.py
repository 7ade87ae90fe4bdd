"""A number of the question is misquoted, or one is taken that belongs to something else."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import Change
from lemma.arithmetic.tokens import tokenize
from lemma.injectors.proposal import Proposal, Site, shown, shuffled, sites, swapped_digits

_RATIO_OR_CLOCK = re.compile(r"\d{1,9}(?:\s?:\s?\d{1,9})+")


Kind = tuple[bool, bool, bool]


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that the question gives, replaced by another number of the question or by its digits swapped."""
    given = _given(graph.question)
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if not _is_quoted(link, operand, given) or site.in_fraction(leaf):
                continue
            others = [face for face in given if face not in used and given[face] & given[operand.face]]
            for wrong in shuffled(_misquotes(operand, others), rng):
                edits = site.writes(leaf, wrong)
                if edits:
                    yield Proposal(Change(site.index, edits), _explanation(site, operand, wrong, wrong in others))


def _given(question: str) -> dict[Value, set[Kind]]:
    """The numbers of a question, each with the kinds of quantity it stands for: money, a share, a whole number."""
    given: dict[Value, set[Kind]] = {}
    for token in tokenize(_RATIO_OR_CLOCK.sub("", question)):
        if token.number is not None and token.number.face > 0:
            face = token.number.face
            kind = (token.number.currency, token.number.percent, isinstance(face, int))
            given.setdefault(face, set()).add(kind)
    return given


def _is_quoted(link: Link, operand: Number, given: Mapping[Value, object]) -> bool:
    return link.question and not link.results and operand.face in given


def _misquotes(operand: Number, others: Sequence[Value]) -> list[Value]:
    alike = sorted(others)
    return [*alike, *(value for value in swapped_digits(operand.face) if value not in alike)]


def _explanation(site: Site, operand: Number, wrong: Value, is_given: bool) -> str:
    right, used = shown(operand, operand.face), shown(operand, wrong)
    if is_given:
        fault = f"The step takes {used} from the problem where {right} belongs"
    else:
        fault = f"The problem says {right}, not {used}"
    return f"{fault}: it should be {site.expression} = {site.result}."
