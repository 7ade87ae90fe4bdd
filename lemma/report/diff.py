"""Mark what differs between a wrong solution and its reference: changed numbers, and the words around them.

    >>> marked_steps(("He has 3 + 4 = 7",), ("He has 3 + 4 = 8",))
    [[Piece(text='He has 3 + 4 = ', was=None), Piece(text='8', was='7')]]

Steps in different words are not marked at all: everything would differ, and nothing would stand out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_TOKEN = re.compile(r"\d[\d,.]*\d|\d|[^\W\d]+|\s+|.", re.DOTALL)
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_ALIKE = 0.6
# Finding differences takes quadratic time in the number of tokens.
_MOST_TOKENS = 400


class Piece(NamedTuple):
    """A part of a step. `was` is what the reference has instead; None if it has the same."""

    text: str
    was: str | None = None


def aligned_steps(reference: Sequence[str], steps: Sequence[str]) -> list[int | None]:
    """For each step of the wrong solution, the index of the corresponding step of the reference, judging by words."""
    # Changed numbers must not hide that two steps correspond.
    left_words, right_words = ([_NUMBER.sub("#", step) for step in side] for side in (reference, steps))
    matcher = SequenceMatcher(None, left_words, right_words, autojunk=False)
    pairs: list[int | None] = [None] * len(steps)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag in ("equal", "replace"):
            for place, other in zip(range(right, right_end), range(left, left_end), strict=False):
                pairs[place] = other
    return pairs


def marked_steps(reference: Sequence[str], steps: Sequence[str]) -> list[list[Piece]]:
    """The steps in pieces; those that differ from the reference are marked."""
    pairs = aligned_steps(reference, steps)
    return [
        [Piece(step)] if pair is None else list(_pieces(reference[pair], step))
        for step, pair in zip(steps, pairs, strict=True)
    ]


def _pieces(right: str, wrong: str) -> Iterator[Piece]:
    left, here = _TOKEN.findall(right), _TOKEN.findall(wrong)
    if right == wrong or max(len(left), len(here)) > _MOST_TOKENS:
        yield Piece(wrong)
        return
    matcher = SequenceMatcher(None, left, here, autojunk=False)
    if matcher.ratio() < _ALIKE:
        yield Piece(wrong)
        return
    for tag, start, end, place, place_end in matcher.get_opcodes():
        text = "".join(here[place:place_end])
        if text:
            yield Piece(text) if tag == "equal" else Piece(text, "".join(left[start:end]))
