"""Two close notions are swapped: the whole for what remains, revenue for profit, the price of one for that of all."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import ArithmeticRefusal, Binary, evaluate, nodes
from lemma.arithmetic.graph import Link, SolutionGraph
from lemma.arithmetic.numbers import Number, Value, normal
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import (
    beside_its_like,
    is_counted,
    is_taken_for,
    noun_behind,
    numbers_of,
    part_of,
    taken_for,
)
from lemma.injectors.proposal import MEASURES, Proposal, Site, shuffled, sites
from lemma.injectors.quoting import clause_around
from lemma.injectors.roles import is_addend_of_total, is_one_of_several_totals, is_pointed_at, is_taken_elsewhere

# What a difference is called, and what it is then confused with.
_DIFFERENCES = (
    (
        re.compile(r"\bprofit|\bearnings\b|\bnet\b", re.IGNORECASE),
        "the profit",
        "the {} that came in",
        "the {} that was spent",
    ),
    (
        re.compile(
            r"\b(?:discount\w*|on sale|sale price|coupons?)\b"
            r"|(?:%|percent|\$[\d.]+)(?: are)? off\b(?! (?:the|of|each|all)\b)",
            re.IGNORECASE,
        ),
        "the reduced price",
        "the full price of {}",
        "the discount of {}",
    ),
    (
        re.compile(r"\b(?:left|remain\w*|rest)\b", re.IGNORECASE),
        "what is left",
        "the whole {}",
        "the {} that is subtracted there",
    ),
)

_RATE = re.compile(r" ?[a-z]{2,20} ?(?:/|per\b)")  # 12 eggs/dozen
# "7 apples each" and "$33 per shirt", but not "4 dolphins that each need 3 hours".
_OF_ONE = re.compile(
    r"(?: (?!that\b|who\b|which\b)[a-z]+){0,2} "
    r"(?:(?:each|apiece)(?=[.,;?!)]|$| (?:and|for|to|in|on|at|with|while|but)\b)"
    r"|(?:each|a|an|per|every) (?:day|night|morning|week|weekend|month|year|hour|minute|trip|lap|game|class|time)\b"
    r"|daily\b|per [a-z]+|(?:in|for) each [a-z]+|every [a-z]+)"
)

_COUNT_WORDS: dict[Value, str] = dict(
    enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 2)
)
# "2/5 of the pupils", but not "2/3 of a cup".
_PART_OF_WHOLE = re.compile(
    r"(?<![\d/.])(?P<part>[1-9])/(?P<all>\d{1,2})(?:rds?|ths?)? (?:of )?"
    r"(?:the|his|her|their|its|them|these|those|all|what|it)\b"
)
_LONGEST_QUOTE = 12
_PAIR = 2
_WORKED_OUT = ("-", "–", "*", "x", "×", "+", "/", "÷")
# What a week, a month, a year, a day or an hour has so many of.
_PERIODS: dict[Value, str] = {
    7: "day", 30: "day", 365: "day", 52: "week", 12: "month", 24: "hour", 60: "minute"
}  # fmt: skip
# Times a number, up to which another is taken for it. Nobody adds the notebooks of one class to those of all others.
_FARTHEST, _FARTHEST_IN_SUM = 20, 4


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that is a difference or the amount for several things, replaced by one of the numbers that it was
    worked out from; or a fraction of a whole, replaced by that of the rest.
    """
    for site in sites(graph, rng):
        yield from _rest_for_part(site)
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if len(link.results) != 1 or link.question or link.constant or site.in_fraction(leaf):
                continue
            source = Site(graph, link.results[0])
            if source.step == site.step or not source.equation.visible or beside_its_like(site):
                continue
            for number, meaning in shuffled(confusions(source), rng):
                if number is not source.equation.operands[0] and "-" in site.expression:
                    continue  # nobody takes something away from what was taken away
                if not graph.latex and (
                    is_taken_elsewhere(site, leaf, number.face) or is_one_of_several_totals(site, leaf, source)
                ):
                    continue
                edits = site.writes(leaf, number.face) if number.percent == operand.percent else ()
                is_sum = "+" in site.expression or "-" in site.expression
                farthest = _FARTHEST_IN_SUM if is_sum and source.equation.operators[0].symbol not in "-–" else _FARTHEST
                is_alike = max(number.face, operand.face) <= farthest * min(number.face, operand.face)
                if _is_less_than_a_part(site, source, leaf, number) or not edits or _is_told(site, leaf, number.face):
                    continue
                if is_alike and number.face != operand.face:
                    said, wrong = meaning, site.shown(number, number.face)
                    if "{}" in said[1]:
                        told = f"The step needs {said[0]}, {source.worked}, but takes {said[1].format(wrong)}: it"
                    else:
                        right = site.shown(operand, operand.face)
                        told = f"{right} is {said[0]}, {wrong} is {said[1]}; the step confuses them. It"
                    yield Proposal(Change(site.index, edits), f"{told} should be {site.worked}.")
            if not graph.latex:
                yield from _parts_for_results(site, leaf, source, rng)


def _rest_for_part(site: Site) -> Iterator[Proposal]:
    """`3/5` in place of `2/5` of the pupils, if the question states one such fraction and the solution never says what
    the rest is.
    """
    graph = site.graph
    if graph.latex or beside_its_like(site):
        return
    stated = [found for found in _PART_OF_WHOLE.finditer(graph.question) if int(found["part"]) < int(found["all"])]
    for node in nodes(site.equation.tree):
        if not (isinstance(node.left, int) and isinstance(node.right, int) and site.is_written_fraction(node)):
            continue
        part, parts = (site.equation.operands[leaf].face for leaf in (node.left, node.right))
        said = [found for found in stated if (found["part"], found["all"]) == (str(part), str(parts))]
        if len(stated) != 1 or not said or 2 * part == parts or not isinstance(part, int):
            continue
        rest = normal(parts - part)
        if any(f"{rest}/{parts}" in "".join(text.split()) for text in (graph.question, *graph.steps)):
            continue
        quote = clause_around(graph.question, said[0].start(), said[0].end())
        if quote is None or quote.count(" ") >= _LONGEST_QUOTE:
            continue
        edits = site.writes(node.left, rest)
        if len(edits) == 1:
            yield Proposal(
                Change(site.index, edits),
                f'The step needs {part}/{parts} ("{quote}"), but takes {rest}/{parts}, which is the rest: it should be '
                f"{site.worked}.",
            )


def _parts_for_results(site: Site, leaf: int, source: Site, rng: random.Random) -> Iterator[Proposal]:
    """A result taken for one of the numbers that it was worked out from, with the words that the text has for both."""
    operand, named = site.equation.operands[leaf], {number.face for number, _ in confusions(source)}
    used = {other.face for other in site.equation.operands}
    # "8 more than Ann, who has 12" is no total of which 12 is a part.
    compares = len(source.equation.operands) == _PAIR and any(
        part_of(source.graph.question, given.face) for _, given, link in source.operands() if link.question
    )
    source_signs = {node.operator for node in nodes(source.equation.tree)}
    if operand.percent or source.equation.operators[0].symbol not in _WORKED_OUT or is_pointed_at(site, source):
        return
    if is_one_of_several_totals(site, leaf, source):
        return
    for index, number, link in shuffled(list(source.operands()), rng):
        is_whole = isinstance(number.face, int) == isinstance(operand.face, int)
        shift = rf"\b(?:in|after) {number.face} (?:more )?(?:years|months|weeks|days)\b"
        shift += rf"|\b{number.face} (?:years|months|weeks|days) (?:ago|later|from now)\b"
        shift += rf"|\b(?:over|above|exceed\w*|more than) \$?{number.face}\b"
        if link.question and re.search(shift, source.graph.question, re.IGNORECASE):
            continue  # nobody takes "in 5 years" for an age, or a limit for what is above it
        if number.face in named | used or not is_whole or number.percent or source.in_fraction(index):
            continue
        if (not compares and is_addend_of_total(site, source, link)) or is_taken_elsewhere(site, leaf, number.face):
            continue
        if "/" in source_signs and index:
            continue  # the whole for its share, but not the number of shares
        if "*" in source_signs and not is_counted(source, number, source.equation.result):
            continue  # the 7 starfish for their 35 arms
        edits = site.writes(leaf, number.face)
        if not edits or _is_told(site, leaf, number.face) or not (link.question or link.results):
            continue
        origin = Link(results=(source.index,))
        if not is_taken_for(site, leaf, number.face, link) or _is_less_than_a_part(site, source, leaf, number):
            continue
        fault = taken_for(site, operand, number.face, origin, link)
        if fault is not None:
            yield Proposal(Change(site.index, edits), f"{fault}: it should be {site.worked}.")


def _is_told(site: Site, leaf: int, wrong: Value) -> bool:
    """Whether the step also says the quantity in words, so that it contradicts what was found; or whether it would come
    out as the very number that it should have started from.
    """
    values = site.equation.operand_values()
    due = values[leaf]
    try:
        new = evaluate(site.equation.tree, [*values[:leaf], wrong, *values[leaf + 1 :]])
    except ArithmeticRefusal:
        return True
    face = site.equation.operands[leaf].face
    return new == due or any(mention.face == face for mention in site.graph.readings[site.step].mentions)


def _is_less_than_a_part(site: Site, source: Site, leaf: int, number: Number) -> bool:
    """Whether what a step multiplies up would come out less than what it is made of: a week for less than a day."""
    tree, operands = site.equation.tree, site.equation.operands
    if not isinstance(tree, Binary) or tree.operator != "*" or len(operands) != 2 or operands[1 - leaf].face <= 1:
        return False
    return number.face * operands[1 - leaf].face < source.equation.result.face


def _is_of_one(source: Site, number: Number, count: Number) -> bool:
    """Whether the question gives a number for each of several things, and the result is that for all of them, in the
    same unit: `$33 each`, `7 apples per bag`.
    """
    question, result = source.graph.question, source.equation.result
    if source.graph.latex or not isinstance(count.face, int) or count.face < 2 or count.percent or count.currency:
        return False
    if part_of(question, count.face):
        return False  # three times what somebody else has
    said = [found for found in numbers_of(question) if found.face == number.face]
    if len(said) != 1 or _OF_ONE.match(question, said[0].end) is None:
        return False
    money = question[: said[0].start].endswith("$")
    if money or result.currency:
        return money and (result.currency or number.currency)
    one, every = noun_behind(question, said[0].end), noun_behind(source.text, result.end)
    return one is not None and every is not None and one.split()[-1] == every.split()[-1]


def _things(source: Site, count: Number) -> str | None:
    """What is counted, as the question or the step says it: `both teams`, `all 4 shirts`; None if neither does, or the
    question counts several things so.
    """
    if _RATE.match(source.text, count.end) is not None:
        return None  # 10 dozen * 12 eggs/dozen
    question, word = source.graph.question, _COUNT_WORDS.get(count.face, "(?!)")
    places = [found.end for found in numbers_of(question) if found.face == count.face]
    places += [found.end() for found in re.finditer(rf"\b{word}\b", question, re.IGNORECASE)]
    nouns = {noun_behind(question, place) for place in places}
    noun = noun_behind(source.text, count.end) or (nouns.pop() if len(nouns) == 1 else None)
    unit = _PERIODS.get(count.face)
    # The 12 of a year, which the question does not say: "$15 per month".
    if noun is None and not places and unit is not None and re.search(rf"\b(?:a|per|each|every) {unit}\b", question):
        noun = f"{unit}s"
    if noun is None or "dozen" in noun.split()[:1] or noun.split()[-1] == "times":
        return None
    return f"both {noun}" if count.face == 2 else f"all {count.face} {noun}"


def _what(source: Site) -> str:
    """What a product of so many for each one is: an amount of money, or a number of things."""
    noun = None if source.equation.result.currency else noun_behind(source.text, source.equation.result.end)
    return "the amount" if noun is None or noun.split()[-1] in MEASURES else f"the number of {noun}"


def confusions(source: Site) -> list[tuple[Number, tuple[str, str]]]:
    """The numbers that a result is taken for, with what the result is and what they are."""
    tree, operands = source.equation.tree, source.equation.operands
    if not isinstance(tree, Binary) or not isinstance(tree.left, int) or not isinstance(tree.right, int):
        return []
    left, right = operands[tree.left], operands[tree.right]
    if tree.operator == "*":
        # 4 shirts for $33 each: the price of one for the price of all.
        return [
            (one, (f"{what} for {things}", f"{what} for one of them"))
            for one, count in ((left, right), (right, left))
            if _is_of_one(source, one, count) and (things := _things(source, count)) is not None
            for what in [_what(source)]
        ]
    # "6 hours less than Jacob has left" takes nothing away from what Jacob has.
    if tree.operator == "-" and part_of(source.graph.question, right.face) != "difference":
        for pattern, difference, whole, taken in _DIFFERENCES:
            # $1,000 above which there is a discount is none.
            is_price = difference == "the reduced price" and not source.links[tree.right].results
            if is_price and re.search(
                rf"\b(?:over|above|exceed\w*|more than) \$?{right.face}\b", source.graph.question
            ):
                continue
            if pattern.search(source.text):
                return [(left, (difference, whole)), (right, (difference, taken))]
    return []
