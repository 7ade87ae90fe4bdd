"""How many right solutions go beside each error, so that a share holds all through the file.

Right solutions are spread evenly among the errors. Where a share wants more of them than there are, each comes again,
after all others have come, in a new order drawn from the seed.

    >>> quota = share_quota(0.25)
    >>> [quota(errors) for errors in range(7)]
    [0, 0, 0, 1, 1, 1, 2]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Generic, TypeVar

from lemma.statistics import random_for

Entry = TypeVar("Entry")
Quota = Callable[[int], int]


def share_quota(share: float) -> Quota:
    """How many right solutions make up this share beside so many records of errors."""
    beside_one = Fraction(str(share)) / (1 - Fraction(str(share)))
    return lambda errors: int(errors * beside_one)


def spread_quota(solutions: int, errors: int) -> Quota:
    """How many of all right solutions, each once, have come after so many of all records of errors."""
    return lambda done: solutions * done // errors


class RightSolutions(Generic[Entry]):
    """The right solutions that go into one file, in the order in which they come."""

    def __init__(self, entries: Sequence[Entry], quota: Quota, seed: int, name: str) -> None:
        self._quota, self._errors, self._given = quota, 0, 0
        self._entries = _endless(entries, seed, name)

    def beside(self, errors: int) -> tuple[Entry, ...]:
        """Those that come with the next so many records of errors."""
        self._errors += errors
        due = self._quota(self._errors) - self._given
        self._given += due
        return tuple(islice(self._entries, due))


def _endless(entries: Sequence[Entry], seed: int, name: str) -> Iterator[Entry]:
    lap = 0
    while entries:
        order = list(range(len(entries)))
        random_for(seed, "right solutions", name, str(lap)).shuffle(order)
        for position in order:
            yield entries[position]
        lap += 1
