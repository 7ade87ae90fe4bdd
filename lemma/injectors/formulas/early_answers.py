r"""The solution stops one result too early: `Therefore, the measure of angle $AFD$ is $\boxed{100}$`, although 100 is
only what the step before has found for $2x + 2y$.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lemma.arithmetic.carrying import is_plausible
from lemma.arithmetic.chain_solution import ChainSolution, named
from lemma.arithmetic.chains import Chain
from lemma.arithmetic.latex import DRAWING, boxed, plain_formula
from lemma.arithmetic.surds import Surd
from lemma.arithmetic.writing import is_written, write
from lemma.exceptions import Refusal
from lemma.injectors.formulas.asked_quantity import asked_quantity, asks
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import in_last_box

KIND = "question_misinterpretation_error"
_FAR = 2  # steps between the result that is taken and the one that works out the answer
_LONGEST_NAME = 60
_ASSUMES = re.compile(
    r"\b(?:if|when|let|letting|suppose|assum\w+|try|trying|case|cases|plugging|substituting|setting|"
    r"modulo|remainder|example|otherwise|would|could|might|at most|at least)\b|\\p?mod\b|\\equiv",
    re.IGNORECASE,
)
_REASON = re.compile(r"\b(?:since|because|recall|note that|as)\b[\s$]{0,9}$", re.IGNORECASE)
_HEDGES = re.compile(r"\b(?:would|could|might|example|otherwise|suppose|let|assum\w+|cases?|if)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\b(?:or|OR|either|respectively)\b")
_LONGEST_QUOTE = 160
_CLUTTER = re.compile(r"\\(?:left|right|[,;:! ])|\s|\\d(?=frac)")
_NUMBERS = re.compile(r"-?(?:\\frac\{\d+\}\{\d+\}|\d+(?:\.\d+)?)")
_SHAPES = re.compile(r"\(0(?:,0){1,3}\)|\\begin\{[pbv]matrix\}0(?:(?:\\\\|&)0){1,8}\\end\{[pbv]matrix\}|0(?:,0)+")
_MONEY = re.compile(r"\\\$\s*$")


@dataclass(frozen=True, slots=True)
class EarlyAnswer:
    """A sentence with a box in place of a step and all behind it."""

    chain: int
    step: int
    sentence: str
    answer: str
    is_misread: bool = True


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The last result before the answer is worked out, as the answer."""
    box = in_last_box(solution) if kind == KIND else None
    if box is None:
        return
    found = _number(solution, box) or _alike(solution, box)
    if found is None:
        return
    step, content, source = found
    text, question = solution.steps[solution.answer.step], solution.question
    money = "\\$" if _MONEY.search(text[: solution.answer.start]) else ""
    sentence = f"Therefore, {asked_quantity(question) or 'the answer'} is ${money}\\boxed{{{content}}}$."
    why = f"{asks(question, f'${money}{text[slice(*box)]}$')} and the step answers with ${money}{content}$, {source}."
    yield Proposed(EarlyAnswer(solution.answer.chain, step + 1, sentence, content), why)


def _number(solution: ChainSolution, box: tuple[int, int]) -> tuple[int, str, str] | None:
    """The step that says a number which the answer is worked out of, the box with that number, and what it is."""
    chain, text = solution.chains[solution.answer.chain], solution.steps[solution.answer.step]
    side = chain.sides[-1]
    if side.formula is None or side.value is None or chain.in_tuple or not is_written(side.formula.tree):
        return None
    node, right = side.formula.tree, side.value
    if not box[0] <= node.start < node.end <= box[1]:
        return None
    taken = _taken(solution, right)
    if taken is None:
        return None
    index, wrong, name = taken
    step = solution.chains[index].step
    is_named = any(side.letters for side in solution.chains[index].sides)
    source = f"the value of ${name}$" if is_named else _quoted(solution, step) or f"the value of ${name}$"
    written = write(wrong, node, text)
    return (step, text[box[0] : node.start] + written + text[node.end : box[1]], source) if written else None


def _alike(solution: ChainSolution, box: tuple[int, int]) -> tuple[int, str, str] | None:
    """The step before the answer, if it says something of the same form as the box: another pair, another vector."""
    step = solution.answer.step - 1
    while step >= 0 and not DRAWING.sub("", solution.steps[step]).strip():
        step -= 1
    content = solution.steps[solution.answer.step][slice(*box)]
    shape = _shape(content)
    source = _quoted(solution, step) if step >= 0 else ""
    if not shape or not source or _HEDGES.search(solution.steps[step]):
        return None
    formulas = re.findall(r"\$([^$]+)\$", solution.steps[step])
    others = [one.strip().rstrip(".,") for one in formulas if _shape(one.strip().rstrip(".,")) == shape]
    if not others or _CLUTTER.sub("", others[-1]) in _CLUTTER.sub("", solution.question):
        return None
    return step, others[-1], source


def _shape(text: str) -> str:
    """A formula with `0` for each number, if it is a pair, a triple, a vector or a matrix; else empty."""
    shape = _NUMBERS.sub("0", _CLUTTER.sub("", text))
    return shape if _SHAPES.fullmatch(shape) else ""


def _quoted(solution: ChainSolution, step: int) -> str:
    """What a step says, for the one behind it; empty if that is too long."""
    text = DRAWING.sub("", solution.steps[step]).strip().rstrip(".")
    if '"' in text or "\n" in text or "$$" in text or "\\[" in text or len(text) > _LONGEST_QUOTE:
        return ""
    return f'of which the step before says: "{text}"'


def _taken(solution: ChainSolution, right: Surd) -> tuple[int, Surd, str] | None:
    """The last result before the step of the answer that the answer is worked out of: its chain, its value and what it
    is the value of.
    """
    found = min(
        (item.step for item in solution.items if right in solution.said(item) and item.step <= solution.answer.step),
        default=solution.answer.step,
    )
    unknown, _ = named(solution.chains[solution.answer.chain])
    for index in range(solution.answer.chain - 1, -1, -1):
        chain = solution.chains[index]
        if chain.step >= found:
            continue
        if chain.step < found - _FAR:
            return None
        side, text = chain.sides[-1], solution.steps[chain.step]
        if len(chain.sides) < 2 or side.formula is None or side.value is None or not is_written(side.formula.tree):
            continue
        if _ASSUMES.search(text) or _SEVERAL.search(text):
            return None  # what holds in one case only
        wrong, name = side.value, plain_formula(text[chain.sides[0].start : chain.sides[0].end])
        letter, _ = named(chain)
        later = [item for item in solution.items if chain.step < item.step <= found]
        used = {one for item in later if isinstance(item, Chain) for side in item.sides for one in side.letters}
        is_refused = (
            set(chain.relations) != {"="}
            or chain.in_tuple
            or wrong in solution.given
            or wrong in (Surd(0), Surd(1), Surd(-1))
            or isinstance(right.rational, int) != isinstance(wrong.rational, int)
            or len(right.terms) != len(wrong.terms)
            or len(name) > _LONGEST_NAME
            or not is_plausible(right, wrong, solution.question)
            or _REASON.search(text[: chain.start])
            or any(unknown in side.letters for side in chain.sides)  # an equation for the answer
            or not (any(wrong in solution.said(item) for item in later) or letter in used)
        )
        if not is_refused:
            return index, wrong, name
    return None


def carried(solution: ChainSolution, change: EarlyAnswer) -> tuple[tuple[str, ...], int, str]:
    """The steps up to the result, and the sentence that takes it for the answer."""
    before = solution.steps[: change.step]
    if any(map(boxed, before)):
        raise Refusal("second_box")
    if not before or DRAWING.sub("", before[-1]).rstrip()[-1:] not in ".!]}$":
        raise Refusal("sentence_goes_on")
    return (*before, change.sentence), change.step, change.answer
