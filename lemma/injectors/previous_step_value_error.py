"""A result of an earlier step is misquoted, or another number is taken in its place."""

from __future__ import annotations

import random
from collections.abc import Iterator

from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.propagation import Change
from lemma.injectors.confusing_concept_error import confusions
from lemma.injectors.context_value_error import is_share, kinds_given
from lemma.injectors.naming import clashes, taken_for
from lemma.injectors.proposal import Proposal, Site, shuffled, sites, swapped_digits

_SWAPPED = 100  # two digits are swapped in numbers that are long enough for that


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that an earlier step found, replaced by another result, by a number of the question from which it was
    not yet worked out, or by its digits swapped.
    """
    given = {face: kinds for face, kinds in kinds_given(graph.question, graph.latex).items() if face in graph.stated}
    for site in sites(graph, rng):
        used = {operand.face for operand in site.equation.operands}
        earlier = {graph.equations[index].result.face: index for index in range(site.index)}
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if len(link.results) != 1 or link.question or link.constant or site.in_fraction(leaf):
                continue
            source = Site(graph, link.results[0])
            if source.step == site.step:
                continue
            unfit = used | {number.face for number, _ in confusions(source)}
            results = {
                face: Link(results=(index,))
                for face, index in earlier.items()
                if isinstance(face, int) == isinstance(operand.face, int)
                if is_share(graph.steps[graph.step_of[index]], graph.equations[index].result)
                == is_share(source.text, source.equation.result)
            }
            # In LaTeX, too much is computed unread to say of a number that the question gives it.
            numbers = {
                face: Link(question=True)
                for face, kinds in given.items()
                if face not in results and not graph.latex
                if all(percent == operand.percent for _, percent, _ in kinds)
                if any(money <= operand.currency for money, _, _ in kinds)
                or face in {number.face for number in source.equation.operands if number.percent == operand.percent}
            }
            others = {face: origin for face, origin in {**numbers, **results}.items() if face not in unfit}
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
