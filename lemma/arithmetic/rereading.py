"""Check a text again that differs in its numbers alone from one that was read, without reading all of it.

    >>> still_holds("So 5 * 7 = 35 cups are left.", "So 5 * 8 = 40 cups are left.")
    True
    >>> still_holds("So 5 * 7 = 35 cups are left.", "So 5 * 8 = 41 cups are left.")
    False

What is read into a text depends on its words and signs, hardly ever on the numbers themselves. If it might, the answer
is False, and the text has to be read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from lemma.arithmetic.equations import judge, read_step
from lemma.arithmetic.expressions import Expression
from lemma.arithmetic.numbers import INTEGER, Number, Value, divide

_RUN = re.compile(r"([0-9]+)")
# Clock times, mixed numbers, LaTeX, equalities in words or signs of other kinds: there, numbers make a difference.
_SENSITIVE = re.compile(r"[0-9]:[0-9]|[0-9] [0-9]+ ?/|\\|equal|[≈≡：∶]", re.IGNORECASE)
_LONGEST = 9


class _Known(NamedTuple):
    """A text around its runs of digits, and its equations: for each operand and the result the run that it is, or None
    if it is written otherwise.
    """

    around: tuple[str, ...]
    runs: tuple[str, ...]
    alone: tuple[bool, ...]
    equations: tuple[tuple[Expression, tuple[tuple[Number, int | None], ...]], ...]


def still_holds(before: str, text: str) -> bool:
    """Whether a text has the same equations as another, with other numbers, and all of them hold."""
    known = _known(before)
    if known is None:
        return False
    pieces = _RUN.split(text)
    runs = pieces[1::2]
    if tuple(pieces[::2]) != known.around:
        return False
    for old, new, alone in zip(known.runs, runs, known.alone, strict=True):
        if old != new and not (alone and old[0] != "0" != new[0] and len(new) <= _LONGEST):
            return False
    for tree, numbers in known.equations:
        values: list[Value] = []
        for number, run in numbers:
            face = number.face if run is None else int(runs[run])
            values.append(divide(face, 100) if number.percent else face)
        result, run = numbers[-1]
        if run is not None:
            result = result._replace(face=int(runs[run]))
        if not judge(tree, values[:-1], result)[0]:
            return False
    return True


@lru_cache(maxsize=1024)
def _known(text: str) -> _Known | None:
    """What is needed to check texts that differ in numbers; None if numbers may decide how this one is read."""
    reading = read_step(text)
    equations = reading.equations
    plain = all(one.holds and one.visible and not one.chained and not one.solves for one in equations)
    if not plain or reading.unread or _SENSITIVE.search(text) or text.count("=") != len(equations):
        return None
    matches = list(_RUN.finditer(text))
    # A run that is a number by itself: no part of 1,200 or 3.50.
    alone = tuple(
        not (text[match.start() - 1 : match.start()] in (".", ",") or re.match(r"[.,]\d", text[match.end() :]))
        for match in matches
    )
    places = {(match.start(), match.end()): index for index, match in enumerate(matches)}
    found = []
    for equation in equations:
        numbers = []
        for number in (*equation.operands, equation.result):
            run = places.get((number.start, number.end))
            numbers.append((number, run if number.style == INTEGER else None))
        found.append((equation.tree, tuple(numbers)))
    # What is no number by itself may not change either.
    counted = {(mention.start, mention.end) for mention in reading.mentions if mention.style == INTEGER}
    counted |= {(number.start, number.end) for _, numbers in found for number, run in numbers if run is not None}
    alone = tuple(fits and (match.start(), match.end()) in counted for match, fits in zip(matches, alone, strict=True))
    around = tuple(_RUN.split(text)[::2])
    return _Known(around, tuple(match.group() for match in matches), alone, tuple(found))
