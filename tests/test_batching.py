"""Batches of like length: every record once, little padding, another order in each epoch."""

import itertools
import random

import hypothesis.strategies as st
from hypothesis import given

from lemma.training.batching import LikeLengths


@given(st.lists(st.integers(1, 500), max_size=300), st.integers(1, 40), st.integers(0, 5))
def test_every_record_comes_once_in_every_epoch(lengths, batch, epoch):
    sampler = LikeLengths(lengths, batch, seed=1)
    sampler.set_epoch(epoch)
    assert sorted(sampler) == list(range(len(lengths))) == list(range(len(sampler)))
    assert list(sampler) == list(sampler)


def test_batches_hold_like_lengths_and_long_ones_do_not_come_together():
    rng = random.Random(0)
    lengths = [rng.randint(20, 120) for _ in range(2010)]
    sampler = LikeLengths(lengths, 16, seed=0)
    orders = []
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
    assert orders[0] != orders[1]
    batches = [[lengths[index] for index in orders[0][start : start + 16]] for start in range(0, 2010, 16)]
    assert sum(max(batch) * len(batch) for batch in batches) < 1.05 * sum(lengths)
    firsts = [batch[0] for batch in batches]
    rising = sum(left < right for left, right in itertools.pairwise(firsts))
    assert 0.35 < rising / len(firsts) < 0.65
