"""One graded output of a model: what it was given, what it wrote, and everything that could be determined about it.

Grades are `right`, `wrong`, `none` (no answer in it, or cut off before one: counts as wrong) and `unknown` (there is an
answer, but it could not be compared: counts neither as right nor as wrong). The grade of a solution before a reflection
comes from the answer it had stated by then, else from its steps if they can be proved right or wrong, else it is
`unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from lemma.arithmetic.equations import read_step as read_equations
from lemma.generation.reading import first_wrong_step as first_wrong_step_of_story
from lemma.generation.reading import is_right, read_step, read_story
from lemma.grading.verdict import extract_answer, is_no_gold_answer, verdict
from lemma.records import Problem, Record
from lemma.steps import split_steps
from lemma.trajectories.checks import RIGHT, load_checks
from lemma.trajectories.detection import Reflection, find_reflection
from lemma.trajectories.rechecks import without_rechecks

Grade = Literal["right", "wrong", "none", "unknown"]
# plain: the problem alone. injected, own: after a prefix that ends in a wrong step; right_prefix: in a right one.
# own_right: after a prefix of its own that ends in a right step.
# own_forced, right_forced, own_right_forced: after such a prefix and a reflection that was put behind it.
# own_rechecked, own_right_rechecked: after such a prefix and the announcement that its last step comes again.
# forbidden: the problem alone, without reflecting. oracle: the same, with a reflection put behind its first wrong step.
# user_turn: the wrong prefix stands in the user's turn. locate: which step is wrong? correct: LEMA's task.
Condition = Literal[
    "plain",
    "injected",
    "own",
    "right_prefix",
    "own_right",
    "own_forced",
    "right_forced",
    "own_right_forced",
    "own_rechecked",
    "own_right_rechecked",
    "forbidden",
    "oracle",
    "user_turn",
    "locate",
    "correct",
]
OUTPUTS = "outputs.jsonl"
GREEDY = 0

_STATED = re.compile(r"\\boxed|####|\banswer\b[^.\n]{0,40}?(?:\bis\b|:)|^A:", re.IGNORECASE | re.MULTILINE)
_MARKS = "$#*_.:,;!?-=\\ \t\n"
# A marker with nothing behind it: the text breaks off, or the box is empty.
_EMPTY = re.compile(
    r"(?:\\boxed\s*\{[\s\\$]*\}|####|^A:|\banswer\s*(?:\bis\b|:))[\s.$*]*\Z", re.IGNORECASE | re.MULTILINE
)
_GRADES: dict[str, Grade] = {"equal": "right", "different": "wrong", "unknown": "unknown"}


class GradedOutput(Record):
    """A line of outputs.jsonl. `given` was in the prompt after the question; `output` is what the model wrote.

    `sample` 0 is the greedy one. `operations` counts the reference steps. A reflection's position is in characters of
    `output`. `facts` holds what a suite records about its own outputs, by name: 1 for yes, 0 for no.
    """

    id: str
    problem_id: str
    model: str
    condition: Condition
    sample: int
    question: str
    gold: str
    given: str = ""
    output: str
    finish_reason: str = "stop"
    tokens: int | None = None
    answer: str | None
    grade: Grade
    operations: int
    error_type: str | None = None
    reflection_start: int | None = None
    reflection_end: int | None = None
    before: Grade | None = None
    same_answer: bool | None = None
    facts: Mapping[str, float] = Field(default_factory=dict)


def grade(gold: str, text: str, finish_reason: str = "stop") -> tuple[str | None, Grade]:
    """The answer that a text states, and its grade. A text that was cut off states its answer only by a marker."""
    answer = extract_answer(text) if finish_reason == "stop" or states_answer(text) else None
    if is_no_gold_answer(gold):
        return answer, "unknown"
    found = None if answer is None else _GRADES[verdict(gold, text)]
    # An empty marker, or marks alone, is not an answer that could not be read: there is no answer.
    empty = found == "unknown" and (_EMPTY.search(text) or not (answer or "").strip(_MARKS))
    if found is None or empty:
        return None, "none"
    return answer, found


def states_answer(text: str) -> bool:
    r"""Whether a text says that something is its answer: `\boxed{}`, `####`, `The answer is`, `A:`."""
    return _STATED.search(text) is not None


def before_reflection(problem: Problem, text: str, turn: Reflection) -> tuple[Grade, bool | None]:
    """The grade of a solution before it turned, and whether the answer stated by then is the one it ends with.

    The second is None if no answer was stated before.
    """
    first = text[: turn.start]
    if states_answer(first):
        state = grade(problem.answer, first)[1]
        answers = extract_answer(first), extract_answer(text)
        same = None if None in answers else verdict(str(answers[0]), str(answers[1]))
        return state, None if same in (None, "unknown") else same == "equal"
    return state_of_steps(problem.question, split_steps(first)), None


def state_of_steps(question: str, steps: Sequence[str]) -> Grade:
    """Whether steps are right, as far as that can be proved.

    For a generated problem every result is known, so right and wrong can be proved. For other problems only a false
    equation is a proof, of `wrong`.
    """
    wrong = first_wrong_step(question, steps)
    if wrong is not None:
        return "wrong"
    story = read_story(question)
    read = [read_step(steps[place]) for place in own_places(steps)]
    proved = story is not None and all(step is not None and is_right(story, step) for step in read)
    return "right" if proved else "unknown"


def first_wrong_step(question: str, steps: Sequence[str]) -> int | None:
    """Index of the first step proved wrong, by the story of a generated problem, else by a false equation."""
    story, places = read_story(question), own_places(steps)
    if story is not None:
        found = first_wrong_step_of_story(story, [steps[place] for place in places])
        return None if found is None else places[found]
    for place in places:
        if any(equation.holds is False for equation in read_equations(steps[place]).equations):
            return place
    return None


def own_places(steps: Sequence[str]) -> list[int]:
    """The places of the steps themselves: not of sentences that say that one holds, nor of a step that comes again."""
    return [place for place in without_rechecks(steps) if not is_confirmation(steps[place])]


def is_confirmation(step: str) -> bool:
    """Whether a line says no more than that the step before it holds, as `build-sft --verify-rate` writes it."""
    return step.strip() in {phrase.text for name in RIGHT for phrase in load_checks().by_file[name]}


def reflection_facts(problem: Problem, text: str) -> dict[str, object]:
    """The fields of an output about its first reflection; `text` is the output alone."""
    turn = find_reflection(text)
    if turn is None:
        return {}
    before, same = before_reflection(problem, text, turn)
    return {"reflection_start": turn.start, "reflection_end": turn.end, "before": before, "same_answer": same}
