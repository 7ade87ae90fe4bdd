"""Numbers that are written down wrongly on their way from the question, or from the step that found them: 84 for 48.

Part of the injectors `context_value_error` and `previous_step_value_error`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from lemma.arithmetic.graph import Link
from lemma.arithmetic.numbers import Number, normal
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import numbers_in, numbers_of, quoted_for
from lemma.injectors.proposal import Proposal, Site

_FEWEST_DIGITS, _MOST_DIGITS = 2, 6
_FARTHEST = 2  # times the right number
_DIGITS = re.compile(r"\d{1,3}(?:,\d{3}){1,2}|\d{1,6}(?:\.\d\d)?")
_YEARS = range(1800, 2101)
_OFTEN = 0.2  # beside errors of thought


def miscopied(written: str) -> Iterator[tuple[str, str]]:
    """What a number is copied as, and what is wrong with that: two neighbors swapped, the wrong digit twice.

    >>> list(miscopied("144"))
    [('414', 'with two digits swapped'), ('114', 'with the wrong digit repeated')]
    >>> list(miscopied("2.75"))
    [('2.57', 'with two digits swapped')]
    >>> list(miscopied("5000"))
    [('500', 'with a zero too few'), ('50000', 'with a zero too many')]
    """
    digits = [place for place, sign in enumerate(written) if sign.isdigit()]
    for place, after in pairwise(digits):
        first, second = written[place], written[after]
        if first != second and after == place + 1 and not (place == 0 and second == "0"):
            yield written[:place] + second + first + written[after + 1 :], "with two digits swapped"
    for place, middle, after in zip(digits, digits[1:], digits[2:], strict=False):
        first, second, third = written[place], written[middle], written[after]
        if after == place + 2 and first != third and second in (first, third) and "0" not in (first, third):
            other = first if second == third else third
            yield written[:middle] + other + written[after:], "with the wrong digit repeated"
    if written.isdigit() and written.endswith("000"):
        yield written[:-1], "with a zero too few"
        yield written + "0", "with a zero too many"


def copied_wrongly(site: Site, leaf: int, operand: Number, link: Link) -> Iterator[Proposal]:
    """An operand in digits that comes from one place of the question, or from one earlier step, miscopied."""
    graph, written = site.graph, site.text[operand.start : operand.end]
    count = sum(map(str.isdigit, written))
    if graph.latex or not _FEWEST_DIGITS <= count <= _MOST_DIGITS or site.in_fraction(leaf) or operand.percent:
        return
    if _DIGITS.fullmatch(written) is None or (operand.face in _YEARS and not operand.currency):
        return
    said = _origin(site, operand, link)
    known = numbers_in(graph) if said is not None else set()
    for digits, how in miscopied(written) if said is not None else ():
        wrong = normal(Fraction(digits.replace(",", "")))
        is_near = operand.face <= _FARTHEST * wrong <= _FARTHEST * _FARTHEST * operand.face
        if wrong in known or not (is_near or "zero" in how):
            continue
        if edits := site.writes(leaf, wrong):
            fault = f"{said}, but this step copies it as {site.shown(operand, wrong)}, {how}"
            yield Proposal(Change(site.index, edits), f"{fault}: it should be {site.worked}.", _OFTEN)


def _origin(site: Site, operand: Number, link: Link) -> str | None:
    """Where a number comes from, in words; None if it may come from several places."""
    graph, right = site.graph, site.shown(operand, operand.face)
    if link.question and not link.results and not link.constant:
        places = [number for number in numbers_of(graph.question) if number.face == operand.face]
        quote = quoted_for(site, operand.face, link, operand.currency) if len(places) == 1 else None
        return None if quote is None else f"The problem says {right}{quote}"
    if len(link.results) == 1 and not link.question and not link.constant:
        step = graph.step_of[link.results[0]]
        return None if step == site.step else f"Step {step + 1} found {right}"
    return None
