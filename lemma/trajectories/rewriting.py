"""Find the segments of a trajectory in a teacher's rewrite, and verify that the rewrite still says the same.

    segments = read_rewrite(erroneous, correction, usable_text(answer))

The text up to and including the first wrong step has to be repeated word for word, because the error was proven on it.
The reflection ends where the correction's first step is found again, by its first equation, or by its words if it has
none. All of the correction's equations have to follow, in order. No equation after the turn may be false, and the
correction may use no new number. If something cannot be found or judged with certainty, the rewrite is refused with a
reason (`Reason`); nothing is guessed.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.numbers import Value, find_numbers
from lemma.exceptions import Refusal
from lemma.grading.verdict import verdict
from lemma.locating.judge import without_fence
from lemma.records import Correction, ErroneousSolution, Segment
from lemma.steps import solution_text, split_steps, without_answer_line
from lemma.trajectories.detection import find_reflection
from lemma.trajectories.joining import opening
from lemma.trajectories.leaks import refuse_leaks

Reason = Literal[
    "opening_changed",
    "leaks",
    "answer_wrong",
    "answer_unknown",
    "correction_not_found",
    "correction_ambiguous",
    "goes_on_after_answer",
    "no_reflection",
    "repeats_the_error",
    "false_equation",
    "unclear_equation",
    "equation_lost",
    "number_from_nowhere",
]

_SENTENCE_STOP = ".!?:"
_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+")
_CLAUSE = re.compile(r"(?<=[:;,—–])[ \t]+")
_WORD = re.compile(r"\w+(?:[.,]\d+)*|[^\w\s]")
_FORMULA_EDGE = re.compile(r"\$|[,;.!?:](?=\s|$)|\n|(?<![\\A-Za-z])[A-Za-z]{2,}")
_SIMILAR, _CLEARLY_MORE_SIMILAR = 0.6, 0.1  # ratios of `difflib`, from 0 to 1

# What an equation says, however it is written: its operands in order of size, and its result. If it cannot be read, the
# formula as it is written.
Key = tuple[tuple[Value, ...], Value] | str


@dataclass(frozen=True, slots=True)
class _Statement:
    """An equation of a text, where it starts, and whether it holds; None if that cannot be judged."""

    start: int
    text: str
    key: Key
    holds: bool | None


def read_rewrite(erroneous: ErroneousSolution, correction: Correction, text: str) -> tuple[Segment, ...]:
    """The segments of a rewrite. Raises Refusal if it does not hold up, with the reason (`Reason`)."""
    lines = _after_opening(erroneous, without_fence(text)).strip().split("\n")
    rest = "\n".join(line.strip() for line in lines if line.strip())
    refuse_leaks(rest, erroneous.question)
    judged = verdict(erroneous.gold_answer, rest)
    if judged != "equal":
        raise _refused("answer_wrong" if judged == "different" else "answer_unknown", rest[-300:])
    turn = _start_of_correction(correction, rest)
    reflection, corrected = rest[:turn], rest[turn:]
    steps = without_answer_line(split_steps(corrected))
    if any(not without_answer_line(split_steps(line)) for line in corrected.splitlines()[:-1]):
        raise _refused("goes_on_after_answer", corrected)
    if find_reflection(reflection) is None:
        raise _refused("no_reflection", rest)
    if any(not without_answer_line((line,)) for line in reflection.splitlines()):
        raise _refused("repeats_the_error", rest)  # it continued to the wrong answer first
    _refuse_wrong_equations(erroneous, correction, reflection, corrected)
    _refuse_new_numbers(erroneous, correction, corrected)
    return (
        *opening(erroneous, correction),
        Segment(kind="reflection", text=reflection),
        Segment(kind="correction", text=solution_text(steps, erroneous.gold_answer)),
    )


def _refused(reason: Reason, detail: str) -> Refusal:
    return Refusal(reason, detail[:300])


def _after_opening(erroneous: ErroneousSolution, text: str) -> str:
    """The text after the first wrong step. The text before it has to be unchanged, apart from white space."""
    words = "\n".join(erroneous.steps[: erroneous.located_step + 1]).split()
    kept = re.match(r"\s*" + r"\s+".join(map(re.escape, words)), text)
    rest = "" if kept is None else text[kept.end() :]
    same_line = rest.lstrip(" \t")[:1] not in ("", "\n")
    if kept is None or (same_line and not (words[-1][-1] in _SENTENCE_STOP and rest[0].isspace())):
        raise _refused("opening_changed", text)
    return rest


def _start_of_correction(correction: Correction, rest: str) -> int:
    """Where the correction's first step is found again. Raises Refusal if it is not found, or in several places."""
    wanted = [statement.key for statement in _statements("\n".join(correction.steps))]
    first = solution_text(correction.steps, correction.final_answer).split("\n")[0]
    places = _places(first, rest)
    if not places:
        raise _refused("correction_not_found", f"{first!r} in: {rest}")
    complete = []
    for place in places:
        # All of the correction's equations have to come after the place, in order, whatever is said in between.
        remaining = iter(_keys(rest[place[1] :]))
        if all(key in remaining for key in wanted):
            complete.append(place)
    if not complete:
        raise _refused("equation_lost", f"not all of {correction.steps} in: {rest}")
    (best, start), *others = complete
    if others and best - others[0][0] < _CLEARLY_MORE_SIMILAR:
        raise _refused("correction_ambiguous", f"{first!r} in: {rest}")
    return start


def _places(first: str, rest: str) -> list[tuple[float, int]]:
    """Where a text may start that says the same as a correction's first line, with similarity scores, best first.

    There is one per occurrence of its first equation; if it has no equation, one per line with similar words.
    """
    stated = _statements(first)
    if not stated:
        similar = (_most_similar(first, rest, line.start(), line.end()) for line in re.finditer(r".+", rest))
        return sorted((place for place in similar if place[0] >= _SIMILAR), key=lambda place: -place[0])
    ends = [statement.start for statement in _statements(rest) if statement.key == stated[0].key]
    found = {_most_similar(first, rest, rest.rfind("\n", 0, end) + 1, end) for end in ends}
    return sorted(found, key=lambda place: -place[0])


def _most_similar(first: str, rest: str, begin: int, end: int) -> tuple[float, int]:
    """Where in a line, at or before its character `end`, the text starts whose words are most similar to `first`.

    A step may start with a sentence, or after a clause that reflects (`No wait, she has 7`).
    """
    sentences = [begin, *(match.end() for match in _SENTENCE.finditer(rest, begin, end))]
    starts = list(sentences)
    for clause in _CLAUSE.finditer(rest, begin, end):
        sentence = max(start for start in sentences if start < clause.end())
        if find_reflection(rest[sentence : clause.start()]) is not None:
            starts.append(clause.end())
    wanted = _WORD.findall(first.casefold())
    line_end = rest.find("\n", end) if "\n" in rest[end:] else len(rest)
    found = []
    for start in starts:
        words = _WORD.findall(rest[start:line_end].casefold())[: len(wanted)]
        found.append((difflib.SequenceMatcher(None, wanted, words, autojunk=False).ratio(), start))
    return max(found, key=lambda place: (place[0], -place[1]))


def _refuse_wrong_equations(
    erroneous: ErroneousSolution, correction: Correction, reflection: str, corrected: str
) -> None:
    """Raises Refusal if the rewrite builds on the wrong solution, or states an equation that is not known to hold.

    The reflection may quote the equations of the wrong step, but not continue from them; the correction may do neither.
    """
    right = set(_keys("\n".join(correction.steps)))
    wrong, *later_steps = erroneous.steps[erroneous.located_step :]
    quoted, later = set(_keys(wrong)), set(_keys("\n".join(later_steps))) - right
    said = {*reflection.splitlines(), *corrected.splitlines()}
    repeated = later & {*_keys(reflection), *_keys(corrected)} or (quoted - right) & set(_keys(corrected))
    if wrong in said or repeated:
        raise _refused("repeats_the_error", f"{reflection}{corrected}")
    for text, may_be_quoted in ((reflection, quoted), (corrected, set[Key]())):
        for statement in _statements(text):
            if statement.holds is False and statement.key not in may_be_quoted:
                raise _refused("false_equation", statement.text)
            if statement.holds is None and statement.key not in right | may_be_quoted:
                raise _refused("unclear_equation", statement.text)


def _refuse_new_numbers(erroneous: ErroneousSolution, correction: Correction, corrected: str) -> None:
    """Raises Refusal if a correction, outside of equations, mentions a number not given or computed before."""
    before = (erroneous.question, *erroneous.steps[: erroneous.located_step], *correction.steps, erroneous.gold_answer)
    readings = list(map(read_step, corrected.splitlines()))
    known = {number.face for text in before for number in (*find_numbers(text), *read_step(text).mentions)}
    for equation in (equation for reading in readings for equation in reading.equations):
        known |= {number.face for number in (*equation.operands, equation.result)}
    for reading in readings:
        for number in reading.mentions:
            if number.face not in known:
                raise _refused("number_from_nowhere", f"{reading.text[number.start : number.end]} in: {reading.text}")


def _statements(text: str) -> list[_Statement]:
    """The equations of a text, in order; those that cannot be read, as they are written."""
    found: list[_Statement] = []
    for match in re.finditer(r".+", text):
        line, offset = match.group(), match.start()
        reading = read_step(line)
        for equation in reading.equations:
            key = (tuple(sorted(equation.operand_values())), equation.result.value)
            # An equation may be written either way round: `12 = 3 * 4`.
            start, end = sorted((equation.start, equation.result.start))
            written = line[start : max(equation.end, equation.result.end, end)]
            found.append(_Statement(offset + start, written, key, equation.holds))
        for at in reading.unread:
            start = max((edge.end() for edge in _FORMULA_EDGE.finditer(line, 0, at)), default=0)
            edge = _FORMULA_EDGE.search(line, at)
            formula = line[start : edge.start() if edge else len(line)]
            found.append(_Statement(offset + start, formula.strip(), "".join(formula.split()), None))
    return sorted(found, key=lambda statement: statement.start)


def _keys(text: str) -> list[Key]:
    return [statement.key for statement in _statements(text)]
