"""How many erroneous solutions `lemma augment` makes from a data set, and how fast.

    python benchmarks/injection.py gsm8k_train.jsonl --per-problem 18 --workers 2 --kills 10

The lower bound is what any tool has to do: parse the same input and write the same output bytes, measured in the same
run. Then: the time for half of the data (is it linear?), the bytes with one worker, and the bytes after `kill -9` at
random moments.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import orjson
import psutil

FILES = ("problems.jsonl", "erroneous.jsonl", "rejected.jsonl")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--per-problem", type=int, default=18)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0, help="times to kill -9 before comparing the bytes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        seconds, megabytes = augment(options.data, base / "whole", options)
        print_coverage(base / "whole")
        baseline = parse_and_write(options.data, base / "whole", base / "copy")
        print(f"augment                     {seconds:8.1f} s, {options.workers} workers, {megabytes:.0f} MB peak")
        print(f"parse input, write output   {baseline:8.2f} s, the same bytes")
        print(f"ratio                       {seconds / baseline:8.1f}")
        half = half_of(options.data, base / "half.jsonl")
        print(f"half of the data            {augment(half, base / 'half', options)[0] / seconds:8.2f} of that time")
        options.workers = 1
        alone, _ = augment(options.data, base / "alone", options)
        print(f"with 1 worker               {alone:8.1f} s, same bytes: {same(base / 'whole', base / 'alone')}")
        if options.kills:
            options.workers = 2
            augment_with_kills(options, base / "killed", seconds)
            print(f"after {options.kills:2d} kills              same bytes: {same(base / 'whole', base / 'killed')}")


def command(data: Path, run: Path, options: argparse.Namespace) -> list[str]:
    """The command as a user types it."""
    arguments = ["augment", str(data), "--run", str(run), "--per-problem", str(options.per_problem)]
    return [sys.executable, "-m", "lemma", *arguments, "--types", "all", "--workers", str(options.workers)]


def augment(data: Path, run: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Run it. Returns seconds, and the peak memory of all its processes together in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command(data, run, options), stdout=subprocess.DEVNULL)
    peak = [0.0]
    watcher = threading.Thread(target=watch_memory, args=(process.pid, peak), daemon=True)
    watcher.start()
    if process.wait():
        raise SystemExit("lemma augment failed")
    return time.perf_counter() - started, peak[0]


def watch_memory(pid: int, peak: list[float]) -> None:
    """Track the largest sum of unique memory of a process and its descendants."""
    try:
        process = psutil.Process(pid)
        while process.is_running():
            family = [process, *process.children(recursive=True)]
            peak[0] = max(peak[0], sum(member.memory_full_info().uss for member in family) / 1e6)
            time.sleep(0.5)
    except psutil.Error:
        return


def print_coverage(run: Path) -> None:
    """Counts by type, and the share of problems with at least one erroneous solution."""
    types: Counter[str] = Counter()
    problems: set[str] = set()
    texts: set[int] = set()
    with (run / "erroneous.jsonl").open("rb") as file:
        for line in file:
            record = orjson.loads(line)
            types[record["error_type"]] += 1
            problems.add(record["problem_id"])
            texts.add(hash((record["problem_id"], *record["steps"])))
    total = sum(1 for _ in (run / "problems.jsonl").open("rb"))
    for name, count in types.most_common():
        print(f"  {name:34s} {count:8,}")
    print(f"erroneous solutions         {types.total():8,} of {len(types)} types, {len(texts):,} distinct")
    print(f"problems with at least one  {len(problems) / total:8.1%} of {total:,}")


def parse_and_write(data: Path, made: Path, target: Path) -> float:
    """Seconds to parse the input and to write the bytes that `lemma augment` wrote."""
    contents = [(name, (made / name).read_bytes()) for name in FILES if (made / name).exists()]
    target.mkdir()
    started = time.perf_counter()
    with data.open("rb") as file:
        for line in file:
            orjson.loads(line)
    for name, content in contents:
        (target / name).write_bytes(content)
    return time.perf_counter() - started


def half_of(data: Path, target: Path) -> Path:
    """The first half of a data set's lines."""
    lines = data.read_bytes().splitlines(keepends=True)
    target.write_bytes(b"".join(lines[: len(lines) // 2]))
    return target


def augment_with_kills(options: argparse.Namespace, run: Path, seconds: float) -> None:
    """Kill the whole process group at random moments, restart it, and let the last one finish."""
    rng = random.Random(0)
    for _ in range(options.kills):
        process = subprocess.Popen(
            command(options.data, run, options),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=1 + rng.random() * seconds / options.kills * 1.5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    augment(options.data, run, options)


def same(left: Path, right: Path) -> bool:
    """Whether two run directories hold the same bytes."""
    return all((left / name).read_bytes() == (right / name).read_bytes() for name in FILES)


if __name__ == "__main__":
    main()
