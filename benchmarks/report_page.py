"""Time, page size, and memory of `lemma report` on a run directory.

    python benchmarks/report_page.py lemma-run

The time is also printed as a ratio to reading the same files once, line by line, with the standard library's json.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from subprocess import DEVNULL, Popen


def main(run: Path) -> None:
    """Measure, and print a table."""
    began = time.perf_counter()
    lines = sum(_read(file) for file in (*run.glob("*.jsonl"), *run.glob("sft/*.jsonl")))
    reading = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        began = time.perf_counter()
        process = Popen([sys.executable, "-m", "lemma", "report", "--run", run, "--output", page], stdout=DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - began
        if status:
            raise SystemExit(f"lemma report failed on {run}")
        print(f"lines read                 {lines:>12,}")
        print(f"page                       {page.stat().st_size / 1e6:>12.2f} MB")
        print(f"time                       {taken:>12.1f} s")
        print(f"ratio to reading with json {taken / reading:>12.2f}")
        print(f"memory                     {usage.ru_maxrss / 1024:>12,.0f} MiB")


def _read(file: Path) -> int:
    with file.open(encoding="utf-8") as source:
        return sum(json.loads(line) is not None for line in source)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
