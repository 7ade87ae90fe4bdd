"""What fills up the errors of a solution if more are asked for than people often make in it, or if it has no other.

Real wrong solutions go wrong in ways that look careless to a reader, too: any number of the problem is taken for any
other, any part is left out, a digit is wrong. The label of such an error is as true as that of any other, since it is
proven in the same way, and what may be a right step for something else is not made. But nobody would pick it as an
example.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from lemma.arithmetic.expressions import Binary, evaluate, leaves, nodes
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import PLAIN, Number, Value
from lemma.arithmetic.propagation import Change
from lemma.injectors.calculation_error import plausible
from lemma.injectors.context_value_error import is_share, kinds_given
from lemma.injectors.cuts import replaced, shortened
from lemma.injectors.easy_facts import may_be_miscalculated
from lemma.injectors.missing_step import skipped
from lemma.injectors.naming import beside_its_like, numbers_of, quoted_for, taken_for, units_of
from lemma.injectors.omission import fits, named, says_operation
from lemma.injectors.operator_error import other_operators
from lemma.injectors.proposal import BLIND, HASTY, UNLIKELY, Proposal, Site, shuffled, sites
from lemma.injectors.roles import contradicts, is_just_above, is_taken_elsewhere
from lemma.injectors.unit_conversion_error import converts

_FARTHEST_OPERAND = 5  # times a number, up to which another is taken for it
_FARTHEST = 20  # times a result, up to which another operation may lead
_FARTHEST_RESULT = 0.5  # of a result, by which it may be off
_DIGITS = {0: "the ones", 1: "the tens", 2: "the hundreds", 3: "the thousands"}


def fillers(graph: SolutionGraph, name: str, rng: random.Random) -> Iterator[Proposal]:
    """What an injector makes only to fill up, in random order."""
    if name not in _MAKERS or graph.latex:
        return
    for site in sites(graph, rng):
        if site.has_words:
            yield from shuffled(list(_MAKERS[name](site, rng)), rng)


def _other_numbers_for_given(site: Site, rng: random.Random) -> Iterator[Proposal]:
    """Any number of the question, or any earlier result, in the place of a number of the question."""
    in_digits = {number.face for number in numbers_of(site.graph.question)}
    for leaf, operand, link in site.operands():
        # "Two of them" and the 2 of "2 pens" may be different things.
        if (
            operand.face in in_digits
            and site.is_given(leaf)
            and not site.in_fraction(leaf)
            and not converts(site, leaf)
        ):
            yield from _others(site, leaf, link)


def _other_numbers_for_results(site: Site, rng: random.Random) -> Iterator[Proposal]:
    """Any other earlier result, or any number of the question, in the place of an earlier result."""
    for leaf, _, link in site.operands():
        if not link.results or site.in_fraction(leaf):
            continue
        origin = link.results[-1]
        certain = not (link.question or link.constant) or site.graph.only_use(origin) == (site.index, leaf)
        if certain and site.graph.step_of[origin] < site.step:
            yield from _others(site, leaf, Link(results=(origin,)))


def _others(site: Site, leaf: int, link: Link) -> Iterator[Proposal]:
    operand, sources = site.equation.operands[leaf], _sources(site, leaf, link)
    due = {"$"} if operand.currency else units_of(site, operand.face, link)
    used = {number.face for number in site.equation.operands}
    # What the result that is due was worked out from is a confused concept.
    for index in link.results:
        used |= {number.face for number in site.graph.equations[index].operands}
    for wrong in sorted(sources.keys() - used):
        smaller, larger = sorted((wrong, operand.face))
        taken = units_of(site, wrong, sources[wrong])
        if (due and taken and due.isdisjoint(taken)) or larger > _FARTHEST_OPERAND * smaller:
            continue
        edits = site.writes(leaf, wrong)
        # "If 36 wanted two, he would need 36 * 2" is true, and so is what another step works out.
        if len(edits) != 1 or is_taken_elsewhere(site, leaf, wrong) or _belongs_elsewhere(site, leaf, wrong):
            continue
        fault = _fault(site, operand, wrong, link, sources[wrong])
        if fault is not None:
            yield Proposal(Change(site.index, edits), f"{fault}: it should be {site.worked}.", UNLIKELY)


def _belongs_elsewhere(site: Site, leaf: int, wrong: Value) -> bool:
    """Whether another calculation has a wrong value together with a number of this one: `20 * 7` in `140 + 20 * 7`."""
    beside = {operand.face for place, operand in enumerate(site.equation.operands) if place != leaf}
    others = ({operand.face for operand in one.operands} for one in site.graph.equations if one is not site.equation)
    return any(wrong in faces and not beside.isdisjoint(faces) for faces in others)


def _sources(site: Site, leaf: int, link: Link) -> dict[Value, Link]:
    """The values that may be taken for an operand, with where they come from."""
    graph, share = site.graph, is_share(site.text, site.equation.operands[leaf])
    sources = {
        graph.equations[index].result.face: Link(results=(index,))
        for index in range(site.index)
        if graph.step_of[index] < site.step
        if is_share(graph.steps[graph.step_of[index]], graph.equations[index].result) == share
    }
    # Nobody looks past what the line above has found for a number of the question.
    if not is_just_above(site, link):
        in_digits = {number.face for number in numbers_of(graph.question)}
        for face, kinds in kinds_given(graph.question, graph.latex).items():
            if face in graph.stated & in_digits and all(kind[1] == share for kind in kinds):
                sources[face] = Link(question=True)
    return sources


def _fault(site: Site, operand: Number, wrong: Value, link: Link, source: Link) -> str | None:
    """That a step takes one value for another: in the words around them, or else with the steps that found them. None
    if both are from the question, and nothing there tells them apart.
    """
    fault = taken_for(site, operand, wrong, link, source)
    if fault is not None or not (link.results or source.results):
        return fault
    told = []
    for shown, face, origin in (
        (site.shown(operand, wrong), wrong, source),
        (site.as_written(operand), operand.face, link),
    ):
        where = quoted_for(site, face, origin, operand.currency, short=True) if origin.results else " from the problem"
        told.append(f"{shown}{where}")
    return f"The step takes {' instead of '.join(told)}".rstrip(",")


def _other_operators(site: Site, rng: random.Random) -> Iterator[Proposal]:
    """Any operator that the words allow in the place of any other."""
    for node, wrong, proposal in other_operators(site, rng):
        swapped = replaced(site.equation.tree, node, Binary(wrong, node.left, node.right, node.position))
        parts = [site.equation.operands[leaf].face for leaf in (leaves(node.left)[-1], leaves(node.right)[0])]
        is_torn = any(site.in_fraction(leaf) for part in (node.left, node.right) for leaf in leaves(part))
        is_one_of_many = [operator.symbol for operator in site.equation.operators].count(node.operator) > 1
        stays = is_torn or is_one_of_many or beside_its_like(site) or (1 in parts and wrong in "*/")
        if stays or contradicts(site, swapped):
            continue
        smaller, larger = sorted((site.equation.result.face, evaluate(swapped, site.equation.operand_values())))
        if larger <= _FARTHEST * smaller:
            yield proposal


def _left_out(site: Site, rng: random.Random) -> Iterator[Proposal]:
    """A whole step left out; or, where the answer is worked out, a factor or divisor, or what is taken away, if the
    words of the step do not say so. Elsewhere, `8 * 10` may be right for a day.
    """
    yield from skipped(site, rng)
    if site.index != site.graph.final:
        return
    tree = site.equation.tree
    for node in nodes(tree):
        for kept, gone in ((node.left, node.right), (node.right, node.left)):
            # A sum without one of its terms may be right for "these".
            if node.operator == "+" or (node is tree and isinstance(kept, int)):
                continue
            if kept is node.right and node.operator != "*":
                continue
            converted = isinstance(gone, int) and converts(site, gone)
            if converted or not fits(site, node, kept, gone) or says_operation(site, node):
                continue
            change = shortened(site, node, kept)
            if change is not None:
                fault = f"The step leaves out {named(site, node, gone)}: it should be {site.worked}."
                yield Proposal(change, fault, UNLIKELY)


def _wrong_digits(site: Site, rng: random.Random) -> Iterator[Proposal]:
    """A result of which one digit is wrong."""
    result, (lowest, highest) = site.equation.result, plausible(site)
    if not isinstance(result.face, int) or result.face <= 0 or result.style.form != PLAIN or result.percent:
        return
    tree, values, digits = site.equation.tree, site.equation.operand_values(), str(result.face)
    if evaluate(tree, values) != result.face:
        return  # of 100 / 3, rounded, 34 may be right
    for place, digit in enumerate(reversed(digits)):
        for off in range(-int(digit), 10 - int(digit)):
            wrong = result.face + off * 10**place
            if off and lowest < wrong < highest and abs(wrong - result.face) <= _FARTHEST_RESULT * result.face:
                told = f"{site.in_numbers} is {site.result}, not {site.shown(result, wrong)}"
                fault = f"{told}: {_DIGITS.get(place, 'one')} digit is wrong."
                is_likely = may_be_miscalculated(tree, values, result.face, place, off)
                yield Proposal(Change(site.index, result=wrong), fault, HASTY if is_likely else BLIND)


_MAKERS: dict[str, Callable[[Site, random.Random], Iterator[Proposal]]] = {
    "context_value_error": _other_numbers_for_given,
    "previous_step_value_error": _other_numbers_for_results,
    "operator_error": _other_operators,
    "missing_step": _left_out,
    "calculation_error": _wrong_digits,
}
