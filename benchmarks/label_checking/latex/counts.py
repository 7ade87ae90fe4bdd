"""Counts and lists that the wrong step states, and numbers in a box that only words derive from results before them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import permutations

from label_checking.latex.chains import read_step
from label_checking.latex.text import boxes
from label_checking.reading import Finding
from lemma.records import ErroneousSolution

_FORMULAS = re.compile(r"\$[^$]*\$|\\\[.*?\\\]", re.DOTALL)
_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    r"add(?:s|ed|ing)?|sum|totals?|altogether|combin(?:ed|ing)": lambda one, other: one + other,
    r"subtract(?:s|ed|ing)?|differences?": lambda one, other: one - other,
    r"multiply|multiplying|multiplied|products?": lambda one, other: one * other,
    r"divid(?:e|ed|es|ing)|quotient|ratio|probability|fraction": lambda one, other: one / other if other else one * 0,
    r"averages?|mean": lambda one, other: (one + other) / 2,
}
_FAR = 2


def check_counts(record: ErroneousSolution) -> Iterator[Finding]:
    """Findings on a stated count or list of the wrong step, and on a later box that only words explain."""
    at = record.located_step
    if at >= len(record.reference_steps) or len(record.steps) != len(record.reference_steps):
        return
    if record.error_type == "counting_error" and at < len(record.steps) - 1:
        yield from _counted(record, record.reference_steps[at], record.steps[at])
    yield from _derived(record)


def _counted(record: ErroneousSolution, right: str, now: str) -> Iterator[Finding]:
    start = next((place for place, pair in enumerate(zip(right, now, strict=False)) if pair[0] != pair[1]), len(now))
    behind = 0
    while behind < min(len(right), len(now)) - start and right[-1 - behind] == now[-1 - behind]:
        behind += 1
    gone, come = right[start : len(right) - behind], now[start : len(now) - behind]
    counts = [int(found[-1]) if (found := boxes(steps[-1])) and found[-1].isdigit() else None for steps in
              (record.reference_steps, record.steps)]  # fmt: skip
    if not come and not gone.strip(", ").isdigit() and counts[0] is not None:
        if counts[1] != counts[0] - 1:
            yield Finding("answer: it doesn't count the list that lacks one thing", f"{counts[0]} -> {counts[1]}")
        if _things(right) and counts[0] not in _things(right):
            yield Finding("error step: the list was not complete before", right[:200])
        return
    numbers = [[int(digits) for digits in re.findall(r"\d+", text)] for text in (right, now)]
    differing = [pair for pair in zip(*numbers, strict=False) if pair[0] != pair[1]]
    is_number = len(numbers[0]) == len(numbers[1]) and re.sub(r"\d+", "", right) == re.sub(r"\d+", "", now)
    if is_number and any(abs(one - other) != 1 for one, other in differing[:1]):
        yield Finding("error step: counting_error: the count is not off by one", f"{gone} -> {come}")


def _things(text: str) -> set[int]:
    """How many things the lists of a step have."""
    shown = re.sub(r"\([^()]*\)", "()", text)
    pieces = re.split(r"(?<![\d(])\s(?=[a-z]{3,})|[a-z]{4,}", re.sub(r"\\text\{\s?(and|or)\s?\}", r"\1", shown))
    return {len(re.split(r",\s*(?:\$?\s*(?:and|or)\b)?|\b(?:and|or)\b", piece)) for piece in pieces if "," in piece}


def _derived(record: ErroneousSolution) -> Iterator[Finding]:
    """A box behind the error is made of the same two results as before, by the operation that its step names."""
    last = len(record.steps) - 1
    right, now = (boxes(steps[last])[-1:] for steps in (record.reference_steps, record.steps))
    if record.located_step >= last or right == now or not right or not now:
        return
    chains = [chain for chain in read_step(record.reference_steps[last]).chains if chain.relations]
    if any(right[0] in chain.sides[-1].text for chain in chains):
        return
    words = _FORMULAS.sub(" ", record.reference_steps[last])
    named = [made for said, made in _OPERATIONS.items() if re.search(rf"\b(?:{said})\b", words, re.IGNORECASE)]
    gold, wrong = (_number(text[0]) for text in (right, now))
    if len(named) != 1 or gold is None or wrong is None:
        return
    results = [_results(steps[max(0, last - _FAR) : last + 1]) for steps in (record.reference_steps, record.steps)]
    if len(results[0]) != len(results[1]) or gold in results[0]:
        return
    pairs = [pair for pair in permutations(range(len(results[0])), 2) if named[0](*_at(results[0], pair)) == gold]
    if pairs and not any(named[0](*_at(results[1], pair)) == wrong for pair in pairs):
        yield Finding("later step: the box is not what the words make of the results before it", f"{gold} -> {wrong}")


def _at(values: Sequence[Fraction], pair: tuple[int, int]) -> tuple[Fraction, Fraction]:
    return values[pair[0]], values[pair[1]]


def _results(steps: Sequence[str]) -> list[Fraction]:
    last = [chain.sides[-1] for step in steps for chain in read_step(step).chains if chain.relations]
    found = ([value for value in side.values if isinstance(value, Fraction)] for side in last)
    return [values[0] for values in found if values]


def _number(text: str) -> Fraction | None:
    side = read_step(f"$0 = {text}$").chains
    values = [value for chain in side for value in chain.sides[-1].values if isinstance(value, Fraction)]
    return values[0] if values else None
