r"""A wrong link of the last chain of congruences: `n \equiv -3 \equiv \boxed{3} \pmod{11}`.

The side before is a number, so the wrong link is false: that number is worked out wrongly, or the residue of a negative
number is the number without its sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lemma.arithmetic.chain_solution import ChainSolution
from lemma.arithmetic.writing import is_written
from lemma.injectors.formulas.congruences import ModularSide, WrongResidue, last_chain, modulus_of, sides_of
from lemma.injectors.formulas.misworked import SIGN
from lemma.injectors.formulas.places import Place
from lemma.injectors.formulas.slips import slips_of

_CLUTTER = re.compile(r"\\boxed\s*\{([^{}]*)\}|[&$]|\\\\")
_FEWEST = 3  # modulo 2, a sign makes no difference


@dataclass(frozen=True, slots=True)
class _Link:
    """One side of a chain of congruences, and the side before it."""

    solution: ChainSolution
    index: int
    modulus: int
    sides: Sequence[ModularSide]
    place: int

    @property
    def before(self) -> ModularSide:
        return self.sides[self.place - 1]

    @property
    def side(self) -> ModularSide:
        return self.sides[self.place]

    @property
    def text(self) -> str:
        return self.solution.steps[self.solution.chains[self.index].step]


def propose(solution: ChainSolution, kind: str) -> Iterator[tuple[WrongResidue, str]]:
    """Wrong links of the last chain of congruences before the box, by an error of a type."""
    index = last_chain(solution)
    modulus = modulus_of(solution, index) if index is not None else None
    if index is None or modulus is None or modulus < _FEWEST:
        return
    sides = sides_of(solution, index)
    for place in range(1, len(sides)):
        link = _Link(solution, index, modulus, sides, place)
        is_known = link.before.value is not None and link.side.value is not None
        if is_known and link.side.tree is not None and is_written(link.side.tree):
            for wrong, why, found in _wrong(link):
                change = _carried_on(link, wrong) if found == kind else None
                if change is not None:
                    yield change, why


def _wrong(link: _Link) -> Iterator[tuple[int, str, str]]:
    """Wrong numbers in the place of one side, each with an explanation and the type of error."""
    before, side, modulus = link.before, link.side, link.modulus
    assert before.value is not None and side.value is not None and before.tree is not None
    shown = " ".join(_CLUTTER.sub(r"\1", link.text[before.start : before.end]).split())
    if before.value == side.value:
        formula = link.solution.chains[link.index].sides[link.place - 1].formula
        if formula is None or is_written(before.tree):
            return
        for slip in slips_of(Place(link.solution, link.index, link.place - 1), formula.tree, {}):
            wrong = slip.value.rational
            if isinstance(wrong, int) and (wrong - side.value) % modulus:
                yield wrong, f"${shown}$ is ${side.value}$, not ${wrong}$: {slip.reason}.", slip.kind
        return
    lost = -before.value
    if side.value == before.value % modulus and 0 < lost < modulus and lost != side.value:
        told = f"{before.value}" if is_written(before.tree) else f"{shown} = {before.value}"
        residue = f"congruent to ${side.value}$ modulo ${modulus}$, not to ${lost}$"
        yield lost, f"${told}$ is {residue}: the minus sign is lost.", SIGN


def _carried_on(link: _Link, wrong: int) -> WrongResidue | None:
    """The change with the sides behind it; None if they can't be told. A number that is reduced already is the last
    one, without the steps that reduced the right one.
    """
    index, modulus, last = link.index, link.modulus, link.sides[-1]
    is_box = "\\boxed" in link.text[last.start : last.end]
    if is_box != (index == link.solution.answer.chain) or any(side.value is None for side in link.sides[link.place :]):
        return None
    form, answer = "\\boxed{%d}" if is_box else "%d", wrong % modulus
    if 0 <= wrong < modulus:
        return WrongResidue(index, modulus, ((link.side.start, last.end, form % wrong),), wrong)
    is_reduced = last.tree is not None and is_written(last.tree) and last.value == (link.side.value or 0) % modulus
    if link.place != len(link.sides) - 2 or not is_reduced:
        return None
    edits = ((link.side.start, link.side.end, str(wrong)), (last.start, last.end, form % answer))
    return WrongResidue(index, modulus, edits, answer)
