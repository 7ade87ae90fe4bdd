"""A needed step is left out, and the step that would have used it continues with what it has."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary, leaves
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import is_counted
from lemma.injectors.omission import omissions
from lemma.injectors.proposal import Proposal, Site, shuffled, sites
from lemma.injectors.signals import stands_later

_PARTS: dict[Value, str] = {3: "thirds", 4: "quarters|fourths", 5: "fifths", 6: "sixths", 8: "eighths", 10: "tenths"}
_FARTHEST_IN_SUM = 8  # times a term
_SEVERAL = re.compile(
    r"\b(?:their|they|both|all|each|total|altogether|combined|together|sum|average|mean)\b", re.IGNORECASE
)
# "Sandra therefore ordered" says that something was found before.
_CONCLUDES = re.compile(
    r"\W*+(?:(?:so|then|next|now|finally|also|after that)\b|(?:[\w'’]+ ){0,3}(?:therefore|thus|hence|consequently)\b)",
    re.IGNORECASE,
)
_LATER = 0.3  # so often that all of them together have as many words of the end as the steps left out


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A step left out, or an operation of a step, in random order."""
    yield from shuffled([*_skipped_steps(graph, rng), *omissions(graph, rng)], rng)


def _skipped_steps(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A step gone whose result only the next step uses; there, one of the numbers it worked with takes its place."""
    for left_out in sites(graph, rng):
        use = _only_use(graph, left_out)
        if use is None:
            continue
        user, leaf = Site(graph, use[0]), use[1]
        if _is_share(left_out, user) or (user.step == 1 and _CONCLUDES.match(user.text)):
            continue
        if not graph.latex and stands_later(user.text, left_out.text) and rng.random() > _LATER:
            continue  # "So in total" where "first" stood
        for operand in _at_hand(left_out):
            edits = user.writes(leaf, operand.face)
            alike = operand.percent == user.equation.operands[leaf].percent
            in_use = {number.face for number in user.equation.operands}
            due = user.equation.operands[leaf].face
            is_sum = not graph.latex and ("+" in user.expression or "-" in user.expression)
            if is_sum and max(due, operand.face) > _FARTHEST_IN_SUM * min(due, operand.face):
                continue  # the 2 gallons for one bag among the 140 for all
            if edits and alike and operand.face not in in_use:
                used, needed = left_out.shown(operand, operand.face), left_out.result
                yield Proposal(
                    Change(user.index, edits, dropped_step=left_out.step),
                    f"The step {left_out.worked} is missing, so {used} stands where {needed} "
                    f"belongs: it should go on with {user.worked}.",
                )


def _is_of_several(left_out: Site, user: Site) -> bool:
    """Whether the step that goes on speaks of what the sum that is left out puts together: `10 times their medals`."""
    return "+" in left_out.expression and _SEVERAL.search(user.text) is not None


def _is_share(left_out: Site, user: Site) -> bool:
    """Whether the two work out several thirds, or quarters, of an amount, which would be a multiple of it else."""
    trees = [left_out.equation.tree, user.equation.tree]
    if not all(isinstance(tree, Binary) and tree.operator == sign for tree, sign in zip(trees, "/*", strict=True)):
        return False
    words = _PARTS.get(left_out.equation.operands[-1].face)
    return words is not None and re.search(rf"\b(?:{words})\b", user.graph.question, re.IGNORECASE) is not None


def _at_hand(left_out: Site) -> list[Number]:
    """What a student who skips the step would go on with: what is counted there, not the factor, the share or the part
    that is taken away.
    """
    tree, operands = left_out.equation.tree, left_out.equation.operands
    if not isinstance(tree, Binary):
        return []
    if tree.operator in "-/":
        return [operands[leaf] for leaf in leaves(tree.left)[:1] if not left_out.in_fraction(leaf)]
    whole = [operand for leaf, operand in enumerate(operands) if not left_out.in_fraction(leaf) and not operand.percent]
    if tree.operator == "+":
        found = [leaf for leaf, link in enumerate(left_out.links) if _is_just_found(left_out, link)]
        # What the line before has found is not forgotten for what was known before.
        whole = [operands[leaf] for leaf in found if operands[leaf] in whole] if found else whole
        return whole if len(operands) == 2 else []  # nobody takes one of many terms for their sum
    counted = [operand for operand in whole if is_counted(left_out, operand, left_out.equation.result)]
    return counted or sorted(whole, key=lambda operand: -operand.face)[:1]


def _is_just_found(site: Site, link: Link) -> bool:
    return not site.graph.latex and any(site.graph.step_of[index] == site.step - 1 for index in link.results)


def _only_use(graph: SolutionGraph, left_out: Site) -> tuple[int, int] | None:
    """The operand that takes up a step's result, if it stands in the next step and nothing else depends on it."""
    alone = [index for index, step in enumerate(graph.step_of) if step == left_out.step] == [left_out.index]
    uses = graph.uses(left_out.index)
    if not alone or len(uses) != 1 or graph.step_of[uses[0][0]] != left_out.step + 1:
        return None
    index, leaf = uses[0]
    link, user = graph.operand_links[index][leaf], graph.equations[index]
    certain = len(link.results) == 1 and not link.question and not link.constant
    mentioned = any(
        left_out.index in (*mention.link.results, *mention.link.rescaled)
        for mention in graph.mentions
        if mention.step != left_out.step
    )
    usable = user.visible and not user.chained and not Site(graph, index).in_fraction(leaf)
    return (index, leaf) if certain and usable and not mentioned else None
