"""The attack of `python benchmarks/attack.py`, small."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks its commands and reads /proc")
def test_nothing_is_found() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "attack.py"), "--size", "smoke"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "grading pairs" in done.stdout
