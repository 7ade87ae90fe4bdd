r"""The last few formulas of a solution say something else, up to the box: each is given as a whole.

`= \cos(54^\circ + 4^\circ) = \boxed{\cos 58^\circ}` with another sign in the brackets, and what comes of it in the box.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lemma.arithmetic.chain_solution import ChainSolution, literals_of_text
from lemma.arithmetic.latex import DRAWING, boxed
from lemma.arithmetic.propagation import Edit, apply_edits
from lemma.exceptions import Refusal
from lemma.injectors.conditions import JUDGES, without_formulas
from lemma.injectors.formulas.boxes import up_to_answer

# What is said of the case in which a bound is reached depends on no bound, nor does what the bound is asked for.
_ASIDE = re.compile(r"\bEquality (?:occurs|holds)\b(?:(?!\bso\b|[.;]\s).){0,300}", re.DOTALL)
_POWER = re.compile(r"\^\s?(?:\{\d\}|\d)")
_ROLE = re.compile(r"\b(?:maximum|minimum|largest|smallest|greatest|least)(?: possible)? (?:value|of)\b")


@dataclass(frozen=True, slots=True)
class WrongTail:
    """What is written in place of formulas, as (step, edit), in order. The first is the error, in `chain`; the last one
    is in the box.
    """

    chain: int
    edits: tuple[tuple[int, Edit], ...]


def carried(solution: ChainSolution, change: WrongTail) -> tuple[tuple[str, ...], int, str]:
    """The steps with the new formulas, the wrong step, and the answer. Raises Refusal if a number that is
    not given or a judgment stands between the formulas, since it may depend on them.
    """
    answer, steps = solution.answer, list(solution.steps)
    first, at = change.edits[0][0], change.edits[0][1].start
    between = ""
    for step, edit in change.edits:
        while first < step:
            between += f"{steps[first][at:]}\n"
            first, at = first + 1, 0
        between += f"{steps[step][at : edit.start]} "
        at = edit.end
    if not answer.start <= change.edits[-1][1].start < answer.end or first != answer.step:
        raise Refusal("answer_unchanged")
    between = DRAWING.sub(" ", _ASIDE.sub(" ", between))
    if any(one.value not in solution.given for one in literals_of_text(_POWER.sub(" ", between))):
        raise Refusal("number_in_words", between.strip()[:80])
    if (judged := JUDGES.search(_ROLE.sub(" ", without_formulas(between)))) is not None:
        raise Refusal("words_may_be_false", judged.group())
    wrong = [
        apply_edits(text, [edit for place, edit in change.edits if place == step]) for step, text in enumerate(steps)
    ]
    made = up_to_answer(solution, wrong)
    return made, solution.chains[change.chain].step, [content for text in made for content in boxed(text)][-1]
