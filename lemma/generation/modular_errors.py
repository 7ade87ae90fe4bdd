"""Typed errors in solutions modulo a prime, where plain arithmetic proves nothing.

One thing is changed in one step and carried through the later ones modulo the prime. What comes out is read again from
its text and proved by recomputing everything: the steps before are right, the changed one is the first wrong one,
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
    # The facts in the order of the solution's steps, unless a step comes before what it needs.
    worked_out = [step.person for text in steps if (step := read_step(text)) is not None]
    givens = [person for person, fact in story.facts.items() if fact.kind == "given"]
    people = list(dict.fromkeys([*givens, *worked_out, *story.facts]))
    if any(not set(story.facts[person].sources) <= set(people[:place]) for place, person in enumerate(people)):
        return None
    ordered = replace(story, facts={person: story.facts[person] for person in people})
    return ModularSolution(ordered, written, steps)


@dataclass(frozen=True)
class ModularError:
    """A wrong solution, with annotations in its steps."""

    steps: tuple[str, ...]
    error_step: int
    final: int
    explanation: str


def propose(story: Story, error_type: str, rng: random.Random) -> Iterator[ModularError]:
    """The proven errors of one type, in random order; none for a type that these solutions have no place for."""
    people, change = story.needed(), _CHANGES.get(error_type)
    changes = [(person, changed) for person in people for changed in change(story, person)] if change else []
    rng.shuffle(changes)
    for person, changed in changes:
        error = _carried(story, people, person, changed)
        false = [
            index
            for index, step in enumerate(map(read_step, error.steps))
            if step is None or not step.holds(story.modulus)
        ]
        # Read again from its text: nothing before is wrong, and only a calculation error has a false equation.
        is_first = first_wrong_step(story, error.steps) == error.error_step
        as_defined = false == ([error.error_step] if error_type == CALCULATION else [])
        if is_first and as_defined and error.final != story.values()[story.asked]:
            yield error


def _right_step(story: Story, person: str) -> Working:
    fact, values = story.facts[person], story.values()
    left, right = story.operands(fact, values)
    return Working(person, left, SYMBOLS[fact.kind], right, values[person])


def _worked(story: Story, person: str, left: int, symbol: str, right: int) -> Working:
    return Working(person, left, symbol, right, apply(symbol, left, right, story.modulus))


def _wrong_results(story: Story, person: str) -> Iterator[Working]:
    right = _right_step(story, person)
    for result in range(story.modulus or 0):
        if result != right.result:
            yield replace(right, result=result)


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


_CHANGES = {
    CALCULATION: _wrong_results,
    "operator_error": _wrong_operators,
    "context_value_error": _misquoted_amounts,
    "previous_step_value_error": _misquoted_results,
}


def _carried(story: Story, people: Sequence[str], person: str, changed: Working) -> ModularError:
    values = {who: fact.amount or 0 for who, fact in story.facts.items() if fact.kind == "given"}
    steps = []
    for who in people:
        fact = story.facts[who]
        left, other = story.operands(fact, values)
        step = changed if who == person else _worked(story, who, left, SYMBOLS[fact.kind], other)
        values[who] = step.result
        steps.append(step_text(story, step))
    right = _right_step(story, person)
    explanation = (
        f"{person} has {right.left} {right.symbol} {right.right} ≡ {right.result} modulo {story.modulus}, "
        f"not {changed.left} {changed.symbol} {changed.right} ≡ {changed.result}."
    )
    return ModularError(tuple(steps), people.index(person), values[story.asked], explanation)
