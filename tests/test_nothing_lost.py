"""Kills, damages and reruns in any order: nothing that cost tokens is lost or asked again, every input is made or
rejected, and what a command refuses it explains in one line whose advice works.

More examples than in the suite: LEMMA_EXAMPLES=300 python -m pytest tests/test_nothing_lost.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from disturbed import disturb, load_commands, undisturbed

pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="forks its commands")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    load_commands()
    return undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("seed", range(int(os.environ.get("LEMMA_EXAMPLES", "4"))))
def test_nothing_is_lost(wanted: dict[str, list[bytes]], tmp_path: Path, seed: int) -> None:
    faults = disturb(tmp_path, seed, wanted).found.faults
    assert not faults, "\n".join(faults)
