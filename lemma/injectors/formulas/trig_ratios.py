r"""The tangent in a right triangle upside down: `\tan A = \frac{AB}{BC}`, the adjacent side over the opposite one.

Or 30 degrees for 60, and the reverse, in the formula that says so and in the box that repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.latex import boxed
from lemma.arithmetic.propagation import Edit
from lemma.injectors.formulas.contents import ANGLE, FUNCTION, NAMES, angle_of
from lemma.injectors.formulas.places import Proposed
from lemma.injectors.formulas.tails import WrongTail

RULE, CONCEPTS = "formula_confusion_error", "confusing_concept_error"
_FAR, _PAIR = 4, 2
_TANGENT = re.compile(r"\\tan\s?(?:\{\s?)?(?:\\angle\s?)?(?P<angle>[A-Z]{1,3})\s?\}?")
_SIDES = re.compile(r"(?P<command>\\[dt]?frac)\s?\{\s?(?P<above>[A-Z]{2})\s?\}\s?\{\s?(?P<below>[A-Z]{2})\s?\}")
_RATIO = re.compile(
    r"(?P<command>\\[dt]?frac)\s?\{\s?(?P<above>\d{1,4}|\d{0,3}\\sqrt\{\d{1,4}\})\s?\}\s?\{\s?(?P<below>\d{1,4})\s?\}"
)
_NUMBER = re.compile(r"\d{1,4}")


def propose(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The wrong ratios of a type, and the wrong angles."""
    yield from other_angle(solution, kind)
    yield from upside_down(solution, kind)


def upside_down(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    """The ratio of the sides, and all that it comes to, turned over up to the box of the answer."""
    chain = solution.chains[solution.answer.chain]
    text = solution.steps[chain.step]
    shown = [text[side.start : side.end].replace("&", " ").strip() for side in chain.sides]
    if kind != RULE or len(shown) < 3 or set(chain.relations) != {"="} or not _TANGENT.fullmatch(shown[0]):
        return
    sides = _SIDES.fullmatch(shown[1])
    angle = _TANGENT.fullmatch(shown[0])
    # The sides meet at the right angle; the one below ends at the angle itself.
    if sides is None or angle is None or angle["angle"][len(angle["angle"]) // 2] not in sides["below"]:
        return
    content = boxed(text[chain.sides[-1].start : chain.sides[-1].end])
    pieces = [*shown[2:-1], content[-1].strip() if content else ""]
    turned = [_turned(piece) for piece in pieces]
    if None in turned or turned[-1] == pieces[-1] or not content:
        return
    edits = []
    for side, old, new in zip(chain.sides[1:], [shown[1], *pieces], [_over(sides), *turned], strict=True):
        at = text.index(old, side.start)
        edits.append((chain.step, Edit(at, at + len(old), str(new))))
    told = f"The formula is ${shown[0]} = {shown[1]}$, the opposite side over the adjacent one; the step turns it over"
    yield Proposed(WrongTail(solution.answer.chain, tuple(edits)), f"{told}.")


def other_angle(solution: ChainSolution, kind: str) -> Iterator[Proposed]:
    r"""`\tan B \le \frac{1}{\sqrt{3}}`, so `B \le 60^\circ`, which is the answer."""
    answer, text = solution.answer, solution.steps[solution.answer.step]
    content = boxed(text)[-1]
    box = ANGLE.fullmatch(content)
    if kind != CONCEPTS or box is None or len(solution.chains[answer.chain].sides) > 1:
        return
    for index in range(answer.chain - 1, max(-1, answer.chain - 1 - _FAR), -1):
        chain = solution.chains[index]
        said = solution.steps[chain.step]
        last = chain.sides[-1]
        shown = ANGLE.fullmatch(said[last.start : last.end].strip())
        if shown is None or len(chain.sides) != _PAIR:
            continue
        before = f"{solution.steps[chain.step - 1] if chain.step else ''} {said[: chain.start]}"
        found = list(FUNCTION.finditer(before))
        if (
            shown["angle"] != box["angle"]
            or not found
            or angle_of(found[-1]["name"], found[-1]["value"]) != box["angle"]
        ):
            return
        other = "60" if box["angle"] == "30" else "30"
        at = [said.index(box["angle"], last.start), text.index(box["angle"], answer.start)]
        edits = ((chain.step, Edit(at[0], at[0] + 2, other)), (answer.step, Edit(at[1], at[1] + 2, other)))
        name, value = NAMES[found[-1]["name"]], found[-1]["value"]
        told = (
            f"${value}$ is the {name} of ${content.strip()}$, not of ${content.strip().replace(box['angle'], other)}$"
        )
        yield Proposed(WrongTail(index, edits), f"{told}.")
        return


def _over(found: re.Match[str]) -> str:
    return f"{found['command']}{{{found['below']}}}{{{found['above']}}}"


def _turned(shown: str) -> str | None:
    """A ratio of whole numbers upside down, in lowest terms if it was; None if it is none."""
    if _NUMBER.fullmatch(shown):
        return None if shown in ("0", "1") else f"\\frac{{1}}{{{shown}}}"
    found = _RATIO.fullmatch(shown)
    if found is None or "sqrt" in found["above"] or found["above"] == found["below"]:
        return None
    return found["below"] if found["above"] == "1" else _over(found)
