"""How often `rollouts` finds the first wrong step of simulated students, whose success rates are known.

    python benchmarks/simulated_students.py

A student that is given right steps solves the problem with some probability, which is drawn for each solution and rises
with each step that it is given. It writes each right step as in its wrong solution, word for word, with the probability
`again`, and the wrong one, if it errs there, with a third of that. After the error it keeps at most a tenth of its
success rate.
"""

from __future__ import annotations

import asyncio
import math
import random
import tempfile
from pathlib import Path

import orjson

from lemma.exceptions import Refusal
from lemma.locating.rollouts import Rollouts, Student, locate
from lemma.models.attempts import Patience
from lemma.models.client import LiveClient
from lemma.models.costs import Ledger
from lemma.models.prompts import load_prompt
from lemma.models.protocol import Request, Sampling
from lemma.rundir.responses import ResponseStore

SOLUTIONS = 200
STEPS = (3, 5, 8, 16)
RATES = ((0.1, 0.6), (0.4, 0.9))
AGAIN = (0.0, 0.6)
SURE = 0.95


class SimulatedStudent:
    """A backend that continues one solution of `steps` steps, of which step `wrong` is the first wrong one."""

    name = "simulated"
    in_process = True

    def __init__(self, steps: int, rates: tuple[float, float], again: float, seed: str) -> None:
        rng = random.Random(seed)
        self.seed, self.again, self.steps = seed, again, [f"Now there are {number + 2}." for number in range(steps)]
        self.wrong = rng.randrange(steps)
        self._goes_on_right = rng.uniform(*rates) ** (1 / steps)
        self._kept = rng.uniform(0, 0.1)

    async def answer(self, request: Request) -> bytes:
        """A continuation of the steps that the request gives."""
        given = request.prompt if isinstance(request.prompt, str) else request.prompt[-1].content
        text = self._continuation(given.count("Now "), random.Random(f"{self.seed} {given} {request.sample_index}"))
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return orjson.dumps({"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}})

    async def close(self) -> None:
        """Nothing is open."""

    def _continuation(self, length: int, rng: random.Random) -> str:
        lines: list[str] = []
        is_right, is_alike = length <= self.wrong, True
        for place in range(length, len(self.steps)):
            was_right = is_right
            is_right = is_right and rng.random() < self._goes_on_right
            again = self.again
            if was_right:
                again *= (place != self.wrong) if is_right else (place == self.wrong) / 3
            is_alike = is_alike and rng.random() < again
            if is_alike:
                lines.append(self.steps[place])
        rate = 1.0 if is_right else self._kept * self._goes_on_right ** (len(self.steps) - length)
        return "\n".join([*lines, "So it goes.", f"The answer is {7 if rng.random() < rate else 9}"])


async def located(student: SimulatedStudent, folder: Path) -> Rollouts | None:
    """What the continuations of its solution say; None if they say nothing."""
    store = ResponseStore(folder / f"{student.seed}.sqlite")
    client = LiveClient(student, store, Ledger("m", None), "analyze", Patience(timeout=math.inf, deadline=math.inf))
    asked = Student(client, "m", load_prompt("question"), Sampling())
    try:
        return await locate("How many?", "7", student.steps, asked)
    except Refusal:
        return None
    finally:
        await client.close()
        store.close()


def row(steps: int, rates: tuple[float, float], again: float, folder: Path) -> str:
    """One line of the table."""
    students = [
        SimulatedStudent(steps, rates, again, f"{steps} {rates} {again} {number}") for number in range(SOLUTIONS)
    ]
    pairs = [(student, asyncio.run(located(student, folder))) for student in students]
    found = [(student, one) for student, one in pairs if one is not None]
    right = [one.posterior.best_step() == student.wrong for student, one in found]
    sure = [fits for fits, (_, one) in zip(right, found, strict=True) if one.posterior.confidence >= SURE]
    prefixes = [len(one.drawn) for _, one in found]
    drawn = sum(sum(one.drawn.values()) for _, one in found) / len(found)
    return (
        f"| {steps} | {rates[0]} to {rates[1]} | {again:.0%} | {sum(right) / SOLUTIONS:.0%} | "
        f"{len(sure) / SOLUTIONS:.0%}, {sum(sure) / max(1, len(sure)):.0%} | {sum(prefixes) / len(found):.1f} | "
        f"{max(prefixes)} of {4 + int(math.log2(steps))} | {drawn:.0f} |"
    )


def main() -> None:
    """Print the table of docs/locating.md."""
    print(
        "| steps | right at first | written again | best guess | located, and right of these | prefixes |"
        " most, of at most | continuations |\n" + "| --- " * 8 + "|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for rates in RATES:
            for steps in STEPS:
                for again in AGAIN:
                    print(row(steps, rates, again, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
