"""Suite `recovery`: what a model does after a prefix that ends in a wrong step, injected or its own.

Injected errors are new symbolic ones, of every type. Own errors are the first wrong steps of the model's drawn samples,
if they can be proved, whatever became of them afterwards: taking only those of failed solutions would select errors
known to be missed. The control is the same problem with a right prefix of the same length. Models trained on injected
errors lack recovery from their own (arXiv 2512.02389), so the gap between the two is reported.

Whether a model can repair a step once it looks again is measured apart from whether it looks again by itself: a
reflection is put behind its own wrong steps, and behind right ones. It may then write the same wrong step again, a
right one, or take back what was right.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lemma.evaluation.figures import Figure, counts_of, fact, is_right, of_shares, share_of, under
from lemma.evaluation.outputs import Condition, first_wrong_step
from lemma.generation.reading import is_right as is_right_step
from lemma.generation.reading import read_step, read_story
from lemma.steps import split_steps
from lemma.trajectories.detection import find_reflection
from lemma.trajectories.phrases import choose_phrase, is_numbered, load_phrases

WRONG_PREFIXES: tuple[Condition, ...] = ("injected", "own")
FORCED: tuple[Condition, ...] = ("own_forced", "right_forced")
_RIGHT_PREFIX: tuple[Condition, ...] = ("right_prefix",)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Prefix:
    """The beginning of a solution, for a model to continue. For a wrong one, `right_step` is what its last step should
    have been, if that is known. A forced `reflection` comes after the steps.
    """

    condition: Condition
    steps: tuple[str, ...]
    error_type: str | None = None
    right_step: str | None = None
    reflection: str = ""

    @property
    def given(self) -> tuple[str, ...]:
        """The lines that the model continues."""
        return (*self.steps, self.reflection) if self.reflection else self.steps

    @property
    def last(self) -> str:
        """The last step, which is the wrong one in a wrong prefix."""
        return self.steps[-1]


def own_prefixes(question: str, reference: Sequence[str], samples: Sequence[str]) -> Iterator[Prefix]:
    """Prefixes that end in the first wrong step of a sample, each once."""
    seen = set()
    for text in samples:
        turn = find_reflection(text)
        steps = split_steps(text if turn is None else text[: turn.start])
        wrong = first_wrong_step(question, steps)
        if wrong is None or steps[: wrong + 1] in seen:
            continue
        seen.add(steps[: wrong + 1])
        yield Prefix("own", steps[: wrong + 1], None, _counterpart(steps[wrong], reference))


def _counterpart(wrong: str, reference: Sequence[str]) -> str | None:
    """The one step of the reference that begins as a wrong step does, up to its first number; None if not unique."""
    opening = _NUMBER.split(wrong, maxsplit=1)[0]
    alike = [step for step in reference if opening.strip() and _NUMBER.split(step, maxsplit=1)[0] == opening]
    return alike[0] if len(alike) == 1 else None


def forced(prefix: Prefix, rng: random.Random) -> Prefix:
    """The same prefix with a reflection behind it, one of those that doubt a calculation."""
    number = len(prefix.steps)
    numbered = is_numbered(prefix.steps[-1], number)
    phrases = load_phrases("fix")
    reflection = choose_phrase(phrases, "", "calc", mode="typed", rng=rng, step_number=number, numbered=numbered)
    condition: Condition = "right_forced" if prefix.condition == "right_prefix" else "own_forced"
    return replace(prefix, condition=condition, reflection=reflection)


def forced_facts(question: str, prefix: Prefix, output: str) -> dict[str, float]:
    """What comes after a forced reflection.

    `parroted`: the next step is the last one again. `next_right`: the next step is right, if that can be told: from the
    story of a generated problem, else from the result that the last step has or should have had.
    """
    after = split_steps(output)
    facts = {"parroted": float(bool(after) and _repeats(prefix.last, after[0]))}
    right = prefix.last if prefix.condition == "right_forced" else prefix.right_step
    story = read_story(question)
    if story is not None:
        step = read_step(after[0]) if after else None
        facts["next_right"] = float(step is not None and is_right_step(story, step))
    elif right is not None:
        facts["next_right"] = float(bool(after) and _result(after[0]) == _result(right))
    return facts


def recovery_facts(prefix: Prefix, output: str) -> dict[str, float]:
    """What an output did about the prefix that it was given.

    `recognized`: it reflects before it writes another step. `corrected`, of those that did: a later step has the result
    that the wrong one should have had. `parroted`: the next step after any reflection repeats the wrong one or its
    result.
    """
    turn = find_reflection(output)
    recognized = turn is not None and not output[: turn.start].strip()
    facts = {"recognized": float(recognized)}
    if prefix.condition == "right_prefix":
        return facts
    after = split_steps(output[turn.end :] if turn is not None and recognized else output)
    wrong = _result(prefix.last)
    facts["parroted"] = float(bool(after) and _repeats(prefix.last, after[0]))
    if recognized and prefix.right_step is not None and _result(prefix.right_step) != wrong:
        facts["corrected"] = float(any(_result(step) == _result(prefix.right_step) for step in after))
    return facts


def _repeats(wrong: str, step: str) -> bool:
    """Whether a step says the same as a wrong one, or computes the same thing with the same wrong result."""
    if step.lower().split() == wrong.lower().split():
        return True
    opening = _NUMBER.split(wrong, maxsplit=1)[0].strip()
    return bool(opening) and step.startswith(opening) and _result(step) == _result(wrong)


def _result(step: str) -> str | None:
    numbers = _NUMBER.findall(step)
    return numbers[-1] if numbers else None


def _figures() -> Iterator[Figure]:
    breakdowns = {"injected": ("error_type", "steps"), "own": ("steps",)}
    recognized = fact("recognized")
    for condition in WRONG_PREFIXES:
        only, by = (condition,), breakdowns[condition]
        yield share_of(f"{condition}_recognized", f"{condition}: recognized", only, recognized, by)
        yield share_of(f"{condition}_corrected", f"{condition}: corrected, if recognized", only, fact("corrected"), by)
        yield share_of(f"{condition}_repeated", f"{condition}: error repeated", only, fact("parroted"))
        yield share_of(f"{condition}_right", f"{condition}: right in the end", only, is_right, by)
    yield share_of("right_prefix_right", "right prefix: right in the end", _RIGHT_PREFIX, is_right, ("steps",))
    yield share_of("right_prefix_reflection", "right prefix: false reflection", _RIGHT_PREFIX, recognized, ("steps",))
    for condition, label in zip(FORCED, ("own, reflection forced", "right prefix, reflection forced"), strict=True):
        only = (condition,)
        yield share_of(f"{condition}_repeated", f"{label}: same step again", only, fact("parroted"))
        yield share_of(f"{condition}_next_right", f"{label}: next step right", only, fact("next_right"))
        yield share_of(f"{condition}_right", f"{label}: right in the end", only, is_right)
    for name, label, part in (
        ("gap_recognized", "injected - own: recognized", recognized),
        ("gap_right", "injected - own: right in the end", is_right),
    ):
        terms = counts_of(*(under((condition,), part) for condition in WRONG_PREFIXES))
        yield Figure(name, label, WRONG_PREFIXES, terms, of_shares(np.subtract), 4)


FIGURES = tuple(_figures())
