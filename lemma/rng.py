"""Random numbers of one record, whatever the order in which records are made."""

from __future__ import annotations

import random

from lemma.records import content_id


def random_for(seed: int, *parts: str) -> random.Random:
    """The random numbers of one record: they depend on the seed and the given content alone."""
    return random.Random(content_id(str(seed), *parts))
