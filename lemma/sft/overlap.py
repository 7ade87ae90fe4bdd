"""What is too much alike: texts that say the same, and questions that stand in a test set.

    >>> texts = ("Tom has 3 red apples, buys 4.", "Tom has 3 red apples, buys 5.", "Tom has 3 red apples. Buys 4!")
    >>> seen = NearDuplicates(0.9, texts.__getitem__)
    >>> [seen.earlier(number) for number in range(3)]
    [None, None, 0]

Both work on normalised words: without case, punctuation and white space.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from math import ceil
from pathlib import Path
from zlib import crc32

from lemma.problems import open_problems
from lemma.records import Rejection

_WORD = re.compile(r"[^\W_]+(?:[.,']\w+)*")
_NUMBER_OR_OPERATOR = re.compile(r"\d+(?:[.,]\d+)*|[+\-*/×÷=<>%^]")
_SHINGLE = 3
_NGRAM = 8


class NearDuplicates:
    """Finds texts that are nearly one that came before: the same numbers and operators in the same order, and words
    whose 3-grams have at least this Jaccard similarity with the other's.

    The erroneous solutions of one problem share nearly all of their words by design and differ in a number, so words
    alone would not do. What is held of a text is a hash of its numbers; only where another has the same is it read
    (`text_of` a number that the caller gave it) and its words compared. Candidates come from prefix filtering
    (Bayardo, Ma, Srikant: Scaling up all pairs similarity search, 2007), which misses none.
    """

    def __init__(self, threshold: float, text_of: Callable[[int], str]) -> None:
        self._threshold, self._text_of = threshold, text_of
        self._groups: dict[int, int | _Group] = {}

    def earlier(self, number: int) -> int | None:
        """The earlier text that this one nearly is, or None, and then it counts among the earlier ones from now on."""
        text = self._text_of(number)
        key = _hash("\x1f".join(_NUMBER_OR_OPERATOR.findall(text)))
        group = self._groups.setdefault(key, number)
        if group == number:
            return None
        if isinstance(group, int):
            only = group
            group = self._groups[key] = _Group(self._threshold)
            group.find_or_add(only, self._text_of(only))
        return group.find_or_add(number, text)


class _Group:
    """Texts with the same numbers in them."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._shingles: dict[int, array[int]] = {}
        self._with: dict[int, list[int]] = {}

    def find_or_add(self, number: int, text: str) -> int | None:
        shingles = _shingles(text)
        # Of two sets that are so similar, the first few elements of each, in whatever order, have one in common.
        prefix = shingles[: len(shingles) - ceil(self._threshold * len(shingles)) + 1]
        candidates = sorted({other for shingle in prefix for other in self._with.get(shingle, ())})
        for other in candidates:
            if _jaccard(shingles, self._shingles[other]) >= self._threshold:
                return other
        self._shingles[number] = shingles
        for shingle in prefix:
            self._with.setdefault(shingle, []).append(number)
        return None


def _shingles(text: str) -> array[int]:
    words = words_of(text)
    grams = (" ".join(words[start : start + _SHINGLE]) for start in range(max(1, len(words) - _SHINGLE + 1)))
    return array("L", sorted({crc32(gram.encode("utf-8", "replace")) for gram in grams}))


def _jaccard(one: array[int], other: array[int]) -> float:
    common = len(set(one).intersection(other))
    return common / (len(one) + len(other) - common)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, without case and punctuation."""
    return _WORD.findall(text.casefold())


class TestQuestions:
    """The questions of test sets, by their runs of 8 words; a shorter question is one run."""

    __test__ = False  # not a test class, whatever its name says

    def __init__(self, files: Iterable[str]) -> None:
        """Read them. Raises DataError for a file that can't be used."""
        self._file_of: dict[str, str] = {}
        for file in files:
            for item in open_problems(file, "build-sft", solved=False):
                if not isinstance(item, Rejection):
                    self._file_of.update((run, Path(file).name) for run in _runs(item.question))

    def overlap(self, question: str) -> str | None:
        """Which words of the question stand in a test set, and in which; None where none do."""
        run = next((run for run in _runs(question) if run in self._file_of), None)
        return None if run is None else f'"{run}" stands in {self._file_of[run]}'


def _runs(text: str) -> Iterator[str]:
    words = words_of(text)
    for start in range(max(1, len(words) - _NGRAM + 1)):
        yield " ".join(words[start : start + _NGRAM])
