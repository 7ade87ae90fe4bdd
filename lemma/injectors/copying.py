"""Numbers that are written down wrongly on their way from the question, or from the step that found them: 84 for 48.

Part of the injectors `context_value_error` and `previous_step_value_error`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from lemma.arithmetic.graph import Link
from lemma.arithmetic.numbers import Number, Value, normal
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import numbers_in, numbers_of, quoted_for
from lemma.injectors.proposal import ODD, Proposal, Site
from lemma.injectors.roles import is_just_above

_FEWEST_DIGITS, _MOST_DIGITS = 2, 6
_FARTHEST = 2  # times the right number
_DIGITS = re.compile(r"\d{1,3}(?:,\d{3}){1,2}|\d{1,6}(?:\.\d{1,2})?")
_YEARS = range(1800, 2101)
# Read so often that nobody gets them wrong.
_WELL_KNOWN = frozenset((12, 24, 25, 52, 60, 75, 99, 100, 125, 144, 250, 360, 365, 750))
_ALIKE = {"1": "7", "7": "1", "3": "8", "8": "3", "5": "6", "6": "5", "4": "9", "9": "4"}  # in handwriting
_OFTEN, _KEPT = 0.2, 0.4  # beside errors of thought


def miscopied(written: str) -> Iterator[tuple[str, str]]:
    """What a number is copied as, and what is wrong with that.

    >>> list(miscopied("144"))
    [('414', 'with two digits swapped'), ('114', 'with the wrong digit repeated'), ('149', 'with a 4 read as a 9')]
    >>> list(miscopied("2.5"))
    [('2.6', 'with a 5 read as a 6'), ('25', 'with the decimal point left out')]
    >>> list(miscopied("1220"))
    [('120', 'with one of two equal digits left out')]
    >>> list(miscopied("36000"))
    [('3600', 'with a zero too few'), ('360000', 'with a zero too many')]
    """
    digits = [place for place, sign in enumerate(written) if sign.isdigit()]
    is_round = written.isdigit() and written.endswith("0")
    for place, after in pairwise(digits) if not is_round else ():
        first, second = written[place], written[after]
        if first != second and after == place + 1 and "0" not in (first, second):
            yield written[:place] + second + first + written[after + 1 :], "with two digits swapped"
    for place, middle, after in zip(digits, digits[1:], digits[2:], strict=False) if not is_round else ():
        first, second, third = written[place], written[middle], written[after]
        if after == place + 2 and first != third and second in (first, third) and "0" not in (first, third):
            other = first if second == third else third
            yield written[:middle] + other + written[after:], "with the wrong digit repeated"
    if not is_round and (place := max((place for place in digits if written[place] in _ALIKE), default=0)):
        sign = written[place]
        yield written[:place] + _ALIKE[sign] + written[place + 1 :], f"with {_a(sign)} read as {_a(_ALIKE[sign])}"
    if written.isdigit() and len(written) > _FEWEST_DIGITS + 1:
        for place, after in pairwise(digits):
            if written[place] == written[after] != "0":
                yield written[:place] + written[after:], "with one of two equal digits left out"
    if "." in written and written[-1] != "0" and not written.startswith("0"):
        yield written.replace(".", ""), "with the decimal point left out"
    if written.isdigit() and written.endswith("000") and written[0] not in "125":
        yield written[:-1], "with a zero too few"
        yield written + "0", "with a zero too many"


def _a(digit: str) -> str:
    return f"an {digit}" if digit == "8" else f"a {digit}"


def copied_wrongly(site: Site, leaf: int, operand: Number, link: Link, rng: random.Random) -> Iterator[Proposal]:
    """An operand in digits that comes from one place of the question, or from one earlier step, miscopied in one of
    several ways; not always, and none that is known to everybody.
    """
    graph, written = site.graph, site.text[operand.start : operand.end]
    count = sum(map(str.isdigit, written))
    if graph.latex or not _FEWEST_DIGITS <= count <= _MOST_DIGITS or site.in_fraction(leaf) or operand.percent:
        return
    if _DIGITS.fullmatch(written) is None or (operand.face in _YEARS and not operand.currency):
        return
    # Who has copied a number once copies it again.
    if any(operand.face in {one.face for one in equation.operands} for equation in graph.equations[: site.index]):
        return
    said = _origin(site, operand, link) if operand.face not in _WELL_KNOWN and rng.random() < _KEPT else None
    known = numbers_in(graph) if said is not None else set[Value]()
    ways = list(miscopied(written)) if said is not None else []
    for digits, how in rng.sample(ways, len(ways)):
        wrong = normal(Fraction(digits.replace(",", "")))
        is_near = operand.face <= _FARTHEST * wrong <= _FARTHEST * _FARTHEST * operand.face
        is_point = "point" in how
        if wrong in known or not (is_near or "zero" in how or "left out" in how) or (is_point and operand.currency):
            continue
        if edits := site.writes(leaf, wrong):
            fault = f"{said}, but this step copies it as {site.shown(operand, wrong)}, {how}"
            # Nobody misreads two digits, nor swaps those of the line above.
            is_short = count == _FEWEST_DIGITS and ("read as" in how or is_just_above(site, link))
            weight = ODD if is_short else _OFTEN
            yield Proposal(Change(site.index, edits), f"{fault}: it should be {site.worked}.", weight)
            return


def _origin(site: Site, operand: Number, link: Link) -> str | None:
    """Where a number comes from, in words; None if it may come from several places."""
    graph, right = site.graph, site.as_written(operand)
    if link.question and not link.results and not link.constant:
        places = [number for number in numbers_of(graph.question) if number.face == operand.face]
        quote = quoted_for(site, operand.face, link, operand.currency) if len(places) == 1 else None
        return None if quote is None else f"The problem says {right}{quote}"
    if len(link.results) == 1 and not link.question and not link.constant:
        step = graph.step_of[link.results[0]]
        return None if step == site.step else f"Step {step + 1} found {right}"
    return None
