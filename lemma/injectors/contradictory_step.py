"""A step says something else than an earlier one about the same quantity, and goes on with it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Number, Value, divide
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import beside_its_like, noun_behind
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

# What stands before a number that is said of one quantity: "he has 28", "those 25 classes". "30 cookies are 2.5 dozens"
# is true of any 30 cookies, and contradicts nothing.
_CLAIMS = re.compile(
    r"\b(?:the|those|these|this|that|his|her|their|its|all|has|have|had|is|are|was|were|total of|only|leaves?|left|"
    r"makes?|made|costs?|paid|pays|spent|earns?|earned|needs?|gets?|got|owns?|weighs?|takes?|took|ate|sold|bought|used|down|"
    r"[A-Z][a-z]+['’]s)(?: (?:still|now|only|about|remaining|other|total))? \$?$"
)
_TRUE_OF_ANY = re.compile(
    r"\b(?:each|half|out|instead|multiple|sets?|groups?|packs?|boxes|bags?) of \$?$|\bif (?:all )?\$?$"
)
_FARTHEST = 3


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A step that repeats an earlier result in words, with another number. The sentence stays as it is. (One that goes
    on with what there was before, and says nothing of it, confuses two concepts.)
    """
    for site in sites(graph, rng):
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if len(link.results) != 1 or link.question or link.constant or site.in_fraction(leaf):
                continue
            source = Site(graph, link.results[0])
            if source.step == site.step or not source.equation.visible or operand.percent or beside_its_like(site):
                continue
            said = next((one for one in graph.readings[site.step].mentions if one.face == operand.face), None)
            if said is None or not _is_claim(source, site, said):
                continue
            for wrong in shuffled(sorted(_remembered(source, site)), rng):
                edits = site.writes(leaf, wrong)
                if not edits:
                    continue
                found, told = f"Step {source.step + 1} found {source.worked}", site.shown(operand, wrong)
                told = f"${told}" if said.currency and not operand.currency else told
                yield Proposal(
                    Change(site.index, edits),
                    f"{found}, but this step says {told} for the same quantity and contradicts it: it should be "
                    f"{site.worked}.",
                )


def _is_claim(source: Site, site: Site, said: Number) -> bool:
    """Whether a step says of the quantity that an earlier step found how large it is: in the same unit, as the one that
    is known already.
    """
    before = site.text[: said.start]
    nouns = [noun_behind(*place) for place in ((site.text, said.end), (source.text, source.equation.result.end))]
    counted = {noun.split()[-1] for noun in nouns if noun is not None}
    alike = said.currency == source.equation.result.currency and len(counted) < len(nouns)
    return alike and _CLAIMS.search(before) is not None and _TRUE_OF_ANY.search(before) is None


def _remembered(source: Site, site: Site) -> list[Value]:
    """Numbers that a result may be mistaken for: those it was made from, and other results of its size and kind."""
    result = source.equation.result
    used = {operand.face for operand in site.equation.operands}
    # What was taken away is no value that the rest ever had.
    operands, signs = source.equation.operands, [operator.symbol for operator in source.equation.operators]
    earlier = [
        *(operands[:1] if signs in (["-"], ["–"]) else operands),
        *(equation.result for equation in site.graph.equations[: site.index] if not result.currency),
    ]
    values = {number.face for number in earlier if number.currency == result.currency and not number.percent}
    # Nobody forgets a round number between one line and the next.
    apart = site.step - source.step > 1
    if apart and isinstance(result.face, int) and result.face >= 20 and result.face % 10 == 0:
        values |= {result.face - 10, result.face + 10}
    return [
        value
        for value in values - used
        if isinstance(value, int) == isinstance(result.face, int)
        and result.face
        and divide(1, _FARTHEST) <= divide(value, result.face) <= _FARTHEST
    ]
