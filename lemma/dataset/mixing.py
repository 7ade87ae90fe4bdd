"""How many right solutions go with each error, so that their share holds throughout the file.

Right solutions are spread evenly among the errors. If a share needs more of them than there are, they are repeated: all
others come first, then each comes again, in a new order drawn from the seed.

    >>> quota = share_quota(0.25)
    >>> [quota(errors) for errors in range(7)]
    [0, 0, 0, 1, 1, 1, 2]
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Generic, TypeVar

from lemma.exceptions import ConfigError
from lemma.formats import record_kinds
from lemma.statistics import random_for

MIXED_IN = "cot"

Entry = TypeVar("Entry")
Quota = Callable[[int], int]


def cot_share(mix: Mapping[str, float], kinds: Mapping[str, object]) -> float:
    """The share of plain right solutions that `--mix` asks for, 0 by default. Raises ConfigError if it cannot be used.

    >>> cot_share({"cot": 0.3}, {"lemma": ...})
    0.3
    """
    for name, share in mix.items():
        if name != MIXED_IN:
            raise ConfigError(f"--mix {name}={share:g}: only plain right solutions can be mixed in, as {MIXED_IN}=0.3")
        if not 0 <= share < 1:
            raise ConfigError(f"--mix {name}={share:g}: a share is at least 0 and less than 1")
    mixed = [name for name, kind in record_kinds().items() if kind.right_solutions == "mixed"]
    if mix and not set(mixed) & set(kinds):
        raise ConfigError(f"--mix {MIXED_IN}=... needs {' or '.join(mixed)} in --records")
    return mix.get(MIXED_IN, 0.0)


def share_quota(share: float) -> Quota:
    """How many right solutions make up this share, by the number of records of errors."""
    per_error = Fraction(str(share)) / (1 - Fraction(str(share)))
    return lambda errors: int(errors * per_error)


def spread_quota(solutions: int, errors: int) -> Quota:
    """How many right solutions, each used once, are due by the number of records of errors so far."""
    return lambda done: solutions * done // errors


class RightSolutions(Generic[Entry]):
    """The right solutions that go into one file, in order."""

    def __init__(self, entries: Sequence[Entry], quota: Quota, seed: int, name: str) -> None:
        self._quota, self._errors, self._given = quota, 0, 0
        self._entries = _endless(entries, seed, name)

    def next_ones(self, errors: int) -> tuple[Entry, ...]:
        """The right solutions that go with this many more records of errors."""
        self._errors += errors
        due = self._quota(self._errors) - self._given
        self._given += due
        return tuple(islice(self._entries, due))


def _endless(entries: Sequence[Entry], seed: int, name: str) -> Iterator[Entry]:
    lap = 0
    while entries:
        order = array("Q", range(len(entries)))
        random_for(seed, "right solutions", name, str(lap)).shuffle(order)
        for position in order:
            yield entries[position]
        lap += 1
