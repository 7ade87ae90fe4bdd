r"""The last few formulas of a solution say something else, up to the box: each is given as a whole.

`(w - 14)(w + 10) = 0`, so `w = -10` or `w = \boxed{14}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lemma.algebra.reading import formula_spans
from lemma.arithmetic.chain_solution import ChainSolution, literals_of_text
from lemma.arithmetic.latex import DRAWING, boxed
from lemma.arithmetic.propagation import Edit, apply_edits
from lemma.arithmetic.surds import Surd
from lemma.exceptions import Refusal
from lemma.injectors.conditions import JUDGES
from lemma.injectors.formulas.boxes import up_to_answer

_POWER = re.compile(r"\^\s?(?:\{\d\}|\d)")
_OF_SIGN = re.compile(
    r"\b(?:positive|negative|nonnegative|must|only|cannot|can't|largest|smallest|greatest|least|maximum|minimum|"
    r"reject\w*|discard\w*|satisf\w+)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(r"\b(?:maximum|minimum|largest|smallest|greatest|least)(?: possible)? (?:value|of)\b")


@dataclass(frozen=True, slots=True)
class WrongTail:
    """What is written in place of formulas, as (step, edit), in order. The first is the error, in `chain`; the last one
    is in the box.
    """

    chain: int
    edits: tuple[tuple[int, Edit], ...]
    keeps_signs: bool = False
    """Whether each number that is written has the sign of the one in whose place it stands, so that words such as
    `positive` and `largest` are as true as before.
    """
    is_misread: bool = False
    """Whether the answer is one to another question, of which the conditions of the problem say nothing."""


def in_last_box(solution: ChainSolution) -> tuple[int, int] | None:
    """Where the content of the last box starts and ends in the step of the answer; None if there is none."""
    text = solution.steps[solution.answer.step]
    content = boxed(text)[-1]
    start = text.find(content, solution.answer.start) if content else -1
    return (start, start + len(content)) if start >= 0 else None


def carried(solution: ChainSolution, change: WrongTail) -> tuple[tuple[str, ...], int, str]:
    """The steps with the new formulas, the wrong step, and the answer. Raises Refusal if a number that is
    not given or a judgment stands between the formulas, since it may depend on them.
    """
    answer, steps = solution.answer, list(solution.steps)
    first, at = change.edits[0][0], change.edits[0][1].start
    between = words = ""
    for step, edit in change.edits:
        while first < step:
            between += f"{steps[first][at:]}\n"
            words += f"{_only_words(steps[first])[at:]}\n"
            first, at = first + 1, 0
        between += f"{steps[step][at : edit.start]} "
        words += f"{_only_words(steps[step])[at : edit.start]} "
        at = edit.end
    if not answer.start <= change.edits[-1][1].start < answer.end or first != answer.step:
        raise Refusal("answer_unchanged")
    between = DRAWING.sub(" ", between)
    if any(one.value not in solution.given | {Surd(0)} for one in literals_of_text(_POWER.sub(" ", between))):
        raise Refusal("number_in_words", between.strip()[:80])
    words = _ROLE.sub(" ", DRAWING.sub(" ", words))
    if (judged := JUDGES.search(_OF_SIGN.sub(" ", words) if change.keeps_signs else words)) is not None:
        raise Refusal("words_may_be_false", judged.group())
    wrong = [
        apply_edits(text, [edit for place, edit in change.edits if place == step]) for step, text in enumerate(steps)
    ]
    made = up_to_answer(solution, wrong)
    return made, solution.chains[change.chain].step, [content for text in made for content in boxed(text)][-1]


def _only_words(text: str) -> str:
    """A text with blanks in the place of its formulas, as long as before."""
    for start, end in formula_spans(text):
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text
