"""A story as people read it: the question, and the solution in GSM8K's annotated form.

>>> story = Story("pens", {"Ada": Fact("given", (), 5), "Ben": Fact("more", ("Ada",), 3)}, "Ben")
>>> question_text(story, ["Ada", "Ben"])
'Ada has 5 pens. Ben has 3 more pens than Ada. How many pens does Ben have?'
>>> solution_steps(story)
['Ben has 5 + 3 = <<5+3=8>>8 pens.']
"""

from __future__ import annotations

from collections.abc import Sequence

from lemma.generation.stories import SYMBOLS, Fact, Story, Working


def question_text(story: Story, order: Sequence[str]) -> str:
    """The question, its facts in the given order of persons."""
    sentences = [_sentence(person, story.facts[person], story.thing) for person in order]
    if story.modulus:
        sentences.insert(0, f"All numbers count modulo {story.modulus}.")
    return " ".join([*sentences, f"How many {story.thing} does {story.asked} have?"])


def _sentence(person: str, fact: Fact, thing: str) -> str:
    if fact.kind == "given":
        return f"{person} has {fact.amount} {thing}."
    if fact.kind == "sum":
        return f"{person} has as many {thing} as {fact.sources[0]} and {fact.sources[1]} together."
    if fact.kind == "times":
        return f"{person} has {fact.amount} times as many {thing} as {fact.sources[0]}."
    return f"{person} has {fact.amount} {fact.kind} {thing} than {fact.sources[0]}."


def solution_steps(story: Story) -> list[str]:
    """One step for each operation that the answer needs, in the story's order."""
    values = story.values()
    steps = []
    for person in story.needed():
        fact = story.facts[person]
        left, right = story.operands(fact, values)
        steps.append(step_text(story, Working(person, left, SYMBOLS[fact.kind], right, values[person])))
    return steps


def step_text(story: Story, step: Working) -> str:
    """One step. Equality modulo a prime is written as congruence, so that no reader takes it for plain arithmetic."""
    sign, modulo = ("≡", f" mod {story.modulus}") if story.modulus else ("=", "")
    annotation = f"<<{step.left}{step.symbol}{step.right}{sign}{step.result}{modulo}>>"
    return f"{step.person} has {step.left} {step.symbol} {step.right} {sign} {annotation}{step.result} {story.thing}."
