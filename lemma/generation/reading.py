"""Read a generated problem and its solutions back from their text, and judge every step of them.

    >>> story = read_story("Ada has 5 pens. Ben has 3 more pens than Ada. How many pens does Ben have?")
    >>> first_wrong_step(story, ["Ben has 5 - 3 = 2 pens."])
    0

Because a step names whose quantity it works out, the first wrong one is known, whoever wrote it and in whatever order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemma.generation.stories import SYMBOLS, Fact, Story, Working

_NAME = r"[A-Z]\w{,30}"
_FACTS = (
    (re.compile(rf"(?P<who>{_NAME}) has (?P<amount>\d+) (?P<thing>\w+)"), "given"),
    (re.compile(rf"(?P<who>{_NAME}) has (?P<amount>\d+) more (?P<thing>\w+) than (?P<first>{_NAME})"), "more"),
    (re.compile(rf"(?P<who>{_NAME}) has (?P<amount>\d+) fewer (?P<thing>\w+) than (?P<first>{_NAME})"), "fewer"),
    (re.compile(rf"(?P<who>{_NAME}) has (?P<amount>\d+) times as many (?P<thing>\w+) as (?P<first>{_NAME})"), "times"),
    (
        re.compile(
            rf"(?P<who>{_NAME}) has as many (?P<thing>\w+) as (?P<first>{_NAME}) and (?P<second>{_NAME}) together"
        ),
        "sum",
    ),
)
_MODULUS = re.compile(r"All numbers count modulo (\d+)\. ")
_QUESTION = re.compile(r"How many (?P<thing>\w+) does (?P<who>\w+) have\?$")
_STEP = re.compile(
    rf"(?P<who>{_NAME}) has (?P<left>\d+) (?P<symbol>[-+*]) (?P<right>\d+) (?:=|≡) (?:<<[^<>\n]*>>)?"
    r"(?P<result>-?\d+) (?P<thing>\w+)\."
)


def read_story(question: str) -> Story | None:
    """The story of a generated question, None for any other text."""
    modulus = _MODULUS.match(question)
    body = question[modulus.end() :] if modulus else question
    *sentences, asked = re.split(r"(?<=\.) ", body)
    final = _QUESTION.fullmatch(asked)
    facts = dict(found for sentence in sentences if (found := _read_fact(sentence)) is not None)
    if final is None or len(facts) != len(sentences) or final["who"] not in facts:
        return None
    ordered = _ordered(facts)
    return Story(final["thing"], ordered, final["who"], int(modulus[1]) if modulus else None) if ordered else None


def _read_fact(sentence: str) -> tuple[str, Fact] | None:
    for pattern, kind in _FACTS:
        match = pattern.fullmatch(sentence.removesuffix("."))
        if match is not None:
            found = match.groupdict()
            sources = tuple(found[name] for name in ("first", "second") if found.get(name))
            return found["who"], Fact(kind, sources, int(found["amount"]) if found.get("amount") else None)
    return None


def _ordered(facts: dict[str, Fact]) -> dict[str, Fact]:
    """The facts in an order in which each can be worked out; empty if there is none."""
    ordered: dict[str, Fact] = {}
    while len(ordered) < len(facts):
        ready = [who for who, fact in facts.items() if who not in ordered and all(s in ordered for s in fact.sources)]
        if not ready:
            return {}
        ordered.update((who, facts[who]) for who in ready)
    return ordered


def read_step(text: str) -> Working | None:
    """The step of a solution, None for a text of another form."""
    match = _STEP.fullmatch(text.strip())
    if match is None:
        return None
    return Working(match["who"], int(match["left"]), match["symbol"], int(match["right"]), int(match["result"]))


def is_right(story: Story, step: Working) -> bool:
    """Whether a step works its quantity out as the story tells, with the right numbers, to the right result."""
    fact = story.facts.get(step.person)
    if fact is None or fact.kind == "given":
        return False
    values = story.values()
    left, right = story.operands(fact, values)
    orders = [(left, right)] if fact.kind == "fewer" else [(left, right), (right, left)]
    fits = step.symbol == SYMBOLS[fact.kind] and (step.left, step.right) in orders
    return fits and step.result == values[step.person]


def first_wrong_step(story: Story, steps: Sequence[str]) -> int | None:
    """Index of the first wrong step; None if none is, or if one before it can't be read."""
    for index, text in enumerate(steps):
        step = read_step(text)
        if step is None:
            return None
        if not is_right(story, step):
            return index
    return None
