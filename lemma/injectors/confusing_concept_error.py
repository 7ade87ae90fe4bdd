"""Two close notions are swapped: the whole for what remains, revenue for profit, the price of one for that of all."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.arithmetic.expressions import Binary
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Number, Value
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import beside_its_like, noun_behind, numbers_of, part_of
from lemma.injectors.proposal import MEASURES, Proposal, Site, shuffled, sites

# What a difference is called, and what it is then confused with.
_DIFFERENCES = (
    (re.compile(r"\bprofit|\bearnings\b|\bnet\b", re.IGNORECASE), "the profit", "what came in", "what was spent"),
    (
        re.compile(
            r"\b(?:discount\w*|on sale|sale price|coupons?)\b"
            r"|(?:%|percent|\$[\d.]+)(?: are)? off\b(?! (?:the|of|each|all)\b)",
            re.IGNORECASE,
        ),
        "the reduced price",
        "the full price",
        "the discount",
    ),
    (re.compile(r"\b(?:left|remain\w*|rest)\b", re.IGNORECASE), "what is left", "the whole", "what was taken away"),
)

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
# What a week, a month, a year, a day or an hour has so many of.
_PERIODS: dict[Value, str] = {
    7: "day", 30: "day", 365: "day", 52: "week", 12: "month", 24: "hour", 60: "minute"
}  # fmt: skip
# Times a number, up to which another is taken for it. Nobody adds the notebooks of one class to those of all others.
_FARTHEST, _FARTHEST_IN_SUM = 20, 4


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """An operand that is a difference or the amount for several things, replaced by one of the numbers that it was
    worked out from.
    """
    for site in sites(graph, rng):
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if len(link.results) != 1 or link.question or link.constant or site.in_fraction(leaf):
                continue
            source = Site(graph, link.results[0])
            if source.step == site.step or not source.equation.visible or beside_its_like(site):
                continue
            for number, meaning in shuffled(confusions(source), rng):
                if number is not source.equation.operands[0] and "-" in site.expression:
                    continue  # nobody takes something away from what was taken away
                edits = site.writes(leaf, number.face) if number.percent == operand.percent else ()
                is_sum = "+" in site.expression or "-" in site.expression
                farthest = _FARTHEST_IN_SUM if is_sum and source.equation.operators[0].symbol not in "-–" else _FARTHEST
                is_alike = max(number.face, operand.face) <= farthest * min(number.face, operand.face)
                if _is_less_than_a_part(site, source, leaf, number):
                    continue
                if edits and is_alike and number.face != operand.face:
                    right, wrong = site.shown(operand, operand.face), site.shown(number, number.face)
                    yield Proposal(
                        Change(site.index, edits),
                        f"{right} is {meaning[0]}, {wrong} is {meaning[1]}; the step confuses them. "
                        f"It should be {site.worked}.",
                    )


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
