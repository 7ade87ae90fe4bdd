"""`benchmarks/scale.py`: what it measures and keeps, and the tables that it prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import scale
from process_use import KINDS, Used, measured

BIG = {"driver": 1.0, "worker": 19.0, "cluster": 0.0}


def figures(**more: Any) -> dict[str, Any]:
    return {
        "seconds": 10.0,
        "working": 8.0,
        "cpu": BIG,
        "starting": dict.fromkeys(KINDS, 0.0),
        "peak": dict.fromkeys(KINDS, 50.0),
        "others": 0.0,
        "errors": 1000,
        "made": 1000,
        **more,
    }


def test_the_chain_is_compared_from_size_to_size() -> None:
    rows = [
        figures(size=size, command=command, errors=size, seconds=size * factor)
        for size, factor in ((1000, 0.010), (10_000, 0.011))
        for command in scale.CHAIN
    ]
    shown = list(scale.show_chain(rows))
    assert len(shown) == 2 + 2 * len(scale.CHAIN) + 1 + len(scale.CHAIN) + 1
    assert shown[2] == "| augment | 1,000 | 1,000 | 10.0 | 10.000 | 20.0 | 20.000 | 0% | 50 | 50 |"
    assert shown[-1] == "per error, 10,000 against 1,000, all: 0.10 times the CPU, 1.10 times the time"


def test_engines_are_compared_and_1000_cores_foretold() -> None:
    times = {("local", 1): 16.0, ("local", 2): 8.0, ("ray", 1): 18.0, ("ray", 2): 9.0}
    rows = [figures(engine=engine, workers=n, inputs=1000, working=took) for (engine, n), took in times.items()]
    assert not any("against" in line for line in scale.show_engines(rows[1:3]))
    *_, nodes, local, ratio, ceiling, cores = scale.show_engines([*rows, figures(engine="ray", workers=2, inputs=1000)])
    assert nodes == "two Ray nodes against one: 2.25 times as fast"  # the quickest run counts
    assert local == "two local workers against one: 2.00 times as fast"
    assert ratio == "Ray against the local pool, two workers: 1.00 times the CPU, 1.00 times the time"
    assert ceiling.endswith("two nodes can be at most 1.90 times as fast as one")
    assert cores.startswith("the driver saturates first, 80% busy at 15 cores; 1,000 cores need 67 shards")


def test_kills_are_summed() -> None:
    names = {"was_running": True, "same": True, "asked_twice": 0, "unstored": 1, "hung": 0, "left": 0}
    rows = [{"command": "sample", "victim": "driver", **names}] * 2
    assert list(scale.show_kills(rows))[-1] == "| sample | driver | 2 | 2 | 2 | 0 | 2 | 0 | 0 |"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_command_is_measured_once(tmp_path: Path) -> None:
    run = tmp_path / "run"
    used = measured(["augment", "--limit", "2", "--workers", "1", "--run", str(run)], run, "augment")
    assert used.seconds >= used.working > 0
    assert used.cpu["driver"] > 0
    assert 10 < used.peak["driver"] < 500
    measurements = scale.Measurements(tmp_path)
    measurements.add({"part": "chain", "size": 1, **used.as_dict()})
    found = scale.Measurements(tmp_path).find(part="chain", size=1)
    assert found is not None
    assert found["cpu"] == used.cpu
    assert scale.Measurements(tmp_path).find(part="chain", size=2) is None


def test_a_command_that_was_ended_is_resumed_and_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "_lines", lambda path: 7)
    monkeypatch.setattr(scale.Measurements, "problems", lambda self, count: tmp_path / "problems.jsonl")
    asked: list[list[str]] = []
    whole = iter((False, True))

    def use(words: list[str], *_: object) -> Used:
        asked.append(words)
        peak = dict.fromkeys(KINDS, 10.0 * len(asked))
        return Used(seconds=2.0, working=1.0, cpu=dict(BIG), peak=peak, others=0.5, complete=next(whole))

    monkeypatch.setattr(scale, "measured", use)
    with pytest.raises(scale.TimeOverError):
        scale.chain(scale.Measurements(tmp_path), 40, ("augment",))
    measurements = scale.Measurements(tmp_path)
    scale.chain(measurements, 40, ("augment",))
    scale.chain(measurements, 40, ("augment",))
    assert ["--fresh" in words for words in asked] == [True, False]
    found = measurements.find(part="chain", size=40)
    assert found is not None
    assert (found["seconds"], found["cpu"]["worker"], found["peak"]["driver"], found["times"]) == (4.0, 38.0, 20.0, 2)
    with pytest.raises(scale.TimeOverError):
        scale.Measurements(tmp_path, until=0.0).expect(1)
