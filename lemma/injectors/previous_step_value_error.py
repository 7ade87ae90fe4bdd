"""In place of an earlier step's result, that of another step is taken, or a number of the question."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.propagation import Change
from lemma.injectors.confusing_concept_error import confusions
from lemma.injectors.context_value_error import is_share, kinds_given
from lemma.injectors.copying import copied_wrongly
from lemma.injectors.naming import beside_its_like, is_taken_for, taken_for
from lemma.injectors.proposal import ODD, Proposal, Site, shuffled, sites
from lemma.injectors.roles import is_looked_past, is_one_of_several_totals

# Goes on from the result just found, which nobody then takes for another: "The total then increased to 42 + 12".
_GOES_ON = re.compile(r"\b(?:increas|decreas|grew|grow|rose|dropp|becom|became)\w*\b", re.IGNORECASE)

_SUMS_UP = re.compile(r"\b(?:total|altogether|combined|together|in all|sum)\b", re.IGNORECASE)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that an earlier step found, replaced by another result, or by a number of the question of which the
    step says nothing in words: that would contradict what was found.
    """
    given = {face: kinds for face, kinds in kinds_given(graph.question, graph.latex).items() if face in graph.stated}
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        earlier = {graph.equations[index].result.face: index for index in range(site.index)}
        # Nobody takes a number that comes in only later, and then uses it again.
        before, later = (
            {number.face for equation in part for number in equation.operands}
            for part in (graph.equations[: site.index], graph.equations[site.index + 1 :])
        )
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if not link.results or site.in_fraction(leaf):
                continue
            yield from copied_wrongly(site, leaf, operand, link, rng)
            origin = link.results[-1]
            # A number that the question says as well is the result if nothing else takes that up.
            certain = not (link.question or link.constant) or graph.only_use(origin) == (site.index, leaf)
            if not certain or (graph.latex and len(link.results) > 1):
                continue
            source = Site(graph, origin)
            if source.step == site.step or beside_its_like(site):
                continue
            if source.step == site.step - 1 and _GOES_ON.search(site.text):
                continue
            # A result that is taken for a part of its own calculation is a confused concept.
            unfit = {*used, *(number.face for number, _ in confusions(source))}
            if not graph.latex:
                unfit |= {number.face for number in source.equation.operands}
            if not graph.latex and _SUMS_UP.search(site.text) and source.step == site.step - 1:
                continue  # nobody forgets the sum that the line before has found
            share = is_share(source.text, source.equation.result)
            said = any(mention.face == operand.face for mention in graph.readings[site.step].mentions)
            kind = (source.equation.result.currency, share)
            # What the question gives, too, a step may just sum up, and not have found.
            others = {
                face: Link(results=(index,))
                for face, index in earlier.items()
                if is_share(graph.steps[graph.step_of[index]], graph.equations[index].result) == share
            } | {
                face: Link(question=True)
                for face, kinds in given.items()
                if not (said or graph.latex) and all(found[:2] == kind for found in kinds)
                if face in before or face not in later
            }
            for wrong in shuffled(sorted(others.keys() - unfit), rng):
                # Nobody takes a price among totals for one of them.
                is_price = others[wrong].question and is_one_of_several_totals(site, leaf, source)
                if not graph.latex and (is_price or not is_looked_past(site, leaf, wrong, others[wrong])):
                    continue
                edits = site.writes(leaf, wrong) if isinstance(wrong, int) == isinstance(operand.face, int) else ()
                if edits and is_taken_for(site, leaf, wrong, others[wrong]):
                    fault = taken_for(site, operand, wrong, Link(results=(origin,)), others[wrong])
                    if fault is None:
                        continue
                    # A number of the question is seldom taken for something that was not worked out from it.
                    weight = ODD if others[wrong].question and not graph.latex else 1
                    yield Proposal(Change(site.index, edits), f"{fault}: it should be {site.worked}.", weight)
