"""How many requests are in flight, how many per minute, and when a server is given up."""

from __future__ import annotations

import asyncio
import time

import pytest

from lemma.models.attempts import Attempts, Call, Patience
from lemma.models.limits import CircuitBreaker, Concurrency, PerMinute


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TestConcurrency:
    def simulate(self, capacity: int, most: int, seconds: int, base: float = 1.0) -> Concurrency:
        """A server that works on `capacity` calls at once, each `base` seconds, and queues the rest in silence."""
        clock = Clock()
        gate = Concurrency(most, clock)

        async def run() -> None:
            for _ in range(int(seconds * 10)):
                clock.now += 0.1
                latency = base * max(1.0, gate.limit / capacity)
                for _ in range(max(1, round(min(gate.limit, capacity) * 0.1 / base))):
                    gate.answered(latency)

        # The first answers of a queueing server come from those it took up at once.
        for _ in range(capacity):
            gate.answered(base)
        asyncio.run(run())
        return gate

    def test_a_queueing_server_is_noticed(self) -> None:
        gate = self.simulate(capacity=64, most=512, seconds=60)
        assert 64 <= gate.limit <= 200
        assert "queues" in gate.notes[0]

    def test_longer_answers_are_no_queue(self) -> None:
        clock = Clock()

        async def run() -> Concurrency:
            gate = Concurrency(64, clock)
            for latency in (1.0, 8.0):
                for _ in range(600):
                    clock.now += 0.1
                    for _ in range(4):
                        gate.answered(latency)
            return gate

        gate = asyncio.run(run())
        assert gate.limit == 64
        assert gate.notes

    def test_a_server_that_keeps_up_gets_all(self) -> None:
        gate = self.simulate(capacity=512, most=512, seconds=60)
        assert gate.limit == 512
        assert not gate.notes

    def test_turned_away_by_most_lowers_and_pauses(self) -> None:
        clock = Clock()

        async def run() -> Concurrency:
            gate = Concurrency(64, clock)
            clock.now = 2.0
            for _ in range(32):
                gate.overloaded(7.0)
            return gate

        gate = asyncio.run(run())
        assert gate.limit == 32
        assert gate.paused_for == pytest.approx(7.0)

    def test_turned_away_now_and_then_lowers_nothing(self) -> None:
        clock = Clock()

        async def run() -> Concurrency:
            gate = Concurrency(64, clock)
            for _ in range(100):
                clock.now += 0.1
                for _ in range(4):
                    gate.answered(1.0)
                gate.overloaded(1.0)
            return gate

        gate = asyncio.run(run())
        assert gate.limit == 64
        assert not gate.paused_for

    def test_never_more_than_the_limit_and_retries_first(self) -> None:
        order: list[str] = []
        most_seen = 0

        async def call(gate: Concurrency, name: str, first: bool) -> None:
            nonlocal most_seen
            await gate.enter(first)
            most_seen = max(most_seen, gate.in_flight)
            order.append(name)
            await asyncio.sleep(0.001)
            gate.leave()

        async def run() -> None:
            gate = Concurrency(2)
            names = [f"new {n}" for n in range(6)] + ["retry"]
            await asyncio.gather(*(call(gate, name, name == "retry") for name in names))
            assert gate.in_flight == 0

        asyncio.run(run())
        assert most_seen == 2
        assert order.index("retry") == 2

    def test_a_cancelled_caller_gives_its_place_back(self) -> None:
        async def run() -> None:
            gate = Concurrency(1)
            await gate.enter()
            waiting = asyncio.create_task(gate.enter())
            await asyncio.sleep(0)
            waiting.cancel()
            gate.leave()
            await asyncio.gather(waiting, return_exceptions=True)
            async with asyncio.timeout(30):
                await gate.enter()

        asyncio.run(run())

    def test_a_rate_is_kept(self) -> None:
        async def run() -> float:
            pace = PerMinute(6000)
            started = time.monotonic()
            await asyncio.gather(*(pace.take(1) for _ in range(50)))
            return time.monotonic() - started

        assert asyncio.run(run()) >= 0.45  # 50 calls at 100 a second

    @pytest.mark.parametrize(
        ("unreachable", "seconds", "stops"), [(False, 50, False), (False, 120, True), (True, 12, True)]
    )
    def test_the_breaker(self, unreachable: bool, seconds: int, stops: bool) -> None:
        clock = Clock()
        breaker = CircuitBreaker(100, clock)
        opened = False
        for _ in range(10):
            opened = breaker.failure(unreachable)
            clock.now += seconds / 9
        assert opened == stops
        breaker.success()
        assert not breaker.failure(unreachable)


@pytest.mark.parametrize("follows", [True, False])
def test_calls_in_this_process_are_not_taken_for_a_queue(follows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait for large batches, so their latency says nothing."""
    seen: list[float] = []
    monkeypatch.setattr(Concurrency, "answered", lambda _, latency: seen.append(latency))

    async def run() -> str:
        async def send() -> str:
            return "an answer"

        async def keep(_: str) -> int:
            return 1

        attempts = Attempts("student", Patience(follows_latency=follows))
        return await attempts.until_done(Call("key", send, keep))

    assert asyncio.run(run()) == "an answer"
    assert len(seen) == follows
