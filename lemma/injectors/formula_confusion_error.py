"""A formula is used where another applies: perimeter for area, a sum for an average, percent of for percent more."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from lemma.arithmetic.expressions import Binary, leaves, nodes
from lemma.arithmetic.graph import SolutionGraph
from lemma.arithmetic.numbers import Number, divide, normal
from lemma.arithmetic.propagation import Change, Edit
from lemma.injectors.naming import beside_its_like, part_of
from lemma.injectors.operator_error import reads_as_operator, swap_operator
from lemma.injectors.proposal import Proposal, Site, shuffled, sites

_AVERAGE = re.compile(r"\b(?:average|averages|averaged|mean)\b", re.IGNORECASE)
_PERIMETER = re.compile(r"\b(?:perimeter|fence|fencing|border|distance around)\b", re.IGNORECASE)
_AREA = re.compile(
    r"\b(?:area|square (?:feet|foot|meters?|inch|inches|yards?|miles?|units?|cm|centimeters?))\b", re.IGNORECASE
)
_VOLUME = re.compile(r"\b(?:volume|cubic)\b", re.IGNORECASE)
_TRIANGLE = re.compile(r"\btriang", re.IGNORECASE)
_SPEED = re.compile(
    r"\b(?:mph|km/h|speed|(?:miles?|kilometers?|km|meters?|feet) (?:per|an|a|each|every) (?:hour|minute|second))\b",
    re.IGNORECASE,
)
_LENGTH = r"(?:feet|foot|ft|inch|inches|yards?|meters?|cm|centimeters?|miles?|kilometers?|units?)"
_SIDES = re.compile(
    rf"^[\d.,]+ {_LENGTH}\b|^[\d.,]+ ?[*x×] ?[\d.,]+ {_LENGTH}\b|^[\d.,]+ ?[*x×] ?[\d.,]+ ?= ?[\d.,]+ (?:square|sq)",
    re.I,
)
_DISTANCE = re.compile(r"\b(?:miles?|kilometers?|km|meters?|feet|distance)\b", re.IGNORECASE)
_TIME = re.compile(r"\b(?:hours?|minutes?|seconds?|days?)\b", re.IGNORECASE)
_RECTANGLE = re.compile(r"\b(?:by|wide|width|long|length|rectang\w*|square)\b", re.IGNORECASE)
# Behind a percentage, or before it: what tells that it is taken off an amount, or comes on top of it.
_TAKEN_OFF = (
    r" ?(?:\\?%|percent) (?:off|less|lower|fewer|cheaper|smaller|shorter|younger|discount|decrease|reduction|loss)\b",
    r"\b(?:discount(?:ed)?|decreas\w+|reduc\w+|cut|drop\w*|fell|falls?|lost|lowered) (?:[a-z]+ ){0,4}(?:of |by )?$",
)
_ON_TOP = (
    r" ?(?:\\?%|percent) (?:more|higher|longer|larger|bigger|taller|older|greater|increase|raise|markup|growth)\b",
    r"\b(?:increas\w+|rais\w+|grew|grow\w*|rose|rises?|marked up) (?:[a-z]+ ){0,4}(?:of |by )?$",
)
_SAYS_OPERATION = re.compile(r"\b(?:multipl|divi[ds]|product|quotient|times\b)", re.IGNORECASE)
_MEASURED = re.compile(r"[A-Za-z]{2,}")
_COMPARES = re.compile(r"\b(?:twice|thrice|half|third|quarter|double|triple|faster|slower|rate|times)\b", re.IGNORECASE)
_SPLIT_EVENLY = 3  # the largest divisor that nobody notices who multiplies by it
_HUNDRED = 100

Formula = Callable[[Site], Iterator[Proposal]]


def propose(graph: SolutionGraph, rng: random.Random) -> Iterator[Proposal]:
    """One equation whose formula the story names, worked with the formula next to it."""
    for site in sites(graph, rng):
        if beside_its_like(site):
            continue
        for formula in shuffled(_FORMULAS, rng):
            yield from formula(site)


def _sum_for_average(site: Site) -> Iterator[Proposal]:
    """Leave out the division of an average."""
    tree = site.equation.tree
    if not (_named(_AVERAGE, site) and isinstance(tree, Binary) and tree.operator == "/"):
        return
    if not isinstance(tree.right, int) or site.in_fraction(tree.right) or isinstance(tree.left, int):
        return
    last = max(leaves(tree.left))
    inner_end = _closing(site, site.equation.operands[last].end)
    cut = Edit(inner_end, site.equation.end, "")
    divisor = site.equation.operands[tree.right]
    yield Proposal(
        Change(site.index, (cut,)),
        f"An average is the sum divided by the count; the division by {site.shown(divisor, divisor.face)} is left out. "
        f"It should be {site.worked}.",
    )


def _area_for_perimeter(site: Site) -> Iterator[Proposal]:
    """Multiply the sides where they have to be added up."""
    sides = _sides_of_perimeter(site) if _named(_PERIMETER, site) and not _AREA.search(site.text) else None
    if sides is not None:
        wrong = _times(site, *(_written(site, side) for side in sides))
        yield _whole(site, wrong, "The perimeter is the sum of all sides; the step works out the area")


def _perimeter_for_area(site: Site) -> Iterator[Proposal]:
    """Add up the sides where they have to be multiplied."""
    text, tree, operands = site.text, site.equation.tree, site.equation.operands
    if not _AREA.search(text) or _PERIMETER.search(text) or _VOLUME.search(text) or _SAYS_OPERATION.search(text):
        return
    if [node.operator for node in nodes(tree)] != ["*"]:
        return
    if any(
        operand.face <= 2 or operand.percent or operand.currency or not isinstance(operand.face, int)
        for operand in operands
    ):
        return
    # Both are sides that the question measures: "12 by 8", "12 feet", and not the 3 grams that a square inch takes.
    for operand in operands:
        side = rf"(?<![\d.,]){operand.face:,}"
        if not re.search(
            rf"{side}[ -]?{_LENGTH}|{side} ?(?:by|x)\b|\b(?:by|x) {side}", site.graph.question, re.IGNORECASE
        ):
            return
    if _SIDES.search(text[site.equation.start :]) and _RECTANGLE.search(f"{text}\n{site.graph.question}"):
        left, right = (_written(site, operand) for operand in operands)
        wrong = _times(site, "2", f"({left} + {right})")
        if "square" not in site.expression and "/" not in site.expression:
            yield _whole(site, wrong, "The area is length times width; the step works out the perimeter")


def _whole_for_triangle(site: Site) -> Iterator[Proposal]:
    """Forget the half in a triangle's area."""
    tree = site.equation.tree
    if not (_TRIANGLE.search(site.text) and isinstance(tree, Binary) and tree.operator == "/"):
        return
    if isinstance(tree.left, Binary) and isinstance(tree.right, int) and site.equation.operands[tree.right].face == 2:
        last = max(leaves(tree.left))
        cut = Edit(_closing(site, site.equation.operands[last].end), site.equation.end, "")
        yield Proposal(
            Change(site.index, (cut,)),
            f"A triangle is half of base times height; the half is left out. It should be {site.worked}.",
        )


def _percent_more_for_percent_of(site: Site) -> Iterator[Proposal]:
    """Take 120 % where 20 % is asked for, and 80 % where 20 % is, of what is to be 20 % more or less. A solution that
    works with other percentages as well would show the right way beside the wrong one.
    """
    if "percentages" not in site.graph.memo:
        site.graph.memo["percentages"] = _percentages(site.graph)
    if site.graph.memo["percentages"] != 1:
        return
    for leaf, operand, _ in site.operands():
        percent = _as_percent(site, leaf, operand)
        if percent is None or not 0 < percent < _HUNDRED:
            continue
        off, more = (_is_said(site.graph.question, percent, words) for words in (_TAKEN_OFF, _ON_TOP))
        if off == more:
            continue
        other = _HUNDRED + percent if more else _HUNDRED - percent
        unit, sign = divide(operand.face, percent), "\\%" if site.graph.latex else "%"
        edits = site.writes(leaf, normal(other * unit)) if other != percent else ()
        if len(edits) == 1:  # a percentage that the step repeats in words would be a misquote
            rule = f"{other}{sign} is the amount with the {percent}{sign} on top of it"
            if off:
                rule = f"{other}{sign} is what is left after {percent}{sign} are taken off"
            yield Proposal(
                Change(site.index, edits),
                f"{rule}, and the step needs {percent}{sign} of it. It should be {site.worked}.",
            )


def _percentages(graph: SolutionGraph) -> int:
    """How many equations of a solution work with a percentage."""
    found = [Site(graph, index) for index in range(len(graph.equations))]
    return sum(
        any(
            operand.percent or operand.face == _HUNDRED or (not isinstance(operand.face, int) and 0 < operand.face < 2)
            for operand in site.equation.operands
        )
        for site in found
    )


def _is_said(question: str, percent: int, words: tuple[str, str]) -> bool:
    """Whether words of a kind stand behind a percentage of the question, or before it."""
    behind, before = words
    return any(
        re.match(behind, question[place.end() :], re.IGNORECASE)
        or re.search(before, question[: place.start()], re.IGNORECASE)
        for place in re.finditer(rf"(?<![\d.]){percent}(?=\s?(?:\\?%|percent))", question)
    )


def _distance_for_time(site: Site) -> Iterator[Proposal]:
    """Multiply where distance, speed and time ask for a division, or the other way round."""
    tree = site.equation.tree
    motion = all(pattern.search(site.text) for pattern in (_SPEED, _DISTANCE, _TIME)) and not _AREA.search(site.text)
    if not (motion and isinstance(tree, Binary) and tree.operator in "*/"):
        return
    if isinstance(tree.left, int) and isinstance(tree.right, int) and reads_as_operator(site, tree):
        if _SAYS_OPERATION.search(site.text) or site.equation.operands[tree.right].face > _SPLIT_EVENLY:
            return
        if any(part_of(site.graph.question, operand.face) for operand in site.equation.operands):
            return  # "twice as fast" is no time and no distance
        # 180 miles * 4 hours is nobody's speed, and twice the rate of somebody is no rule of speed.
        if _MEASURED.search(site.expression) or _COMPARES.search(site.text):
            return
        wrong = "/" if tree.operator == "*" else "*"
        edit = swap_operator(site, tree.position, wrong)
        if edit is None:
            return
        rule = (
            "Distance is speed times time; the step divides"
            if wrong == "/"
            else "Speed is distance over time, and time is distance over speed; the step multiplies"
        )
        yield Proposal(
            Change(site.index, (edit,)),
            f"{rule}. It should be {site.worked}.",
        )


_FORMULAS: tuple[Formula, ...] = (
    _sum_for_average,
    _area_for_perimeter,
    _perimeter_for_area,
    _whole_for_triangle,
    _percent_more_for_percent_of,
    _distance_for_time,
)


def _named(pattern: re.Pattern[str], site: Site) -> bool:
    return pattern.search(site.text) is not None or (
        pattern.search(site.graph.question) is not None and site.index == site.graph.final
    )


def _as_percent(site: Site, leaf: int, operand: Number) -> int | None:
    """The percentage of the question that an operand stands for: 20 in `20%`, in `0.2` and in `20/100`."""
    if operand.percent:
        face = operand.face
    elif isinstance(operand.face, Fraction) and 0 < operand.face < 1:
        face = normal(operand.face * _HUNDRED)
    elif any(
        node.operator == "/" and node.left == leaf and isinstance(node.right, int)
        and site.equation.operands[node.right].face == _HUNDRED
        for node in nodes(site.equation.tree)
    ):  # fmt: skip
        face = operand.face
    else:
        return None
    stated = isinstance(face, int) and re.search(rf"(?<![\d.]){face}\s?(?:\\?%|percent)", site.graph.question)
    multiplied = any(node.operator == "*" for node in nodes(site.equation.tree))
    return int(face) if stated and multiplied else None


def _sides_of_perimeter(site: Site) -> tuple[Number, Number] | None:
    """Length and width in `2 * (l + w)`, `(l + w) * 2` and `l + w + l + w`."""
    operands, tree = site.equation.operands, site.equation.tree
    operators = [node.operator for node in nodes(tree)]
    if operators == ["+", "*"] and len(operands) == 3:
        sides = [operand for operand in operands if operand.face != 2]
    elif operators == ["+", "+", "+"]:
        sides = [operands[0], next((other for other in operands if other.face != operands[0].face), operands[1])]
        if sorted(operand.face for operand in operands) != sorted(side.face for side in sides for _ in range(2)):
            return None
    else:
        return None
    return (sides[0], sides[1]) if len(sides) == 2 else None


def _written(site: Site, number: Number) -> str:
    return site.text[number.start : number.end]


def _times(site: Site, left: str, right: str) -> str:
    if "\\" in site.text:
        return f"{left} \\times {right}"
    return f"{left} {'x' if ' x ' in site.text else '*'} {right}"


def _whole(site: Site, wrong: str, rule: str) -> Proposal:
    edit = Edit(site.equation.start, site.equation.end, wrong)
    return Proposal(Change(site.index, (edit,)), f"{rule}, {site.quoted(wrong)}. It should be {site.worked}.")


def _closing(site: Site, end: int) -> int:
    """Past a bracket that closes right behind an operand."""
    while end < site.equation.end and site.text[end] in ")]":
        end += 1
    return end
