"""What scales: records per second and core, the driver's share of CPU time, and memory; locally and on Ray nodes.

    python benchmarks/scale.py                         # 10,000 and 100,000 erroneous solutions, local and on Ray
    python benchmarks/scale.py --sizes 1000 --engines local
    python benchmarks/scale.py --million               # 1,000,000 as well
    python benchmarks/scale.py --sizes 2000 --kills 10 # kill -9 of workers, of a node, and of the driver

The input is made by `lemma generate`; the command is `lemma augment`. Ray runs on nodes of its own, each with one core
and its own raylet, all on this machine. CPU time is that of all processes, read from /proc, so it also holds on a busy
machine; seconds only hold on an idle one. Seconds count from the first acknowledged input, without start-up.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ERRORS_PER_PROBLEM = 4
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
RAY_WORKERS = (b"ray::_apply", b"ray::IDLE")
CORES_WANTED = 1000
BUSY = 0.8  # of a core, for a driver that must not be what others wait for


@dataclass
class Used:
    """CPU seconds and peak memory of the processes of one run, by what they are."""

    cpu: dict[int, float] = field(default_factory=dict)
    kind: dict[int, str] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)

    def look(self, root: int, driver: int, before: dict[int, float]) -> None:
        """Note what all descendants of a process have used since `before`."""
        for pid, (parent_kind, cpu, megabytes) in processes(root, driver).items():
            self.kind[pid] = parent_kind
            self.cpu[pid] = cpu - before.get(pid, 0.0)
            self.peak[parent_kind] = max(self.peak.get(parent_kind, 0.0), megabytes)

    def of(self, kind: str) -> float:
        """CPU seconds of all processes of a kind."""
        return sum(cpu for pid, cpu in self.cpu.items() if self.kind[pid] == kind)


def processes(root: int, driver: int) -> dict[int, tuple[str, float, float]]:
    """The descendants of a process: what each is, its CPU seconds, and its memory in megabytes."""
    parents, found = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            parents[int(folder.name)] = int(fields[1])
            cpu = (int(fields[11]) + int(fields[12])) / TICKS
            found[int(folder.name)] = cpu, int(fields[21]) * PAGE / 1e6, (folder / "cmdline").read_bytes()
    chosen = {}
    for pid, (cpu, megabytes, line) in found.items():
        ancestors = [pid]
        while (parent := parents.get(ancestors[-1], 0)) > 1:
            ancestors.append(parent)
        if pid == driver:
            chosen[pid] = "driver", cpu, megabytes
        elif driver in ancestors or (root in ancestors and (line.startswith(RAY_WORKERS) or b"default_worker" in line)):
            chosen[pid] = "worker", cpu, megabytes
        elif root in ancestors[1:]:
            chosen[pid] = "cluster", cpu, megabytes
    return chosen


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    size: int
    engine: str
    workers: int
    records: int
    seconds: float
    used: Used

    @property
    def cpu(self) -> float:
        """CPU seconds of the driver and the workers."""
        return self.used.of("driver") + self.used.of("worker")


def run(data: Path, folder: Path, size: int, engine: str, workers: int) -> Row:
    """Time one command."""
    state, used = folder / ".state" / "augment.jsonl", Used()
    before = {pid: cpu for pid, (_, cpu, _) in processes(os.getpid(), 0).items()}
    command = [sys.executable, "-m", "lemma", "augment", str(data), "--run", str(folder), "--engine", engine]
    per_problem = ["--per-problem", str(ERRORS_PER_PROBLEM), "--workers", str(workers)]
    started = subprocess.Popen([*command, *per_problem], stdout=subprocess.DEVNULL)
    first = None
    while started.poll() is None:
        if first is None and state.exists() and state.stat().st_size:
            first = time.monotonic()
        used.look(os.getpid(), started.pid, before)
        time.sleep(0.2)
    assert started.returncode == 0
    seconds = time.monotonic() - (first or time.monotonic())
    records = (folder / "erroneous.jsonl").read_bytes().count(b"\n")
    return Row(size, engine, workers, records, seconds, used)


@contextmanager
def nodes(count: int) -> Iterator[Any]:
    """A Ray cluster whose nodes have one core each."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        for _ in range(count - 1):
            cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        os.environ.pop("RAY_ADDRESS", None)
        cluster.shutdown()


def print_rows(rows: list[Row]) -> None:
    """The table."""
    print("| errors | engine | workers | seconds | records/s | records per CPU s | CPU ms per record | driver's share |"
          " driver MB | worker MB |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for row in rows:
        rate = row.records / row.seconds if row.seconds else 0.0
        peak = row.used.peak
        print(
            f"| {row.size:,} | {row.engine} | {row.workers} | {row.seconds:.1f} | {rate:.0f} "
            f"| {row.records / row.cpu:.0f} | {1000 * row.cpu / row.records:.2f} "
            f"| {row.used.of('driver') / row.cpu:.1%} | {peak.get('driver', 0):.0f} | {peak.get('worker', 0):.0f} |"
        )


def print_slope(rows: list[Row]) -> None:
    """From the smallest size to the largest, so without start-up: what a record costs, and 1,000 cores need."""
    for engine, workers in dict.fromkeys((row.engine, row.workers) for row in rows):
        several = [row for row in rows if (row.engine, row.workers) == (engine, workers)]
        small, large = several[0], several[-1]
        more = large.records - small.records
        if not more:
            continue
        driver = (large.used.of("driver") - small.used.of("driver")) / more
        worker = (large.used.of("worker") - small.used.of("worker")) / more
        memory = (large.used.peak["driver"] - small.used.peak["driver"]) / more * 1e6
        print(
            f"{engine}, {workers} workers, without start-up: {1000 * worker:.2f} ms of a worker and "
            f"{1000 * driver:.3f} ms of the driver per record; driver's memory grows by {memory:.0f} bytes per record"
        )
        if driver > 0 and engine != "local":
            cores = BUSY * worker / driver
            shards = -(-CORES_WANTED // max(1, int(cores)))
            print(
                f"  the driver saturates first, at {cores:.0f} cores ({BUSY:.0%} busy); {CORES_WANTED:,} cores need "
                f"{shards} shards, and make {CORES_WANTED / worker:,.0f} records per second"
            )


def kill_at_random(data: Path, folder: Path, times: int) -> None:
    """kill -9 of a worker, of a node, and of the driver, each at random moments; then compare the bytes."""
    whole = folder / "whole"
    run(data, whole, 0, "local", 2)
    expected = {name: (whole / f"{name}.jsonl").read_bytes() for name in ("problems", "erroneous", "rejected")}
    rng = random.Random(0)
    with nodes(2) as cluster:
        for victim in ("worker", "node", "driver"):
            same = 0
            for number in range(times):
                target = folder / f"{victim}-{number}"
                command = [sys.executable, "-m", "lemma", "augment", str(data), "--run", str(target), "--engine", "ray"]
                command += ["--per-problem", str(ERRORS_PER_PROBLEM)]
                extra = cluster.add_node(num_cpus=1) if victim == "node" else None
                started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                state = target / ".state" / "augment.jsonl"
                while started.poll() is None and not (state.exists() and state.stat().st_size):
                    time.sleep(0.01)
                time.sleep(rng.random() * 2)
                if victim == "driver":
                    started.send_signal(signal.SIGKILL)
                elif victim == "node":
                    cluster.remove_node(extra, allow_graceful=False)
                else:
                    alive = processes(os.getpid(), started.pid).items()
                    pids = [pid for pid, (kind, *_) in alive if kind == "worker"]
                    os.kill(rng.choice(pids), signal.SIGKILL)
                if started.wait() != 0:
                    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
                same += expected == {name: (target / f"{name}.jsonl").read_bytes() for name in expected}
            print(f"kill -9 of a {victim}: the same bytes {same} of {times} times")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000", help="numbers of erroneous solutions, about")
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--engines", default="local,ray")
    parser.add_argument("--kills", type=int, default=0, help="random moments for each kind of process")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")] + ([1_000_000] if options.million else [])
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = {}
        for size in sizes:
            made = folder / f"data-{size}"
            words = ["generate", "-n", str(max(1, size // ERRORS_PER_PROBLEM)), "--run", str(made)]
            subprocess.run([sys.executable, "-m", "lemma", *words], stdout=subprocess.DEVNULL, check=True)
            data[size] = made / "generated.jsonl"
        if options.kills:
            kill_at_random(data[sizes[0]], folder, options.kills)
            return
        for engine in options.engines.split(","):
            for workers in (1, 2):
                with nodes(workers) if engine == "ray" else nullcontext():
                    for size in sizes:
                        target = folder / f"{engine}-{workers}-{size}"
                        rows.append(run(data[size], target, size, engine, workers))
                        print(f"{size:,} {engine} {workers}: {rows[-1].seconds:.0f} s", file=sys.stderr)
    print_rows(rows)
    print_slope(rows)
    if options.json:
        kinds = ("driver", "worker", "cluster")
        found = [{"size": row.size, "engine": row.engine, "workers": row.workers, "records": row.records,
                  "seconds": row.seconds, "cpu": {kind: row.used.of(kind) for kind in kinds}, "peak": row.used.peak}
                 for row in rows]  # fmt: skip
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
