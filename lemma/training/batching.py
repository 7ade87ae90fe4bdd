"""Batches of records of similar length: less padding, and still in random order.

The trainer's own grouping goes from long to short within every fifty batches; a small model then learns and forgets the
long records in turn, and its loss stops falling. Here the batches are shuffled once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

_WINDOW = 50  # batches among which records are sorted by length


class LikeLengths(Sampler[int]):
    """Indices of records, `batch` at a time of similar length. Each epoch has its own order; the seed decides it.

    >>> order = list(LikeLengths([9, 1, 8, 2], batch=2, seed=0))
    >>> {frozenset(order[:2]), frozenset(order[2:])} == {frozenset({0, 2}), frozenset({1, 3})}
    True
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths, self._batch, self._seed = np.asarray(lengths), batch, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch, also after resuming from a checkpoint."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self._seed, self._epoch))
        order = rng.permutation(len(self))
        windows = np.split(order, range(_WINDOW * self._batch, len(order), _WINDOW * self._batch))
        sorted_windows = np.concatenate(
            [window[np.argsort(self._lengths[window], kind="stable")] for window in windows]
        )
        batches = np.split(sorted_windows, range(self._batch, len(order), self._batch))
        # A partial batch stays last: the trainer cuts this sequence every `batch` indices, so others would shift.
        whole = len(order) // self._batch
        places = [*rng.permutation(whole), *range(whole, len(batches))]
        yield from (int(index) for place in places for index in batches[place])
