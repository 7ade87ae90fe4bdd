"""What the processes of a command use: CPU seconds and peak memory by what they are, read from /proc. Linux only.

    used = measured(["augment", "data.jsonl", "--run", "run"], Path("run"), "augment")
    used.cpu["worker"], used.peak["driver"]

CPU time is that of the driver, of its workers, and of a Ray cluster's other processes, also on a busy machine. Seconds
only hold on an idle one: `others` says how much of the machine somebody else took meanwhile.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("driver", "worker", "cluster")
TICKS = os.sysconf("SC_CLK_TCK")
RAY_WORKERS = (b"ray::_", b"ray::IDLE")
SECONDS_BETWEEN_LOOKS, LOOKS_PER_READING = 0.05, 10


@dataclass
class Used:
    """What a command used. `seconds` count from its start, `working` from its first acknowledged input.

    One that is not `complete` was ended when its time was over.
    """

    seconds: float = 0.0
    working: float = 0.0
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    peak: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    """The largest process of each kind, in MB."""
    others: float = 0.0
    """Share of the machine's CPU time that other processes took."""
    starting: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    """The part of `cpu` from before the first acknowledged input."""
    complete: bool = True

    @property
    def all_cpu(self) -> float:
        """CPU seconds of all its processes."""
        return sum(self.cpu.values())

    def as_dict(self) -> dict[str, Any]:
        """Its fields, for JSON."""
        return asdict(self)


def measured(words: list[str], run: Path, command: str, until: float = math.inf) -> Used:
    """Run a command of lemma, in this checkout, and measure it, at most `until` this time of `time.monotonic`.

    Raises CalledProcessError if it fails.
    """
    state, used = run / ".state" / f"{command}.jsonl", Used()
    acknowledged = state.stat().st_size if state.exists() and "--fresh" not in words else 0
    before, busy = processes(os.getpid(), 0), _busy()
    began = time.monotonic()
    started = subprocess.Popen([sys.executable, "-m", "lemma", *words], stdout=subprocess.DEVNULL, env=environment())
    cpu: dict[int, tuple[str, float]] = {}
    first, looks = None, 0
    while started.poll() is None:
        is_first = first is None and state.exists() and state.stat().st_size > acknowledged
        if is_first or looks % LOOKS_PER_READING == 0:
            for pid, (kind, seconds, megabytes) in processes(os.getpid(), started.pid).items():
                cpu[pid] = kind, seconds - (before[pid][1] if pid in before else 0.0)
                used.peak[kind] = max(used.peak[kind], megabytes)
        if is_first:
            first, used.starting = time.monotonic(), _by_kind(cpu)
        if used.complete and time.monotonic() > until:
            used.complete = False
            started.terminate()
        looks += 1
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if started.returncode != 0 and used.complete:
        raise subprocess.CalledProcessError(started.returncode, started.args)
    ended = time.monotonic()
    used.complete = used.complete or started.returncode == 0
    used.seconds, used.working, used.cpu = ended - began, ended - (first or began), _by_kind(cpu)
    machine = (os.cpu_count() or 1) * used.seconds
    used.others = max(0.0, _busy() - busy - used.all_cpu) / machine
    return used


def _by_kind(cpu: Mapping[int, tuple[str, float]]) -> dict[str, float]:
    return {kind: sum(seconds for of, seconds in cpu.values() if of == kind) for kind in KINDS}


def environment() -> dict[str, str]:
    """The environment in which `-m lemma` is this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}


def processes(root: int, driver: int) -> dict[int, tuple[str, float, float]]:
    """The descendants of a process: what each is, its CPU seconds, and its peak memory in MB."""
    parents, cpu = {}, {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - several times faster, and it must not disturb what it measures
        if name.isdecimal():
            with suppress(OSError, ValueError):
                fields = Path("/proc", name, "stat").read_text().rpartition(") ")[2].split()
                parents[int(name)] = int(fields[1])
                cpu[int(name)] = (int(fields[11]) + int(fields[12])) / TICKS
    found = {}
    for pid in parents:
        ancestors = [pid]
        while (parent := parents.get(ancestors[-1], 0)) > 1:
            ancestors.append(parent)
        if root not in ancestors[1:]:
            continue
        with suppress(OSError, StopIteration):
            status, line = Path(f"/proc/{pid}/status").read_text(), Path(f"/proc/{pid}/cmdline").read_bytes()
            peak = next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmHWM")) / 1000
            on_node = line.startswith(RAY_WORKERS) or b"default_worker" in line
            kind = "driver" if pid == driver else "worker" if driver in ancestors or on_node else "cluster"
            found[pid] = kind, cpu[pid], peak
    return found


def _busy() -> float:
    """CPU seconds that this machine has worked since it started."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, interrupts, soft, *_ = map(int, fields)
    return (user + nice + system + interrupts + soft) / TICKS


@contextmanager
def nodes(count: int) -> Iterator[Any]:
    """A Ray cluster of nodes with one core each, all on this machine."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ |= {"RAY_worker_niceness": "0"}  # as local workers; Ray's own default is 15
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        for _ in range(count - 1):
            cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        os.environ.pop("RAY_ADDRESS", None)
        cluster.shutdown()
