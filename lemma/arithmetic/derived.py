r"""A number that stands alone and that the words of its step explain: `Adding the two areas, we find $21$.`

It follows from two results just before it by the operation that the words name, or it is asked for as the sum of the
parts of a fraction: `Find $m+n$.`
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import permutations

from lemma.arithmetic.surds import NoValue, Surd

_Operation = Callable[[Surd, Surd], Surd]
_FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|\\\[(?:(?!\\\[).)*?\\\]", re.DOTALL)
_NAMED: tuple[tuple[re.Pattern[str], _Operation], ...] = (
    (re.compile(r"\b(?:add(?:s|ed|ing)?|sum|totals?|altogether|combin(?:ed|ing))\b", re.I), operator.add),
    (re.compile(r"\b(?:subtract(?:s|ed|ing)?|differences?)\b", re.I), operator.sub),
    (re.compile(r"\b(?:multiply|multiplying|multiplied|products?)\b", re.I), operator.mul),
    (re.compile(r"\b(?:divid(?:e|ed|es|ing)|quotient|ratio|probability|fraction)\b", re.I), operator.truediv),
    (re.compile(r"\b(?:averages?|mean)\b", re.I), lambda one, other: (one + other) / Surd(2)),
)
_ASKS_SUM = re.compile(
    r"(?:[Ff]ind|[Cc]ompute|[Ww]hat is|[Dd]etermine|[Vv]alue of)[^.?$]{0,40}"
    r"\$\s*(?P<sum>[a-z](?:\s*\+\s*[a-z]){1,4})\s*[.?]?\s*\$"
)
_FORM = re.compile(
    r"\bform\b|\b(?:written|expressed) as\b|relatively prime|common fraction|lowest terms|[Ll]et \$\\frac"
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
    r"""Whether a question asks for the sum of the parts of its answer: `written as $\frac{m}{n}$. Find $m+n$.`"""
    return bool(asked_sum(question))


def asked_sum(question: str) -> str:
    r"""The sum of the parts of its answer that a question asks for: `m+n`; empty if it asks for something else."""
    found = _ASKS_SUM.search(question)
    return " ".join(found["sum"].split()) if found is not None and _FORM.search(question) is not None else ""


def sums_of_parts(number: Surd) -> dict[str, int]:
    r"""The sums of the parts of a number by its form: of p/q, of p root r, of p root r over q, of root s over q, and of
    several roots with their factors.

    >>> sums_of_parts(Surd.root(10) / Surd(2))
    {'all parts': 13, 'root over': 12}
    """
    size = number.rational
    if size is not None:
        return {} if isinstance(size, int) or size <= 0 else {"fraction": size.numerator + size.denominator}
    terms = number.terms
    if any(unit.pi or unit.imaginary for unit in terms) or any(factor <= 0 for factor in terms.values()):
        return {}
    whole = all(factor.denominator == 1 for factor in terms.values())
    if len(terms) > 1:
        roots = sum(unit.radicand for unit in terms if unit.radicand > 1)
        total = sum(int(factor) for factor in terms.values())
        return {"factors": total, "factors and roots": total + roots} if whole else {}
    ((unit, factor),) = terms.items()
    above, below = factor.numerator, factor.denominator
    if below == 1:
        return {"factor and root": above + unit.radicand}
    return {"all parts": above + unit.radicand + below, "root over": above**2 * unit.radicand + below}


def has_square(number: Surd) -> bool:
    r"""Whether a number under one root has a square in it, which stands before the root: 5 root 2 is the root of 50."""
    return len(number.terms) == 1 and all(factor.numerator != 1 for factor in number.terms.values())


def derived(
    number: Surd,
    results: Iterable[Surd],
    known: Iterable[Surd],
    gone: Mapping[Surd, Surd],
    *,
    question: str,
    words: str,
) -> Surd | None:
    """What a number is now that follows from results before it, some of which are `gone` and others now, as the words
    say or the question asks; None if that can't be told.
    """
    every = list(known)
    found = by_words(number, words, results, every)
    if found is not None:
        operation, *pair = found
        try:
            return operation(*(gone.get(value, value) for value in pair))
        except (NoValue, ValueError, OverflowError):
            return None
    if not parts_asked(question):
        return None
    forms = [
        (value, form) for value in every for form, total in sums_of_parts(value).items() if total == number.rational
    ]
    now = [(value, gone.get(value, value), form) for value, form in forms]
    # The question has no square under the root, so 5 root 2 over 2 is not written as the root of 50 over 2.
    is_written_so = [form != "root over" or has_square(old) or not has_square(new) for old, new, form in now]
    wrong = [
        sums_of_parts(new).get(form) if fits else None for (_, new, form), fits in zip(now, is_written_so, strict=True)
    ]
    return None if len(wrong) != 1 or wrong[0] is None else Surd(wrong[0])
