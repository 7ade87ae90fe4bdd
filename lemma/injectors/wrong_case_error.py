r"""The wrong one of several solutions is kept: $x = -2$ where the question asks for the larger one, $x = 5$."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from lemma.algebra.carrying import Slip
from lemma.algebra.derivation import SCALED, STATEMENT, Derivation, Line
from lemma.algebra.trees import LETTER, number
from lemma.exceptions import Refusal
from lemma.injectors.algebra import AlgebraInjector, formula

_SIDES = 2
# Why no other value is left, which nobody says of another one.
_SAYS_WHY = re.compile(r"\b(?:only|both|each|all)\b", re.IGNORECASE)


def slips(derivation: Derivation, rng: random.Random) -> Iterator[Slip]:
    """A line that keeps one of the values that a letter may have, with another of them."""
    values: dict[str, dict[int, str]] = {}
    found = []
    for index, line in enumerate(derivation.lines):
        if not _gives_value(line):
            continue
        name, text = line.tree(0).name, derivation.text(index, 1)
        before = values.setdefault(name, {})
        again = [place for place, other in before.items() if other == text]
        says_why = _SAYS_WHY.search(derivation.steps[line.step]) is not None
        if again and not says_why and line.reason.kind == SCALED and line.reason.lines[0] in again:
            found += [(index, other, text) for other in before.values() if other != text]
        before[index] = text
    rng.shuffle(found)
    for index, other, kept in found:
        yield Slip(
            index,
            1,
            other,
            f"Of the possible values, the step keeps {formula(derivation, other)}, but the one that is asked for is "
            f"{formula(derivation, kept)}.",
            judging=True,
        )


def _gives_value(line: Line) -> bool:
    """Whether a line of the solution is a letter and a number."""
    if line.step < 0 or line.kind != STATEMENT or len(line.chain.sides) != _SIDES or line.relation != "=":
        return False
    try:
        return line.tree(0).head == LETTER and number(line.tree(1)) is not None
    except Refusal:
        return False


propose = AlgebraInjector(slips)
