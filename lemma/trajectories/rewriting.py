"""Find the segments of a trajectory again in a teacher's rewrite of it, and verify that it still says what it has to.

    segments = read_rewrite(erroneous, correction, usable_text(answer))

The text up to and including the first wrong step has to come back word for word: what is known of the error was proven
on it. The reflection goes up to where the correction's first step is found again, by its first equation, else by its
words. Each of the correction's equations has to be there, in order; no equation after the turn may be false, no number
of the correction new. What can't be found or judged for sure is refused by name (`Reason`), never guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lemma.arithmetic.equations import Equation, read_step
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

_BLANK_LINES = re.compile(r"\s*\n\s*")
_SENTENCE_STOP = ".!?:"
_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+")
_CLAUSE = re.compile(r"(?<=[:;,—–])[ \t]+")
_WORD = re.compile(r"\w+(?:[.,]\d+)*|[^\w\s]")
_FORMULA_EDGE = re.compile(r"\$|[,;.!?:](?=\s|$)|\n|(?<![\\A-Za-z])[A-Za-z]{2,}")
_LIKE, _SURELY_LIKER = 0.6, 0.1  # ratios of `difflib`, from 0 to 1

# What an equation says, however it is written: its operands in order of size, and its result. Where it can't be read,
# the formula as it stands.
Key = tuple[tuple[Value, ...], Value] | str


@dataclass(frozen=True, slots=True)
class _Statement:
    """An equation of a text, where it begins, and whether it holds; None where that can't be judged."""

    start: int
    text: str
    key: Key
    holds: bool | None


def read_rewrite(erroneous: ErroneousSolution, correction: Correction, text: str) -> tuple[Segment, ...]:
    """The segments of a rewrite that holds. Raises Refusal naming what is wrong with it (`Reason`)."""
    rest = _BLANK_LINES.sub("\n", _after_opening(erroneous, without_fence(text)).strip())
    refuse_leaks(rest, erroneous.question)
    judged = verdict(erroneous.gold_answer, rest)
    if judged != "equal":
        raise _refused("answer_wrong" if judged == "different" else "answer_unknown", rest[-300:])
    turn = _start_of_correction(correction, rest)
    reflection, corrected = rest[:turn], rest[turn:]
    steps = without_answer_line(split_steps(corrected))
    if any(not without_answer_line(split_steps(line)) for line in corrected.splitlines()[:-1]):
        raise _refused("goes_on_after_answer", corrected)
    _refuse_other_than_reflection(reflection, rest)
    _refuse_what_was_wrong(erroneous, correction, reflection, corrected)
    _refuse_what_does_not_hold(erroneous, correction, reflection, corrected)
    _refuse_new_numbers(erroneous, correction, corrected)
    return (
        *opening(erroneous, correction),
        Segment(kind="reflection", text=reflection),
        Segment(kind="correction", text=solution_text(steps, erroneous.gold_answer)),
    )


def _refused(reason: Reason, detail: str) -> Refusal:
    return Refusal(reason, detail[:300])


def _after_opening(erroneous: ErroneousSolution, text: str) -> str:
    """What comes after the first wrong step. White space apart, the text before it has to be as it was."""
    words = "\n".join(erroneous.steps[: erroneous.error_step + 1]).split()
    kept = re.match(r"\s*" + r"\s+".join(map(re.escape, words)), text)
    rest = "" if kept is None else text[kept.end() :]
    same_line = rest.lstrip(" \t")[:1] not in ("", "\n")
    if kept is None or (same_line and not (words[-1][-1] in _SENTENCE_STOP and rest[0].isspace())):
        raise _refused("opening_changed", text)
    return rest


def _start_of_correction(correction: Correction, rest: str) -> int:
    """Where the correction's first step is said again. Raises Refusal where it is nowhere, or maybe elsewhere."""
    wanted = [statement.key for statement in _statements("\n".join(correction.steps))]
    first = solution_text(correction.steps, correction.final_answer).split("\n")[0]
    places = _places(first, rest)
    if not places:
        raise _refused("correction_not_found", f"{first!r} in: {rest}")
    whole = [place for place in places if _in_order(wanted, _keys(rest[place[1] :]))]
    if not whole:
        raise _refused("equation_lost", f"not all of {correction.steps} in: {rest}")
    (best, start), *others = whole
    if others and best - others[0][0] < _SURELY_LIKER:
        raise _refused("correction_ambiguous", f"{first!r} in: {rest}")
    return start


def _places(first: str, rest: str) -> list[tuple[float, int]]:
    """Where a text may begin that says the same as a correction's first line, with how like it is; the likest first.

    There is one for each place where its first equation comes, or one for each line that is like it in words.
    """
    stated = _statements(first)
    if not stated:
        like = (_likest(first, rest, line.start(), line.end()) for line in re.finditer(r".+", rest))
        return sorted((place for place in like if place[0] >= _LIKE), key=lambda place: -place[0])
    ends = [statement.start for statement in _statements(rest) if statement.key == stated[0].key]
    found = {_likest(first, rest, rest.rfind("\n", 0, end) + 1, end) for end in ends}
    return sorted(found, key=lambda place: -place[0])


def _likest(first: str, rest: str, begin: int, end: int) -> tuple[float, int]:
    """Where in a line, at or before its character `end`, the text begins that is most like another in its words."""
    wanted = _WORD.findall(first.casefold())
    line_end = rest.find("\n", end) if "\n" in rest[end:] else len(rest)
    found = []
    for start in _starts(rest, begin, end):
        words = _WORD.findall(rest[start:line_end].casefold())[: len(wanted)]
        found.append((difflib.SequenceMatcher(None, wanted, words, autojunk=False).ratio(), start))
    return max(found, key=lambda place: (place[0], -place[1]))


def _starts(rest: str, begin: int, end: int) -> Iterator[int]:
    """Where a step may begin in a line: with a sentence, or after a clause that reflects (`No wait, she has 7`)."""
    sentences = [begin, *(match.end() for match in _SENTENCE.finditer(rest, begin, end))]
    yield from sentences
    for clause in _CLAUSE.finditer(rest, begin, end):
        sentence = max(start for start in sentences if start < clause.end())
        if find_reflection(rest[sentence : clause.start()]) is not None:
            yield clause.end()


def _refuse_other_than_reflection(reflection: str, rest: str) -> None:
    if find_reflection(reflection) is None:
        raise _refused("no_reflection", rest)
    if any(not without_answer_line((line,)) for line in reflection.splitlines()):
        raise _refused("repeats_the_error", rest)  # it went on to the wrong answer first


def _refuse_what_was_wrong(
    erroneous: ErroneousSolution, correction: Correction, reflection: str, corrected: str
) -> None:
    """The reflection may quote the wrong step's equations, but not go on from them; the correction may do neither."""
    right = set(_keys("\n".join(correction.steps)))
    wrong, *later_steps = erroneous.steps[erroneous.error_step :]
    of_error, later = (set(_keys(text)) - right for text in (wrong, "\n".join(later_steps)))
    said = {*reflection.splitlines(), *corrected.splitlines()}
    if wrong in said or later & {*_keys(reflection), *_keys(corrected)} or of_error & set(_keys(corrected)):
        raise _refused("repeats_the_error", f"{reflection}{corrected}")


def _refuse_what_does_not_hold(
    erroneous: ErroneousSolution, correction: Correction, reflection: str, corrected: str
) -> None:
    right = set(_keys("\n".join(correction.steps)))
    quoted = set(_keys(erroneous.steps[erroneous.error_step]))
    for text, known in ((reflection, right | quoted), (corrected, right)):
        for statement in _statements(text):
            _refuse_doubtful(statement, known, quoted if text is reflection else ())


def _refuse_doubtful(statement: _Statement, known: Collection[Key], quoted: Collection[Key]) -> None:
    if statement.holds is False and statement.key not in quoted:
        raise _refused("false_equation", statement.text)
    if statement.holds is None and statement.key not in known:
        raise _refused("unclear_equation", statement.text)


def _refuse_new_numbers(erroneous: ErroneousSolution, correction: Correction, corrected: str) -> None:
    """Outside of equations, a correction may only speak of numbers that were there before, or that it works out."""
    before = (erroneous.question, *erroneous.steps[: erroneous.error_step], *correction.steps, erroneous.gold_answer)
    readings = list(map(read_step, corrected.splitlines()))
    known = {number.face for text in before for number in (*find_numbers(text), *read_step(text).mentions)}
    for equation in (equation for reading in readings for equation in reading.equations):
        known |= {number.face for number in (*equation.operands, equation.result)}
    for reading in readings:
        for number in reading.mentions:
            if number.face not in known:
                raise _refused("number_from_nowhere", f"{reading.text[number.start : number.end]} in: {reading.text}")


def _statements(text: str) -> list[_Statement]:
    """The equations of a text, in order; those that can't be read, as they stand."""
    found: list[_Statement] = []
    for line in re.finditer(r".+", text):
        reading = read_step(line.group())
        found += (_of_equation(line.group(), line.start(), equation) for equation in reading.equations)
        found += (_of_formula(line.group(), line.start(), at) for at in reading.unread)
    return sorted(found, key=lambda statement: statement.start)


def _of_equation(line: str, offset: int, equation: Equation) -> _Statement:
    key = (tuple(sorted(equation.operand_values())), equation.result.value)
    start, end = sorted((equation.start, equation.result.start))
    return _Statement(offset + start, line[start : max(equation.end, equation.result.end, end)], key, equation.holds)


def _of_formula(line: str, offset: int, at: int) -> _Statement:
    start = max((edge.end() for edge in _FORMULA_EDGE.finditer(line, 0, at)), default=0)
    edge = _FORMULA_EDGE.search(line, at)
    formula = line[start : edge.start() if edge else len(line)]
    return _Statement(offset + start, formula.strip(), "".join(formula.split()), None)


def _keys(text: str) -> list[Key]:
    return [statement.key for statement in _statements(text)]


def _in_order(wanted: Sequence[Key], said: Sequence[Key]) -> bool:
    """Whether all that is wanted is said, in this order, whatever is said between."""
    remaining: Iterator[Key] = iter(said)
    return all(key in remaining for key in wanted)
