"""Draw the story of a problem: who has how many, each from what others have, by one operation.

The quantities form a random dependency graph, as in iGSM (arXiv 2407.20311, section 2). The difficulty is the number of
operations that the asked quantity needs; a story may hold others that it does not need.

    >>> story = draw_story(random.Random(0), Difficulty(operations=3))
    >>> len(story.needed())
    3
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES = """
    Ada Amy Ana Ben Bob Cal Cora Dan Dora Eli Ema Fay Finn Gus Hal Hugo Ida Ike Iris Ivy Jan Jim Joe Kim Kai Lea Leo Lou
    Mae Max Mia Ned Nia Noa Ola Otto Pam Pia Ray Rob Rosa Roy Sam Sue Tia Tom Una Uri Val Vic Wes Yan Zoe
"""
_THINGS = """
    pens cups hats bags books cards coins stamps shells stones balls kites boats bells keys maps plums pears figs nuts
    beads tapes drums flags
"""
NAMES, THINGS = _NAMES.split(), _THINGS.split()
_TIMES = range(2, 5)
_SUM_CHANCE = 0.35
_SHARED_CHANCE = 0.3


@dataclass(frozen=True)
class Difficulty:
    """What stories to draw. All quantities lie between 2 and `largest`; with a `modulus`, between 0 and it."""

    operations: int
    largest: int = 20
    modulus: int | None = None
    distractors: int = 0


@dataclass(frozen=True)
class Fact:
    """What the story says of one person: a `given` amount, or an operation on what others have.

    `kind` is given, more, fewer, times or sum. `sources` are persons; `amount` is the number that the sentence states,
    None for a sum.
    """

    kind: str
    sources: tuple[str, ...] = ()
    amount: int | None = None


SYMBOLS = {"more": "+", "fewer": "-", "times": "*", "sum": "+"}


@dataclass(frozen=True)
class Story:
    """Facts by person, in an order in which each can be worked out. `asked` is whose quantity is the answer."""

    thing: str
    facts: dict[str, Fact]
    asked: str
    modulus: int | None = None

    def values(self) -> dict[str, int]:
        """How many each person has."""
        values: dict[str, int] = {}
        for person, fact in self.facts.items():
            values[person] = self.work_out(fact, values)
        return values

    def operands(self, fact: Fact, values: dict[str, int]) -> tuple[int, int]:
        """The two numbers of the operation that a fact asks for."""
        first = values[fact.sources[0]]
        second = values[fact.sources[1]] if fact.amount is None else fact.amount
        return first, second

    def work_out(self, fact: Fact, values: dict[str, int]) -> int:
        """How many a fact makes, given what others have."""
        if fact.kind == "given":
            return fact.amount or 0
        return apply(SYMBOLS[fact.kind], *self.operands(fact, values), self.modulus)

    def needed(self) -> list[str]:
        """The persons whose quantities have to be worked out for the answer, in the story's order."""
        wanted = {self.asked}
        for person, fact in reversed(self.facts.items()):
            if person in wanted:
                wanted.update(fact.sources)
        return [person for person, fact in self.facts.items() if person in wanted and fact.kind != "given"]


def apply(symbol: str, left: int, right: int, modulus: int | None) -> int:
    """One operation, modulo a prime if there is one."""
    result = left + right if symbol == "+" else left - right if symbol == "-" else left * right
    return result % modulus if modulus else result


@dataclass(frozen=True)
class Working:
    """What a step writes: whose quantity, the operation, and its stated result."""

    person: str
    left: int
    symbol: str
    right: int
    result: int

    def holds(self, modulus: int | None) -> bool:
        """Whether the equation is true as it stands."""
        return apply(self.symbol, self.left, self.right, modulus) == self.result


def draw_story(rng: random.Random, difficulty: Difficulty) -> Story:
    """A story with exactly this number of operations."""
    while True:
        story = _Drawing(rng, difficulty).story()
        if story is not None:
            return story


class _Drawing:
    """One attempt: first the shape of the graph from the answer down, then numbers from the givens up."""

    def __init__(self, rng: random.Random, difficulty: Difficulty) -> None:
        self._rng, self._difficulty = rng, difficulty
        self._names = iter(rng.sample(NAMES, len(NAMES)))
        self._sources: dict[str, tuple[str, ...]] = {}
        self._facts: dict[str, Fact] = {}
        self._values: dict[str, int] = {}
        self._thing = rng.choice(THINGS)

    def story(self) -> Story | None:
        """The story, or None if no numbers fit."""
        asked = self._node(self._difficulty.operations)
        for _ in range(self._rng.randint(0, self._difficulty.distractors)):
            self._person((self._rng.choice(list(self._sources)),))
        for person, sources in self._sources.items():
            fact = self._draw_fact(sources)
            if fact is None:
                return None
            self._facts[person] = fact
            self._values[person] = self._value(fact)
        return Story(self._thing, self._facts, asked, self._difficulty.modulus)

    def _node(self, operations: int) -> str:
        """A person whose quantity takes `operations` operations. Sources are drawn before the person who needs them."""
        rng, others = self._rng, operations - 1
        if operations == 0:
            return self._person(())
        if rng.random() >= _SUM_CHANCE:
            return self._person((self._node(others),))
        if others and rng.random() < _SHARED_CHANCE:
            before = len(self._sources)
            left = self._node(others)
            # All that was just made is needed for `left`, so sharing any of it adds no operation.
            return self._person((left, rng.choice(list(self._sources)[before:-1])))
        first = rng.randint(0, others)
        return self._person((self._node(first), self._node(others - first)))

    def _person(self, sources: tuple[str, ...]) -> str:
        name = next(self._names)
        self._sources[name] = sources
        return name

    def _draw_fact(self, sources: tuple[str, ...]) -> Fact | None:
        taken = {*self._values.values(), *(fact.amount for fact in self._facts.values())}
        candidates = [fact for fact in self._candidates(sources) if self._fits(fact, taken)]
        if not candidates:
            return None
        kind = self._rng.choice(sorted({fact.kind for fact in candidates}))
        return self._rng.choice([fact for fact in candidates if fact.kind == kind])

    def _candidates(self, sources: tuple[str, ...]) -> Iterator[Fact]:
        top = self._difficulty.modulus or self._difficulty.largest
        if len(sources) == 2:
            yield Fact("sum", sources)
            return
        kinds = ("more", "fewer") if sources else ("given",)
        yield from (Fact(kind, sources, amount) for kind in kinds for amount in range(2, top))
        if sources:
            yield from (Fact("times", sources, amount) for amount in _TIMES)

    def _fits(self, fact: Fact, taken: set[int | None]) -> bool:
        """Within the range; and no number twice, so that where a number comes from can be told by its value."""
        if self._difficulty.modulus:
            return True
        value = self._value(fact)
        if value in taken or not 2 <= value <= self._difficulty.largest:
            return False
        return fact.kind == "given" or (fact.amount not in taken and fact.amount != value)

    def _value(self, fact: Fact) -> int:
        if fact.kind == "given":
            return fact.amount or 0
        left = self._values[fact.sources[0]]
        right = self._values[fact.sources[1]] if fact.amount is None else fact.amount
        return apply(SYMBOLS[fact.kind], left, right, self._difficulty.modulus)
