"""What scales, in tables: time, CPU and memory up to a million records, Ray against the local pool, and kills.

    python benchmarks/scale.py --folder measured                   # all parts; those that are there are not run again
    python benchmarks/scale.py --folder measured --only chain --sizes 10000,100000
    python benchmarks/scale.py --folder measured --only engines
    python benchmarks/scale.py --folder measured --only kills --times 10

`chain` takes problems of `lemma generate` through augment, correct, build-sft and report, with two local workers.
`engines` corrects 100,000 of these errors, by the local pool and on Ray nodes, each with a core and a raylet of its
own, all on this machine. `kills` ends workers, raylets and drivers at random moments.

The figures are kept in FOLDER/figures.jsonl, one line each, so an interrupted measurement resumes. Delete a line to
measure again. With `--minutes`, it stops by then: a command of the chain is ended, and resumes in the next run, which
adds up its figures; of the other parts, nothing is begun that would take longer.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

from cluster_kills import kill_at_random
from process_use import KINDS, environment, measured, nodes

ERRORS_PER_PROBLEM = 4
CHAIN = ("augment", "correct", "build-sft", "report")
OUTPUTS = {"augment": "erroneous.jsonl", "correct": "corrections.jsonl", "build-sft": "sft/lemma.jsonl"}
ENGINES = (("local", 2), ("ray", 2), ("ray", 1), ("local", 1))
ONCE = ("local", 1)  # no goal needs it, and it takes as long as two of the others
INPUTS = 100_000
KILLED_INPUTS, SECONDS_TO_KILL = 400, 20.0
CORES_WANTED = 1000
BEGUN = "chain, begun"
BUSY = 0.8  # of a core, for a driver that must not be what others wait for

Figures = dict[str, Any]


class TimeOverError(Exception):
    """What is missing has to be measured another time."""


class Measurements:
    """The figures so far, by what they are of. Nothing is measured after `until`, a time of `time.monotonic`."""

    def __init__(self, folder: Path, until: float = math.inf) -> None:
        self.folder, self.until = folder, until
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "figures.jsonl"
        lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        self.all: list[Figures] = list(map(json.loads, lines))

    def find(self, **of: Any) -> Figures | None:
        """The figures of this, if it was measured."""
        return next(iter(self.find_all(**of)), None)

    def find_all(self, **of: Any) -> list[Figures]:
        """All figures of this."""
        return [one for one in self.all if of.items() <= one.items()]

    def expect(self, seconds: float) -> None:
        """Raises TimeOverError if there is no time for something that takes this long."""
        if time.monotonic() + seconds > self.until:
            raise TimeOverError

    def add(self, figures: Figures) -> None:
        """Keep figures."""
        self.all.append(figures)
        with self._file.open("a") as file:
            file.write(json.dumps(figures) + "\n")
        print(json.dumps(figures), file=sys.stderr)

    def problems(self, count: int) -> Path:
        """Generated problems."""
        made = self.folder / f"data-{count}"
        if not (made / "complete").exists():
            words = [sys.executable, "-m", "lemma", "generate", "-n", str(count), "--run", str(made)]
            subprocess.run(words, stdout=subprocess.DEVNULL, check=True, env=environment())
            (made / "complete").touch()
        return made / "generated.jsonl"


def chain(measurements: Measurements, size: int, commands: Sequence[str] = CHAIN) -> None:
    """About `size` erroneous solutions through the commands."""
    data, run = measurements.problems(size // ERRORS_PER_PROBLEM), measurements.folder / f"chain-{size}"
    for command in commands:
        of = {"part": "chain", "size": size, "command": command}
        if measurements.find(**of):
            continue
        measurements.expect(0)
        begun = measurements.find_all(**of | {"part": BEGUN})
        words = [command, "--run", str(run)]
        if command == "augment":
            words += [str(data), "--per-problem", str(ERRORS_PER_PROBLEM)]
        if command != "report":
            words += ["--workers", "2", *([] if begun else ["--fresh"])]
        used = measured(words, run, command, measurements.until)
        if not used.complete:
            measurements.add({**of, "part": BEGUN, **used.as_dict()})
            raise TimeOverError
        made = _lines(run / OUTPUTS[command]) if command in OUTPUTS else 0
        sizes = {"errors": _lines(run / OUTPUTS["augment"]), "made": made, "times": 1 + len(begun)}
        measurements.add({**of, **sizes, **added_up([*begun, used.as_dict()])})


def added_up(parts: Sequence[Figures]) -> Figures:
    """The figures of a command that was ended and resumed. Of its peaks, the largest counts."""
    seconds = sum(one["seconds"] for one in parts)
    return {
        "seconds": seconds,
        "working": sum(one["working"] for one in parts),
        **{name: {kind: sum(one[name][kind] for one in parts) for kind in KINDS} for name in ("cpu", "starting")},
        "peak": {kind: max(one["peak"][kind] for one in parts) for kind in KINDS},
        "others": sum(one["others"] * one["seconds"] for one in parts) / seconds,
    }


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def engines(measurements: Measurements, inputs: int, times: int) -> None:
    """`correct` on each engine, in turns, so that a change of the machine's load meets all."""
    chain(measurements, inputs, ("augment",))
    source = measurements.folder / f"chain-{inputs}"
    for number in range(times):
        for engine, workers in ENGINES:
            of = {"part": "engines", "inputs": inputs, "engine": engine, "workers": workers, "number": number}
            if measurements.find(**of) or (number and (engine, workers) == ONCE):
                continue
            earlier = measurements.find_all(part="engines", inputs=inputs, engine=engine, workers=workers)
            measurements.expect(max((one["seconds"] for one in earlier), default=0))
            run = measurements.folder / f"{engine}-{workers}"
            shutil.rmtree(run, ignore_errors=True)
            (run / ".state").mkdir(parents=True)
            for name in ("problems.jsonl", "erroneous.jsonl", ".state/augment.jsonl"):
                shutil.copyfile(source / name, run / name)
            manifest = json.loads((source / "run.json").read_bytes())
            manifest["stages"] = {"augment": manifest["stages"]["augment"]}
            (run / "run.json").write_text(json.dumps(manifest))
            words = ["correct", "--run", str(run), "--engine", engine, "--workers", str(workers)]
            with nodes(workers) if engine == "ray" else nullcontext():
                used = measured(words, run, "correct")
            measurements.add({**of, "errors": _lines(run / "erroneous.jsonl"), **used.as_dict()})


def kills(measurements: Measurements, times: int) -> None:
    """What becomes of commands that lose a worker, a node, or their own process."""
    data, folder = measurements.problems(KILLED_INPUTS), measurements.folder / "kills"
    with nodes(2) as cluster:
        for figures in kill_at_random(data, folder, times, cluster, lambda of: measurements.find(**of) is not None):
            measurements.add(figures)
            measurements.expect(SECONDS_TO_KILL)


def show_chain(rows: list[Figures]) -> Iterator[str]:
    """A line for each command and size, then what a record costs at one size against the one before."""
    yield "| command | errors | records | s | ms per error | CPU s | CPU ms | others' CPU | driver MB | worker MB |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for one in rows:
        cpu = sum(one["cpu"].values())
        yield (
            f"| {one['command']} | {one['errors']:,} | {one['made']:,} | {one['seconds']:.1f} | "
            f"{1000 * one['seconds'] / one['errors']:.3f} | {cpu:.1f} | {1000 * cpu / one['errors']:.3f} | "
            f"{one['others']:.0%} | {one['peak']['driver']:.0f} | {one['peak']['worker']:.0f} |"
        )
    yield ""
    sizes = sorted({one["size"] for one in rows})
    for small, large in pairwise(sizes):
        at = {size: [one for one in rows if one["size"] == size] for size in (small, large)}
        if any(len(found) < len(CHAIN) for found in at.values()):
            continue
        for command in (*CHAIN, "all"):
            parts = {size: [one for one in at[size] if command in ("all", one["command"])] for size in at}
            cost = {size: sum(sum(one["cpu"].values()) for one in parts[size]) / at[size][0]["errors"] for size in at}
            took = {size: sum(one["seconds"] for one in parts[size]) / at[size][0]["errors"] for size in at}
            yield (
                f"per error, {large:,} against {small:,}, {command}: {cost[large] / cost[small]:.2f} times the CPU, "
                f"{took[large] / took[small]:.2f} times the time"
            )


def show_engines(rows: list[Figures]) -> Iterator[str]:
    """A line for each run; then ratios of the quickest runs, and what 1,000 cores need."""
    yield "| engine | workers | inputs | s after start | CPU ms per input | driver's share | others' CPU | driver MB |"
    yield "|---|---|---|---|---|---|---|---|"
    best: dict[tuple[str, int], Figures] = {}
    for one in rows:
        cpu = sum(one["cpu"].values())
        yield (
            f"| {one['engine']} | {one['workers']} | {one['errors']:,} | {one['working']:.1f} | "
            f"{1000 * cpu / one['errors']:.3f} | {one['cpu']['driver'] / cpu:.1%} | {one['others']:.0%} | "
            f"{one['peak']['driver']:.0f} |"
        )
        key = one["engine"], one["workers"]
        if key not in best or one["working"] < best[key]["working"]:
            best[key] = one
    cpu = {key: sum(one["cpu"].values()) for key, one in best.items()}
    seconds = {key: one["working"] for key, one in best.items()}
    for engine, name in (("ray", "two Ray nodes against one"), ("local", "two local workers against one")):
        if {(engine, 1), (engine, 2)} <= set(best):
            yield f"{name}: {seconds[engine, 1] / seconds[engine, 2]:.2f} times as fast"
    if not {("local", 2), ("ray", 2)} <= set(best):
        return
    yield (
        f"Ray against the local pool, two workers: {cpu['ray', 2] / cpu['local', 2]:.2f} times the CPU, "
        f"{seconds['ray', 2] / seconds['local', 2]:.2f} times the time"
    )
    one = best["ray", 2]
    driver, worker, ray = ((one["cpu"][kind] - one["starting"][kind]) / one["errors"] for kind in KINDS)
    yield (
        f"per input on two nodes, after start-up: {1000 * worker:.3f} ms of a worker, {1000 * driver:.3f} ms of the "
        f"driver, {1000 * ray:.3f} ms of Ray's other processes, on all nodes together; so on two cores, two nodes can "
        f"be at most {2 * worker / (worker + driver + ray):.2f} times as fast as one"
    )
    cores = BUSY * worker / driver
    yield (
        f"the driver saturates first, {BUSY:.0%} busy at {cores:.0f} cores; {CORES_WANTED:,} cores need "
        f"{-(-CORES_WANTED // max(1, int(cores)))} shards and make {CORES_WANTED / worker:,.0f} inputs per second"
    )


def show_kills(rows: list[Figures]) -> Iterator[str]:
    """A line for each command and kind of process."""
    yield "| command | kill -9 of | tries | before its end | same bytes | asked twice | not yet stored | hung | left |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for command, victim in dict.fromkeys((one["command"], one["victim"]) for one in rows):
        tries = [one for one in rows if (one["command"], one["victim"]) == (command, victim)]
        sums = (
            sum(one[name] for one in tries)
            for name in ("was_running", "same", "asked_twice", "unstored", "hung", "left")
        )
        yield f"| {command} | {victim} | {len(tries)} | {' | '.join(map(str, sums))} |"


SHOWN = {"chain": show_chain, "engines": show_engines, "kills": show_kills}


def main() -> None:
    """Measure what is missing, and print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where figures and run directories are kept")
    parser.add_argument("--only", choices=SHOWN, action="append", help="a part; may be repeated (default: all)")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="numbers of erroneous solutions, for chain")
    parser.add_argument("--inputs", type=int, default=INPUTS, help="for engines")
    parser.add_argument("--times", type=int, default=1, help="runs of each engine; kills of each kind of process")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop by then; run it again to resume")
    parser.add_argument("--show", action="store_true", help="measure nothing")
    options = parser.parse_args()
    measurements = Measurements(options.folder, time.monotonic() + 60 * options.minutes)
    parts = [] if options.show else options.only or list(SHOWN)
    try:
        if "chain" in parts:
            for size in map(int, options.sizes.split(",")):
                chain(measurements, size)
        if "engines" in parts:
            engines(measurements, options.inputs, options.times)
        if "kills" in parts:
            kills(measurements, options.times)
    except TimeOverError:
        print("the time is over; run it again to resume", file=sys.stderr)
    for part, shown in SHOWN.items():
        rows = [one for one in measurements.all if one["part"] == part]
        if rows:
            print("\n".join(shown(rows)), end="\n\n")


if __name__ == "__main__":
    main()
