"""Ids in little memory are Python's sets, dicts and lists; near-duplicates sorted on disk are the same ones."""

from __future__ import annotations

import random
import tracemalloc
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma.dataset.entries import Chosen, Errors, Rejections, Solutions
from lemma.problems import similarity
from lemma.problems.similarity import NearDuplicates, near_duplicate_pairs
from lemma.rundir import ids as ids_module
from lemma.rundir.ids import IdList, IdMap, IdSet

names = st.lists(st.one_of(st.integers(0, 60).map(lambda n: f"{n:016x}"), st.text(max_size=3)), max_size=80)


@given(added=names, asked=names)
@pytest.mark.parametrize("few", [4, 1 << 16])
def test_they_are_pythons_own(few: int, added: list[str], asked: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids_module, "_FEW", few)
        some, numbers, several = IdSet(added), IdMap(), IdList()
        expected: dict[str, int] = {}
        for number, name in enumerate(added):
            several.append(name)
            assert numbers.setdefault(name, number) == expected.setdefault(name, number)
        for number, name in enumerate(asked[:20]):
            numbers[name] = expected[name] = number
        assert len(some) == len(set(added))
        assert len(numbers) == len(expected)
        assert [several[place] for place in range(len(several))] == added
        for name in (*added, *asked):
            assert (name in some) == (name in set(added))
            assert numbers.get(name) == expected.get(name)
            assert (name in numbers) == (name in expected)


def bytes_of(make) -> int:  # type: ignore[no-untyped-def]
    tracemalloc.start()
    kept = make()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(kept) == 100_000
    return int(used)


def test_they_take_little_memory() -> None:
    made = [f"{random.Random(number).getrandbits(64):016x}" for number in range(100_000)]
    assert bytes_of(lambda: IdSet(made)) < 25 * len(made)

    def listed() -> IdList:
        kept = IdList()
        for name in made:
            kept.append(name)
        return kept

    assert bytes_of(listed) < 10 * len(made)

    def errors() -> Errors:
        kept = Errors()
        for number, name in enumerate(made):
            kept.add(name, name, 1000 * number, located=True, explained=True, own=False)
        kept.correct((number, 500 * number) for number in range(len(made)))
        return kept

    assert bytes_of(errors) < 60 * len(made)


def test_entries_are_what_was_added() -> None:
    errors = Errors()
    for number in range(5):
        errors.add(
            f"e{number}", f"{number:016x}", 10 * number, located=number % 2 == 0, explained=number != 3, own=number == 3
        )
    errors.correct([(3, 7), (0, 1), (3, 8), (0, 2)])
    assert [entry.corrections for entry in errors] == [(1, 2), (), (), (7, 8), ()]
    fourth = errors[3]
    assert (fourth.id, fourth.offset, fourth.located, fourth.explained, fourth.own) == ("e3", 30, False, False, True)
    assert (errors[2].located, errors[2].explained, errors[2].own) == (True, True, False)
    assert errors[-1].problem_id == "0000000000000004"
    assert [entry.id for entry in errors[1:3]] == ["e1", "e2"]
    with pytest.raises(IndexError):
        errors[5]
    assert [entry.id for entry in Chosen(errors, array("Q", [4, 1]))] == ["e4", "e1"]
    rejections = Rejections(errors, [(2, "near_duplicate", 1), (0, "overlaps_excluded", "why")])
    assert [(one.id, one.detail) for one in rejections] == [("e2", "of e1"), ("e0", "why")]
    solutions = Solutions("a", "b")
    solutions.add("p", "b", 3, 0)
    assert (solutions[0].place.file, solutions[0].question and solutions[0].question.offset) == ("b", 0)


WORDS = ("Tom", "has", "3", "red", "apples", "buys", "4", "more", "pens", "+")


@pytest.mark.parametrize("at_once", [3, 1 << 18])
@pytest.mark.parametrize("threshold", [0.3, 0.9])
def test_sorting_on_disk_finds_the_same(monkeypatch: pytest.MonkeyPatch, at_once: int, threshold: float) -> None:
    monkeypatch.setattr(similarity, "_PAIRS_SORTED_AT_ONCE", at_once)
    rng = random.Random(at_once)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(1, 6))) for _ in range(300)]
    seen = NearDuplicates(threshold, texts.__getitem__)
    one_by_one = [(number, earlier) for number in range(300) if (earlier := seen.find_or_add(number)) is not None]
    assert one_by_one
    assert near_duplicate_pairs(len(texts), texts.__getitem__, threshold) == one_by_one
    assert near_duplicate_pairs(0, texts.__getitem__, threshold) == []
