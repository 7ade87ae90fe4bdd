"""A needed step is left out, and the step that would have used it continues with what it has."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Number, Value, normal
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.naming import is_counted, part_of
from lemma.injectors.omission import omissions
from lemma.injectors.proposal import ALONE, UNLIKELY, Proposal, Site, shuffled, sites
from lemma.injectors.quoting import clause_around
from lemma.injectors.roles import is_just_above, is_one_of_several_totals
from lemma.injectors.signals import stands_later

_PARTS: dict[Value, str] = {3: "thirds", 4: "quarters|fourths", 5: "fifths", 6: "sixths", 8: "eighths", 10: "tenths"}
_FARTHEST_IN_SUM = 8  # times a term
_FARTHEST_FROM_TOTAL = 3  # times a part of it
_WORDS, _LONGEST_TOLD = re.compile(r"[A-Za-z]{2} .*?[A-Za-z]{2}"), 14
_NAME = re.compile(
    r"\b(?!(?:The|He|She|His|Her|It|Its|If|In|On|At|A|An|There|They|Their|Each|First|Then|So|After|For|To|This|That|When|"
    r"How|What|Since|And|But|Every|All|One|Two|By|From|With|Of|Now|Next|As)\b)[A-Z][a-z]+\b"
)
_PRONOUN = re.compile(r"\b(?:he|she|his|her)\b", re.IGNORECASE)
# "Sandra therefore ordered" says that something was found before.
_CONCLUDES = re.compile(
    r"\W*+(?:(?:so|then|next|now|finally|also|after that)\b|(?:[\w'’]+ ){0,3}(?:therefore|thus|hence|consequently)\b)",
    re.IGNORECASE,
)
# "Multiply that number" names what the step before has found, and has to have one.
_POINTS_BACK = re.compile(
    r"^\W{0,3}(?:that|this|these|those)\b|\b(?:that|this) (?:number|amount|total|sum|result|percentage|figure)\b",
    re.IGNORECASE,
)
# What joins a step to the one before, up to the first letter behind it.
_JOINS = re.compile(
    r"(?:So|Then|Thus|Therefore|Hence|Finally|Next|Now|Lastly),? (?=(?:the|she|he|they|it|we|[A-Z]|find|add|multiply|"
    r"divide|subtract|calculate|there|this|each|all|a|his|her|their|you)\b|[A-Z])."
)
# Without it, the steps would be counted with a gap.
_COUNTED = re.compile(r"\W{0,4}(?:second|third|fourth|fifth|sixth|seventh|eighth)(?:ly)?\b", re.IGNORECASE)
_COUNTED_OR_FIRST = re.compile(rf"\W{{0,4}}first(?:ly)?\b|{_COUNTED.pattern}", re.IGNORECASE)
_MOST_USES = 3
_MOST_PERCENTAGES = 40  # nobody takes 10 off 8000
# So often that all of them together have as many words of the end, and of the beginning, as the steps left out.
_LATER, _EARLIER = 0.2, 0.5
_FIRST = re.compile(r"\b(?:first|starts?|started|begins?)\b", re.IGNORECASE)


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A step left out, or an operation of a step, in random order."""
    yield from shuffled([*_skipped_steps(graph, rng), *omissions(graph, rng)], rng)


def _skipped_steps(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A step gone whose result the next step uses; there, and wherever else it is used, one of the numbers it worked
    with takes its place.
    """
    for left_out in sites(graph, rng):
        uses = _uses(graph, left_out)
        if not uses:
            continue
        user, leaf = Site(graph, uses[0][0]), uses[0][1]
        opening = _opening(left_out, user) if len(uses) == 1 else []
        begins = user.text[opening[0].end - 1 :] if opening else user.text
        if _may_be_right(user):
            continue
        # Nor is it forgotten for one of several items that are worked out alike.
        if _leaves_a_gap(left_out, user, begins) or (
            not graph.latex and is_one_of_several_totals(user, leaf, left_out)
        ):
            continue
        weight = ALONE if not graph.latex and _shows_place(left_out, begins, rng) else 1
        percentage = _as_amount(left_out, user, leaf) if len(uses) == 1 else None
        if percentage is not None:
            yield Proposal(
                Change(user.index, (*opening, *user.writes(leaf, percentage)), dropped_step=left_out.step),
                f"The step {_told(left_out)} was skipped, so {percentage}, which is a percentage and no amount, was "
                f"used in place of {left_out.result}: the next step should be {user.worked}.",
                weight,
            )
        for operand in _at_hand(left_out):
            if not _fits(left_out, user, leaf, operand):
                continue
            change = None
            if len(uses) > 1:
                change = Change(left_out.index, result=operand.face, dropped_step=left_out.step)
            elif edits := user.writes(leaf, operand.face):
                change = Change(user.index, (*opening, *edits), dropped_step=left_out.step)
            if change is not None:
                alike = [number for number in user.equation.operands if number.face == operand.face]
                which = ""
                if len(uses) == 1 and len(alike) == 1:
                    which = f"the {'first' if user.equation.operands[leaf].start < alike[0].start else 'second'} "
                yield Proposal(change, _fault(left_out, user, which + left_out.as_written(operand)), weight)


def skipped(left_out: Site, rng: random.Random) -> Iterator[Proposal]:
    """A step left out with any of its numbers in the place of its result, also where nobody would go on with that."""
    uses = _uses(left_out.graph, left_out)
    if len(uses) != 1:
        return
    user, leaf = Site(left_out.graph, uses[0][0]), uses[0][1]
    own, others = ({node.operator for node in nodes(site.equation.tree)} for site in (left_out, user))
    # What is worked out may be right for one term, in another order, or without a unit.
    if _may_be_right(user) or "+" in own or own | others <= {"+", "-"} or own | others == {"*"}:
        return
    opening = _opening(left_out, user)
    begins = user.text[opening[0].end - 1 :] if opening else user.text
    if _leaves_a_gap(left_out, user, begins) or _shows_place(left_out, begins, rng):
        return
    due, used = user.equation.operands[leaf], {operand.face for operand in user.equation.operands}
    for number, operand in enumerate(left_out.equation.operands):
        edits = user.writes(leaf, operand.face) if operand.percent == due.percent and operand.face not in used else ()
        if edits and not left_out.in_fraction(number):
            change = Change(user.index, (*opening, *edits), dropped_step=left_out.step)
            yield Proposal(change, _fault(left_out, user, left_out.as_written(operand)), UNLIKELY)


def _fault(left_out: Site, user: Site, used: str) -> str:
    told = f"The step {_told(left_out)} was skipped, so {used} was used in place of {left_out.result}"
    return f"{told}: the next step should be {user.worked}."


def _may_be_right(user: Site) -> bool:
    """Whether a step with a part in the place of the whole may be right for that part: it says nothing in words, and
    others follow.
    """
    return not (user.graph.latex or user.has_words) and user.step < len(user.graph.steps) - 1


def _shows_place(left_out: Site, begins: str, rng: random.Random) -> bool:
    """Whether the words of the step that now stands there are those of a later one, and it is made too often: "So in
    total" where "first" stood.
    """
    later = stands_later(begins, left_out.text) and rng.random() > _LATER
    first = _FIRST.search(left_out.text) is not None and rng.random() > _EARLIER
    return later or first


def _leaves_a_gap(left_out: Site, user: Site, begins: str) -> bool:
    """Whether the words of the other steps would show that one is missing."""
    points_back = not user.graph.latex and _POINTS_BACK.search(begins) is not None
    is_first = user.step == 1 and (points_back or _CONCLUDES.match(begins) is not None)
    return is_first or _is_counted_off(left_out) or _belong_together(left_out, user)


def _is_counted_off(left_out: Site) -> bool:
    """Whether steps are counted in words, and this one or the next is: without it, `Second` would be the first."""
    text, steps = left_out.text, left_out.graph.steps
    counts = any(map(_COUNTED.match, steps))
    return counts and any(map(_COUNTED_OR_FIRST.match, (text, steps[left_out.step + 1])))


def _told(left_out: Site) -> str:
    """The calculation of a step with the words that say what it finds, or without them if it has none."""
    equation, text = left_out.equation, left_out.text
    if left_out.graph.latex:
        return left_out.worked
    start = equation.start - (text[equation.start - 1 : equation.start] == "$")
    clause = clause_around(text, start, equation.result.end)
    is_said = clause is not None and _WORDS.search(clause) is not None and clause.count(" ") <= _LONGEST_TOLD
    return f'"{clause}"' if is_said else left_out.worked


def _fits(left_out: Site, user: Site, leaf: int, operand: Number) -> bool:
    """Whether somebody who skips a step would go on with one of its numbers."""
    due = user.equation.operands[leaf]
    is_sum = not user.graph.latex and ("+" in user.expression or "-" in user.expression)
    if operand.percent != due.percent or operand.face == due.face:
        return False
    # Nobody takes $3 interest for the $153 with the interest.
    is_total = not user.graph.latex and {node.operator for node in nodes(left_out.equation.tree)} == {"+"}
    if is_total and due.face > _FARTHEST_FROM_TOTAL * operand.face:
        return False
    if is_sum and max(due.face, operand.face) > _FARTHEST_IN_SUM * min(due.face, operand.face):
        return False  # the 2 gallons for one bag among the 140 for all
    link = left_out.links[left_out.equation.operands.index(operand)]
    is_money = operand.currency or any(user.graph.equations[index].result.currency for index in link.results)
    if is_sum and is_money and not any(number.currency for number in (*user.equation.operands, user.equation.result)):
        return False  # $135 among postcards
    if operand.face in {number.face for number in user.equation.operands}:
        # 90 + 90 flowers if there are 40 fewer of one kind, which is forgotten; not 50 + 50 for "1/5 more".
        others = [number for number in left_out.equation.operands if number is not operand]
        compares = any(part_of(user.graph.question, number.face) for number in others)
        compares = compares and not {"*", "/"} & {node.operator for node in nodes(left_out.equation.tree)}
        if user.graph.latex or not compares or {node.operator for node in nodes(user.equation.tree)} != {"+"}:
            return False
    # Its own calculation would then be the one that is missing: 240 + 400 for 640 + 240.
    values = sorted(number.face for at, number in enumerate(user.equation.operands) if at != leaf)
    signs = [[sign.symbol for sign in one.equation.operators] for one in (left_out, user)]
    own = sorted(number.face for number in left_out.equation.operands)
    return user.graph.latex or signs[0] != signs[1] or sorted([*values, operand.face]) != own


def _as_amount(left_out: Site, user: Site, leaf: int) -> int | None:
    """The number of a percentage that is taken of an amount, if the next step takes away what comes out, or adds it:
    `$45 - $20` for 20% off, where it should have been `$45 - $9`.
    """
    operands, others = left_out.equation.operands, user.equation.operands
    bases = {operand.face for operand in operands}
    tree = user.equation.tree
    if user.graph.latex or not isinstance(tree, Binary) or tree.operator not in "+-" or len(others) != 2:
        return None
    base = others[1 - leaf].face
    for operand in operands:
        is_share = not operand.percent and 0 < operand.face < 1
        percentage = normal(operand.face * 100) if is_share else operand.face
        said = re.search(rf"(?<![\d.]){percentage} ?(?:%|percent)", user.graph.question)
        if said is None or not isinstance(percentage, int) or base not in bases or not user.writes(leaf, percentage):
            continue
        is_near = 1 < percentage < base <= _MOST_PERCENTAGES * percentage
        if (operand.percent or is_share or 100 in bases) and is_near and percentage not in bases:
            return percentage
    return None


def _opening(left_out: Site, user: Site) -> list[Edit]:
    """The edit that takes off the word that joins the new first step to one before: `Then find` becomes `Find`."""
    found = _JOINS.match(user.text)
    if found is None or user.graph.latex or left_out.step or found.end() > user.equation.start:
        return []
    return [Edit(0, found.end(), user.text[found.end() - 1].upper())]


def _belong_together(left_out: Site, user: Site) -> bool:
    """Whether two steps can't be torn apart: they work out several thirds, or quarters, of an amount, or the first
    names somebody whom the second only calls `he`.
    """
    graph = user.graph
    before = graph.steps[left_out.step - 1] if left_out.step else ""
    named = set(_NAME.findall(left_out.text)) & set(_NAME.findall(graph.question))
    begins = user.text[: user.equation.start]
    is_called = _PRONOUN.search(begins) is not None and named.isdisjoint(_NAME.findall(begins))
    if not graph.latex and named and is_called and named.isdisjoint(_NAME.findall(before)):
        return True
    trees = [left_out.equation.tree, user.equation.tree]
    if not all(isinstance(tree, Binary) and tree.operator == sign for tree, sign in zip(trees, "/*", strict=True)):
        return False
    words = _PARTS.get(left_out.equation.operands[-1].face)
    return words is not None and re.search(rf"\b(?:{words})\b", graph.question, re.IGNORECASE) is not None


def _at_hand(left_out: Site) -> list[Number]:
    """What a student who skips the step would go on with: what is counted there, not the factor, the share or the part
    that is taken away.
    """
    tree, operands = left_out.equation.tree, left_out.equation.operands
    if not isinstance(tree, Binary):
        return []
    # What the line before has found is not forgotten for what was known before.
    is_plain = not left_out.graph.latex
    found = [leaf for leaf, link in enumerate(left_out.links) if is_plain and is_just_above(left_out, link)]
    if tree.operator in "-/":
        first = leaves(tree.left)[0]
        return [operands[first]] if not left_out.in_fraction(first) and (not found or first in found) else []
    whole = [operand for leaf, operand in enumerate(operands) if not left_out.in_fraction(leaf) and not operand.percent]
    whole = [operands[leaf] for leaf in found if operands[leaf] in whole] if found else whole
    if tree.operator == "+":
        return whole if len(operands) == 2 else []  # nobody takes one of many terms for their sum
    counted = [operand for operand in whole if is_counted(left_out, operand, left_out.equation.result)]
    return counted or sorted(whole, key=lambda operand: -operand.face)[:1]


def _uses(graph: SolutionGraph, left_out: Site) -> list[tuple[int, int]]:
    """The operands that take up a step's result, if the first stands in the next step and nothing else depends on it;
    empty if that is not certain.
    """
    alone = [index for index, step in enumerate(graph.step_of) if step == left_out.step] == [left_out.index]
    uses = graph.uses(left_out.index)
    steps = [graph.step_of[index] for index, _ in uses]
    if not alone or not uses or steps[0] != left_out.step + 1 or (len(uses) > 1 and graph.latex):
        return []
    if len(uses) > _MOST_USES or len(set(steps)) < len(steps):
        return []
    for index, leaf in uses:
        link, user = graph.operand_links[index][leaf], graph.equations[index]
        certain = len(link.results) == 1 and not link.question and not link.constant
        if not certain or not user.visible or user.chained or Site(graph, index).in_fraction(leaf):
            return []
    mentioned = any(
        left_out.index in (*mention.link.results, *mention.link.rescaled)
        for mention in graph.mentions
        if mention.step != left_out.step
    )
    return [] if mentioned else uses
