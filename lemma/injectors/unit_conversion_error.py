"""A conversion between units goes wrong: a wrong factor (100 minutes in an hour), the inverse direction, or none."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.arithmetic.expressions import nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Value
from lemma.arithmetic.propagation import Change
from lemma.injectors.algebra import AlgebraInjector, NumbersAndLetters
from lemma.injectors.conversion_factors import inverted_factors
from lemma.injectors.cuts import shortened
from lemma.injectors.naming import beside_its_like, numbers_in
from lemma.injectors.operator_error import reads_as_operator, swap_operator
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

# With a larger factor, the inverse direction leads to sizes that nobody would believe: 14,700 pages a day.
_LARGEST_INVERTED = 4
_WORK_WEEK, _CLOCK = (7, 5), 60
_WORK = re.compile(r"\b(?:work\w*|job|office|school|class|classes|practice\w*|commut\w*|weekdays?)\b", re.IGNORECASE)
_EVERY_DAY = re.compile(r"\b(?:(?:every|each) day|everyday|daily|(?:whole|all) week|(?:7|seven) days)\b", re.IGNORECASE)
_RATE = re.compile(r" ?[a-z]+ ?/ ?[a-z]")
_PER = re.compile(r"\b(?:a|an|per|each|every) $")


@dataclass(frozen=True, slots=True)
class _Conversion:
    factor: int
    small: re.Pattern[str]
    large: re.Pattern[str]
    fact: str
    mistaken: tuple[int, ...]

    def is_called_up(self, text: str) -> bool:
        """Whether a text names both units."""
        return self.small.search(text) is not None and self.large.search(text) is not None


def _conversion(factor: int, small: str, large: str, mistaken: tuple[int, ...]) -> _Conversion:
    def either(words: str) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{words.replace(' ', '|')})\b", re.IGNORECASE)

    one = large.partition(" ")[0]
    about = "about " if one == "month" else ""  # a convention, and no fact
    fact = f"{about}{factor} {small.partition(' ')[0]} in a{'n' if one == 'hour' else ''} {one}"
    return _Conversion(factor, either(small), either(large), fact, mistaken)


_CONVERSIONS = (
    _conversion(60, "minutes minute", "hour hours", (100,)),
    _conversion(60, "seconds second", "minute minutes", (100,)),
    _conversion(3600, "seconds second", "hour hours", (360, 600)),
    _conversion(24, "hours hour", "day days daily", (12,)),
    _conversion(7, "days day daily", "week weeks weekly", (5,)),
    _conversion(52, "weeks week weekly", "year years", (50, 48)),
    _conversion(12, "months month monthly", "year years annually yearly", ()),
    _conversion(365, "days day daily", "year years", (360,)),
    _conversion(30, "days day daily", "month months", ()),
    _conversion(4, "weeks week weekly", "month months", ()),
    _conversion(100, "cents cent pennies", "dollar dollars", (10, 1000)),
    _conversion(100, "centimeters cm centimeter", "meter meters m", (10, 1000)),
    _conversion(1000, "grams gram g", "kilogram kilograms kg", (100,)),
    _conversion(1000, "meters meter m", "kilometer kilometers km", (100,)),
    _conversion(1000, "milliliters ml milliliter", "liter liters", (100,)),
    _conversion(16, "ounces ounce oz", "pound pounds", (12, 10)),
    _conversion(12, "inches inch", "foot feet", (10,)),
    _conversion(3, "feet foot", "yard yards", (2, 12)),
    _conversion(36, "inches inch", "yard yards", (12, 30)),
    _conversion(5280, "feet foot", "mile miles", (5000,)),
    _conversion(2000, "pounds pound", "ton tons", (1000,)),
    _conversion(12, "items eggs cookies roses flowers donuts doughnuts cupcakes muffins pieces", "dozen dozens", (10,)),
    _conversion(10, "years year", "decade decades", (100,)),
    _conversion(4, "quarts quart", "gallon gallons", (2,)),
    _conversion(2, "pints pint", "quart quarts", (4,)),
    _conversion(8, "ounces ounce", "cup cups", (10,)),
    _conversion(128, "ounces ounce", "gallon gallons", (100,)),
)


def in_numbers(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """A known conversion factor taken for another one, or used in the inverse direction."""
    story = "\n".join((graph.question, *graph.steps))
    # A false factor that the story has for something else would be the number of that: the 5 of five books.
    known_faces = numbers_in(graph)
    factors = Counter(operand.face for equation in graph.equations for operand in equation.operands)
    for site in sites(graph, rng):
        if beside_its_like(site):
            continue
        for leaf, operand, link in shuffled(list(site.operands()), rng):
            if link.results or site.in_fraction(leaf) or operand.percent or operand.currency:
                continue
            if factors[operand.face] > 1 or _is_said_before(site, operand.face):
                continue  # another step converts as it should, or says how
            fitting = [known for known in _CONVERSIONS if known.factor == operand.face and known.is_called_up(story)]
            near = [known for known in fitting if known.is_called_up(site.text)]
            if near:
                yield from _proposals(site, leaf, near[0], known_faces, rng)
            elif len(fitting) == 1 and not link.question:
                # The step names no units, but the story has no other conversion with this factor.
                yield from _proposals(site, leaf, fitting[0], known_faces, rng)


def _is_tempting(site: Site, leaf: int, known: _Conversion, wrong: int) -> bool:
    """Whether a false factor is one that a story leads to: a week of 5 days of work, 2.5 hours as 250 minutes."""
    graph = site.graph
    rate = known.small.search(site.text, site.equation.result.end)
    if rate is not None and _PER.search(site.text, site.equation.result.end, rate.start()):
        return False  # "9 * 7 = 63 tomatoes a day": the words of the reference are wrong themselves
    if (known.factor, wrong) == _WORK_WEEK:
        return _WORK.search(graph.question) is not None and _EVERY_DAY.search(f"{graph.question} {site.text}") is None
    if known.factor == _CLOCK:
        return any(not isinstance(other.face, int) for at, other in enumerate(site.equation.operands) if at != leaf)
    return True


def _is_said_before(site: Site, factor: Value) -> bool:
    """Whether the step, or one before, says the factor: `An hour has 60 minutes`, `in a month of 4 weeks`."""
    return any(
        mention.face == factor for reading in site.graph.readings[: site.step + 1] for mention in reading.mentions
    )


def _left_out(site: Site, leaf: int, known: _Conversion, due: str) -> Iterator[Proposal]:
    """The conversion of a longer calculation left out."""
    for node in nodes(site.equation.tree):
        kept = node.left if node.right == leaf else node.right
        if node.right != leaf and (node.left != leaf or node.operator != "*"):
            continue
        change = shortened(site, node, kept) if node.operator in "*/" else None
        if change is not None and len(site.equation.operands) > 2:
            yield Proposal(change, f"There are {known.fact}, and the step leaves the conversion out: {due}")


def converts(site: Site, leaf: int) -> bool:
    """Whether an operand is the factor of a known conversion whose units the step or its story names."""
    operand, link = site.equation.operands[leaf], site.links[leaf]
    story = "\n".join((site.graph.question, *site.graph.steps))
    known = (found for found in _CONVERSIONS if found.factor == operand.face)
    return not link.results and not operand.currency and any(found.is_called_up(story) for found in known)


def _proposals(site: Site, leaf: int, known: _Conversion, taken: set[Value], rng: random.Random) -> Iterator[Proposal]:
    due = f"it should be {site.worked}."
    yield from _left_out(site, leaf, known, due)
    for wrong in shuffled(known.mistaken, rng):
        # A factor that the question states would be misquoted.
        stated = site.links[leaf].question
        edits = site.writes(leaf, wrong) if wrong not in taken and not stated else ()
        if len(edits) == 1 and (site.graph.latex or _is_tempting(site, leaf, known, wrong)):
            yield Proposal(Change(site.index, edits), f"There are {known.fact}, not {wrong}: {due}")
    for node in nodes(site.equation.tree) if known.factor <= _LARGEST_INVERTED else ():
        in_rate = _RATE.match(site.text, site.equation.operands[leaf].end)  # "/ 4 weeks/month" would not fit its units
        if node.right == leaf and node.operator in "*/" and not in_rate and reads_as_operator(site, node):
            inverse = "/" if node.operator == "*" else "*"
            edit = swap_operator(site, node.position, inverse)
            if edit is None:
                continue
            done, needed = ("divides", "multiply") if inverse == "/" else ("multiplies", "divide")
            yield Proposal(
                Change(site.index, (edit,)),
                f"There are {known.fact}, and the step {done} by {known.factor} where it has to {needed}: {due}",
            )


propose = NumbersAndLetters(in_numbers, AlgebraInjector(inverted_factors))
