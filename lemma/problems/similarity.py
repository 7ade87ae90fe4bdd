"""Near-duplicates: texts that say the same, and questions that differ only in a few words.

    >>> texts = ("Tom has 3 red apples, buys 4.", "Tom has 3 red apples, buys 5.", "Tom has 3 red apples. Buys 4!")
    >>> seen = NearDuplicates(0.9, texts.__getitem__)
    >>> [seen.find_or_add(number) for number in range(3)]
    [None, None, 0]

Both compare normalized words: without case, punctuation and white space.
"""

from __future__ import annotations

import heapq
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from hashlib import blake2b
from itertools import groupby, islice
from math import ceil
from operator import itemgetter
from pathlib import Path
from struct import Struct
from tempfile import TemporaryFile
from zlib import crc32

from lemma.grading.number_words import replace_number_words
from lemma.problems.loading import open_problems
from lemma.records import Rejection

_WORD = re.compile(r"[^\W_]+(?:[.,']\w+)*")
_NUMBER_OR_OPERATOR = re.compile(r"\d+(?:[.,]\d+)*|[+\-*/×÷=<>%^]")
_SHINGLE = 3
_NGRAM = 8
_PAIRS_SORTED_AT_ONCE = 1 << 18
# 8 of the 1,319 test questions of GSM8K are this similar to a training question, by runs of 4 masked words. Nearly all
# of them are that question with other numbers and names; less similar ones are only of the same sort.
_MASKED_SHINGLE, _MASKED_SIMILARITY = 4, 0.4
_NUMBER, _NAME = "#", "@"
_PRONOUNS = re.compile(r"(?:he|she|they|it|his|hers?|him|theirs?|them|its|(?:him|her|it)self|themselves)$")
_POSSESSIVE = re.compile(r"['’]s$")


class NearDuplicates:
    """Finds near-duplicates of earlier texts: the same numbers and operators in the same order, and 3-grams of words
    with at least this Jaccard similarity.

    The erroneous solutions of one problem share nearly all of their words by design and differ in a number, so words
    alone would not tell them apart. Only a hash of a text's numbers is held in memory; if another text has the same
    hash, both are read with `text_of`, by the caller's number for them, and their words are compared.
    """

    def __init__(self, threshold: float, text_of: Callable[[int], str]) -> None:
        self._threshold, self._text_of = threshold, text_of
        self._groups: dict[int, int | _Group] = {}

    def find_or_add(self, number: int) -> int | None:
        """The earlier text that this one nearly duplicates. If there is none, add this one and return None."""
        text = self._text_of(number)
        key = _hash_of_numbers(text)
        group = self._groups.setdefault(key, number)
        if group == number:
            return None
        if isinstance(group, int):
            only = group
            group = self._groups[key] = _Group(self._threshold)
            group.add(only, _shingles(words_of(self._text_of(only)), _SHINGLE))
        shingles = _shingles(words_of(text), _SHINGLE)
        found = group.find(shingles)
        if found is None:
            group.add(number, shingles)
        return found


def near_duplicate_pairs(count: int, text_of: Callable[[int], str], threshold: float) -> list[tuple[int, int]]:
    """The texts that nearly duplicate an earlier one, by their numbers from 0, each with that one.

    What `NearDuplicates` finds, exactly, in 16 bytes on disk per text: the hashes of their numbers are sorted there,
    and only the texts with the same hash are held in memory.
    """
    found = []
    keys = ((_hash_of_numbers(text_of(number)), number) for number in range(count))
    for _, pairs in groupby(_sorted_on_disk(keys), key=itemgetter(0)):
        first, *others = array("Q", (number for _, number in pairs))
        texts = _Group(threshold)
        if others:
            texts.add(first, _shingles(words_of(text_of(first)), _SHINGLE))
        for number in others:
            shingles = _shingles(words_of(text_of(number)), _SHINGLE)
            earlier = texts.find(shingles)
            if earlier is None:
                texts.add(number, shingles)
            else:
                found.append((number, earlier))
    return sorted(found)


def _sorted_on_disk(pairs: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pairs in order, sorted in parts that fit into a few megabytes each."""
    pair = Struct(">QQ")
    with ExitStack() as parts:
        streams = []
        while part := sorted(pair.pack(*one) for one in islice(pairs, _PAIRS_SORTED_AT_ONCE)):
            file = parts.enter_context(TemporaryFile())
            file.writelines(part)
            file.seek(0)
            streams.append(iter(partial(file.read, pair.size), b""))
        yield from map(pair.unpack, heapq.merge(*streams))


class _Group:
    """Texts by their shingles, searchable by similarity.

    Candidates come from prefix filtering (Bayardo, Ma, Srikant: Scaling up all pairs similarity search, 2007), which
    misses none.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._shingles: dict[int, array[int]] = {}
        self._with: dict[int, list[int]] = {}

    def find(self, shingles: array[int]) -> int | None:
        """The first similar text."""
        candidates = sorted({other for shingle in self._prefix(shingles) for other in self._with.get(shingle, ())})
        for candidate in candidates:
            other = self._shingles[candidate]
            common = len(set(shingles).intersection(other))
            if common / (len(shingles) + len(other) - common) >= self._threshold:  # Jaccard similarity
                return candidate
        return None

    def add(self, number: int, shingles: array[int]) -> None:
        """Add a text, by the caller's number for it."""
        self._shingles[number] = shingles
        for shingle in self._prefix(shingles):
            self._with.setdefault(shingle, []).append(number)

    def _prefix(self, shingles: array[int]) -> array[int]:
        """The first few shingles: those of two sets this similar have at least one in common, in any fixed order."""
        return shingles[: len(shingles) - ceil(self._threshold * len(shingles)) + 1]


def _hash_of_numbers(text: str) -> int:
    return _hash("\x1f".join(_NUMBER_OR_OPERATOR.findall(text)))


def _shingles(words: Sequence[str], size: int) -> array[int]:
    grams = (" ".join(words[start : start + size]) for start in range(max(1, len(words) - size + 1)))
    return array("I", sorted({crc32(gram.encode("utf-8", "replace")) for gram in grams}))


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, without case and punctuation."""
    return _WORD.findall(text.casefold())


class TestQuestions:
    """The 8-word runs of test questions, as hashes; a shorter question is one run."""

    __test__ = False  # not a test class, whatever its name says

    def __init__(self, files: Iterable[str], command: str) -> None:
        """Read the questions of test sets. Raises DataError if a file cannot be used."""
        self._file_of: dict[int, str] = {}
        for file in files:
            for item in open_problems(file, command, solved=False):
                if not isinstance(item, Rejection):
                    self.add(item.question, Path(file).name)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._file_of)

    def add(self, question: str, file: str) -> None:
        """Add a question of a file."""
        self._file_of.update((_hash(run), file) for run in _runs(question))

    def overlap(self, question: str) -> str | None:
        """The first run of words that the question shares with another, and its file; None if there is none."""
        for run in _runs(question):
            if (file := self._file_of.get(_hash(run))) is not None:
                return f'"{run}" stands in {file}'
        return None


class KnownQuestions(TestQuestions):
    """Questions that a new one must not resemble, not even with other numbers and names.

    >>> known = KnownQuestions((), "evolve")
    >>> known.add("Tom has 3 red apples and buys 4 more. How many has he now?", "problems.jsonl")
    >>> known.like("Mary has 12 red apples and buys 9 more. How many has she now?")
    'but for numbers and names it is question 1 of problems.jsonl'
    """

    def __init__(self, files: Iterable[str], command: str) -> None:
        self._masked = _Group(_MASKED_SIMILARITY)
        self._places: list[tuple[str, int]] = []
        self._in_file: Counter[str] = Counter()
        super().__init__(files, command)

    def add(self, question: str, file: str) -> None:
        """Add the next question of a file."""
        super().add(question, file)
        self._in_file[file] += 1
        self._masked.add(len(self._places), _shingles(_masked_words(question), _MASKED_SHINGLE))
        self._places.append((file, self._in_file[file]))

    def like(self, question: str) -> str | None:
        """Which known question this one resembles, and how, for people to read; None if there is none."""
        overlap = self.overlap(question)
        if overlap is not None:
            return overlap
        found = self._masked.find(_shingles(_masked_words(question), _MASKED_SHINGLE))
        if found is None:
            return None
        file, number = self._places[found]
        return f"but for numbers and names it is question {number} of {file}"


def _masked_words(question: str) -> list[str]:
    """The words of a question with numbers, names and pronouns masked.

    Words with a capital letter are taken for names, even at the start of a sentence, unless most words have one. Names
    in a row are one.
    """
    words = [_POSSESSIVE.sub("", word) for word in _WORD.findall(replace_number_words(question))]
    capitals = 2 * sum(word[0].isupper() for word in words) <= len(words)
    masked: list[str] = []
    for word in words:
        if any(character.isdigit() for character in word):
            masked.append(_NUMBER)
        elif (capitals and word[0].isupper()) or _PRONOUNS.match(word.casefold()):
            if masked[-1:] != [_NAME]:
                masked.append(_NAME)
        else:
            masked.append(word.casefold())
    return masked


def _runs(text: str) -> Iterator[str]:
    words = words_of(text)
    for start in range(max(1, len(words) - _NGRAM + 1)):
        yield " ".join(words[start : start + _NGRAM])
