"""A number of the question is misquoted, or one is taken that belongs to something else."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import Change
from lemma.arithmetic.tokens import tokens_of_question
from lemma.injectors.proposal import MEASURES, Proposal, Site, misquotes, shuffled, sites

_RATIO_OR_CLOCK = re.compile(r"\d{1,9}(?:\s?:\s?\d{1,9})+")

_FEWEST, _MOST = 3, 60
Kind = tuple[bool, bool, bool]  # money, a share, a whole number


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that the question gives, replaced by another number of the question or misquoted: its digits swapped,
    or a small count off by one.
    """
    given = {face: kinds for face, kinds in _given(graph.question, graph.latex).items() if face in graph.stated}
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        for leaf, operand, _ in shuffled(list(site.operands()), rng):
            if operand.face not in given or not site.is_given(leaf) or site.in_fraction(leaf):
                continue
            others = [face for face in given if face not in used and given[face] & given[operand.face]]
            near = [operand.face - 1, operand.face + 1] if _is_small_count(site, operand) else []
            for wrong, edits in misquotes(site, leaf, others, near, rng):
                right, taken = site.shown(operand, operand.face), site.shown(operand, wrong)
                fault = f"The problem says {right}, not {taken}"
                if wrong in others:
                    fault = f"The step takes {taken} from the problem where {right} belongs"
                explanation = f"{fault}: it should be {site.worked}."
                yield Proposal(Change(site.index, edits), explanation)


def _is_small_count(site: Site, operand: Number) -> bool:
    """Whether the question counts this many things, and does not measure them."""
    plain = not (operand.percent or operand.currency or operand.style.decimals) and isinstance(operand.face, int)
    if not plain or not _FEWEST <= operand.face <= _MOST:
        return False
    said = re.findall(rf"(?<![\d.,$]){operand.face}[ -]+([a-zA-Z.]+)", f"{site.text}\n{site.graph.question}")
    return bool(said) and not MEASURES.intersection(word.lower() for word in said)


def _given(question: str, latex: bool) -> dict[Value, set[Kind]]:
    """The numbers of a question, each with the kinds of quantity it stands for."""
    given: dict[Value, set[Kind]] = {}
    for token in tokens_of_question(_RATIO_OR_CLOCK.sub("", question), latex):
        if token.number is not None and token.number.face > 0:
            face = token.number.face
            kind = (token.number.currency, token.number.percent, isinstance(face, int))
            given.setdefault(face, set()).add(kind)
    return given
