"""The flow of inputs to a teacher and back: whatever finishes when, every outcome is appended before the stage ends."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from lemma.config import SampleConfig
from lemma.engine.calls import Flow
from lemma.engine.outcome import Outcome
from lemma.models.client import Client
from lemma.records import Rejection
from lemma.run_files import REJECTED
from lemma.rundir.directory import RunDirectory


class Item:
    def __init__(self, number: int) -> None:
        self.id = str(number)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_left_behind_when_the_last_ones_finish_together(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    turns = {str(number): rng.randint(0, 3) for number in range(rng.randint(1, 40))}

    async def answer(item: Item, client: Client) -> Outcome:
        for _ in range(turns[item.id]):
            await asyncio.sleep(0)
        outcome = Outcome(item.id)
        outcome.reject(Rejection(stage="sample", id=item.id, reason="seen", detail=""))
        return outcome

    with RunDirectory(tmp_path).open_stage(SampleConfig(), (), {}) as journal:
        items = map(Item, range(len(turns)))
        flow = Flow(answer, items, journal=journal, most_active=rng.randint(1, 50), show=lambda finished, teacher: None)
        assert asyncio.run(flow.run(None)) == 0  # type: ignore[arg-type]
    lines = REJECTED.path(tmp_path).read_text().splitlines()
    assert [f'"id":"{name}"' in line for name, line in zip(turns, lines, strict=True)] == [True] * len(turns)
