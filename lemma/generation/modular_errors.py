"""Typed errors in solutions modulo a prime, where plain arithmetic proves nothing.

One thing is changed in one step and carried through the later ones modulo the prime. What comes out is read again from
its text and proved by working everything out anew: the steps before are right, the changed one is the first wrong one,
and its equation is false in a calculation error and true in all others, as are all later ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lemma.generation.reading import first_wrong_step, read_step, read_story
from lemma.generation.stories import SYMBOLS, Story, Working, apply
from lemma.generation.wording import solution_steps, step_text
from lemma.records import Problem
from lemma.steps import split_steps, without_annotations

CALCULATION = "calculation_error"


@dataclass(frozen=True)
class ModularSolution:
    """A reference solution modulo a prime: `written` with its annotations, `steps` without."""

    story: Story
    written: tuple[str, ...]
    steps: tuple[str, ...]


def read_modular_solution(problem: Problem) -> ModularSolution | None:
    """The solution of a generated problem with a modulus, as it was generated; None for any other."""
    story = read_story(problem.question)
    if story is None or story.modulus is None:
        return None
    written = split_steps(problem.solution)
    steps = tuple(map(without_annotations, written))
    # The order of independent steps may differ; each of them, and the answer, must be the story's.
    expected = {without_annotations(step) for step in solution_steps(story)}
    if set(steps) != expected or len(steps) != len(expected) or first_wrong_step(story, steps) is not None:
        return None
    if problem.answer != str(story.values()[story.asked]):
        return None
    ordered = _in_order_of(steps, story)
    return None if ordered is None else ModularSolution(ordered, written, steps)


def _in_order_of(steps: Sequence[str], story: Story) -> Story | None:
    """The story with its facts in the order of a solution's steps; None where a step comes before what it needs."""
    worked_out = [step.person for text in steps if (step := read_step(text)) is not None]
    givens = [person for person, fact in story.facts.items() if fact.kind == "given"]
    people = list(dict.fromkeys([*givens, *worked_out, *story.facts]))
    if any(not set(story.facts[person].sources) <= set(people[:place]) for place, person in enumerate(people)):
        return None
    return replace(story, facts={person: story.facts[person] for person in people})


@dataclass(frozen=True)
class ModularError:
    """A wrong solution, with annotations in its steps."""

    steps: tuple[str, ...]
    error_step: int
    final: int
    explanation: str


def propose(story: Story, error_type: str, rng: random.Random) -> Iterator[ModularError]:
    """The proven errors of one type, in random order; none for a type that has no place in these solutions."""
    people = story.needed()
    changes = [
        (person, changed) for person in people for changed in _CHANGES.get(error_type, _no_changes)(story, person)
    ]
    rng.shuffle(changes)
    for person, changed in changes:
        error = _carried(story, people, person, changed)
        if _is_proved(story, error_type, error):
            yield error


def _right_step(story: Story, person: str) -> Working:
    fact, values = story.facts[person], story.values()
    return Working(person, *_around(story.operands(fact, values), SYMBOLS[fact.kind]), values[person])


def _around(operands: tuple[int, int], symbol: str) -> tuple[int, str, int]:
    return operands[0], symbol, operands[1]


def _wrong_results(story: Story, person: str) -> Iterator[Working]:
    right = _right_step(story, person)
    for result in range(story.modulus or 0):
        if result != right.result:
            yield Working(person, right.left, right.symbol, right.right, result)


def _wrong_operators(story: Story, person: str) -> Iterator[Working]:
    right = _right_step(story, person)
    for symbol in "+-*":
        if symbol != right.symbol:
            yield _worked(story, person, right.left, symbol, right.right)


def _misquoted_amounts(story: Story, person: str) -> Iterator[Working]:
    right, fact = _right_step(story, person), story.facts[person]
    amounts = {other.amount for other in story.facts.values() if other.amount is not None}
    if fact.amount is not None:
        for amount in sorted(amounts - {fact.amount}):
            yield _worked(story, person, right.left, right.symbol, amount)


def _misquoted_results(story: Story, person: str) -> Iterator[Working]:
    right, values = _right_step(story, person), story.values()
    people = story.needed()
    earlier = {values[other] for other in people[: people.index(person)]}
    if story.facts[person].sources[0] in people:
        for value in sorted(earlier - {right.left}):
            yield _worked(story, person, value, right.symbol, right.right)


def _no_changes(story: Story, person: str) -> Iterator[Working]:
    return iter(())


_CHANGES = {
    CALCULATION: _wrong_results,
    "operator_error": _wrong_operators,
    "context_value_error": _misquoted_amounts,
    "previous_step_value_error": _misquoted_results,
}


def _worked(story: Story, person: str, left: int, symbol: str, right: int) -> Working:
    return Working(person, left, symbol, right, apply(symbol, left, right, story.modulus))


def _carried(story: Story, people: Sequence[str], person: str, changed: Working) -> ModularError:
    values = {who: fact.amount or 0 for who, fact in story.facts.items() if fact.kind == "given"}
    steps = []
    for who in people:
        fact = story.facts[who]
        step = _worked(story, who, *_around(story.operands(fact, values), SYMBOLS[fact.kind]))
        step = changed if who == person else step
        values[who] = step.result
        steps.append(step_text(story, step))
    right = _right_step(story, person)
    explanation = (
        f"{person} has {right.left} {right.symbol} {right.right} ≡ {right.result} modulo {story.modulus}, "
        f"not {changed.left} {changed.symbol} {changed.right} ≡ {changed.result}."
    )
    return ModularError(tuple(steps), people.index(person), values[story.asked], explanation)


def _is_proved(story: Story, error_type: str, error: ModularError) -> bool:
    read = [read_step(text) for text in error.steps]
    if first_wrong_step(story, error.steps) != error.error_step or error.final == story.values()[story.asked]:
        return False
    false = [index for index, step in enumerate(read) if step is None or not step.holds(story.modulus)]
    return false == ([error.error_step] if error_type == CALCULATION else [])
