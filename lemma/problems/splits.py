"""The names of splits."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lemma.exceptions import DataError

_SAME = (("train", "training"), ("test", "testing", "eval"), ("validation", "valid", "val", "dev"))
SPLITS = frozenset(name for names in _SAME for name in names)
_WORD = re.compile(r"[A-Za-z]+")


def choose_split(found: Iterable[str], wanted: str, where: str) -> str:
    """The one among the splits found that is wanted, by its name or another usual one: `valid` for `validation`.

    Raises DataError, listing the splits, if there is none.
    """
    names = list(found)
    same = next((group for group in _SAME if wanted in group), (wanted,))
    for name in (wanted, *same):
        if name in names:
            return str(name)
    raise DataError(f"{where} has no split {wanted!r}; choose one with --split: {', '.join(sorted(names))}")


def split_in(name: str) -> str | None:
    """The split that a file's or folder's name tells: `train` for `train-00000-of-00001.parquet`."""
    return next((word for found in _WORD.finditer(name) if (word := found.group().lower()) in SPLITS), None)
