"""Whether a number of a question counts things or is an amount for each of them: 3 boxes of 8 pens are 8 + 8 + 8 pens,
not 3 + 3 + ... pens.

>>> question = "Ann has 3 boxes of 8 pens."
>>> counts_things(question, 3), is_amount_of_each(question, 8)
(True, True)
"""

from __future__ import annotations

import re

from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import INTEGER, WORD_VALUES, Value, render

_EACH = re.compile(
    r"\b(?:each|per|every|apiece"
    r"|(?:an?|one|once an?) (?:day|week|month|year|hour|minute|second|box|bag|pack|piece|person|dozen))\b",
    re.IGNORECASE,
)
_EACH_BEFORE = re.compile(
    r"(?:\b(?:each|every|per)\b(?:[^\w.,;?!]+(?!and\b|or\b)[^\W\d]+){0,5}[^\w.,;?!]+|\b(?:of|with|containing|holding)\s+|[$€£¥]"
    r"|\b(?:an?|one)\s\w+\s(?:has|holds|contains|costs?|takes|weighs|makes|uses|sells for|is)\s+)$",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"[ -]?(?:feet|foot|ft|inch(?:es)?|miles?|meters?|k?m|cm|mm|kilometers?|yards?|pounds?|lbs?|ounces?|oz|k?g|grams?|"
    r"kilograms?|tons?|gallons?|liters?|ml|quarts?|pints?|degrees?|mph|percent|dollars?|cents?|square|cubic|bucks|points?|"
    r"times|of|more|less|fewer|%|/|st\b|nd\b|rd\b|th\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;?!](?=\s|$)")
_NEAR = 40  # characters


def counts_things(question: str, value: Value) -> bool:
    """Whether a number counts things, and is no amount for each of something."""
    place = place_of(question, value)
    if place is None or _MEASURE.match(question, place[1]) or _EACH_BEFORE.search(question[: place[0]]):
        return False
    return re.match(r"[ -][a-z]", question[place[1] :]) is not None and not _said_of_each(question, place)


def is_amount_of_each(question: str, value: Value) -> bool:
    """Whether a number is an amount for each of something: a price, or "8 pens each"."""
    place = place_of(question, value)
    if place is None:
        return False
    return _EACH_BEFORE.search(question[: place[0]]) is not None or _said_of_each(question, place)


def told_at(graph: SolutionGraph, step: int) -> tuple[int, int] | None:
    """Where the question says the first and the last number that a step works with; None if it can't be told."""
    places = [
        place_of(graph.question, operand.value)
        for equation, links, of in zip(graph.equations, graph.operand_links, graph.step_of, strict=True)
        for operand, link in zip(equation.operands, links, strict=True)
        if of == step and link.question
    ]
    known = [place[0] for place in places if place is not None]
    return (min(known), max(known)) if known and len(known) == len(places) else None


def _said_of_each(question: str, place: tuple[int, int]) -> bool:
    """Whether "each" or the like follows in the same sentence, before the next number."""
    behind = question[place[1] : place[1] + _NEAR]
    end = re.search(r"\d", behind) or _SENTENCE_END.search(behind)
    return _EACH.search(behind[: end.start()] if end is not None else behind) is not None


def place_of(question: str, value: Value) -> tuple[int, int] | None:
    """Where a question says a number; None if it does not, or in several places."""
    text = render(value, INTEGER)
    if text is None:
        return None
    words = [word for word, values in WORD_VALUES.items() if values == (value,)]
    digits = rf"(?<![\d.,/]){re.escape(text)}(?:\.0+)?(?![\d/]|[.,]\d)"
    found = list(re.finditer("|".join((digits, *(rf"\b{word}\b" for word in words))), question, re.IGNORECASE))
    return found[0].span() if len(found) == 1 else None
