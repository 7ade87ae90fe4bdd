"""Right solutions as corrections of a wrong one: what they have to hold, and where one continues a right prefix.

>>> continued("Ann has 3 boxes of 8 pens and 4 more.", "28", ("8 * 3 = 24",), ("3 * 8 = 24", "24 + 4 = 28"))
('24 + 4 = 28',)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lemma.arithmetic.equations import read_step
from lemma.arithmetic.graph import SolutionGraph, read_solution
from lemma.arithmetic.numbers import Value, normal
from lemma.exceptions import Refusal
from lemma.generation.reading import first_wrong_step, read_story
from lemma.grading.verdict import exact_value
from lemma.records import ErroneousSolution
from lemma.steps import without_annotations
from lemma.trajectories.rearranging.proof import agree, by_result, meanings
from lemma.trajectories.rearranging.wording import check_continuation, refers_back

_WORD = re.compile(r"\w+|[^\w\s]")
_UNKNOWN = re.compile(r"(?<![A-Za-z'’])(?![aAI](?![A-Za-z]))[A-Za-z](?![A-Za-z'’])")
_TIMES = re.compile(r"(?<=[\w)%]) ?[xX] ?(?=[$(\d.])")


def check_steps(erroneous: ErroneousSolution, steps: Sequence[str]) -> None:
    """Check the steps of a correction. Raises Refusal if there are none, if they have the wrong step, or if an equation
    of theirs is false.
    """
    if not steps:
        raise Refusal("no_steps")
    if erroneous.error_step is not None and erroneous.steps[erroneous.error_step] in steps:
        raise Refusal("repeats_the_error", erroneous.steps[erroneous.error_step])
    for step in steps:
        if any(equation.holds is False for equation in read_step(step).equations):
            raise Refusal("false_equation", step)


def check_fix(erroneous: ErroneousSolution, steps: Sequence[str]) -> None:
    """Check that the fix of a student's error works out something else than its first wrong step. If it is the same,
    in other words, either the step that was located is not the wrong one, or nothing tells what is wrong with it.

    Raises Refusal if the first step has all equations of the wrong one.
    """
    if erroneous.origin != "student" or not steps:
        return
    wrong, right = (_equations(step) for step in (erroneous.steps[erroneous.located_step], steps[0]))
    if wrong and wrong <= right:
        raise Refusal("repeats_the_error", f"{steps[0]} has the equation of {erroneous.steps[erroneous.located_step]}")


def _equations(step: str) -> set[tuple[str, Value]]:
    """The equations of a step, as the text of their expressions, without spaces, and their results."""
    return {
        (re.sub(r"[\s$,]", "", step[equation.start : equation.end]), equation.result.value)
        for equation in read_step(step).equations
        if equation.visible
    }


@lru_cache(maxsize=1024)
def check_reasoning(question: str, gold_answer: str, reference: tuple[str, ...], steps: tuple[str, ...]) -> None:
    """Check that a solution with the right answer is not right by chance: its answer has to be the same function of the
    problem's numbers as that of the reference. What can't be read in the reference is not checked. Equations don't say
    whose quantity a step works out; the story of a generated problem does.

    Raises Refusal, as `unproven_reasoning` if it is another function.
    """
    if (wrong := _wrong_by_story(question, steps)) is not None:
        raise Refusal("unproven_reasoning", f"the story proves that this step is wrong: {wrong}")
    gold = exact_value(gold_answer)
    if gold is None:
        return
    try:
        proven = read_solution(question, reference, normal(gold))
    except Refusal:
        return
    if proven.final is None:
        return
    found = read_solution(question, steps, normal(gold))
    if found.final is None:
        raise Refusal("answer_not_computed", "no equation of the solution has the gold answer")
    if not agree(meanings(found)[found.final], meanings(proven)[proven.final]):
        raise Refusal("unproven_reasoning", "the answer is computed in another way than in the reference")


def is_proven(question: str, gold_answer: str, reference: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    """Whether a solution can be called right: its answer and all that the reference works out on the way are the same
    functions of the problem's numbers, and no equation of it is false. What can't be read is not proven.
    """
    gold = exact_value(gold_answer)
    try:
        if gold is None or _wrong_by_story(question, steps) is not None:
            return False
        proven = read_solution(question, reference, normal(gold))
        found = read_solution(question, steps, normal(gold))
    except Refusal:
        return False
    if proven.final is None or found.final is None:
        return False
    here, there = by_result(proven), by_result(found)
    same = all(value in there and agree(meaning, there[value]) for value, meaning in here.items())
    return same and all(equation.holds is not False for step in steps for equation in read_step(step).equations)


def _wrong_by_story(question: str, steps: Sequence[str]) -> str | None:
    """The first step that the story of a generated problem proves wrong."""
    story = read_story(question)
    wrong = None if story is None else first_wrong_step(story, list(map(without_annotations, steps)))
    return None if wrong is None else steps[wrong]


def is_another(steps: Sequence[str], others: Iterable[Sequence[str]]) -> bool:
    """Whether a solution is told otherwise than all the others, apart from capitals, blanks and signs."""
    words = _words(steps)
    return all(words != _words(other) for other in others)


def _words(steps: Sequence[str]) -> list[str]:
    return [word for word in _WORD.findall(" ".join(steps).lower()) if word not in ".,;:!"]


def continued(question: str, gold_answer: str, prefix: Sequence[str], solution: Sequence[str]) -> tuple[str, ...]:
    """The steps of a right solution that continue from a prefix: those behind what the prefix has worked out.

    Raises Refusal if the solution does not begin with the same results of the same numbers, if it needs a value that
    neither the question nor the prefix has, or if its words would mean something else behind the prefix.
    """
    if not prefix:
        return tuple(solution)
    gold = exact_value(gold_answer)
    if gold is None:
        raise Refusal("answer_not_numeric", f"the gold answer {gold_answer[:80]!r} is not a number")
    whole, begun = (read_solution(question, steps, normal(gold)) for steps in (solution, prefix))
    cut = _end_of_beginning(whole, begun)
    rest = tuple(solution[cut:])
    _check_words(question, prefix, solution, cut)
    joined = read_solution(question, (*prefix, *rest), normal(gold))
    if joined.final is None:
        raise Refusal("answer_not_computed")
    for index, (equation, links) in enumerate(zip(joined.equations, joined.operand_links, strict=True)):
        for operand, link in zip(equation.operands, links, strict=True):
            if joined.step_of[index] >= len(prefix) and not link.known:
                raise Refusal("number_from_nowhere", f"{operand.face} in {joined.steps[joined.step_of[index]]!r}")
    known = {mention.number.face for mention in whole.mentions if mention.link.known}
    for mention in joined.mentions:
        if mention.step >= len(prefix) and not mention.link.known and mention.number.face in known:
            raise Refusal("number_from_nowhere", f"{mention.number.face} in {joined.steps[mention.step]!r}")
    before, after = by_result(whole), by_result(joined)
    if not all(agree(before[value], after[value]) for value in before.keys() & after.keys()):
        raise Refusal("computes_something_else")
    return rest


def _end_of_beginning(whole: SolutionGraph, begun: SolutionGraph) -> int:
    """How many steps of a solution do what a prefix has done. Raises Refusal if the prefix has done something else."""
    done, ahead = by_result(begun), meanings(whole)
    cut, found = 0, set[Value]()
    for step, reading in enumerate(whole.readings):
        here = [index for index, of in enumerate(whole.step_of) if of == step]
        values = [whole.equations[index].result.face for index in here]
        if not all(
            agree(ahead[index], done.get(value, frozenset())) for index, value in zip(here, values, strict=True)
        ):
            break
        if reading.equations:
            cut = step + 1
            found.update(values)
    missing = set(done) - found
    if missing:
        raise Refusal("other_beginning", f"{', '.join(map(str, sorted(missing)))} is not what it works out first")
    return cut


def _check_words(question: str, prefix: Sequence[str], solution: Sequence[str], cut: int) -> None:
    """Check that the first step behind a prefix means the same there. Raises Refusal if that is in doubt."""
    rest = solution[cut:]
    if cut and any("\\" in step or _UNKNOWN.search(_TIMES.sub(" * ", step)) for step in rest):
        raise Refusal("letters", "they may stand for what an earlier step says")
    if not rest or not cut:
        return
    here, there = ({one.result.face for one in read_step(step).equations} for step in (prefix[-1], solution[cut - 1]))
    if refers_back(rest[0]) and here != there:
        raise Refusal("reference_word", rest[0])
    check_continuation(question, solution, cut, prefix)
