"""Sentences within a trajectory that say whether a step holds, where that is known (S2R, arXiv 2502.12853).

    4 * 8 = 32 apples.
    I checked this step, and it is right.
    32 - 5 = 29 apples.
    Check: not correct.
    Wait, that isn't right.
    32 - 5 = 27 apples.

A step holds if it is one of the reference, one before a proven error, or if each of its equations computes the same
function of the problem's numbers as an equation of the reference. It does not hold if a proof says so, or if an
equation of it is false. The answer of a wrong solution is known to be wrong. Of all else nothing is said. Right and
wrong steps are checked at the same rate and in the same words, so that a check announces nothing.

The phrases are in `prompts/checks/`, by language.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lemma.arithmetic.graph import read_solution
from lemma.arithmetic.numbers import normal
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.locating.explaining import false_equation
from lemma.records import Correction, ErroneousSolution, Segment
from lemma.resources import prompt_files
from lemma.steps import answer_line, states_answer
from lemma.trajectories.languages import UNDETERMINED, language_of
from lemma.trajectories.phrases import Phrases, read_phrases
from lemma.trajectories.rearranging.proof import agree, by_result, meanings

RIGHT_STEP, WRONG_STEP, WRONG_ANSWER = "right_step", "wrong_step", "wrong_answer"


@dataclass(frozen=True)
class Known:
    """The lines of a trajectory that are known to be right, and those that are known to be wrong."""

    right: frozenset[str]
    wrong: frozenset[str]


def known_lines(errors: Sequence[ErroneousSolution], correction: Correction) -> Known:
    """What is known of the steps of these errors of one problem and of a correction for them."""
    first = errors[0]
    kept = first.split[0] if correction.strategy == "fix" else ()
    right = set(first.reference_steps)
    right.update(proven_steps(first, (*kept, *correction.steps)))
    wrong = set[str]()
    for error in errors:
        before, step, _ = error.split
        if error.error_step is None:
            continue
        right.update(before if error.evidence == "proof" else proven_steps(error, before))
        if error.evidence == "proof" or false_equation(step[0]):
            wrong.update(step)
    # A line that is right in one place and wrong in another is not spoken of; neither is one that gives the answer.
    said = {line for line in right - wrong if not states_answer((line,))}
    return Known(frozenset(said), frozenset(wrong - right))


def proven_steps(erroneous: ErroneousSolution, steps: Sequence[str]) -> Iterator[str]:
    """The steps with equations that all compute what an equation of the reference does."""
    gold = exact_value(erroneous.gold_answer)
    if gold is None:
        return
    try:
        reference = by_result(read_solution(erroneous.question, erroneous.reference_steps, normal(gold)))
        found = read_solution(erroneous.question, tuple(steps), normal(gold))
    except Refusal:
        return
    holds: dict[int, bool] = {}
    for equation, meaning, step in zip(found.equations, meanings(found), found.step_of, strict=True):
        known = reference.get(equation.result.face)
        same = equation.holds is not False and known is not None and agree(meaning, known)
        holds[step] = holds.get(step, True) and same
    yield from (steps[step] for step, all_same in holds.items() if all_same and not found.readings[step].unread)


def checked(
    segments: Iterable[Segment], known: Known, wrong_answers: Iterable[str], rate: float, rng: random.Random
) -> tuple[Segment, ...]:
    """The segments with checks in between, each a segment of its own. At this rate, a line that is known to be right
    or wrong is followed by one; so is a whole wrong solution that ends with one of these answers.
    """
    parts = list(segments)
    language = language_of("".join(part.text for part in parts))
    ends = {answer_line(answer) for answer in wrong_answers if answer}
    made: list[Segment] = []
    for part in parts:
        text = ""
        for line in part.text.splitlines(keepends=True):
            text += line
            said = _known_of(part, line, known, ends)
            if said and rng.random() < rate:
                made += [
                    Segment(kind=part.kind, text=text),
                    Segment(kind="check", text=f"{_drawn(said, language, rng)}\n"),
                ]
                text = ""
        if text:
            made.append(Segment(kind=part.kind, text=text))
    return tuple(made)


def _known_of(part: Segment, line: str, known: Known, wrong_answers: set[str]) -> str:
    """Which kind of check may follow a line; empty if none. The last line of all has no end, and no check."""
    text = line.removesuffix("\n")
    if text == line:
        return ""
    if part.kind in ("prefix", "correction"):
        return RIGHT_STEP if text in known.right else ""
    if part.kind != "error":
        return ""
    if text in wrong_answers:
        return WRONG_ANSWER
    return WRONG_STEP if line == part.text and text in known.wrong else ""


def _drawn(name: str, language: str, rng: random.Random) -> str:
    phrases = load_checks()
    return rng.choice(phrases.of(name, language) or phrases.of(name, UNDETERMINED)).text


def load_checks() -> Phrases:
    """The phrases, by what they say. Raises ConfigError, with file and field, if a file holds no phrases."""
    return _read_once(tuple(prompt_files("checks/*.yaml")))


@cache
def _read_once(files: tuple[Path, ...]) -> Phrases:
    return read_phrases(files, needed=RIGHT_STEP)
