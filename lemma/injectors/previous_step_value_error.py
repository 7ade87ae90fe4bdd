"""A result of an earlier step is misquoted, or that of another step is taken in its place."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.propagation import Change
from lemma.injectors.confusing_concept_error import confusions
from lemma.injectors.context_value_error import is_share
from lemma.injectors.naming import beside_its_like, clashes, taken_for
from lemma.injectors.proposal import Proposal, Site, shuffled, sites, swapped_digits

_SWAPPED = 100  # two digits are swapped in numbers that are long enough for that
# Goes on from the result just found, which nobody then takes for another: "The total then increased to 42 + 12".
_GOES_ON = re.compile(r"\b(?:increas|decreas|grew|grow|rose|dropp|becom|became)\w*\b", re.IGNORECASE)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that an earlier step found, replaced by another result, or by its digits swapped. A number of
    the question in its place would be an error of another type.
    """
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        earlier = {graph.equations[index].result.face: index for index in range(site.index)}
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if len(link.results) != 1 or link.question or link.constant or site.in_fraction(leaf):
                continue
            source = Site(graph, link.results[0])
            if source.step == site.step or beside_its_like(site):
                continue
            if source.step == site.step - 1 and _GOES_ON.search(site.text):
                continue
            unfit = used | {number.face for number, _ in confusions(source)}
            results = {
                face: Link(results=(index,))
                for face, index in earlier.items()
                if isinstance(face, int) == isinstance(operand.face, int)
                if is_share(graph.steps[graph.step_of[index]], graph.equations[index].result)
                == is_share(source.text, source.equation.result)
            }
            others = {face: origin for face, origin in results.items() if face not in (*unfit, *graph.question_values)}
            swapped = swapped_digits(operand.face) if operand.face >= _SWAPPED and not others else []
            for wrong in (*shuffled(sorted(others), rng), *shuffled(swapped, rng)):
                edits = site.writes(leaf, wrong) if wrong not in unfit else ()
                if not edits or (wrong in others and clashes(site, leaf, wrong, others[wrong])):
                    continue
                found, taken = site.shown(operand, operand.face), site.shown(operand, wrong)
                fault = f"Step {source.step + 1} found {found}, but this step goes on with {taken}"
                if wrong in others:
                    fault = taken_for(site, operand, wrong, link, others[wrong])
                yield Proposal(Change(site.index, edits), f"{fault}: it should be {site.worked}.")
