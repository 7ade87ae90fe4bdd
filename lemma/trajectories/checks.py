"""Sentences within a trajectory that say whether a step holds, where that is known (S2R, arXiv 2502.12853).

    4 * 8 = 32 apples.
    Check: correct.
    32 - 5 = 29 apples.
    Check: not correct.
    Wait, that isn't right.
    32 - 5 = 27 apples.

A step holds if it is one of the reference, or one before a proven error; it does not if a proof says so. Of a step in
the student's own words, only its calculation is spoken of: it is right if each of its equations computes the same
function of the problem's numbers as an equation of the reference, and wrong if an equation is false. The answer of a
wrong solution is known to be wrong. Of all else nothing is said. Right and wrong steps are checked at the same rate and
in words that begin alike, so that a check announces nothing.

The phrases are in `prompts/checks/`, by language.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from lemma.arithmetic.graph import read_solution
from lemma.arithmetic.numbers import normal
from lemma.exceptions import Refusal
from lemma.grading.verdict import exact_value
from lemma.locating.explaining import false_equation
from lemma.records import Correction, ErroneousSolution, Segment
from lemma.resources import prompt_files
from lemma.steps import answer_line
from lemma.trajectories.languages import UNDETERMINED, language_of
from lemma.trajectories.phrases import Phrases, read_phrases
from lemma.trajectories.rearranging.proof import agree, by_result, meanings

RIGHT_STEP, WRONG_STEP, WRONG_ANSWER = "right_step", "wrong_step", "wrong_answer"
RIGHT_CALCULATION, WRONG_CALCULATION = "right_calculation", "wrong_calculation"
RIGHT, DOUBTS = (RIGHT_STEP, RIGHT_CALCULATION), (WRONG_STEP, WRONG_CALCULATION, WRONG_ANSWER)


def known_lines(errors: Sequence[ErroneousSolution], correction: Correction) -> dict[str, str]:
    """What can be said of the steps of these errors of one problem, and of a correction for them: the name of a file of
    phrases, by the step. Nothing is said of a step that is right in one place and wrong in another.
    """
    first = errors[0]
    kept = first.split[0] if correction.strategy == "fix" else ()
    right = dict.fromkeys(proven_steps(first, (*kept, *correction.steps)), RIGHT_CALCULATION)
    wrong: dict[str, str] = {}
    for error in errors:
        before, step, _ = error.split
        if error.evidence == "proof":
            right |= dict.fromkeys(before, RIGHT_STEP)
            wrong |= dict.fromkeys(step, WRONG_STEP)
        elif error.error_step is not None:
            right |= dict.fromkeys(proven_steps(error, before), RIGHT_CALCULATION)
            wrong |= {step[0]: WRONG_CALCULATION} if false_equation(step[0]) else {}
    right |= dict.fromkeys(first.reference_steps, RIGHT_STEP)
    doubtful = right.keys() & wrong.keys()
    return {line: name for line, name in {**right, **wrong}.items() if line not in doubtful and "\\boxed" not in line}


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
    segments: Iterable[Segment],
    known: Mapping[str, str],
    wrong_answers: Iterable[str],
    rate: float,
    rng: random.Random,
) -> tuple[Segment, ...]:
    """The segments with checks in between, each a segment of its own. At this rate, a line that is `known` to be right
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
            said = _said_of(part, line, known, ends)
            if said and rng.random() < rate:
                check = Segment(kind="check", text=f"{draw_check(said, language, rng)}\n")
                made += [Segment(kind=part.kind, text=text), check]
                text = ""
        if text:
            made.append(Segment(kind=part.kind, text=text))
    return tuple(made)


def _said_of(part: Segment, line: str, known: Mapping[str, str], wrong_answers: set[str]) -> str:
    """Which phrases may follow a line; empty if none. The last line of all has no end, and no check."""
    text = line.removesuffix("\n")
    name = known.get(text, "")
    if text == line:
        return ""
    if part.kind in ("prefix", "correction"):
        return name if name in RIGHT else ""
    if part.kind != "error":
        return ""
    if text in wrong_answers:
        return WRONG_ANSWER
    return name if line == part.text and name in DOUBTS else ""


def draw_check(name: str, language: str, rng: random.Random) -> str:
    """A sentence of one of the files, by its name."""
    phrases = load_checks()
    return rng.choice(phrases.of(name, language) or phrases.of(name, UNDETERMINED)).text


def load_checks() -> Phrases:
    """The phrases, by what they say. Raises ConfigError, with file and field, if a file holds no phrases."""
    return _read_once(tuple(prompt_files("checks/*.yaml")))


@cache
def _read_once(files: tuple[Path, ...]) -> Phrases:
    return read_phrases(files, needed=RIGHT_STEP)
