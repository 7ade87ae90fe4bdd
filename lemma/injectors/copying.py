"""Numbers that are written down wrongly on their way from the question, or from the step that found them: 84 for 48.

Part of the injectors `context_value_error` and `previous_step_value_error`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.graph import Link
from lemma.arithmetic.numbers import Number
from lemma.arithmetic.propagation import Change
from lemma.injectors.naming import numbers_in, numbers_of, quoted_for
from lemma.injectors.proposal import Proposal, Site

_FEWEST_DIGITS, _MOST_DIGITS = 2, 6
_FARTHEST = 2  # times the right number
_YEARS = range(1800, 2101)
_OFTEN = 0.4  # beside errors of thought


def miscopied(digits: str) -> Iterator[tuple[str, str]]:
    """What a number is copied as, and what is wrong with that: two neighbors swapped, the wrong digit twice.

    >>> list(miscopied("144"))
    [('414', 'with two digits swapped'), ('114', 'with the wrong digit repeated')]
    """
    for place in range(len(digits) - 1):
        first, second = digits[place], digits[place + 1]
        if first != second and not (place == 0 and second == "0"):
            yield digits[:place] + second + first + digits[place + 2 :], "with two digits swapped"
    for place in range(len(digits) - 2):
        first, second, third = digits[place], digits[place + 1], digits[place + 2]
        if first != third and second in (first, third) and "0" not in (first, third):
            other = first if second == third else third
            yield digits[: place + 1] + other + digits[place + 2 :], "with the wrong digit repeated"


def copied_wrongly(site: Site, leaf: int, operand: Number, link: Link) -> Iterator[Proposal]:
    """An operand in digits that comes from one place of the question, or from one earlier step, miscopied."""
    graph = site.graph
    written = site.text[operand.start : operand.end]
    is_short = _FEWEST_DIGITS <= len(written) <= _MOST_DIGITS
    if graph.latex or not written.isdigit() or not is_short or site.in_fraction(leaf):
        return
    if operand.percent or (operand.face in _YEARS and not operand.currency) or len(written.rstrip("0")) < 2:
        return
    said = _origin(site, operand, link)
    known = numbers_in(graph) if said is not None else set()
    for digits, how in miscopied(written) if said is not None else ():
        wrong = int(digits)
        if wrong in known or not operand.face <= _FARTHEST * wrong <= _FARTHEST * _FARTHEST * operand.face:
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
