r"""A number that stands alone and that the words of its step explain: `Adding the two areas, we find $21$.`

It follows from two results just before it by the operation that the words name, or it is asked for as the sum of the
parts of a fraction: `Find $m+n$.`
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from itertools import permutations

from lemma.arithmetic.surds import NoValue, Surd

_Operation = Callable[[Surd, Surd], Surd]
_FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|\\\[.*?\\\]", re.DOTALL)
_NAMED: tuple[tuple[re.Pattern[str], _Operation], ...] = (
    (re.compile(r"\b(?:add(?:s|ed|ing)?|sum|totals?|altogether|combin(?:ed|ing))\b", re.I), operator.add),
    (re.compile(r"\b(?:subtract(?:s|ed|ing)?|differences?)\b", re.I), operator.sub),
    (re.compile(r"\b(?:multiply|multiplying|multiplied|products?)\b", re.I), operator.mul),
    (re.compile(r"\b(?:divid(?:e|ed|es|ing)|quotient|ratio|probability|fraction)\b", re.I), operator.truediv),
    (re.compile(r"\b(?:averages?|mean)\b", re.I), lambda one, other: (one + other) / Surd(2)),
)
_PARTS = re.compile(
    r"(?:\\[dt]?frac\s*\{?\s*(?P<above>[a-z])\s*\}?\s*\{?\s*(?P<below>[a-z])\s*\}?|\$(?P<left>[a-z])\s*/\s*(?P<right>[a-z])\$)"
)
_TRIVIAL = frozenset(map(Surd, (0, 1)))


def by_words(
    number: Surd, words: str, results: Iterable[Surd], known: Iterable[Surd]
) -> tuple[_Operation, Surd, Surd] | None:
    """The operation that the words of a step name, and the two results that it makes a number of; None unless exactly
    one operation is named, and of all numbers known only these two give the number.

    >>> by_words(Surd(21), "Adding the areas, we find", [Surd(15), Surd(6)], [])[1:]
    (15, 6)
    """
    said = _FORMULA.sub(" ", words)
    named = [made for pattern, made in _NAMED if pattern.search(said)]
    if len(named) != 1:
        return None
    own = list(dict.fromkeys(results))
    every = [*own, *(one for one in dict.fromkeys(known) if one not in own and one not in _TRIVIAL)]
    found: list[tuple[Surd, Surd]] = []
    for one, other in permutations(every, 2):
        try:
            is_it = named[0](one, other) == number
        except (NoValue, ValueError, OverflowError, ZeroDivisionError):
            continue
        if is_it and {one, other} not in [{left, right} for left, right in found]:
            found.append((one, other))
    if len(found) != 1 or not set(found[0]) <= set(own):
        return None
    return (named[0], *found[0])


def parts_asked(question: str) -> bool:
    r"""Whether a question asks for the sum of the parts of a fraction: `written as $\frac{m}{n}$. Find $m+n$.`"""
    for match in _PARTS.finditer(question):
        above, below = match["above"] or match["left"], match["below"] or match["right"]
        if re.search(rf"(?<![\w+]){above}\s*\+\s*{below}(?![\w+])", question[match.end() :]):
            return "relatively prime" in question or "common fraction" in question or "lowest terms" in question
    return False


def sum_of_parts(fraction: Surd) -> int | None:
    """Numerator plus denominator of a positive fraction in lowest terms; None if it is a whole number or a root."""
    size = fraction.rational
    return None if size is None or isinstance(size, int) or size <= 0 else size.numerator + size.denominator
